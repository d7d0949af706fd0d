"""Which mistakes give the numbers that somebody has: each row of the table tried on them, alone and two together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace.formula.compiling import function_of
from nntrace.formula.plain import plain
from nntrace.formula.tree import Formula
from nntrace.marking.following import Noise, Place, Plan, Steps, Values, follow, within
from nntrace.marking.mistakes import MISTAKES, Kind, Mistake
from nntrace.marking.variants import Variant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nntrace.answers import Given

Item = tuple[Place, str]
"""A quantity of a step."""
Made = list[tuple[Mistake, Variant]]
"""One mistake, or several that were made one after the other."""
FIRST_PLACES = 3
"""In so many of the steps that have something wrong every mistake is tried, in the others those that fit there."""
NEAR = 20
"""A step so many times as far as the first with something wrong is not near it."""
MOST_TOGETHER = 4
"""So many mistakes in one answer sheet are looked for."""
TELLING = 0.5
"""What a mistake gives may be off by no larger share of its largest number: else it would explain anything."""
MOST_FITS = 6
"""So many mistakes that fit the same numbers are named."""


class Line(Struct, frozen=True):
    """A line as it is in the answers, and as it should be."""

    theirs: str
    right: str


class Fit(Struct, frozen=True, eq=False):
    """A mistake that gives their numbers; `lines` are those that it changes, first of what it explains first."""

    mistake: Mistake
    variant: Variant
    lines: tuple[Line, ...]

    @property
    def says(self) -> str:
        """The sentence."""
        return self.mistake.says.format(**self.variant.words)


class Apart(Struct, frozen=True):
    """A number that they do not have and in which the mistakes that fit differ: what each would make it."""

    place: Place
    name: str
    row: int | None
    column: int | None
    values: tuple[float, ...]


class Found(Struct, frozen=True, eq=False):
    """What explains some of the wrong equations: all mistakes that do, the simplest first."""

    fits: tuple[Fit, ...]
    explained: tuple[Item, ...]
    apart: Apart | None

    @property
    def convention(self) -> bool:
        """Whether it may be no mistake but another convention."""
        return any(fit.mistake.kind is Kind.CONVENTION for fit in self.fits)


Chosen = tuple[Plan, list[Found], dict[Item, bool]]
Progress = Callable[[Iterator[Any], int], Iterator[Any]]
"""Hands on what it is given, of which there are so many, and may show how far it is."""


def quietly(items: Iterator[Any], total: int) -> Iterator[Any]:
    """No progress to be shown."""
    return items


class Diagnosis:
    """The search for the mistakes in one answer sheet.

    `given` are its numbers, `right` the items that are right, whatever they were made of. After `search`, `found`
    has what explains the wrong ones, in the order of the steps, `plan` is how they trained, and `remaining` are the
    wrong ones that nothing explains.
    """

    def __init__(
        self,
        plan: Plan,
        given: Steps,
        right: set[Item],
        tolerance: float | None = None,
        progress: Progress = quietly,
    ) -> None:
        self.right_plan = self.plan = plan
        self.given = given
        self.right = right
        self.tolerance = tolerance
        self.progress = progress
        self.found: list[Found] = []
        self.remaining: list[Item] = []
        self.exact = not any(theirs.allowed.any() for names in given.values() for theirs in names.values())

    def search(self) -> None:
        """Explain one wrong item after the other, by as few mistakes as it takes."""
        agreeing = self.agreement(self.plan)
        while len(self.found) < MOST_TOGETHER:
            wrong = self.wrong(agreeing)
            chosen = self._best(wrong, agreeing) or self._best_pair(wrong, agreeing) if wrong else None
            if chosen is None:
                break
            plan, found, agreeing = chosen
            self.plan = plan
            self.found += found
        self.remaining = self.wrong(agreeing)
        order = {item: number for number, item in enumerate(agreeing)}
        self.found = list(_together(self.found, order))
        self.found.sort(key=lambda found: min((order[item] for item in found.explained), default=0))

    def wrong(self, agreeing: Mapping[Item, bool]) -> list[Item]:
        """What a plan does not give, of what is not right anyway."""
        return [item for item, agrees in agreeing.items() if not agrees and item not in self.right]

    def agreement(
        self,
        plan: Plan,
        until: Place | None = None,
        noise: Noise | None = None,
        only: Collection[Item] | None = None,
    ) -> dict[Item, bool]:
        """For every quantity that is given, up to a step: whether a plan gives it, from what they had before it.

        `only` for some of them.
        """
        every = ((place, name) for place, names in self.given.items() for name in names)
        found = {item: False for item in every if only is None or item in only}
        last = max(plan.number(place) for place in self.given if until is None or place <= until)
        exact = self.exact and noise is None
        vague = plan is self.right_plan
        try:
            for place, values in follow(plan, self.given, last, noise, exact=exact):
                for name, theirs in self.given.get(place, {}).items():
                    if (place, name) not in found:
                        continue
                    found[place, name] = bool(
                        agrees(values, name, theirs, self.tolerance, exact=exact, vague=vague).all()
                    )
        except (ValueError, KeyError, IndexError, RecursionError):
            pass  # shapes that do not fit, or a line that needs itself: no way to train
        return found

    def _best(self, wrong: Sequence[Item], agreeing: Mapping[Item, bool]) -> Chosen | None:
        """The mistakes that explain most of what is wrong and spoil least; first looked for where that is quick."""
        for until in self._horizons(wrong):
            upstream = self._upstream([item for item in wrong if item[0] <= until])
            ways = list(variants_of(self.plan))
            candidates = self.progress(iter(ways), len(ways))
            made = ([pair] for pair in candidates if _touches(self.plan, pair[1].plan, upstream))
            chosen = self._chosen(made, wrong, agreeing, until)
            if chosen is not None:
                return chosen
        return None

    def _best_pair(self, wrong: Sequence[Item], agreeing: Mapping[Item, bool]) -> Chosen | None:
        """Two mistakes at once, of those that change anything in the first wrong item; looked for in that step."""
        upstream = self._upstream(wrong[:1])
        moving = [
            (mistake, variant)
            for mistake, variant in _everywhere(self.plan)
            if _touches(self.plan, variant.plan, upstream) and self._moves(variant.plan, wrong[0])
        ]
        pairs = (
            [(mistake, variant), (other, both)]
            for mistake, variant in self.progress(iter(moving), len(moving))
            for other, both in _everywhere(variant.plan)
            if _comes_after(other, mistake) and _touches(variant.plan, both.plan, upstream)
        )
        return self._chosen(pairs, wrong, agreeing, wrong[0][0])

    def _horizons(self, wrong: Sequence[Item]) -> list[Place]:
        """Up to which steps mistakes are tried: the first with something wrong and what is near it, then some more."""
        places = list(dict.fromkeys(place for place, _ in wrong))[:FIRST_PLACES]
        number = self.plan.number
        near = [place for place in places if number(place) < NEAR * (number(places[0]) + 1)]
        return list(dict.fromkeys((near[-1], places[-1])))

    def _upstream(self, items: Sequence[Item]) -> set[str] | None:
        """The lines that what is computed for these items depends on; None where it goes back into earlier steps.

        What they have themselves ends the way: what it comes from makes no difference.
        """
        found: set[str] = set()
        for place, name in items:
            ahead, seen = [name], {name}
            while ahead:
                line = ahead.pop()
                if line not in self.plan.lines:
                    if line in self.plan.handed and not self._is_handed(line, place):
                        return None
                    continue
                found.add(line)
                formulas = (self.plan.lines[line], *self.plan.ways.get(line, ()))
                operands = {operand for formula in formulas for operand in function_of(formula)[0]} - seen
                seen |= operands
                ahead += [operand for operand in operands if not self._has(place, operand)]
        return found

    def _is_handed(self, name: str, place: Place) -> bool:
        """Whether what a step starts from is known: from the config, or as the step before it hands it on."""
        number = self.plan.number(place)
        return number <= 0 or self._has(self.plan.place(number - 1), self.plan.handed[name])

    def _has(self, place: Place, name: str) -> bool:
        theirs = self.given.get(place, {}).get(name)
        return theirs is not None and bool(theirs.known.all())

    def _moves(self, plan: Plan, item: Item) -> bool:
        """Whether a plan gives another number there than the one so far."""
        place, name = item
        own, other = (self._computed(each, place, name) for each in (self.plan, plan))
        if own is None or other is None or np.shape(own) != np.shape(other):
            return other is not None
        return not within(np.asarray(other), own, 0.0).all()

    def _computed(self, plan: Plan, place: Place, name: str) -> Any:
        try:
            for there, values in follow(plan, self.given, plan.number(place), exact=self.exact):
                if there == place:
                    return values.computed(name)
        except (ValueError, KeyError, IndexError, RecursionError):
            pass
        return None

    def _chosen(
        self, candidates: Iterator[Made], wrong: Sequence[Item], agreeing: Mapping[Item, bool], until: Place
    ) -> Chosen | None:
        near = {item for item in agreeing if item[0] <= until}
        here = sum(agreeing[item] for item in near)
        tried = []
        wrong_near = near.intersection(wrong)
        for made in candidates:
            plan = made[-1][1].plan
            if any(self.agreement(plan, until, only=wrong_near).values()):
                now = self.agreement(plan, until)
                score = sum(now[item] for item in near)
                if score > here:
                    tried.append((score, made))
        most = max((score for score, _ in tried), default=0)
        whole = [(self.agreement(made[-1][1].plan), made) for score, made in tried if score == most]
        return self._decided(wrong, whole)

    def _decided(self, wrong: Sequence[Item], whole: Sequence[tuple[dict[Item, bool], Made]]) -> Chosen | None:
        """Of what fits near by, what fits best over all; the simplest first."""
        most = max((sum(now.values()) for now, _ in whole), default=0)
        best = sorted(
            ((now, made) for now, made in whole if sum(now.values()) == most),
            key=lambda pair: (any(each.far_fetched for each, _ in pair[1]), self._effort(pair[1][-1][1].plan)),
        )
        if not best:
            return None
        now, made = best[0]
        plan = made[-1][1].plan
        explained = tuple(item for item in wrong if now[item])
        found = []
        for place, (mistake, variant) in enumerate(made):
            before = self.plan if place == 0 else made[place - 1][1].plan
            fits = [Fit(mistake, variant, self._lines(before, variant, explained))]
            if len(made) == 1:
                fits += self._others(best, {mistake.name}, explained)
            apart = self._apart([fit.variant.plan for fit in fits], explained) if len(fits) > 1 else None
            found.append(Found(tuple(fits[:MOST_FITS]), explained, apart))
        return plan, found, now

    def _others(
        self,
        best: Sequence[tuple[dict[Item, bool], Made]],
        named: set[str],
        explained: Sequence[Item],
    ) -> Iterator[Fit]:
        """The other mistakes that fit as well, each once."""
        for now, ((mistake, variant), *_) in best[1:]:
            said = mistake.name + mistake.says.format(**variant.words)
            if mistake.name not in named | {said} and all(now[item] for item in explained):
                named.add(mistake.name if not variant.words else said)
                yield Fit(mistake, variant, self._lines(self.plan, variant, explained))

    def _effort(self, plan: Plan) -> int:
        """How much somebody must have changed: the fewer lines the simpler."""
        own = self.right_plan
        same_list = plan.listing is own.listing  # else only the schedule made it another
        lines = sum(plan.lines[name] is not f for name, f in own.lines.items()) if same_list else 0
        schedule = plan.config is not own.config or plan.shift != own.shift or plan.handed.keys() != own.handed.keys()
        return lines + 2 * schedule

    def _lines(self, before: Plan, variant: Variant, explained: Sequence[Item]) -> tuple[Line, ...]:
        """The lines that a variant changes."""
        if variant.theirs:
            return (Line(variant.theirs, variant.right),)
        after = variant.plan
        different = [
            name for name, f in after.lines.items() if f is not before.lines.get(name) and name in before.lines
        ]
        return tuple(
            Line(f"{name} = {plain(after.lines[name])}", f"{name} = {plain(_as_people_write(before, name))}")
            for name in different
        )

    def _apart(self, plans: Sequence[Plan], explained: Sequence[Item]) -> Apart | None:
        """The first number that they do not have and in which the plans differ, in as many ways as there are."""
        last = max((place for place, _ in explained), default=None)
        if last is None:
            return None
        runs = [follow(plan, self.given, plan.number(last), every=True, exact=self.exact) for plan in plans[:MOST_FITS]]
        best: Apart | None = None
        try:
            for steps in zip(*runs, strict=False):
                place = steps[0][0]
                if any(there != place for there, _ in steps):
                    return best
                for name in self.right_plan.lines:
                    if name in self.given.get(place, {}):
                        continue
                    apart = _differing(place, name, [values.computed(name) for _, values in steps])
                    if apart is not None and (best is None or len(set(apart.values)) > len(set(best.values))):
                        best = apart
                if best is not None:
                    return best
        except (ValueError, KeyError, IndexError, RecursionError):
            return best
        return best


def _together(found: Sequence[Found], order: Mapping[Item, int]) -> Iterator[Found]:
    """The same mistake made in several layers is one."""
    by_mistake: dict[str, list[Found]] = {}
    for each in found:
        by_mistake.setdefault(each.fits[0].mistake.name + each.fits[0].says, []).append(each)
    for same in by_mistake.values():
        first = same[0]
        if len(same) > 1:
            lines = tuple(line for each in same for line in each.fits[0].lines)
            explained = {item for each in same for item in each.explained}
            fits = (replace(first.fits[0], lines=lines), *first.fits[1:])
            first = Found(fits, tuple(sorted(explained, key=order.__getitem__)), first.apart)
        yield first


def _touches(before: Plan, after: Plan, lines: set[str] | None) -> bool:
    """Whether a plan differs from another in one of these lines, or in more than lines."""
    if lines is None or any(after.lines.get(name) is not before.lines.get(name) for name in lines):
        return True
    return (after.config, after.count, after.shift) != (before.config, before.count, before.shift) or (
        after.handed.keys() != before.handed.keys()
    )


def _differing(place: Place, name: str, computed: Sequence[Any]) -> Apart | None:
    """The entry in which the values of a quantity differ most."""
    arrays = [np.atleast_2d(np.asarray(each, dtype=np.float64)) for each in computed]
    if any(array.shape != arrays[0].shape for array in arrays):
        return None
    spread = np.ptp(np.stack(arrays), axis=0)
    if not (spread > 1e-6 * np.abs(arrays[0]).max(initial=0.0)).any():
        return None
    i, j = np.unravel_index(int(np.argmax(spread)), spread.shape)
    values = tuple(float(array[i, j]) for array in arrays)
    whole = np.ndim(computed[0]) == 0
    return Apart(place, name, None if whole else int(i), None if whole else int(j), values)


def _as_people_write(plan: Plan, name: str) -> Formula:
    return plan.shown.get(name, plan.lines[name])


def variants_of(plan: Plan) -> Iterator[tuple[Mistake, Variant]]:
    """Every way in which every mistake can be made."""
    for mistake in MISTAKES.values():
        for variant in mistake.rewriting(plan):
            yield mistake, variant


def _everywhere(plan: Plan) -> Iterator[tuple[Mistake, Variant]]:
    """Every mistake once, made wherever it can be; in other words another time."""
    for mistake in MISTAKES.values():
        seen: set[str] = set()
        for variant in mistake.rewriting(plan):
            said = "" if mistake.far_fetched else mistake.says.format(**variant.words)
            if said not in seen:
                seen.add(said)
                yield mistake, variant


_PLACES = {name: place for place, name in enumerate(MISTAKES)}


def _comes_after(mistake: Mistake, other: Mistake) -> bool:
    return _PLACES[mistake.name] > _PLACES[other.name]


def agrees(
    values: Values,
    name: str,
    theirs: Given,
    tolerance: float | None = None,
    *,
    exact: bool = False,
    vague: bool = True,
) -> NDArray[np.bool_]:
    """Entry by entry, whether a number of theirs is what comes of the values before it.

    To the precision in which it is written and that of what it is made of, or to `tolerance`; `exact` says that
    all is known exactly, `vague` that a number agrees too where what it is made of leaves it nearly open.
    """
    allowed = theirs.allowed if tolerance is None else tolerance
    agreeing: NDArray[np.bool_] = ~theirs.known
    for computed, radius in values.ways(name):
        made = (
            computed if isinstance(computed, np.ndarray) and computed.ndim == 2 else np.array([[computed]], dtype=float)
        )
        if made.shape != theirs.values.shape:
            continue
        agreeing = agreeing | within(theirs.values, made, allowed)
        if not exact and not agreeing.all():
            off = radius()
            if not vague:
                off = np.where(off <= TELLING * np.abs(made).max(initial=0.0), off, 0.0)
            if np.any(off):
                agreeing = agreeing | within(theirs.values, made, allowed + off)
        if agreeing.all():
            break
    return agreeing
