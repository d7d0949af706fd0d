"""Activations, entry by entry: A = f(Z), and what reaches Z when dA reaches A.

At a kink the derivative is PyTorch's: that of the left branch, since z > 0 does not hold at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nntrace.formula.derive import times
from nntrace.formula.tree import Formula, Maximum, Number, Where
from nntrace.maths.functions import EXP_MINUS_1, NORMAL_DISTRIBUTION, SIGMA, SOFTMAX, SOFTPLUS, TANH
from nntrace.maths.table import Row, Setting, table

SELU_SCALE = Number(1.0507009873554804934193349852946, "λ")
SELU_ALPHA = Number(1.6732632423543772848170429916717, "α")
"""λ and α of Klambauer et al., "Self-Normalizing Neural Networks", 2017, in the digits of PyTorch."""


class Activation(Row, frozen=True, kw_only=True, eq=False):
    """`formula(z, **settings)` is the activation of `z` (n × m); a layer needs `least` nodes for it."""

    formula: Callable[..., Formula]
    least: int = 1


def _leaky_relu(z: Formula, slope: float) -> Formula:
    return Where(z > 0, z, times(Number(slope), z))


def _elu(z: Formula, alpha: float) -> Formula:
    return Where(z > 0, z, times(Number(alpha), EXP_MINUS_1(z)))


def _selu(z: Formula) -> Formula:
    return Where(z > 0, SELU_SCALE * z, (SELU_SCALE * SELU_ALPHA) * EXP_MINUS_1(z))


ACTIVATIONS: Mapping[str, Activation] = table(
    [
        Activation(name="identity", also=("linear", "none"), formula=lambda z: z),
        Activation(name="sigmoid", also=("logistic", "expit", "σ"), formula=SIGMA),
        Activation(name="tanh", also=("hyperbolic_tangent",), formula=TANH),
        Activation(name="relu", also=("rectifier", "ramp"), formula=lambda z: Maximum(Number(0), z)),
        Activation(
            name="leaky_relu",
            also=("leakyrelu", "lrelu"),
            settings={"slope": Setting(0.01, also=("negative_slope", "alpha"))},
            formula=_leaky_relu,
        ),
        Activation(name="elu", settings={"alpha": Setting(1.0)}, formula=_elu),
        Activation(name="selu", formula=_selu),
        Activation(name="softplus", also=("soft_plus",), formula=SOFTPLUS),
        Activation(name="silu", also=("swish",), formula=lambda z: z * SIGMA(z)),
        Activation(name="gelu", also=("gaussian_error_linear_unit",), formula=lambda z: z * NORMAL_DISTRIBUTION(z)),
        Activation(name="softmax", also=("soft_max",), formula=SOFTMAX, least=2),
    ]
)
