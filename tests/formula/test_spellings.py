"""What formulas look like: in plain text, in LaTeX, as numpy source, and entry by entry."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrace.formula.entry import entry
from nntrace.formula.evaluating import shortened
from nntrace.formula.latex import latex
from nntrace.formula.numpy_source import function_source, numpy_source
from nntrace.formula.plain import plain
from nntrace.formula.tree import EXAMPLES, Entry, Formula, Maximum, Number, Quantity, Rest, ShapeError, Sum
from nntrace.formula.walking import nodes
from nntrace.maths.functions import LN, SIGMA, TANH

W = Quantity("W", 2, (3, 4))
A = Quantity("A", 1, (4, EXAMPLES))
Z = Quantity("Z", 2, (3, EXAMPLES))
B = Quantity("b", 2, (3, 1))
DZ = Z.variant(prefix="d")
X, Y, C = (Quantity(name) for name in "xyc")
ONE = Quantity("A", 3, (1, 1))


@pytest.mark.parametrize(
    ("formula", "in_text", "in_numpy", "in_latex"),
    [
        (W @ A + B, "W2·A1 + b2", "W2 @ A1 + b2", r"W^{[2]} A^{[1]} + b^{[2]}"),
        (DZ @ A.T, "dZ2·A1ᵀ", "dZ2 @ A1.T", r"\mathrm{d}Z^{[2]} {A^{[1]}}^{\top}"),
        (2 * (Z - B), "2 (Z2 − b2)", "2 * (Z2 - b2)", r"2\,\left(Z^{[2]} - b^{[2]}\right)"),
        (Z * (1 - Z), "Z2 ⊙ (1 − Z2)", "Z2 * (1 - Z2)", r"Z^{[2]} \odot \left(1 - Z^{[2]}\right)"),
        (Z * (1 - Z**2), "Z2 ⊙ (1 − Z2²)", "Z2 * (1 - Z2 ** 2)", r"Z^{[2]} \odot \left(1 - {Z^{[2]}}^{2}\right)"),
        (X * Z, "x·Z2", "x * Z2", r"x \cdot Z^{[2]}"),
        (SIGMA(Z), "σ(Z2)", "1 / (1 + np.exp(-Z2))", r"\sigma\left(Z^{[2]}\right)"),
        (X * SIGMA(Y), "x·σ(y)", "x * (1 / (1 + np.exp(-y)))", r"x \cdot \sigma\left(y\right)"),
        (TANH(X - Y), "tanh(x − y)", "np.tanh(x - y)", r"\tanh\left(x - y\right)"),
        (SIGMA(X + Y), "σ(x + y)", "1 / (1 + np.exp(-(x + y)))", r"\sigma\left(x + y\right)"),
        (Maximum(Number(0), Z), "max(0, Z2)", "np.maximum(0, Z2)", r"\max\left(0, Z^{[2]}\right)"),
        (DZ * (Z > 0), "dZ2 ⊙ (Z2 > 0)", "dZ2 * (Z2 > 0)", r"\mathrm{d}Z^{[2]} \odot \left(Z^{[2]} > 0\right)"),
        (Sum(DZ, "columns"), "Σ dZ2", "dZ2.sum(axis=1, keepdims=True)", r"\sum \mathrm{d}Z^{[2]}"),
        (Sum((Z - B) ** 2, "rows"), "Σ (Z2 − b2)²", "((Z2 - b2) ** 2).sum(axis=0, keepdims=True)", None),
        (0.5 * Sum(Z**2), "½ Σ Z2²", "0.5 * (Z2 ** 2).sum()", r"\tfrac{1}{2}\,\sum {Z^{[2]}}^{2}"),
        (-Sum(Z * LN(Z)), "−Σ (Z2 ⊙ ln(Z2))", "-(Z2 * np.log(Z2)).sum()", None),
        (Sum((ONE - 1) ** 2), "(A3 − 1)²", "((A3 - 1) ** 2).sum()", None),  # the sum of one entry is that entry
        (X - (Y - C), "x − (y − c)", "x - (y - c)", r"x - \left(y - c\right)"),
        (X - Y - C, "x − y − c", "x - y - c", "x - y - c"),
        (X - (Y + C), "x − (y + c)", "x - (y + c)", r"x - \left(y + c\right)"),
        (X + (Y + C), "x + y + c", "x + (y + c)", "x + y + c"),
        (X / (Y * C), "x/(y·c)", "x / (y * c)", r"\frac{x}{y \cdot c}"),
        (X / Y / C, "x/y/c", "x / y / c", r"\frac{\frac{x}{y}}{c}"),
        ((X + Y) / C, "(x + y)/c", "(x + y) / c", r"\frac{x + y}{c}"),
        (-(X + Y), "−(x + y)", "-(x + y)", r"-\left(x + y\right)"),
        ((-X) ** 2, "(−x)²", "(-x) ** 2", r"{\left(-x\right)}^{2}"),
        (-(X**2), "−x²", "-x ** 2", "-{x}^{2}"),
        (X * -Y, "x·(−y)", "x * -y", r"x \cdot \left(-y\right)"),
        (X - -Y, "x − (−y)", "x - -y", r"x - \left(-y\right)"),
        (Number(-2) ** 2, "(−2)²", "(-2) ** 2", r"{\left(-2\right)}^{2}"),
        ((X**2) ** 3, "(x²)³", "(x ** 2) ** 3", r"{\left({x}^{2}\right)}^{3}"),
        (X**0.5, "x^½", "x ** 0.5", None),
        ((W @ A).T @ DZ, "(W2·A1)ᵀ·dZ2", "(W2 @ A1).T @ dZ2", None),
        (W.variant(suffix="new") - W, "W2_new − W2", "W2_new - W2", r"{W^{[2]}}_{\text{new}} - W^{[2]}"),
        (Quantity("alpha") * Quantity("beta1"), "alpha·beta1", "alpha * beta1", r"\alpha \cdot \beta_{1}"),
        (Quantity("grad_norm") / X, "grad_norm/x", "grad_norm / x", r"\frac{\mathit{grad\_norm}}{x}"),
    ],
)
def test_spellings(formula: Formula, in_text: str, in_numpy: str, in_latex: str | None) -> None:
    assert plain(formula) == in_text
    assert numpy_source(formula) == in_numpy
    if in_latex is not None:
        assert latex(formula) == in_latex


@pytest.mark.parametrize(
    ("quantity", "name", "kind", "in_latex"),
    [
        (Quantity("W", 1, (2, 2)), "W1", "W", "W^{[1]}"),
        (Quantity("W", 1, (2, 2), prefix="d"), "dW1", "dW", r"\mathrm{d}W^{[1]}"),
        (Quantity("b", 3, (2, 1), suffix="new"), "b3_new", "b_new", r"{b^{[3]}}_{\text{new}}"),
        (Quantity("W", 2, (2, 2), prefix="m", suffix="hat"), "mW2_hat", "mW_hat", r"{}\hat{m}_{W^{[2]}}"),
        (Quantity("W", 2, (2, 2), prefix="v", suffix="new"), "vW2_new", "vW_new", r"{v_{W^{[2]}}}_{\text{new}}"),
        (Quantity("loss"), "loss", "loss", r"\mathit{loss}"),
    ],
)
def test_names(quantity: Quantity, name: str, kind: str, in_latex: str) -> None:
    assert (quantity.name, quantity.kind, latex(quantity)) == (name, kind, in_latex)


ENTRIES = [
    (W @ A + B, (0, 1), "W2[1,1]·A1[1,2] + W2[1,2]·A1[2,2] + W2[1,3]·A1[3,2] + W2[1,4]·A1[4,2] + b2[1,1]"),
    (DZ @ A.T, (2, 0), "dZ2[3,1]·A1[1,1] + dZ2[3,2]·A1[1,2]"),
    (Sum(DZ, "columns"), (1, 0), "dZ2[2,1] + dZ2[2,2]"),
    (Sum(DZ, "rows"), (0, 1), "dZ2[1,2] + dZ2[2,2] + dZ2[3,2]"),
    (Sum(Sum(DZ, "rows")) / X, (0, 0), "(dZ2[1,1] + dZ2[1,2] + dZ2[2,1] + dZ2[2,2] + dZ2[3,1] + dZ2[3,2])/x"),
    (2 * (Z - B) / X, (1, 1), "2 (Z2[2,2] − b2[2,1])/x"),
    (SIGMA(Z), (0, 0), "σ(Z2[1,1])"),
    (DZ * (Z > 0), (0, 0), "dZ2[1,1]·(Z2[1,1] > 0)"),
]


@pytest.mark.parametrize(("formula", "place", "expected"), ENTRIES)
def test_the_formula_of_one_entry(formula: Formula, place: tuple[int, int], expected: str) -> None:
    assert plain(entry(formula, *place, examples=2)) == expected


def test_numbers_put_in_have_parentheses_where_a_sign_follows() -> None:
    numbers = {"W2[1,1]": "-0.5", "W2[1,2]": "0.25", "A1[1,1]": "2", "A1[2,1]": "-3", "b2[1,1]": "-1"}

    def leaf(node: Formula) -> str:
        return numbers.get(plain(node), "0")

    formula = Quantity("W", 2, (1, 2)) @ Quantity("A", 1, (2, 1)) + Quantity("b", 2, (1, 1))
    assert plain(entry(formula, 0, 0, examples=1), leaf) == "-0.5·2 + 0.25·(-3) + (-1)"
    assert plain(entry(ONE**2, 0, 0, examples=1), lambda _: "-3") == "(-3)²"
    assert plain(entry(1 - ONE, 0, 0, examples=1), lambda _: "-3") == "1 − (-3)"


def test_a_long_sum_is_written_by_its_largest_terms_and_says_what_the_others_add_up_to() -> None:
    """The squares of 1 to 784 in any order; those of 1 to 779 add up to 779·780·1559/6 = 157879930."""
    formula = Quantity("A", 0, (784, 1)).T @ Quantity("A", 0, (784, 1))
    whole = entry(formula, 0, 0, examples=1)
    short = shortened(whole, lambda node: float((node.row or 0) * 5 % 784 + 1))
    largest = sorted(place for place in range(784) if place * 5 % 784 + 1 > 779)
    names = [f"A0[{place + 1},1]·A0[{place + 1},1]" for place in largest]
    assert plain(short) == " + ".join([*names, "(779 other terms)"])
    assert latex(short).endswith(r" + (\text{779 other terms})")
    (rest,) = [node for node in nodes(short) if isinstance(node, Rest)]
    assert rest.value == 157_879_930


def test_function_source_is_python() -> None:
    source = function_source("step", ["x", "y"], [("c", X * Y), ("d", C + 1)], ["x", "c", "d"])
    assert source == "def step(x, y):\n    c = x * y\n    d = c + 1\n    return (x, c, d)\n"


@pytest.mark.parametrize("build", [lambda: A @ A, lambda: W + A, lambda: Z * Quantity("y", None, (2, EXAMPLES))])
def test_operands_that_do_not_fit_are_refused(build: object) -> None:
    with pytest.raises(ShapeError):
        build()  # type: ignore[operator]


VALUES = {"x": 1.75, "y": -0.5, "c": 3.0}


Case = tuple[Formula, float]
LEAVES: list[Case] = [(X, 1.75), (Y, -0.5), (C, 3.0), (Number(2), 2.0), (Number(-1.5), -1.5)]


def combined(kind: str, a: Case, b: Case) -> Case:
    """A formula of two, and its value computed beside it."""
    (f, x), (g, y) = a, b
    made: dict[str, Case] = {
        "+": (f + g, x + y),
        "-": (f - g, x - y),
        "*": (f * g, x * y),
        "/": (f / g, x / y) if abs(y) > 1e-3 else (f, x),
        "max": (Maximum(f, g), max(x, y)),
        "negative": (-f, -x),
        "square": (f**2, x**2) if abs(x) < 1e6 else (f, x),
        "tanh": (TANH(f), float(np.tanh(x))),
    }
    return made[kind]


def trees() -> st.SearchStrategy[Case]:
    kinds = st.sampled_from(["+", "-", "*", "/", "max", "negative", "square", "tanh"])
    return st.recursive(st.sampled_from(LEAVES), lambda inner: st.builds(combined, kinds, inner, inner), max_leaves=12)


@given(trees())
def test_numpy_source_keeps_the_tree(case: tuple[Formula, float]) -> None:
    formula, value = case
    found = eval(numpy_source(formula), {"np": np, **VALUES})
    np.testing.assert_equal(found + 0.0, value + 0.0)  # a whole number has no negative zero


@given(trees())
def test_plain_text_keeps_the_tree(case: tuple[Formula, float]) -> None:
    """Read back as Python, what is shown has the value (sums may be added in another order)."""
    formula, value = case
    text = plain(formula).replace("−", "-").replace("·", "*").replace("²", "**2").replace("^", "**")
    text = re.sub(r"(\d) \(", r"\1*(", text)
    read = eval(text, {"tanh": np.tanh, "max": max, **VALUES})
    np.testing.assert_allclose(read, value, rtol=1e-9, atol=1e-9 * max(1.0, abs(value)))


@given(trees())
def test_latex_has_balanced_braces_and_no_double_superscript(case: tuple[Formula, float]) -> None:
    text = latex(case[0])
    assert text.count("{") == text.count("}")
    assert text.count(r"\left(") == text.count(r"\right)")
    assert not re.search(r"\}\^\{[^{}]*\}\^", text)


def test_nodes_go_from_left_to_right() -> None:
    names = [plain(node) for node in nodes(W @ A + B) if isinstance(node, Quantity)]
    assert names == ["W2", "A1", "b2"]
    assert plain(Entry(W, 0, 2)) == "W2[1,3]"
