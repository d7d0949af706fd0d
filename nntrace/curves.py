"""What numbers do over a run: the loss, the size of each gradient, the weights, thinned to what a picture can show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from nntrace.equations import Equations
from nntrace.formula.tree import Quantity
from nntrace.summary import Summary
from nntrace.tracing import Step, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PIECES = 1000
"""A run is cut into so many pieces at most: about one for each pixel or two of a picture."""
ENTRIES = 16
"""A parameter of more entries is shown by the least, the mean and the greatest of them."""


Point = tuple[float, float]


class Curve(Struct, frozen=True, eq=False):
    """A number over the updates of a run, in pieces: at `x` it goes from `low` to `high`, nan where it is not finite.

    Where a piece is one update, `low` is `high`. `ends` are x and y of its very first and last number.
    """

    x: Array
    low: Array
    high: Array
    ends: tuple[Point, Point]

    @property
    def line(self) -> tuple[Array, Array]:
        """As the x and the y of one line: in a piece of several updates it meets the least and the greatest.

        In that order where it rises from one piece to the next, which is how it most likely went.
        """
        if np.array_equal(self.low, self.high, equal_nan=True):
            return self.x, self.low
        rises = np.diff(self.low + self.high, prepend=0) > 0
        rises[:1] = rises[1:2]
        y = np.where(rises, [self.low, self.high], [self.high, self.low])
        x = np.stack([(self.x + np.concatenate([self.x[:1], self.x[:-1]])) / 2, self.x])
        return x.T.ravel(), y.T.ravel()

    @property
    def finite(self) -> Curve:
        """Without the pieces in which nothing is finite."""
        kept = np.isfinite(self.low)
        return Curve(self.x[kept], self.low[kept], self.high[kept], self.ends)


class Parameter(Struct, frozen=True, eq=False):
    """The curves of a parameter: of each of its entries, or of the least, the mean and the greatest."""

    quantity: Quantity
    curves: Sequence[Curve]
    by_entry: bool


class Curves:
    """Reads the steps of some iterations as they go by, and keeps what a picture needs of them.

    The loss is that of an example: the mean over the examples of an update, without a penalty, each before
    that update. `x` counts updates from the beginning of the run; a parameter stands at x as x updates leave
    it. Memory does not grow with the steps, but for the loss of each iteration.
    """

    def __init__(
        self,
        trace: Trace,
        first: int,
        last: int,
        gradients: Sequence[Quantity] = (),
        parameters: Sequence[Quantity] = (),
    ) -> None:
        self.trace = trace
        self.before = (first - 1) * trace.config.batches
        self.count = (last - first + 1) * trace.config.batches
        self.gradients = gradients
        self.parameters = parameters
        self._summary = Summary(trace)
        self._moves = _Thinned(self.count, 1 + len(gradients))
        self._states = _Thinned(self.count + 1, sum(_kept(q) for q in parameters))

    def steps(self) -> Iterator[Step]:
        """The steps, each taken note of."""
        with_new = [q.variant(suffix="new") for q in self.parameters]
        read = [q.name for q in (*self.gradients, *self.parameters, *with_new)]
        made = self.trace.steps(self.before, self.before + self.count, dict.fromkeys([*self.trace.loss_names, *read]))
        step = None
        for number, step in enumerate(self._summary.reading(made)):
            with np.errstate(all="ignore"):
                loss = step.examples_loss / len(step.examples)
                norms = [_norm(step[q.name]) for q in self.gradients]
                self._moves.add(number, [loss, *norms])
                self._states.add(number, _states(step, self.parameters))
            yield step
        if step is not None:
            with np.errstate(all="ignore"):
                self._states.add(number + 1, _states(step, with_new))

    @property
    def stopped(self) -> Step | None:
        """The step at which the run stopped, if it did."""
        last = self._summary.last
        return last if last is not None and last.stopped else None

    @cached_property
    def loss(self) -> Curve:
        """The loss of each update."""
        return self._moves.curves(self.before + 1)[0]

    @cached_property
    def losses(self) -> Curve:
        """The mean loss of each iteration that was finished, at its last update."""
        found = self._summary.losses
        size = self.trace.config.batches
        thinned = _Thinned(max(1, len(found)), 1)
        for number, loss in enumerate(found):
            thinned.add(number, [loss])
        return thinned.curves(self.before + size, size)[0]

    @cached_property
    def norms(self) -> Mapping[Quantity, Curve]:
        """The norm of each gradient in each update."""
        return dict(zip(self.gradients, self._moves.curves(self.before + 1)[1:], strict=True))

    @cached_property
    def states(self) -> Sequence[Parameter]:
        """The parameters, from before the first update to after the last."""
        curves = iter(self._states.curves(self.before))
        return [Parameter(q, [next(curves) for _ in range(_kept(q))], q.size(1) <= ENTRIES) for q in self.parameters]


def followed(listing: Equations, chosen: Iterable[Quantity]) -> tuple[list[Quantity], list[Quantity]]:
    """Of the chosen quantities the gradients of parameters, and the parameters."""
    wanted = set(chosen)
    gradients = [listing.by_name.get(q.variant(prefix="d").name) for q in listing.parameters]
    return [q for q in gradients if q in wanted and q is not None], [q for q in listing.parameters if q in wanted]


class _Thinned:
    """Rows of numbers as they come, kept as the least and the greatest of each piece."""

    def __init__(self, count: int, width: int) -> None:
        self._each = -(-count // PIECES)
        self._low = np.full((-(-count // self._each), width), np.nan)
        self._high = self._low.copy()
        self._first = self._last = np.full(width, np.nan)
        self._count = 0

    def add(self, number: int, row: Sequence[float] | Array) -> None:
        """Row `number`, from 0."""
        self._last = np.asarray(row)
        if number == 0:
            self._first = self._last
        values = np.where(np.isfinite(self._last), self._last, np.nan)
        piece = number // self._each
        np.fmin(self._low[piece], values, out=self._low[piece])
        np.fmax(self._high[piece], values, out=self._high[piece])
        self._count = number + 1

    def curves(self, first: int, size: int = 1) -> list[Curve]:
        """A curve for each column; row 0 stands at `first`, each other `size` further, a piece where its last does."""
        pieces = -(-self._count // self._each)
        rows = np.minimum(np.arange(1, pieces + 1) * self._each, self._count) - 1
        rows[:1] = 0  # a curve begins where the run does
        x = (first + rows * size).astype(np.float64)
        ends = float(first), float(first + (self._count - 1) * size)
        return [
            Curve(x, low[:pieces], high[:pieces], ((ends[0], float(begin)), (ends[1], float(end))))
            for low, high, begin, end in zip(self._low.T, self._high.T, self._first, self._last, strict=True)
        ]


def _norm(gradient: Array) -> float:
    return float(np.sqrt(np.vdot(gradient, gradient)))


def _kept(parameter: Quantity) -> int:
    size = parameter.size(1)
    return size if size <= ENTRIES else 3


def _states(step: Step, parameters: Iterable[Quantity]) -> Array:
    parts = [_state(step[q.name]) for q in parameters]
    return np.concatenate(parts) if parts else np.empty(0)


def _state(value: Array) -> Array:
    if value.size <= ENTRIES:
        return value.ravel()
    return np.array([value.min(), value.mean(), value.max()])
