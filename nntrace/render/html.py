"""A page that needs nothing else: the trace to look at and to play with in any browser, from disk.

The page is what is in `page/` beside this file, with two things put in: the trace in its JSON form,
and the guide to it (`guide.py`). Where a run is too much for a browser its steps are thinned.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from itertools import chain, pairwise
from math import isfinite
from typing import Any

from msgspec import json
from msgspec.structs import replace

from nntrace.render import json_form
from nntrace.render.guide import computing, embedded, guide
from nntrace.render.static import ending_table
from nntrace.render.view import View
from nntrace.render.words import counted, title
from nntrace.tracing import Step

BUDGET = 16_000_000
"""So many bytes of numbers a page holds at most, as long as it has more than one step."""
LARGE = 20_000_000
"""A page of more bytes says so."""
A_NUMBER, A_NAME = 21, 16
"""Bytes in JSON, about: of a number seventeen digits, a sign, a point and a comma; of a name with its brackets."""
MOST_POINTS = 4000
"""Of the loss curve; of more steps the lowest and the highest of each stretch are kept."""
STYLES = ("page.css",)
SCRIPTS = (
    *("numbers.js", "trace.js", "arithmetic.js", "matrix.js", "drawing.js", "timeline.js"),
    *("marks.js", "entry.js", "card.js", "print.js", "page.js"),
)
"""The last one starts."""


def render(view: View) -> Iterator[str]:
    """The trace as a page, a step at a time."""
    size = 0
    for piece in _pieces(view):
        size += len(piece)
        yield piece
    if size > LARGE:
        view.remark(
            f"The page has {size / 1e6:.0f} MB, which browsers are slow with: "
            f"--iteration, --layer or --only make it smaller."
        )


def _pieces(view: View) -> Iterator[str]:
    page = files("nntrace.render") / "page"
    before, after = (page / "page.html").read_text("utf-8").split("<!-- the trace -->")
    heading = escape(title(view.config) or "Trace")
    styles = "".join((page / file).read_text("utf-8") for file in STYLES)
    yield before.replace("/* styles */", styles).replace("<!-- title -->", heading)
    thinned = _Thinned(view)
    kept = replace(view, steps=thinned.steps(), quantities=thinned.quantities)
    yield from _data("trace", json_form.render(kept))
    if thinned.remark:
        view.remark(thinned.remark)
    yield from _data("guide", [json.encode(guide(view, thinned.quantities))])
    yield from _data("curve", [json.encode(thinned.curve)])
    yield f"<script>\n{computing(view.listing, view.quantities)}</script>\n"
    scripts = "".join((page / file).read_text("utf-8") for file in SCRIPTS)
    ending = "".join(f'<div class="scroll">{ending_table(made)}</div>' for made in view.ending())
    after = after.replace("/* scripts */", scripts)
    yield after.replace("<!-- ending title -->", escape(view.ends_with)).replace("<!-- ending -->", ending)


def _data(name: str, pieces: Iterator[bytes] | Sequence[bytes]) -> Iterator[str]:
    """JSON for the script to read; no `<` in it can end the element."""
    yield f'<script type="application/json" id="{name}">'
    for piece in pieces:
        yield piece.decode().replace("<", "\\u003c")
    yield "</script>\n"


class _Thinned:
    """The steps that go into the page, and the losses of all.

    `quantities` are those that are selected, and what these are made of.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.quantities = embedded(view.listing, view.quantities)
        columns = min(view.config.batch_size, view.config.examples)
        size = sum(A_NUMBER * q.size(columns) + A_NAME for q in self.quantities)
        most = max(1, BUDGET // size)
        self.places = _spread(view.count, most) if view.count > most else range(view.count)
        self.losses = array("d")
        self.kept: list[int] = []

    def steps(self) -> Iterator[Step]:
        for place, step in enumerate(self.view.steps):
            if "loss" in step:
                self.losses.append(step["loss"])
            if place in self.places or step.stopped:
                self.kept.append(place)
                yield step

    @property
    def remark(self) -> str:
        count = max(len(self.losses), len(self.kept))
        if len(self.kept) == count:
            return ""
        steps = counted(count, "step")
        return f"The page holds {len(self.kept):,} of {steps}, spread evenly; its loss curve has them all."

    @property
    def curve(self) -> dict[str, Any]:
        """The loss of each step, by its place among those that were chosen, and the places of those in the page."""
        places = _outline(self.losses)
        losses = [self.losses[place] if isfinite(self.losses[place]) else None for place in places]
        return {"places": places, "losses": losses, "kept": self.kept, "remark": self.remark}


def _spread(count: int, most: int) -> set[int]:
    """So many places from 0 to before `count`, evenly spread, both ends among them if more than one."""
    return {round(number * (count - 1) / max(1, most - 1)) for number in range(most)}


def _outline(losses: Sequence[float]) -> list[int]:
    """The places that a curve is drawn through: all, or the lowest and the highest of each stretch."""
    if len(losses) <= MOST_POINTS:
        return list(range(len(losses)))
    stretches = MOST_POINTS // 2
    bounds = [number * len(losses) // stretches for number in range(stretches + 1)]
    outline = chain.from_iterable(
        sorted({min(range(a, b), key=losses.__getitem__), max(range(a, b), key=losses.__getitem__)})
        for a, b in pairwise(bounds)
    )
    return sorted({0, *outline, len(losses) - 1})
