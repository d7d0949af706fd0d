"""Formulas in LaTeX's mathematics: `\\mathrm{d}Z^{[2]} {A^{[1]}}^{\\top}`."""

from __future__ import annotations

from functools import singledispatch

from nntrace.formula.plain import ATOM, POWER, PRODUCT, SUM, Leaf, Spelled, beside, digits, others
from nntrace.formula.tree import (
    Add,
    Apply,
    Comparison,
    Divide,
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

_GREEK = {"α": "alpha", "β": "beta", "ε": "epsilon", "λ": "lambda"}


def name(node: Formula) -> str:
    """The leaf by its name: `W^{[2]}`, `{A^{[1]}}^{\\top}`, `\\mathrm{d}W^{[2]}_{1,3}`."""
    if isinstance(node, Transpose):
        return f"{{{name(node.operand)}}}^{{\\top}}"
    if isinstance(node, Entry):
        index = "" if node.row is None or node.column is None else f"_{{{node.row + 1},{node.column + 1}}}"
        return f"{{{name(node.quantity)}}}{index}"
    if isinstance(node, Rest):
        return rf"\text{{{others(node)}}}"
    assert isinstance(node, Quantity)
    base = _base(node.base)
    if node.layer is not None:
        base += f"^{{[{node.layer}]}}"
    if node.prefix == "d":
        base = rf"\mathrm{{d}}{base}"
    elif node.prefix:
        # The empty atom: an accent alone in braces is unpacked, and a second subscript does not compile.
        letter = rf"{{}}\hat{{{node.prefix}}}" if node.suffix == "hat" else node.prefix
        base = f"{letter}_{{{base}}}"
    return rf"{{{base}}}_{{\text{{new}}}}" if node.suffix == "new" else base


def latex(node: Formula, leaf: Leaf = name) -> str:
    """`node` in LaTeX's mathematics (amsmath), its leaves written by `leaf`."""
    return _spell(node, leaf)[0]


def _base(text: str) -> str:
    letters = text.rstrip("0123456789")
    index = f"_{{{text[len(letters) :]}}}" if letters != text else ""
    if letters in _GREEK.values():
        return rf"\{letters}{index}"
    if len(letters) == 1:
        return letters + index
    word = letters.replace("_", r"\_")
    return rf"\mathit{{{word}}}{index}"


def _inner(node: Formula, leaf: Leaf, at_least: int, *, follows: bool = False) -> str:
    text, hold = _spell(node, leaf)
    return rf"\left({text}\right)" if hold < at_least or (follows and text.startswith("-")) else text


@singledispatch
def _spell(node: Formula, leaf: Leaf) -> Spelled:
    raise TypeError(f"no LaTeX for {type(node).__name__}")


@_spell.register(Quantity)
def _(node: Quantity, leaf: Leaf) -> Spelled:
    return leaf(node), ATOM


@_spell.register(Entry)
def _(node: Entry, leaf: Leaf) -> Spelled:
    text = leaf(node)
    return text, PRODUCT if text.startswith("-") or r"\cdot" in text else ATOM


@_spell.register(Number)
def _(node: Number, leaf: Leaf) -> Spelled:
    if node.symbol:
        return _base(_GREEK.get(node.symbol, node.symbol)), ATOM
    if node.value == 0.5:
        return r"\tfrac{1}{2}", ATOM
    mantissa, e, exponent = digits(node.value).partition("e")
    if e:
        return number(f"{mantissa}e{exponent}"), PRODUCT
    return mantissa, ATOM if node.value >= 0 else PRODUCT


def number(text: str) -> str:
    """Digits in LaTeX: `2.1e-9` as a power of ten."""
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text
    power = f"10^{{{int(exponent)}}}"
    return {"1": power, "-1": f"-{power}"}.get(mantissa, rf"{mantissa} \cdot {power}")


@_spell.register(Negative)
def _(node: Negative, leaf: Leaf) -> Spelled:
    return "-" + _inner(node.operand, leaf, PRODUCT, follows=True), PRODUCT


@_spell.register(Add)
def _(node: Add, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} + {_inner(node.right, leaf, SUM, follows=True)}", SUM


@_spell.register(Subtract)
def _(node: Subtract, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} - {_inner(node.right, leaf, PRODUCT, follows=True)}", SUM


@_spell.register(Series)
def _(node: Series, leaf: Leaf) -> Spelled:
    texts = [_inner(term, leaf, PRODUCT, follows=place > 0) for place, term in enumerate(node.terms)]
    return " + ".join(texts), SUM if len(texts) > 1 else PRODUCT


@_spell.register(Rest)
def _(node: Rest, leaf: Leaf) -> Spelled:
    return f"({leaf(node)})", ATOM


@_spell.register(Multiply)
def _(node: Multiply, leaf: Leaf) -> Spelled:
    left = _inner(node.left, leaf, PRODUCT)
    right = _inner(node.right, leaf, POWER, follows=True)
    if beside(node, right.startswith(r"\left(")):
        sign = r"\,"
    elif node.left.shape and node.right.shape:
        sign = r" \odot "
    else:
        sign = r" \cdot "
    return left + sign + right, PRODUCT


@_spell.register(MatrixProduct)
def _(node: MatrixProduct, leaf: Leaf) -> Spelled:
    return rf"{_inner(node.left, leaf, PRODUCT)} {_inner(node.right, leaf, POWER, follows=True)}", PRODUCT


@_spell.register(Divide)
def _(node: Divide, leaf: Leaf) -> Spelled:
    return rf"\frac{{{latex(node.left, leaf)}}}{{{latex(node.right, leaf)}}}", PRODUCT


@_spell.register(Power)
def _(node: Power, leaf: Leaf) -> Spelled:
    # In braces: a name has a superscript of its own, and two of them do not compile.
    return f"{{{_inner(node.left, leaf, ATOM)}}}^{{{latex(node.right, leaf)}}}", POWER


@_spell.register(Comparison)
def _(node: Comparison, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} {node.sign} {_inner(node.right, leaf, SUM)}", 0


@_spell.register(Maximum)
def _(node: Maximum, leaf: Leaf) -> Spelled:
    return rf"\max\left({latex(node.left, leaf)}, {latex(node.right, leaf)}\right)", ATOM


@_spell.register(Minimum)
def _(node: Minimum, leaf: Leaf) -> Spelled:
    return rf"\min\left({latex(node.left, leaf)}, {latex(node.right, leaf)}\right)", ATOM


@_spell.register(Where)
def _(node: Where, leaf: Leaf) -> Spelled:
    yes, condition, no = (latex(part, leaf) for part in node.operands)
    rows = rf"{yes} & \text{{if }} {condition} \\ {no} & \text{{otherwise}}"
    return rf"\begin{{cases}} {rows} \end{{cases}}", 0


@_spell.register(Transpose)
def _(node: Transpose, leaf: Leaf) -> Spelled:
    if isinstance(node.operand, Quantity):
        return leaf(node), ATOM
    return f"{{{_inner(node.operand, leaf, ATOM)}}}^{{\\top}}", ATOM


@_spell.register(Ones)
def _(node: Ones, leaf: Leaf) -> Spelled:
    return "1", ATOM


@_spell.register(Sum)
def _(node: Sum, leaf: Leaf) -> Spelled:
    node = flat(node)
    if not adds_up(node):
        return _spell(node.operand, leaf)  # the sum of one entry is that entry
    return r"\sum " + _inner(node.operand, leaf, POWER), POWER


@_spell.register(Apply)
def _(node: Apply, leaf: Leaf) -> Spelled:
    pattern = node.function.latex
    hold = SUM if node.function.loose else ATOM
    if "{any}" not in pattern and "{atom}" not in pattern:
        return rf"{pattern}\left({latex(node.operand, leaf)}\right)", hold
    inner, tight = _spell(node.operand, leaf)
    operands = {"{any}": inner, "{atom}": inner if tight >= ATOM else rf"\left({inner}\right)"}
    for place, text in operands.items():
        pattern = pattern.replace(place, text)
    return pattern, hold
