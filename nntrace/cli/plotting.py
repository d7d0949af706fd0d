"""What `plot` does: the iterations of a run, read for a chart or for a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence

from nntrace import selecting
from nntrace.cli import output, streams
from nntrace.cli.options import Iterations
from nntrace.cli.source import LEFT_OUT, load_config
from nntrace.curves import Curves, followed
from nntrace.errors import ExitStatus, OutputError, SelectionError
from nntrace.render import Part, Scale
from nntrace.render.words import stopped
from nntrace.suggest import listed
from nntrace.tracing import Trace

FORMATS = (".svg", ".png", ".pdf")


class Plotting:
    """A trace, and the iterations of it that are drawn."""

    def __init__(self, config: str | None, settings: Sequence[str], iterations: Iterations | None) -> None:
        self.left_out = config is None
        self.trace = Trace(load_config(config, settings))
        first, last = iterations or (1, self.trace.config.iterations)
        self.iterations = selecting.iteration(self.trace.config, first), selecting.iteration(self.trace.config, last)

    def show(self, scale: Scale, color: str, pager: bool) -> int:
        """The loss on the screen; returns the exit status."""
        from nntrace.render.chart import render

        curves = self._read(Curves(self.trace, *self.iterations))
        style = output.style(color)
        before = [f"{LEFT_OUT}\n\n"] if self.left_out else []
        output.show([*before, *render(curves, scale, style)], pager=pager, coloured=style.colour)
        return ExitStatus.DOES_NOT_HOLD if curves.stopped else ExitStatus.DONE

    def save(self, path: str, parts: Sequence[Part], layer: int | None, only: Sequence[str], scale: Scale) -> int:
        """A picture into a file; returns the exit status."""
        suffix = os.path.splitext(path)[1].lower()
        if suffix not in FORMATS:
            raise OutputError(f"{path}: its suffix says no kind of picture: use {listed(FORMATS, 'or')}")
        try:
            import matplotlib as mpl  # noqa: F401  # before all the work, not after
        except ImportError:
            raise OutputError("a picture takes matplotlib: pip install 'nntrace[plot]'") from None
        from nntrace.render.plot import render

        curves = self._chosen(parts, layer, only)
        if self.left_out:
            streams.say(LEFT_OUT)
        self._read(curves)
        output.save(path, [render(curves, loss=Part.LOSS in parts, scale=scale, form=suffix.removeprefix("."))])
        output.hint(f"Written: {path}")
        if curves.stopped is None:
            return ExitStatus.DONE
        streams.say(stopped(curves.stopped))
        return ExitStatus.DOES_NOT_HOLD

    def _chosen(self, parts: Sequence[Part], layer: int | None, only: Sequence[str]) -> Curves:
        """With the gradients and the parameters that are to be drawn."""
        listing = self.trace.equations
        gradients, parameters = followed(listing, selecting.select(listing, layer, only))
        gradients = gradients if Part.GRADIENTS in parts else []
        parameters = parameters if Part.WEIGHTS in parts else []
        if (only or layer is not None or Part.LOSS not in parts) and not (gradients or parameters):
            raise SelectionError("what is chosen is no gradient and no weight: drawn are dW, db, W and b")
        return Curves(self.trace, *self.iterations, gradients, parameters)

    def _read(self, curves: Curves) -> Curves:
        for _ in output.progress(curves.steps(), curves.count, "steps", to_file=True):
            pass
        return curves
