"""The options of a run, against what they mean: rounding, shuffling, schedules, clipping, shared biases, l2."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import exp
from typing import Any

import numpy as np
import pytest

from nntrace import Trace, bundle, load, trace
from nntrace.formula.plain import plain
from nntrace.summary import Summary


def bundled(name: str, *settings: str) -> Trace:
    return trace(load(str(bundle.path(name)), [*settings, "expect=[]"]))


def by_hand(value: float, decimals: int = 4) -> float:
    """Half away from zero on the decimal value: its last digits, which are binary, are dropped first."""
    return float(Decimal(f"{value:.13g}").quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def test_rounding_as_by_hand_line_by_line() -> None:
    """One update of a 1-1-1 sigmoid network, each number written down with four decimals and used as written."""
    config = {
        "architecture": {
            "inputs": 1,
            "layers": [{"nodes": 1, "activation": "sigmoid"}, {"nodes": 1, "activation": "sigmoid"}],
        },
        "weights": {"W1": [[0.35]], "b1": [0.125], "W2": [[-0.65]], "b2": [0.2]},
        "data": {"x": [1.5], "y": [1]},
        "alpha": 0.5,
        "iterations": 1,
        "round": 4,
    }
    step = trace(load(config)).step()
    z1 = by_hand(0.35 * 1.5 + 0.125)
    a1 = by_hand(1 / (1 + exp(-z1)))
    z2 = by_hand(-0.65 * a1 + 0.2)
    a2 = by_hand(1 / (1 + exp(-z2)))
    expected = {"Z1": z1, "A1": a1, "Z2": z2, "A2": a2, "loss": by_hand((1 - a2) ** 2)}
    expected["dA2"] = da2 = by_hand(2 * (a2 - 1))
    expected["dZ2"] = dz2 = by_hand(da2 * a2 * (1 - a2))
    expected["dW2"] = dw2 = by_hand(dz2 * a1)
    expected["db2"] = dz2
    expected["dA1"] = da1 = by_hand(-0.65 * dz2)
    expected["dZ1"] = dz1 = by_hand(da1 * a1 * (1 - a1))
    expected["dW1"] = dw1 = by_hand(dz1 * 1.5)
    expected["W2_new"] = by_hand(-0.65 - 0.5 * dw2)
    expected["b2_new"] = by_hand(0.2 - 0.5 * dz2)
    expected["W1_new"] = by_hand(0.35 - 0.5 * dw1)
    expected["b1_new"] = by_hand(0.125 - 0.5 * dz1)
    for name, value in expected.items():
        assert np.asarray(step[name]).item() == pytest.approx(value, abs=1e-12), name


def test_the_rounding_shows_in_the_formula_and_what_is_copied_is_not_rounded_again() -> None:
    listing = bundled("article", "round=4").equations.by_target
    assert plain(listing["Z1"].formula) == "round(W1·A0 + b1, 4)"
    assert plain(listing["db1"].formula) == "dZ1"


def test_a_fixed_bias_is_not_rounded() -> None:
    """It is an initial weight, and is never computed."""
    step = bundled("mazur", "round=2", "weights.b1=[0.3512, 0.3512]").step()
    np.testing.assert_array_equal(step["b1_new"], [[0.3512], [0.3512]])


def test_every_number_of_a_rounded_run_has_so_many_decimals() -> None:
    for step in bundled("unequal", "round=3", "optimizer=momentum"):
        for target in step.equations.by_target:
            value = np.asarray(step[target])
            np.testing.assert_allclose(value * 1000, np.round(value * 1000), atol=1e-9, err_msg=target)


@pytest.mark.parametrize("batch", ["1", "2", "all"])
def test_the_order_of_an_iteration_is_that_of_numpys_generator(batch: str) -> None:
    """default_rng([seed, i]).permutation(examples), i from 1."""
    run = bundled("xor", "shuffle={seed: 7}", f"batch={batch}", "iterations=3")
    for iteration in (1, 2, 3):
        order = np.random.default_rng([7, iteration]).permutation(4) + 1
        steps = [step for step in run if step.iteration == iteration]
        assert [number for step in steps for number in step.examples] == order.tolist()
        for step in steps:
            np.testing.assert_array_equal(step["A0"].T, run.config.x[np.array(step.examples) - 1])
            np.testing.assert_array_equal(step["y"].T, run.config.y[np.array(step.examples) - 1])


def test_a_shuffled_step_is_named_by_its_example() -> None:
    run = bundled("xor", "shuffle={seed: 7}", "batch=2", "iterations=3")
    for iteration in (1, 2, 3):
        for example in (1, 2, 3, 4):
            assert example in run.step(iteration, example=example).examples


@pytest.mark.parametrize(
    ("alpha", "rates"),
    [
        ("[0.5, 0.25, 0.125, 0]", [0.5, 0.25, 0.125, 0.0]),
        ("{start: 0.8, decay: 0.5, every: 1}", [0.8, 0.4, 0.2, 0.1]),
        ("{start: 0.8, decay: 0.5, every: 3}", [0.8, 0.8, 0.8, 0.4]),
    ],
)
def test_the_learning_rate_of_an_iteration(alpha: str, rates: list[float]) -> None:
    run = bundled("article", f"alpha={alpha}", "iterations=4")
    assert [run.step(iteration, example=1)["alpha"] for iteration in (1, 2, 3, 4)] == pytest.approx(rates, rel=1e-15)
    for step in run:
        np.testing.assert_array_equal(step["W1_new"], step["W1"] - step["alpha"] * step["dW1"])


def test_updates_are_counted_through_all_iterations() -> None:
    assert [step["t"] for step in bundled("article", "optimizer=adam")] == [1, 2, 3, 4]


@pytest.mark.parametrize("norm", [0.01, 100.0])
def test_gradients_are_clipped_together(norm: float) -> None:
    step = bundled("unequal", f"clip_norm={norm}", "batch=all").step()
    gradients = [step[name] for name in step if name.startswith(("dW", "db"))]
    whole = float(np.sqrt(sum((g**2).sum() for g in gradients)))
    assert step["grad_norm"] == pytest.approx(whole, rel=1e-14)
    assert step["clip"] == pytest.approx(min(1.0, norm / (whole + 1e-6)), rel=1e-14)
    used = step["clip"] * step["dW2"]
    np.testing.assert_allclose(step["W2_new"], step["W2"] - 0.1 * used, rtol=1e-14)
    np.testing.assert_array_equal(step["dW2"], bundled("unequal", "batch=all").step()["dW2"])  # it stays exact


def test_a_shared_bias_is_one_number_and_its_gradient_the_sum_over_the_layer() -> None:
    settings = ["architecture.biases=shared", "weights.b1=0.3", "weights.b2=-0.2", "weights.b3=0.1"]
    step = bundled("unequal", *settings).step()
    assert step["b1"].tolist() == [[0.3]]
    np.testing.assert_allclose(step["Z1"], step["W1"] @ step["A0"] + 0.3, rtol=1e-15)
    for layer in (1, 2, 3):
        assert step[f"db{layer}"].shape == (1, 1)
        assert step[f"db{layer}"].item() == pytest.approx(step[f"dZ{layer}"].sum(), rel=1e-13)


def test_the_penalty_is_in_the_loss_and_in_every_dw() -> None:
    plainly, step = bundled("unequal", "batch=2").step(), bundled("unequal", "batch=2", "l2=0.3").step()
    squares = sum((step[f"W{n}"] ** 2).sum() for n in (1, 2, 3))
    assert step["penalty"] == pytest.approx(0.15 * squares, rel=1e-14)
    assert step["loss"] == pytest.approx(plainly["loss"] + step["penalty"], rel=1e-14)
    for n in (1, 2, 3):
        np.testing.assert_allclose(step[f"dW{n}"], plainly[f"dW{n}"] + 0.3 * step[f"W{n}"], rtol=1e-12)
        np.testing.assert_array_equal(step[f"db{n}"], plainly[f"db{n}"])


def test_the_formulas_of_the_penalty_are_the_textbooks() -> None:
    listing = bundled("unequal", "l2=0.3", "optimizer=adam", "clip_norm=1").equations.by_target
    assert plain(listing["penalty"].formula) == "½·l2·(Σ W1² + Σ W2² + Σ W3²)"
    assert plain(listing["dW2"].formula) == "dZ2·A1ᵀ + l2·W2"
    assert plain(listing["clip"].formula) == "min(1, clip_norm/(grad_norm + 1e-6))"
    assert plain(listing["mW1_new"].formula) == "beta1·mW1 + (1 − beta1)·(clip·dW1)"


@pytest.mark.parametrize("batch", ["1", "2"])
def test_the_loss_of_an_iteration_is_that_of_its_examples_without_the_penalty(batch: str) -> None:
    run = bundled("unequal", "l2=0.5", f"batch={batch}", "alpha=0")
    summary = Summary(run)
    for _ in summary.reading(run):
        pass
    evaluated = run.evaluate(run.step())
    assert list(summary.losses) == pytest.approx([evaluated.loss] * 2, rel=1e-13)


OPTIMIZERS: dict[str, list[str]] = {
    # As a published page writes each update; PyTorch's documentation of torch.optim has the same.
    "momentum": ["vW1_new = beta·vW1 + dW1", "W1_new = W1 − alpha·vW1_new"],
    "nesterov": ["vW1_new = beta·vW1 + dW1", "W1_new = W1 − alpha·(dW1 + beta·vW1_new)"],
    "adagrad": ["sW1_new = sW1 + dW1²", "W1_new = W1 − alpha·dW1/(√sW1_new + epsilon)"],
    "rmsprop": ["sW1_new = beta·sW1 + (1 − beta)·dW1²", "W1_new = W1 − alpha·dW1/(√sW1_new + epsilon)"],
    "adam": [
        "mW1_new = beta1·mW1 + (1 − beta1)·dW1",
        "sW1_new = beta2·sW1 + (1 − beta2)·dW1²",
        "mW1_hat = mW1_new/(1 − beta1^t)",
        "sW1_hat = sW1_new/(1 − beta2^t)",
        "W1_new = W1 − alpha·mW1_hat/(√sW1_hat + epsilon)",
    ],
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_reads_as_on_a_page(name: str) -> None:
    listing = bundled("article", f"optimizer={name}").equations
    update = [e for e in listing if e.target.layer == 1 and e.target.base == "W" and e.phase == "update"]
    assert [f"{e.target.name} = {plain(e.formula)}" for e in update] == OPTIMIZERS[name]


FORMULAS: dict[str, tuple[str, str]] = {
    # activation: A1, dZ1
    "relu": ("max(0, Z1)", "dA1 ⊙ (Z1 > 0)"),
    "leaky_relu": ("Z1 if Z1 > 0 else 0.01·Z1", "dA1 if Z1 > 0 else 0.01·dA1"),
    "elu": ("Z1 if Z1 > 0 else exp(Z1) − 1", "dA1 if Z1 > 0 else dA1 ⊙ exp(Z1)"),
    "selu": ("λ·Z1 if Z1 > 0 else λ·α·(exp(Z1) − 1)", "λ·dA1 if Z1 > 0 else λ·α·dA1 ⊙ exp(Z1)"),
    "softplus": ("softplus(Z1)", "dA1 ⊙ σ(Z1)"),
    "silu": ("Z1 ⊙ σ(Z1)", "dA1 ⊙ (σ(Z1) + Z1 ⊙ σ(Z1) ⊙ (1 − σ(Z1)))"),
    "gelu": ("Z1 ⊙ Φ(Z1)", "dA1 ⊙ (Φ(Z1) + Z1 ⊙ φ(Z1))"),
    "softmax": ("softmax(Z1)", "A1 ⊙ (dA1 − Σ (dA1 ⊙ A1))"),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_an_activation_and_its_derivative_read_as_on_a_page(name: str) -> None:
    listing = bundled("article", f"architecture.layers.1.activation={name}").equations.by_target
    forward, backward = FORMULAS[name]
    assert plain(listing["A1"].formula) == forward
    assert plain(listing["dZ1"].formula) == backward


GRADIENTS: dict[str, tuple[str, str]] = {
    # loss: dA3 with two outputs and one example, and as the mean over a batch
    "squared_error": ("2 (A3 − y)", "2 (A3 − y)/m"),
    "half_squared_error": ("A3 − y", "(A3 − y)/m"),
    "mean_squared_error": ("A3 − y", "(A3 − y)/m"),  # 2/n is 1 with two outputs
    "absolute_error": ("sign(A3 − y)", "sign(A3 − y)/m"),
    "huber": ("A3 − y if |y − A3| < 1 else sign(A3 − y)", "(A3 − y)/m if |y − A3| < 1 else sign(A3 − y)/m"),
    "{name: huber, delta: 0.3}": (
        "A3 − y if |y − A3| < 0.3 else 0.3·sign(A3 − y)",
        "(A3 − y)/m if |y − A3| < 0.3 else 0.3·sign(A3 − y)/m",
    ),
}


@pytest.mark.parametrize("loss", GRADIENTS)
def test_the_gradient_of_a_loss_reads_as_on_a_page(loss: str) -> None:
    for batch, expected in zip(("1", "2"), GRADIENTS[loss], strict=True):
        listing = bundled("unequal", f"loss={loss}", f"batch={batch}").equations.by_target
        assert plain(listing["dA3"].formula) == expected


def test_the_huber_loss_reads_as_on_a_page() -> None:
    listing = bundled("article", "loss={name: huber, delta: 0.25}").equations.by_target
    assert plain(listing["loss"].formula) == "½ (y − A3)² if |y − A3| < 0.25 else 0.25 (|y − A3| − 0.125)"


def test_binary_cross_entropy_over_softmax_reads_as_on_a_page_but_for_what_is_certain() -> None:
    settings = ("loss=binary_cross_entropy", "architecture.layers.3.activation=softmax", "batch=1")
    listing = bundled("unequal", *settings, "data.y=[[0, 1], [1, 0], [0.5, 0.5]]").equations.by_target
    assert listing["loss"].shown is not None
    assert plain(listing["loss"].shown) == "−Σ (y ⊙ ln(A3) + (1 − y) ⊙ ln(1 − A3))"
    assert plain(listing["dA3"].formula) == "(−y/A3 if y > 0 else 0) + ((1 − y)/(1 − A3) if y < 1 else 0)"


def test_a_rounded_loss_goes_on_from_the_rounded_output() -> None:
    """By hand: z = 2.7, ŷ = σ(2.7) = 0.94, −ln 0.94 = 0.06; from z itself it would be ln(1 + exp(−2.7)) = 0.07."""
    config = {
        "architecture": {"inputs": 1, "layers": [{"nodes": 1, "activation": "sigmoid"}]},
        "weights": {"W1": [[1.0]], "b1": [0.7]},
        "data": {"x": [2.0], "y": [1.0]},
        "loss": "binary_cross_entropy",
        "alpha": 0.1,
        "iterations": 1,
        "round": 2,
    }
    run = trace(load(config))
    step = run.step()
    assert (step["A1"].item(), step["loss"], step["dZ1"].item()) == pytest.approx((0.94, 0.06, -0.06), abs=1e-12)
    assert "dA1" not in step
    shown = run.equations.by_target["loss"].shown
    assert shown is not None
    assert plain(shown) == "round(−(y ⊙ ln(A1) + (1 − y) ⊙ ln(1 − A1)), 2)"


def test_a_rounded_loss_is_finite_where_the_output_rounds_to_1() -> None:
    """ŷ = σ(9) = 1.00 of a target of 1: 0·ln 0 counts as 0."""
    (step,) = bundled(
        "and-gate", "round=2", "iterations=1", "batch=all", "weights={W1: [[9, 9]], b1: [9]}", "data.y=[1, 1, 1, 1]"
    )
    assert step["loss"] == 0.0


def softmax_network(*settings: str) -> Trace:
    config: dict[str, Any] = {
        "architecture": {"inputs": 2, "layers": [{"nodes": 3, "activation": "softmax"}]},
        "weights": {"init": "normal", "seed": 1},
        "data": {"x": [[1, 2], [3, -1]], "labels": [2, 0]},
        "loss": "cross_entropy",
        "alpha": 0.1,
        "iterations": 2,
    }
    return trace(load(config, settings))


def test_softmax_with_cross_entropy_is_shown_as_its_definition_and_as_it_is_computed() -> None:
    listing = softmax_network().equations.by_target
    loss = listing["loss"]
    assert loss.shown is not None
    assert plain(loss.shown) == "−Σ (y ⊙ ln(A1))"
    assert plain(loss.formula) == "−Σ (y ⊙ ln softmax(Z1))"
    assert plain(listing["dZ1"].formula) == "A1 − y"
    assert "dA1" not in listing


@pytest.mark.parametrize("logit", [40.0, -40.0, 1000.0, -1000.0])
def test_softmax_with_cross_entropy_stays_right_far_out(logit: float) -> None:
    """The loss of a right class that is `logit` behind or ahead of two at 0: ln(2 + e^logit) − logit, by hand."""
    weights = f"weights={{W1: [[0, 0], [0, 0], [0, 0]], b1: [{logit}, 0, 0]}}"
    step = softmax_network(weights, "data.labels=[0, 0]").step()
    np.testing.assert_array_equal(step["dZ1"], step["A1"] - step["y"])
    assert np.isfinite(step["loss"])
    expected = np.log(2 + np.exp(logit)) - logit if logit < 100 else 0.0
    assert step["loss"] == pytest.approx(expected, rel=1e-12, abs=1e-16)
    assert step["A1"].sum() == pytest.approx(1, rel=1e-15)
