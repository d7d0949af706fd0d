"""What `run`, `step` and `export` have in common: a trace, the steps chosen from it, a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from nntrace import bundle, selecting
from nntrace.cli import output
from nntrace.cli.options import Iterations
from nntrace.cli.source import load_config
from nntrace.errors import ExitStatus
from nntrace.render import FORMS, TERMINAL, Detail, Form
from nntrace.render.view import Style, View
from nntrace.render.words import stopped
from nntrace.tracing import Step, Trace

LEFT_OUT = f"CONFIG left out: this is the bundled `{bundle.DEFAULT}`."


class Showing:
    """A trace, what is to be shown of it, and how it went: the object behind the shared options."""

    def __init__(
        self,
        config: str | None,
        settings: Sequence[str],
        layer: int | None,
        only: Sequence[Sequence[str]],
        detail: str,
    ) -> None:
        self.left_out = config is None
        self.trace = Trace(load_config(config, settings))
        names = [name for group in only for name in group]
        quantities = selecting.select(self.trace.equations, layer, names)
        self.view = View(self.trace, (), quantities, Detail(detail), once=bool(names))
        self.total = 0
        self.stopped: Step | None = None

    def run(self, iterations: Iterations | None, example: int | None, batch: int | None) -> None:
        """Choose the steps of the whole run, or of some iterations and one batch of each."""
        config = self.trace.config
        first = selecting.iteration(config, iterations.first) if iterations else 1
        last = selecting.iteration(config, iterations.last) if iterations else config.iterations
        one = selecting.batch(config, example, batch)
        every = self.trace.steps((first - 1) * config.batches, last * config.batches)
        steps = (step for step in every if one in (None, step.batch) or step.stopped)
        self.total = (last - first + 1) * (1 if one else config.batches)
        self.view = replace(self.view, steps=self._watched(steps), whole=iterations is None and one is None)

    def step(self, iteration: int, example: int | None, batch: int | None) -> None:
        """Choose one step."""
        self.total = 1
        self.view = replace(self.view, steps=self._watched([self.trace.step(iteration, example, batch)]))

    def show(self, to: str | None, color: str, pager: bool) -> int:
        """Write to stdout; returns the exit status."""
        form = FORMS[to] if to else TERMINAL
        style = output.style(color)
        pieces = self._pieces(form, style, to_file=False)
        if self.left_out and form is not TERMINAL:
            output.say(LEFT_OUT)
        elif self.left_out:
            pieces = _after(f"{LEFT_OUT}\n\n", pieces)
        output.show(pieces, pager=pager, coloured=style.colour)
        return self._ended(said=form is TERMINAL)

    def save(self, path: str, form: Form) -> int:
        """Write to a file; returns the exit status."""
        if self.left_out:
            output.say(LEFT_OUT)
        output.save(path, self._pieces(form, Style(), to_file=True))
        return self._ended(said=False)

    def _ended(self, *, said: bool) -> ExitStatus:
        """The exit status; why it is 1, unless the form has said so on the screen."""
        if self.stopped is None:
            return ExitStatus.DONE
        if not said:
            output.say(f"{stopped(self.stopped)} The steps up to it are written.")
        return ExitStatus.DOES_NOT_HOLD

    def _pieces(self, form: Form, style: Style, *, to_file: bool) -> Iterable[str | bytes]:
        steps = output.progress(self.view.steps, self.total, "steps", to_file=to_file)
        return form.render(replace(self.view, steps=steps, style=style))

    def _watched(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            self.stopped = step if step.stopped else None
            yield step


def _after(first: str, pieces: Iterable[str | bytes]) -> Iterator[str | bytes]:
    yield first
    yield from pieces
