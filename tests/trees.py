"""Random formulas of matrices, and a second way to compute them: entry by entry of the tree, without its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd.numpy as anp
import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from nntrace.formula.entry import entry
from nntrace.formula.tree import (
    EXAMPLES,
    Add,
    Apply,
    Divide,
    Entry,
    Formula,
    Greater,
    Less,
    MatrixProduct,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Power,
    Quantity,
    Series,
    Shape,
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes
from nntrace.maths.functions import ABS, SIGMA, TANH

SIZES = (1, 2, 3, EXAMPLES)
SHAPES: list[Shape] = [(), *((rows, columns) for rows in SIZES for columns in SIZES)]
QUANTITIES = [Quantity(base, place, shape) for place, shape in enumerate(SHAPES) for base in "AW"]
FUNCTIONS: Mapping[Any, Callable[[Any], Any]] = {SIGMA: lambda z: 1 / (1 + anp.exp(-z)), TANH: anp.tanh, ABS: anp.abs}

Draw = Callable[[st.SearchStrategy[Any]], Any]


def extent(size: int | str, examples: int) -> int:
    return examples if size == EXAMPLES else int(size)


def values_of(formula: Formula, examples: int, seed: int = 0) -> dict[str, Any]:
    """A value for each quantity of `formula`: entries of either sign, none near zero."""
    rng = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for q in QUANTITIES:
        shape = tuple(extent(size, examples) for size in q.shape)
        found[q.name] = rng.uniform(0.3, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
    used = {node.name for node in nodes(formula) if isinstance(node, Quantity)}
    return {name: value if np.ndim(value) else np.float64(value) for name, value in found.items() if name in used}


def computed(node: Formula, values: Mapping[str, Any]) -> Any:
    """The value of `node`, by walking the tree; in autograd's numpy, so that it can be derived."""
    if isinstance(node, Number):
        return float(node.value)
    if isinstance(node, Quantity):
        return values[node.name]
    if isinstance(node, Entry):
        value = values[node.quantity.name]
        return value if node.row is None else value[node.row, node.column]
    operands = [computed(operand, values) for operand in node.operands]
    if isinstance(node, Series):
        return sum(operands[1:], start=operands[0])
    if isinstance(node, Sum):
        axis = {"rows": 0, "columns": 1, None: None}[node.over]
        return anp.sum(operands[0], axis=axis, keepdims=axis is not None)
    if isinstance(node, Where):
        yes, condition, no = operands
        ones = np.ones(
            np.broadcast_shapes(*map(anp.shape, operands))
        )  # autograd's where does not add up what it stretches
        return anp.where(condition > 0.5, yes * ones, no * ones)
    if isinstance(node, Apply):
        return FUNCTIONS[node.function](operands[0])
    by_kind: dict[type[Formula], Callable[..., Any]] = {
        Add: lambda a, b: a + b,
        Subtract: lambda a, b: a - b,
        Multiply: lambda a, b: a * b,
        Divide: lambda a, b: a / b,
        Power: lambda a, b: a**b,
        Negative: lambda a: -a,
        Maximum: anp.maximum,
        Minimum: anp.minimum,
        Greater: lambda a, b: (a > b) * 1.0,
        Less: lambda a, b: (a < b) * 1.0,
        MatrixProduct: anp.dot,
        Transpose: anp.transpose,
    }
    return by_kind[type(node)](*operands)


@st.composite
def trees(draw: Draw, *, sums_anywhere: bool = True, bent: bool = True) -> Formula:
    """A formula of any shape.

    Divisors and what has a fractional power are positive, a comparison is a factor. Without
    `sums_anywhere` a sum is over products with a quantity as large as the summed operand. Only if
    `bent` there are choices, absolute values and letters for numbers in it.
    """
    return _grow(draw, draw(st.sampled_from(SHAPES)), draw(st.integers(1, 4)), sums_anywhere, bent)


