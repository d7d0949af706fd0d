"""Random formulas of matrices: each spelling says the same as the tree, and so does the derivation."""

from __future__ import annotations

import math
import re
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from trees import EXAMPLES_IN_A_BATCH, QUANTITIES, computed, drawn_entry, extent, moderate, trees, values_of

from nntrace.formula.derive import gradients, over, reached, times
from nntrace.formula.entry import entry
from nntrace.formula.latex import latex
from nntrace.formula.numpy_source import numpy_source
from nntrace.formula.plain import plain
from nntrace.formula.switches import held, switches
from nntrace.formula.tree import EXAMPLES, Formula, Number, Quantity, ShapeError, Sum, Where
from nntrace.maths.functions import ABS, EXP_MINUS_1, LOG_SOFTMAX, SOFTMAX


@settings(deadline=None)
@given(trees(), EXAMPLES_IN_A_BATCH)
def test_numpy_source_computes_the_tree_bit_for_bit(formula: Formula, examples: int) -> None:
    values = values_of(formula, examples)
    with np.errstate(all="ignore"):
        value = eval(numpy_source(formula), {"np": np, **values})
        np.testing.assert_array_equal(value, computed(formula, values))
    assert np.shape(value) == tuple(extent(size, examples) for size in formula.shape)


def leaf_numbers(values: dict[str, Any]) -> Any:
    def leaf(node: Formula) -> str:
        return repr(float(computed(node, values)))

    return leaf


@settings(deadline=None)
@given(trees(), EXAMPLES_IN_A_BATCH, st.data())
def test_an_entry_is_that_number_of_the_matrix(formula: Formula, examples: int, data: st.DataObject) -> None:
    part, expected, values = drawn_entry(formula, examples, data)
    np.testing.assert_allclose(computed(part, values), expected, rtol=1e-9, atol=1e-9)


READ = {"σ": "sigma", "−": "-", "·": "*", "²": "**2", "³": "**3", "½": "0.5", "^": "**"}
NAMES = {"sigma": lambda z: 1 / (1 + math.exp(-z)), "tanh": math.tanh, "max": max, "min": min}


@settings(deadline=None)
@given(trees(bent=False), EXAMPLES_IN_A_BATCH, st.data())
def test_the_arithmetic_of_an_entry_reads_back_to_its_number(
    formula: Formula, examples: int, data: st.DataObject
) -> None:
    """Plain text with the numbers put in, some negative, by Python's precedence."""
    part, expected, values = drawn_entry(formula, examples, data)
    text = plain(part, leaf_numbers(values))
    for sign, python in READ.items():
        text = text.replace(sign, python)
    text = re.sub(r"(\d) \(", r"\1*(", text)  # 2 (A − y)
    np.testing.assert_allclose(eval(text, dict(NAMES)), expected, rtol=1e-9, atol=1e-9, err_msg=text)


@settings(deadline=None)
@given(trees(bent=False), EXAMPLES_IN_A_BATCH, st.data())
def test_the_latex_of_an_entry_reads_back_to_its_number(formula: Formula, examples: int, data: st.DataObject) -> None:
    part, expected, values = drawn_entry(formula, examples, data)
    text = python_of_latex(latex(part, leaf_numbers(values)))
    np.testing.assert_allclose(eval(text, dict(NAMES)), expected, rtol=1e-9, atol=1e-9, err_msg=text)


def python_of_latex(text: str) -> str:
    r"""`\frac{a}{b}` as `((a) / (b))`, braces as parentheses, the rest by its signs."""
    text = text.replace(r"\tfrac", r"\frac")
    while r"\frac" in text:
        before, _, rest = text.rpartition(r"\frac")  # the last one holds no other
        over = group_end(rest, 0)
        under = group_end(rest, over)
        text = f"{before}(({rest[1 : over - 1]})/({rest[over + 1 : under - 1]})){rest[under:]}"
    signs = {r"\left(": "(", r"\right)": ")", r"\cdot": "*", r"\,": "*", "{": "(", "}": ")", "^": "**", "\\": ""}
    for sign, python in signs.items():
        text = text.replace(sign, python)
    return text


