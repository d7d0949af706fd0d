"""Rules that draw the initial weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import TYPE_CHECKING

from nntrace.maths.table import Row, table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Generator = np.random.Generator | np.random.RandomState


class Initializer(Row, frozen=True, kw_only=True, eq=False):
    """`draw(rng, shape, **parameters)` is one matrix (rows = this layer's nodes, columns = the previous layer's).

    `problem(**parameters)` names a parameter that cannot be used and says why, None if all can.
    `biases` says whether the biases are drawn as well; otherwise they start at 0.
    """

    draw: Callable[..., NDArray[np.float64]]
    biases: bool
    problem: Callable[..., tuple[str, str] | None] = lambda **_: None


def _normal(rng: Generator, shape: tuple[int, int], mean: float, std: float) -> NDArray[np.float64]:
    return rng.normal(mean, std, shape)


def _uniform(rng: Generator, shape: tuple[int, int], low: float, high: float) -> NDArray[np.float64]:
    return rng.uniform(low, high, shape)


def _normal_problem(mean: float, std: float) -> tuple[str, str] | None:
    return ("std", f"`std` is {std:g}: it must be at least 0") if std < 0 else None


def _uniform_problem(low: float, high: float) -> tuple[str, str] | None:
    if low > high:
        return "low", f"`low` is {low:g}, above `high`, which is {high:g}"
    return ("low", "`low` and `high` are too far apart for a float64") if not isfinite(high - low) else None


INITIALIZERS: Mapping[str, Initializer] = table(
    [
        Initializer(
            name="normal",
            also=("gaussian", "randn", "random_normal"),
            parameters={"mean": 0.0, "std": 1.0},
            draw=_normal,
            problem=_normal_problem,
            biases=True,
        ),
        Initializer(
            name="uniform",
            also=("random", "rand", "random_uniform"),
            parameters={"low": 0.0, "high": 1.0},
            draw=_uniform,
            problem=_uniform_problem,
            biases=True,
        ),
    ]
)
