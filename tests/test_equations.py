"""The list of a step: whole, in the order and the form of a textbook."""

from __future__ import annotations

import numpy as np
import pytest

from nntrace import Trace, bundle, load, trace
from nntrace.equations import equations
from nntrace.formula.plain import plain


def listed(name: str, *settings: str) -> list[str]:
    path = bundle.path(name)
    assert path is not None
    return [f"{e.target.name} = {plain(e.formula)}" for e in equations(load(path, settings))]


def test_the_article_step_by_step() -> None:
    """As one derives it by hand for (y − A3)² and sigmoid in every layer."""
    assert listed("article") == [
        "Z1 = W1·A0 + b1",
        "A1 = σ(Z1)",
        "Z2 = W2·A1 + b2",
        "A2 = σ(Z2)",
        "Z3 = W3·A2 + b3",
        "A3 = σ(Z3)",
        "loss = (y − A3)²",
        "dA3 = 2 (A3 − y)",
        "dZ3 = dA3 ⊙ A3 ⊙ (1 − A3)",
        "dW3 = dZ3·A2ᵀ",
        "db3 = dZ3",
        "dA2 = W3ᵀ·dZ3",
        "dZ2 = dA2 ⊙ A2 ⊙ (1 − A2)",
        "dW2 = dZ2·A1ᵀ",
        "db2 = dZ2",
        "dA1 = W2ᵀ·dZ2",
        "dZ1 = dA1 ⊙ A1 ⊙ (1 − A1)",
        "dW1 = dZ1·A0ᵀ",
        "db1 = dZ1",
        "W1_new = W1 − alpha·dW1",
        "b1_new = b1 − alpha·db1",
        "W2_new = W2 − alpha·dW2",
        "b2_new = b2 − alpha·db2",
        "W3_new = W3 − alpha·dW3",
        "b3_new = b3 − alpha·db3",
    ]


def test_a_batch_adds_up_over_its_examples() -> None:
    found = listed("unequal")
    for line in (
        "A2 = max(0, Z2)",
        "A3 = Z3",
        "losses = Σ (y − A3)²",
        "loss = Σ losses/m",
        "dA3 = 2 (A3 − y)/m",
        "dZ3 = dA3",
        "db3 = Σ dZ3",
        "dZ2 = dA2 ⊙ (Z2 > 0)",
        "dZ1 = dA1 ⊙ (1 − A1²)",
    ):
        assert line in found


def test_a_sum_over_the_batch_has_no_m() -> None:
    found = listed("unequal", "reduction=sum")
    assert "loss = Σ losses" in found
    assert "dA3 = 2 (A3 − y)" in found
    assert not any("/m" in line for line in found)


def test_a_fused_pair_has_no_gradient_of_the_output() -> None:
    """dZ = A − y directly, which stays right where ŷ rounds to 0 or 1."""
    found = listed("and-gate")
    assert "dZ1 = A1 − y" in found
    assert not any(line.startswith("dA1") for line in found)
    assert "dZ2 = (A2 − y)/m" in listed("xor")


def test_the_half_squared_error_loses_its_factor() -> None:
    assert "dA2 = A2 − y" in listed("mazur")


def test_fixed_biases_stay_and_have_no_gradient() -> None:
    found = listed("mazur")
    assert "b1_new = b1" in found
    assert not any(line.startswith("db") for line in found)


def test_without_biases_none_is_there() -> None:
    assert "Z1 = W1·A0" in listed("article", "architecture.biases=none")
    assert not any(line.startswith(("b", "db")) for line in listed("article", "architecture.biases=none"))


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ((), ["A0", "y", "W1", "b1", "Z1", "A1", "loss", "dZ1", "dW1", "db1", "W1_new", "b1_new", "alpha"]),
        (
            ("batch=2",),
            [
                "A0",
                "y",
                "W1",
                "b1",
                "Z1",
                "A1",
                "losses",
                "loss",
                "dZ1",
                "dW1",
                "db1",
                "W1_new",
                "b1_new",
                "m",
                "alpha",
            ],
        ),
    ],
)
def test_the_order_of_a_steps_quantities(settings: tuple[str, ...], names: list[str]) -> None:
    path = bundle.path("and-gate")
    assert path is not None
    assert list(trace(load(path, settings)).step()) == names


def unequal(*settings: str) -> Trace:
    path = bundle.path("unequal")
    assert path is not None
    return trace(load(path, ["batch=all", *settings]))


def test_a_batchs_gradient_is_the_mean_of_its_examples_gradients() -> None:
    whole = unequal().step()
    data = unequal().config.data
    alone = [
        unequal(f"data.x=[{x}]", f"data.y=[{y}]", "batch=1", "expect=[]").step()
        for x, y in zip(data.x, data.y, strict=True)
    ]
    for name in ("dW1", "db1", "dW2", "db2", "dW3", "db3"):
        np.testing.assert_allclose(whole[name], np.mean([step[name] for step in alone], axis=0), rtol=1e-12, atol=1e-15)


def test_permuting_hidden_nodes_permutes_their_gradients() -> None:
    order = [2, 0, 1]
    first = unequal()
    start = first.step()
    settings = [
        f"weights.W1={start['W1'][order].tolist()}",
        f"weights.b1={start['b1'][order].ravel().tolist()}",
        f"weights.W2={start['W2'][:, order].tolist()}",
    ]
    permuted = unequal(*settings).step()
    np.testing.assert_allclose(permuted["dW1"], start["dW1"][order], rtol=1e-12)
    np.testing.assert_allclose(permuted["dW2"], start["dW2"][:, order], rtol=1e-12)
    assert permuted["loss"] == pytest.approx(start["loss"], rel=1e-12)
