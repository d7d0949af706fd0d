"""Markdown that reads well raw and on GitHub: a heading for each step, phase and layer, and aligned tables.

Formulas are code spans, not `$…$`: they read the same raw and rendered, and go through any editor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from nntrace.render import Detail
from nntrace.render.excerpt import Excerpt, Excerpts
from nntrace.render.layout import Item, Panel, by_phase, panels
from nntrace.render.numbers import dimensions
from nntrace.render.tables import EndTable, rows
from nntrace.render.view import View
from nntrace.render.words import (
    PHASES,
    about,
    column_labels,
    row_stub,
    step_title,
    stopped,
    title,
)
from nntrace.render.work import broken, entries, work
from nntrace.tracing import Step

_SPECIAL = re.compile(r"[\\`*{}#|$~]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])")
"""What would be more than itself; brackets and underscores only where they would make a link or emphasis."""
WIDE = 100
"""In a text block lines break there, and tables where they can."""


Key = tuple[tuple[Item, ...], tuple[tuple[tuple[int, int], int], ...]]
"""The items of a table, and the shape and width of each: what its frame depends on."""


def render(view: View) -> Iterator[str]:
    """The trace as Markdown, a step at a time."""
    return _Markdown(view).text()


def text(words: str) -> str:
    """What the user wrote, harmless: signs that mean something to Markdown or HTML as entities."""
    return _SPECIAL.sub(lambda sign: f"&#{ord(sign[0])};", escape(words, quote=False))


class _Markdown:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self._numbers: Excerpts | None = None
        self._frames: dict[Key, tuple[list[Framed], tuple[str, ...], bool]] = {}
        self.panels = list(by_phase(panels(view.listing, view.quantities, once=view.once)))

    def text(self) -> Iterator[str]:
        yield "\n".join(self._header())
        last = None
        for last in self.view.steps:
            yield "\n".join(self._step(last))
        if last is not None and last.stopped:
            yield f"\n**{stopped(last)}**\n"
        yield "\n".join(self._ending())

    def _header(self) -> list[str]:
        lines = [f"# {text(title(self.config)) or 'Trace'}", ""]
        for label, words in about(self.config, self.view.listing, self.view.quantities):
            lines.append(f"- **{label}**: {text(' '.join(words.split()))}")
        return [*lines, ""]

    def _step(self, step: Step) -> list[str]:
        lines = ["", f"## {step_title(self.config, step)}", ""]
        numbers = self._numbers = Excerpts(step, self.config, self._numbers)
        for phase, panel in self.panels:
            if phase:
                lines += [f"### {PHASES[phase]}", ""]
            if panel.heading:
                lines += [f"#### {panel.heading[0].upper()}{panel.heading[1:]}", ""]
            if self.view.detail is Detail.VALUES or not any(item.equation for item in panel.items):
                lines += self._tables(panel, numbers)
            else:
                lines += self._work(panel, numbers)
        return lines

    def _tables(self, panel: Panel, numbers: Excerpts) -> list[str]:
        given = [", ".join(f"`{q.name}` = {numbers.single(q)}" for q in panel.given), ""] if panel.given else []
        lines: list[str] = [*given] if panel.heading else []
        for items in panel.tables:
            lines += self._items(items, numbers, panel.row)
        lines += [] if panel.heading else given
        for item in panel.found:
            lines += [f"`{item.formula}` = {numbers.single(item.quantity)}{_aside(item)}", ""]
        return lines

    def _items(self, items: tuple[Item, ...], numbers: Excerpts, row: str) -> list[str]:
        parts = [numbers[item.quantity] for item in items]
        key = (items, tuple([(part.shape, part.width) for part in parts]))
        made = self._frames.get(key)
        if made is None:
            frames = [(*_items_frame(items[of], parts[of], row), of) for of in _packed(items, parts)]
            noted = any(part.note for part in parts)  # as its shape has it, which is in the key
            made = self._frames[key] = (frames, row_stub(row, parts[0].rows), noted)
        frames, stub, noted = made
        lines = []
        for above, pattern, of in frames:
            lines += [*above, rows(pattern, stub, [part.cells for part in parts[of]]), ""]
        if noted:
            said = [
                f"`{each.quantity.name}`: {part.note}" for each, part in zip(items, parts, strict=True) if part.note
            ]
            lines += ["; ".join(said), ""]
        return lines

    def _work(self, panel: Panel, numbers: Excerpts) -> list[str]:
        lines: list[str] = []
        for item in panel.items:
            for label, formula in zip((f"`{item.formula}`", _computed(item)), item.formulas, strict=False):
                lines += [label, "", "```text", *work(item.quantity, formula, numbers, WIDE)]
                if self.view.detail is Detail.ENTRIES:
                    texts = entries(item.quantity, formula, numbers)
                    lines += ["", *(line for text in texts for line in broken(text, WIDE))]
                lines += ["```", ""]
        return lines

    def _ending(self) -> list[str]:
        lines = [line for made in self.view.ending() for line in _titled(made)]
        return ["", f"## {self.view.ends_with}", "", *lines] if lines else []


def _computed(item: Item) -> str:
    return f"computed as `{item.computed}`"


def _aside(item: Item) -> str:
    return f" ({_computed(item)})" if item.computed else ""


Frame = tuple[list[str], str]
"""The lines above the rows of a table, and the pattern of a row: they depend on widths, which repeat."""


Framed = tuple[list[str], str, slice]
"""The same, and the items that are in the table."""


def _packed(items: Sequence[Item], parts: Sequence[Excerpt]) -> Iterator[slice]:
    """The items that share a table, which breaks after a result where it would be too wide."""
    first = start = used = bundle = 0
    for number, (item, part) in enumerate(zip(items, parts, strict=True)):
        name = len(item.quantity.name) + (len("[·,1]") if part.shape[1] > 1 else 0)
        bundle += len(part.columns) * (max(part.width, name) + len(" | "))
        if item.equation is None and number + 1 < len(items):
            continue
        if used and used + bundle > WIDE:
            yield slice(first, start)
            first, used = start, 0
        used += bundle
        bundle, start = 0, number + 1
    yield slice(first, len(items))


def _items_frame(items: Sequence[Item], parts: Sequence[Excerpt], row: str) -> Frame:
    formulas = []
    columns = []
    for item, part in zip(items, parts, strict=True):
        formulas.append(f"`{item.formula}` {dimensions(*part.shape)}{_aside(item)}")
        labels = column_labels(part.columns) if part.shape[1] > 1 else ("",)
        columns.append([item.quantity.name + label for label in labels])
    above, pattern = _frame(row_stub(row, parts[0].rows), columns, [part.width for part in parts])
    return [", ".join(formulas), "", *above], pattern


def _titled(made: EndTable) -> list[str]:
    cells = [[list(map(text, row)) for row in rows] for _, rows in made.groups]  # names of classes are the user's
    widths = [max(len(cell) for row in rows for cell in row) for rows in cells]
    columns = [
        [heading.text + label for label in heading.labels] if len(heading.labels) > 1 else [heading.text]
        for heading, _ in made.groups
    ]
    above, pattern = _frame(made.stub, columns, widths)
    title = [f"### {made.title}", ""] if made.title else []
    return [*title, *above, rows(pattern, made.stub, cells), ""]


def _frame(stub: tuple[str, ...], columns: Sequence[Sequence[str]], widths: Sequence[int]) -> Frame:
    """For columns by their names, group by group; the numbers of a group are equally wide."""
    label = max(map(len, stub))
    names = [name for group in columns for name in group]
    sizes = [max(width, *map(len, group)) for group, width in zip(columns, widths, strict=True) for _ in group]
    heading = f"| {stub[0].rjust(label)} | " + " | ".join(map(str.rjust, names, sizes)) + " |"
    rule = f"|{'-' * (label + 1)}:|" + "".join("-" * (size + 1) + ":|" for size in sizes)
    pattern = f"| %{label}s | " + " | ".join(f"%{size}s" for size in sizes) + " |"
    return [heading, rule], pattern
