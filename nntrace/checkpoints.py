"""Checkpoints: the state before some steps of a run, kept so that any step is near one of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt

from nntrace.running import State


class Checkpoints:
    """States by the number of the step (from 0) that starts from them; that of the first is always there.

    They stand √n steps apart in a run of n. Where so many would take more than `memory` (in bytes, about),
    half of them are spread evenly over the run, and the others stand closer around the last that was
    reached. The very last state is remembered as well, so that the step after it costs nothing more.
    """

    def __init__(self, start: State, steps: int, memory: int) -> None:
        most = max(1, memory // max(1, sum(array.nbytes for array in start)))
        self._near = self._far = max(1, isqrt(steps))
        if steps > most * self._far:
            half = max(1, most // 2)
            self._far = -(-steps // half)
            self._near = max(self._near, -(-self._far // half)) if most > 1 else self._far
        self._states: dict[int, State] = {0: start}
        self._last = (0, start)

    def __len__(self) -> int:
        return len(self._states)

    @property
    def states(self) -> Mapping[int, State]:
        """What is kept, by number."""
        return self._states

    def nearest(self, number: int) -> tuple[int, State]:
        """The last one at or before a number."""
        kept = max(each for each in self._states if each <= number)
        return self._last if kept <= self._last[0] <= number else (kept, self._states[kept])

    def after(self, number: int) -> int:
        """Where the next one is due."""
        return min(number // each * each + each for each in (self._near, self._far))

    def reach(self, number: int, state: State, *, keep: bool) -> None:
        """Training has come to a number; `keep` the state for good if one is due there."""
        self._last = (number, state)
        if keep and number % self._far == 0:
            self._states[number] = state
        elif keep and number % self._near == 0:
            for other in [
                each for each in self._states if each % self._far and each // self._far != number // self._far
            ]:
                del self._states[other]
            self._states[number] = state

    def add(self, states: Mapping[int, State]) -> None:
        """States that are known from elsewhere."""
        self._states.update(states)
