"""A picture of a run, by matplotlib: the loss, the size of each gradient, the weights, below each other."""

from __future__ import annotations

import io
import logging
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from nntrace.curves import ENTRIES, Curve, Curves, Parameter
from nntrace.formula.tree import Quantity
from nntrace.render import Scale
from nntrace.render.numbers import shown, typed
from nntrace.render.scales import above_zero, finite, has_zero, logarithmic
from nntrace.render.words import network, stopped, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind (Okabe and Ito, without the yellow that is lost on white)."""
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.5)), (0, (4, 1.5, 1, 1.5)))
GREY = "#666666"
STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9,
    "text.parse_math": False,  # titles are the user's, and may have a $
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.3,
    "savefig.dpi": 150,
    "svg.fonttype": "none",
    "svg.hashsalt": "nntrace",  # the same run is the same file
    "pdf.fonttype": 42,
}
OTHER_FONTS = ("Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei")
"""For signs that the first lacks, where they are installed."""
DATES: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
WIDTH, HEIGHT = 8.0, 2.5
"""In inches, of the picture and of a panel."""
LINE, ABOVE = 0.2, 0.2
"""The height of a line of the title, and of what is above it and between."""
LEFT = 0.01
LETTERS, LINES = 70, 2
"""So much of a title is shown."""
DECADES = (-307, 308)
"""Those of float64."""
FEW = 30
"""So few points are marked each."""
BESIDE = 105
"""So many letters fit below it, which are smaller."""
COLUMN = 11
"""So many names stand below each other in a legend."""


def render(curves: Curves, *, loss: bool, scale: Scale, form: str) -> bytes:
    """The picture as a file of `form`: svg, png or pdf."""
    with _own_style():
        return _Picture(curves, scale).drawn(form, loss=loss)


@contextmanager
def _own_style() -> Iterator[None]:
    """The style whatever the user's own is, and no word of a sign that the fonts lack."""
    from matplotlib.font_manager import get_font_names

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), mpl.rc_context():
            warnings.simplefilter("ignore")
            mpl.rcdefaults()
            mpl.rcParams.update(STYLE)
            there = set(get_font_names())
            mpl.rcParams["font.family"] = [*STYLE["font.family"], *(name for name in OTHER_FONTS if name in there)]
            yield
    finally:
        log.setLevel(level)


