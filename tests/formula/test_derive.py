"""The derivation: one rule for each kind of node, and the textbook's form of what comes out."""

from __future__ import annotations

from collections.abc import Callable

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from nntrace.equations import Equation, Phase, backward
from nntrace.formula.derive import gradients
from nntrace.formula.numpy_source import numpy_source
from nntrace.formula.plain import plain
from nntrace.formula.tree import EXAMPLES, Formula, Maximum, Number, Quantity, Sum
from nntrace.maths.functions import LN, SIGMA, SOFTPLUS, TANH

RNG = np.random.default_rng(5)
A = Quantity("A", 1, (3, 4))
B = Quantity("B", 1, (3, 4))
V = Quantity("V", 1, (3, 1))
R = Quantity("R", 1, (1, 4))
W = Quantity("W", 1, (2, 3))
S = Quantity("s")
VALUES = {
    "A1": RNG.uniform(0.2, 2, (3, 4)),
    "B1": RNG.uniform(0.2, 2, (3, 4)),
    "V1": RNG.uniform(0.2, 2, (3, 1)),
    "R1": RNG.uniform(0.2, 2, (1, 4)),
    "W1": RNG.normal(size=(2, 3)),
    "s": 0.7,
}

RULES: list[tuple[Formula, Callable[..., object]]] = [
    (A + B, lambda v: v["A1"] + v["B1"]),
    (A + V, lambda v: v["A1"] + v["V1"]),
    (R - A, lambda v: v["R1"] - v["A1"]),
    (A * B, lambda v: v["A1"] * v["B1"]),
    (V * A * R, lambda v: v["V1"] * v["A1"] * v["R1"]),
    (S * A, lambda v: v["s"] * v["A1"]),
    (A / B, lambda v: v["A1"] / v["B1"]),
    (A / V, lambda v: v["A1"] / v["V1"]),
    (1 / A, lambda v: 1 / v["A1"]),
    (A / S, lambda v: v["A1"] / v["s"]),
    (-A, lambda v: -v["A1"]),
    (A**2, lambda v: v["A1"] ** 2),
    (A**3, lambda v: v["A1"] ** 3),
    (A**0.5, lambda v: v["A1"] ** 0.5),
    (W @ A, lambda v: anp.dot(v["W1"], v["A1"])),
    (A.T @ W.T, lambda v: anp.dot(v["A1"].T, v["W1"].T)),
    (Sum(A**2, "rows"), lambda v: anp.sum(v["A1"] ** 2, axis=0, keepdims=True)),
    (Sum(A, "columns") * A, lambda v: anp.sum(v["A1"], axis=1, keepdims=True) * v["A1"]),
    (Maximum(A, B), lambda v: anp.maximum(v["A1"], v["B1"])),
    (Maximum(Number(1), A), lambda v: anp.maximum(1, v["A1"])),
    (SIGMA(A), lambda v: 1 / (1 + anp.exp(-v["A1"]))),
    (TANH(A * B), lambda v: anp.tanh(v["A1"] * v["B1"])),
    (LN(A), lambda v: anp.log(v["A1"])),
    (SOFTPLUS(A), lambda v: anp.log(1 + anp.exp(v["A1"]))),
    (A * A + A, lambda v: v["A1"] * v["A1"] + v["A1"]),
]


@pytest.mark.parametrize(("formula", "theirs"), RULES, ids=[plain(formula) for formula, _ in RULES])
def test_each_rule_agrees_with_autograd(formula: Formula, theirs: Callable[..., object]) -> None:
    """For a weighted sum of the result, so that the incoming gradient is no special one."""
    shape = np.shape(eval(numpy_source(formula), {"np": np, **VALUES}))
    weights = RNG.normal(size=shape)
    incoming = Quantity("G", 1, shape)
    ours: dict[str, object] = {}
    for quantity, gradient in gradients(formula, incoming):
        value = eval(numpy_source(gradient), {"np": np, "G1": weights, **VALUES})
        ours[quantity.name] = ours.get(quantity.name, 0.0) + value  # type: ignore[operator]
    expected = autograd.grad(lambda v: anp.sum(weights * theirs(v)))(VALUES)
    for name, value in ours.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-12, atol=1e-14, err_msg=name)
        assert np.shape(value) == np.shape(VALUES[name])


