"""Formulas in presentation MathML, the part of it that browsers draw: what stands in a `<math>` element."""

from __future__ import annotations

import re
from functools import singledispatch
from html import escape

from nntrace.formula.plain import ATOM, POWER, PRODUCT, SUM, Leaf, Spelled, beside, digits, others
from nntrace.formula.tree import (
    Add,
    AnyEntry,
    Apply,
    Comparison,
    Divide,
    Each,
    Entry,
    Formula,
    MatrixProduct,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Ones,
    Power,
    Quantity,
    Rest,
    Series,
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import adds_up, flat

_GREEK = {"alpha": "α", "beta": "β", "epsilon": "ε"}
_SIGNED = re.compile(r"(?:<mrow[^>]*>)*<mo>−")
_BRACKETED = re.compile(r"<mrow><mo[^>]*>\(")
_TALL = ("<mfrac", "<mtable", "<msqrt")
_APART = '<mspace width="0.17em"></mspace>'
"""Between a number and what it multiplies, and the name of a function and what it is applied to."""


def name(node: Formula) -> str:
    """The leaf by its name: W with a superscript [2], the same transposed, an entry with its row and column."""
    if isinstance(node, Transpose):
        return f"<msup><mrow>{name(node.operand)}</mrow><mo>⊤</mo></msup>"
    if isinstance(node, Rest):
        return f"<mtext>{others(node)}</mtext>"
    if isinstance(node, Entry | AnyEntry):
        places = [
            place if isinstance(place, str) else place + 1 for place in (node.row, node.column) if place is not None
        ]
        index = "<mo>,</mo>".join(
            f"<mi>{place}</mi>" if isinstance(place, str) else f"<mn>{place}</mn>" for place in places
        )
        own = name(node.quantity)
        return f"<msub><mrow>{own}</mrow><mrow>{index}</mrow></msub>" if node.quantity.shape else own
    assert isinstance(node, Quantity)
    base, layer = _base(node.base), f"<mtext>[{node.layer}]</mtext>"
    if node.layer is not None and node.suffix == "new" and not node.prefix:
        return f"<msubsup>{base}<mtext>new</mtext>{layer}</msubsup>"
    if node.layer is not None:
        base = f"<msup>{base}{layer}</msup>"
    if node.prefix == "d":
        base = f'<mrow><mi mathvariant="normal">d</mi>{base}</mrow>'
    elif node.prefix:
        letter = f"<mi>{node.prefix}</mi>"
        hat = f'<mover accent="true">{letter}<mo stretchy="false">^</mo></mover>'
        base = f"<msub>{hat if node.suffix == 'hat' else letter}{base}</msub>"
    return f"<msub>{base}<mtext>new</mtext></msub>" if node.suffix == "new" else base


def mathml(node: Formula, leaf: Leaf = name) -> str:
    """`node` in MathML, its leaves written by `leaf`; a negative number of it begins with `<mo>−</mo>`."""
    return _spell(node, leaf)[0]


def number(text: str) -> str:
    """Digits in MathML: `-2.1e-9` with a minus and as a power of ten."""
    mantissa, e, exponent = text.partition("e")
    unsigned = mantissa.removeprefix("-")
    sign = "<mo>−</mo>" if unsigned != mantissa else ""
    power = f"<mo>·</mo><msup><mn>10</mn>{number(exponent)}</msup>" if e else ""
    whole = f"{sign}<mn>{unsigned}</mn>{power}"
    return f"<mrow>{whole}</mrow>" if sign or power else whole


def _base(text: str) -> str:
    letters = text.rstrip("0123456789")
    letter = f"<mi>{_GREEK.get(letters, letters)}</mi>"
    return f"<msub>{letter}<mn>{text[len(letters) :]}</mn></msub>" if letters != text else letter


def _row(text: str) -> str:
    """One element, where MathML wants one."""
    return f"<mrow>{text}</mrow>"


def _bracketed(text: str) -> str:
    """In parentheses, which grow with what is tall but not with a superscript."""
    grows = "" if any(tall in text for tall in _TALL) else ' stretchy="false"'
    return f"<mrow><mo{grows}>(</mo>{text}<mo{grows}>)</mo></mrow>"


def _call(function: str, *arguments: str) -> str:
    return f"<mi>{function}</mi>{_bracketed('<mo>,</mo>'.join(arguments))}"


def _inner(node: Formula, leaf: Leaf, at_least: int, *, follows: bool = False) -> str:
    text, hold = _spell(node, leaf)
    return _bracketed(text) if hold < at_least or (follows and _SIGNED.match(text)) else text


def _between(left: str, sign: str, right: str) -> str:
    return f"{left}<mo>{sign}</mo>{right}"


@singledispatch
def _spell(node: Formula, leaf: Leaf) -> Spelled:
    raise TypeError(f"no MathML for {type(node).__name__}")


@_spell.register(Quantity)
@_spell.register(AnyEntry)
def _(node: Formula, leaf: Leaf) -> Spelled:
    return leaf(node), ATOM


@_spell.register(Entry)
def _(node: Entry, leaf: Leaf) -> Spelled:
    text = leaf(node)
    return text, PRODUCT if _SIGNED.match(text) else ATOM


@_spell.register(Number)
def _(node: Number, leaf: Leaf) -> Spelled:
    if node.symbol:
        return _base(node.symbol), ATOM
    if node.value == 0.5:
        return "<mfrac><mn>1</mn><mn>2</mn></mfrac>", ATOM
    return number(digits(node.value)), ATOM if node.value >= 0 else PRODUCT


@_spell.register(Negative)
def _(node: Negative, leaf: Leaf) -> Spelled:
    return "<mo>−</mo>" + _inner(node.operand, leaf, PRODUCT, follows=True), PRODUCT


@_spell.register(Add)
def _(node: Add, leaf: Leaf) -> Spelled:
    return _between(_inner(node.left, leaf, SUM), "+", _inner(node.right, leaf, SUM, follows=True)), SUM


@_spell.register(Subtract)
def _(node: Subtract, leaf: Leaf) -> Spelled:
    return _between(_inner(node.left, leaf, SUM), "−", _inner(node.right, leaf, PRODUCT, follows=True)), SUM


@_spell.register(Series)
def _(node: Series, leaf: Leaf) -> Spelled:
    texts = [_inner(term, leaf, PRODUCT, follows=place > 0) for place, term in enumerate(node.terms)]
    return "<mo>+</mo>".join(texts), SUM if len(texts) > 1 else PRODUCT


@_spell.register(Each)
def _(node: Each, leaf: Leaf) -> Spelled:
    letters = ",".join(letter for letter, _ in node.over)
    term = _inner(node.operand, leaf, PRODUCT)
    return f'<mrow data-each="{node.over[0][0]}" data-over="{letters}">{term}</mrow>', SUM


@_spell.register(Rest)
def _(node: Rest, leaf: Leaf) -> Spelled:
    return _bracketed(leaf(node)), ATOM


@_spell.register(Multiply)
def _(node: Multiply, leaf: Leaf) -> Spelled:
    left = _inner(node.left, leaf, PRODUCT)
    right = _inner(node.right, leaf, POWER, follows=True)
    if beside(node, bool(_BRACKETED.match(right))):
        return left + _APART + right, PRODUCT
    return _between(left, "⊙" if node.left.shape and node.right.shape else "·", right), PRODUCT


@_spell.register(MatrixProduct)
def _(node: MatrixProduct, leaf: Leaf) -> Spelled:
    return _between(_inner(node.left, leaf, PRODUCT), "·", _inner(node.right, leaf, POWER, follows=True)), PRODUCT


@_spell.register(Divide)
def _(node: Divide, leaf: Leaf) -> Spelled:
    return f"<mfrac>{_row(mathml(node.left, leaf))}{_row(mathml(node.right, leaf))}</mfrac>", PRODUCT


@_spell.register(Power)
def _(node: Power, leaf: Leaf) -> Spelled:
    return f"<msup>{_row(_inner(node.left, leaf, ATOM))}{_row(mathml(node.right, leaf))}</msup>", POWER


@_spell.register(Comparison)
def _(node: Comparison, leaf: Leaf) -> Spelled:
    return _between(_inner(node.left, leaf, SUM), escape(node.sign), _inner(node.right, leaf, SUM)), 0


@_spell.register(Maximum)
def _(node: Maximum, leaf: Leaf) -> Spelled:
    return _call("max", mathml(node.left, leaf), mathml(node.right, leaf)), ATOM


@_spell.register(Minimum)
def _(node: Minimum, leaf: Leaf) -> Spelled:
    return _call("min", mathml(node.left, leaf), mathml(node.right, leaf)), ATOM


@_spell.register(Where)
def _(node: Where, leaf: Leaf) -> Spelled:
    yes, condition, no = (_row(mathml(part, leaf)) for part in node.operands)
    cell = '<mtd style="text-align: left">'
    rows = (
        f"<mtr>{cell}{yes}</mtd>{cell}<mtext>if\u00a0</mtext>{condition}</mtd></mtr>"
        f"<mtr>{cell}{no}</mtd>{cell}<mtext>otherwise</mtext></mtd></mtr>"
    )
    return f"<mrow><mo>{{</mo><mtable>{rows}</mtable></mrow>", 0


@_spell.register(Transpose)
def _(node: Transpose, leaf: Leaf) -> Spelled:
    if isinstance(node.operand, Quantity):
        return leaf(node), ATOM
    return f"<msup>{_row(_inner(node.operand, leaf, ATOM))}<mo>⊤</mo></msup>", ATOM


@_spell.register(Ones)
def _(node: Ones, leaf: Leaf) -> Spelled:
    return "<mn>1</mn>", ATOM


@_spell.register(Sum)
def _(node: Sum, leaf: Leaf) -> Spelled:
    node = flat(node)
    if not adds_up(node):
        return _spell(node.operand, leaf)  # the sum of one entry is that entry
    return f"<mo>∑</mo>{_inner(node.operand, leaf, POWER)}", POWER


@_spell.register(Apply)
def _(node: Apply, leaf: Leaf) -> Spelled:
    pattern = node.function.mathml
    hold = SUM if node.function.loose else ATOM
    inner, tight = _spell(node.operand, leaf)
    if not pattern:
        return f"<mi>{node.function.plain}</mi>{_bracketed(inner)}", hold
    return pattern.format(any=inner, atom=inner if tight >= ATOM else _bracketed(inner)), hold
