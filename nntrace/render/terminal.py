"""The form for the screen: a panel for each layer and phase, its quantities as groups of columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from nntrace.render.excerpt import Excerpts
from nntrace.render.layout import Item, Panel, panels
from nntrace.render.numbers import dimensions
from nntrace.render.palette import Palette
from nntrace.render.tables import Group, group, table
from nntrace.render.view import Detail, View
from nntrace.render.words import (
    PHASES,
    about,
    column_labels,
    losses,
    number,
    predictions,
    row_label,
    step_title,
    stopped,
)
from nntrace.render.work import entries, work
from nntrace.summary import Summary
from nntrace.tracing import Step

LONGEST_HEADING = 46
"""A formula longer than this stands on a line of its own above the table."""
INDENT = "  "


def render(view: View) -> Iterator[str]:
    """The trace as text, a step at a time."""
    return _Terminal(view).text()


class _Terminal:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self.width = view.style.width
        self.paint = Palette(view.style.colour)
        self.panels = panels(view.trace.equations, view.quantities, once=view.once)

    def text(self) -> Iterator[str]:
        yield self._joined(self._header())
        summary = Summary(self.view.trace)
        for step in summary.reading(self.view.steps):
            yield self._joined(self._step(step))
        if summary.last is not None and summary.last.stopped:
            yield self._joined(["", self.paint("alarm", stopped(summary.last))])
        if self.view.whole:
            yield self._joined(self._ending(summary))

    def _joined(self, lines: Sequence[str]) -> str:
        return "\n".join([*lines, ""]).translate(self.view.style.signs)

    def _header(self) -> list[str]:
        lines = [self.paint("title", line) for line in self._wrapped(self.config.title)]
        for label, text in about(self.config, self.view.trace.equations):
            first, *rest = self._wrapped(text, 10)
            lines.append(self.paint("quiet", label.ljust(10)) + first)
            lines += [" " * 10 + line for line in rest]
        return lines

    def _wrapped(self, text: str, indent: int = 0) -> list[str]:
        return [line for part in text.splitlines() for line in textwrap.wrap(part, self.width - indent) or [""]]

    def _bar(self, title: str) -> str:
        return self.paint("step", f"━━ {title} ".ljust(self.width, "━"))

    def _step(self, step: Step) -> list[str]:
        lines = ["", self._bar(step_title(self.config, step))]
        numbers = Excerpts(step, self.config.decimals)
        phase = ""
        for panel in self.panels:
            if panel.phase != phase:
                phase = panel.phase
                lines += ["", self.paint("phase", PHASES[phase].upper())]
            if panel.heading:
                lines += ["", INDENT + self.paint("heading", panel.heading)]
            if self.view.detail is Detail.VALUES or not any(item.equation for item in panel.items):
                lines += self._tables(panel, numbers)
            else:
                lines += self._work(panel, numbers)
        return lines

    def _tables(self, panel: Panel, numbers: Excerpts) -> list[str]:
        lines: list[str] = []
        for items in panel.tables:
            lines += self._items(items, numbers, labelled=bool(panel.heading))
        given = [f"{item.quantity.name} = {number(item, numbers)}" for item in panel.numbers if item.equation is None]
        if given:
            lines.append(INDENT + "    ".join(given))
        for item in panel.numbers:
            if item.equation is not None:
                first, *rest = self._formula(item)
                lines += [f"{first} = {number(item, numbers)}", *rest]
        return lines

    def _items(self, items: Sequence[Item], numbers: Excerpts, labelled: bool) -> list[str]:
        bundles: list[list[Group]] = [[]]
        above: list[str] = []
        below: list[str] = []
        rows: Sequence[int | None] = []
        for item in items:
            part = numbers[item.quantity]
            rows = part.rows
            size = dimensions(*part.shape)
            heading = item.formula
            if len(heading) > LONGEST_HEADING:
                above += self._formula(item)
                heading = item.quantity.name
            labels: tuple[str, ...] = (size,)
            if part.shape[1] > 1:
                heading = f"{heading}  {size}"
                labels = column_labels(part.columns)
            bundles[-1].append(group(heading, f"{item.quantity.name}  …", labels, part.cells))
            if item.equation is not None:
                bundles.append([])  # a quantity stays beside what it is made of
            if part.note:
                below.append(f"{INDENT}{item.quantity.name}  {size}: {part.note}")
        stub = ("node", *map(row_label, rows)) if labelled or len(rows) > 1 else ()
        return [*above, *table(bundles, stub, self.width, self.paint), *below]

    def _formula(self, item: Item) -> list[str]:
        lines = [INDENT + self.paint("formula", item.formula)]
        if item.computed:
            lines.append(INDENT + self.paint("quiet", f"computed as {item.computed}"))
        return lines

    def _work(self, panel: Panel, numbers: Excerpts) -> list[str]:
        room = self.width - 2 * len(INDENT)
        lines: list[str] = []
        for item in panel.items:
            if item.equation is None:
                continue
            worked = work(item.equation, numbers, room)
            lines += ["", *self._formula(item), *(2 * INDENT + line for line in worked)]
            single = len(worked) == 1 and numbers[item.quantity].shape == (1, 1)  # the entry is the whole line
            if self.view.detail is Detail.ENTRIES and not single:
                for text in entries(item.equation, numbers):
                    lines += textwrap.wrap(text, room, initial_indent=2 * INDENT, subsequent_indent=4 * INDENT)
        return lines

    def _ending(self, summary: Summary) -> list[str]:
        lines = ["", self._bar("After training")]
        for title, stub, groups in (losses(summary), predictions(summary)):
            if groups:
                lines += ["", self.paint("phase", title.upper()), *table([groups], stub, self.width, self.paint)]
        return lines
