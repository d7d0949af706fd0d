"""What a sweep found, in each form that it is written in."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, json

from nntrace.config.document import parse
from nntrace.errors import harmless
from nntrace.render.markdown import text as markdown_text
from nntrace.render.numbers import typed, written
from nntrace.render.palette import Palette
from nntrace.render.reports import aligned
from nntrace.render.signs import spelled
from nntrace.render.view import Style
from nntrace.render.words import counted, title
from nntrace.suggest import shortened
from nntrace.sweeping.outcome import Outcome
from nntrace.sweeping.results import Swept

FORMAT = "nntrace-sweep/1"
LONGEST = 28
"""A value that is longer is cut where people look at it."""
NONE = "–"


class SweptView(Struct, frozen=True):
    """What a form is given to write."""

    found: Swept
    style: Style = Style()


Table = tuple[list[str], list[list[str]]]
"""The headings and the rows."""


def terminal(view: SweptView) -> Iterator[str]:
    """Each run; over the seeds; the best, last."""
    found, style = view.found, view.style
    paint = Palette(style.colour)

    def lines(heading: str, table: Table, alarmed: Sequence[bool]) -> Iterator[str]:
        headings, rows = table
        left = [place for place, name in enumerate(headings) if name == "diverged"]
        first, *rest = aligned([headings, *rows], left)
        yield "\n" + paint("heading", heading) + "\n"
        yield paint("quiet", first) + "\n"
        yield from ((paint("alarm", line) if alarm else line) + "\n" for line, alarm in zip(rest, alarmed, strict=True))

    pieces = [paint("title", title(found.config) or "Sweep") + "\n"]
    pieces += lines("Each run", _runs(found), [each.stopped is not None for each in found.outcomes])
    if found.seeds > 1 and found.keys:
        table = _over_seeds(found)
        pieces += lines("Over the seeds", table, [not each.losses for each in found.combinations()])
    verdict = textwrap.wrap(_verdict(found), style.width, break_on_hyphens=False)
    pieces += ["\n", *(paint("good" if found.best is not None else "alarm", line) + "\n" for line in verdict)]
    yield from (spelled(piece, style.signs) for piece in pieces)


def markdown(view: SweptView) -> Iterator[str]:
    """The same tables."""
    found = view.found
    yield f"# {markdown_text(title(found.config)) or 'Sweep'}\n"
    yield from _in_markdown("Each run", _runs(found))
    if found.seeds > 1 and found.keys:
        yield from _in_markdown("Over the seeds", _over_seeds(found))
    yield f"\n{markdown_text(_verdict(found))}\n"


def table(view: SweptView) -> Iterator[str]:
    """CSV: a line for each run, numbers in full; what is not there is empty."""
    found = view.found
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(["run", *found.keys, "seed", "loss", "iteration", "batch", "quantity"])
    for number, (point, made) in enumerate(zip(found.points, found.outcomes, strict=True), start=1):
        at = made.stopped
        stopped = ("", "", "") if at is None else (at.iteration, at.batch, at.quantity)
        seed = "" if point.seed is None else point.seed
        writer.writerow([number, *point.values, seed, "" if made.loss is None else repr(made.loss), *stopped])
    yield rows.getvalue()


def document(view: SweptView) -> Iterator[bytes]:
    """JSON: an object for each run, numbers in full."""
    found = view.found
    head = {"format": FORMAT, "title": found.config.title, "config": found.config.as_data()}
    yield json.encode(head)[:-1] + b',"runs":['
    separator = b"\n"
    for number, (point, made) in enumerate(zip(found.points, found.outcomes, strict=True), start=1):
        at = made.stopped
        run: dict[str, Any] = {
            "run": number,
            "set": {key: parse(value, key).data for key, value in zip(found.keys, point.values, strict=True)},
            "seed": point.seed,
            "loss": made.loss,
            "diverged": at and {"iteration": at.iteration, "batch": at.batch, "quantity": at.quantity},
        }
        yield separator + json.encode(run)
        separator = b",\n"
    yield b"\n]}\n"


def _runs(found: Swept) -> Table:
    """A row for each run; the columns that say something."""
    seed = ["seed"] if found.seeds else []
    diverged = ["diverged"] if any(each.stopped for each in found.outcomes) else []
    losses = iter(_losses(found, [each.loss for each in found.outcomes]))
    rows = []
    for number, (point, made) in enumerate(zip(found.points, found.outcomes, strict=True), start=1):
        row = [str(number), *map(_value, point.values)]
        row += [str(point.seed)] if seed else []
        row += [next(losses)]
        rows.append(row + ([_diverged(made)] if diverged else []))
    return ["run", *_names(found.keys), *seed, "final loss", *diverged], rows


def _over_seeds(found: Swept) -> Table:
    """A row for each combination: what its runs come to."""
    combinations = list(found.combinations())
    figures = [(each.median, min(each.losses, default=None), max(each.losses, default=None)) for each in combinations]
    cells = iter(_losses(found, [figure for three in figures for figure in three]))
    rows = [
        [*map(_value, each.values), *(next(cells) for _ in range(3)), f"{_lost(each.runs)} of {len(each.runs)}"]
        for each in combinations
    ]
    return [*_names(found.keys), "median", "least", "greatest", "diverged"], rows


def _lost(runs: Sequence[Outcome]) -> int:
    return sum(run.stopped is not None for run in runs)


def _losses(found: Swept, losses: Sequence[float | None]) -> list[str]:
    """As the losses of a run are shown, all in one format."""
    there = iter(written([loss for loss in losses if loss is not None] or [0.0], found.config.decimals)[1])
    return [NONE if loss is None else next(there) for loss in losses]


def _diverged(made: Outcome) -> str:
    return "" if made.stopped is None else f"{made.stopped.place}: {made.stopped.quantity}"


def _verdict(found: Swept) -> str:
    """`The lowest final loss of 60 runs, 0.0012, has run 5: alpha 0.5, seed 3.`"""
    count, lost = len(found.points), _lost(found.outcomes)
    diverged = f" {lost:,} of them diverged." if lost else ""
    if found.best is None:
        return f"Of {counted(count, 'run')} none ended with a loss."
    point, loss = found.points[found.best], found.outcomes[found.best].loss
    assert loss is not None
    said = [f"{name} {_value(value)}" for name, value in zip(_names(found.keys), point.values, strict=True)]
    said += [f"seed {point.seed}"] if point.seed is not None else []
    which = f"{', '.join(said)} (run {found.best + 1})" if said else f"run {found.best + 1}"
    return f"Of {counted(count, 'run')} the lowest final loss, {typed(loss)}, has {which}.{diverged}"


def _value(value: str) -> str:
    return shortened(harmless(value), LONGEST)


def _names(keys: Sequence[str]) -> list[str]:
    """The keys, each as short as it is still the only one, but for a number in front."""
    return [_name(key, keys) for key in keys]


def _name(key: str, keys: Sequence[str]) -> str:
    parts = key.split(".")
    for length in range(1, len(parts) + 1):
        end = parts[-length:]
        if not end[0].isdecimal() and sum(other.split(".")[-length:] == end for other in keys) == 1:
            return harmless(".".join(end))
    return harmless(key)


def _in_markdown(heading: str, table: Table) -> Iterator[str]:
    headings, rows = table
    cells = [[markdown_text(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = [f"{'-' * (max(width, 2) - 1)}:" for width in widths]
    yield f"\n## {heading}\n\n"
    for row in (cells[0], rule, *cells[1:]):
        yield "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |\n"
