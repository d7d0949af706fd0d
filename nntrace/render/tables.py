"""Tables of aligned text: groups of columns side by side, each under a rule, as in a printed textbook.

Widths repeat from step to step, so what depends on them alone (the heading, the pattern of a row)
is made once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

GAP = 3
"""Between two groups; between the columns of one it is INNER."""
INNER = 2
INDENT = 2

Paint = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together: a heading over them, a label for each, the cells row by row.

    `again` is the heading where the group goes on in another line of the table.
    """

    heading: str
    again: str
    labels: tuple[str, ...]
    cells: Sequence[Sequence[str]]
    cell: int
    """The width of a cell: one for all, so that numbers align on the point."""

    @property
    def width(self) -> int:
        return max(len(self.heading), _block(self.labels, self.cell))


def group(heading: str, again: str, labels: tuple[str, ...], cells: Sequence[Sequence[str]]) -> Group:
    """A group as wide as its widest cell."""
    cell = max(max([max(map(len, row)) for row in cells]), max(map(len, labels)))
    return Group(heading, again, labels, cells, cell)


def table(bundles: Sequence[Sequence[Group]], stub: tuple[str, ...], width: int, paint: Paint) -> list[str]:
    """The lines of a table at most `width` wide.

    It breaks between bundles of groups if it can, else between groups, and within one only if it
    must. `stub` is the column at the left: its heading, then a label for each row; empty for none.
    """
    stub_width = max(map(len, stub), default=-GAP)
    room = width - INDENT - stub_width
    lines: list[str] = []
    for packed in _packed(bundles, room):
        key = tuple((g.heading, g.labels, g.cell) for g in packed)
        heading, pattern = _frame(key, stub[:1], stub_width, paint)
        if lines:
            lines.append("")
        lines += heading
        columns = [g.cells for g in packed]
        if stub:
            columns.insert(0, [(label,) for label in stub[1:]])
        for parts in zip(*columns, strict=True):
            lines.append(pattern % tuple([cell for part in parts for cell in part]))
    return lines


def _block(labels: Sequence[str], cell: int) -> int:
    return len(labels) * (cell + INNER) - INNER


def _packed(bundles: Sequence[Sequence[Group]], room: int) -> list[list[Group]]:
    """The groups on as few lines as hold them, in order."""
    packed: list[list[Group]] = []
    left = 0
    for bundle in bundles:
        whole = sum(GAP + g.width for g in bundle)
        if left < whole <= room:
            left = 0  # it stays together on a line of its own
        for piece in [piece for g in bundle for piece in _pieces(g, room)]:
            needed = GAP + piece.width
            if not packed or needed > left:
                packed.append([])
                left = room
            packed[-1].append(piece)
            left -= needed
    return packed


def _pieces(whole: Group, room: int) -> list[Group]:
    if GAP + _block(whole.labels, whole.cell) <= room or len(whole.labels) == 1:
        return [whole]
    fit = max(1, (room - GAP + INNER) // (whole.cell + INNER))
    return [
        replace(
            whole,
            heading=whole.again if first else whole.heading,
            labels=whole.labels[first : first + fit],
            cells=[row[first : first + fit] for row in whole.cells],
        )
        for first in range(0, len(whole.labels), fit)
    ]


@lru_cache(maxsize=4096)
def _frame(
    groups: tuple[tuple[str, tuple[str, ...], int], ...], stub: tuple[str, ...], stub_width: int, paint: Paint
) -> tuple[list[str], str]:
    """The lines above the rows, and the pattern of a row."""
    names = rules = " " * (INDENT + max(stub_width, 0))
    labels_line = " " * INDENT + "".join(stub).rjust(max(stub_width, 0))
    pattern = " " * INDENT + (f"%{stub_width}s" if stub else "")
    for number, (heading, labels, cell) in enumerate(groups):
        block = _block(labels, cell)
        width = max(len(heading), block)
        before = (width - block + 1) // 2
        after = width - block - before
        gap = " " * (GAP if stub or number else 0)
        left = (width - len(heading) + 1) // 2
        names += gap + " " * left + paint("formula", heading) + " " * (width - len(heading) - left)
        rules += gap + "─" * width
        labels_line += gap + " " * before + (" " * INNER).join(label.rjust(cell) for label in labels) + " " * after
        pattern += gap + " " * before + (" " * INNER).join([f"%{cell}s"] * len(labels)) + " " * after
    return [names.rstrip(), paint("quiet", rules), paint("quiet", labels_line.rstrip())], pattern.rstrip()
