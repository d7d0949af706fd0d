"""From numbers under names to a sheet: each beside its quantity, in the layout of the trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from nntrace import selecting
from nntrace.answers.layout import Fit, Layout, Shaped, decided, group_of
from nntrace.answers.names import Names, UnknownNameError
from nntrace.answers.sheet import Given, Group, Misfit, Sheet, Update, turned_round
from nntrace.answers.steps import Found, Updates
from nntrace.answers.written import exact_below
from nntrace.errors import SelectionError
from nntrace.formula.tree import Quantity
from nntrace.tracing import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_LAST_BITS = 1e-12
"""By so much of its value a number that is given twice may differ: it is compared no finer."""
_SINGLE = "Its numbers are float32, and are compared as exactly as that is."


def sheet(name: str, trace: Trace, names: Names, updates: Updates, everything: Sequence[Found]) -> Sheet:
    """The sheet called `name`, of everything that was found for a run.

    Raises `ConfigError` for a name that the language does not know, an entry that is not there, and
    numbers that contradict each other.
    """
    below = exact_below(each.numbers for each in everything)
    single = all(each.numbers.single() for each in everything) and any(each.numbers.long() for each in everything)
    placed = []
    not_compared: dict[str, int] = {}
    for found in everything:
        quantity = _quantity(found, names)
        if quantity is None:
            bare = _bare(found.name)
            not_compared[bare] = not_compared.get(bare, 0) + found.numbers.values.size
        else:
            placed.append(_placed(found, quantity, trace, _allowed(found, below, single=single)))
    whole = [each for each in placed if each.entry is None]
    layouts = {group: decided(each.shaped for each in whole if each.shaped.group is group) for group in Group}
    steps: dict[Update, dict[str, Given]] = {}
    misfits = []
    for each in placed:
        given = _given(each, layouts[each.shaped.group])
        if given is None:
            misfits.append(_misfit(each))
            continue
        update, quantity_name = each.key
        step = steps.setdefault(update, {})
        old = step.get(quantity_name)
        step[quantity_name] = given if old is None else _merged(old, given, each, updates)
    return Sheet(
        name=name,
        steps={update: _in_order(steps[update], names) for update in sorted(steps)},
        examples=dict(sorted(updates.examples.items())),
        misfits=tuple(misfits),
        not_compared=not_compared,
        remarks=(*updates.remarks, *_turned(steps, names), *([_SINGLE] if single else [])),
        ambiguous={group: _squares(whole, group) for group, layout in layouts.items() if layout.ambiguous},
    )


class _Placed(Struct, frozen=True, eq=False):
    """Numbers beside the quantity that they are of; `entry` (from 0) is the one that they are."""

    found: Found
    shaped: Shaped
    allowed: Array
    entry: tuple[int, int] | None

    @property
    def key(self) -> tuple[Update, str]:
        return self.found.update, self.shaped.quantity.name


def _bare(name: str) -> str:
    """The name of the quantity of which a name is an entry."""
    return name.partition("[")[0].strip() or name


def _quantity(each: Found, names: Names) -> Quantity | None:
    try:
        return names.quantity(_bare(each.name), each.name)
    except UnknownNameError as error:
        raise each.refuse(error.problem, error.hint, key=True) from None


def _allowed(each: Found, below: int, *, single: bool) -> Array:
    if each.tolerance is not None:
        return np.full(each.numbers.values.shape, each.tolerance)
    allowed = each.numbers.allowed(below, single=single)
    if not np.isfinite(allowed).all():
        raise each.refuse(f"`{each.name}` is written so that half a unit of its last digit is beyond float64")
    return allowed


def _placed(each: Found, quantity: Quantity, trace: Trace, allowed: Array) -> _Placed:
    columns = len(selecting.examples_of(trace.config, *each.update))
    entry = None
    if "[" in each.name:
        try:
            named = selecting.entry(trace.equations, each.name, columns, {quantity.name: quantity})
        except SelectionError as error:
            raise each.refuse(*str(error).split("\n", 1), key=True) from None
        if each.numbers.values.size != 1:
            raise each.refuse(f"`{each.name}` is one entry: it should be one number")
        entry = (named.row or 0, named.column or 0)
    return _Placed(each, Shaped(quantity, each.numbers.values.shape, _shape(quantity, columns)), allowed, entry)


def _given(each: _Placed, layout: Layout) -> Given | None:
    """It in our layout; None where it does not fit."""
    values, allowed, ours = each.found.numbers.values, each.allowed, each.shaped.ours
    if each.entry is not None:
        known = np.zeros(ours, dtype=bool)
        known[each.entry] = True
        number, half = values.reshape(1, 1), allowed.reshape(1, 1)
        return Given(np.where(known, number, np.nan), np.where(known, half, 0.0), known, each.found.place)
    turns = layout.turns(each.shaped)
    if turns is None:
        return None
    values, allowed = (array.T.copy() if turns else array.reshape(ours) for array in (values, allowed))
    known = np.ones(ours, dtype=bool)
    return Given(values, allowed, known, each.found.place, transposed=turns and each.shaped.telling)


def _misfit(each: _Placed) -> Misfit:
    (iteration, batch), name = each.key
    shaped, values = each.shaped, each.found.numbers.values
    return Misfit(name, iteration, batch, each.found.place, shaped.theirs, shaped.ours, values, each.allowed)


def _shape(quantity: Quantity, columns: int) -> tuple[int, int]:
    """Rows and columns in a batch of so many examples; (1, 1) for a single number."""
    if not quantity.shape:
        return 1, 1
    rows = quantity.rows
    return rows, quantity.size(columns) // rows


def _merged(old: Given, new: Given, each: _Placed, updates: Updates) -> Given:
    """Both: where both have an entry, the finer. Raises `ConfigError` where they contradict each other."""
    both = old.known & new.known
    with np.errstate(invalid="ignore"):
        may_differ = np.maximum(old.allowed, new.allowed) + _LAST_BITS * np.abs(old.values)
        apart = np.abs(old.values - new.values) > may_differ
    apart |= np.isnan(old.values) != np.isnan(new.values)
    apart &= both
    if apart.any():
        row, column = np.argwhere(apart)[0].tolist()
        name = each.shaped.quantity.name + (f"[{row + 1},{column + 1}]" if old.values.size > 1 else "")
        numbers = f"{old.values[row, column]:.10g} and {new.values[row, column]:.10g}"
        hint = f"It stands at {old.place} and at {new.place}."
        raise each.found.refuse(f"`{name}` is given twice for {updates.place(each.found.update)}, as {numbers}", hint)
    finer = new.known & (~old.known | (new.allowed < old.allowed))
    return Given(
        np.where(finer, new.values, old.values),
        np.where(finer, new.allowed, old.allowed),
        old.known | new.known,
        old.place,
        old.transposed or new.transposed,
    )


def _in_order(step: Mapping[str, Given], names: Names) -> dict[str, Given]:
    return {name: step[name] for name in names.compared if name in step}


def _turned(steps: Mapping[Update, Mapping[str, Given]], names: Names) -> list[str]:
    """A remark for each group of which something was read transposed."""
    turned = {name for step in steps.values() for name, given in step.items() if given.transposed}
    in_order = [name for name in names.compared if name in turned]
    by_group = {group: [name for name in in_order if group_of(names.compared[name]) is group] for group in Group}
    return [turned_round(found, group) for group, found in by_group.items() if found]


def _squares(whole: Sequence[_Placed], group: Group) -> frozenset[tuple[Update, str]]:
    return frozenset(each.key for each in whole if each.shaped.group is group and each.shaped.fit is Fit.BOTH)
