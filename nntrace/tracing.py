"""The steps of a run, made on demand, each with every number of one update.

Iterating keeps nothing. Asking for a step leaves checkpoints on the way to it, references to the state
before some steps, from which it and others are replayed bit for bit; what is passed on the way is not
recorded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace import selecting
from nntrace.checkpoints import Checkpoints
from nntrace.config.model import Config
from nntrace.equations import Equations, Phase, equations
from nntrace.errors import SelectionError
from nntrace.formula.compiling import compiled
from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Entry
from nntrace.running import State, Stretch, Training, not_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CHECKPOINT_BYTES = 64 * 2**20
"""How much memory the checkpoints of a trace may take, about."""
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
    Where only some quantities were asked for, it has these alone.
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

    def value(self, name: str) -> Any:
        """What was computed, itself: other quantities and the next step may share it. Only to be looked at."""
        return self._values[self._index[name]]

    def plain(self, name: str) -> Any:
        """A matrix as a list of rows, a single number as a float."""
        value = self._values[self._index[name]]
        return value.tolist() if isinstance(value, np.ndarray) else float(value)

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
    def position(self) -> int:
        """Which update of the run it is, from 0. A prediction is none."""
        assert self.iteration is not None
        assert self.batch is not None
        return (self.iteration - 1) * self.trace.batches + self.batch - 1

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

    `source` is the function that computes a step, as Python source; `batches` are its steps in an iteration.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.batches = config.batches
        self.equations = equations(config)
        self._training = Training(config, self.equations)
        self.source = self._training.source
        self.checkpoints = Checkpoints(self._training.start, len(self), CHECKPOINT_BYTES)

    def __repr__(self) -> str:
        title = " ".join(self.config.title.split())
        return f"<Trace: {f'{title}, ' if title else ''}{len(self):,} updates>"

    @property
    def start(self) -> dict[str, Array]:
        """What the first step starts from: every W and b, and what the optimizer keeps."""
        return {old.name: value for (old, _), value in zip(self.equations.state, self._training.start, strict=True)}

    @cached_property
    def loss_names(self) -> Sequence[str]:
        """The quantities that `Step.examples_loss` is made of."""
        there = [name for name in ("losses", "penalty", "loss") if name in self.equations.by_target]
        return there[:1] if there[0] == "losses" else there

    def __len__(self) -> int:
        """How many steps the run has, if every number stays finite."""
        return self.config.iterations * self.batches

    def __iter__(self) -> Iterator[Step]:
        return self.steps()

    def steps(self, first: int = 0, last: int | None = None, names: Iterable[str] | None = None) -> Iterator[Step]:
        """The steps from number `first` to before `last`, both counted from 0, with all quantities or some."""
        return self.over([range(first, len(self) if last is None else min(last, len(self)))], names)

    def over(
        self,
        spans: Iterable[range],
        names: Iterable[str] | None = None,
        *,
        passed: Callable[[Step], object] | None = None,
        since: int = 0,
        reached: Callable[[int], object] = lambda number: None,
        keep: bool = False,
    ) -> Iterator[Step]:
        """The steps of some spans of numbers (from 0, in their order), with all quantities or some.

        What lies between is trained through and not recorded. `passed` is given those steps all the same,
        from number `since` to the end of the run, each with the `loss_names` alone. `reached` is told,
        now and then, the number before which everything is given or passed. `keep` leaves checkpoints.
        Where the trace stops its last step is given, in a span or not.
        """
        recorded = self._training.names if names is None else tuple(names)
        watched = tuple(self.loss_names) if passed else None
        size = 1  # the first step is there at once, those after it more and more at a time
        at, state = self.checkpoints.nearest(since)
        for given, span in _parts(spans, since, len(self) if passed else 0):
            kept = recorded if given else watched
            most = self._training.steps_at_once(kept)
            if not given and not passed:  # nobody looks: it may be known what comes out
                at, state = max((at, state), self.checkpoints.nearest(span.stop), key=itemgetter(0))
            while at < span.stop:
                to = min(at + (size if given else most), span.stop, self.checkpoints.after(at) if keep else span.stop)
                made = self._training.run(state, at, to, kept)
                steps = self._steps(at, made, kept or ())
                if given:
                    yield from steps
                elif passed:
                    _tell(passed, (step for step in steps if step.position >= since))
                if made.stopped:
                    if not given:
                        again = self._training.run(state, at, to, recorded)
                        yield deque(self._steps(at, again, recorded), maxlen=1).pop()
                    return
                at, state, size = to, made.state, min(2 * size, most)
                self.checkpoints.reach(at, state, keep=keep)
                reached(at)

    def step(
        self,
        iteration: int = 1,
        example: int | None = None,
        batch: int | None = None,
        reached: Callable[[int], object] = lambda number: None,
    ) -> Step:
        """One step, named by its iteration and its batch or an example in it, all from 1.

        Replayed from the nearest checkpoint, which the way there leaves; `reached` is told how far it is.
        Raises `SelectionError` where there is no such step, also because the trace stopped before it.
        """
        selecting.iteration(self.config, iteration)
        chosen = selecting.batch(self.config, iteration, example, batch) or 1
        number = (iteration - 1) * self.batches + chosen - 1
        (step,) = self.over([range(number, number + 1)], reached=reached, keep=True)
        if step.position != number:
            raise SelectionError(f"the trace stops before that: {step.stopped} is not finite in {step.place}")
        return step

    def state(self, number: int) -> State:
        """What step `number` (from 0) starts from, in the order of `equations.state`; at the end, what the run leaves.

        Raises `SelectionError` where the trace stops before it.
        """
        for step in self.over([range(number, number)], keep=True):
            raise SelectionError(f"the trace stops before that: {step.stopped} is not finite in {step.place}")
        return self.checkpoints.nearest(number)[1]

    def evaluate(self, step: Step) -> Evaluation:
        """The network as it is after `step`, on every example."""
        return evaluate(self.config, self.trained(step))

    def trained(self, step: Step) -> list[Array]:
        """Every W and b in order, as `step` leaves them."""
        after = [q.variant(suffix="new").name for q in self.equations.parameters]
        if all(name in step for name in after):
            return [step[name] for name in after]
        return list(self.state(step.position + 1)[: len(after)])

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
        step.stopped = not_finite(step)
        return step

    def _steps(self, first: int, made: Stretch, names: Sequence[str]) -> Iterator[Step]:
        """The steps of a stretch that begins with number `first`."""
        index = {name: place for place, name in enumerate(names)}
        stops = first + len(made.rows) - 1 if made.stopped else None
        for number, row in enumerate(made.rows, first):
            iteration, batch = divmod(number, self.batches)
            examples = self._training.examples(iteration, batch)
            step = Step(self, self.equations, index, iteration + 1, batch + 1, examples, row)
            if number == stops:
                step.stopped = made.stopped
            yield step


def _tell(passed: Callable[[Step], object], steps: Iterable[Step]) -> None:
    """`passed` is given each but one that the trace stops at, which is given to all."""
    for step in steps:
        if not step.stopped:
            passed(step)


def _parts(spans: Iterable[range], start: int, end: int) -> Iterator[tuple[bool, range]]:
    """The spans, and what lies between them, from `start` to `end` at least; whether each is a span."""
    for span in spans:
        yield False, range(start, span.start)
        yield True, span
        start = span.stop
    yield False, range(start, end)


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


def trace(config: Config) -> Trace:
    """Every step of a training run, made on demand.

    >>> for step in trace(load("config.yaml")):
    ...     print(step["loss"], step["dW2"])
    """
    if not isinstance(config, Config):
        raise TypeError(f"trace() takes what load() returns, not a {type(config).__name__}: trace(load(...))")
    return Trace(config)
