"""Following somebody's numbers: each computed from what they had before it, as an examiner gives follow-through marks.

A `Plan` is a way to train, right or with a mistake in it; `follow` runs it on their own numbers. So an early
slip neither hides a later one nor counts again for all that comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from nntrace.config.model import Config
from nntrace.equations import Equations, Phase, complete, equations, forward_half
from nntrace.formula.compiling import compiled, function_of
from nntrace.formula.numpy_source import function_source
from nntrace.formula.plain import plain
from nntrace.formula.radius import around
from nntrace.formula.tree import Entry, Formula, Quantity
from nntrace.formula.walking import rewritten
from nntrace.running import initial_parameters
from nntrace.selecting import examples_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nntrace.answers import Given

    Array = NDArray[np.float64]

Place = tuple[int, int]
"""A step by its iteration and batch, both from 1."""
RELATIVE = 1e-9
"""By this much of their value right calculations may differ; see `config.md`'s rule for expected values."""
OF_LARGEST = 1e-12
HALVES = 1 + 1e-9
"""A number in the middle of two may be written as either, and their difference is half a unit but for its last bits."""


class Plan(Struct, frozen=True, eq=False, dict=True):
    """A way to train: formulas, which may use each other in any order, what is handed on, and when.

    `lines` are the formulas by their targets, in the order of the list; `handed` says what the next step starts
    from (`W1` from `W1_new`), where it does not start from its first value again. `shown` are the formulas as people
    write them, `ways` others that come to the same where all before is as it should be. `count` gives t for a step
    (from 0). `shift` is how many steps they are ahead: their step k is step k + shift here. `fixed` are matrices
    that only these lines use, `otherwise` the lines of a batch that is smaller than the others, where what is put
    together for these would not fit.
    """

    config: Config
    listing: Equations
    quantities: Mapping[str, Quantity]
    lines: Mapping[str, Formula]
    shown: Mapping[str, Formula]
    ways: Mapping[str, tuple[Formula, ...]]
    handed: Mapping[str, str]
    count: Callable[[int], float] = lambda number: number + 1
    shift: int = 0
    fixed: Mapping[str, Any] = {}
    otherwise: Mapping[str, Formula] = {}

    @cached_property
    def start(self) -> dict[str, Any]:
        """What the first step starts from: the initial W and b, and zeros for all else that is handed on."""
        parameters = zip(self.listing.parameters, initial_parameters(self.config), strict=True)
        zeros = {old: np.zeros(self._extent(old)) for old in self.handed}
        kept = {old.name: np.zeros(self._extent(old.name)) for old, _ in self.listing.state}
        return {**zeros, **kept, **self.fixed, **{q.name: value for q, value in parameters}}

    @cached_property
    def constants(self) -> dict[str, float]:
        """The named numbers that no step changes."""
        config = self.config
        return {"l2": config.l2, "clip_norm": config.clip_norm or 0.0, **config.chosen_optimizer.parameters}

    def passed(self, start: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
        """What a step of which nothing is given hands on."""
        inputs, compute = self._whole
        return {
            old: (value, 0.0)
            for old, value in zip(self.handed, compute(*[start[name] for name in inputs]), strict=True)
        }

    @cached_property
    def _whole(self) -> tuple[tuple[str, ...], Callable[..., tuple[Any, ...]]]:
        """All lines that what is handed on needs, as one function, and the names of what it starts from."""
        ordered: dict[str, Formula] = {}
        inputs: dict[str, None] = {}

        def need(name: str, path: tuple[str, ...] = ()) -> None:
            if name in ordered or name in inputs:
                return
            formula = self.lines.get(name)
            if formula is None:
                inputs[name] = None
                return
            if name in path:
                raise ValueError(f"{name} needs itself")
            for operand in function_of(formula)[0]:
                need(operand, (*path, name))
            ordered[name] = formula

        for name in (*self.lines, *self.handed.values()):
            need(name)
        source = function_source("step", list(inputs), ordered.items(), list(self.handed.values()))
        return tuple(inputs), compiled(source, "step")

    def _extent(self, name: str) -> tuple[int, ...]:
        return tuple(size if isinstance(size, int) else self.config.batch_size for size in self.quantities[name].shape)

    def number(self, place: Place) -> int:
        """Which step here (from 0) is the one that they call by this iteration and batch."""
        iteration, batch = place
        return (iteration - 1) * self.config.batches + batch - 1 + self.shift

    def place(self, number: int) -> Place:
        """What they call a step, the other way round."""
        iteration, batch = divmod(number - self.shift, self.config.batches)
        return iteration + 1, batch + 1


def plan_of(config: Config) -> Plan:
    """The right way to train, as the config says it: with the gradients that the list leaves out, and the loss in ŷ."""
    listing = equations(config)
    every = complete(config)
    computed = {line.target.name: line.formula for line in every}
    # By hand one goes on from the ŷ that is written down: there the list itself has the loss in ŷ.
    half = forward_half(config) if config.round is None else ()
    in_output = {e.target.name: e.formula for e in half if e.phase is Phase.LOSS}
    lines = {**computed, **{name: f for name, f in in_output.items() if plain(f) != plain(computed[name])}}
    return Plan(
        config=config,
        listing=listing,
        quantities={**listing.by_name, **{line.target.name: line.target for line in every}},
        lines=lines,
        shown={line.target.name: line.shown for line in every if line.shown},
        ways=_ways(listing, lines, computed),
        handed={old.name: new.name for old, new in listing.state},
    )


def _ways(
    listing: Equations, lines: Mapping[str, Formula], computed: Mapping[str, Formula]
) -> dict[str, tuple[Formula, ...]]:
    """The loss from Z where it is computed from there, and derivatives in Z alone where they are written in A."""
    found: dict[str, tuple[Formula, ...]] = {name: (f,) for name, f in computed.items() if f is not lines[name]}
    for layer in listing.layers:
        dZ = layer.Z.variant(prefix="d").name

        def in_z(node: Formula, a: Quantity = layer.A, f: Formula = lines[layer.A.name]) -> Formula | None:
            return f if node == a else None

        other = rewritten(lines[dZ], in_z)
        if other is not lines[dZ]:
            found[dZ] = (other,)
    return found


Noise = Callable[[Any], Any]
"""How far a computed value may be off for the arithmetic it is done in, beyond what its operands are."""


class Values(Mapping[str, Any]):
    """One step on somebody's numbers: `values[name]` is what the formulas after it use.

    That is theirs where they have one, else what is computed from what is there.
    """

    def __init__(
        self,
        plan: Plan,
        start: Mapping[str, tuple[Any, Any]],
        given: Mapping[str, Given],
        noise: Noise | None = None,
        computed: dict[str, Any] | None = None,
        *,
        exact: bool = False,
    ) -> None:
        self.plan = plan
        self.given = given
        self.noise = noise
        self.exact = exact and noise is None
        self._start = start
        self._computed: dict[str, Any] = {} if computed is None else computed
        self._values: dict[str, Any] = {}
        self._radii: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        value = self._values.get(name)
        if value is None:
            value = self._values[name] = self._used(name)
        return value

    def _used(self, name: str) -> Any:
        given = self.given.get(name)
        if given is None:
            return self.computed(name)
        used = given.values if given.known.all() else np.where(given.known, given.values, self.computed(name))
        return used if self.plan.quantities[name].shape else np.float64(used.item())  # which overflows to infinity

    def __iter__(self) -> Iterator[str]:
        yield from self._start
        yield from self.plan.lines

    def __len__(self) -> int:
        return len(self._start) + len(self.plan.lines)

    def computed(self, name: str) -> Any:
        """What the formula gives for the values that it uses; for what a step starts from, what is handed on."""
        value = self._computed.get(name)
        if value is None:
            formula = self._line(name)
            if formula is None:
                value = self._start[name][0]
            else:
                names, compute = function_of(formula)
                (value,) = compute(*[self[operand] for operand in names])
            self._computed[name] = value
        return value

    def _line(self, name: str) -> Formula | None:
        otherwise = self.plan.otherwise
        if name in otherwise and self.examples != self.plan.config.batch_size:
            return otherwise[name]
        return self.plan.lines.get(name)

    def ways(self, name: str) -> Iterator[tuple[Any, Callable[[], Any]]]:
        """What the formula gives, then what others that should come to the same do; with the radius of each."""
        yield self.computed(name), lambda: self.radius(name)
        for formula in self.plan.ways.get(name, ()):
            names, compute = function_of(formula)
            (value,) = compute(*[self[operand] for operand in names])
            yield value, lambda formula=formula: self._radius_of(formula)  # type: ignore[misc]

    def radius(self, name: str) -> Any:
        """How far `computed(name)` may be off, its operands being known as exactly as they are written."""
        formula = self._line(name)
        if formula is None:
            return self._start[name][1]
        radius = self._radius_of(formula)
        return radius if self.noise is None else radius + self.noise(self.computed(name))

    def _radius_of(self, formula: Formula) -> Any:
        operands = {operand: self._radius_used(operand) for operand in function_of(formula)[0]}
        if not any(np.any(each) for each in operands.values()):
            return 0.0
        return around(formula, lambda q: (self[q.name], operands[q.name]))[1]

    def _radius_used(self, name: str) -> Any:
        if self.exact:
            return 0.0
        found = self._radii.get(name)
        if found is None:
            given = self.given.get(name)
            if given is None:
                found = self.radius(name)
            elif given.known.all():
                found = given.allowed
            else:
                found = np.where(given.known, given.allowed, self.radius(name))
            if np.ndim(self[name]) == 0:
                found = float(np.max(found))
            self._radii[name] = found
        return found

    @property
    def examples(self) -> int:
        """How many examples the step has."""
        return int(self._start[self.plan.listing.data[0].name][0].shape[1])

    def number(self, entry: Entry) -> float:
        """The number of an entry, as the formulas after it use it."""
        value = self[entry.quantity.name]
        return float(value if entry.row is None else np.asarray(value)[entry.row, entry.column])

    def handed(self) -> dict[str, tuple[Any, Any]]:
        """What the next step starts from, and how exactly that is known."""
        return {old: (self[new], self._radius_used(new)) for old, new in self.plan.handed.items()}


Steps = Mapping[Place, Mapping[str, "Given"]]


def follow(
    plan: Plan, given: Steps, last: int, noise: Noise | None = None, *, every: bool = False, exact: bool = False
) -> Iterator[tuple[Place, Values]]:
    """The steps of a plan up to number `last` (from 0) of which something is given, or `every` one.

    By what they are called in the answers. `exact` says that all that is given is. It ends early where the run does.
    """
    config = plan.config
    first = {name: (value, 0.0) for name, value in plan.start.items()}
    handed = first
    for number in range(last + 1):
        iteration, batch = divmod(number, config.batches)
        if iteration >= config.iterations + (plan.shift > 0):
            return
        numbers = examples_of(config, iteration + 1, batch + 1)
        rows = slice(numbers.start, numbers.stop) if isinstance(numbers, range) else numbers
        start = {
            **plan.constants,
            "m": len(numbers),
            "alpha": config.alpha_in(min(iteration + 1, config.iterations)),
            "t": plan.count(number),
            plan.listing.data[0].name: config.x[rows].T.copy(),
            plan.listing.data[1].name: config.y[rows].T.copy(),
        }
        place = plan.place(number)
        exact_so_far = noise is None and not any(map(_inexact, handed.values()))
        if not every and place not in given and exact_so_far and not plan.otherwise:
            handed = plan.passed({**start, **{name: value for name, (value, _) in {**first, **handed}.items()}})
            continue
        known = {name: (value, 0.0) for name, value in start.items()}
        values = Values(plan, {**first, **handed, **known}, given.get(place, {}), noise, exact=exact)
        yield place, values
        handed = values.handed()


def _inexact(known: tuple[Any, Any]) -> bool:
    return bool(np.any(known[1]))


def within(theirs: Array, computed: Array, allowed: Any) -> NDArray[np.bool_]:
    """Entry by entry, whether a number is what was computed: to what is allowed, and what right calculations differ by.

    What is not finite on both sides agrees.
    """
    with np.errstate(all="ignore"):
        off, size = np.abs(theirs - computed), np.abs(computed)
        limit = np.maximum(HALVES * np.asarray(allowed), RELATIVE * size)
        agrees: NDArray[np.bool_] = (off <= limit) & np.isfinite(off)
        if agrees.all():  # nearly always, and this is asked for every number
            return agrees
        finite = np.isfinite(computed)
        agrees |= off <= OF_LARGEST * size[finite].max(initial=0.0)
    return np.where(finite, agrees, ~np.isfinite(theirs))
