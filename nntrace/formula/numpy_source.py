"""Formulas as numpy source: what runs, and what an exported script says.

The function that `function_source` writes is the whole computation: the engine compiles it once
and calls it for every step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import singledispatch

from nntrace.formula.tree import (
    Add,
    Apply,
    Comparison,
    Divide,
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
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""Python's own precedence, as far as it is needed."""

Spelled = tuple[str, int]
_CALL = re.compile(r"[\w.]+\([^()]*\)")
"""A template that is one call holds together; anything else is an expression."""


def numpy_source(node: Formula) -> str:
    """`node` as an expression in Python and numpy (`np`), the quantities by their names."""
    return _spell(node)[0]


def function_source(
    name: str, inputs: Sequence[str], lines: Iterable[tuple[str, Formula]], outputs: Sequence[str]
) -> str:
    """A Python function: a line ``target = formula`` each, returning the tuple of `outputs`.

    Before it stand the helpers that its formulas call; it needs `np`, and `math` if a helper says so.
    """
    lines = list(lines)
    body = "".join(f"    {target} = {numpy_source(node)}\n" for target, node in lines)
    applied = [node.function for _, line in lines for node in nodes(line) if isinstance(node, Apply)]
    helpers = "".join(f"{text}\n\n" for text in dict.fromkeys(function.helper for function in applied) if text)
    returned = f"{', '.join(outputs)}," if outputs else ""
    return f"{helpers}def {name}({', '.join(inputs)}):\n{body}    return ({returned})\n"


def _inner(node: Formula, at_least: int) -> str:
    text, hold = _spell(node)
    return text if hold >= at_least else f"({text})"


@singledispatch
def _spell(node: Formula) -> Spelled:
    raise TypeError(f"no numpy source for {type(node).__name__}")


@_spell.register(Quantity)
def _(node: Quantity) -> Spelled:
    return node.name, ATOM


@_spell.register(Number)
def _(node: Number) -> Spelled:
    value = int(node.value) if node.value == int(node.value) else node.value
    return repr(value), ATOM if node.value >= 0 else SIGN


@_spell.register(Negative)
def _(node: Negative) -> Spelled:
    return "-" + _inner(node.operand, SIGN), SIGN


@_spell.register(Add)
def _(node: Add) -> Spelled:
    return f"{_inner(node.left, SUM)} + {_inner(node.right, PRODUCT)}", SUM


@_spell.register(Subtract)
def _(node: Subtract) -> Spelled:
    return f"{_inner(node.left, SUM)} - {_inner(node.right, PRODUCT)}", SUM


@_spell.register(Multiply)
def _(node: Multiply) -> Spelled:
    # numpy multiplies by True and False as by 1 and 0, unless both are; alone they are no numbers.
    gates = [isinstance(operand, Comparison) for operand in node.operands]
    left = f"({_comparison(node.left)})" if gates == [True, False] else _inner(node.left, PRODUCT)
    right = f"({_comparison(node.right)})" if gates == [False, True] else _inner(node.right, SIGN)
    return f"{left} * {right}", PRODUCT


@_spell.register(MatrixProduct)
def _(node: MatrixProduct) -> Spelled:
    return f"{_inner(node.left, PRODUCT)} @ {_inner(node.right, SIGN)}", PRODUCT


@_spell.register(Divide)
def _(node: Divide) -> Spelled:
    return f"{_inner(node.left, PRODUCT)} / {_inner(node.right, SIGN)}", PRODUCT


@_spell.register(Power)
def _(node: Power) -> Spelled:
    return f"{_inner(node.left, ATOM)} ** {_inner(node.right, SIGN)}", POWER


@_spell.register(Comparison)
def _(node: Comparison) -> Spelled:
    return f"1.0 * ({_comparison(node)})", PRODUCT


def _comparison(node: Formula) -> str:
    assert isinstance(node, Comparison)
    return f"{_inner(node.left, SUM)} {node.sign} {_inner(node.right, SUM)}"


@_spell.register(Maximum)
def _(node: Maximum) -> Spelled:
    return f"np.maximum({numpy_source(node.left)}, {numpy_source(node.right)})", ATOM


@_spell.register(Minimum)
def _(node: Minimum) -> Spelled:
    return f"np.minimum({numpy_source(node.left)}, {numpy_source(node.right)})", ATOM


@_spell.register(Where)
def _(node: Where) -> Spelled:
    # A whole number stays a float: two of them would make an array of integers.
    chosen = (
        repr(float(part.value)) if isinstance(part, Number) else numpy_source(part) for part in (node.yes, node.no)
    )
    condition = node.condition
    chooses = _comparison(condition) if isinstance(condition, Comparison) else numpy_source(condition)
    return f"np.where({chooses}, {', '.join(chosen)})", ATOM


@_spell.register(Transpose)
def _(node: Transpose) -> Spelled:
    return _inner(node.operand, ATOM) + ".T", ATOM


@_spell.register(Ones)
def _(node: Ones) -> Spelled:
    return f"np.ones_like({numpy_source(node.operand)})", ATOM


@_spell.register(Sum)
def _(node: Sum) -> Spelled:
    arguments = {None: "", "rows": "axis=0, keepdims=True", "columns": "axis=1, keepdims=True"}[node.over]
    return f"{_inner(node.operand, ATOM)}.sum({arguments})", ATOM


@_spell.register(Apply)
def _(node: Apply) -> Spelled:
    template = node.function.numpy
    inner, hold = _spell(node.operand)
    text = template.format(any=inner, atom=inner if hold >= ATOM else f"({inner})")
    return text, ATOM if _CALL.fullmatch(template) else SUM