def group_end(text: str, start: int) -> int:
    """Where the group in braces that opens at `start` has ended."""
    assert text[start] == "{"
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise AssertionError(f"not balanced: {text}")


def double_scripts(text: str) -> list[str]:
    """Where an atom has two superscripts or two subscripts, which does not compile."""
    found = []
    scripts: set[str] = set()
    place = 0
    while place < len(text):
        sign = text[place]
        if sign in "^_":
            if sign in scripts:
                found.append(text[: place + 1])
            scripts.add(sign)
            assert text[place + 1] == "{", "a script stands in braces here"
        elif not sign.isspace():
            if place == 0 or text[place - 1] not in "^_":
                scripts = set()
            if sign == "{":
                end = group_end(text, place)
                found += double_scripts(text[place + 1 : end - 1])
                place = end - 1
            elif sign == "\\":
                place = (re.compile(r"\\([A-Za-z]+|.)").match(text, place) or re.match("", text)).end() - 1
        place += 1
    return found


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("A^{[1]}^{2}", True),
        (r"A^{[1]}^{\top}", True),
        ("A^{2}_{1}^{3}", True),
        (r"\frac{1}{A^{2} ^{3}}", True),
        ("{A^{[1]}}^{2}", False),
        ("A^{2} B^{2}", False),
        ("A^{x^{2}}_{1}", False),
    ],
)
def test_a_double_superscript_would_be_found(text: str, wrong: bool) -> None:
    assert bool(double_scripts(text)) is wrong


@settings(deadline=None)
@given(trees())
def test_latex_never_has_a_double_superscript(formula: Formula) -> None:
    """Names have superscripts of their own: W^{[2]}."""
    text = latex(formula)
    assert double_scripts(text) == []
    assert text.count(r"\left(") == text.count(r"\right)")


@pytest.mark.parametrize("prefix", ["", "d", "m"])
@pytest.mark.parametrize("suffix", ["", "new", "hat"])
def test_names_can_be_raised_transposed_and_indexed_in_latex(prefix: str, suffix: str) -> None:
    name = Quantity("W", 1, (2, 2), prefix, suffix)
    for formula in (name**2, name.T**2, (name.T @ name) ** 2, entry(name**2, 1, 0, 1)):
        assert double_scripts(latex(formula)) == []


@settings(deadline=None)
@given(trees(sums_anywhere=False), EXAMPLES_IN_A_BATCH)
def test_the_derivation_agrees_with_autograd(formula: Formula, examples: int) -> None:
    """For a weighted sum of the entries, so that the incoming gradient is no special one."""
    weights = next(q for q in QUANTITIES if q.shape == formula.shape).variant(suffix="new")
    size = tuple(extent(n, examples) for n in formula.shape)
    values = values_of(formula, examples)
    given_values = {**values, weights.name: np.random.default_rng(1).normal(size=size)}
    assume(moderate(formula, values))

    def total(v: dict[str, Any]) -> Any:
        return anp.sum(given_values[weights.name] * computed(formula, v))

    found = {name: np.zeros(np.shape(value)) for name, value in values.items()}
    whole = formula * weights if not formula.shape else Sum(formula * weights)
    for q, gradient in gradients(whole, Number(1)):
        if q != weights:
            value = eval(numpy_source(gradient), {"np": np, **given_values})
            assert np.shape(value) == found[q.name].shape, f"{q.name}: {plain(gradient)}"
            found[q.name] = found[q.name] + value
    expected = autograd.grad(total)(values)
    for name, value in found.items():
        largest = max(1.0, np.abs(expected[name]).max())
        np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-10 * largest, err_msg=name)


