"""Markdown that reads well raw and on GitHub: a heading for each step, phase and layer, and aligned tables.

Formulas are code spans, not `$…$`: they read the same raw and rendered, and go through any editor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nntrace.render.excerpt import Excerpts
from nntrace.render.layout import Item, Panel, panels
from nntrace.render.numbers import dimensions
from nntrace.render.view import Detail, View
from nntrace.render.words import (
    PHASES,
    Table,
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

_SPECIAL = re.compile(r"[\\`*{}\[\]#|$~]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word means nothing
WORK_WIDTH = 100


def render(view: View) -> Iterator[str]:
    """The trace as Markdown, a step at a time."""
    return _Markdown(view).text()


def text(words: str) -> str:
    """What the user wrote, harmless: signs that mean something to Markdown or HTML as entities."""
    harmless = _SPECIAL.sub(lambda sign: f"&#{ord(sign[0])};", words)
    return re.sub(r"&(?!#\d+;)", "&amp;", harmless).replace("<", "&lt;").replace(">", "&gt;")


class _Markdown:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self.panels = panels(view.trace.equations, view.quantities, once=view.once)

    def text(self) -> Iterator[str]:
        yield "\n".join(self._header())
        summary = Summary(self.view.trace)
        for step in summary.reading(self.view.steps):
            yield "\n".join(self._step(step))
        if summary.last is not None and summary.last.stopped:
            yield f"\n**{stopped(summary.last)}**\n"
        if self.view.whole:
            yield "\n".join(self._ending(summary))

    def _header(self) -> list[str]:
        lines = [f"# {text(' '.join(self.config.title.split()) or 'Trace')}", ""]
        for label, words in about(self.config, self.view.trace.equations):
            lines.append(f"- **{label}**: {text(' '.join(words.split()))}")
        return [*lines, ""]

    def _step(self, step: Step) -> list[str]:
        lines = ["", f"## {step_title(self.config, step)}", ""]
        numbers = Excerpts(step, self.config.decimals)
        phase = ""
        for panel in self.panels:
            if panel.phase != phase:
                phase = panel.phase
                lines += [f"### {PHASES[phase]}", ""]
            if panel.heading:
                lines += [f"#### {panel.heading[0].upper()}{panel.heading[1:]}", ""]
            if self.view.detail is Detail.VALUES or not any(item.equation for item in panel.items):
                lines += self._tables(panel, numbers)
            else:
                lines += self._work(panel, numbers)
        return lines

    def _tables(self, panel: Panel, numbers: Excerpts) -> list[str]:
        lines: list[str] = []
        for items in panel.tables:
            lines += self._items(items, numbers)
        given = [f"`{item.formula}` = {number(item, numbers)}" for item in panel.numbers if item.equation is None]
        if given:
            lines += [", ".join(given), ""]
        for item in panel.numbers:
            if item.equation is not None:
                lines += [f"`{item.formula}` = {number(item, numbers)}" + _computed(item), ""]
        return lines

    def _items(self, items: Sequence[Item], numbers: Excerpts) -> list[str]:
        parts = [numbers[item.quantity] for item in items]
        formulas = [
            f"`{item.formula}` {dimensions(*part.shape)}" + _computed(item)
            for item, part in zip(items, parts, strict=True)
        ]
        columns = [
            tuple(item.quantity.name + label for label in (column_labels(part.columns) if part.shape[1] > 1 else ("",)))
            for item, part in zip(items, parts, strict=True)
        ]
        stub = ("node", *map(row_label, parts[0].rows))
        notes = [f"`{item.quantity.name}`: {part.note}" for item, part in zip(items, parts, strict=True) if part.note]
        lines = [", ".join(formulas), "", *_table(stub, columns, [part.cells for part in parts]), ""]
        return [*lines, "; ".join(notes), ""] if notes else lines

    def _work(self, panel: Panel, numbers: Excerpts) -> list[str]:
        lines: list[str] = []
        for item in panel.items:
            if item.equation is None:
                continue
            lines += [f"`{item.formula}`" + _computed(item), "", "```text", *work(item.equation, numbers, WORK_WIDTH)]
            if self.view.detail is Detail.ENTRIES:
                lines += ["", *entries(item.equation, numbers)]
            lines += ["```", ""]
        return lines

    def _ending(self, summary: Summary) -> list[str]:
        lines = ["", "## After training", ""]
        for made in (losses(summary), predictions(summary)):
            lines += _titled(made)
        return lines


def _computed(item: Item) -> str:
    return f" (computed as `{item.computed}`)" if item.computed else ""


def _titled(made: Table) -> list[str]:
    title, stub, groups = made
    if not groups:
        return []
    columns = [
        tuple(f"{group.heading}{label}" for label in group.labels) if len(group.labels) > 1 else (group.heading,)
        for group in groups
    ]
    return [f"### {title}", "", *_table(stub, columns, [group.cells for group in groups]), ""]


def _table(
    stub: tuple[str, ...], columns: Sequence[tuple[str, ...]], cells: Sequence[Sequence[Sequence[str]]]
) -> list[str]:
    """A table, the numbers of one quantity equally wide; `stub` is the heading and the labels of the rows."""
    widths = tuple([max([max(map(len, row)) for row in matrix]) for matrix in cells])
    heading, rule, pattern = _frame(stub[0], max(map(len, stub)), tuple(columns), widths)
    lines = [heading, rule]
    for label, *rows in zip(stub[1:], *cells, strict=True):
        lines.append(pattern % (label, *[cell for row in rows for cell in row]))
    return lines


@lru_cache(maxsize=4096)
def _frame(
    stub: str, stub_width: int, columns: tuple[tuple[str, ...], ...], widths: tuple[int, ...]
) -> tuple[str, str, str]:
    names = [name for group in columns for name in group]
    sizes = [max(width, max(map(len, group))) for group, width in zip(columns, widths, strict=True) for _ in group]
    heading = f"| {stub.rjust(stub_width)} | " + " | ".join(map(str.rjust, names, sizes)) + " |"
    rule = f"|{'-' * (stub_width + 1)}:|" + "".join("-" * (size + 1) + ":|" for size in sizes)
    pattern = f"| %{stub_width}s | " + " | ".join(f"%{size}s" for size in sizes) + " |"
    return heading, rule, pattern
