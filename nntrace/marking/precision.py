"""What arithmetic with fewer digits explains: rounding by hand, at one quantity or everywhere, and float32."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace.answers import Sheet
from nntrace.formula.tree import Formula, Quantity
from nntrace.marking.diagnosing import Diagnosis
from nntrace.marking.following import Noise, Plan, follow, plan_of
from nntrace.marking.variants import Net, Variant, ruled, variants
from nntrace.maths.functions import rounding

FLOAT32 = 2.0**-22
"""Relative: what arithmetic in float32 may be off in one equation."""
TINY = 1e-5
"""A difference of a smaller share of the largest number is as good as none in float32."""
EXACTLY = range(1, 9)
"""To so many decimals intermediate numbers are rounded by programs, where the results are given in full."""


class Rounding(Struct, frozen=True):
    """What arithmetic with fewer digits explains; `decimals` is None for float32.

    `at` is the one quantity at whose rounding alone every difference comes out, empty where it is all of them.
    """

    decimals: int | None
    at: str = ""
    exactly: bool = False


def written(sheet: Sheet) -> Rounding | None:
    """The rounding with which most numbers are written; None where they are written in full."""
    unit = _unit(sheet)
    return Rounding(_decimals(unit)) if unit else None


def explaining(diagnosis: Diagnosis, sheet: Sheet, *, small: bool) -> Rounding | None:
    """The rounding that all differences come from, if there is one; the finest first.

    `small` says that the first difference may be one.
    """
    unit = _unit(sheet)
    if _single(sheet) and (_explains(diagnosis, sheet, _in_float32) or _tiny(diagnosis, sheet)):
        return Rounding(None)
    if unit and _explains(diagnosis, sheet, lambda value: unit):
        return _rounded(diagnosis, sheet, _decimals(unit))
    if unit or not small:
        return None
    tried = (_rounded(diagnosis, sheet, decimals) for decimals in EXACTLY)
    return next((each for each in tried if each.exactly), None)


def _explains(diagnosis: Diagnosis, sheet: Sheet, noise: Noise) -> bool:
    """Whether all that differs may do so for the digits that each result keeps; the first first."""
    first = min(place for place, names in sheet.steps.items() if any((place, n) not in diagnosis.right for n in names))
    near = diagnosis.wrong(diagnosis.agreement(diagnosis.plan, first, noise))
    if any(place <= first for place, _ in near):
        return False
    return not diagnosis.wrong(diagnosis.agreement(diagnosis.plan, noise=noise))


def _tiny(diagnosis: Diagnosis, sheet: Sheet) -> bool:
    """Whether nothing differs by more than float32 may over many steps, of which the radius says nothing."""
    last = max(diagnosis.plan.number(place) for place in sheet.steps)
    for place, values in follow(diagnosis.plan, sheet.steps, last):
        for name, theirs in sheet.steps[place].items() if place in sheet.steps else ():
            computed = np.atleast_2d(np.asarray(values.computed(name), dtype=np.float64))
            room = TINY * np.abs(computed).max(initial=0.0)
            if computed.shape != theirs.values.shape or not (np.abs(theirs.values - computed) <= room).all():
                return False
    return True


def _rounded(diagnosis: Diagnosis, sheet: Sheet, decimals: int) -> Rounding:
    """Where numbers were rounded: at one quantity, or everywhere, if just that gives theirs.

    Where everything is rounded a result may lie in the middle, and go either way.
    """
    for variant in rounded(diagnosis.plan, decimals):
        at = variant.words["at"]
        if not at and not _has_only(diagnosis, sheet, decimals):
            continue
        room = diagnosis if at else Diagnosis(diagnosis.plan, sheet.steps, diagnosis.right, 1.01 * 10.0**-decimals)
        if not room.wrong(room.agreement(variant.plan)):
            return Rounding(decimals, at, exactly=True)
    return Rounding(decimals)


def _has_only(diagnosis: Diagnosis, sheet: Sheet, decimals: int) -> bool:
    """Whether all of their results have no more decimals than these."""
    return all(
        (np.round(theirs.values, decimals) == theirs.values)[theirs.known].all()
        for names in sheet.steps.values()
        for name, theirs in names.items()
        if name in diagnosis.plan.lines
    )


def rounded(plan: Plan, decimals: int) -> Iterator[Variant]:
    """The plan with its results rounded as by hand: one quantity, or all of them."""
    if plan.config.round is not None:
        return
    function = rounding(decimals)

    def rule(net: Net, q: Quantity, own: Formula) -> Formula | None:
        return None if isinstance(own, Quantity) else function(own)

    for name in plan.lines:
        kind = plan.quantities[name].kind
        lines = ruled(plan, [kind], rule)
        if name in lines:
            yield from variants(plan, {name: lines[name]}, alone=False, at=name)
    as_by_hand = plan_of(replace(plan.config, round=decimals)).lines
    yield from variants(plan, as_by_hand, alone=False, at="")


def _in_float32(value: Any) -> float:
    return FLOAT32 * float(np.max(np.abs(value), initial=0.0))


def _unit(sheet: Sheet) -> float:
    """Half a unit of the last digit in which most numbers are written; 0 where they are written in full."""
    found: Counter[float] = Counter()
    for names in sheet.steps.values():
        for theirs in names.values():
            found.update(theirs.allowed[theirs.known].tolist())
    written = {allowed: count for allowed, count in found.items() if allowed}
    return max(written, key=written.__getitem__) if sum(written.values()) > found[0.0] else 0.0


def _single(sheet: Sheet) -> bool:
    """Whether every number is one that float32 has, as it is or as it is printed."""
    for names in sheet.steps.values():
        for theirs in names.values():
            values = theirs.values[theirs.known]
            with np.errstate(over="ignore"):
                single = values.astype(np.float32)
            if not (single == values).all():
                printed = np.array([float(str(value)) for value in single])
                if not (printed == values).all():
                    return False
    return True


def _decimals(unit: float) -> int:
    return max(0, round(-float(np.log10(2 * unit))))
