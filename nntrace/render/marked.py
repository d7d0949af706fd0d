"""What was found in somebody's numbers, as text: how many are right, what is wrong first, and the likely mistake."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from math import floor, isfinite, log10

from nntrace.config.model import Config
from nntrace.errors import harmless
from nntrace.formula.entry import entry
from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Entry, Quantity
from nntrace.marking.diagnosing import Apart, Fit, Found, Item
from nntrace.marking.following import Place
from nntrace.marking.mark import Difference, Marked, Wrong
from nntrace.marking.mistakes import Kind
from nntrace.marking.precision import Rounding
from nntrace.marking.shapes import ReadAs
from nntrace.render import words
from nntrace.render.arithmetic import worked
from nntrace.render.numbers import dimensions, typed
from nntrace.render.palette import Palette
from nntrace.render.reports import GAP, aligned
from nntrace.render.signs import spelled
from nntrace.render.view import Style
from nntrace.render.words import counted, place_of
from nntrace.render.work import broken

MOST_ENTRIES = 60
"""So many entries of one equation are listed, of more the first; JSON has every one."""
FIRST_ENTRIES = 12
FEW_ENTRIES = 24
"""So many entries of further equations are all listed."""
MOST_NAMED = 6
"""So many further equations are named one by one, where there are more entries than that."""
_QUANTITY = re.compile(r"(d?[A-Zb]|[yδ])\b")
HEADINGS = {Kind.MISTAKE: "Likely mistake", Kind.CONVENTION: "Convention"}


def marked_report(marked: Marked, style: Style) -> Iterator[str]:
    """The whole report on one answer sheet."""
    yield from _Report(marked, style).text()


def verdict(marked: Marked) -> str:
    """`640 of 678 numbers are right; 8 are wrong in themselves, 30 only as a consequence.`"""
    if not marked.compared:
        return "No number could be compared."
    if marked.right == marked.compared:
        return f"All {counted(marked.compared, 'number')} are right." if marked.compared > 1 else "The number is right."
    if marked.compared == 1:
        return "The number is wrong."
    said = [f"{marked.right:,} of {counted(marked.compared, 'number')} {_are(marked.right)} right"]
    if marked.local:
        alone = f" in {'itself' if marked.local == 1 else 'themselves'}" if marked.consequences else ""
        said.append(f"{marked.local:,} {_are(marked.local)} wrong{alone}")
    if marked.consequences:
        only = "only as a consequence" if marked.local else "from the right ones, but follow from those before them"
        said.append(f"{marked.consequences:,} {'differs' if marked.consequences == 1 else 'differ'} {only}")
    first, *others = said
    return f"{first}; {', '.join(others)}." if others else f"{first}."


def rounding_said(rounding: Rounding) -> str:
    """What rounding explains, in a sentence."""
    if rounding.decimals is None:
        return "Every difference is as large as arithmetic in float32 gives: no mistake."
    digits = counted(rounding.decimals, "decimal")
    if rounding.at:
        return f"Every difference is what rounding to {digits} at {rounding.at} gives."
    if rounding.exactly:
        return f"Every difference is what rounding every result to {digits} gives."
    return f"Every difference is within what rounding to {digits} along the way gives."


def sentence(text: str) -> str:
    """With a capital letter and a full stop; a letter that names a quantity stays as it is."""
    capital = text if _QUANTITY.match(text) else text[0].upper() + text[1:]
    return f"{capital}."


class _Report:
    def __init__(self, marked: Marked, style: Style) -> None:
        self.marked = marked
        self.config = marked.trace.config
        self.style = style
        self.paint = Palette(style.colour)

    def text(self) -> Iterator[str]:
        for lines in (self._head(), self._verdict(), *self._sections()):
            if lines:
                yield spelled("".join(f"{line}\n" for line in lines), self.style.signs)

    def _head(self) -> list[str]:
        title = words.title(self.config)
        steps = counted(len(self.marked.sheet.steps), "step")
        about = f"{harmless(self.marked.sheet.name)}: {counted(self.marked.sheet.numbers, 'number')} of {steps}"
        lines = [self.paint("title", title)] if title else []
        lines += self._labelled("answers", about)
        for remark in self.marked.sheet.remarks:
            lines += self._labelled("read", harmless(remark))
        if self.marked.sheet.not_compared:
            names = ", ".join(self.marked.sheet.not_compared)
            count = sum(self.marked.sheet.not_compared.values())
            lines += self._labelled("left out", f"{names}: this run has none ({counted(count, 'number')} not compared)")
        return lines

    def _verdict(self) -> list[str]:
        marked = self.marked
        good = marked.agrees and marked.compared
        lines = ["", *(self.paint("good" if good else "alarm", line) for line in self._wrapped(verdict(marked)))]
        if marked.unreached:
            lines += self._wrapped(_not_there(self.config, marked.unreached[0]))
        touched = {q.layer for step in marked.sheet.steps.values() for q in map(self._quantity, step) if q is not None}
        alike = [f"{layer}" for layer in marked.alike if layer in touched]
        if alike:
            said = f"layer {alike[0]}" if len(alike) == 1 else f"layers {', '.join(alike[:-1])} and {alike[-1]}"
            lines += self._wrapped(
                f"All nodes of {said} start equal, so what is theirs stays equal: no mistake in that."
            )
        if marked.rounding is not None:
            lines += self._wrapped(rounding_said(marked.rounding))
        elif marked.beyond is not None and marked.wrong:
            lines += self._wrapped(
                f"The differences are beyond any rounding to {counted(marked.beyond.decimals or 0, 'decimal')}.",
            )
        return lines

    def _quantity(self, name: str) -> Quantity | None:
        return self.marked.trace.equations.by_name.get(name)

    def _sections(self) -> Iterator[list[str]]:
        marked = self.marked
        by_item = {(wrong.place, wrong.name): wrong for wrong in marked.wrong}
        told: set[Item] = set()
        sections: list[tuple[Item, Found | None, list[Wrong]]] = []
        for found in marked.found:
            explained = [by_item[item] for item in found.explained if item in by_item and item not in told]
            first = found.explained[0] if found.explained else ((0, 0), "")
            sections.append((first, found, explained))
            told |= set(found.explained)
        others = [wrong for wrong in marked.wrong if (wrong.place, wrong.name) not in told]
        if others:
            first_other = (others[0].place, others[0].name)
            sections.append((first_other, None, others))
        order = {(wrong.place, wrong.name): number for number, wrong in enumerate(marked.wrong)}
        for _, found_here, wrongs in sorted(sections, key=lambda section: order.get(section[0], 0)):
            yield self._found(found_here, wrongs)
        for each in marked.misfits:
            yield self._misfit(each)

    def _found(self, found: Found | None, wrongs: Sequence[Wrong]) -> list[str]:
        lines = [""]
        if found is not None:
            lines += self._fits(found)
        else:
            rounding = self.marked.rounding is not None
            heading = "Where they differ" if rounding else "No known mistake gives these numbers"
            lines += [self.paint("phase", heading.upper()), ""]
        if not wrongs:
            return lines
        first, *others = wrongs
        lines += [*([""] if found is not None else []), *self._equation(first)]
        if others:
            lines += ["", *self._others(others)]
        return lines

    def _fits(self, found: Found) -> list[str]:
        first, *others = found.fits
        lines = [self.paint("phase", HEADINGS[first.mistake.kind].upper()), "", *self._fit(first)]
        if others:
            lines += ["", f"{GAP}{'This fits' if len(others) == 1 else 'These fit'} as well:"]
            for fit in others:
                lines += self._fit(fit, aside=fit.mistake.kind is Kind.CONVENTION)
            lines += ["", *self._wrapped(_told_apart(self.marked, found), GAP)]
        return lines

    def _fit(self, fit: Fit, *, aside: bool = False) -> list[str]:
        says = sentence(fit.says) + (" (A convention.)" if aside else "")
        lines = self._wrapped(says, GAP)
        for line in fit.lines[:2]:
            lines += [f"{2 * GAP}yours      {line.theirs}", f"{2 * GAP}should be  {line.right}"]
        if len(fit.lines) > 2:
            lines.append(
                f"{2 * GAP}and likewise in {', '.join(line.right.partition(' ')[0] for line in fit.lines[2:])}"
            )
        return lines

    def _equation(self, wrong: Wrong) -> list[str]:
        where = place_of(self.config, wrong.place)
        count = f"{len(wrong.entries):,} of {counted(wrong.of, 'entry')}" if wrong.quantity.shape else ""
        heading = f"{wrong.name} in {where}" + (f" · {count}" if wrong.of > 1 else "")
        lines = [f"{GAP}{self.paint('heading', heading)}"]
        shown = wrong.entries if len(wrong.entries) <= MOST_ENTRIES else wrong.entries[:FIRST_ENTRIES]
        formula = self._formula(wrong)
        lines += [f"{2 * GAP}{self.paint('formula', formula)}"] if formula else []
        lines += [f"{2 * GAP}{line}" for line in self._table(wrong, shown)]
        if len(wrong.entries) > len(shown):
            more = counted(len(wrong.entries) - len(shown), "further entry")
            lines.append(f"{2 * GAP}and {more} of {wrong.name}: --to json has every one")
        lines += [f"{2 * GAP}{line}" for line in self._arithmetic(wrong, shown[0])]
        for like in wrong.like:
            lines += self._wrapped(sentence(like), 2 * GAP)
        return lines

    def _formula(self, wrong: Wrong) -> str:
        if wrong.formula is None:
            return started_from(self.marked, wrong)
        return f"{wrong.name} = {plain(wrong.formula)}"

    def _table(self, wrong: Wrong, entries: Sequence[Difference]) -> list[str]:
        digits = max(_decimals(each, self.config.decimals) for each in entries)
        followed = any(each.right is not None and not _same(each) for each in entries)
        heading = ["entry", "yours", "from your numbers" if followed else "right", *(["right"] if followed else [])]
        rows = [heading]
        for each in entries:
            cells = [name(_entry(wrong, each)), _number(each.theirs, digits), _number(each.computed, digits)]
            right = [] if each.right is None else [_number(each.right, digits)]
            rows.append([*cells, *(right if followed else [])])
        first, *others = aligned(rows, left=(0,))
        return [self.paint("quiet", first), *others]

    def _arithmetic(self, wrong: Wrong, each: Difference) -> list[str]:
        """The formula of the first entry with their numbers put in."""
        formula = wrong.values.plan.lines.get(wrong.name)
        if formula is None or wrong.formula is not wrong.values.plan.shown.get(wrong.name, formula):
            return []
        examples = wrong.values.examples
        terms = entry(wrong.formula or formula, each.row or 0, each.column or 0, examples)
        constants = self.marked.trace.equations.constants
        made = worked(terms, wrong.values.number, each.computed, self.config.decimals, constants=constants)
        label = name(_entry(wrong, each))
        if made.terms == made.result:
            return []
        text = f"{label} = {made.terms} {made.sign} {made.result}"
        return broken(text, self.style.width - 2 * len(GAP), lambda sign: spelled(sign, self.style.signs))

    def _others(self, others: Sequence[Wrong]) -> list[str]:
        """Further wrong equations: every entry that is off, or of many equations the first; as many columns as fit."""
        few = sum(len(wrong.entries) for wrong in others) <= FEW_ENTRIES
        followed = any(each.right is not None and not _same(each) for wrong in others for each in wrong.entries)
        rows = [("likewise", "", "entry", "yours", "from your numbers", *(["right"] if followed else []))]
        for wrong in others if few else others[:MOST_NAMED]:
            where = f"{wrong.name} in {place_of(self.config, wrong.place)}"
            count = f"{len(wrong.entries):,} of {counted(wrong.of, 'entry')}"
            digits = max(_decimals(each, self.config.decimals) for each in wrong.entries)
            for each in wrong.entries if few else wrong.entries[:1]:
                numbers = [_number(each.theirs, digits), _number(each.computed, digits)]
                if followed:
                    numbers.append("" if each.right is None else _number(each.right, digits))
                rows.append((where, count, name(_entry(wrong, each)), *numbers))
                where = count = ""
        room = self.style.width - len(GAP)
        lines = aligned(rows, left=(0, 1, 2))
        if max(map(len, lines)) > room:
            lines = aligned([(row[0], *row[2:]) for row in rows], left=(0, 1))
        if max(map(len, lines)) > room:  # each equation on a line of its own, its entries below
            below = aligned([row[2:] for row in rows], left=(0,))
            pairs = zip(rows, below, strict=True)
            lines = [line for row, entry in pairs for line in ([row[0]] if row[0] else []) + [GAP + entry]]
        lines[0] = self.paint("quiet", lines[0])
        if not few and len(others) > MOST_NAMED:
            lines.append(f"and {counted(len(others) - MOST_NAMED, 'further equation')}: --to json has every one")
        return [f"{GAP}{line}" for line in lines]

    def _misfit(self, each: ReadAs) -> list[str]:
        misfit = each.misfit
        where = place_of(self.config, (misfit.iteration, misfit.batch))
        shape = "×".join(map(str, misfit.theirs)) or "a single number"
        text = f"{misfit.name} in {where} is {shape}; here it is {dimensions(*misfit.ours)}"
        heading = "Another layout" if each.convention else "Shapes that cannot fit"
        said = f"{text}: {each.says}." if each.says else f"{text}."
        return ["", self.paint("phase", heading.upper()), "", *self._wrapped(said, GAP)]

    def _labelled(self, label: str, text: str) -> list[str]:
        first, *others = textwrap.wrap(text, self.style.width - 10, break_on_hyphens=False) or [""]
        return [self.paint("quiet", label.ljust(10)) + first, *(" " * 10 + line for line in others)]

    def _wrapped(self, text: str, indent: str = "") -> list[str]:
        return textwrap.wrap(
            text, self.style.width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        )


def _not_there(config: Config, place: Place) -> str:
    """Why a step of the answers is not in the run."""
    iteration, batch = place
    if batch > config.batches:
        there = counted(config.batches, "batch")
        return f"An iteration has {there} here; the answers have a batch {batch:,} in iteration {iteration:,}."
    return f"The run stops before {place_of(config, place)}."


def started_from(marked: Marked, wrong: Wrong) -> str:
    """Where what a step starts from comes from: the config, or the step before."""
    new = wrong.values.plan.handed.get(wrong.name)
    first = wrong.values.plan.number(wrong.place) == 0
    if new is None or first:
        return f"{wrong.name} as the config says it"
    return f"{wrong.name} = {new} of the step before"


def _told_apart(marked: Marked, found: Found) -> str:
    """What would decide between the mistakes that fit."""
    apart = found.apart
    if apart is None:
        return "No further number of these steps tells them apart; another network or other data may."
    where = place_of(marked.trace.config, apart.place)
    values = ", ".join(typed(value, 6) for value in apart.values)
    return f"{_apart_name(apart)} in {where} would tell them apart: in this order {values}."


def _apart_name(apart: Apart) -> str:
    return (
        apart.name if apart.row is None or apart.column is None else f"{apart.name}[{apart.row + 1},{apart.column + 1}]"
    )


def _entry(wrong: Wrong, each: Difference) -> Entry:
    return Entry(wrong.quantity, each.row, each.column)


def _same(each: Difference) -> bool:
    """Whether what comes of their numbers is the right number, as far as anybody would look."""
    assert each.right is not None
    return each.right == each.computed or abs(each.right - each.computed) <= 1e-3 * abs(each.theirs - each.computed)


def _decimals(each: Difference, decimals: int) -> int:
    """So many that the difference shows, with two digits."""
    off = abs(each.theirs - each.computed)
    if not isfinite(off) or not off:
        return decimals
    return min(17, max(decimals, 1 - floor(log10(off))))


def _number(value: float, decimals: int) -> str:
    if not isfinite(value):
        return "not finite"
    if abs(value) >= 1e6 or decimals > 12:
        return typed(value, 12 if abs(value) >= 1e6 else min(17, decimals))
    return f"{value + 0.0:.{decimals}f}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
