"""How far the value of a formula may be off where its operands are: each known to within a radius.

First each node's own value, then how far it can get from it; what is not monotonous is taken at both ends
of its argument, which is exact for the small radii of written numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np

from nntrace.formula.compiling import applying
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

Around = tuple[Any, Any]
"""A value and its radius: arrays of one shape, or numbers."""
Known = Callable[[Quantity], Around]

_AXES = {None: None, "rows": 0, "columns": 1}


def around(node: Formula, known: Known) -> Around:
    """The value of `node`, and how far it may be off, given the same of its quantities."""
    with np.errstate(all="ignore"):
        return _around(node, known)


@singledispatch
def _around(node: Formula, known: Known) -> Around:
    raise TypeError(f"no radius for {type(node).__name__}")


@_around.register(Quantity)
def _(node: Quantity, known: Known) -> Around:
    return known(node)


@_around.register(Number)
def _(node: Number, known: Known) -> Around:
    return node.value, 0.0


@_around.register(Ones)
def _(node: Ones, known: Known) -> Around:
    return np.ones_like(_around(node.operand, known)[0]), 0.0


@_around.register(Negative)
def _(node: Negative, known: Known) -> Around:
    value, radius = _around(node.operand, known)
    return -value, radius


@_around.register(Add)
def _(node: Add, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    return a + b, p + q


@_around.register(Subtract)
def _(node: Subtract, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    return a - b, p + q


@_around.register(Multiply)
def _(node: Multiply, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    return a * b, abs(a) * q + p * abs(b) + p * q


@_around.register(MatrixProduct)
def _(node: MatrixProduct, known: Known) -> Around:
    (a, p), (b, q) = ((value, radius + np.zeros_like(value)) for value, radius in _operands(node, known))
    return a @ b, abs(a) @ q + p @ abs(b) + p @ q


@_around.register(Divide)
def _(node: Divide, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    room = abs(b) - q  # what is left of the divisor
    radius = (p + abs(np.divide(a, b)) * q) / np.maximum(room, 0.0)
    return np.divide(a, b), np.where((p == 0) & (q == 0), 0.0, np.where(room > 0, radius, np.inf))


@_around.register(Power)
def _(node: Power, known: Known) -> Around:
    (a, p), (b, _) = _operands(node, known)
    return _at_both_ends(lambda x: np.power(x, b), a, p)


@_around.register(Comparison)
def _(node: Comparison, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    holds = a > b if node.sign == ">" else a < b
    return 1.0 * holds, 1.0 * ((p + q > 0) & (abs(a - b) <= p + q))


@_around.register(Maximum)
@_around.register(Minimum)
def _(node: Maximum | Minimum, known: Known) -> Around:
    (a, p), (b, q) = _operands(node, known)
    choose = np.maximum if isinstance(node, Maximum) else np.minimum
    chosen = choose(a, b)
    return chosen, np.maximum(choose(a + p, b + q) - chosen, chosen - choose(a - p, b - q))


@_around.register(Where)
def _(node: Where, known: Known) -> Around:
    (a, p), (holds, doubt), (b, q) = _operands(node, known)
    sure = np.where(holds > 0, p, q)
    return np.where(holds > 0, a, b), np.where(doubt > 0, abs(a - b) + p + q, sure)


@_around.register(Transpose)
def _(node: Transpose, known: Known) -> Around:
    value, radius = _around(node.operand, known)
    return value.T, np.transpose(radius)


@_around.register(Sum)
def _(node: Sum, known: Known) -> Around:
    value, radius = _around(node.operand, known)
    axis = _AXES[node.over]
    radius = radius + np.zeros_like(value)
    return np.sum(value, axis=axis, keepdims=axis is not None), np.sum(radius, axis=axis, keepdims=axis is not None)


@_around.register(Apply)
def _(node: Apply, known: Known) -> Around:
    value, radius = _around(node.operand, known)
    if node.function.written_out is None:
        return _at_both_ends(applying(node.function), value, radius)
    # Of a softmax of large z the parts overflow, and their quotient says nothing: its own value does.
    own = applying(node.function)(value)
    if not np.any(radius):
        return own, 0.0 * own
    shift = np.max(value, axis=0, keepdims=True)  # what is written out here does not mind a constant
    z = Quantity("z", None, node.operand.shape)
    parts = _around(node.function.written_out(z), lambda _: (value - shift, radius))
    return own, parts[1]


def _operands(node: Formula, known: Known) -> list[Around]:
    return [_around(operand, known) for operand in node.operands]


def _at_both_ends(f: Callable[[Any], Any], value: Any, radius: Any) -> Around:
    here = f(value)
    if not np.any(radius):
        return here, 0.0 * here
    return here, np.fmax(abs(f(value + radius) - here), abs(f(value - radius) - here))
