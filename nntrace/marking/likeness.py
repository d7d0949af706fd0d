"""What can be said of numbers that no known mistake gives: a factor, a sign, a transpose, another quantity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from nntrace.marking.following import Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nntrace.answers import Given

    Array = NDArray[np.float64]

CLOSE = 1e-6
"""Relative; what is written with few digits is compared to its own precision."""
VAGUE = 0.01
"""A number that may be off by a larger share of itself tells no factor."""
MOST_PERMUTED = 6
"""Of up to so many rows every order is tried."""
NAMED = {-1.0: "the other sign", 2.0: "twice", 0.5: "half", 10.0: "ten times", 0.1: "a tenth of"}


def likeness(values: Values, name: str, theirs: Given) -> Iterator[str]:
    """What the numbers of a quantity are, compared with what comes of the values before it; the most telling first."""
    computed = np.atleast_2d(np.asarray(values.computed(name), dtype=np.float64))
    given = theirs.values
    if computed.shape != given.shape or not theirs.known.all() or not np.isfinite(given).all():
        return
    room = theirs.allowed + CLOSE * np.abs(computed)
    off = np.abs(given - computed) > room
    slip = 3 * off.sum() <= given.size
    if slip:
        count = int(off.sum())
        yield f"only {count:,} of {given.size:,} entries {'differs' if count == 1 else 'differ'}: a slip there"
    yield from _digits(computed, theirs, off)
    yield from _factor(theirs, computed, off if slip else np.ones_like(off))
    yield from _constant(theirs, computed)
    yield from _order(given, computed, room)
    yield from _another(values, name, given, theirs.allowed)


def _digits(computed: Array, theirs: Given, off: NDArray[np.bool_]) -> Iterator[str]:
    """Two digits next to each other exchanged, where one entry was written by hand."""
    if off.sum() != 1:
        return
    ((i, j),) = np.argwhere(off)
    allowed = float(theirs.allowed[i, j])
    if not allowed:
        return
    decimals = max(0, round(-np.log10(2 * allowed)))
    written, right = (f"{value:.{decimals}f}" for value in (float(theirs.values[i, j]), float(computed[i, j])))
    if len(written) == len(right):
        places = [place for place, (a, b) in enumerate(zip(written, right, strict=True)) if a != b]
        if len(places) == 2 and places[1] - places[0] == 1 and written[places[0]] == right[places[1]]:
            yield f"two digits are exchanged: {written} for {right}"


def _factor(theirs: Given, computed: Array, among: NDArray[np.bool_]) -> Iterator[str]:
    """One factor between these entries: of a round size, or where it shows in several numbers of enough digits."""
    given = theirs.values
    with np.errstate(all="ignore"):
        ratios = given / computed
        vague = np.abs(theirs.allowed / given)
    telling = among & (computed != 0) & (vague < VAGUE)
    if not telling.any() or not np.isfinite(ratios[telling]).all():
        return
    best = np.argmin(np.where(telling, vague, np.inf))
    factor, near = float(ratios.flat[best]), CLOSE + float(vague.flat[best])
    known = next((each for each in NAMED if abs(factor / each - 1) < near), None)
    factor = factor if known is None else known
    off = among & (np.abs(given - factor * computed) > theirs.allowed + (CLOSE + near) * np.abs(given))
    if abs(factor - 1) < near or off.any():
        return
    said = "" if known is None else NAMED[known]
    if said == "the other sign":
        yield "there the sign is wrong" if not among.all() else "the numbers are right but for their sign"
    elif said:
        yield f"the numbers {'there ' if not among.all() else ''}are {said} what they should be"
    elif telling.sum() > 1:
        yield f"the numbers are {factor:.6g} times what they should be"


def _constant(theirs: Given, computed: Array) -> Iterator[str]:
    """The same number added to every entry."""
    added = theirs.values - computed
    middle = float(np.median(added))
    room = theirs.allowed + CLOSE * (np.abs(computed) + abs(middle))
    if added.size > 1 and (np.abs(added - middle) <= room).all() and (np.abs(added) > 2 * room).all():
        yield f"every number is {abs(middle):.4g} too {'large' if middle > 0 else 'small'}"


def _order(given: Array, computed: Array, room: Array) -> Iterator[str]:
    if given.shape[0] == given.shape[1] > 1 and (np.abs(given.T - computed) <= room).all():
        yield "the numbers are right when rows and columns are exchanged"
        return
    for what, axis in (("rows", 0), ("columns", 1)):
        count = given.shape[axis]
        orders = list(permutations(range(count))) if count <= MOST_PERMUTED else [tuple(range(count))[::-1]]
        for order in orders[1:]:
            if (np.abs(np.take(given, order, axis) - computed) <= room).all():
                said = ", ".join(str(place + 1) for place in np.argsort(order))
                yield f"the {what} are right, in another order: {said}"
                return


def _another(values: Values, name: str, given: Array, allowed: Array) -> Iterator[str]:
    """Another quantity of the step of which these are the numbers."""
    if given.size == 1:
        return
    for other, value in _matrices(values).items():
        for array, said in ((value, other), (value.T, f"{other} with rows and columns exchanged")):
            same = array.shape == given.shape and other != name
            if same and np.any(array) and (np.abs(given - array) <= allowed + CLOSE * np.abs(array)).all():
                yield f"these are the numbers of {said}"
                return


def _matrices(values: Values) -> Mapping[str, Array]:
    found = {name: np.asarray(values.computed(name), dtype=np.float64) for name in values}
    return {name: value for name, value in found.items() if value.ndim == 2}
