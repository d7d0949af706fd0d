"""What `run`, `step` and `export` have in common: a trace, the steps chosen from it, a form."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from nntrace import selecting
from nntrace.cli import output, streams
from nntrace.cli.options import Iterations
from nntrace.cli.resuming import Checkpoint, Run, Source
from nntrace.cli.source import LEFT_OUT, load_config
from nntrace.equations import Equations
from nntrace.errors import ExitStatus, OutputError, SelectionError
from nntrace.examples import inputs_from
from nntrace.render import FORMS, TERMINAL, Detail, Form
from nntrace.render.numbers import typed
from nntrace.render.view import Style, View
from nntrace.render.words import counted, end_tables, predictions, stopped
from nntrace.selecting import Chosen
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
        checkpoint: str | None = None,
    ) -> None:
        self.left_out = config is None
        self.trace = Trace(load_config(config, settings))
        self.layer = layer
        self.only = [name for group in only for name in group]
        self.detail = Detail(detail) if detail else None
        self.fragment = fragment
        self.checkpoint = Checkpoint(checkpoint, self.trace) if checkpoint else None
        self.view: View
        self._steps: Sequence[Step] | None = None
        self._summary: Summary | None = None
        self._told = False
        self._iterations: Iterations | None = None

    def run(
        self,
        iterations: Iterations | None,
        example: int | None = None,
        batch: int | None = None,
        every: int | None = None,
        final: bool = False,
    ) -> None:
        """Choose the steps of the whole run, or of some iterations and one batch of each, or some of all these."""
        config = self.trace.config
        first, last = iterations or (1, config.iterations)
        chosen = Chosen(first, last, batch, example, every, final)
        chosen.check(config)
        self._choose(self.trace.equations, None, chosen, chosen.count(config))
        self._iterations = iterations
        self._told = iterations is None and chosen.whole

    def step(self, iteration: int, example: int | None, batch: int | None) -> None:
        """Choose one step."""
        with self._training() as reached:
            step = self.trace.step(iteration, example, batch, reached)
        self._choose(self.trace.equations, [step], Chosen(iteration, iteration, step.batch))

    def predict(self, given: Sequence[Sequence[float]], file: str | None) -> None:
        """Train, then choose the forward pass of the given inputs and of those in a file."""
        x = self._inputs(given, file)
        with self._training() as reached:
            (last,) = self.trace.over([range(len(self.trace) - 1, len(self.trace))], reached=reached, keep=True)
        if last.stopped:
            raise SelectionError(f"there is no trained network: {last.stopped} is not finite in {last.place}")
        passed = self.trace.predict(x, last)
        outputs = passed[passed.equations.layers[-1].A.name].T
        table = predictions("", self.trace.config, {"x": x, "ŷ": outputs})
        self._choose(passed.equations, [passed])
        self.view = replace(self.view, ending=lambda: [table], ends_with="Predictions")

    def _choose(
        self, listing: Equations, steps: Sequence[Step] | None, chosen: Chosen | None = None, count: int = 1
    ) -> None:
        self._steps = steps
        self.view = View(
            trace=self.trace,
            listing=listing,
            steps=(),
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
        source = self._source(form, streamed=not (pager and output.paged()))
        pieces = self._pieces(form, style, source, to_file=False)
        if self.left_out and form is not TERMINAL:
            streams.say(LEFT_OUT)
        elif self.left_out:
            pieces = chain([f"{LEFT_OUT}\n\n"], pieces)
        with source.kept():
            output.show(source.opened(pieces), pager=pager, coloured=style.colour, written=source.written)
        return self._ended(form, source.stopped)

    def save(self, path: str, form: Form) -> int:
        """Write to a file; returns the exit status."""
        self._check(form)
        if self.left_out:
            streams.say(LEFT_OUT)
        source = self._source(form, path)
        pieces = self._pieces(form, Style(), source, to_file=True)
        with source.kept():
            output.save(path, source.opened(pieces), written=source.written, part=source.part)
        return self._ended(form, source.stopped, to_file=True)

    def _source(self, form: Form, path: str | None = None, *, streamed: bool = True) -> Source:
        """What gives the form its steps."""
        chosen = self.view.chosen
        if self._steps is not None or chosen is None:
            return Source(self._steps or ())
        if form.outcome:
            chosen = replace(chosen, every=None, final=True)
        self._summary = Summary(self.trace) if self._told and form.ends else None
        detail = self.detail or form.detail
        shown = [q.name for q in self.view.quantities]
        told = self.trace.loss_names if self._summary else ()
        names = None if form.operands or detail is not Detail.VALUES else dict.fromkeys([*shown, *told])
        run = Run(self.trace, chosen, names, self._summary, self.checkpoint)
        if self.checkpoint and form.streamed and streamed:
            which = chosen if self._iterations else replace(chosen, last=0)  # it may be made longer
            run.go_on([form.name, detail, self.fragment, shown, which], path)
        return run

    def _pieces(self, form: Form, style: Style, source: Source, *, to_file: bool) -> Iterable[str | bytes]:
        steps = output.progress(source.steps(), self.view.count, "steps", to_file=to_file)
        detail = self.detail or form.detail
        view = replace(self.view, steps=steps, detail=detail, style=style, remark=streams.say)
        summary = self._summary
        return form.render(view if summary is None else replace(view, ending=lambda: end_tables(summary)))

    @contextmanager
    def _training(self) -> Iterator[Callable[[int], None]]:
        """To be told how far training is, which is shown and saved."""
        with output.waiting(len(self.trace), "training") as shown:
            if self.checkpoint is None:
                yield shown
                return
            save = self.checkpoint.reached

            def reached(number: int) -> None:
                shown(number)
                save(number)

            with self.checkpoint.kept():
                yield reached

    def _check(self, form: Form) -> None:
        if form.outcome and (self.only or self.layer is not None):
            raise SelectionError(f"--to {form.name} has all of them: it goes without --only and --layer")
        check_fragment(form, self.fragment)

    def _ended(self, form: Form, at: Step | None, *, to_file: bool = False) -> ExitStatus:
        """The exit status of a trace that stops `at` a step; why it is 1, unless the form has said so on the screen."""
        if at is None:
            return ExitStatus.DONE
        if to_file or form is not TERMINAL:
            written = " What was before it is written." if form.outcome else " All up to it is written."
            streams.say(stopped(at) + (written if at.iteration else ""))
        return ExitStatus.DOES_NOT_HOLD


def check_fragment(form: Form, fragment: bool) -> None:
    """Raise `SelectionError` where a fragment is asked of a form that has no document around it."""
    if fragment and not form.document:
        raise SelectionError(f"--fragment leaves out the document around the body, and {form.name} has none")