def _grow(draw: Draw, shape: Shape, depth: int, sums_anywhere: bool, bent: bool) -> Formula:
    def grown(of: Shape = shape) -> Formula:
        return _grow(draw, of, depth - 1, sums_anywhere, bent)

    def operand() -> Formula:
        """What may stand beside something of this shape: as large, stretched over it, or a number."""
        if draw(st.integers(0, 3)) == 0:
            numbers = [Number(n) for n in (2, 3, -1, 0.5, -1.5, 4)]
            return draw(st.sampled_from([*numbers, *(Number(n, "λ") for n in (1.05, 2, 1, -1))] if bent else numbers))
        narrower = [()] if not shape else [(), *((r, c) for r in {1, shape[0]} for c in {1, shape[1]})]
        return grown(draw(st.sampled_from(sorted({shape, *narrower}, key=str))))

    def beside() -> tuple[Formula, Formula]:
        pair = (grown(), operand())
        return pair if draw(st.booleans()) else pair[::-1]

    def positive() -> Formula:
        return operand() ** 2 + 1

    def summed() -> Formula:
        sizes = st.sampled_from(SIZES)
        rows, columns = shape or (draw(sizes), draw(sizes))
        if not shape:
            over: Any = None
        else:
            over = draw(st.sampled_from([axis for axis, size in (("rows", rows), ("columns", columns)) if size == 1]))
            rows, columns = (draw(sizes), columns) if over == "rows" else (rows, draw(sizes))
        inner = grown((rows, columns))
        if not sums_anywhere:
            inner = inner * draw(st.sampled_from([q for q in QUANTITIES if q.shape == (rows, columns)]))
        return Sum(inner, over)

    def product() -> Formula:
        inner = draw(st.sampled_from(SIZES))
        return grown((shape[0], inner)) @ grown((inner, shape[1]))

    if depth == 0:
        return draw(st.sampled_from([q for q in QUANTITIES if q.shape == shape]))
    kinds: list[Callable[[], Formula]] = [
        lambda: Add(*beside()),
        lambda: Subtract(*beside()),
        lambda: Multiply(*beside()),
        lambda: Divide(grown(), positive()),
        lambda: Maximum(*beside()),
        lambda: Negative(grown()),
        lambda: grown() ** draw(st.sampled_from([2, 3])),
        lambda: (grown() ** 2 + 1) ** draw(st.sampled_from([0.5, -1, -0.5])),
        lambda: draw(st.sampled_from([Greater, Less]))(*beside()) * grown(),
        lambda: draw(st.sampled_from([SIGMA, TANH]))(grown()),
        lambda: Minimum(*beside()),
    ]
    if bent:
        kinds += [
            lambda: Where(draw(st.sampled_from([Greater, Less]))(*beside()), grown(), operand()),
            lambda: ABS(grown()),
        ]
    if shape:
        kinds += [product, lambda: Transpose(grown(shape[::-1]))]
    if not shape or 1 in shape:
        kinds.append(summed)
    return draw(st.sampled_from(kinds))()


EXAMPLES_IN_A_BATCH = st.sampled_from([1, 4])  # the last batch of an iteration may be of one


def moderate(formula: Formula, values: dict[str, Any]) -> bool:
    """Whether no part has grown so large that another one is lost beside it."""
    with np.errstate(all="ignore"):
        return all(np.abs(computed(node, values)).max() < 30 for node in nodes(formula))


def drawn_entry(formula: Formula, examples: int, data: st.DataObject) -> tuple[Formula, Any, dict[str, Any]]:
    """The formula of some entry, the value that it should have, and the values it is made of."""
    values = values_of(formula, examples)
    assume(moderate(formula, values))
    whole = np.asarray(computed(formula, values))
    if not formula.shape:
        return entry(formula, 0, 0, examples), float(whole), values
    row, column = (data.draw(st.integers(0, size - 1)) for size in whole.shape)
    return entry(formula, row, column, examples), whole[row, column], values
