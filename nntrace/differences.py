"""The loss while one entry of a quantity is moved: its quotients, extrapolated, and with every kink held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from nntrace.formula.compiling import compiled
from nntrace.formula.numpy_source import function_source
from nntrace.formula.plain import plain
from nntrace.formula.switches import held, switches
from nntrace.formula.tree import Formula, Quantity

H = 1e-5
"""How far an entry is moved: in float64 what the difference cuts off and what it rounds are about equal here."""
LARGE = 1e3
"""Entries above this are moved by as much more as they are larger, else they would not move."""
LONGEST = 1e4
"""So many times as far as that is the longest step."""
EPSILON = 2.0**-52


class Moving:
    """The loss while one entry of a quantity is moved."""

    def __init__(
        self, compute: Callable[..., tuple[Any, ...]], around: Mapping[str, Any], name: str, place: tuple[int, int]
    ) -> None:
        self.compute = compute
        self.around = around
        self.name = name
        self.place = place
        self.here = float(around[name][place])
        self.h = H * max(1.0, abs(self.here) / LARGE)

    def values(self, h: float) -> list[Any]:
        """What the loss is computed from, with the entry moved by `h`."""
        moved = np.array(self.around[self.name])
        moved[self.place] += h
        return list({**self.around, self.name: moved}.values())

    def quotient(self, h: float) -> float:
        """By how much the loss changes for it, from h below to h above; nan where that is no distance."""
        return self._difference(h)[0]

    def _difference(self, h: float) -> tuple[float, float]:
        """The quotient, and how far it may be off for the rounding of the two losses."""
        distance = (self.here + h) - (self.here - h)
        above, below = (float(self.compute(*self.values(step))[0]) for step in (h, -h))
        if not distance:
            return nan, inf
        return (above - below) / distance, EPSILON * max(abs(above), abs(below)) / distance

    def extrapolated(self, halvings: int = 40, orders: int = 6) -> float:
        """Ridders' method: quotients of ever smaller steps, extrapolated to none, and of all the steadiest.

        Steps at which the loss is not finite on both sides (beyond the 0 of a logarithm) do not count.
        It judges by how far the estimates are from each other and by rounding, relative to what they
        are, never by what they are compared with; an estimate of 0 says only that nothing moved.
        Source: Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982.
        """
        h = LONGEST * self.h
        best, error = nan, inf
        before: list[float] = []
        for _ in range(halvings):
            quotient, rounding = self._difference(h)
            if quotient == 0 and error == inf:
                best = 0.0
            row = [quotient]
            for order, coarser in enumerate(before[:orders], start=1):
                row.append(row[-1] + (row[-1] - coarser) / (4**order - 1))
                off = rounding + max(abs(row[-1] - row[-2]), abs(row[-1] - coarser))
                if row[-1] and off / abs(row[-1]) < error:
                    best, error = row[-1], off / abs(row[-1])
            before = row if isfinite(row[0]) else []
            h /= 2
        return best


class Kinks:
    """The kinks and jumps on the way from a quantity to the loss."""

    def __init__(self, inputs: Sequence[str], lines: Sequence[tuple[str, Formula]]) -> None:
        found = [(target, switch) for target, line in lines for switch in switches(line)]
        self.names = [f"{plain(switch.part)} in {target}" for target, switch in found]
        sides = [Quantity("side", number, switch.side.shape) for number, (_, switch) in enumerate(found)]
        self.sides = [q.name for q in sides]
        computed = [(q.name, switch.side) for q, (_, switch) in zip(sides, found, strict=True)]
        self._sides = loss_function(inputs, [*lines, *computed], self.sides)
        of = {switch.part: q for q, (_, switch) in zip(sides, found, strict=True)}
        smooth = [(target, held(line, of)) for target, line in lines]
        self._held = loss_function([*inputs, *self.sides], smooth, ["loss"])

    def between(self, moving: Moving) -> str | None:
        """The part of a formula that changes sides within the first step from where the entry is."""
        before, here, after = (self._sides(*moving.values(h)) for h in (-moving.h, 0.0, moving.h))
        for name, *sides in zip(self.names, before, here, after, strict=True):
            if any(not np.array_equal(side, sides[1]) for side in sides):
                return name
        return None

    def held(self, moving: Moving) -> Moving:
        """The same with every kink held on the side where it is: PyTorch's conventions, and smooth."""
        sides = dict(zip(self.sides, self._sides(*moving.values(0.0)), strict=True))
        return Moving(self._held, {**moving.around, **sides}, moving.name, moving.place)


def loss_function(
    inputs: Sequence[str], lines: Sequence[tuple[str, Formula]], outputs: Sequence[str]
) -> Callable[..., tuple[Any, ...]]:
    """The lines as a function of the inputs, compiled."""
    return compiled(function_source("loss_of", inputs, lines, outputs), "loss_of")
