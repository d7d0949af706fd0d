"""Optimizers: the formulas that update one parameter, in PyTorch's conventions (torch.optim, version 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from nntrace.formula.tree import Formula, Quantity
from nntrace.maths.functions import SQRT
from nntrace.maths.table import Row, Setting, table

ALPHA = Quantity("alpha")
T = Quantity("t")
"""The count of updates, from 1."""


class Parameter(Struct, frozen=True):
    """A trained W or b, as an optimizer's formulas speak of it.

    `gradient` is what the update uses: the gradient, scaled down where its norm is clipped.
    """

    old: Quantity
    gradient: Formula

    @property
    def new(self) -> Quantity:
        return self.old.variant(suffix="new")

    def kept(self, letter: str) -> tuple[Quantity, Quantity]:
        """What the optimizer keeps from step to step under this letter, 0 at the start: before, after."""
        return self.old.variant(prefix=letter), self.old.variant(prefix=letter, suffix="new")

    def corrected(self, letter: str) -> Quantity:
        """What is kept, corrected for its start at 0."""
        return self.old.variant(prefix=letter, suffix="hat")


Equalities = dict[Quantity, Formula]


class Optimizer(Row, frozen=True, kw_only=True, eq=False):
    """`update(parameter, **settings)` gives the equations of one parameter in order, the new value last.

    The settings reach it as named constants of the formulas. `kept` says what is kept under each
    letter, with ``{g}`` for the gradient. `torch` is the same in torch.optim, of the settings and of
    `parameters`; its learning rate is set before each step.
    """

    update: Callable[..., Equalities]
    torch: str
    kept: Mapping[str, str] = {}


def _momentum(p: Parameter, beta: Formula) -> Equalities:
    v, v_new = p.kept("v")
    return {v_new: beta * v + p.gradient, p.new: p.old - ALPHA * v_new}


def _nesterov(p: Parameter, beta: Formula) -> Equalities:
    v, v_new = p.kept("v")
    return {v_new: beta * v + p.gradient, p.new: p.old - ALPHA * (p.gradient + beta * v_new)}


def _adagrad(p: Parameter, epsilon: Formula) -> Equalities:
    s, s_new = p.kept("s")
    return {s_new: s + p.gradient**2, p.new: p.old - ALPHA * p.gradient / (SQRT(s_new) + epsilon)}


def _rmsprop(p: Parameter, beta: Formula, epsilon: Formula) -> Equalities:
    s, s_new = p.kept("s")
    return {
        s_new: beta * s + (1 - beta) * p.gradient**2,
        p.new: p.old - ALPHA * p.gradient / (SQRT(s_new) + epsilon),
    }


def _adam(p: Parameter, beta1: Formula, beta2: Formula, epsilon: Formula) -> Equalities:
    m, m_new = p.kept("m")
    s, s_new = p.kept("s")
    m_hat, s_hat = p.corrected("m"), p.corrected("s")
    return {
        m_new: beta1 * m + (1 - beta1) * p.gradient,
        s_new: beta2 * s + (1 - beta2) * p.gradient**2,
        m_hat: m_new / (1 - beta1**T),
        s_hat: s_new / (1 - beta2**T),
        p.new: p.old - _scaled(p, epsilon),
    }


def _adamw(p: Parameter, beta1: Formula, beta2: Formula, epsilon: Formula, weight_decay: Formula) -> Equalities:
    decayed = (1 - ALPHA * weight_decay) * p.old
    return {**_adam(p, beta1, beta2, epsilon), p.new: decayed - _scaled(p, epsilon)}


def _scaled(p: Parameter, epsilon: Formula) -> Formula:
    return ALPHA * p.corrected("m") / (SQRT(p.corrected("s")) + epsilon)


_SHARE = {"ge": 0.0, "lt": 1.0}
_BETA = Setting(0.9, also=("momentum", "mu", "gamma"), bounds={"ge": 0})
_EPSILON = Setting(1e-8, also=("eps",), bounds={"ge": 0})
_MOMENTS = {
    "beta1": Setting(0.9, also=("beta_1", "betas"), bounds=_SHARE),
    "beta2": Setting(0.999, also=("beta_2",), bounds=_SHARE),
    "epsilon": _EPSILON,
}

_VELOCITY = {"v": "velocity, what is left of earlier {g}"}
_MEANS = {"m": "running mean of {g}", "s": "running mean of {g}²"}

OPTIMIZERS: Mapping[str, Optimizer] = table(
    [
        Optimizer(
            name="gradient_descent",
            also=("sgd", "gd", "batch_gradient_descent", "stochastic_gradient_descent", "vanilla"),
            update=lambda p: {p.new: p.old - ALPHA * p.gradient},
            torch="SGD(parameters, lr=1.0)",
        ),
        Optimizer(
            name="momentum",
            also=("heavy_ball", "sgd_momentum"),
            settings={"beta": _BETA},
            kept=_VELOCITY,
            update=_momentum,
            torch="SGD(parameters, lr=1.0, momentum={beta})",
        ),
        Optimizer(
            name="nesterov",
            also=("nag", "nesterov_momentum"),
            settings={"beta": _BETA},
            kept=_VELOCITY,
            update=_nesterov,
            torch="SGD(parameters, lr=1.0, momentum={beta}, nesterov={beta} > 0)",
        ),
        Optimizer(
            name="adagrad",
            also=("ada_grad",),
            settings={"epsilon": Setting(1e-10, also=("eps",), bounds={"ge": 0})},
            kept={"s": "sum of {g}² so far"},
            update=_adagrad,
            torch="Adagrad(parameters, lr=1.0, eps={epsilon})",
        ),
        Optimizer(
            name="rmsprop",
            also=("rms_prop",),
            settings={"beta": Setting(0.99, also=("rho", "alpha", "decay"), bounds=_SHARE), "epsilon": _EPSILON},
            kept={"s": _MEANS["s"]},
            update=_rmsprop,
            torch="RMSprop(parameters, lr=1.0, alpha={beta}, eps={epsilon})",
        ),
        Optimizer(
            name="adam",
            settings=_MOMENTS,
            kept=_MEANS,
            update=_adam,
            torch="Adam(parameters, lr=1.0, betas=({beta1}, {beta2}), eps={epsilon})",
        ),
        Optimizer(
            name="adamw",
            also=("adam_w",),
            settings={**_MOMENTS, "weight_decay": Setting(0.01, also=("decay", "wd"), bounds={"ge": 0})},
            kept=_MEANS,
            update=_adamw,
            torch="AdamW(parameters, lr=1.0, betas=({beta1}, {beta2}), eps={epsilon}, weight_decay={weight_decay})",
        ),
    ]
)
