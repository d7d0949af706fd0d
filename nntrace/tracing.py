"""Running the list: steps made on demand, each with every number of one update.

The list is compiled once into one Python function (see `Trace.source`). Iterating keeps nothing.
Asking for a step leaves checkpoints on the way to it, references to the state before some steps,
from which it and others are replayed bit for bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from math import isfinite, isqrt
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace import selecting
from nntrace.config.model import Config, chosen
from nntrace.equations import Equations, Phase, equations
from nntrace.errors import SelectionError
from nntrace.formula.compiling import compiled
from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Entry
from nntrace.maths.initial import INITIALIZERS
from nntrace.selecting import examples_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CHECKPOINT_BYTES = 64 * 2**20
"""How much memory the checkpoints of a trace may take, about."""
BLAS_ALONE = 10_000
"""Up to this many entries a product of vectors stays on one thread, and is the quickest look at them."""
EVALUATED_AT_ONCE = 4096
"""How many examples are evaluated at a time after training, which bounds the memory."""


class Displayed:
    """What a notebook shows of itself; how is said in `nntrace.display`, which is imported when it is asked for."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return _display().html(self)  # type: ignore[no-any-return]

    def _repr_markdown_(self) -> str:
        return _display().markdown(self)  # type: ignore[no-any-return]

    def _repr_latex_(self) -> str:
        return _display().latex(self)  # type: ignore[no-any-return]


def _display() -> Any:
    """By its name: it knows the forms, which know what is here."""
    return import_module("nntrace.display")


