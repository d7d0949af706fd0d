"""What `check` and `verify` found, and the list of the bundled examples: tables of a few columns of words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor, log10

from nntrace import checking, verifying
from nntrace.answers.heading import Heading
from nntrace.config.model import Config
from nntrace.formula.plain import name
from nntrace.formula.tree import Entry
from nntrace.render import words
from nntrace.render.numbers import typed
from nntrace.render.palette import Palette
from nntrace.render.signs import spelled
from nntrace.render.view import Style
from nntrace.render.words import counted

GAP = "  "
MORE_DIGITS = 3
"""A computed number is shown with so many digits more than what it is compared with."""
MOST_NAMED = 5
"""So many of what failed or was skipped are named one by one."""


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = ()) -> list[str]:
    """Rows of cells, the first the headings, as lines; columns are aligned right except those in `left`."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        GAP.join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def check_report(config: Config, found: Sequence[checking.Compared], style: Style) -> Iterator[str]:
    """Every figure of `expect` as it is published, how exactly, and what was computed; then how many hold."""
    paint = Palette(style.colour)
    yield _text(_title(config, paint), style)
    rows = [("figure", "published", "within", "computed", "")]
    rows += [
        (
            each.entry,
            each.figure.text,
            f"±{_tolerance(each.tolerance)}",
            _computed(each),
            "holds" if each.holds else _off(each),
        )
        for each in found
    ]
    heading, *lines = aligned(rows, left=(0, 4))
    yield _text([GAP + paint("quiet", heading)], style)
    place = ""
    for each, line in zip(found, lines, strict=True):
        if each.place != place:
            place = each.place
            yield _text([paint("heading", place)], style)
        yield _text([GAP + (line if each.holds else paint("alarm", line))], style)
    failed = sum(not each.holds for each in found)
    yield _text(["", _verdict(len(found), failed, "figure", paint)], style)
    if config.unreachable:
        dropped = f"{config.unreachable} entr" + ("y" if config.unreachable == 1 else "ies")
        yield _text([f"{dropped} of `expect` skipped: --set put what they name out of reach."], style)


def _tolerance(value: float) -> str:
    return typed(value, 1 if value < 1e-4 or value >= 1 else 6)


def _computed(each: checking.Compared) -> str:
    if each.computed is None:
        return "–"
    digits = MORE_DIGITS + max(0, -floor(log10(2 * each.tolerance)))
    text = f"{each.computed:.{digits}f}"
    return text if len(text) < 24 else typed(each.computed, digits)


def _off(each: checking.Compared) -> str:
    if each.computed is None:
        return "not reached: the trace stops before it"
    return f"off by {typed(abs(each.computed - each.figure.value), 2)}"


def verify_report(found: verifying.Verification, style: Style) -> Iterator[str]:
    """The worst entry of each gradient, what failed, what was skipped, and the verdict."""
    config = found.trace.config
    paint = Palette(style.colour)
    yield _text(_title(config, paint), style)
    rows: list[tuple[str, ...]] = [
        ("gradient", "entries", "worst at", "in iteration", "derivative", "measured", "off by", "allowed", "")
    ]
    tallies = list(found.tallies.values())
    rows += [(tally.quantity.name, _entries(tally), *_worst(tally)) for tally in tallies]
    heading, *lines = aligned(rows, left=(0, 2, 3, 8))
    for place in (7, 5):  # what is allowed follows from the rest, and so does what was measured
        if max(map(len, (heading, *lines))) > style.width:
            rows = [(*row[:place], *row[place + 1 :]) for row in rows]
            heading, *lines = aligned(rows, left=(0, 2, 3, len(rows[0]) - 1))
    yield _text([paint("quiet", heading)], style)
    for tally, line in zip(tallies, lines, strict=True):
        yield _text([paint("alarm", line) if tally.failed else line], style)
    yield _text(["", *_wrapped(_steps(found), style)], style)
    if found.skipped:
        yield _text(_wrapped(_skipped(found.skipped), style), style)
    yield _text([_verdict(found.entries, found.failed, "entry", paint)], style)


def _entries(tally: verifying.Tally) -> str:
    """`12`, or `50 of 7,840`."""
    return f"{tally.entries - tally.skipped:,}" + (f" of {tally.of:,}" if tally.entries < tally.of else "")


