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
    Omitted,
    Ones,
    Quantity,
    Series,
    Sum,
    Transpose,
    Unary,
    Where,
)
from nntrace.formula.walking import flat

KEPT_AT_EACH_END = 3


def entry(node: Formula, row: int, column: int, examples: int, most: int = 12) -> Formula:
    """Entry (row, column) of `node`, both from 0; for a single number they are ignored.

    `examples` is the number of columns of this batch. A sum of more than `most` terms is written
    by its first and last three.
    """
    return _entry(node, row, column, _Writer(examples, most))


class _Writer:
    def __init__(self, examples: int, most: int) -> None:
        self.examples = examples
        self.most = most

    def size(self, extent: int | str) -> int:
        return self.examples if extent == EXAMPLES else int(extent)

    def series(self, indices: range) -> tuple[list[int], int]:
        """The indices to write, and how many are left out after the third."""
        if len(indices) <= self.most:
            return list(indices), 0
        ends = [*indices[:KEPT_AT_EACH_END], *indices[-KEPT_AT_EACH_END:]]
        return ends, len(indices) - len(ends)


def _series(terms: list[Formula], omitted: int) -> Formula:
    if omitted:
        terms.insert(KEPT_AT_EACH_END, Omitted(omitted))
    return terms[0] if len(terms) == 1 else Series(tuple(terms))


@singledispatch
def _entry(node: Formula, row: int, column: int, writer: _Writer) -> Formula:
    raise TypeError(f"no entry of {type(node).__name__}")


@_entry.register(Number)
def _(node: Number, row: int, column: int, writer: _Writer) -> Formula:
    return node


@_entry.register(Quantity)
def _(node: Quantity, row: int, column: int, writer: _Writer) -> Formula:
    if not node.shape:
        return Entry(node)
    rows, columns = node.shape
    return Entry(node, 0 if rows == 1 else row, 0 if columns == 1 else column)


@_entry.register(Unary)
@_entry.register(Binary)
@_entry.register(Where)
def _(node: Formula, row: int, column: int, writer: _Writer) -> Formula:
    return node.made_of(*(_entry(operand, row, column, writer) for operand in node.operands))


@_entry.register(Apply)
def _(node: Apply, row: int, column: int, writer: _Writer) -> Formula:
    if node.function.written_out:
        return _entry(node.function.written_out(node.operand), row, column, writer)
    return node.made_of(_entry(node.operand, row, column, writer))


@_entry.register(Ones)
def _(node: Ones, row: int, column: int, writer: _Writer) -> Formula:
    return Number(1)


@_entry.register(Transpose)
def _(node: Transpose, row: int, column: int, writer: _Writer) -> Formula:
    return _entry(node.operand, column, row, writer)


@_entry.register(MatrixProduct)
def _(node: MatrixProduct, row: int, column: int, writer: _Writer) -> Formula:
    inner, omitted = writer.series(range(writer.size(node.left.shape[1])))
    terms: list[Formula] = [
        Multiply(_entry(node.left, row, k, writer), _entry(node.right, k, column, writer)) for k in inner
    ]
    return _series(terms, omitted)


@_entry.register(Sum)
def _(node: Sum, row: int, column: int, writer: _Writer) -> Formula:
    if not node.operand.shape:
        return _entry(node.operand, row, column, writer)
    node = flat(node)
    rows, columns = (writer.size(extent) for extent in node.operand.shape)
    count = {"rows": rows, "columns": columns, None: rows * columns}[node.over]
    kept, omitted = writer.series(range(count))
    terms = []
    for k in kept:
        i, j = {"rows": (k, column), "columns": (row, k), None: divmod(k, columns)}[node.over]
        terms.append(_entry(node.operand, i, j, writer))
    return _series(terms, omitted)
