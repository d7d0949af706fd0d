"""The form for the screen: a panel for each layer and phase, its quantities as groups of columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from nntrace.render import Detail
from nntrace.render.excerpt import Excerpt, Excerpts
from nntrace.render.layout import START, Item, Panel, by_phase, panels
from nntrace.render.legend import BETWEEN, LABELS
from nntrace.render.numbers import dimensions, shown
from nntrace.render.palette import Palette
from nntrace.render.signs import spelled
from nntrace.render.tables import Heading, Line, filled, heading, layout, table
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
from nntrace.tracing import Step

LONGEST_HEADING = 50
"""A formula longer than this stands on a line of its own above the table."""
BESIDE_HEADING = 18
"""So much room is left of a heading for the numbers of the rows, and right of it for a size."""
INDENT = "  "
NO_BREAK = "\u00a0"
"""A space at which no line breaks."""
BETWEEN_NUMBERS = "    "


Key = tuple[tuple[Item, ...], tuple[tuple[tuple[int, int], int], ...]]
"""The items of a table, and the shape and width of each: what its layout depends on."""


def render(view: View) -> Iterator[str]:
    """The trace as text, a step at a time."""
    return _Terminal(view).text()


class _Terminal:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self.width = view.style.width
        self.paint = Palette(view.style.colour)
        self._numbers: Excerpts | None = None
        self._wrapped_formulas: dict[str, list[str]] = {}
        self._headings: dict[tuple[Item, tuple[int, int], int], Heading] = {}
        self._layouts: dict[Key, tuple[list[Line], tuple[str, ...], bool]] = {}
        made = by_phase(panels(view.listing, view.quantities, once=view.once))
        self.panels = [(self._headings_of(phase, panel), panel) for phase, panel in made]

    def text(self) -> Iterator[str]:
        yield self._joined(self._header())
        last = None
        for last in self.view.steps:
            yield self._joined(self._step(last))
        if last is not None and last.stopped:
            yield self._joined(["", self.paint("alarm", stopped(last))])
        ending = self._ending()
        if ending:
            yield self._joined(ending)

    def sign(self, text: str) -> str:
        """`text` in the signs that the stream has, before it is measured."""
        return spelled(text, self.view.style.signs)

    def _joined(self, lines: Sequence[str]) -> str:
        return self.sign("\n".join([*lines, ""]))

    def _header(self) -> list[str]:
        lines = [self.paint("title", line) for line in self._wrapped(title(self.config))]
        for label, text in about(self.config, self.view.listing, self.view.quantities):
            glued = self._glued(text) if label in LABELS else text
            first, *rest = self._wrapped(self.sign(glued), 10)
            lines.append(self.paint("quiet", label.ljust(10)) + first)
            lines += [" " * 10 + line for line in rest]
        return lines

    def _glued(self, text: str) -> str:
        """The items of a legend so that lines break between them, not in one that fits."""
        room = self.width - 10
        items = text.split(BETWEEN)
        return BETWEEN.join(item.replace(" ", NO_BREAK) if len(item) < room else item for item in items)

    def _wrapped(self, text: str, indent: int = 0) -> list[str]:
        width = self.width - indent
        wrapped = (textwrap.wrap(part, width, break_on_hyphens=False) or [""] for part in text.splitlines())
        return [line.replace(NO_BREAK, " ").rstrip() for lines in wrapped for line in lines]

    def _bar(self, title: str) -> str:
        return self.paint("step", f"━━ {title} ".ljust(self.width, "━"))

    def _step(self, step: Step) -> list[str]:
        lines = ["", self._bar(step_title(self.config, step))]
        numbers = self._numbers = Excerpts(step, self.config, self._numbers)
        for headings, panel in self.panels:
            lines += headings
            if self.view.detail is Detail.VALUES or not any(item.equation for item in panel.items):
                lines += self._tables(panel, numbers)
            else:
                lines += self._work(panel, numbers)
        return lines

    def _headings_of(self, phase: str, panel: Panel) -> list[str]:
        """Of the phase, where one begins, and of the layer."""
        above = ["", self.paint("phase", PHASES[phase].upper())] if phase else []
        return [*above, "", INDENT + self.paint("heading", panel.heading)] if panel.heading else above

    def _tables(self, panel: Panel, numbers: Excerpts) -> list[str]:
        given = self._in_rows([f"{q.name} = {numbers.single(q)}" for q in panel.given])
        found = []
        for item in panel.found:
            found += [*self._formula(item, f" = {numbers.single(item.quantity)}"), *self._computed(item)]
        tables = [self._items(items, numbers, panel) for items in panel.tables]
        blocks = [given, *tables, found] if panel.heading else [*tables, [*given, *found]]
        return [line for block in blocks if block for line in ("", *block)][1:]

    def _items(self, items: tuple[Item, ...], numbers: Excerpts, panel: Panel) -> list[str]:
        parts = [numbers[item.quantity] for item in items]
        key = (items, tuple([(part.shape, part.width) for part in parts]))
        made = self._layouts.get(key)
        if made is None:
            rows = parts[0].rows
            stub = row_stub(panel.row, rows) if panel.heading or panel.phase == START or len(rows) > 1 else ()
            noted = any(part.note for part in parts)  # as its shape has it, which is in the key
            made = self._layouts[key] = (self._layout(items, parts, stub), stub, noted)
        lines, stub, noted = made
        written = filled(lines, stub, [part.cells for part in parts])
        if noted:
            written += [
                f"{INDENT}{item.quantity.name}  {dimensions(*part.shape)}: {part.note}"
                for item, part in zip(items, parts, strict=True)
                if part.note
            ]
        return written

    def _layout(self, items: Sequence[Item], parts: Sequence[Excerpt], stub: tuple[str, ...]) -> list[Line]:
        bundles: list[list[Heading]] = [[]]
        for item, part in zip(items, parts, strict=True):
            key = item, part.shape, part.width
            if key not in self._headings:
                self._headings[key] = self._heading(*key)
            bundles[-1].append(self._headings[key])
            if item.equation is not None:
                bundles.append([])  # a quantity stays beside what it is made of
        return layout(bundles, stub, self.width, self.paint)

    def _heading(self, item: Item, shape: tuple[int, int], width: int) -> Heading:
        size = dimensions(*shape)
        above = [*self._formula(item), *self._computed(item)] if self._stands_above(item) else ()
        text = item.quantity.name if above else item.formula
        one = shape[1] == 1
        labels = (size,) if one else column_labels(shown(shape[1]))
        text = text if one else f"{text}  {size}"
        again = self.sign(f"{item.quantity.name}  …")
        return heading(self.sign(text), again, tuple(map(self.sign, labels)), width, above)

    def _stands_above(self, item: Item) -> bool:
        """Whether the formula is too much for the heading of a table."""
        return len(self.sign(item.formula)) > min(LONGEST_HEADING, self.width - BESIDE_HEADING) or bool(item.computed)

    def _formula(self, item: Item, ending: str = "") -> list[str]:
        """The formula of an item, and what it comes to."""
        *lines, last = self._broken(item.formula)
        if len(last) + len(ending) > self.width:
            return [*(self.paint("formula", line) for line in (*lines, last)), 2 * INDENT + ending.lstrip()]
        return [*(self.paint("formula", line) for line in lines), self.paint("formula", last) + ending]

    def _computed(self, item: Item) -> list[str]:
        """How it is computed, where that differs."""
        return (
            [self.paint("quiet", line) for line in self._broken(f"computed as {item.computed}")]
            if item.computed
            else []
        )

    def _broken(self, text: str) -> list[str]:
        """A formula in lines that fit."""
        lines = self._wrapped_formulas.get(text)
        if lines is None:
            lines = self._wrapped_formulas[text] = textwrap.wrap(
                self.sign(text), self.width, initial_indent=INDENT, subsequent_indent=3 * INDENT,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
        return lines

    def _in_rows(self, texts: Sequence[str]) -> list[str]:
        """Short texts side by side, as many in a line as fit."""
        lines: list[str] = []
        for text in texts:
            if lines and len(lines[-1]) + len(BETWEEN_NUMBERS) + len(text) <= self.width:
                lines[-1] += BETWEEN_NUMBERS + text
            else:
                lines.append(INDENT + text)
        return lines

    def _work(self, panel: Panel, numbers: Excerpts) -> list[str]:
        from nntrace.render.work import broken, entries, work

        room = self.width - 2 * len(INDENT)
        lines: list[str] = []
        for item in panel.items:
            for above, formula in zip((self._formula(item), self._computed(item)), item.formulas, strict=False):
                worked = work(item.quantity, formula, numbers, room, self.sign)
                lines += ["", *above, *((2 * INDENT + text).rstrip() for text in worked)]
                if self.view.detail is Detail.ENTRIES:
                    written = [broken(text, room, self.sign) for text in entries(item.quantity, formula, numbers)]
                    if len(worked) == 1 == len(written) and written[0][0].endswith(worked[0]):
                        continue  # the entry is the whole line
                    lines += [2 * INDENT + line for text in written for line in text]
        return lines

    def _ending(self) -> list[str]:
        lines: list[str] = []
        for made in self.view.ending():
            rows = table([made.groups], made.stub, self.width, self.paint)
            lines += ["", *([self.paint("phase", made.title.upper())] if made.title else []), *rows]
        return ["", self._bar(self.view.ends_with), *lines] if lines else []
