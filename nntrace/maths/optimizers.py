"""Optimizers: the formulas that update one parameter, in PyTorch's conventions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from nntrace.formula.tree import Formula, Quantity
from nntrace.maths.table import Row, table

ALPHA = Quantity("alpha")


class Parameter(Struct, frozen=True):
    """A trained W or b, as an optimizer's formulas speak of it."""

    old: Quantity
    gradient: Quantity

    @property
    def new(self) -> Quantity:
        return self.old.variant(suffix="new")


Update = Callable[[Parameter], Mapping[Quantity, Formula]]


class Optimizer(Row, frozen=True, kw_only=True, eq=False):
    """`update` gives the equations of one parameter in order, the new value last."""

    update: Update


OPTIMIZERS: Mapping[str, Optimizer] = table(
    [
        Optimizer(
            name="gradient_descent",
            also=("sgd", "gd", "batch_gradient_descent", "stochastic_gradient_descent", "vanilla"),
            update=lambda p: {p.new: p.old - ALPHA * p.gradient},
        ),
    ]
)
