"""Losses of one example, and the pairs of loss and output activation that are computed as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from nntrace.formula.derive import over, times
from nntrace.formula.tree import Formula, Number, Where
from nntrace.maths.functions import ABS, LN, LOG_SOFTMAX, SOFTPLUS
from nntrace.maths.table import Row, Setting, table

Total = Callable[[Formula], Formula]
"""Adds up the entries of one example: over all of them, or (with a batch) over the rows."""


class Loss(Row, frozen=True, kw_only=True, eq=False):
    """`formula(y, a, total, **settings)` is the loss of each example, for targets `y` and outputs `a` (n × m).

    `computed`, of the same arguments, is what runs where the formula as people write it has no value
    (0·ln 0, which is 0). `outputs` names the output activations that it needs (empty: any); `targets` is the range that
    every y must be in (None: any number); with `distribution` the y of an example add up to 1.
    """

    formula: Callable[..., Formula]
    computed: Callable[..., Formula] | None = None
    outputs: tuple[str, ...] = ()
    targets: tuple[float, float] | None = None
    distribution: bool = False


class Fused(Struct, frozen=True):
    """A loss and an output activation that stay right together where one after the other does not.

    `computed(y, z, total)` is the loss, finite where the loss's own `formula`, which is what is
    shown, is not. `gradient(y, a)` is ∂loss/∂Z for one example, exact where ŷ rounds to 0 or 1.
    """

    computed: Callable[[Formula, Formula, Total], Formula]
    gradient: Callable[[Formula, Formula], Formula]


def _huber(y: Formula, a: Formula, total: Total, delta: float) -> Formula:
    e = y - a
    return total(Where(ABS(e) < delta, 0.5 * e**2, times(Number(delta), ABS(e) - delta / 2)))


def _binary_cross_entropy(y: Formula, a: Formula, total: Total) -> Formula:
    return -total(Where(y > 0, y * LN(a), Number(0)) + Where(y < 1, (1 - y) * LN(1 - a), Number(0)))


def _cross_entropy(y: Formula, a: Formula, total: Total) -> Formula:
    return -total(Where(y > 0, y * LN(a), Number(0)))


LOSSES: Mapping[str, Loss] = table(
    [
        Loss(
            name="squared_error",
            also=("sse", "sum_of_squares", "sum_squared_error", "l2_loss", "quadratic"),
            formula=lambda y, a, total: total((y - a) ** 2),
        ),
        Loss(
            # The ½ makes the derivative ŷ − y; Mazur's page and Bishop's book have it.
            name="half_squared_error",
            also=("half_mse", "half_sse"),
            formula=lambda y, a, total: 0.5 * total((y - a) ** 2),
        ),
        Loss(
            # The mean over the outputs, as Keras has it for one example.
            name="mean_squared_error",
            also=("mse", "mse_loss", "mseloss"),
            formula=lambda y, a, total: over(total((y - a) ** 2), Number(a.shape[0])),
        ),
        Loss(
            name="absolute_error",
            also=("mae", "mean_absolute_error", "l1", "l1_loss"),
            formula=lambda y, a, total: total(ABS(y - a)),
        ),
        Loss(
            name="huber",
            also=("smooth_l1", "huber_loss"),
            settings={"delta": Setting(1.0, also=("beta", "threshold"), bounds={"gt": 0})},
            formula=_huber,
        ),
        Loss(
            name="binary_cross_entropy",
            also=("bce", "log_loss", "logistic_loss", "binary_crossentropy"),
            formula=lambda y, a, total: -total(y * LN(a) + (1 - y) * LN(1 - a)),
            computed=_binary_cross_entropy,
            outputs=("sigmoid", "softmax"),
            targets=(0.0, 1.0),
        ),
        Loss(
            name="cross_entropy",
            also=(
                "ce",
                "categorical_crossentropy",
                "categorical_cross_entropy",
                "softmax_cross_entropy",
                "sparse_categorical_crossentropy",
                "nll",
                "negative_log_likelihood",
            ),
            formula=lambda y, a, total: -total(y * LN(a)),
            computed=_cross_entropy,
            outputs=("softmax",),
            targets=(0.0, 1.0),
            distribution=True,
        ),
    ]
)

FUSED: Mapping[tuple[str, str], Fused] = {
    # ln σ(z) = −softplus(−z) and ln(1 − σ(z)) = −softplus(z)
    ("sigmoid", "binary_cross_entropy"): Fused(
        computed=lambda y, z, total: total(y * SOFTPLUS(-z) + (1 - y) * SOFTPLUS(z)),
        gradient=lambda y, a: a - y,
    ),
    ("softmax", "cross_entropy"): Fused(
        computed=lambda y, z, total: -total(y * LOG_SOFTMAX(z)),
        gradient=lambda y, a: a - y,
    ),
}