def _worst(tally: verifying.Tally) -> tuple[str, ...]:
    worst = tally.worst
    if worst is None:
        return ("", "", "", "", "", "", "all skipped" if tally.skipped else "")
    verdict = "holds" if not tally.failed else f"{tally.failed:,} of {tally.entries - tally.skipped:,} differ"
    return (
        name(Entry(worst.quantity, worst.row, worst.column)),
        worst.place.removeprefix("iteration "),
        typed(worst.derived),
        typed(worst.measured),
        typed(worst.off, 2),
        typed(worst.allowed, 2),
        verdict,
    )


def _steps(found: verifying.Verification) -> str:
    count, of = len(found.steps), len(found.trace)
    which = "all of them" if count == of else _listed(found.steps) if count else "none"
    text = f"Verified {counted(count, 'step')} of {of:,}: {which}."
    if found.reached < of:
        text += f" In about {verifying.SECONDS:g} seconds training came as far as that; --iteration goes to any step."
    if found.most is not None:
        text += f" Of the large gradients {found.most:,} entries each, evenly chosen; with --iteration all of them."
    if found.stopped is not None:
        text += f" {words.stopped(found.stopped)}"
    return text


def _skipped(skipped: Sequence[verifying.Skipped]) -> str:
    by_place: dict[str, list[str]] = {}
    for each in skipped:
        by_place.setdefault(each.place, []).append(name(Entry(each.quantity, each.row, each.column)))
    where = [f"{_listed(entries, ', ')} in {place}" for place, entries in by_place.items()]
    reasons = dict.fromkeys(each.why for each in skipped)
    return (
        f"{counted(len(skipped), 'entry')} skipped where differences say nothing of the derivative: "
        f"{_listed(where)} ({_listed(list(reasons))})."
    )


def _listed(texts: Sequence[str], between: str = "; ") -> str:
    more = len(texts) - MOST_NAMED
    shown = [*texts[: MOST_NAMED - 1], f"… {more:,} more …", texts[-1]] if more > 1 else texts
    return between.join(shown)


def _verdict(count: int, failed: int, what: str, paint: Palette) -> str:
    if failed:
        return paint(
            "alarm",
            f"{failed:,} of {counted(count, what)} do not hold."
            if failed > 1
            else f"1 of {counted(count, what)} does not hold.",
        )
    return (
        paint("good", f"All {counted(count, what)} hold." if count > 1 else f"The one {what} holds.")
        if count
        else paint("alarm", f"No {what} could be compared.")
    )


def examples_report(configs: Mapping[str, Config], sheets: Mapping[str, Heading], style: Style) -> Iterator[str]:
    """Two lines for each example: its network and training in columns, and what it teaches; then the answer sheets."""
    paint = Palette(style.colour)
    rows = [("name", "network", "activation", "loss", "optimizer")]
    for key, config in configs.items():
        activations = ", ".join(dict.fromkeys(layer.chosen.name for layer in config.architecture.layers))
        rows.append((key, words.sizes(config), activations, config.chosen_loss.name, config.chosen_optimizer.name))
    first = aligned(rows, left=range(5))
    second = [""] * len(rows)
    if max(map(len, first)) > style.width:
        first, second = aligned([row[:3] for row in rows], left=range(3)), [", ".join(row[3:]) for row in rows]
    indent = 2 * GAP
    lines = zip(first, second, ["what it teaches", *map(words.teaches, configs.values())], ["", *configs], strict=True)
    for line, more, teaches, key in lines:
        below = [indent + more] if more else []
        below += textwrap.wrap(teaches, style.width, initial_indent=indent, subsequent_indent=indent)
        if key:
            yield _text([paint("heading", key) + line[len(key) :], *below], style)
        else:
            yield _text([paint("quiet", each) for each in (line, *below)], style)
    if sheets:
        yield _text(["", paint("title", "Answer sheets, for `nntrace check`"), ""], style)
        heading, *rest = aligned(
            [("name", "for"), *((key, sheet.config) for key, sheet in sheets.items())], left=(0, 1)
        )
        yield _text([paint("quiet", heading), paint("quiet", f"{indent}what it holds")], style)
        for (key, sheet), line in zip(sheets.items(), rest, strict=True):
            holds = textwrap.wrap(
                words.first(sheet.notes), style.width, initial_indent=indent, subsequent_indent=indent
            )
            yield _text([paint("heading", key) + line[len(key) :], *holds], style)


def _title(config: Config, paint: Palette) -> list[str]:
    title = words.title(config)
    return [paint("title", title), ""] if title else []


def _wrapped(text: str, style: Style) -> list[str]:
    return textwrap.wrap(text, style.width, break_on_hyphens=False)


def _text(lines: Iterable[str], style: Style) -> str:
    return spelled("".join(f"{line}\n" for line in lines), style.signs)
