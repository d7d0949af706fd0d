"""Rules that draw the initial weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite, sqrt
from typing import TYPE_CHECKING

from nntrace.maths.table import Row, Setting, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Generator = np.random.Generator | np.random.RandomState
    Drawn = NDArray[np.float64]

Shape = tuple[int, int]
"""Rows are this layer's nodes (out), columns the previous layer's (in)."""


Distribution = tuple[str, float, float]
"""A method of numpy's generators, and its two parameters."""


class Initializer(Row, frozen=True, kw_only=True, eq=False):
    """`distribution(shape, **settings)` is what each entry of a matrix is drawn from.

    `problem(**settings)` names a setting that cannot be used and says why, None if all can.
    `biases` says whether the biases are drawn as well; otherwise they start at 0.
    """

    distribution: Callable[..., Distribution]
    biases: bool = False
    problem: Callable[..., tuple[str, str] | None] = lambda **_: None

    def draw(self, rng: Generator, shape: Shape, **settings: float) -> Drawn:
        """One matrix."""
        method, first, second = self.distribution(shape, **settings)
        drawn: Drawn = getattr(rng, method)(first, second, shape)
        return drawn


def _between(bound: float) -> Distribution:
    return "uniform", -bound, bound


def _uniform_problem(low: float, high: float) -> tuple[str, str] | None:
    if low > high:
        low_, high_ = (f"{bound}".removesuffix(".0") for bound in (low, high))
        return "low", f"`low` is {low_}, above `high`, which is {high_}"
    return ("low", "`low` and `high` are too far apart for a float64") if not isfinite(high - low) else None


INITIALIZERS: Mapping[str, Initializer] = table(
    [
        Initializer(
            name="normal",
            also=("gaussian", "randn", "random_normal"),
            settings={
                "mean": Setting(0.0, also=("loc", "mu")),
                "std": Setting(1.0, also=("scale", "sigma", "stddev"), bounds={"ge": 0}),
            },
            distribution=lambda shape, mean, std: ("normal", mean, std),
            biases=True,
        ),
        Initializer(
            name="uniform",
            also=("random", "rand", "random_uniform"),
            settings={"low": Setting(0.0, also=("min", "minval")), "high": Setting(1.0, also=("max", "maxval"))},
            distribution=lambda shape, low, high: ("uniform", low, high),
            problem=_uniform_problem,
            biases=True,
        ),
        # Glorot and Bengio, 2010: as much variance forward as backward.
        Initializer(
            name="xavier_uniform",
            also=("xavier", "glorot", "glorot_uniform"),
            distribution=lambda shape: _between(sqrt(6 / sum(shape))),
        ),
        Initializer(
            name="xavier_normal",
            also=("glorot_normal",),
            distribution=lambda shape: ("normal", 0.0, sqrt(2 / sum(shape))),
        ),
        # He et al., 2015: relu lets half of the variance through.
        Initializer(
            name="he_uniform",
            also=("kaiming_uniform",),
            distribution=lambda shape: _between(sqrt(6 / shape[1])),
        ),
        Initializer(
            name="he_normal",
            also=("he", "kaiming", "kaiming_normal"),
            distribution=lambda shape: ("normal", 0.0, sqrt(2 / shape[1])),
        ),
    ]
)
