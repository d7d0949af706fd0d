"""Every gradient against central differences of the same list, entry by entry.

For dQ the entries of Q are moved one by one, everything that follows from Q is computed again, and
the loss is looked at. A list agrees with its own differences only if the backward half is what the
chain rule makes of the forward half.
"""

from __future__ import annotations

import time
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

import numpy as np
from msgspec import Struct

from nntrace.equations import Equations, Phase
from nntrace.errors import SelectionError
from nntrace.formula.numpy_source import function_source
from nntrace.formula.plain import plain
from nntrace.formula.switches import switches
from nntrace.formula.tree import Formula, Quantity, nodes
from nntrace.tracing import Step, Trace, compiled

RELATIVE = 1e-6
ABSOLUTE = 1e-9
"""Derivative and difference agree to this much of the larger, and this much of max(1, loss)."""
H = 1e-5
"""How far an entry is moved: in float64 what the difference cuts off and what it rounds are about equal here."""
SMALLEST = 1e-13
"""No entry is moved by less."""
SECONDS = 5.0
"""About how long the default choice of steps takes."""


class Compared(Struct, frozen=True):
    """One entry of a gradient (row and column from 0) beside its difference quotient."""

    step: Step
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
    """An entry that cannot be measured: its formula has a kink between the two points."""

    step: Step
    quantity: Quantity
    row: int
    column: int
    kink: str


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

    def over(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Verify `steps`, each handed on when it is done; one that is not finite is the last and is left out."""
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
            self.steps.append(step.place)
            yield step

    def over_some(self, seconds: float = SECONDS) -> Iterator[Step]:
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
        last = min(len(self.trace), max(1, int(seconds / 2 / reaching)))
        count = max(2, int((seconds - last * reaching) / each))
        chosen = set(_evenly(last, count)) - {0}
        every = enumerate(self.trace.steps(0, last))
        yield from self.over(step for number, step in every if number in chosen or step.stopped)

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
    """The first, the last and evenly chosen numbers between, from 0, `most` at most."""
    if most is None or most >= count:
        return range(count)
    return list(dict.fromkeys(np.linspace(0, count - 1, most).round().astype(int).tolist()))


def _seconds_for_a_step(trace: Trace, sample: int = 100) -> float:
    started = time.perf_counter()
    count = sum(1 for _ in trace.steps(0, sample))
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
        self._compute = self._function(self.lines, ["loss"])
        self._switches: Callable[..., tuple[Any, ...]] | None = None
        self._kinks = [(target, part) for target, line in self.lines for part in switches(line)]

    def _function(self, lines: Sequence[tuple[str, Formula]], outputs: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
        return compiled(function_source("loss_of", self.inputs, lines, outputs), "loss_of")

    def seconds(self, step: Step) -> float:
        """About how long one entry takes."""
        values = [step[name] for name in self.inputs]
        started = time.perf_counter()
        self._compute(*values)
        return 3 * (time.perf_counter() - started)

    def entries(self, step: Step, gradient: Quantity, places: Iterable[int]) -> Iterator[Compared | Skipped]:
        """The entries of the gradient of this quantity at these places, counted row by row."""
        derived = step[gradient.name]
        values = {name: step[name] for name in self.inputs}
        start = np.array(step[self.moved])
        floor = ABSOLUTE * max(1.0, abs(step["loss"]))
        for number in places:
            row, column = place = divmod(number, start.shape[1])

            def loss_at(h: float, place: tuple[int, ...] = place) -> tuple[float, float]:
                """The loss with the entry moved by `h`, and how far it really moved."""
                moved = start.copy()
                moved[place] += h
                values[self.moved] = moved
                return float(self._compute(*values.values())[0]), float(moved[place])

            claimed = float(derived[place])

            def compared(measured: float, claimed: float = claimed, row: int = row, column: int = column) -> Compared:
                allowed = RELATIVE * max(abs(claimed), abs(measured)) + floor
                return Compared(step, gradient, row, column, claimed, measured, allowed)

            found = compared(_quotient(loss_at, H))
            if not found.holds:
                kink = self._kink(values, start, place)
                if kink is not None:
                    yield Skipped(step, gradient, row, column, kink)
                    continue
                found = compared(_extrapolated(loss_at))
            yield found

    def _kink(self, values: dict[str, Any], start: Any, place: tuple[int, ...]) -> str | None:
        """The part of a formula that changes sides within `H` of where the entry is; None if none does."""
        if self._switches is None:
            lines = [(f"switch{number}", condition) for number, (_, (_, condition)) in enumerate(self._kinks)]
            self._switches = self._function([*self.lines, *lines], [name for name, _ in lines] or ["loss"])
        sides = []
        for h in (-H, 0.0, H):
            moved = start.copy()
            moved[place] += h
            sides.append(self._switches(*{**values, self.moved: moved}.values()))
        for number, (target, (part, _)) in enumerate(self._kinks):
            before, here, after = (side[number] for side in sides)
            if not (np.array_equal(before, here) and np.array_equal(here, after)):
                return f"{plain(part)} in {target}"
        return None


def _used(formula: Formula) -> set[Quantity]:
    return {node for node in nodes(formula) if isinstance(node, Quantity)}


LossAt = Callable[[float], tuple[float, float]]


def _quotient(loss_at: LossAt, h: float) -> float:
    (above, high), (below, low) = loss_at(h), loss_at(-h)
    return (above - below) / (high - low)


def _extrapolated(loss_at: LossAt, largest: float = 0.1, halvings: int = 14) -> float:
    """Ridders' method: quotients of ever smaller steps, extrapolated to none, and of all the steadiest.

    It begins where the loss is finite on both sides (not beyond the 0 of a logarithm), and judges by
    how far the estimates are from each other, never by what they are compared with.
    Source: Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.
    """
    while largest > SMALLEST and not isfinite(_quotient(loss_at, largest)):
        largest /= 2
    best, error = float("nan"), float("inf")
    before: list[float] = []
    for number in range(halvings):
        row = [_quotient(loss_at, largest / 2**number)]
        for order, coarser in enumerate(before, start=1):
            row.append(row[-1] + (row[-1] - coarser) / (4**order - 1))
            disagreement = max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
            if disagreement < error:
                best, error = row[-1], disagreement
        before = row
    return best
