"""One entry of a formula: the arithmetic behind a single number.

`entry` turns a formula of matrices into the formula of one of its entries, made of entries and
additions; every text spelling can write it, with the names of the entries or their numbers.
"""

from __future__ import annotations

from functools import singledispatch

from nntrace.formula.tree import (
    EXAMPLES,
    Apply,
    Binary,
    Entry,
    Formula,
    MatrixProduct,
    Multiply,
    Number,
    Ones,
    Quantity,
    Series,
    Sum,
    Transpose,
    Unary,
    Where,
)
from nntrace.formula.walking import flat


def entry(node: Formula, row: int, column: int, examples: int) -> Formula:
    """Entry (row, column) of `node`, both from 0; for a single number they are ignored.

    `examples` is the number of columns of this batch. Every term of a sum is there, however long it
    is; `nntrace.formula.evaluating.shortened` leaves the largest.
    """
    return _entry(node, row, column, examples)


def _size(extent: int | str, examples: int) -> int:
    return examples if extent == EXAMPLES else int(extent)


def _series(terms: list[Formula]) -> Formula:
    return terms[0] if len(terms) == 1 else Series(tuple(terms))


@singledispatch
def _entry(node: Formula, row: int, column: int, examples: int) -> Formula:
    raise TypeError(f"no entry of {type(node).__name__}")


@_entry.register(Number)
def _(node: Number, row: int, column: int, examples: int) -> Formula:
    return node


@_entry.register(Quantity)
def _(node: Quantity, row: int, column: int, examples: int) -> Formula:
    if not node.shape:
        return Entry(node)
    rows, columns = node.shape
    return Entry(node, 0 if rows == 1 else row, 0 if columns == 1 else column)


@_entry.register(Unary)
@_entry.register(Binary)
@_entry.register(Where)
def _(node: Formula, row: int, column: int, examples: int) -> Formula:
    return node.made_of(*(_entry(operand, row, column, examples) for operand in node.operands))


@_entry.register(Apply)
def _(node: Apply, row: int, column: int, examples: int) -> Formula:
    if node.function.written_out:
        return _entry(node.function.written_out(node.operand), row, column, examples)
    return node.made_of(_entry(node.operand, row, column, examples))


@_entry.register(Ones)
def _(node: Ones, row: int, column: int, examples: int) -> Formula:
    return Number(1)


@_entry.register(Transpose)
def _(node: Transpose, row: int, column: int, examples: int) -> Formula:
    return _entry(node.operand, column, row, examples)


@_entry.register(MatrixProduct)
def _(node: MatrixProduct, row: int, column: int, examples: int) -> Formula:
    inner = range(_size(node.left.shape[1], examples))
    return _series(
        [Multiply(_entry(node.left, row, k, examples), _entry(node.right, k, column, examples)) for k in inner]
    )


@_entry.register(Sum)
def _(node: Sum, row: int, column: int, examples: int) -> Formula:
    if not node.operand.shape:
        return _entry(node.operand, row, column, examples)
    node = flat(node)
    rows, columns = (_size(extent, examples) for extent in node.operand.shape)
    count = {"rows": rows, "columns": columns, None: rows * columns}[node.over]
    terms = []
    for k in range(count):
        i, j = {"rows": (k, column), "columns": (row, k), None: divmod(k, columns)}[node.over]
        terms.append(_entry(node.operand, i, j, examples))
    return _series(terms)
