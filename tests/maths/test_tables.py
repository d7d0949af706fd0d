"""Every row of every table: a new one is tested when it is there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import oracle
import pytest
import scipy.special

from nntrace.formula.derive import gradients
from nntrace.formula.numpy_source import numpy_source
from nntrace.formula.tree import Formula, Function, Number, Quantity, Sum
from nntrace.maths import functions
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import FUSED, LOSSES
from nntrace.maths.optimizers import OPTIMIZERS, Parameter
from nntrace.maths.table import Row
from nntrace.tracing import compiled

TABLES: list[Mapping[str, Row]] = [ACTIVATIONS, LOSSES, OPTIMIZERS, INITIALIZERS]
POINTS = np.array([-30.0, -5.0, -1.5, -0.3, -1e-3, 1e-3, 0.3, 1.5, 5.0, 30.0])
FAR = np.array([-1e3, -800.0, -40.0, 40.0, 800.0, 1e3])


def value(formula: Formula, **names: Any) -> Any:
    """The formula computed as the engine does."""
    source = f"def line({', '.join(names)}):\n    return {numpy_source(formula)},"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (result,) = compiled(source, "line")(*names.values())
    return result


def column(points: np.ndarray) -> np.ndarray:
    return points.reshape(-1, 1)


@pytest.mark.parametrize("table", TABLES, ids=["activations", "losses", "optimizers", "initializers"])
def test_no_name_means_two_things(table: Mapping[str, Row]) -> None:
    names = [name for row in table.values() for name in (row.name, *row.also)]
    assert len(set(names)) == len(names)
    assert list(table) == [row.name for row in table.values()]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative(name: str) -> None:
    """Against HIPS autograd where it is smooth."""
    row = ACTIVATIONS[name]
    z = Quantity("Z", 1, (len(POINTS), 1))
    a, d = Quantity("A", 1, (len(POINTS), 1)), Quantity("A", 1, (len(POINTS), 1), prefix="d")
    formula = row.formula(z, **row.parameters)
    theirs = oracle.ACTIVATIONS[name]
    outputs = value(formula, Z1=column(POINTS))
    np.testing.assert_allclose(outputs, theirs(column(POINTS)), rtol=1e-12, atol=1e-14)
    ((_, derivative),) = gradients(formula, d, a)
    incoming = np.linspace(-2, 3, len(POINTS)).reshape(-1, 1)
    ours = value(derivative, Z1=column(POINTS), A1=outputs, dA1=incoming)
    expected = autograd.elementwise_grad(theirs)(column(POINTS)) * incoming
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_inputs_stay_right(name: str) -> None:
    """To ±1e3: no overflow, no nan, and the limits of the function and its derivative."""
    row = ACTIVATIONS[name]
    shape = (len(FAR), 1)
    z, a, d = Quantity("Z", 1, shape), Quantity("A", 1, shape), Quantity("A", 1, shape, prefix="d")
    formula = row.formula(z, **row.parameters)
    outputs = value(formula, Z1=column(FAR))
    ((_, derivative),) = gradients(formula, d, a)
    slopes = value(derivative, Z1=column(FAR), A1=outputs, dA1=np.ones(shape))
    assert np.isfinite(outputs).all()
    assert np.isfinite(slopes).all()
    np.testing.assert_allclose(outputs, oracle.ACTIVATIONS[name](column(FAR)), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", [name for name, row in ACTIVATIONS.items() if row.kinks])
def test_the_derivative_at_a_kink_is_pytorchs(name: str) -> None:
    """relu: 0 at 0 (PyTorch's documentation of ReLU and its backward)."""
    row = ACTIVATIONS[name]
    kink = np.array(row.kinks).reshape(-1, 1)
    z = Quantity("Z", 1, kink.shape)
    a, d = Quantity("A", 1, kink.shape), Quantity("A", 1, kink.shape, prefix="d")
    formula = row.formula(z, **row.parameters)
    ((_, derivative),) = gradients(formula, d, a)
    slopes = value(derivative, Z1=kink, A1=value(formula, Z1=kink), dA1=np.ones(kink.shape))
    assert slopes.tolist() == [[{"relu": 0.0}[name]]]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_derivative(name: str) -> None:
    """Each example's loss, and what reaches ŷ, against HIPS autograd."""
    row = LOSSES[name]
    shape = (3, 4)
    y_, a_ = Quantity("y", None, shape), Quantity("A", 1, shape)
    rng = np.random.default_rng(0)
    low, high = row.targets or (-2.0, 2.0)
    y = rng.uniform(low, high, shape)
    a = rng.uniform(0.05, 0.95, shape)
    formula = row.formula(y_, a_, lambda x: Sum(x, "rows"), **row.parameters)
    theirs = oracle.LOSSES[name]
    np.testing.assert_allclose(value(formula, y=y, A1=a)[0], theirs(y, a), rtol=1e-13)
    gradient = dict(gradients(Sum(formula), Number(1)))
    total = sum(
        (np.asarray(value(g, y=y, A1=a)) for q, g in gradients(Sum(formula), Number(1)) if q == a_), np.zeros(shape)
    )
    assert a_ in gradient
    np.testing.assert_allclose(total, autograd.grad(lambda x: anp.sum(theirs(y, x)))(a), rtol=1e-12)


@pytest.mark.parametrize("pair", FUSED, ids="+".join)
def test_a_fused_pair_is_the_loss_of_the_activation(pair: tuple[str, str]) -> None:
    """What is computed from Z and what is shown in ŷ agree where both are finite, and so do the derivatives."""
    activation, loss = pair
    z = np.linspace(-15, 15, 21).reshape(1, -1)
    y = np.random.default_rng(1).uniform(0, 1, z.shape)
    shape = z.shape
    y_, z_, a_ = Quantity("y", None, shape), Quantity("Z", 1, shape), Quantity("A", 1, shape)
    a = value(ACTIVATIONS[activation].formula(z_), Z1=z)

    def total(x: Formula) -> Formula:
        return Sum(x, "rows")

    computed = value(FUSED[pair].computed(y_, z_, total), y=y, Z1=z)
    np.testing.assert_allclose(computed, value(LOSSES[loss].formula(y_, a_, total), y=y, A1=a), rtol=1e-9)
    slope = autograd.grad(lambda x: anp.sum(oracle.LOSSES[loss](y, oracle.ACTIVATIONS[activation](x))))(z)
    np.testing.assert_allclose(value(FUSED[pair].gradient(y_, a_), y=y, A1=a), slope, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("logit", [40.0, -40.0, 1000.0, -1000.0])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.25])
