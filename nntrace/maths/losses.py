"""Losses of one example, and the pairs of loss and output activation that are computed as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from nntrace.formula.tree import Formula
from nntrace.maths.functions import LN, SOFTPLUS
from nntrace.maths.table import Row, table

Total = Callable[[Formula], Formula]
"""Adds up the entries of one example: over all of them, or (with a batch) over the rows."""


class Loss(Row, frozen=True, kw_only=True, eq=False):
    """`formula(y, a, total)` is the loss of each example, for targets `y` and outputs `a` (both n × m).

    `outputs` names the output activations that it needs (empty: any); `targets` is the range that
    every y must be in (None: any number).
    """

    formula: Callable[..., Formula]
    outputs: tuple[str, ...] = ()
    targets: tuple[float, float] | None = None


class Fused(Struct, frozen=True):
    """A loss and an output activation that stay right together where one after the other does not.

    `computed(y, z, total)` is the loss from Z, finite for every Z; `gradient(y, a)` is ∂loss/∂Z for
    one example, exact where ŷ rounds to 0 or 1. The loss's own `formula` is what is shown.
    """

    computed: Callable[[Formula, Formula, Total], Formula]
    gradient: Callable[[Formula, Formula], Formula]


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
            name="binary_cross_entropy",
            also=("bce", "log_loss", "logistic_loss", "binary_crossentropy"),
            formula=lambda y, a, total: -total(y * LN(a) + (1 - y) * LN(1 - a)),
            outputs=("sigmoid",),
            targets=(0.0, 1.0),
        ),
    ]
)

FUSED: Mapping[tuple[str, str], Fused] = {
    # ln σ(z) = −softplus(−z) and ln(1 − σ(z)) = −softplus(z)
    ("sigmoid", "binary_cross_entropy"): Fused(
        computed=lambda y, z, total: total(y * SOFTPLUS(-z) + (1 - y) * SOFTPLUS(z)),
        gradient=lambda y, a: a - y,
    ),
}
