"""Marking somebody's numbers: which are right, which equations are wrong, which are only a consequence.

Every number is compared twice: with the right one, and with what comes of the numbers that they had before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace.answers import Sheet
from nntrace.formula.tree import Formula, Quantity
from nntrace.marking import precision
from nntrace.marking.diagnosing import Diagnosis, Found, Item, Progress, agrees, quietly
from nntrace.marking.following import Place, Plan, Values, follow, plan_of, within
from nntrace.marking.likeness import likeness
from nntrace.marking.precision import Rounding
from nntrace.marking.shapes import ReadAs, read_as
from nntrace.marking.variants import Net
from nntrace.tracing import Step, Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nntrace.answers import Given


class Difference(Struct, frozen=True):
    """An entry that is not what comes of their own numbers; `row` and `column` from 0, None for a single number.

    `computed` is what comes of them, `right` the right one, None where the run does not come that far.
    """

    row: int | None
    column: int | None
    theirs: float
    computed: float
    right: float | None


class Wrong(Struct, frozen=True, eq=False):
    """An equation that is wrong in itself: what is theirs does not come of what they had before it.

    `formula` is the equation's as people write it, None for what a step starts from; `values` are those that it was
    computed from. `of` is how many of its entries were compared. `like` says what the numbers are, where no mistake
    is known that gives them.
    """

    place: Place
    name: str
    quantity: Quantity
    formula: Formula | None
    entries: tuple[Difference, ...]
    of: int
    values: Values
    like: tuple[str, ...] = ()


class Marked(Struct, frozen=True, eq=False):
    """An answer sheet, marked.

    `compared` numbers were compared with the right ones and `right` of them are right; of the others `local` are
    wrong in themselves and the rest are a consequence. `wrong` are the wrong equations in their order, `found` what
    explains them, `unexplained` those that nothing known explains. `rounding` says what rounding alone explains;
    `beyond` is the rounding that does not, in which the numbers are written.
    """

    trace: Trace
    sheet: Sheet
    compared: int
    right: int
    local: int
    wrong: tuple[Wrong, ...]
    found: tuple[Found, ...]
    unexplained: tuple[Item, ...]
    misfits: tuple[ReadAs, ...]
    rounding: Rounding | None
    beyond: Rounding | None
    unreached: tuple[Place, ...]

    @property
    def alike(self) -> list[int]:
        """The layers whose nodes all start equal and are used alike: what is theirs is equal too, rightly."""
        layers = self.trace.equations.layers
        start = self.trace.start
        found = []
        for layer, after in pairwise(layers):
            own = [start[q.name] for q in layer.parameters]
            if layer.nodes > 1 and all((a == a[:1]).all() for a in own) and _same_columns(start[after.W.name]):
                found.append(layer.index)
        return found

    @property
    def agrees(self) -> bool:
        """Whether everything that was compared is right."""
        return self.right == self.compared and not self.misfits and not self.unreached

    @property
    def differs_by_convention(self) -> bool:
        """Whether all that differs does so by a convention."""
        by_convention = all(found.convention for found in self.found) and all(each.convention for each in self.misfits)
        return not self.unexplained and self.rounding is None and by_convention and not self.unreached

    @property
    def consequences(self) -> int:
        """How many numbers differ only as a consequence of what is wrong."""
        return self.compared - self.right - self.local


def _same_columns(array: NDArray[np.float64]) -> bool:
    return bool((array == array[:, :1]).all())


def mark(trace: Trace, sheet: Sheet, tolerance: float | None = None, progress: Progress = quietly) -> Marked:
    """Compare a sheet with a trace, and say what is wrong in it and why."""
    with np.errstate(all="ignore"):  # what overflows or has no value is inf or nan, in their numbers as in ours
        return _Marking(trace, sheet, tolerance, progress).marked()


class _Marking:
    def __init__(self, trace: Trace, sheet: Sheet, tolerance: float | None, progress: Progress) -> None:
        self.trace = trace
        self.tolerance = tolerance
        self.progress = progress
        self.plan = plan_of(trace.config)
        self.sheet = self._read_best(sheet)
        self.plan = _by_way_of_output(self.plan, self.sheet)

    def marked(self) -> Marked:
        compared = right = 0
        right_items: set[Item] = set()
        rights: dict[Item, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}
        reached = set()
        for place, values in self._right_values():
            reached.add(place)
            for name, theirs in self.sheet.steps[place].items():
                true = np.atleast_2d(np.asarray(values.computed(name), dtype=np.float64))
                held = self._holds(theirs, true) | ~theirs.known
                compared += int(theirs.known.sum())
                right += int((held & theirs.known).sum())
                if held.all():
                    right_items.add((place, name))
                rights[place, name] = (true, held)
        unreached = tuple(place for place in self.sheet.steps if place not in reached)
        marked = Marked(
            trace=self.trace, sheet=self.sheet, compared=compared, right=right, local=0, wrong=(), found=(),
            unexplained=(), misfits=(), rounding=None, beyond=None, unreached=unreached,
        )  # fmt: skip
        if right < compared or self.sheet.misfits:
            marked = self._examined(marked, right_items, rights)
        return marked

    def _holds(self, theirs: Given, true: NDArray[np.float64]) -> NDArray[np.bool_]:
        if true.shape != theirs.values.shape:
            return np.zeros(theirs.values.shape, dtype=bool)
        return within(theirs.values, true, theirs.allowed if self.tolerance is None else self.tolerance)

    def _right_values(self) -> Iterator[tuple[Place, Values]]:
        """The right values of the steps that the sheet has something of."""
        numbers = sorted(self.plan.number(place) for place in self.sheet.steps)
        for step in self.trace.over(range(number, number + 1) for number in numbers if number < len(self.trace)):
            place = (step.iteration or 1, step.batch or 1)
            if place in self.sheet.steps:
                yield place, _values_of(self.plan, step)

    def _read_best(self, sheet: Sheet) -> Sheet:
        """Where every matrix of a group is square its layout shows only in its numbers.

        Those that the first step starts from decide; where there are none of them, only if all is right that way.
        """
        for group in sheet.ambiguous:
            other = sheet.transposed(group)
            (start, _), (other_start, every) = self._count(sheet), self._count(other)
            if other_start > start or (not self._has_start(sheet) and every == sheet.numbers):
                sheet = other
        return sheet

    def _has_start(self, sheet: Sheet) -> bool:
        first = min(sheet.steps, default=(0, 0))
        return self.plan.number(first) == 0 and any(name not in self.plan.lines for name in sheet.steps[first])

    def _count(self, sheet: Sheet) -> tuple[int, int]:
        """How many numbers are right, of those that the first step starts from and of all."""
        self.sheet = sheet
        start = every = 0
        for place, values in self._right_values():
            for name, theirs in sheet.steps[place].items():
                true = np.atleast_2d(np.asarray(values.computed(name), dtype=np.float64))
                count = int(self._holds(theirs, true).sum())
                every += count
                start += count if name not in self.plan.lines and self.plan.number(place) == 0 else 0
        return start, every

    def _examined(
        self,
        marked: Marked,
        right: set[Item],
        rights: Mapping[Item, tuple[NDArray[np.float64], NDArray[np.bool_]]],
    ) -> Marked:
        wrong = tuple(self._wrong(right, rights)) if self.sheet.steps else ()
        local = sum(len(each.entries) for each in wrong)
        diagnosis = Diagnosis(self.plan, self.sheet.steps, right, self.tolerance, self.progress)
        rounding = None
        if wrong:
            rounding = precision.explaining(diagnosis, self.sheet, small=_small(wrong[0]))
        elif marked.right < marked.compared:
            rounding = precision.written(self.sheet)  # what differs comes of what is written before it
        found: list[Found] = []
        unexplained: tuple[Item, ...] = ()
        plan = self.plan
        if wrong and rounding is None:
            diagnosis.search()
            found, plan, unexplained = diagnosis.found, diagnosis.plan, tuple(diagnosis.remaining)
        named = tuple(
            replace(each, like=tuple(likeness(each.values, each.name, self.sheet.steps[each.place][each.name])))
            if (each.place, each.name) in unexplained
            else each
            for each in wrong
        )
        return replace(
            marked,
            local=local,
            wrong=named,
            found=tuple(found),
            unexplained=unexplained,
            misfits=tuple(read_as(plan, self.sheet)),
            rounding=rounding,
            beyond=precision.written(self.sheet) if wrong and rounding is None else None,
        )

    def _wrong(
        self, right: set[Item], rights: Mapping[Item, tuple[NDArray[np.float64], NDArray[np.bool_]]]
    ) -> Iterator[Wrong]:
        """The equations that are wrong on their own numbers, and whose numbers are not the right ones either."""
        last = max(self.plan.number(place) for place in self.sheet.steps)
        for place, values in follow(self.plan, self.sheet.steps, last):
            given = self.sheet.steps.get(place, {})
            for name in _in_order(self.plan, given):
                if (place, name) in right or (place, name) not in rights:
                    continue
                theirs = given[name]
                true, held = rights[place, name]
                off = ~agrees(values, name, theirs, self.tolerance) & ~held
                if off.any():
                    yield self._equation(place, values, name, off, true)

    def _equation(
        self, place: Place, values: Values, name: str, off: NDArray[np.bool_], true: NDArray[np.float64]
    ) -> Wrong:
        theirs = values.given[name]
        computed = np.atleast_2d(np.asarray(values.computed(name), dtype=np.float64))
        single = not self.plan.quantities[name].shape
        entries = tuple(
            Difference(
                None if single else int(i),
                None if single else int(j),
                float(theirs.values[i, j]),
                float(computed[i, j]),
                float(true[i, j]),
            )
            for i, j in np.argwhere(off)
        )
        formula = self.plan.shown.get(name, self.plan.lines.get(name))
        quantity = self.plan.quantities[name]
        return Wrong(place, name, quantity, formula, entries, int(theirs.known.sum()), values)


def _values_of(plan: Plan, step: Step) -> Values:
    """A step's own values, and what can be derived from them."""
    return Values(plan, {name: (step[name], 0.0) for name in step}, {}, computed=dict(step))


def _by_way_of_output(plan: Plan, sheet: Sheet) -> Plan:
    """Whoever has the dA of an output that goes without one has its dZ from there."""
    last = plan.listing.layers[-1]
    dA, dZ = (q.variant(prefix="d") for q in (last.A, last.Z))
    if dA.name in plan.listing.by_name or not any(dA.name in names for names in sheet.steps.values()):
        return plan
    return replace(plan, lines={**plan.lines, dZ.name: Net(plan).through(last, dA)})


def _in_order(plan: Plan, given: Mapping[str, Given]) -> list[str]:
    """The names that are given: what the step starts from, then the lines in their order."""
    lines = list(plan.lines)
    return sorted(given, key=lambda name: lines.index(name) if name in plan.lines else -1)


SMALL = 0.05
"""A difference of more than this share of the largest number is no rounding."""


def _small(wrong: Wrong) -> bool:
    largest = max(abs(each.computed) for each in wrong.entries)
    return all(abs(each.theirs - each.computed) <= SMALL * largest for each in wrong.entries)
