"""The tables against witnesses that are not autograd: finite differences, numpy by hand, the limits of a function."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from nntrace import bundle, load, trace
from nntrace.formula.compiling import compiled
from nntrace.formula.derive import gradients
from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Formula, Number, Quantity, Sum
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import FUSED, LOSSES

H = 1e-5
SHAPE = (3, 4)
Y, Z, A = Quantity("y", None, SHAPE), Quantity("Z", 1, SHAPE), Quantity("A", 1, SHAPE)
DA = A.variant(prefix="d")


def value(formula: Formula, **names: Any) -> Any:
    """The formula computed as the engine does; a warning of numpy's is an error."""
    source = function_source("line", list(names), [("value", formula)], ["value"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (result,) = compiled(source, "line")(*names.values())
    return result


def summed(formula: Formula, incoming: Formula, wanted: Quantity, **names: Any) -> Any:
    """All that reaches `wanted`, added up."""
    parts = [value(g, **names) for q, g in gradients(formula, incoming, A) if q == wanted]
    return sum(parts[1:], start=np.asarray(parts[0]))


def differences(f: Callable[[Any], Any], at: Any) -> Any:
    """∂f/∂ each entry of `at`, by central differences."""
    found = np.zeros(at.shape)
    for place in np.ndindex(at.shape):
        step = np.zeros(at.shape)
        step[place] = H
        found[place] = (f(at + step) - f(at - step)) / (2 * H)
    return found


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_derivative_of_an_activation_is_that_of_finite_differences(name: str) -> None:
    """∂/∂Z of a weighted sum of A, at points away from every kink."""
    row = ACTIVATIONS[name]
    rng = np.random.default_rng(7)
    z, weights = rng.uniform(-4, 4, SHAPE), rng.normal(size=SHAPE)
    assert (np.abs(z) > 10 * H).all()  # where every kink is
    formula = row.formula(Z, **row.defaults)
    ours = summed(formula, DA, Z, Z1=z, A1=value(formula, Z1=z), dA1=weights)
    expected = differences(lambda at: float((weights * value(formula, Z1=at)).sum()), z)
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_the_derivative_of_a_loss_is_that_of_finite_differences(name: str) -> None:
    row = LOSSES[name]
    rng = np.random.default_rng(8)
    y = rng.uniform(*(row.targets or (-2, 2)), SHAPE)
    a = rng.uniform(0.1, 0.9, SHAPE)
    formula = Sum(row.formula(Y, A, lambda x: Sum(x, "rows"), **row.defaults))
    expected = differences(lambda at: float(value(formula, y=y, A1=at)), a)
    np.testing.assert_allclose(summed(formula, Number(1), A, y=y, A1=a), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_one_example_is_that_of_a_batch_of_one(name: str) -> None:
    """Over all entries, or over the rows of each column."""
    row = LOSSES[name]
    y_, a_ = Quantity("y", None, (3, 1)), Quantity("A", 1, (3, 1))
    y, a = np.array([[0.2], [0.3], [0.5]]), np.array([[0.6], [0.1], [0.3]])
    alone = value(row.formula(y_, a_, Sum, **row.defaults), y=y, A1=a)
    column = value(row.formula(y_, a_, lambda x: Sum(x, "rows"), **row.defaults), y=y, A1=a)
    assert np.ndim(alone) == 0
    assert column.shape == (1, 1)
    assert alone == pytest.approx(column.item(), rel=1e-15)


@pytest.mark.parametrize("name", [name for name in LOSSES if not LOSSES[name].targets])
def test_a_loss_is_zero_where_the_output_is_the_target(name: str) -> None:
    row = LOSSES[name]
    y = np.random.default_rng(9).normal(size=SHAPE)
    assert value(row.formula(Y, A, Sum, **row.defaults), y=y, A1=y) == 0


LIMITS: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "identity": lambda size: (-size, size),
    "sigmoid": lambda size: (0.0, 1.0),
    "tanh": lambda size: (-1.0, 1.0),
    "relu": lambda size: (0.0, size),
    "leaky_relu": lambda size: (-0.01 * size, size),
    "elu": lambda size: (-1.0, size),
    "softplus": lambda size: (0.0, size),
    "silu": lambda size: (0.0, size),
    "gelu": lambda size: (0.0, size),
}
"""What an activation is at −size and at +size, from its definition."""


@pytest.mark.parametrize("size", [800.0, 1e3, 1e300])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_reaches_its_limits_without_a_warning(name: str, size: float) -> None:
    row = ACTIVATIONS[name]
    z_ = Quantity("Z", 1, (1, 2))
    found = value(row.formula(z_, **row.defaults), Z1=np.array([[-size, size]]))
    assert np.isfinite(found).all()
    if name in LIMITS:
        assert tuple(found[0]) == LIMITS[name](size)


@pytest.mark.parametrize("logit", [0.0, 40.0, -40.0, 745.0, -745.0, 1e3, -1e3])
@pytest.mark.parametrize("target", [(0.0, 1.0), (1.0, 0.0), (0.25, 0.75)])
@pytest.mark.parametrize("pair", FUSED, ids="+".join)
def test_a_fused_pair_stays_right_where_the_output_rounds_to_0_or_1(
    pair: tuple[str, str], target: tuple[float, float], logit: float
) -> None:
    """The gradient is exactly ŷ − y; the loss is finite, and grows with the logit where it is wrong."""
    shape = (2, 1)
    y_, z_, a_ = Quantity("y", None, shape), Quantity("Z", 1, shape), Quantity("A", 1, shape)
    y, z = np.array(target).reshape(shape), np.array([[logit], [0.0]])
    row = ACTIVATIONS[pair[0]]
    a = value(row.formula(z_, **row.defaults), Z1=z)
    np.testing.assert_array_equal(value(FUSED[pair].gradient(y_, a_), y=y, A1=a), a - y)
    loss = value(FUSED[pair].computed(y_, z_, Sum), y=y, Z1=z)
    assert 0 <= loss < np.inf
    # −ln σ(z) is at least −z, and so is −ln of a softmax of (z, 0): each unit of a wrong logit costs one.
    wrongness = target[0] * max(0.0, -logit) + (1 - target[0]) * max(0.0, logit)
    assert loss >= wrongness * (1 - 1e-12)
    assert loss <= wrongness + 4 * np.log(2)


@pytest.mark.parametrize("logit", [1e3, -1e3])
def test_the_fused_pair_is_used_by_a_run(logit: float) -> None:
    """One node, so far out that ŷ is 0 or 1: the loss is the logit where it is wrong, dZ is exactly ŷ − y."""
    path = bundle.path("and-gate")
    assert path is not None
    weights = f"weights={{W1: [[0, 0]], b1: [{logit}]}}"
    step = trace(load(path, [weights, "expect=[]", "data.y=[0, 1, 0, 1]", "batch=all", "reduction=sum"])).step()
    y = np.array([[0.0, 1.0, 0.0, 1.0]])
    output = 1.0 if logit > 0 else 0.0
    np.testing.assert_array_equal(step["A1"], np.full((1, 4), output))
    np.testing.assert_array_equal(step["dZ1"], output - y)
    np.testing.assert_array_equal(step["losses"], np.where(y == output, 0.0, 1e3))
    assert step["loss"] == 2e3


@pytest.mark.parametrize("name", INITIALIZERS)
def test_another_seed_draws_other_weights(name: str) -> None:
    row = INITIALIZERS[name]
    draws = [row.draw(np.random.default_rng(seed), (2, 3), **row.defaults) for seed in (1, 2)]
    assert not (draws[0] == draws[1]).any()


def drawn(rule: str) -> dict[str, Any]:
    path = bundle.path("unequal")
    assert path is not None
    run = trace(load(path, [f"weights={rule}", "expect=[]"]))
    step = run.step()
    return {name: step[name] for name, _ in run.config.shapes}


# Computed with numpy 2.4 alone: the first and the seventh number of default_rng(42) and of RandomState(42).
@pytest.mark.parametrize(
    ("generator", "first", "b1"),
    [("default", 0.30471707975443135, 0.12784040), ("legacy", 0.4967141530112327, 1.57921282)],
)
def test_the_first_weight_and_the_first_bias_of_a_known_seed(generator: str, first: float, b1: float) -> None:
    found = drawn(f"{{init: normal, seed: 42, generator: {generator}}}")
    assert found["W1"][0, 0] == first
    assert found["b1"][0, 0] == pytest.approx(b1, abs=1e-8)  # the seventh number, after the 3 × 2 of W1
    assert found["W1"].shape == (3, 2)
    assert found["b1"].shape == (3, 1)


def test_a_uniform_draw_stays_between_its_bounds() -> None:
    for array in drawn("{init: uniform, low: -0.25, high: 0.5, seed: 3}").values():
        assert ((array >= -0.25) & (array < 0.5)).all()


@pytest.mark.parametrize(
    ("name", "drawn_by_hand"),
    [
        # Glorot and Bengio, 2010, equation 16; He et al., 2015, equation 10: for a layer of 3 nodes on 2 inputs.
        ("xavier_uniform", lambda rng: rng.uniform(-np.sqrt(6 / 5), np.sqrt(6 / 5), (3, 2))),
        ("xavier_normal", lambda rng: rng.normal(0, np.sqrt(2 / 5), (3, 2))),
        ("he_uniform", lambda rng: rng.uniform(-np.sqrt(6 / 2), np.sqrt(6 / 2), (3, 2))),
        ("he_normal", lambda rng: rng.normal(0, np.sqrt(2 / 2), (3, 2))),
    ],
)
@pytest.mark.parametrize("generator", ["default", "legacy"])
def test_scaled_rules_draw_the_weights_and_leave_the_biases_at_zero(
    name: str, drawn_by_hand: Callable[[Any], Any], generator: str
) -> None:
    found = drawn(f"{{init: {name}, seed: 11, generator: {generator}}}")
    rng = np.random.default_rng(11) if generator == "default" else np.random.RandomState(11)
    np.testing.assert_allclose(found["W1"], drawn_by_hand(rng), rtol=1e-15)
    for layer in (1, 2, 3):
        assert not found[f"b{layer}"].any()
    assert found["W2"].shape == (4, 3)


def test_one_number_is_every_weight_and_bias() -> None:
    for array in drawn("0.125").values():
        np.testing.assert_array_equal(array, np.full(array.shape, 0.125))


def test_a_bias_that_is_not_given_starts_at_zero() -> None:
    found = drawn(
        "{W1: [[1, 2], [3, 4], [5, 6]], W2: [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]], b2: [1, 2, 3, 4],"
        " W3: [[1, 2, 3, 4], [5, 6, 7, 8]]}"
    )
    assert found["b1"].tolist() == [[0.0], [0.0], [0.0]]
    assert found["b2"].tolist() == [[1.0], [2.0], [3.0], [4.0]]
    assert found["b3"].tolist() == [[0.0], [0.0]]
    assert found["W1"].tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
