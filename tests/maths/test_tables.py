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

from nntrace.formula.compiling import compiled
from nntrace.formula.derive import gradients
from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Formula, Function, Number, Quantity, Sum
from nntrace.maths import functions
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import FUSED, LOSSES
from nntrace.maths.optimizers import OPTIMIZERS, Parameter
from nntrace.maths.table import Row

TABLES: list[Mapping[str, Row]] = [ACTIVATIONS, LOSSES, OPTIMIZERS, INITIALIZERS]
POINTS = np.array([-30.0, -5.0, -1.5, -0.3, -1e-3, 1e-3, 0.3, 1.5, 5.0, 30.0])
FAR = np.array([-1e3, -800.0, -40.0, 40.0, 800.0, 1e3])


def value(formula: Formula, **names: Any) -> Any:
    """The formula computed as the engine does."""
    source = function_source("line", list(names), [("value", formula)], ["value"])
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


def layer(points: np.ndarray) -> tuple[Quantity, Quantity, Quantity]:
    """Z, A and dA of a layer with these points as a column."""
    shape = (len(points), 1)
    return Quantity("Z", 1, shape), Quantity("A", 1, shape), Quantity("A", 1, shape, prefix="d")


def outputs_and_slopes(name: str, points: np.ndarray, incoming: np.ndarray, **settings: float) -> tuple[Any, Any]:
    """A = f(Z), and what reaches Z when `incoming` reaches A."""
    z, a, d = layer(points)
    formula = ACTIVATIONS[name].formula(z, **{**ACTIVATIONS[name].defaults, **settings})
    outputs = value(formula, Z1=column(points))
    parts = [value(part, Z1=column(points), A1=outputs, dA1=incoming) for _, part in gradients(formula, d, a)]
    return outputs, sum(parts[1:], start=parts[0])


def in_autograd(name: str, points: np.ndarray, incoming: np.ndarray, **settings: float) -> Any:
    def weighted(z: Any) -> Any:
        return anp.sum(oracle.ACTIVATIONS[name](z, **{**ACTIVATIONS[name].defaults, **settings}) * incoming)

    return autograd.grad(weighted)(column(points))


