"""The part of a quantity that is shown: all of it, or the ends of what is too large, with its size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.formula.tree import Quantity
from nntrace.render.numbers import WHOLE, Format, format_for, shown, written
from nntrace.tracing import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Excerpt(Struct):
    """`cells` are the entries as text, for the `rows` and `columns` that are shown.

    `width` is that of the widest cell; `note` says the size of what is not shown whole.
    """

    cells: Sequence[Sequence[str]]
    shape: tuple[int, int]
    form: Format
    width: int
    note: str = ""

    @property
    def rows(self) -> tuple[int | None, ...]:
        """The rows that are shown, from 0; None stands for those left out."""
        return shown(self.shape[0])

    @property
    def columns(self) -> tuple[int | None, ...]:
        """The columns likewise."""
        return shown(self.shape[1])


class Look(Struct, frozen=True):
    """How the numbers of a quantity look: so many decimals; where they are rounded, so many at most.

    A constant is written as one types it.
    """

    decimals: int
    finest: int | None
    constant: bool


@lru_cache(maxsize=16)
def looks(listing: Equations, decimals: int, finest: int | None) -> dict[str, Look]:
    """The look of each quantity, where `decimals` are shown and computed numbers have at most `finest`."""
    made: dict[str, Look] = {}
    same: dict[Look, Look] = {}  # so that equal ones are one
    for q in listing.quantities:
        own = None if q in listing.data else finest
        equation = listing.by_target.get(q.name)
        rounded = equation is not None and not isinstance(
            equation.formula, Quantity
        )  # a fixed bias is handed on as it is
        look = Look(
            decimals=min(decimals, own) if own is not None and rounded else decimals,
            finest=own,
            constant=q in listing.constants,
        )
        made[q.name] = same.setdefault(look, look)
    return made


_AS_TYPED = Format("%.6g", 0.0)


Seen = tuple[object, Look, Excerpt]
"""A value, how it looks, and what is shown of it."""


class Excerpts:
    """What is shown of the quantities of one step, each made once.

    What is the same as in the step `before`, as the weights that it ends with are, is taken from there.
    """

    __slots__ = ("_before", "_looks", "_made", "_seen", "decimals", "finest", "step")

    def __init__(self, step: Step, config: Config, before: Excerpts | None = None) -> None:
        self.step = step
        self.decimals = config.decimals
        self.finest = config.round
        self._looks = looks(step.equations, config.decimals, config.round)
        self._made: dict[str, Excerpt] = {}
        self._seen: dict[int, Seen] = {}
        self._before = before._seen if before is not None else self._seen  # noqa: SLF001  # of its own kind

    def __getitem__(self, quantity: Quantity) -> Excerpt:
        """The excerpt of `quantity`; a single number is 1 × 1."""
        name = quantity.name
        made = self._made.get(name)
        if made is None:
            value, look = self.step.value(name), self._looks[name]
            place = id(value)
            seen = self._seen.get(place) or self._before.get(place)
            if seen is None or seen[0] is not value or seen[1] is not look:
                seen = value, look, self._excerpt(value, look)
            self._seen[place] = seen
            made = self._made[name] = seen[2]
        return made

    def _excerpt(self, value: Any, look: Look) -> Excerpt:
        if look.constant:
            return _given(float(value))
        if not isinstance(value, np.ndarray):
            return _whole([float(value)], (1, 1), look.decimals, look.finest)
        if max(value.shape) <= WHOLE:
            return _whole(value.ravel().tolist(), value.shape, look.decimals, look.finest)
        return _ends(value, look.decimals, look.finest)

    def single(self, quantity: Quantity) -> str:
        """A quantity of one entry, as text."""
        return self[quantity].cells[0][0]


def excerpt_of_rows(array: Array, rows: Sequence[int], decimals: int) -> list[list[str]]:
    """The cells of some rows of a matrix that belongs to no step; of many columns the ends."""
    columns = shown(array.shape[1])
    kept = array[np.ix_(rows, [column for column in columns if column is not None])]
    width = kept.shape[1]
    cells = written(kept.ravel().tolist(), decimals)[1]
    by_row = [cells[first : first + width] for first in range(0, len(cells), width)]
    if None in columns:
        for row in by_row:
            row.insert(columns.index(None), "…")
    return by_row


def _given(value: float) -> Excerpt:
    """A constant of the formulas, as one types it: no number that was computed."""
    text = _AS_TYPED(value)
    return Excerpt([[text]], (1, 1), _AS_TYPED, len(text))


def _whole(values: list[float], shape: tuple[int, int], decimals: int, finest: int | None) -> Excerpt:
    form, cells = written(values, decimals, finest)
    columns = shape[1]
    by_row: Sequence[Sequence[str]]
    if columns == 1:
        by_row = [[cell] for cell in cells]
    else:
        by_row = [cells[first : first + columns] for first in range(0, len(cells), columns)]
    return Excerpt(by_row, shape, form, max(map(len, cells)))


def _ends(array: Array, decimals: int, finest: int | None) -> Excerpt:
    rows, columns = shown(array.shape[0]), shown(array.shape[1])
    with np.errstate(all="ignore"):
        low, high = float(array.min()), float(array.max())
        norm = float(np.sqrt(np.vdot(array, array)))
    form = format_for(max(abs(low), abs(high)), decimals, finest)
    cells = [["⋮" if i is None else "…" if j is None else form(float(array[i, j])) for j in columns] for i in rows]
    note = f"norm {format_for(norm, decimals)(norm)}, min {form(low)}, max {form(high)}"
    shape = (array.shape[0], array.shape[1])
    return Excerpt(cells, shape, form, max(len(cell) for row in cells for cell in row), note)
