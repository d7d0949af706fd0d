"""The steps of a run as they are shown; with `--checkpoint` it goes on where it was left, and is left in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING

from msgspec import json

from nntrace.cli import interrupts, output, streams
from nntrace.cli.output import Part
from nntrace.errors import OutputError
from nntrace.render.words import counted
from nntrace.selecting import Chosen
from nntrace.summary import Summary
from nntrace.tracing import Step, Trace

if TYPE_CHECKING:
    from nntrace.saving import Shown

SECONDS = 10.0
"""So often a checkpoint is saved."""


class Checkpoint:
    """The file: read before the first step, written now and then, at the end, and where it is interrupted."""

    def __init__(self, path: str, trace: Trace) -> None:
        from nntrace.saving import matters, unpacked  # what few commands need

        if path == "-":
            raise OutputError("--checkpoint takes a file, which is read and written")
        self.path = path
        self.trace = trace
        self._of = matters(trace)
        self.shown: Shown | None = unpacked(path, trace, self._of) if os.path.lexists(path) else None
        self._due = monotonic() + SECONDS

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return monotonic() > self._due

    def save(self) -> None:
        """Write what is known now."""
        from nntrace.saving import packed

        output.save(self.path, [packed(self.trace, self._of, self.shown)])
        self._due = monotonic() + SECONDS

    def reached(self, number: int) -> None:
        """Training has come to a number."""
        if self.due:
            self.save()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is trained inside is saved at the end, and where it is interrupted."""
        self.save()  # that it cannot be is better known before hours of training than after
        try:
            yield
        except KeyboardInterrupt:
            self.save()
            streams.say(f"Interrupted: {self.path} has what was trained, and the same command goes on from there.")
            raise
        self.save()


class Source:
    """Steps that are there already, as a form is given them: `part` is the file that is gone on with."""

    part: Part | None = None
    stopped: Step | None = None
    """The step that the trace stopped at, once it is given."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = steps

    def steps(self) -> Iterator[Step]:
        """The steps."""
        for step in self._steps:
            if step.stopped:
                self.stopped = step
            yield step

    def opened(self, pieces: Iterable[str | bytes]) -> Iterable[str | bytes]:
        """The pieces that are made of them, without those that are written already."""
        return pieces

    def written(self) -> None:
        """A piece is written."""

    def kept(self) -> AbstractContextManager[None]:
        """What is shown inside is saved at the end, and where it is interrupted."""
        return nullcontext()


class Run(Source):
    """The chosen steps of a run as a form is given them, from the first, or from where it was left.

    `position` is the number of the step before which all is shown: it moves when a step is written, or
    passed. A `summary` takes note of each step at the same time.
    """

    def __init__(
        self,
        trace: Trace,
        chosen: Chosen,
        names: Iterable[str] | None = None,
        summary: Summary | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        super().__init__(())
        self.trace = trace
        self.chosen = chosen
        self.names = names
        self.summary = summary
        self.checkpoint = checkpoint
        self.position = 0
        self.going_on = False
        self._what = ""
        self._begun = False
        self._given: Step | None = None
        self._size = 0

    def go_on(self, what: Sequence[object], path: str | None) -> None:
        """From where `what` (of the file at `path`, or on stdout) was left, if it was; and leave it so."""
        assert self.checkpoint is not None
        self._what = json.encode([*what, path and os.path.realpath(path)]).decode()
        left = self.checkpoint.shown
        if left is None or left.what != self._what or left.position >= len(self.trace):
            left = None
        self.part = Part(path, left.size if left else 0) if path else None
        if left is not None and self.part is not None and not self.part.there:
            self.part, left = Part(path or ""), None
        if left is None:
            return
        self.position, self._size, self.going_on = left.position, left.size, True
        if self.summary is not None:
            self.summary.losses.extend(left.losses)
            self.summary.total = left.total
        streams.say(f"{self.checkpoint.path}: going on after {self._far}.")

    def steps(self) -> Iterator[Step]:
        self._begun = True
        spans = self.chosen.spans(self.trace.config)
        left = (range(max(span.start, self.position), span.stop) for span in spans if span.stop > self.position)
        steps = self.trace.over(
            left,
            self.names,
            passed=self._pass if self.summary else None,
            since=self.position,
            reached=self._reach,
            keep=self.checkpoint is not None,
        )
        for step in steps:
            if step.stopped:
                self.stopped = step
            self._given = step
            yield step
            self._note()

    def opened(self, pieces: Iterable[str | bytes]) -> Iterable[str | bytes]:
        return (piece for piece in pieces if self._begun) if self.going_on else pieces

    def written(self) -> None:
        if self.checkpoint is not None:  # else it is noted when the next one is asked for
            if self.part is not None:
                self._size = self.part.written
            self._note()
            self._save_if_due()

    @contextmanager
    def kept(self) -> Iterator[None]:
        if self.checkpoint is not None:
            self.checkpoint.save()
        try:
            yield
        except KeyboardInterrupt:
            if self.checkpoint is not None:
                interrupts.hurry()
                self._flush()
                interrupts.calm()
                self._save()
                goes_on = f"after {self._far}: the same command goes on from there"
                keeps = f"after {self._far}: {self.checkpoint.path} has what was trained"
                streams.say(f"Interrupted {goes_on if self._what else keeps}.")
            raise
        if self.checkpoint is not None:
            self._finish()

    @property
    def _far(self) -> str:
        return f"{self.position:,} of {counted(len(self.trace), 'step')}"

    def _note(self) -> None:
        step = self._given
        if step is not None:
            self._given = None
            if self.summary is not None:
                self.summary.take(step)
            self.position = step.position + 1

    def _pass(self, step: Step) -> None:
        interrupts.hold()
        self._given = step
        self._note()
        interrupts.release()

    def _reach(self, number: int) -> None:
        self.position = number
        self._save_if_due()

    def _save_if_due(self) -> None:
        if self.checkpoint is not None and self.checkpoint.due:
            self._save()

    def _save(self) -> None:
        assert self.checkpoint is not None
        if self.stopped:
            self.checkpoint.shown = None  # there is nothing to go on with
        elif self._what:
            from nntrace.saving import Shown

            self._flush()
            losses, total = (self.summary.losses, self.summary.total) if self.summary else ((), 0.0)
            self.checkpoint.shown = Shown(self._what, self.position, self._size, total, losses)
        self.checkpoint.save()

    def _flush(self) -> None:
        """What is shown is out of our hands."""
        if self.part is None:
            output.flush()
        else:
            self.part.flush()

    def _finish(self) -> None:
        """All is shown: only a run that is made longer goes on from here, in a stream."""
        assert self.checkpoint is not None
        interrupts.hold()  # for good: all is done
        if self._what and (self.part is not None or self.position < len(self.trace)):
            self._what, self.checkpoint.shown = "", None
        self._save()