@pytest.mark.parametrize(
    ("name", "settings"),
    [*((name, {}) for name in ACTIVATIONS), ("leaky_relu", {"slope": 0.3}), ("elu", {"alpha": 0.7})],
)
def test_an_activation_and_its_derivative(name: str, settings: dict[str, float]) -> None:
    """Against HIPS autograd where it is smooth."""
    incoming = np.linspace(-2, 3, len(POINTS)).reshape(-1, 1)
    outputs, slopes = outputs_and_slopes(name, POINTS, incoming, **settings)
    theirs = oracle.ACTIVATIONS[name](column(POINTS), **{**ACTIVATIONS[name].defaults, **settings})
    np.testing.assert_allclose(outputs, theirs, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(slopes, in_autograd(name, POINTS, incoming, **settings), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_inputs_stay_right(name: str) -> None:
    """To ±1e3: no overflow, no nan, and the limits of the function and its derivative."""
    incoming = np.linspace(1, 2, len(FAR)).reshape(-1, 1)
    outputs, slopes = outputs_and_slopes(name, FAR, incoming)
    np.testing.assert_allclose(
        outputs, oracle.ACTIVATIONS[name](column(FAR), **ACTIVATIONS[name].defaults), rtol=1e-12, atol=1e-15
    )
    below, above = SLOPES_FAR_OUT[name]
    expected = np.where(column(FAR) < 0, below, above) * incoming
    np.testing.assert_allclose(slopes, expected, rtol=1e-12, atol=1e-15)


SLOPES_FAR_OUT = {
    "identity": (1, 1),
    "sigmoid": (0, 0),
    "tanh": (0, 0),
    "relu": (0, 1),
    "leaky_relu": (0.01, 1),
    "elu": (0, 1),
    "selu": (0, 1.0507009873554805),
    "softplus": (0, 1),
    "silu": (0, 1),
    "gelu": (0, 1),
    "softmax": (0, 0),
}
"""The limits of the derivative at −∞ and +∞, by hand; at ±40 they are reached to 1e-15."""


@pytest.mark.parametrize(
    ("name", "settings", "slope"),
    [
        ("relu", {}, 0.0),
        ("leaky_relu", {}, 0.01),
        ("leaky_relu", {"slope": 0.3}, 0.3),
        ("elu", {"alpha": 0.7}, 0.7),
        ("selu", {}, 1.0507009873554805 * 1.6732632423543772),
    ],
)
def test_the_derivative_at_a_kink_is_pytorchs(name: str, settings: dict[str, float], slope: float) -> None:
    """At 0, from PyTorch 2.13 (torch.autograd at 0)."""
    _, found = outputs_and_slopes(name, np.zeros(1), np.ones((1, 1)), **settings)
    assert found.item() == pytest.approx(slope, rel=1e-15)


def test_the_absolute_error_has_no_slope_where_it_is_zero() -> None:
    """PyTorch's convention at the kink of |x|."""
    y, a = Quantity("y", None, (1, 1)), Quantity("A", 1, (1, 1))
    (part,) = [g for q, g in gradients(LOSSES["absolute_error"].formula(y, a, Sum), Number(1)) if q == a]
    assert value(part, y=np.ones((1, 1)), A1=np.ones((1, 1))).item() == 0


@pytest.mark.parametrize(("name", "settings"), [*((name, {}) for name in LOSSES), ("huber", {"delta": 0.3})])
def test_a_loss_and_its_derivative(name: str, settings: dict[str, float]) -> None:
    """Each example's loss, and what reaches ŷ, against HIPS autograd."""
    row = LOSSES[name]
    given = {**row.defaults, **settings}
    shape = (3, 4)
    y_, a_ = Quantity("y", None, shape), Quantity("A", 1, shape)
    rng = np.random.default_rng(0)
    low, high = row.targets or (-2.0, 2.0)
    y = rng.uniform(low, high, shape)
    a = rng.uniform(0.05, 0.95, shape)
    formula = row.formula(y_, a_, lambda x: Sum(x, "rows"), **given)

    def theirs(x: Any) -> Any:
        return oracle.LOSSES[name](y, x, **given)

    np.testing.assert_allclose(value(formula, y=y, A1=a)[0], theirs(a), rtol=1e-13)
    reached = [np.asarray(value(g, y=y, A1=a)) for q, g in gradients(Sum(formula), Number(1)) if q == a_]
    total = sum(reached[1:], start=np.zeros(shape) + reached[0])
    np.testing.assert_allclose(total, autograd.grad(lambda x: anp.sum(theirs(x)))(a), rtol=1e-12)


@pytest.mark.parametrize("pair", FUSED, ids="+".join)
def test_a_fused_pair_is_the_loss_of_the_activation(pair: tuple[str, str]) -> None:
    """What is computed from Z and what is shown in ŷ agree where both are finite, and so do the derivatives."""
    activation, loss = pair
    rng = np.random.default_rng(1)
    z = np.stack([np.linspace(-15, 15, 21), np.zeros(21)])
    y = rng.dirichlet(np.ones(2), 21).T
    y_, z_, a_ = (Quantity(base, number, z.shape) for base, number in (("y", None), ("Z", 1), ("A", 1)))
    a = value(ACTIVATIONS[activation].formula(z_), Z1=z)

    def total(x: Formula) -> Formula:
        return Sum(x, "rows")

    fused = FUSED[pair]
    computed = value(fused.computed(y_, z_, total), y=y, Z1=z)
    np.testing.assert_allclose(computed, value(LOSSES[loss].formula(y_, a_, total), y=y, A1=a), rtol=1e-9)
    slope = autograd.grad(lambda x: anp.sum(oracle.LOSSES[loss](y, oracle.ACTIVATIONS[activation](x))))(z)
    np.testing.assert_allclose(value(fused.gradient(y_, a_), y=y, A1=a), slope, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("certain", [0, 1])
@pytest.mark.parametrize(("loss", "wrong"), [("binary_cross_entropy", 1.0), ("cross_entropy", 0.0)])
def test_a_cross_entropy_is_finite_where_a_class_is_certain(loss: str, wrong: float, certain: int) -> None:
    """0·ln 0 is 0: a right and certain answer costs nothing."""
    y = np.eye(2)[:, [certain]]
    y_, a_ = Quantity("y", None, y.shape), Quantity("A", 1, y.shape)
    computed = LOSSES[loss].computed
    assert computed is not None
    formula = computed(y_, a_, Sum)
    assert value(formula, y=y, A1=y) == 0
    found = [value(g, y=y, A1=y) for q, g in gradients(formula, Number(1)) if q == a_]
    # By hand: −y/a + (1 − y)/(1 − a) or −y/a, each term only where its factor is not 0.
    np.testing.assert_array_equal(sum(found), np.where(y > 0, -1.0, wrong))


@pytest.mark.parametrize("name", [name for name, row in LOSSES.items() if row.computed])
def test_what_is_computed_is_what_people_write_where_that_has_a_value(name: str) -> None:
    rng = np.random.default_rng(0)
    y, a = rng.dirichlet(np.ones(3), 4).T, rng.dirichlet(np.ones(3), 4).T
    y_, a_ = Quantity("y", None, y.shape), Quantity("A", 1, y.shape)
    computed = LOSSES[name].computed
    assert computed is not None
    np.testing.assert_array_equal(
        value(computed(y_, a_, Sum), y=y, A1=a), value(LOSSES[name].formula(y_, a_, Sum), y=y, A1=a)
    )


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
    update = row.update(
        Parameter(old=w, gradient=w.variant(prefix="d")), **{name: Quantity(name) for name in row.settings}
    )
    assert [target.name for target in update][-1] == "W1_new"
    assert all(formula.shape == (2, 3) for formula in update.values())


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("generator", [np.random.default_rng, np.random.RandomState])
def test_a_rule_draws_the_shape_it_is_asked_for_and_repeats(name: str, generator: Any) -> None:
    row = INITIALIZERS[name]
    first = row.draw(generator(3), (4, 2), **row.defaults)
    assert first.shape == (4, 2)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, row.draw(generator(3), (4, 2), **row.defaults))


DEFINED = [f for f in vars(functions).values() if isinstance(f, Function) and " = " in f.definition]
FUNCTIONS = [f for f in DEFINED if not f.written_out]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.plain)
def test_the_definition_of_a_function_is_what_it_computes(function: Any) -> None:
    text = function.definition.partition(" = ")[2]
    for sign, python in (("−", "-"), ("½ ", "0.5*"), ("z²", "z**2"), ("√(2π)", "sqrt(2*pi)"), ("√2", "sqrt(2)")):
        text = text.replace(sign, python)
    names = {"exp": np.exp, "ln": np.log, "sqrt": np.sqrt, "pi": np.pi, "erf": scipy.special.erf}
    for z in (-2.0, 0.5, 3.0):
        expected = eval(text, {**names, "z": z})
        assert value(function(Quantity("z")), z=z) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("function", [functions.SOFTMAX, functions.LOG_SOFTMAX], ids=lambda f: f.plain)
def test_what_a_function_of_a_column_is_written_out_is_what_it_computes(function: Any) -> None:
    z = Quantity("Z", 1, (3, 2))
    points = np.array([[0.5, -2.0], [3.0, 1.0], [-1.0, 0.0]])
    np.testing.assert_allclose(value(function(z), Z1=points), value(function.written_out(z), Z1=points), rtol=1e-13)


@pytest.mark.parametrize(
    ("x", "decimals", "expected"),
    [
        (0.12345, 4, 0.1235),  # np.round gives 0.1234: in binary the half is a little below
        (-0.12345, 4, -0.1235),
        (2.5, 0, 3.0),  # np.round goes to the even 2
        (-2.5, 0, -3.0),
        (1.005, 2, 1.01),
        (0.12344, 4, 0.1234),
        (0.0, 4, 0.0),
    ],
)
def test_rounding_is_half_away_from_zero_on_the_decimal_value(x: float, decimals: int, expected: float) -> None:
    """As one rounds by hand."""
    q = Quantity("Z", 1, (1, 1))
    found = value(functions.rounding(decimals)(q), Z1=np.array([[x]]))
    assert found.item() == pytest.approx(expected, abs=1e-15)