@settings(deadline=None)
@given(trees(sums_anywhere=False), EXAMPLES_IN_A_BATCH)
def test_the_gradients_of_a_quantity_add_up_to_what_reaches_it(formula: Formula, examples: int) -> None:
    """Also where the incoming gradient is taken out of the sum."""
    incoming = next(q for q in QUANTITIES if q.shape == formula.shape).variant(prefix="d")
    values = values_of(formula, examples)
    assume(moderate(formula, values))
    size = tuple(extent(n, examples) for n in formula.shape)
    names = {"np": np, **values, incoming.name: np.random.default_rng(1).normal(size=size)}
    apart: dict[str, Any] = {}
    for q, gradient in gradients(formula, incoming):
        apart[q.name] = apart.get(q.name, 0.0) + eval(numpy_source(gradient), names)
    found = {q.name: eval(numpy_source(gradient), names) for q, gradient in reached(formula, incoming).items()}
    assert found.keys() == apart.keys()
    for name, value in found.items():
        largest = max(1.0, np.abs(apart[name]).max())
        np.testing.assert_allclose(value, apart[name], rtol=1e-9, atol=1e-10 * largest, err_msg=name)


@settings(deadline=None)
@given(trees(), EXAMPLES_IN_A_BATCH)
def test_a_formula_held_on_its_side_is_the_same_where_it_is(formula: Formula, examples: int) -> None:
    values = values_of(formula, examples)
    names: dict[str, Any] = {"np": np, **values}
    sides = {}
    with np.errstate(all="ignore"):
        for number, switch in enumerate(switches(formula)):
            sides[switch.part] = Quantity("side", number, switch.side.shape)
            names[f"side{number}"] = eval(numpy_source(switch.side), names)
        smooth = held(formula, sides)
        value = eval(numpy_source(smooth), names)
        np.testing.assert_array_equal(value, eval(numpy_source(formula), names))
    assert all(isinstance(switch.side, Quantity) for switch in switches(smooth))


@pytest.mark.parametrize("function", [SOFTMAX, LOG_SOFTMAX], ids=lambda function: function.plain)
@pytest.mark.parametrize("axis", ["rows", None])
def test_what_mixes_a_column_gets_a_gradient_for_each_of_its_entries(function: Any, axis: Any) -> None:
    """A sum hands on a gradient that only stretches; against autograd, the sum weighted by its own square."""
    z = Quantity("A", None, (2, 2))
    formula = Sum(function(z), axis) ** 2
    whole = formula if axis is None else Sum(formula)

    def theirs(x: Any) -> Any:
        a = anp.exp(x) / anp.sum(anp.exp(x), axis=0, keepdims=True)
        return anp.sum(anp.sum(anp.log(a) if function is LOG_SOFTMAX else a, axis=0 if axis else None) ** 2)

    namespace: dict[str, Any] = {"np": np}
    exec(SOFTMAX.helper + LOG_SOFTMAX.helper, namespace)
    (gradient,) = reached(whole, Number(1)).values()
    found = eval(numpy_source(gradient), {**namespace, **STEP_VALUES})
    np.testing.assert_allclose(found, autograd.grad(theirs)(STEP_VALUES["A"]), rtol=1e-10, atol=1e-13)


def test_a_letter_is_never_folded_into_another_number() -> None:
    x = Quantity("A", None, (2, 2))
    for value in (2.0, 1.0, -1.0):
        letter = Number(value, "λ")
        assert plain(over(3 * x, letter)) == "3·A/λ"
        assert plain(over(x, letter)) == "A/λ"
        assert plain(times(letter, x)) == "λ·A"


def test_a_batch_is_a_symbol_in_a_shape() -> None:
    a = Quantity("A", 1, (3, EXAMPLES))
    assert (a.T @ a).shape == (EXAMPLES, EXAMPLES)
    assert (a @ a.T).shape == (3, 3)
    assert (a + Quantity("b", 1, (3, 1))).shape == (3, EXAMPLES)
    assert Sum(a, "rows").shape == (1, EXAMPLES)
    assert Sum(a, "columns").shape == (3, 1)
    assert Sum(a).shape == ()


