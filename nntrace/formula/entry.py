"""One entry of a formula: the arithmetic behind a single number.

`entry` turns a formula of matrices into the formula of one of its entries, made of entries and
additions; every text spelling can write it, with the names of the entries or their numbers.
`any_entry` does so once for all of them, for a page that fills in the rows and columns itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from itertools import count, product

from nntrace.formula.tree import (
    EXAMPLES,
    AnyEntry,
    Apply,
    Binary,
    Each,
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

Index = int | str
"""A row or column from 0, or the letter that stands for any."""
Extents = tuple[int | str, ...]
Term = Callable[..., Formula]
Adding = Callable[[Extents, Term], Formula]
"""Makes the sum of a term over all values of as many indices as there are extents."""


def entry(node: Formula, row: int, column: int, examples: int) -> Formula:
    """Entry (row, column) of `node`, both from 0; for a single number they are ignored.

    `examples` is the number of columns of this batch. Every term of a sum is there, however long it
    is; `nntrace.formula.evaluating.shortened` leaves the largest.
    """

    def written_out(extents: Extents, term: Term) -> Formula:
        sizes = [examples if extent == EXAMPLES else int(extent) for extent in extents]
        terms = [term(*places) for places in product(*map(range, sizes))]
        return terms[0] if len(terms) == 1 else Series(tuple(terms))

    return _entry(node, row, column, written_out)


def any_entry(node: Formula) -> Formula:
    """The entry of `node` in row `i` and column `j`, whichever these are: of `AnyEntry` and sums over `Each`."""
    letters = (f"k{number}" for number in count(1))

    def any_of(extents: Extents, term: Term) -> Formula:
        indices: list[Index] = [0 if extent == 1 else next(letters) for extent in extents]
        over = tuple((index, extent) for index, extent in zip(indices, extents, strict=True) if isinstance(index, str))
        return Each(term(*indices), over) if over else term(*indices)

    return _entry(node, "i", "j", any_of)


@singledispatch
def _entry(node: Formula, row: Index, column: Index, adding: Adding) -> Formula:
    raise TypeError(f"no entry of {type(node).__name__}")


@_entry.register(Number)
def _(node: Number, row: Index, column: Index, adding: Adding) -> Formula:
    return node


@_entry.register(Quantity)
def _(node: Quantity, row: Index, column: Index, adding: Adding) -> Formula:
    if isinstance(row, str) or isinstance(column, str):
        rows, columns = node.shape or (1, 1)
        return AnyEntry(node, 0 if rows == 1 else row, 0 if columns == 1 else column)
    if not node.shape:
        return Entry(node)
    rows, columns = node.shape
    return Entry(node, 0 if rows == 1 else row, 0 if columns == 1 else column)


@_entry.register(Unary)
@_entry.register(Binary)
@_entry.register(Where)
def _(node: Formula, row: Index, column: Index, adding: Adding) -> Formula:
    return node.made_of(*(_entry(operand, row, column, adding) for operand in node.operands))


@_entry.register(Apply)
def _(node: Apply, row: Index, column: Index, adding: Adding) -> Formula:
    if node.function.written_out:
        return _entry(node.function.written_out(node.operand), row, column, adding)
    return node.made_of(_entry(node.operand, row, column, adding))


@_entry.register(Ones)
def _(node: Ones, row: Index, column: Index, adding: Adding) -> Formula:
    return Number(1)


@_entry.register(Transpose)
def _(node: Transpose, row: Index, column: Index, adding: Adding) -> Formula:
    return _entry(node.operand, column, row, adding)


@_entry.register(MatrixProduct)
def _(node: MatrixProduct, row: Index, column: Index, adding: Adding) -> Formula:
    def term(k: Index) -> Formula:
        return Multiply(_entry(node.left, row, k, adding), _entry(node.right, k, column, adding))

    return adding((node.left.shape[1],), term)


@_entry.register(Sum)
def _(node: Sum, row: Index, column: Index, adding: Adding) -> Formula:
    if not node.operand.shape:
        return _entry(node.operand, row, column, adding)
    node = flat(node)
    rows, columns = node.operand.shape
    if node.over == "rows":
        return adding((rows,), lambda k: _entry(node.operand, k, column, adding))
    if node.over == "columns":
        return adding((columns,), lambda k: _entry(node.operand, row, k, adding))
    return adding((rows, columns), lambda k, n: _entry(node.operand, k, n, adding))
