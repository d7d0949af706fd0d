"""The part of a quantity that is shown: all of it, or the ends of what is too large, with its size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nntrace.formula.tree import Entry, Formula, Quantity
from nntrace.render.numbers import WHOLE, Format, format_of, shown, written
from nntrace.tracing import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`cells` are the entries as text, for the rows and columns (from 0; None: some left out) that are shown.

    `note` says the size of what is not shown whole.
    """

    cells: list[list[str]]
    rows: list[int | None]
    columns: list[int | None]
    shape: tuple[int, int]
    form: Format
    note: str = ""


class Excerpts:
    """What is shown of the quantities of one step, each made once."""

    __slots__ = ("_made", "decimals", "step")

    def __init__(self, step: Step, decimals: int) -> None:
        self.step = step
        self.decimals = decimals
        self._made: dict[str, Excerpt] = {}

    def __getitem__(self, quantity: Quantity) -> Excerpt:
        """The excerpt of `quantity`; a single number is 1 × 1."""
        name = quantity.name
        made = self._made.get(name)
        if made is None:
            small = max(self.step.shape(name)) <= WHOLE
            made = _whole(self.step.rows(name), self.decimals) if small else _ends(self.step[name], self.decimals)
            self._made[name] = made
        return made

    def entry(self, node: Formula) -> str:
        """An entry as its quantity's table shows it."""
        assert isinstance(node, Entry)
        value = self.step[node.quantity.name]
        return self[node.quantity].form(float(value if node.row is None else value[node.row, node.column]))


def excerpt_of(array: Array, decimals: int) -> Excerpt:
    """What is shown of a matrix that belongs to no step."""
    return _whole(array.tolist(), decimals) if max(array.shape) <= WHOLE else _ends(array, decimals)


def _whole(values: list[list[float]], decimals: int) -> Excerpt:
    form = format_of(values, decimals)
    rows, columns = len(values), len(values[0])
    return Excerpt(written(values, form), _indices(rows), _indices(columns), (rows, columns), form)


@lru_cache
def _indices(count: int) -> list[int | None]:
    return shown(count)


def _ends(array: Array, decimals: int) -> Excerpt:
    rows, columns = shown(array.shape[0]), shown(array.shape[1])
    with np.errstate(all="ignore"):
        low, high = float(array.min()), float(array.max())
        norm = float(np.sqrt(np.vdot(array, array)))
    form = Format(max(abs(low), abs(high)), decimals)
    cells = [["⋮" if i is None else "…" if j is None else form(float(array[i, j])) for j in columns] for i in rows]
    note = f"norm {Format(norm, decimals)(norm)}, min {form(low)}, max {form(high)}"
    return Excerpt(cells, rows, columns, array.shape, form, note)
