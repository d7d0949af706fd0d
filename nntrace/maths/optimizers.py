"""Optimizers: the formulas that update one parameter, in PyTorch's conventions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nntrace.formula.tree import Formula, Quantity
from nntrace.maths.table import Row, table

ALPHA = Quantity("alpha")


@dataclass(frozen=True)
class Parameter:
    """A trained W or b, as an optimizer's formulas speak of it."""

    old: Quantity
    gradient: Quantity

    @property
    def new(self) -> Quantity:
        return self.old.variant(suffix="new")


Update = Callable[[Parameter], Mapping[Quantity, Formula]]


@dataclass(frozen=True, kw_only=True)
class Optimizer(Row):
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