def first(formula: Formula, incoming: Formula) -> str:
    return plain(next(gradients(formula, incoming))[1])


Y = Quantity("y", None, (2, 1))
P = Quantity("A", 3, (2, 1))
DA = P.variant(prefix="d")


@pytest.mark.parametrize(
    ("formula", "incoming", "expected"),
    [
        (Sum((P - Y) ** 2), Number(1), "2 (A3 − y)"),
        (0.5 * Sum((P - Y) ** 2), Number(1), "A3 − y"),
        (Sum((P - Y) ** 2) / Quantity("m"), Number(1), "2 (A3 − y)/m"),
        (P * (1 - P), DA, "dA3 ⊙ (1 − A3)"),
        (P, DA, "dA3"),
        (-P, DA, "−dA3"),
        (Y - P, DA, "dA3"),
        (P**3, DA, "dA3 ⊙ (3·A3²)"),
    ],
)
def test_gradients_have_the_textbooks_form(formula: Formula, incoming: Formula, expected: str) -> None:
    assert first(formula, incoming) == expected


def test_a_sign_moves_to_where_it_vanishes() -> None:
    """∂/∂A of (y − A)² is 2 (A − y): the sign of −2 (y − A) is moved into the difference."""
    found = {q.name: plain(g) for q, g in gradients(Sum((Y - P) ** 2), Number(1))}
    assert found == {"y": "2 (y − A3)", "A3": "2 (A3 − y)"}


def derived(forward: list[Equation], trained: list[Quantity]) -> dict[str, str]:
    return {equation.target.name: plain(equation.formula) for equation in backward(forward, trained)}


def test_a_shared_weight_and_a_skip_connection_need_nothing_but_their_forward_equations() -> None:
    """What comes back to a quantity that is used twice adds up."""
    x = Quantity("A", 0, (2, EXAMPLES))
    w = Quantity("W", 1, (2, 2))
    z1, a1 = Quantity("Z", 1, (2, EXAMPLES)), Quantity("A", 1, (2, EXAMPLES))
    z2, a2 = Quantity("Z", 2, (2, EXAMPLES)), Quantity("A", 2, (2, EXAMPLES))
    loss = Quantity("loss")
    forward = [
        Equation(z1, w @ x, Phase.FORWARD),
        Equation(a1, SIGMA(z1), Phase.FORWARD),
        Equation(z2, w @ a1, Phase.FORWARD),  # the same weight again
        Equation(a2, TANH(z2) + a1, Phase.FORWARD),  # and a skip over it
        Equation(loss, Sum(a2**2), Phase.LOSS),
    ]
    assert derived(forward, [w]) == {
        "dA2": "2·A2",
        "dZ2": "dA2 ⊙ (1 − tanh(Z2)²)",
        "dA1": "W1ᵀ·dZ2 + dA2",
        "dZ1": "dA1 ⊙ A1 ⊙ (1 − A1)",
        "dW1": "dZ1·A0ᵀ + dZ2·A1ᵀ",
    }

    values = {"W1": RNG.normal(size=(2, 2)), "A0": RNG.normal(size=(2, 3))}

    def theirs(weights: object) -> object:
        hidden = 1 / (1 + anp.exp(-anp.dot(weights, values["A0"])))
        return anp.sum((anp.tanh(anp.dot(weights, hidden)) + hidden) ** 2)

    names = {"np": np, **values}
    for equation in [*forward, *backward(forward, [w])]:
        names[equation.target.name] = eval(numpy_source(equation.formula), names)
    np.testing.assert_allclose(names["dW1"], autograd.grad(theirs)(values["W1"]), rtol=1e-12)
