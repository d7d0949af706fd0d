"""Many answer sheets at once: a line for each, and the mistakes that were made most."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from nntrace.errors import harmless
from nntrace.marking.diagnosing import Fit
from nntrace.marking.mark import Marked
from nntrace.marking.mistakes import Kind
from nntrace.render.marked import rounding_said, sentence
from nntrace.render.palette import Palette
from nntrace.render.reports import GAP, aligned
from nntrace.render.signs import spelled
from nntrace.render.view import Style
from nntrace.render.words import counted, place_of, title

COMFORTABLE = 28
"""With less room for the last column the one before it is left out."""
NARROWEST = 12
"""The last column is never cut to less."""


class Sheeted(Struct, frozen=True):
    """A sheet by its name: marked, or why it cannot be used."""

    name: str
    marked: Marked | None
    problem: str = ""


def class_report(sheets: Sequence[Sheeted], style: Style) -> Iterator[str]:
    """A table with a line for each sheet, then how many agree and which mistakes were made how often."""
    paint = Palette(style.colour)
    names = _names([each.name for each in sheets])
    rows = [("answers", "numbers", "right", "wrong", "follow", "first wrong")]
    rows += [(name, *_counts(each)) for name, each in zip(names, sheets, strict=True)]
    lines = aligned(rows, left=(0, 5))
    if style.width - max(map(len, lines)) < COMFORTABLE:
        lines = aligned([row[:-1] for row in rows], left=(0,))
    width = max(map(len, lines))
    room = max(NARROWEST, style.width - width - len(GAP))
    first = next((each.marked.trace.config for each in sheets if each.marked), None)
    if first is not None and title(first):
        yield spelled(f"{paint('title', title(first))}\n\n", style.signs)
    yield spelled(paint("quiet", lines[0].ljust(width) + GAP + "likely mistake") + "\n", style.signs)
    for line, each in zip(lines[1:], sheets, strict=True):
        said = spelled(_said(each), style.signs)
        text = f"{line.ljust(width)}{GAP}{said if len(said) <= room else said[: room - 1] + '…'}".rstrip()
        good = each.marked is not None and each.marked.agrees
        yield spelled((text if good else paint("alarm", text)) + "\n", style.signs)
    yield spelled("\n" + "".join(f"{line}\n" for line in _summary(sheets, paint, style.width)), style.signs)


def _names(paths: Sequence[str]) -> list[str]:
    """The names of the files, with as much of the folders as it takes to tell them apart."""
    short = [os.path.basename(os.path.normpath(path)) for path in paths]
    return [harmless(path if short.count(name) > 1 else name) for path, name in zip(paths, short, strict=True)]


def _counts(each: Sheeted) -> tuple[str, str, str, str, str]:
    marked = each.marked
    if marked is None:
        return "–", "–", "–", "–", ""
    first = ""
    if marked.wrong:
        wrong = marked.wrong[0]
        first = f"{wrong.name} in {place_of(marked.trace.config, wrong.place)}"
    elif marked.misfits:
        first = f"{marked.misfits[0].misfit.name} (its shape)"
    return f"{marked.compared:,}", f"{marked.right:,}", f"{marked.local:,}", f"{marked.consequences:,}", first


def _said(each: Sheeted) -> str:
    if each.marked is None:
        return "cannot be used"
    return ", ".join(_reasons(each.marked)) or ("" if each.marked.agrees else "none that is known")


def _reasons(marked: Marked) -> dict[str, str]:
    """Why a sheet differs, in a word or two, and the sentence: each mistake by its simplest explanation."""
    if marked.rounding is not None:
        digits = marked.rounding.decimals
        return {"float32" if digits is None else f"rounding to {digits} decimals": rounding_said(marked.rounding)}
    found = {_name(found.fits[0]): sentence(found.fits[0].says) for found in marked.found}
    shapes = {each.name: sentence(each.says) for each in marked.misfits if each.says}
    return found | shapes


def _name(fit: Fit) -> str:
    return fit.mistake.name + (" (convention)" if fit.mistake.kind is Kind.CONVENTION else "")


def _summary(sheets: Sequence[Sheeted], paint: Palette, width: int) -> Iterator[str]:
    agree = sum(each.marked is not None and each.marked.agrees for each in sheets)
    unusable = sum(each.marked is None for each in sheets)
    text = f"{agree:,} of {counted(len(sheets), 'answer sheet')} {'agrees' if agree == 1 else 'agree'}."
    yield paint("good" if agree == len(sheets) else "alarm", text)
    if unusable:
        yield f"{unusable:,} cannot be used:"
        for each in sheets:
            if each.marked is None:
                yield from textwrap.wrap(each.problem, width, initial_indent=GAP, subsequent_indent=2 * GAP)
    reasons = [_reasons(each.marked) for each in sheets if each.marked]
    counts = Counter(name for each in reasons for name in each)
    says = {name: text for each in reasons for name, text in each.items()}
    if counts:
        yield ""
        yield paint("quiet", "how often")
    for name, count in counts.most_common():
        yield from textwrap.wrap(
            f"{count:>9,}  {name}: {says[name]}", width, subsequent_indent=" " * 11, break_on_hyphens=False
        )
