"""Training: the list compiled into a loop, run some steps at a time, stopped by what is not finite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nntrace.config.model import Config, chosen
from nntrace.equations import Equations
from nntrace.formula.compiling import compiled
from nntrace.formula.numpy_source import function_source, loop_source
from nntrace.maths.initial import INITIALIZERS
from nntrace.selecting import examples_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

State = Sequence[Any]
"""What one step hands to the next: every W and b in order, then what the optimizer keeps."""

MOVING = ("m", "alpha", "t")
"""The constants of the formulas that differ between steps."""
MOST_STEPS = 64
"""So many steps are made at once: enough that what is done once for them costs nothing."""
STRETCH_BYTES = 4 * 2**20
"""About as much as is kept of the steps that are made at once."""
STRETCH_WORK = 2**28
"""About as many multiplications are done in them: a tenth of a second."""
COLUMNS_BYTES = 16 * 2**20
"""Up to this size the examples are kept as the columns of their batches, else they are laid out anew each time."""
BLAS_ALONE = 10_000
"""Up to this many entries a product of vectors stays on one thread, and is the quickest look at them."""


class Stretch(NamedTuple):
    """Some steps, one after the other: what was to be kept of each, and the state after them.

    `stopped` names the first quantity of the last step that is not finite, where the loss or what is
    handed on is not; else it is None.
    """

    rows: Sequence[tuple[Any, ...]]
    state: State
    stopped: str | None


class Training:
    """The compiled list of a run; `source` is the function that computes one step, as Python source."""

    def __init__(self, config: Config, listing: Equations) -> None:
        self.config = config
        self.listing = listing
        self.start: State = (*initial_parameters(config), *_zeros(listing))
        self.names = tuple(q.name for q in listing.quantities)
        self.source = function_source(
            "step", [q.name for q in listing.inputs], self._lines, self.names, notes=listing.notes
        )
        known = {"l2": config.l2, "clip_norm": config.clip_norm, **config.chosen_optimizer.parameters}
        self._fixed = {q.name: known[q.name] for q in listing.constants if q.name not in MOVING}
        self._loops: dict[tuple[str, ...] | None, Callable[..., tuple[Any, State]]] = {}
        self._small = config.shuffle is None and config.x.nbytes + config.y.nbytes <= COLUMNS_BYTES
        self._columns: dict[int, tuple[Array, Array]] = {}
        self._numbers: dict[int, range] = {}

    def examples(self, iteration: int, batch: int) -> Sequence[int]:
        """The numbers of the examples (from 1) of a batch in an iteration (both from 0), in their order."""
        if batch in self._numbers:
            return self._numbers[batch]
        numbers = examples_of(self.config, iteration + 1, batch + 1)
        if not isinstance(numbers, range):
            return tuple(number + 1 for number in numbers)
        made = range(numbers.start + 1, numbers.stop + 1)
        if self._small:
            self._numbers[batch] = made
        return made

    def steps_at_once(self, names: tuple[str, ...] | None) -> int:
        """How many steps of which `names` are kept are made at once, that neither memory nor patience suffers."""
        columns = min(self.config.batch_size, self.config.examples)
        made = {equation.target.name: equation.target.size(columns) for equation in self.listing}
        kept = 8 * sum(made.get(name, 1) for name in names or ())
        work = 3 * columns * sum(layer.W.size(columns) for layer in self.listing.layers)
        return max(1, min(MOST_STEPS, STRETCH_BYTES // max(1, kept), STRETCH_WORK // work))

    def run(self, state: State, first: int, last: int, names: tuple[str, ...] | None = None) -> Stretch:
        """The steps from number `first` to before `last` (from 0), which `state` is handed to.

        The `names` are kept of each; if that is None, nothing is, and there are no rows unless it stops.

        One look after the last of them is enough: a number that is not finite stays so in what is handed
        on, and in the sum of the losses.
        """
        rows, total, after = self._made(state, first, last, names)
        if finite(total, after):
            return Stretch(rows, after, None)
        return self._one_by_one(state, first, last, names)

    def _one_by_one(self, state: State, first: int, last: int, names: tuple[str, ...] | None) -> Stretch:
        """The same with a look at every number that each step hands on."""
        rows = []
        for number in range(first, last):
            (values,), _, state = self._made(state, number, number + 1, self.names)
            by_name = dict(zip(self.names, values, strict=True))
            rows.append(tuple(by_name[name] for name in names or ()))
            if not all(np.isfinite(value).all() for value in (by_name["loss"], *state)):
                return Stretch(rows, state, not_finite(by_name))
        return Stretch(rows, state, None)

    def _made(
        self, state: State, first: int, last: int, names: tuple[str, ...] | None
    ) -> tuple[list[tuple[Any, ...]], float, State]:
        """What is kept of each step, the sum of their losses, and the state after them, whatever they are."""
        rows: list[tuple[Any, ...]] = []
        total, after = self._loop(names)(self._rounds(first, last), state, *self._fixed.values(), rows.append)
        return rows, total, after

    @property
    def _lines(self) -> list[tuple[str, Any]]:
        return [(equation.target.name, equation.formula) for equation in self.listing]

    def _loop(self, names: tuple[str, ...] | None) -> Callable[..., tuple[Any, State]]:
        """The list in a loop that keeps the `names`; compiled once."""
        if names not in self._loops:
            data = [q.name for q in self.listing.data]
            state = [(old.name, new.name) for old, new in self.listing.state]
            source = loop_source("train", [*data, *MOVING], list(self._fixed), state, self._lines, "loss", names)
            self._loops[names] = compiled(source, "train")
        return self._loops[names]

    def _rounds(self, first: int, last: int) -> Iterator[tuple[Any, ...]]:
        """What each step starts from beside its state: the columns of its batch, and the constants that move."""
        batches, columns = self.config.batches, self._columns
        of = None
        for number in range(first, last):
            iteration, batch = divmod(number, batches)
            if iteration != of:
                of, alpha = iteration, self.config.alpha_in(iteration + 1)
            A0, y = columns.get(batch) or self._batch(iteration, batch)
            yield A0, y, A0.shape[1], alpha, number + 1

    def _batch(self, iteration: int, batch: int) -> tuple[Array, Array]:
        """A0 and y of a batch: copies, so that numpy adds up in the same order whatever they were cut from."""
        numbers = examples_of(self.config, iteration + 1, batch + 1)
        rows = slice(numbers.start, numbers.stop) if isinstance(numbers, range) else numbers
        made = self.config.x[rows].T.copy(), self.config.y[rows].T.copy()
        if self._small:
            self._columns[batch] = made
        return made


def not_finite(values: Any) -> str | None:
    """The first name whose value is not finite, in the order of a mapping."""
    return next((name for name in values if not np.isfinite(values[name]).all()), None)


def finite(total: float, state: State) -> bool:
    """Whether the sum of the losses and every number of the state is finite (False may be a false alarm beyond 1e150).

    By sums that overflow or turn to nan where an entry does, and take no memory.
    """
    return isfinite(sum([_sum(array) for array in state], start=float(total)))


def _sum(array: Array) -> float:
    """Of the squares up to the size where BLAS would wake its threads for it, else of the entries."""
    return float(np.vdot(array, array) if array.size <= BLAS_ALONE else np.einsum("ij->", array))


def initial_parameters(config: Config) -> tuple[Array, ...]:
    """The initial W and b in order."""
    if isinstance(config.weights, int | float):
        return tuple(np.full(shape, config.weights, dtype=np.float64) for _, shape in config.shapes)
    if config.drawn is None:
        given = config.weights if config.initial is None else config.initial
        return tuple(
            np.array(given[name], dtype=np.float64).reshape(shape) if name in given else np.zeros(shape)
            for name, shape in config.shapes
        )
    rule = chosen(config.drawn, INITIALIZERS)
    row = INITIALIZERS[rule.name]
    seed = config.drawn.seed
    rng = np.random.RandomState(seed) if config.drawn.generator == "legacy" else np.random.default_rng(seed)
    return tuple(
        row.draw(rng, shape, **rule.parameters) if row.biases or name.startswith("W") else np.zeros(shape)
        for name, shape in config.shapes
    )


def _zeros(listing: Equations) -> Iterator[Array]:
    """What the optimizer keeps, as it starts."""
    for old, _ in listing.state[len(listing.parameters) :]:
        rows, columns = old.shape
        yield np.zeros((int(rows), int(columns)))
