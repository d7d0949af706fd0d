"""Tables of aligned text: groups of columns side by side, each under a rule, as in a printed textbook."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain

from msgspec import Struct

GAP = 3
"""Between two groups; between the columns of one it is INNER."""
INNER = 2
INDENT = 2

Paint = Callable[[str, str], str]


class Heading(Struct, frozen=True):
    """Columns that belong together: what stands over them, a label for each, the width of a cell.

    One width for all, so that numbers align on the point. `again` is the heading where the columns
    go on in another line of the table. `above` are lines that stand above the line of the table.
    """

    text: str
    again: str
    labels: tuple[str, ...]
    cell: int
    above: tuple[str, ...] = ()

    @property
    def block(self) -> int:
        return len(self.labels) * (self.cell + INNER) - INNER

    @property
    def width(self) -> int:
        return max(len(self.text), self.block)


def heading(text: str, again: str, labels: tuple[str, ...], width: int, above: Iterable[str] = ()) -> Heading:
    """A heading over cells at most `width` wide."""
    return Heading(text, again, labels, max(width, *map(len, labels)), tuple(above))


Group = tuple[Heading, Sequence[Sequence[str]]]
"""A heading, and the cells under it row by row."""


class EndTable(Struct, frozen=True):
    """A table after the steps: its title, the column at the left, the groups of columns."""

    title: str
    stub: tuple[str, ...]
    groups: list[Group]


def table(bundles: Sequence[Sequence[Group]], stub: tuple[str, ...], width: int, paint: Paint) -> list[str]:
    """The lines of a table at most `width` wide.

    It breaks between bundles of groups if it can, else between groups, and within one only if it
    must. `stub` is the column at the left: its heading, then a label for each row; empty for none.
    """
    cells = [group[1] for bundle in bundles for group in bundle]
    headings = [[group[0] for group in bundle] for bundle in bundles]
    return filled(layout(headings, stub, width, paint), stub, cells)


def filled(lines: Sequence[Line], stub: tuple[str, ...], cells: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """The lines of a table that is laid out so, with the cells of each group row by row."""
    if len(lines) == 1:  # it is not broken: all groups are in it, and whole
        above, pattern, _ = lines[0]
        return [*above, rows(pattern, stub, cells)]
    written: list[str] = []
    for above, pattern, parts in lines:
        written += above
        for row, label in enumerate(stub[1:] or ("",) * len(cells[0])):
            flat = [label] if stub else []
            for index, first, last in parts:
                flat += cells[index][row][first:last]
            written.append(pattern % tuple(flat))
    return written


def rows(pattern: str, stub: tuple[str, ...], cells: Sequence[Sequence[Sequence[str]]]) -> str:
    """The rows of whole groups, each in a pattern, as one text: filled in at once, since there are many."""
    groups = [_labels(stub), *cells] if stub else cells
    flat = tuple(chain.from_iterable(chain.from_iterable(zip(*groups, strict=True))))
    return _repeated(pattern, len(cells[0])) % flat


@lru_cache
def _labels(stub: tuple[str, ...]) -> list[tuple[str]]:
    return [(label,) for label in stub[1:]]


@lru_cache
def _repeated(pattern: str, count: int) -> str:
    return "\n".join([pattern] * count)


Part = tuple[int, int, int]
"""Columns of a group: its number, from the first to before the last."""
Line = tuple[list[str], str, list[Part]]
"""What stands above the rows, the pattern of a row, and the columns in it."""


def layout(bundles: Sequence[Sequence[Heading]], stub: tuple[str, ...], width: int, paint: Paint) -> list[Line]:
    """How groups under these headings are laid out."""
    stub_width = max(map(len, stub), default=-GAP)
    lines: list[Line] = []
    for packed in _packed(bundles, width - INDENT - stub_width):
        above, pattern = _frame([heading for heading, _ in packed], stub[:1], stub_width, paint)
        lines.append(([*([""] if lines else []), *above], pattern, [part for _, part in packed]))
    return lines


def _packed(bundles: Sequence[Sequence[Heading]], room: int) -> list[list[tuple[Heading, Part]]]:
    """The groups on as few lines as hold them, in order."""
    packed: list[list[tuple[Heading, Part]]] = []
    left = 0
    number = 0
    for bundle in bundles:
        whole = sum(GAP + heading.width for heading in bundle)
        if left < whole <= room or any(heading.above for heading in bundle):
            left = 0  # it stays together on a line of its own, and below what stands above it
        for heading in bundle:
            for piece, first, last in _pieces(heading, room):
                needed = GAP + piece.width
                if not packed or needed > left:
                    packed.append([])
                    left = room
                packed[-1].append((piece, (number, first, last)))
                left -= needed
            number += 1
    return packed


def _pieces(whole: Heading, room: int) -> list[tuple[Heading, int, int]]:
    """The columns of a group, cut where they are too wide for a line: each with its first and last."""
    count = len(whole.labels)
    if GAP + whole.block <= room or count == 1:
        return [(whole, 0, count)]
    fit = max(1, (room - GAP + INNER) // (whole.cell + INNER))
    pieces = []
    for first in range(0, count, fit):
        labels = whole.labels[first : first + fit]
        text, above = (whole.again, ()) if first else (whole.text, whole.above)
        pieces.append((Heading(text, whole.again, labels, whole.cell, above), first, first + len(labels)))
    return pieces


def _frame(headings: Sequence[Heading], stub: tuple[str, ...], stub_width: int, paint: Paint) -> tuple[list[str], str]:
    """The lines above the rows, and the pattern of a row."""
    names = rules = " " * (INDENT + max(stub_width, 0))
    labels = " " * INDENT + "".join(stub).rjust(max(stub_width, 0))
    pattern = " " * INDENT + (f"%{stub_width}s" if stub else "")
    for number, heading in enumerate(headings):
        before = (heading.width - heading.block + 1) // 2
        gap = " " * (GAP if stub or number else 0)
        left = (heading.width - len(heading.text) + 1) // 2
        names += gap + " " * left + paint("formula", heading.text) + " " * (heading.width - len(heading.text) - left)
        rules += gap + "─" * heading.width
        after = " " * (heading.width - heading.block - before)
        labels += gap + " " * before + (" " * INNER).join(label.rjust(heading.cell) for label in heading.labels) + after
        pattern += gap + " " * before + (" " * INNER).join([f"%{heading.cell}s"] * len(heading.labels)) + after
    above = [line for heading in headings for line in heading.above]
    return [*above, names.rstrip(), paint("quiet", rules), paint("quiet", labels.rstrip())], pattern.rstrip()