class _Picture:
    def __init__(self, curves: Curves, scale: Scale) -> None:
        self.curves = curves
        self.config = curves.trace.config
        self.scale = scale
        layers = sorted({q.layer or 0 for q in (*curves.gradients, *curves.parameters)})
        self.colours = dict(zip(layers, _colours(len(layers)), strict=True))
        bases = dict.fromkeys(q.base for q in (*curves.gradients, *curves.parameters))
        self.dashes = {base: DASHES[number % len(DASHES)] for number, base in enumerate(bases)}

    def drawn(self, form: str, *, loss: bool) -> bytes:
        panels = [
            *([self._loss] if loss else []),
            *([self._gradients] if self.curves.gradients else []),
            *([self._weights] if self.curves.parameters else []),
        ]
        heading = _wrapped(title(self.config)) or ["Trace"]
        above = ABOVE + LINE * len(heading)
        height = above + ABOVE + HEIGHT * len(panels)
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        figure.suptitle("\n".join([*heading, " "]), x=LEFT, ha="left", fontsize=12, fontweight="bold")
        what = textwrap.shorten(network(self.config), BESIDE, placeholder=" …")
        figure.text(LEFT, 1 - above / height, what, fontsize=8, color=GREY)
        below = list(figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0])
        for axes, panel in zip(below, panels, strict=True):
            panel(axes)
        self._along(figure, below)
        written = io.BytesIO()
        figure.savefig(written, format=form, metadata=DATES[form])
        return written.getvalue()

    def _loss(self, axes: Axes) -> None:
        """Of each update, and the mean of each iteration where that has several."""
        several = self.config.batches > 1
        what = "Loss, without the penalty" if self.config.l2 else "Loss"
        log = _spaced(axes, what, [self.curves.loss], self.scale)
        lines = [_line(axes, self.curves.loss, COLOURS[0], log=log, alpha=0.45 if several else 1, linewidth=0.9)]
        if several:
            lines += [_line(axes, self.curves.losses, COLOURS[1], log=log, linewidth=1.8)]
            _legend(axes, lines, ["of an update", "of an iteration (mean)"])

    def _gradients(self, axes: Axes) -> None:
        norms = self.curves.norms
        log = _spaced(axes, "Norm of each gradient", list(norms.values()), self.scale)
        lines = [_line(axes, curve, log=log, linewidth=1.0, **self._look(q)) for q, curve in norms.items()]
        _legend(axes, lines, [q.name + ("" if finite(curve).any() else " = 0") for q, curve in norms.items()])

    def _weights(self, axes: Axes) -> None:
        states = self.curves.states
        large = any(not parameter.by_entry for parameter in states)
        aside = f" · of more than {ENTRIES}: mean and range" if large else ""
        _spaced(axes, f"Weights and biases{aside}", [], Scale.LINEAR)
        _legend(axes, [self._parameter(axes, each) for each in states], [each.quantity.name for each in states])

    def _parameter(self, axes: Axes, parameter: Parameter) -> Line2D:
        """A thin line for each entry, or the mean in the range of all."""
        look = self._look(parameter.quantity)
        if parameter.by_entry:
            lines = [_line(axes, curve, **look, linewidth=0.9, alpha=0.8) for curve in parameter.curves]
            return lines[0]
        least, mean, greatest = parameter.curves
        axes.fill_between(least.x, least.low, greatest.high, color=look["color"], alpha=0.15, linewidth=0)
        return _line(axes, mean, **look)

    def _look(self, quantity: Quantity) -> dict[str, Any]:
        """A colour for each layer, a kind of line for W and for b."""
        return {"color": self.colours[quantity.layer or 0], "linestyle": self.dashes[quantity.base]}

    def _along(self, figure: Figure, below: Sequence[Axes]) -> None:
        """The axis that the panels share, and where the run stopped."""
        batches = self.config.batches
        last = self.curves.stopped
        if last is not None:
            for axes in below:
                axes.axvline(self.curves.loss.x[-1], color=COLOURS[1], linestyle=DASHES[2], linewidth=1.2)
            figure.supxlabel(textwrap.fill(stopped(last), BESIDE), fontsize=9, color=COLOURS[1])
        below[-1].set_xlabel("iteration" if batches == 1 else f"update ({batches:,} in each iteration)")
        below[-1].xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        below[-1].xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _spaced(axes: Axes, what: str, curves: Sequence[Curve], scale: Scale) -> bool:
    """Space a panel for curves, with numbers as everywhere, and name it; whether it is by the logarithm."""
    log = logarithmic(curves, scale)
    axes.set_title(f"{what} · log scale" if log else what)
    numbers = FuncFormatter(lambda y, _: typed(y))
    if log:
        axes.set_yscale("log")
        values = np.concatenate([finite(above_zero(curve)) for curve in curves])
        ends = np.log10([values.min(), values.max()])
        room = np.array([-1, 1]) * max(0.05 * (ends[1] - ends[0]), 0.02)
        axes.set_ylim(10.0 ** np.clip(ends + room, *DECADES))  # its own would be infinite for what is nearly
        axes.yaxis.set_minor_formatter(numbers if values.max() < 10 * values.min() else NullFormatter())
        if has_zero(curves):
            said = "0 has no place on a log scale"
            axes.annotate(said, (1, 0), (-4, 4), "axes fraction", "offset points", ha="right", fontsize=7, color=GREY)
    axes.yaxis.set_major_formatter(numbers)
    return log


def _line(axes: Axes, curve: Curve, color: str, *, log: bool = False, **look: Any) -> Line2D:
    x, y = (above_zero(curve) if log else curve).line
    marker = "o" if len(x) <= FEW else ""
    return axes.plot(x, y, color=color, marker=marker, markersize=3, **look)[0]


def _legend(axes: Axes, lines: Sequence[Line2D], names: Sequence[str]) -> None:
    """The names at the right; of very many the ends."""
    places = range(len(names)) if len(names) <= 2 * COLUMN else shown(len(names))
    kept = [place for place in places if place is not None]
    said = [
        names[place] + (" …" if len(kept) < len(names) and number == 2 else "") for number, place in enumerate(kept)
    ]
    columns = -(-len(kept) // COLUMN)
    axes.legend([lines[place] for place in kept], said, loc="upper left", bbox_to_anchor=(1, 1.02), ncols=columns)


def _wrapped(text: str) -> list[str]:
    """A title in lines that fit; what is too long ends in dots."""
    wide = sum(east_asian_width(sign) in "WF" for sign in text)
    width = LETTERS * len(text) // (len(text) + wide) if wide else LETTERS
    return textwrap.wrap(text, width, max_lines=LINES, placeholder=" …")


def _colours(count: int) -> Sequence[str]:
    """So many colours: the first of those that differ most, or as many steps from dark to light."""
    if count <= len(COLOURS):
        return COLOURS[:count]
    viridis = mpl.colormaps["viridis"]
    return [mpl.colors.to_hex(viridis(at)) for at in np.linspace(0, 0.9, count)]
