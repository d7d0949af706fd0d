"""Every gradient against central differences of the same list, entry by entry.

For dQ the entries of Q are moved one by one, everything that follows from Q is computed again, and
the loss is looked at. A list agrees with its own differences only if the backward half is what the
chain rule makes of the forward half.
"""

from __future__ import annotations

import time
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import isfinite

import numpy as np
from msgspec import Struct

from nntrace.differences import Kinks, Moving, loss_function
from nntrace.equations import Equations, Phase
from nntrace.errors import SelectionError
from nntrace.formula.tree import Formula, Quantity
from nntrace.formula.walking import nodes
from nntrace.tracing import Step, Trace

RELATIVE = 1e-6
ABSOLUTE = 1e-9
"""Derivative and difference agree to this much of the larger, and this much of max(1, loss)."""
SECONDS = 5.0
"""About how long the default choice of steps takes."""


class Compared(Struct, frozen=True):
    """One entry of a gradient (row and column from 0) beside its difference quotient; `place` is the step."""

    place: str
    quantity: Quantity
    row: int
    column: int
    derived: float
    measured: float
    allowed: float

    @property
    def off(self) -> float:
        return abs(self.derived - self.measured)

    @property
    def holds(self) -> bool:
        return self.off <= self.allowed

    @property
    def badness(self) -> float:
        """How much of what is allowed it is off by."""
        return self.off / self.allowed if isfinite(self.off) else float("inf")


class Skipped(Struct, frozen=True):
    """An entry that a difference says nothing of: a formula has a kink within the step.

    What it says with the kinks held on the side where they are agrees: else it would be a `Compared`.
    """

    place: str
    quantity: Quantity
    row: int
    column: int
    why: str


class Tally(Struct):
    """What was found of one gradient over all steps: `entries` were looked at of the `of` that it has there."""

    quantity: Quantity
    of: int = 0
    entries: int = 0
    failed: int = 0
    skipped: int = 0
    worst: Compared | None = None

    def add(self, found: Compared | Skipped) -> None:
        self.entries += 1
        if isinstance(found, Skipped):
            self.skipped += 1
            return
        self.failed += not found.holds
        if self.worst is None or found.badness > self.worst.badness:
            self.worst = found


class Verification:
    """Verifies steps one by one and keeps the tally of each gradient."""

    def __init__(self, trace: Trace) -> None:
        if trace.config.round is not None:
            raise SelectionError(
                f"with `round: {trace.config.round}` every quantity moves in jumps: there is no derivative to verify\n"
                "The same network without rounding: --set round=null"
            )
        self.trace = trace
        self.steps: list[str] = []
        self.reached = len(trace)
        """To which step of the run the choice of steps went."""
        self.skipped: list[Skipped] = []
        self.stopped: Step | None = None
        self.most: int | None = None
        """At most so many entries of a gradient in a step, evenly chosen; None: all."""
        gradients = [q for q in trace.equations.quantities if q.prefix == "d"]
        self.tallies = {q: Tally(q) for q in gradients}
        self._losses = {q: _LossOf(trace.equations, q.variant()) for q in gradients}

    @property
    def entries(self) -> int:
        """How many entries were compared."""
        return sum(tally.entries - tally.skipped for tally in self.tallies.values())

    @property
    def failed(self) -> int:
        return sum(tally.failed for tally in self.tallies.values())

    @property
    def holds(self) -> bool:
        """Whether there was something to compare, and all of it holds."""
        return self.failed == 0 and self.entries > 0

    @cached_property
    def size(self) -> int:
        """How many entries the gradients of a step have."""
        columns = min(self.trace.config.batch_size, self.trace.config.examples)
        return sum(q.size(columns) for q in self.tallies)

    def over(self, steps: Iterable[Step]) -> Iterator[Compared | Skipped]:
        """Verify `steps`, entry by entry; one that is not finite is the last and is left out."""
        for step in steps:
            if step.stopped:
                self.stopped = step
                return
            for quantity, tally in self.tallies.items():
                size = step[quantity.name].size
                tally.of += size
                for found in self._losses[quantity].entries(step, quantity, _evenly(size, self.most)):
                    tally.add(found)
                    if isinstance(found, Skipped):
                        self.skipped.append(found)
                    yield found
            self.steps.append(step.place)

    def over_some(self, seconds: float = SECONDS) -> Iterator[Compared | Skipped]:
        """Verify the first step, the last, and as many evenly chosen between as fit into so many seconds.

        Where the last is too far to be reached in that time, the last that can be; where not even
        two steps fit, some entries of each gradient in these two.
        """
        started = time.perf_counter()
        first = next(self.trace.steps(0, 1))
        if not first.stopped:
            self.most = self._affordable(first, seconds / 2)
        yield from self.over([first])
        each = time.perf_counter() - started
        if self.stopped:
            return
        reaching = _seconds_for_a_step(self.trace)
        last = self.reached = min(len(self.trace), max(1, int(seconds / 2 / reaching)))
        count = max(2, int((seconds - last * reaching) / each))
        chosen = _evenly(last, count)[1:]
        yield from self.over(self.trace.over(range(number, number + 1) for number in chosen))

    def _affordable(self, step: Step, seconds: float) -> int | None:
        """How many entries of a gradient can be looked at in so many seconds for the step; None if all can."""
        costs: list[tuple[int, float]] = [(step[q.name].size, self._losses[q].seconds(step)) for q in self.tallies]

        def cost(most: int) -> float:
            return sum(min(size, most) * each for size, each in costs)

        largest = max(size for size, _ in costs)
        if cost(largest) <= seconds:
            return None
        return bisect(range(1, largest), seconds, key=cost) or 1


