"""What numbers of a shape that cannot be are nevertheless: transposed, not summed, repeated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from nntrace.answers import Misfit, Sheet
from nntrace.marking.following import Plan, Values, follow, within


class ReadAs(Struct, frozen=True, eq=False):
    """A matrix of a shape that cannot be, and what its numbers are nevertheless, if that can be said."""

    misfit: Misfit
    name: str = ""
    says: str = ""
    convention: bool = False


def read_as(plan: Plan, sheet: Sheet) -> Iterator[ReadAs]:
    """What the numbers of a shape that cannot be are nevertheless."""
    if not sheet.misfits:
        return
    last = max((plan.number((each.iteration, each.batch)) for each in sheet.misfits), default=0)
    steps = dict(follow(plan, sheet.steps, last, every=True))
    for misfit in sheet.misfits:
        values = steps.get((misfit.iteration, misfit.batch))
        yield ReadAs(misfit) if values is None else _reading(misfit, values)


def _reading(misfit: Misfit, values: Values) -> ReadAs:
    computed = np.atleast_2d(np.asarray(values.computed(misfit.name), dtype=np.float64))
    given = misfit.values
    if given.ndim == 2 and given.T.shape == computed.shape and within(given.T, computed, misfit.allowed.T).all():
        return ReadAs(misfit, "transposed", "the numbers are right, with rows and columns exchanged", convention=True)
    if computed.size == 1 and given.size > 1 and values.plan.quantities[misfit.name].base == "b":
        if within(given.sum(keepdims=True), computed, misfit.allowed.sum()).all():
            return ReadAs(
                misfit, "bias-per-node", "a number for each node, which add up to the right one", convention=True
            )
        if within(given, np.full(given.shape, computed.item()), misfit.allowed).all():
            return ReadAs(misfit, "repeated", "the right number, repeated for each node", convention=True)
    if given.ndim == 2 and given.shape[0] == computed.shape[0] and computed.shape[1] == 1:
        summed = given.sum(axis=1, keepdims=True)
        if within(summed, computed, misfit.allowed.sum(axis=1, keepdims=True)).all():
            return ReadAs(
                misfit, "not-summed", "it is not summed over the examples: its columns add up to the right numbers"
            )
        mean = given.mean(axis=1, keepdims=True)
        if within(mean, computed, misfit.allowed.mean(axis=1, keepdims=True)).all():
            return ReadAs(misfit, "repeated", "it is repeated for every example: each column is right")
    return ReadAs(misfit)
