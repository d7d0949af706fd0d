"""What `run`, `step` and `export` have in common: a trace, the steps chosen from it, a form."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from nntrace import selecting
from nntrace.cli import output
from nntrace.cli.options import Iterations
from nntrace.cli.source import LEFT_OUT, load_config
from nntrace.equations import Equations
from nntrace.errors import ExitStatus, OutputError, SelectionError
from nntrace.examples import inputs_from
from nntrace.render import FORMS, TERMINAL, Detail, Form
from nntrace.render.numbers import typed
from nntrace.render.view import Chosen, Style, View
from nntrace.render.words import counted, end_tables, predictions, stopped
from nntrace.summary import Summary
from nntrace.tracing import Step, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class Showing:
    """A trace, what is to be shown of it, and how it went: the object behind the shared options."""

    def __init__(
        self,
        config: str | None,
        settings: Sequence[str],
        layer: int | None,
        only: Sequence[Sequence[str]],
        detail: str | None,
        fragment: bool,
    ) -> None:
        self.left_out = config is None
        self.trace = Trace(load_config(config, settings))
        self.layer = layer
        self.only = [name for group in only for name in group]
        self.detail = Detail(detail) if detail else None
        self.fragment = fragment
        self.stopped: Step | None = None
        self.view: View

    def run(self, iterations: Iterations | None, example: int | None, batch: int | None) -> None:
        """Choose the steps of the whole run, or of some iterations and one batch of each."""
        steps, count = chosen_steps(self.trace, iterations, example, batch)
        first, last = iterations or (1, self.trace.config.iterations)
        self._choose(self.trace.equations, steps, Chosen(first, last, batch, example), count)
        if iterations is None and example is None and batch is None:
            summary = Summary(self.trace)
            steps = summary.reading(self.view.steps)
            self.view = replace(self.view, steps=steps, ending=lambda: end_tables(summary))

    def step(self, iteration: int, example: int | None, batch: int | None) -> None:
        """Choose one step."""
        step = self.trace.step(iteration, example, batch)
        self._choose(self.trace.equations, [step], Chosen(iteration, iteration, step.batch))

    def predict(self, given: Sequence[Sequence[float]], file: str | None) -> None:
        """Train, then choose the forward pass of the given inputs and of those in a file."""
        x = self._inputs(given, file)
        steps = output.progress(self.trace, len(self.trace), "training", to_file=True)
        last = deque(steps, maxlen=1).pop()
        if last.stopped:
            raise SelectionError(f"there is no trained network: {last.stopped} is not finite in {last.place}")
        passed = self.trace.predict(x, last)
        outputs = passed[passed.equations.layers[-1].A.name].T
        table = predictions("", self.trace.config, {"x": x, "ŷ": outputs})
        self._choose(passed.equations, [passed])
        self.view = replace(self.view, ending=lambda: [table], ends_with="Predictions")

    def _choose(self, listing: Equations, steps: Iterable[Step], chosen: Chosen | None = None, count: int = 1) -> None:
        self.view = View(
            trace=self.trace,
            listing=listing,
            steps=self._watched(steps),
            quantities=selecting.select(listing, self.layer, self.only),
            chosen=chosen,
            count=count,
            fragment=self.fragment,
            once=bool(self.only),
        )

    def _inputs(self, given: Sequence[Sequence[float]], file: str | None) -> Array:
        config = self.trace.config
        inputs = config.architecture.inputs
        for x in given:
            if len(x) != inputs:
                written = ",".join(map(typed, x))
                has, takes = counted(len(x), "number"), counted(inputs, "input")
                raise SelectionError(f"--x {written} has {has}; the network takes {takes}")
        parts = [np.array(given, dtype=np.float64)] if given else []
        if file is not None:
            parts.append(inputs_from(file, config.data.x, inputs))
        if not parts:
            example = ",".join(map(typed, config.x[0]))
            raise SelectionError(f"there is no input: say one with --x {example}, or a file with --data")
        return np.concatenate(parts)

    def show(self, to: str | None, color: str, pager: bool) -> int:
        """Write to stdout; returns the exit status."""
        form = FORMS[to] if to else TERMINAL
        self._check(form)
        if form.binary and sys.stdout.isatty():
            raise OutputError(f"--to {form.name} is nothing for a terminal: nntrace export --to {form.name} -o FILE")
        style = output.style(color)
        pieces = self._pieces(form, style, to_file=False)
        if self.left_out and form is not TERMINAL:
            output.say(LEFT_OUT)
        elif self.left_out:
            pieces = _after(f"{LEFT_OUT}\n\n", pieces)
        output.show(pieces, pager=pager, coloured=style.colour)
        return self._ended(form)

    def save(self, path: str, form: Form) -> int:
        """Write to a file; returns the exit status."""
        self._check(form)
        if self.left_out:
            output.say(LEFT_OUT)
        output.save(path, self._pieces(form, Style(), to_file=True))
        return self._ended(form, to_file=True)

    def _check(self, form: Form) -> None:
        if form.outcome and (self.only or self.layer is not None):
            raise SelectionError(f"--to {form.name} has all of them: it goes without --only and --layer")
        check_fragment(form, self.fragment)

    def _ended(self, form: Form, *, to_file: bool = False) -> ExitStatus:
        """The exit status; why it is 1, unless the form has said so on the screen."""
        if self.stopped is None:
            return ExitStatus.DONE
        if to_file or form is not TERMINAL:
            written = " What was before it is written." if form.outcome else " All up to it is written."
            output.say(stopped(self.stopped) + (written if self.stopped.iteration else ""))
        return ExitStatus.DOES_NOT_HOLD

    def _pieces(self, form: Form, style: Style, *, to_file: bool) -> Iterable[str | bytes]:
        steps = output.progress(self.view.steps, self.view.count, "steps", to_file=to_file)
        detail = self.detail or form.detail
        return form.render(replace(self.view, steps=steps, detail=detail, style=style, remark=output.say))

    def _watched(self, steps: Iterable[Step]) -> Iterator[Step]:
        for step in steps:
            self.stopped = step if step.stopped else None
            yield step


def check_fragment(form: Form, fragment: bool) -> None:
    """Raise `SelectionError` where a fragment is asked of a form that has no document around it."""
    if fragment and not form.document:
        raise SelectionError(f"--fragment leaves out the document around the body, and {form.name} has none")


def chosen_steps(
    trace: Trace, iterations: Iterations | None, example: int | None, batch: int | None
) -> tuple[Iterator[Step], int]:
    """The steps that the options name, and how many they are; where the trace stops, its last step too."""
    config = trace.config
    selecting.check_batch(config, example, batch)
    first = selecting.iteration(config, iterations.first) if iterations else 1
    last = selecting.iteration(config, iterations.last) if iterations else config.iterations
    every = trace.steps((first - 1) * config.batches, last * config.batches)
    steps = (
        step
        for step in every
        if step.stopped or (batch in (None, step.batch) and (example is None or example in step.examples))
    )
    return steps, (last - first + 1) * (config.batches if example is None and batch is None else 1)


def _after(first: str, pieces: Iterable[str | bytes]) -> Iterator[str | bytes]:
    yield first
    yield from pieces
