"""MathML: well-formed, of the elements that browsers draw, and read back to the number that it says."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import VALUES, python_of
from trees import EXAMPLES_IN_A_BATCH, drawn_entry, trees

from nntrace import Config, bundle, load, trace
from nntrace.formula.entry import any_entry
from nntrace.formula.mathml import mathml, name, number
from nntrace.formula.tree import (
    AnyEntry,
    Each,
    Entry,
    Formula,
    Maximum,
    Number,
    Quantity,
    Sum,
    Transpose,
    Where,
)
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.functions import ABS, LN, SQRT
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS

CHILDREN = {"mfrac": 2, "msup": 2, "msub": 2, "mover": 2, "msubsup": 3}
"""How many elements must stand in these; in the others as many as one likes."""
ANY = {"math", "mrow", "mi", "mn", "mo", "mtext", "msqrt", "mspace", "mtable", "mtr", "mtd"}


def parsed(markup: str) -> ET.Element:
    """The tree of it; an element that is not known, or has the wrong number of others in it, is an error."""
    root = ET.fromstring(f"<math>{markup}</math>")
    for element in root.iter():
        assert element.tag in CHILDREN or element.tag in ANY, element.tag
        assert len(element) == CHILDREN.get(element.tag, len(element)), markup
        if element.tag in {"mi", "mn", "mo", "mtext"}:
            assert len(element) == 0
            assert element.text
    return root


def networks() -> Iterator[Config]:
    def network(hidden: str, loss: str, optimizer: str, **more: object) -> Config:
        output = min(LOSSES[loss].outputs) if LOSSES[loss].outputs else "identity"
        shared = {"weights": 0.5, "alpha": 0.1, "iterations": 1, "batch": 2, "loss": loss, "optimizer": optimizer}
        layers = [{"nodes": 2, "activation": hidden}, {"nodes": 2, "activation": output}]
        data = {"x": [[1, 2], [3, 4]], "y": [[0.5, 0.5], [1, 0]]}
        return load({"architecture": {"inputs": 2, "layers": layers}, "data": data, **shared, **more})

    yield from (network(each, "huber", "adam", l2=0.1, clip_norm=1.0) for each in ACTIVATIONS)
    yield from (network("tanh", each, "gradient_descent", round=4) for each in LOSSES)
    yield from (network("tanh", "squared_error", each) for each in OPTIMIZERS)
    yield from (load(str(bundle.path(each))) for each in bundle.names())


def test_every_equation_is_well_formed() -> None:
    seen = 0
    for config in networks():
        for equation in trace(config).equations:
            parsed(name(equation.target))
            for formula in filter(None, (equation.shown, equation.formula)):
                parsed(mathml(formula))
                parsed(mathml(any_entry(formula)))
                seen += 1
    assert seen > 1000


@settings(deadline=None)
@given(trees())
def test_any_formula_is_well_formed(formula: Formula) -> None:
    parsed(mathml(formula))
    parsed(mathml(any_entry(formula)))


@settings(deadline=None)
@given(trees(bent=False), EXAMPLES_IN_A_BATCH, st.data())
def test_an_entry_reads_back_to_its_number(formula: Formula, examples: int, data: st.DataObject) -> None:
    """With the numbers put in, some negative: parentheses stand where it takes them."""
    part, expected, values = drawn_entry(formula, examples, data)

    def leaf(node: Formula) -> str:
        assert isinstance(node, Entry)
        value = values[node.quantity.name]
        return number(repr(float(value if node.row is None else value[node.row, node.column])))

    text = python_of(parsed(mathml(part, leaf)))
    np.testing.assert_allclose(eval(text, dict(VALUES)), expected, rtol=1e-9, atol=1e-9, err_msg=text)


OWN = "<msup><mi>W</mi><mtext>[2]</mtext></msup>"
OPEN, CLOSE = '<mrow><mo stretchy="false">(</mo>', '<mo stretchy="false">)</mo></mrow>'
LESS = f"{OPEN}<mn>1</mn><mo>−</mo><mi>k</mi>{CLOSE}"
LEFT = '<mtd style="text-align: left">'
CASES = (
    f"<mtr>{LEFT}<mrow><mi>k</mi></mrow></mtd>"
    f"{LEFT}<mtext>if\u00a0</mtext><mrow><mi>k</mi><mo>&gt;</mo><mn>0</mn></mrow></mtd></mtr>"
    f"<mtr>{LEFT}<mrow><mn>0</mn></mrow></mtd>{LEFT}<mtext>otherwise</mtext></mtd></mtr>"
)
W, Z = Quantity("W", 2, (3, 4)), Quantity("Z", 2, (3, "m"))
K = Quantity("k", None, ())


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (W, OWN),
        (W.variant(prefix="d"), f'<mrow><mi mathvariant="normal">d</mi>{OWN}</mrow>'),
        (W.variant(suffix="new"), "<msubsup><mi>W</mi><mtext>new</mtext><mtext>[2]</mtext></msubsup>"),
        (Transpose(W), f"<msup><mrow>{OWN}</mrow><mo>⊤</mo></msup>"),
        (Quantity("beta1"), "<msub><mi>β</mi><mn>1</mn></msub>"),
        (Quantity("grad_norm"), "<mi>grad_norm</mi>"),
        (1 - K, "<mn>1</mn><mo>−</mo><mi>k</mi>"),
        (2 * (1 - K), f'<mn>2</mn><mspace width="0.17em"></mspace>{LESS}'),
        ((1 - K) ** 2, f"<msup><mrow>{LESS}</mrow><mrow><mn>2</mn></mrow></msup>"),
        (0.5 * K, "<mfrac><mn>1</mn><mn>2</mn></mfrac><mo>·</mo><mi>k</mi>"),
        (K < 1, "<mi>k</mi><mo>&lt;</mo><mn>1</mn>"),
        (SQRT(K), "<msqrt><mi>k</mi></msqrt>"),
        (ABS(K - 1), "<mrow><mo>|</mo><mi>k</mi><mo>−</mo><mn>1</mn><mo>|</mo></mrow>"),
        (LN(K), f"<mi>ln</mi>{OPEN}<mi>k</mi>{CLOSE}"),
        (Maximum(Number(0), K), f"<mi>max</mi>{OPEN}<mn>0</mn><mo>,</mo><mi>k</mi>{CLOSE}"),
        (Sum(Z), "<mo>∑</mo><msup><mi>Z</mi><mtext>[2]</mtext></msup>"),
        (Number(1e-8), "<mrow><mn>1</mn><mo>·</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>8</mn></mrow></msup></mrow>"),
        (Where(K > 0, K, Number(0)), f"<mrow><mo>{{</mo><mtable>{CASES}</mtable></mrow>"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Formula) else "",
)
def test_spellings(formula: Formula, expected: str) -> None:
    """By hand, from the rules of MathML and the way a textbook writes it."""
    assert mathml(formula) == expected


def test_entries() -> None:
    own = f"<mrow>{OWN}</mrow>"
    assert name(Entry(W, 0, 2)) == f"<msub>{own}<mrow><mn>1</mn><mo>,</mo><mn>3</mn></mrow></msub>"
    assert name(AnyEntry(W, "i", 0)) == f"<msub>{own}<mrow><mi>i</mi><mo>,</mo><mn>1</mn></mrow></msub>"


def test_a_sum_over_each_is_a_term_to_be_repeated() -> None:
    term = any_entry(W @ Quantity("A", 1, (4, "m")))
    assert isinstance(term, Each)
    row = ET.fromstring(mathml(term, lambda node: "<mi>x</mi>"))
    assert (row.get("data-each"), row.get("data-over"), len(row)) == ("k1", "k1", 3)
