"""The formula of any entry as a JavaScript expression: what a page computes with.

It is made of `nntrace.formula.entry.any_entry`. An entry is ``v("W1", i, k1)``, a sum
``add("k1", [4], (k1) => …)``, with its first letter as its name, a choice ``where(condition, yes, no)``:
the page says what these do.
"""

from __future__ import annotations

from functools import singledispatch
from json import dumps

from nntrace.formula.tree import (
    EXAMPLES,
    Add,
    AnyEntry,
    Apply,
    Comparison,
    Divide,
    Each,
    Entry,
    Formula,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Power,
    Subtract,
    Where,
)

SUM, PRODUCT, ATOM = range(3)
"""How tightly an expression holds together; a sign and a power only in parentheses."""

Spelled = tuple[str, int]


def javascript(node: Formula) -> str:
    """`node` as an expression of `v`, `add`, the number of examples `m` and the letters in it."""
    return _spell(node)[0]


def _inner(node: Formula, at_least: int) -> str:
    text, hold = _spell(node)
    return text if hold >= at_least else f"({text})"


@singledispatch
def _spell(node: Formula) -> Spelled:
    raise TypeError(f"no JavaScript for {type(node).__name__}")


@_spell.register(AnyEntry)
@_spell.register(Entry)
def _(node: AnyEntry | Entry) -> Spelled:
    return f"v({dumps(node.quantity.name)}, {node.row or 0}, {node.column or 0})", ATOM


@_spell.register(Each)
def _(node: Each) -> Spelled:
    letters = ", ".join(letter for letter, _ in node.over)
    extents = ", ".join("m" if extent == EXAMPLES else str(extent) for _, extent in node.over)
    return f"add({dumps(node.over[0][0])}, [{extents}], ({letters}) => {_inner(node.operand, SUM)})", ATOM


@_spell.register(Number)
def _(node: Number) -> Spelled:
    return repr(float(node.value)), ATOM if node.value >= 0 else SUM


@_spell.register(Negative)
def _(node: Negative) -> Spelled:
    return f"(-{_inner(node.operand, ATOM)})", ATOM


@_spell.register(Add)
def _(node: Add) -> Spelled:
    return f"{_inner(node.left, SUM)} + {_inner(node.right, PRODUCT)}", SUM


@_spell.register(Subtract)
def _(node: Subtract) -> Spelled:
    return f"{_inner(node.left, SUM)} - {_inner(node.right, PRODUCT)}", SUM


@_spell.register(Multiply)
def _(node: Multiply) -> Spelled:
    return f"{_inner(node.left, PRODUCT)} * {_inner(node.right, ATOM)}", PRODUCT


@_spell.register(Divide)
def _(node: Divide) -> Spelled:
    return f"{_inner(node.left, PRODUCT)} / {_inner(node.right, ATOM)}", PRODUCT


@_spell.register(Power)
def _(node: Power) -> Spelled:
    return f"({_inner(node.left, ATOM)} ** {_inner(node.right, ATOM)})", ATOM


@_spell.register(Comparison)
def _(node: Comparison) -> Spelled:
    left, right = _inner(node.left, SUM), _inner(node.right, SUM)
    return f"({left} {node.sign} {right} ? 1 : 0)", ATOM


@_spell.register(Maximum)
def _(node: Maximum) -> Spelled:
    return f"Math.max({_inner(node.left, SUM)}, {_inner(node.right, SUM)})", ATOM


@_spell.register(Minimum)
def _(node: Minimum) -> Spelled:
    return f"Math.min({_inner(node.left, SUM)}, {_inner(node.right, SUM)})", ATOM


@_spell.register(Where)
def _(node: Where) -> Spelled:
    yes, condition, no = (_inner(part, SUM) for part in node.operands)
    return f"where({condition}, {yes}, {no})", ATOM  # both are computed: the page shows both


@_spell.register(Apply)
def _(node: Apply) -> Spelled:
    inner, hold = _spell(node.operand)
    text = node.function.javascript.format(any=inner, atom=inner if hold >= ATOM else f"({inner})")
    return f"({text})", ATOM
