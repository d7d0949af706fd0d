"""Formulas in plain text: `dZ2·A1ᵀ`, `2 (A3 − y)`, `σ(Z1)`."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch

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

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
"""How tightly a piece of text holds together."""

Spelled = tuple[str, int]
Leaf = Callable[[Formula], str]
"""How a quantity, an entry, a transposed quantity or the rest of a long sum is written."""


def name(node: Formula) -> str:
    """The leaf by its name: `W2`, `A1ᵀ`, `dW2[1,3]`, `779 other terms`."""
    if isinstance(node, Transpose):
        return name(node.operand) + "ᵀ"
    if isinstance(node, Entry):
        index = "" if node.row is None or node.column is None else f"[{node.row + 1},{node.column + 1}]"
        return node.quantity.name + index
    if isinstance(node, Rest):
        return others(node)
    assert isinstance(node, Quantity)
    return node.name


def others(node: Rest) -> str:
    """`779 other terms`"""
    return f"{node.count:,} other terms"


def plain(node: Formula, leaf: Leaf = name) -> str:
    """`node` in plain text, its leaves written by `leaf`."""
    return _spell(node, leaf)[0]


def digits(value: float) -> str:
    """A literal as short as says it exactly: 2, 0.01, 1.0507009873554805, 1e-6."""
    mantissa, e, exponent = repr(float(value)).partition("e")
    return mantissa.removesuffix(".0") + (f"e{int(exponent)}" if e else "")


def _inner(node: Formula, leaf: Leaf, at_least: int, *, follows: bool = False) -> str:
    """`node` as an operand: in parentheses where it holds less tightly, or follows with a sign."""
    text, hold = _spell(node, leaf)
    if hold < at_least or (follows and text.startswith(("−", "-"))):
        return f"({text})"
    return text


@singledispatch
def _spell(node: Formula, leaf: Leaf) -> Spelled:
    raise TypeError(f"no plain text for {type(node).__name__}")


@_spell.register(Quantity)
def _(node: Quantity, leaf: Leaf) -> Spelled:
    return leaf(node), ATOM


@_spell.register(Entry)
def _(node: Entry, leaf: Leaf) -> Spelled:
    text = leaf(node)
    return text, PRODUCT if text.startswith("-") else ATOM


@_spell.register(Number)
def _(node: Number, leaf: Leaf) -> Spelled:
    if node.symbol or node.value == 0.5:
        return node.symbol or "½", ATOM
    text = digits(abs(node.value))
    return (text, ATOM) if node.value >= 0 else (f"−{text}", PRODUCT)


@_spell.register(Negative)
def _(node: Negative, leaf: Leaf) -> Spelled:
    return "−" + _inner(node.operand, leaf, PRODUCT, follows=True), PRODUCT


@_spell.register(Add)
def _(node: Add, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} + {_inner(node.right, leaf, SUM, follows=True)}", SUM


@_spell.register(Subtract)
def _(node: Subtract, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} − {_inner(node.right, leaf, PRODUCT, follows=True)}", SUM


@_spell.register(Series)
def _(node: Series, leaf: Leaf) -> Spelled:
    texts = [_inner(term, leaf, PRODUCT, follows=place > 0) for place, term in enumerate(node.terms)]
    return " + ".join(texts), SUM if len(texts) > 1 else PRODUCT


@_spell.register(Rest)
def _(node: Rest, leaf: Leaf) -> Spelled:
    return f"({leaf(node)})", ATOM


def beside(node: Multiply, bracketed: bool) -> bool:
    """Whether a literal stands before a bracket or a sum without a sign between; a letter would look like f(x)."""
    literal = isinstance(node.left, Number) and not node.left.symbol
    return literal and ((bracketed and not isinstance(node.right, Entry)) or isinstance(node.right, Sum))


@_spell.register(Multiply)
def _(node: Multiply, leaf: Leaf) -> Spelled:
    left = _inner(node.left, leaf, PRODUCT)
    right = _inner(node.right, leaf, POWER, follows=True)
    if beside(node, right.startswith("(")):
        sign = " "  # 2 (A − y), ½ Σ e²
    elif node.left.shape and node.right.shape:
        sign = " ⊙ "
    else:
        sign = "·"
    return left + sign + right, PRODUCT


@_spell.register(MatrixProduct)
def _(node: MatrixProduct, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, PRODUCT)}·{_inner(node.right, leaf, POWER, follows=True)}", PRODUCT


@_spell.register(Divide)
def _(node: Divide, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, PRODUCT)}/{_inner(node.right, leaf, POWER, follows=True)}", PRODUCT


@_spell.register(Power)
def _(node: Power, leaf: Leaf) -> Spelled:
    known = {2.0: "²", 3.0: "³"}.get(node.right.value) if isinstance(node.right, Number) else None
    exponent = known or f"^{_inner(node.right, leaf, ATOM)}"
    return _inner(node.left, leaf, ATOM) + exponent, POWER


@_spell.register(Comparison)
def _(node: Comparison, leaf: Leaf) -> Spelled:
    return f"{_inner(node.left, leaf, SUM)} {node.sign} {_inner(node.right, leaf, SUM)}", 0


@_spell.register(Maximum)
def _(node: Maximum, leaf: Leaf) -> Spelled:
    return f"max({plain(node.left, leaf)}, {plain(node.right, leaf)})", ATOM


@_spell.register(Minimum)
def _(node: Minimum, leaf: Leaf) -> Spelled:
    return f"min({plain(node.left, leaf)}, {plain(node.right, leaf)})", ATOM


@_spell.register(Where)
def _(node: Where, leaf: Leaf) -> Spelled:
    return f"{_inner(node.yes, leaf, SUM)} if {plain(node.condition, leaf)} else {_inner(node.no, leaf, SUM)}", 0


@_spell.register(Transpose)
def _(node: Transpose, leaf: Leaf) -> Spelled:
    if isinstance(node.operand, Quantity):
        return leaf(node), ATOM
    return _inner(node.operand, leaf, ATOM) + "ᵀ", ATOM


@_spell.register(Ones)
def _(node: Ones, leaf: Leaf) -> Spelled:
    return "1", ATOM


@_spell.register(Sum)
def _(node: Sum, leaf: Leaf) -> Spelled:
    node = flat(node)
    if not adds_up(node):
        return _spell(node.operand, leaf)  # the sum of one entry is that entry
    return "Σ " + _inner(node.operand, leaf, POWER), POWER


@_spell.register(Apply)
def _(node: Apply, leaf: Leaf) -> Spelled:
    pattern = node.function.plain if "{" in node.function.plain else node.function.plain + "({any})"
    inner, hold = _spell(node.operand, leaf)
    text = pattern.format(any=inner, atom=inner if hold >= ATOM else f"({inner})")
    return text, SUM if node.function.loose else ATOM
