"""Functions of one number that the tables are made of."""

from __future__ import annotations

from nntrace.formula.tree import Function

SIGMA = Function(
    plain="σ",
    latex=r"\sigma",
    definition="σ(z) = 1/(1 + exp(−z))",
    numpy="1 / (1 + np.exp(-{atom}))",  # exp overflows to ∞ for z < −709, and 1/∞ is the right 0
    backward=lambda g, z, a: g * a * (1 - a),
)
TANH = Function(
    plain="tanh",
    latex=r"\tanh",
    definition="tanh(z) = (exp(z) − exp(−z))/(exp(z) + exp(−z))",
    numpy="np.tanh({any})",
    backward=lambda g, z, a: g * (1 - a**2),
)
LN = Function(plain="ln", latex=r"\ln", numpy="np.log({any})", backward=lambda g, x, y: g / x)
SOFTPLUS = Function(
    plain="softplus",
    latex=r"\operatorname{softplus}",
    definition="softplus(z) = ln(1 + exp(z))",
    numpy="np.logaddexp(0, {any})",  # exp(z) itself would overflow for z > 709
    backward=lambda g, z, a: g * SIGMA(z),
)
