"""The loss as a small chart of signs, for the screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from nntrace.curves import Curves
from nntrace.render import Scale
from nntrace.render.numbers import alone, typed
from nntrace.render.palette import Palette
from nntrace.render.scales import above_zero, has_zero, logarithmic
from nntrace.render.signs import BRAILLE, spelled
from nntrace.render.view import Style
from nntrace.render.words import stopped, title

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

HEIGHT = 12
"""In lines; a sign is four dots high and two wide."""
DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot of a sign counts, by row and column (Unicode, Braille Patterns)."""
TICKS = 3
"""At least so many numbers stand beside the chart."""


def render(curves: Curves, scale: Scale, style: Style) -> Iterator[str]:
    """Title, chart, and what the loss begins and ends with."""
    yield spelled("\n".join([*_Chart(curves, scale, style).lines(), ""]), style.signs)


class _Chart:
    def __init__(self, curves: Curves, scale: Scale, style: Style) -> None:
        self.curves = curves
        self.config = curves.trace.config
        self.width = style.width
        self.paint = Palette(style.colour)
        by_iteration = self.config.batches == 1 or len(curves.losses.finite.x) > 1
        self.unit, self.size = ("iteration", self.config.batches) if by_iteration else ("update", 1)
        self.whole = (curves.losses if by_iteration else curves.loss).finite
        self.log = logarithmic([self.whole], scale)
        self.curve = above_zero(self.whole).finite if self.log else self.whole

    def lines(self) -> Iterator[str]:
        for line in textwrap.wrap(title(self.config), self.width):
            yield self.paint("title", line)
        if len(self.curve.x):
            yield from textwrap.wrap(self._said(), self.width)
            yield from ("", *self._drawn(), "")
            yield from textwrap.wrap(self._ends(), self.width)
        last = self.curves.stopped
        if last:
            yield from (self.paint("alarm", line) for line in textwrap.wrap(stopped(last), self.width))

    def _said(self) -> str:
        several = self.config.examples > 1 and (self.unit == "iteration" or self.config.batch_size > 1)
        said = f"{'mean ' if several else ''}loss of each {self.unit}"
        said += " (without the penalty)" if self.config.l2 else ""
        said += " · on a log scale" if self.log else ""
        return said + (", on which 0 has no place" if self.log and has_zero([self.whole]) else "")

    def _ends(self) -> str:
        """`0.3945 in iteration 1, 0.3644 in iteration 2`"""
        points = dict.fromkeys(self.whole.ends)
        return ", ".join(f"{alone(y, self.config.decimals)} in {self.unit} {x / self.size:,.0f}" for x, y in points)

    def _drawn(self) -> Iterator[str]:
        x, y = self.curve.line
        y = np.log10(y) if self.log else y
        dots = _Dots(float(y.min()), float(y.max()))
        ticks = _decades(dots.bottom, dots.top) if self.log else _round(dots.bottom, dots.top)
        labels = {dots.row(tick) // 4: label for tick, label in ticks}
        margin = max(map(len, labels.values())) + 1
        room = self.width - margin - 2
        for row, signs in enumerate(dots.signs(x, y, room)):
            label = labels.get(row, "")
            yield f"{label:>{margin}} {self.paint('quiet', '┤' if label else '│')}{self.paint('curve', signs)}"
        yield " " * (margin + 1) + self.paint("quiet", "└" + "─" * room)
        first, last = (f"{at / self.size:,.0f}" for at, _ in self.whole.ends)
        between = f"{self.unit:^{room - len(first) - len(last)}}" + last if first != last else f" {self.unit}"
        yield " " * (margin + 2) + first + between


class _Dots:
    """Curves as dots, of which a sign of Braille has four rows of two; the range is from `bottom` to `top`."""

    def __init__(self, bottom: float, top: float) -> None:
        self.bottom = bottom
        self.top = top

    def row(self, y: float) -> int:
        """The row of dots, from the top; in the middle where all is the same."""
        return int(self._rows(np.array([y]))[0])

    def signs(self, x: Array, y: Array, room: int) -> Iterator[str]:
        """A line through the points (from left to right) in so many signs, a text for each line."""
        columns, rows = self._columns(x, 2 * room), self._rows(y)
        grid = np.zeros((4 * HEIGHT, 2 * room), dtype=bool)
        if len(x) == 1:
            grid[rows[0], columns[0]] = True
        else:
            edges = np.interp(np.arange(2 * room + 1) - 0.5, columns, rows)
            least, most = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
            places = np.rint(columns).astype(int)
            np.minimum.at(least, places, rows)
            np.maximum.at(most, places, rows)
            for column, (first, last) in enumerate(
                zip(np.rint(least).astype(int), np.rint(most).astype(int), strict=True)
            ):
                grid[first : last + 1, column] = True
        codes = (grid.reshape(HEIGHT, 4, room, 2) * DOTS[:, None, :]).sum(axis=(1, 3))
        for row in codes.tolist():
            yield "".join(chr(BRAILLE + code) if code else " " for code in row).rstrip()

    def _rows(self, y: Array) -> Array:
        last = 4 * HEIGHT - 1
        span = self.top - self.bottom
        return np.rint((self.top - y) / span * last) if span else np.full(y.shape, last // 2)

    def _columns(self, x: Array, count: int) -> Array:
        span = x[-1] - x[0]
        return (x - x[0]) / span * (count - 1) if span else np.full(x.shape, 0)


Tick = tuple[float, str]


def _round(low: float, high: float) -> list[Tick]:
    """Round numbers between two."""
    if low == high:
        return [(low, typed(low))]
    size = 10.0 ** ceil(log10(high - low))
    for step in (size / part for part in (2, 5, 10, 20, 50, 100)):
        ticks = [step * number for number in range(ceil(low / step), floor(high / step) + 1)]
        if len(ticks) >= TICKS:
            break
    digits = ceil(log10(max(abs(low), abs(high)) / step)) + 1
    texts = [typed(tick, digits) for tick in ticks]
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return [(tick, text if "e" in text else f"{tick:.{decimals}f}") for tick, text in zip(ticks, texts, strict=True)]


def _decades(low: float, high: float) -> list[Tick]:
    """Powers of ten between two logarithms; these themselves where there are not two."""
    first, last = ceil(low), floor(high)
    if last <= first:
        return [(tick, typed(10.0**tick, 3)) for tick in dict.fromkeys((low, high))]
    step = -(-(last - first) // (TICKS + 1))
    return [(tick, typed(10.0**tick)) for tick in range(-(-first // step) * step, last + 1, step)]