def _evenly(count: int, most: int | None) -> Sequence[int]:
    """The first, the last (where `most` is not 1) and evenly chosen numbers between, from 0, `most` at most."""
    if most is None or most >= count:
        return range(count)
    return list(dict.fromkeys(np.linspace(0, count - 1, most).round().astype(int).tolist()))


def _seconds_for_a_step(trace: Trace, sample: int = 100) -> float:
    started = time.perf_counter()
    count = sum(1 for _ in trace.steps(0, sample, names=trace.loss_names))
    return max((time.perf_counter() - started) / count, 1e-7)


class _LossOf:
    """The loss as a function of one quantity, everything that does not follow from it held."""

    def __init__(self, listing: Equations, moved: Quantity) -> None:
        self.moved = moved.name
        forward = [equation for equation in listing if equation.phase in (Phase.FORWARD, Phase.LOSS)]
        follows = {moved}
        self.lines: list[tuple[str, Formula]] = []
        for equation in forward:
            if follows & _used(equation.formula) and equation.target not in follows:
                follows.add(equation.target)
                self.lines.append((equation.target.name, equation.formula))
        computed = {name for name, _ in self.lines}
        self.inputs = sorted({q.name for _, line in self.lines for q in _used(line)} - computed)
        self._compute = loss_function(self.inputs, self.lines, ["loss"])

    def seconds(self, step: Step) -> float:
        """About how long one entry takes."""
        values = [step[name] for name in self.inputs]
        started = time.perf_counter()
        self._compute(*values)
        return 3 * (time.perf_counter() - started)

    def entries(self, step: Step, gradient: Quantity, places: Iterable[int]) -> Iterator[Compared | Skipped]:
        """The entries of the gradient of this quantity at these places, counted row by row."""
        values = {name: step[name] for name in self.inputs}
        floor = ABSOLUTE * max(1.0, abs(step["loss"]))
        columns = step[self.moved].shape[1]
        for number in places:
            row, column = divmod(number, columns)
            moving = Moving(self._compute, values, self.moved, (row, column))
            if not isfinite(moving.here):
                yield Skipped(step.place, gradient, row, column, f"{self.moved} itself is not finite")
                continue

            derived = float(step[gradient.name][row, column])

            def compared(measured: float, derived: float = derived, row: int = row, column: int = column) -> Compared:
                allowed = RELATIVE * max(abs(derived), abs(measured)) + floor
                return Compared(step.place, gradient, row, column, derived, measured, allowed)

            found = compared(moving.quotient(moving.h))
            if found.holds:
                yield found
                continue
            kink = self._kinks.between(moving)
            if kink is None:
                yield compared(moving.extrapolated())
                continue
            held = self._kinks.held(moving)
            found = compared(held.quotient(held.h))
            found = found if found.holds else compared(held.extrapolated())
            yield Skipped(step.place, gradient, row, column, kink) if found.holds else found

    @cached_property
    def _kinks(self) -> Kinks:
        return Kinks(self.inputs, self.lines)


def _used(formula: Formula) -> set[Quantity]:
    return {node for node in nodes(formula) if isinstance(node, Quantity)}