class Step(Displayed, Mapping[str, Any]):
    """One update: the value of every quantity, by name (`step["dW2"]`, `step["loss"]`).

    Matrices are read-only float64 arrays (rows × columns, columns = examples), single numbers are
    floats. `iteration` and `batch` count from 1, `examples` are the numbers of its examples, also
    from 1, in their order. In a prediction `iteration` and `batch` are None: it is no update.
    `stopped` names the first quantity that is not finite where the loss or a new parameter (in a
    prediction anything) is not, None if they are; such a step is the last of its trace, `trace`.
    """

    __slots__ = ("_index", "_values", "batch", "equations", "examples", "iteration", "stopped", "trace")

    def __init__(
        self,
        trace: Trace,
        listing: Equations,
        index: Mapping[str, int],
        iteration: int | None,
        batch: int | None,
        examples: Sequence[int],
        values: tuple[Any, ...],
    ) -> None:
        self.trace = trace
        self.equations = listing
        self.iteration = iteration
        self.batch = batch
        self.examples = examples
        self.stopped: str | None = None
        self._values = values
        self._index = index

    def __getitem__(self, name: str) -> Any:
        value = self._values[self._index[name]]
        if isinstance(value, np.ndarray):
            value = value.view()
            value.flags.writeable = False
            return value
        return float(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def flat(self, name: str) -> list[float]:
        """Every entry as a Python float, row after row."""
        value = self._values[self._index[name]]
        return value.ravel().tolist() if isinstance(value, np.ndarray) else [float(value)]

    def number(self, entry: Entry) -> float:
        """One entry as a Python float."""
        value = self._values[self._index[entry.quantity.name]]
        return float(value if entry.row is None else value[entry.row, entry.column])

    def shape(self, name: str) -> tuple[int, int]:
        """Rows and columns; (1, 1) for a single number."""
        value = self._values[self._index[name]]
        return value.shape if isinstance(value, np.ndarray) else (1, 1)

    @property
    def examples_loss(self) -> float:
        """The sum of the losses of its examples, before the mean over a batch and without the l2 term."""
        with np.errstate(all="ignore"):
            if "losses" in self._index:
                return float(self["losses"].sum())
            penalty: float = self["penalty"] if "penalty" in self._index else 0.0
            return float(self["loss"] - penalty)

    @property
    def place(self) -> str:
        """`iteration 2, example 1`"""
        if self.iteration is None:
            return "a prediction"
        one = self.equations.data[0].shape[1] == 1  # as configured: a last batch may be of one example too
        which = f"example {self.examples[0]}" if one else f"batch {self.batch}"
        return f"iteration {self.iteration}, {which}"

    def __repr__(self) -> str:
        if self.iteration is None:
            return f"<Step: a prediction of {len(self.examples)}>"
        return f"<Step: iteration {self.iteration}, batch {self.batch}, loss {self['loss']:.6g}>"


class Trace(Displayed):
    """The steps of a run, made on demand. Iterating starts afresh each time and keeps nothing.

    `source` is the function that computes a step, as Python source.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.equations = equations(config)
        self.source = _source(self.equations)
        self._compute = compiled(self.source, "step")
        names = [quantity.name for quantity in self.equations.quantities]
        self._index = {name: place for place, name in enumerate(names)}
        self._next_state = itemgetter(*(self._index[new.name] for _, new in self.equations.state), self._index["loss"])
        start = (*initial_parameters(config), *_zeros(self.equations))
        spacing = max(1, isqrt(len(self)))
        size = sum(array.nbytes for array in start)
        self._spacing = max(spacing, -(-len(self) * size // CHECKPOINT_BYTES))
        self._checkpoints: dict[int, tuple[Any, ...]] = {0: start}

    def __repr__(self) -> str:
        title = " ".join(self.config.title.split())
        return f"<Trace: {f'{title}, ' if title else ''}{len(self):,} updates>"

    @property
    def start(self) -> dict[str, Array]:
        """What the first step starts from: every W and b, and what the optimizer keeps."""
        return {old.name: value for (old, _), value in zip(self.equations.state, self._checkpoints[0], strict=True)}

    def __len__(self) -> int:
        """How many steps the run has, if every number stays finite."""
        return self.config.iterations * self.config.batches

    def __iter__(self) -> Iterator[Step]:
        return self.steps()

    def steps(self, first: int = 0, last: int | None = None) -> Iterator[Step]:
        """The steps from number `first` to before `last`, both counted from 0."""
        start = self._checkpoint(first)
        run = self._run(start, len(self) if last is None else min(last, len(self)))
        return islice(run, first - start, None)

    def step(self, iteration: int = 1, example: int | None = None, batch: int | None = None) -> Step:
        """One step, named by its iteration and its batch or an example in it, all from 1.

        Replayed from the nearest checkpoint. Raises `SelectionError` where there is no such step,
        also because the trace stopped before it.
        """
        selecting.iteration(self.config, iteration)
        chosen = selecting.batch(self.config, iteration, example, batch) or 1
        number = (iteration - 1) * self.config.batches + chosen - 1
        last = deque(self._run(self._checkpoint(number), number + 1, keep=True), maxlen=1).pop()
        if (last.iteration, last.batch) != (iteration, number % self.config.batches + 1):
            raise SelectionError(f"the trace stops before that: {last.stopped} is not finite in {last.place}")
        return last

    def evaluate(self, step: Step) -> Evaluation:
        """The network as it is after `step`, on every example."""
        return evaluate(self.config, self.trained(step))

    def trained(self, step: Step) -> list[Array]:
        """Every W and b in order, as `step` leaves them."""
        return [step[q.variant(suffix="new").name] for q in self.equations.parameters]

    def predict(self, x: Any, after: Step | None = None) -> Step:
        """The forward pass of `x` (examples × inputs) with the weights after a step; by default the last.

        Its `equations` are the forward half of the list, its columns the given examples. Raises
        `ValueError` for an `x` of another width.
        """
        given = np.atleast_2d(np.asarray(x, dtype=np.float64))
        inputs = self.config.architecture.inputs
        if given.ndim != 2 or given.shape[1] != inputs or not len(given):
            raise ValueError(f"x should be examples × {inputs}; it is {' × '.join(map(str, given.shape))}")
        trained = self.step(self.config.iterations, batch=self.config.batches) if after is None else after
        listing = equations(replace(self.config, batch=len(given), x=given)).forward
        names = [q.name for q in listing.quantities]
        lines = [(equation.target.name, equation.formula) for equation in listing]
        source = function_source("predict", [q.name for q in listing.inputs], lines, names)
        values = compiled(source, "predict")(given.T.copy(), *self.trained(trained))
        index = {name: place for place, name in enumerate(names)}
        step = Step(self, listing, index, None, None, range(1, len(given) + 1), values)
        step.stopped = _not_finite(step)
        return step

    def _checkpoint(self, number: int) -> int:
        """The last step before or at `number` whose state is kept."""
        return max(kept for kept in self._checkpoints if kept <= number)

    def _run(self, start: int, end: int, *, keep: bool = False) -> Iterator[Step]:
        """The steps from a checkpoint to before `end`; `keep` leaves checkpoints on the way."""
        config, listing, index = self.config, self.equations, self._index
        compute, next_state, spacing = self._compute, self._next_state, self._spacing
        batches = config.batches
        constants = [q.name for q in listing.constants]
        known = {"l2": config.l2, "clip_norm": config.clip_norm, **config.chosen_optimizer.parameters}
        state = self._checkpoints[start]
        for number in range(start, end):
            if keep and number % spacing == 0:
                self._checkpoints.setdefault(number, state)
            iteration, batch = divmod(number, batches)
            numbers = examples_of(config, iteration + 1, batch + 1)
            x, y = self._batch(numbers)
            known.update(m=len(numbers), alpha=config.alpha_in(iteration + 1), t=number + 1)
            values = compute(x, y, *state, *[known[name] for name in constants])
            *state, loss = next_state(values)
            step = Step(self, listing, index, iteration + 1, batch + 1, _from_one(numbers), values)
            if not finite(loss, state):
                step.stopped = _not_finite(step)
            yield step
            if step.stopped:
                return

    def _batch(self, numbers: Sequence[int]) -> tuple[Array, Array]:
        rows = slice(numbers.start, numbers.stop) if isinstance(numbers, range) else numbers
        return self.config.x[rows].T.copy(), self.config.y[rows].T.copy()


def _from_one(numbers: Sequence[int]) -> Sequence[int]:
    if isinstance(numbers, range):
        return range(numbers.start + 1, numbers.stop + 1)
    return tuple(number + 1 for number in numbers)


class Evaluation(Struct, frozen=True):
    """A network on every example: outputs (examples × outputs) and the loss of each example."""

    outputs: Array
    losses: Array

    @property
    def loss(self) -> float:
        """The mean over the examples."""
        with np.errstate(all="ignore"):
            return float(self.losses.mean())


def evaluate(config: Config, state: Sequence[Array]) -> Evaluation:
    """Forward with the given W and b, some examples at a time."""
    listing = equations(replace(config, batch=max(2, config.examples)))  # a list with the loss of each example
    forward = [equation for equation in listing if equation.phase in (Phase.FORWARD, Phase.LOSS)]
    inputs = [q.name for q in (*listing.data, *listing.parameters)]
    outputs = [listing.layers[-1].A.name, "losses"]
    lines = [(e.target.name, e.formula) for e in forward if e.target.shape]
    compute = compiled(function_source("forward", inputs, lines, outputs), "forward")
    x, y = config.x, config.y
    parts = [
        compute(x[first : first + EVALUATED_AT_ONCE].T, y[first : first + EVALUATED_AT_ONCE].T, *state)
        for first in range(0, len(x), EVALUATED_AT_ONCE)
    ]
    return Evaluation(
        outputs=np.concatenate([output.T for output, _ in parts]),
        losses=np.concatenate([losses[0] for _, losses in parts]),
    )


def _not_finite(step: Step) -> str | None:
    """The first quantity that is not finite."""
    return next((name for name in step if not np.isfinite(step[name]).all()), None)


def finite(loss: float, state: Sequence[Array]) -> bool:
    """Whether the loss and every new parameter is finite (False may be a false alarm beyond 1e150).

    By sums that overflow or turn to nan where an entry does, and take no memory.
    """
    return isfinite(sum([_sum(array) for array in state], start=float(loss)))


def _sum(array: Array) -> float:
    """Of the squares up to the size where BLAS would wake its threads for it, else of the entries."""
    return float(np.vdot(array, array) if array.size <= BLAS_ALONE else np.einsum("ij->", array))


def _source(listing: Equations) -> str:
    return function_source(
        "step",
        [q.name for q in listing.inputs],
        [(equation.target.name, equation.formula) for equation in listing],
        [q.name for q in listing.quantities],
        notes=listing.notes,
    )


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


def trace(config: Config) -> Trace:
    """Every step of a training run, made on demand.

    >>> for step in trace(load("config.yaml")):
    ...     print(step["loss"], step["dW2"])
    """
    if not isinstance(config, Config):
        raise TypeError(f"trace() takes what load() returns, not a {type(config).__name__}: trace(load(...))")
    return Trace(config)
