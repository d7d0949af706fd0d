"""Activations, entry by entry: A = f(Z), and what reaches Z when dA reaches A."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nntrace.formula.tree import Formula, Maximum, Number
from nntrace.maths.functions import SIGMA, TANH
from nntrace.maths.table import Row, table


class Activation(Row, frozen=True, kw_only=True, eq=False):
    """`formula(z)` is the activation of `z` (n × m); it is not differentiable at `kinks`."""

    formula: Callable[..., Formula]
    kinks: tuple[float, ...] = ()


ACTIVATIONS: Mapping[str, Activation] = table(
    [
        Activation(name="identity", also=("linear", "none"), formula=lambda z: z),
        Activation(name="sigmoid", also=("logistic", "expit", "σ"), formula=SIGMA),
        Activation(name="tanh", also=("hyperbolic_tangent",), formula=TANH),
        # PyTorch's convention at the kink: the derivative at 0 is 0.
        Activation(name="relu", also=("rectifier", "ramp"), formula=lambda z: Maximum(Number(0), z), kinks=(0.0,)),
    ]
)