def test_binary_cross_entropy_stays_right_where_the_output_rounds_to_0_or_1(logit: float, target: float) -> None:
    fused = FUSED["sigmoid", "binary_cross_entropy"]
    y_, z_, a_ = (Quantity(name, layer, (1, 1)) for name, layer in (("y", None), ("Z", 1), ("A", 1)))
    z, y = np.array([[logit]]), np.array([[target]])
    loss = value(fused.computed(y_, z_, Sum), y=y, Z1=z)
    # By hand: −y ln σ(z) − (1 − y) ln(1 − σ(z)) with scipy's log of the sigmoid.
    expected = -target * scipy.special.log_expit(logit) - (1 - target) * scipy.special.log_expit(-logit)
    assert loss == pytest.approx(expected, rel=1e-12)
    output = value(ACTIVATIONS["sigmoid"].formula(z_), Z1=z)
    assert output.item() == pytest.approx(scipy.special.expit(logit), rel=1e-14)
    assert value(fused.gradient(y_, a_), y=y, A1=output).item() == output.item() - target


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_gives_the_new_value_last(name: str) -> None:
    w = Quantity("W", 1, (2, 3))
    row = OPTIMIZERS[name]
    update = row.update(Parameter(old=w, gradient=w.variant(prefix="d")), **row.parameters)
    assert [target.name for target in update][-1] == "W1_new"
    assert all(formula.shape == (2, 3) for formula in update.values())


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_a_rule_draws_the_shape_it_is_asked_for_and_repeats(name: str, generator: Any) -> None:
    row = INITIALIZERS[name]
    first = row.draw(generator(3), (4, 2), **row.parameters)
    assert first.shape == (4, 2)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, row.draw(generator(3), (4, 2), **row.parameters))


FUNCTIONS = [f for f in vars(functions).values() if isinstance(f, Function) and f.definition]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.plain)
def test_the_definition_of_a_function_is_what_it_computes(function: Any) -> None:
    text = function.definition.partition(" = ")[2].replace("−", "-")
    names = {"exp": np.exp, "ln": np.log}
    for z in (-2.0, 0.5, 3.0):
        expected = eval(text, {**names, "z": z})
        assert value(function(Quantity("z")), z=z) == pytest.approx(expected, rel=1e-12)
