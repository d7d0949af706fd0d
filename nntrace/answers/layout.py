"""How a matrix lies: as in the trace, or with rows for columns, which the matrices of a group decide together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto

from msgspec import Struct

from nntrace.answers.sheet import Group
from nntrace.formula.tree import Quantity


class Fit(Enum):
    """How what is given can be read as a matrix of some shape."""

    ANYHOW = auto()
    """There is one reading: a single number, or a vector that may lie or stand."""
    AS_IS = auto()
    TRANSPOSED = auto()
    """With rows for columns only."""
    BOTH = auto()
    """A square, whose layout does not show."""
    NOT = auto()


def group_of(quantity: Quantity) -> Group:
    """The group of a quantity."""
    return Group.PARAMETERS if quantity.base in ("W", "b") else Group.EXAMPLES


class Shaped(Struct, frozen=True):
    """The shape of what is given, beside that of its quantity in the batch."""

    quantity: Quantity
    theirs: tuple[int, ...]
    ours: tuple[int, int]

    @property
    def group(self) -> Group:
        return group_of(self.quantity)

    @property
    def telling(self) -> bool:
        """Whether how it lies says something of its group: a bias and the losses stand or lie as one likes."""
        return self.quantity.base not in ("b", "losses")

    @property
    def vector(self) -> bool:
        """Whether ours is a column or a row whose entries are in the same order either way.

        A row or column of a W is none: how it lies is part of what it is.
        """
        return 1 in self.ours and self.quantity.base != "W"

    @property
    def fit(self) -> Fit:
        rows, columns = self.ours
        if self.theirs in ((), (1,), (1, 1)):
            return Fit.ANYHOW if rows == columns == 1 else Fit.NOT
        if len(self.theirs) == 1:
            return Fit.ANYHOW if 1 in self.ours and self.theirs[0] == rows * columns else Fit.NOT
        if self.theirs == self.ours:
            return Fit.BOTH if rows == columns else Fit.AS_IS
        return Fit.TRANSPOSED if self.theirs == (columns, rows) else Fit.NOT


class Layout(Struct, frozen=True):
    """What was decided for a group: whether its matrices are turned round; `ambiguous` that nothing decided."""

    transposed: bool = False
    ambiguous: bool = False

    def turns(self, shaped: Shaped) -> bool | None:
        """Whether to read it with rows for columns; None where it cannot be read."""
        fit = shaped.fit
        if fit is Fit.NOT:
            return None
        if fit is Fit.TRANSPOSED:
            return True if self.transposed or shaped.vector else None
        return self.transposed and fit is Fit.BOTH


def decided(shapes: Iterable[Shaped]) -> Layout:
    """The layout of one group.

    Matrices with two sides decide, and where there are none the columns and rows that each example has a
    place in. If some fit only transposed and none only as it is, the squares are transposed too.
    """
    telling = [shaped for shaped in shapes if shaped.telling]
    fits = [_fits(telling, vectors=False), _fits(telling, vectors=True)]
    for found in fits:
        as_is, transposed = Fit.AS_IS in found, Fit.TRANSPOSED in found
        if as_is or transposed:
            return Layout(transposed=transposed and not as_is)
    return Layout(ambiguous=Fit.BOTH in fits[0])


def _fits(shapes: Sequence[Shaped], *, vectors: bool) -> set[Fit]:
    return {shaped.fit for shaped in shapes if shaped.vector is vectors}