STEP_VALUES = {"A": np.array([[1.0, -2.0], [3.0, 0.5]]), "B": np.array([[0.5, 1.0], [1.0, 0.75]])}
P, Q = Quantity("A", None, (2, 2)), Quantity("B", None, (2, 2))


@pytest.mark.parametrize("formula", [-(P > Q), (P > Q) + (Q > -P), (P > Q) - (Q > -P)], ids=plain)
def test_a_comparison_is_1_or_0_wherever_it_stands(formula: Formula) -> None:
    """What the derivation of a hinge loss, total(max(0, 1 − y ⊙ A)), needs."""
    value = eval(numpy_source(formula), {"np": np, **STEP_VALUES})
    np.testing.assert_array_equal(value, computed(formula, STEP_VALUES))


CHOICE = Where(P > 0, P, Q)
LETTER = Number(1.5, "λ")


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (CHOICE, "A if A > 0 else B"),
        (2 * CHOICE, "2 (A if A > 0 else B)"),
        (P * CHOICE, "A ⊙ (A if A > 0 else B)"),
        (CHOICE + CHOICE, "(A if A > 0 else B) + (A if A > 0 else B)"),
        (P - CHOICE, "A − (A if A > 0 else B)"),
        (CHOICE**2, "(A if A > 0 else B)²"),
        (Sum(CHOICE), "Σ (A if A > 0 else B)"),
        (Where(P < CHOICE, P, CHOICE), "A if A < (A if A > 0 else B) else (A if A > 0 else B)"),
        (ABS(CHOICE), "|A if A > 0 else B|"),
        (Q * ABS(P - Q), "B ⊙ |A − B|"),
        (LETTER * P, "λ·A"),
        (LETTER * LETTER * (P - Q), "λ·λ·(A − B)"),
        (LETTER * (P - Q), "λ·(A − B)"),
        (Q * EXP_MINUS_1(P), "B ⊙ (exp(A) − 1)"),
        (Q - EXP_MINUS_1(P), "B − (exp(A) − 1)"),
    ],
    ids=str,
)
def test_choices_bars_and_letters_in_plain_text(formula: Formula, text: str) -> None:
    """Read as Python's conditional expression, a choice holds least of all."""
    assert plain(formula) == text


COLUMN = Quantity("b", None, (2, 1))


@pytest.mark.parametrize(
    "formula",
    [
        Sum(Sum(P + COLUMN, "columns") * COLUMN),  # ∂/∂b has a factor of 2, the columns
        Sum(P * COLUMN + COLUMN),
        Sum(P @ Q),
        Sum(P.T),
    ],
    ids=plain,
)
def test_the_derivative_of_a_sum_over_what_was_stretched(formula: Formula) -> None:
    values = {**STEP_VALUES, "b": np.array([[0.5], [-1.5]])}
    found = {name: np.zeros(np.shape(value)) for name, value in values.items()}
    for q, gradient in gradients(formula, Number(1)):
        found[q.name] = found[q.name] + eval(numpy_source(gradient), {"np": np, **values})
    for name, expected in autograd.grad(lambda v: computed(formula, v))(values).items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "build",
    [lambda s: s @ P, lambda s: P @ s, lambda s: s.T.shape, lambda s: Sum(s, "rows").shape],
    ids=["s @ P", "P @ s", "s.T", "sum over rows"],
)
def test_a_single_number_where_a_matrix_belongs_is_a_shape_error(build: Any) -> None:
    with pytest.raises(ShapeError):
        build(Quantity("s"))


@pytest.mark.parametrize(("number", "expected"), [(1e-8, r"10^{-8}"), (2.5e20, r"2.5 \cdot 10^{20}")])
def test_a_number_with_an_exponent_in_latex(number: float, expected: str) -> None:
    assert latex(Number(number)) == expected
