"""Whole lists as the derivation gives them: a batch, and networks that no config describes yet."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from nntrace import bundle, load
from nntrace.equations import Equation, Phase, backward, equations
from nntrace.formula.numpy_source import numpy_source
from nntrace.formula.plain import plain
from nntrace.formula.tree import EXAMPLES, Formula, Number, Quantity, Sum
from nntrace.maths.functions import SIGMA, TANH


def listed(name: str, *settings: str) -> list[str]:
    path = bundle.path(name)
    assert path is not None
    return [f"{e.target.name} = {plain(e.formula)}" for e in equations(load(path, [*settings, "expect=[]"]))]


def test_the_article_as_one_batch() -> None:
    """1-4-3-1 and (y − A3)², the mean over m examples: by hand, with the 1/m inside dA3."""
    assert listed("article", "batch=all") == [
        "Z1 = W1·A0 + b1",
        "A1 = σ(Z1)",
        "Z2 = W2·A1 + b2",
        "A2 = σ(Z2)",
        "Z3 = W3·A2 + b3",
        "A3 = σ(Z3)",
        "losses = (y − A3)²",
        "loss = Σ losses/m",
        "dA3 = 2 (A3 − y)/m",
        "dZ3 = dA3 ⊙ A3 ⊙ (1 − A3)",
        "dW3 = dZ3·A2ᵀ",
        "db3 = Σ dZ3",
        "dA2 = W3ᵀ·dZ3",
        "dZ2 = dA2 ⊙ A2 ⊙ (1 − A2)",
        "dW2 = dZ2·A1ᵀ",
        "db2 = Σ dZ2",
        "dA1 = W2ᵀ·dZ2",
        "dZ1 = dA1 ⊙ A1 ⊙ (1 − A1)",
        "dW1 = dZ1·A0ᵀ",
        "db1 = Σ dZ1",
        "W1_new = W1 − alpha·dW1",
        "b1_new = b1 − alpha·db1",
        "W2_new = W2 − alpha·dW2",
        "b2_new = b2 − alpha·db2",
        "W3_new = W3 − alpha·dW3",
        "b3_new = b3 − alpha·db3",
    ]


def test_the_list_is_decided_by_the_configured_batch_not_by_how_many_examples_there_are() -> None:
    """Two per update with one example is still a batch; one per update is none, with however many examples."""
    one_example = ("data.x=[2]", "data.y=[1]")
    assert listed("article", "batch=2", *one_example) == listed("article", "batch=all")
    assert listed("article", "batch=1", *one_example) == listed("article")


def test_each_equation_knows_its_phase_and_its_layer() -> None:
    path = bundle.path("unequal")
    assert path is not None
    listing = equations(load(path))
    phases = [equation.phase for equation in listing]
    assert phases == sorted(phases, key=list(Phase).index)  # forward, loss, backward, update
    for equation in listing:
        digits = [sign for sign in equation.target.name if sign.isdigit()]
        assert equation.layer == (int(digits[0]) if digits else None)


def test_an_equation_has_the_shape_of_its_target() -> None:
    with pytest.raises(ValueError, match=r"Z1 is \(2, 1\), its formula \(1, 2\)"):
        Equation(Quantity("Z", 1, (2, 1)), Quantity("A", 0, (1, 2)), Phase.FORWARD)


def run(forward: list[Equation], trained: list[Quantity], values: dict[str, Any]) -> dict[str, Any]:
    """Every quantity of the forward list and of the backward list that is derived from it."""
    names = dict(values)
    for equation in [*forward, *backward(forward, trained)]:
        target = equation.target.name
        names[target] = eval(numpy_source(equation.formula), {"np": np}, names)
        if equation.phase is Phase.BACKWARD:
            assert np.shape(names[target]) == np.shape(names[target.removeprefix("d")]), target
    return names


def node(base: str, layer: int, rows: int = 3, columns: int | str = EXAMPLES) -> Quantity:
    return Quantity(base, layer, (rows, columns))


def sigmoid(z: Any) -> Any:
    return 1 / (1 + anp.exp(-z))


U, V, B, OUT = (
    Quantity("U", None, (3, 2)),
    Quantity("V", None, (3, 3)),
    Quantity("b", None, (3, 1)),
    Quantity("W", None, (1, 3)),
)
Y, M, LOSS = Quantity("y", None, (1, EXAMPLES)), Quantity("m"), Quantity("loss")


def elman() -> list[Equation]:
    """A recurrent cell over three inputs, the same U, V and b each time; its first state skips to its last."""
    x1, x2, x3 = (node("x", time, 2) for time in (1, 2, 3))
    z1, z2, z3, h1, h2, h3 = (node(base, time) for base in "Zh" for time in (1, 2, 3))
    z4, a4 = node("Z", 4, 1), node("A", 4, 1)
    return [
        Equation(z1, U @ x1 + B, Phase.FORWARD),
        Equation(h1, TANH(z1), Phase.FORWARD),
        Equation(z2, U @ x2 + V @ h1 + B, Phase.FORWARD),
        Equation(h2, TANH(z2), Phase.FORWARD),
        Equation(z3, U @ x3 + V @ h2 + B, Phase.FORWARD),
        Equation(h3, TANH(z3) + h1, Phase.FORWARD),
        Equation(z4, OUT @ h3, Phase.FORWARD),
        Equation(a4, SIGMA(z4), Phase.FORWARD),
        Equation(LOSS, Sum((Y - a4) ** 2) / M, Phase.LOSS),
    ]


def elman_values(examples: int) -> dict[str, Any]:
    rng = np.random.default_rng(examples)
    shapes = {"x1": (2, examples), "x2": (2, examples), "x3": (2, examples), "y": (1, examples)}
    values = {q.name: rng.normal(0, 0.7, q.shape) for q in (U, V, B, OUT)}
    return values | {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"m": examples}


@pytest.mark.parametrize("examples", [1, 5])
def test_weights_that_are_shared_over_time_and_a_skip_agree_with_autograd(examples: int) -> None:
    values = elman_values(examples)

    def theirs(v: dict[str, Any]) -> Any:
        h1 = anp.tanh(anp.dot(v["U"], v["x1"]) + v["b"])
        h2 = anp.tanh(anp.dot(v["U"], v["x2"]) + anp.dot(v["V"], h1) + v["b"])
        h3 = anp.tanh(anp.dot(v["U"], v["x3"]) + anp.dot(v["V"], h2) + v["b"]) + h1
        return anp.sum((v["y"] - sigmoid(anp.dot(v["W"], h3))) ** 2) / examples

    found = run(elman(), [U, V, B, OUT], values)
    expected = autograd.grad(theirs)({**values, "m": float(examples)})
    assert found["loss"] == pytest.approx(theirs(values), rel=1e-14)
    for name in "UVbW":
        np.testing.assert_allclose(found[f"d{name}"], expected[name], rtol=1e-11, atol=1e-14, err_msg=name)


def test_what_comes_back_over_time_adds_up_in_reading_order() -> None:
    found = {e.target.name: plain(e.formula) for e in backward(elman(), [U, V, B, OUT])}
    assert found["dU"] == "dZ1·x1ᵀ + dZ2·x2ᵀ + dZ3·x3ᵀ"
    assert found["dV"] == "dZ2·h1ᵀ + dZ3·h2ᵀ"
    assert found["db"] == "Σ dZ1 + Σ dZ2 + Σ dZ3"
    assert found["dh1"] == "Vᵀ·dZ2 + dh3"  # through the next state, and over the skip
    assert list(found)[-3:] == ["dZ1", "dU", "db"]  # where the first equation is that uses them


def test_a_branch_for_each_half_of_a_loss() -> None:
    """Two outputs of one hidden layer, and a penalty on a weight that is also used in the product."""
    x, z, a = node("A", 0, 2), node("Z", 1), node("A", 1)
    p, q = Quantity("p", None, (1, 3)), Quantity("q", None, (1, 3))
    z2, z3 = node("Z", 2, 1), node("Z", 3, 1)
    forward = [
        Equation(z, U @ x, Phase.FORWARD),
        Equation(a, SIGMA(z) * z, Phase.FORWARD),
        Equation(z2, p @ a, Phase.FORWARD),
        Equation(z3, q @ a, Phase.FORWARD),
        Equation(LOSS, Sum((Y - z2) ** 2) + 0.5 * Sum(TANH(z3) ** 2) + 0.05 * Sum(U**2), Phase.LOSS),
    ]
    rng = np.random.default_rng(3)
    values = {"U": (3, 2), "p": (1, 3), "q": (1, 3), "A0": (2, 4), "y": (1, 4)}
    given = {name: rng.normal(size=shape) for name, shape in values.items()}

    def theirs(v: dict[str, Any]) -> Any:
        z = anp.dot(v["U"], v["A0"])
        a = sigmoid(z) * z
        first, second = anp.dot(v["p"], a), anp.tanh(anp.dot(v["q"], a))
        return anp.sum((v["y"] - first) ** 2) + anp.sum(second**2) / 2 + 0.05 * anp.sum(v["U"] ** 2)

    found = run(forward, [U, p, q], given)
    expected = autograd.grad(theirs)(given)
    for name in "Upq":
        np.testing.assert_allclose(found[f"d{name}"], expected[name], rtol=1e-11, atol=1e-14, err_msg=name)
    (d,) = [equation for equation in backward(forward, [U, p, q]) if equation.target.name == "dA1"]
    assert plain(d.formula) == "pᵀ·dZ2 + qᵀ·dZ3"


def test_what_the_loss_does_not_depend_on_has_no_gradient() -> None:
    x, z1, z2 = node("A", 0, 2), node("Z", 1), node("Z", 2)
    other: Formula = Number(2) * z1
    forward = [
        Equation(z1, U @ x, Phase.FORWARD),
        Equation(z2, other, Phase.FORWARD),
        Equation(LOSS, Sum(z1**2), Phase.LOSS),
    ]
    assert [equation.target.name for equation in backward(forward, [U])] == ["dZ1", "dU"]


def test_a_loss_that_is_a_plain_sum_has_a_gradient_of_ones() -> None:
    x, a = node("A", 0, 2), node("A", 1)
    forward = [Equation(a, U @ x, Phase.FORWARD), Equation(LOSS, Sum(a), Phase.LOSS)]
    found = run(forward, [U], {"U": np.ones((3, 2)), "A0": np.array([[1.0, 2.0], [3.0, 5.0]])})
    np.testing.assert_array_equal(found["dA1"], np.ones((3, 2)))
    np.testing.assert_array_equal(found["dU"], [[3.0, 8.0]] * 3)


def test_a_weight_used_first_where_the_loss_does_not_look_has_its_gradient() -> None:
    x, z1, z2 = node("A", 0, 2), node("Z", 1), node("Z", 2)
    forward = [
        Equation(z1, 2 * (U @ x), Phase.FORWARD),
        Equation(z2, U @ x, Phase.FORWARD),
        Equation(LOSS, Sum(z2**2), Phase.LOSS),
    ]
    assert [equation.target.name for equation in backward(forward, [U])] == ["dZ2", "dU"]
