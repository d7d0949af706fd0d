"""What a sweep found: each run, and over the seeds of each combination."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isfinite
from statistics import median

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.sweeping.grid import Point
from nntrace.sweeping.outcome import Outcome


class Combination(Struct, frozen=True):
    """The runs of one combination of values: they differ in their seeds."""

    values: Sequence[str]
    runs: Sequence[Outcome]

    @property
    def losses(self) -> list[float]:
        """Of those that did not diverge."""
        return [run.loss for run in self.runs if run.loss is not None]

    @property
    def median(self) -> float | None:
        return median(self.losses) if self.losses else None


class Swept(Struct, frozen=True):
    """The config that was varied, the keys of the grid, and each run with what it came to."""

    config: Config
    keys: Sequence[str]
    points: Sequence[Point]
    outcomes: Sequence[Outcome]

    @property
    def seeds(self) -> int:
        """How many there are."""
        return len({point.seed for point in self.points} - {None})

    @property
    def best(self) -> int | None:
        """The place of the run with the lowest final loss, the first of equals."""
        losses = [inf if each.loss is None or not isfinite(each.loss) else each.loss for each in self.outcomes]
        place = min(range(len(losses)), key=losses.__getitem__)
        return place if losses[place] < inf else None

    def combinations(self) -> Iterator[Combination]:
        """The runs by their values, in their order."""
        found: dict[tuple[str, ...], list[Outcome]] = {}
        for point, run in zip(self.points, self.outcomes, strict=True):
            found.setdefault(tuple(point.values), []).append(run)
        return (Combination(values, runs) for values, runs in found.items())
