"""What was read: the quantities of each update, and what of them cannot be compared."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Update = tuple[int, int]
"""An update of the run: its iteration and its batch, both from 1."""


class Group(StrEnum):
    """Quantities that are laid out the same way by whoever wrote them down."""

    EXAMPLES = "examples"
    """What has a column for each example: A, Z, their gradients, y, losses."""
    PARAMETERS = "parameters"
    """What has the shape of a W: W, dW, W_new, the optimizer's state of it."""


class Given(Struct, frozen=True, eq=False):
    """One quantity of one update as somebody has it, in the layout of the trace.

    `values` are rows × columns as the quantity is in that batch, (1, 1) for a single number; what is
    not finite there is nan or infinite. `allowed`, of the same shape, is half a unit of the last digit
    as written, 0 where a number is exact. `known` is False where no entry was given. `place` says
    where it stands, for messages. `transposed` says that it was turned round to fit.
    """

    values: Array
    allowed: Array
    known: NDArray[np.bool_]
    place: str
    transposed: bool = False

    @property
    def numbers(self) -> int:
        """How many numbers were given."""
        return int(self.known.sum())

    @property
    def T(self) -> Given:  # the transpose, as numpy has it
        """The same numbers, read with rows for columns."""
        return replace(
            self,
            values=self.values.T.copy(),
            allowed=self.allowed.T.copy(),
            known=self.known.T.copy(),
            transposed=not self.transposed,
        )


class Misfit(Struct, frozen=True, eq=False):
    """A quantity whose shape is not that of the trace: reported, not refused.

    `theirs` is the shape as it was given (of one axis or two), `ours` rows and columns of the trace;
    `values` and `allowed` (as of `Given`) are in the shape that was given.
    """

    name: str
    iteration: int
    batch: int
    place: str
    theirs: tuple[int, ...]
    ours: tuple[int, int]
    values: Array
    allowed: Array

    @property
    def transposed(self) -> bool:
        """Whether it would fit with rows for columns."""
        return self.theirs == self.ours[::-1]


class Sheet(Struct, frozen=True, eq=False):
    """Somebody's numbers, read.

    `name` is that of the file as given, "answers" for what came from Python. `steps` are the
    quantities by name, in the order of the list, of each update, in order; `examples` the numbers of
    its examples where the sheet says them. `misfits` have another shape than the trace's.
    `not_compared` are the names that the language knows and the list of this run lacks, and how many
    numbers each had. `remarks` are what a report says of the reading, a sentence each.

    `ambiguous` are groups in which every matrix is square, so that their layout does not show: they
    are read as they stand, and `transposed` reads them the other way.
    """

    name: str
    steps: Mapping[Update, Mapping[str, Given]]
    examples: Mapping[Update, tuple[int, ...]] = {}
    misfits: tuple[Misfit, ...] = ()
    not_compared: Mapping[str, int] = {}
    remarks: tuple[str, ...] = ()
    ambiguous: Mapping[Group, frozenset[tuple[Update, str]]] = {}

    @property
    def numbers(self) -> int:
        """How many numbers can be compared."""
        return sum(given.numbers for step in self.steps.values() for given in step.values())

    def transposed(self, group: Group) -> Sheet:
        """The sheet with an ambiguous group read the other way; itself where the group is not ambiguous."""
        turned = self.ambiguous.get(group, frozenset())
        if not turned:
            return self
        steps = {
            update: {name: given.T if (update, name) in turned else given for name, given in step.items()}
            for update, step in self.steps.items()
        }
        names = list(dict.fromkeys(name for step in self.steps.values() for name in step))
        said = [name for name in names if any(name == other for _, other in turned)]
        return replace(self, steps=steps, remarks=(*self.remarks, turned_round(said, group)))


MOST_NAMED = 4
"""So many names a remark lists."""


def turned_round(names: list[str], group: Group) -> str:
    """What a report says of quantities that were read transposed."""
    shown = ", ".join([*names[:MOST_NAMED], "…"] if len(names) > MOST_NAMED else names)
    verb = "is" if len(names) == 1 else "are"
    why = "rows are examples there" if group is Group.EXAMPLES else "rows are the previous layer's nodes there"
    return f"{shown} {verb} read transposed: {why}."
