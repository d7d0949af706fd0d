"""The bundled examples: every published figure holds, and what their notes claim is true."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nntrace import bundle, load, trace
from nntrace.checking import expected, holds
from nntrace.config.expected import written_precision
from nntrace.render.words import teaches
from nntrace.tracing import Trace


def bundled(name: str) -> Trace:
    path = bundle.path(name)
    assert path is not None
    return trace(load(path))


@pytest.mark.parametrize("name", bundle.names())
def test_every_figure_of_every_example_holds(name: str) -> None:
    compared = list(expected(bundled(name)))
    assert compared
    assert [f"{c.step.place}: {c.entry} is {c.computed}, not {c.figure.text}" for c in compared if not c.holds] == []


@pytest.mark.parametrize("name", bundle.names())
def test_every_example_says_what_it_teaches_in_its_first_sentence(name: str) -> None:
    config = bundled(name).config
    assert config.title
    assert len(config.notes) > 100
    assert 20 < len(teaches(config)) <= 92


def test_the_article_as_it_describes_itself() -> None:
    """ŷ of the four steps, from PyTorch autograd."""
    outputs = [float(step["A3"][0, 0]) for step in bundled("article")]
    np.testing.assert_allclose(outputs, [0.8631, 0.8776, 0.7861, 0.8265], atol=0.00005)


def test_the_article_as_it_is_printed() -> None:
    """What the notes say of its figures."""
    steps = list(bundled("article-printed"))
    first, second, third = (float(step["A3"][0, 0]) for step in steps[:3])
    assert f"{first:.4f}" == "0.9968"
    assert f"{second:.5f}" == "0.99929"
    assert f"{third:.4f}" == "0.9965"
    for name in ("W1_new", "W2_new", "W3_new", "b1_new", "b2_new", "b3_new"):
        assert (steps[1][name] < 0.5).all()
    assert [round(float(step["A3"][0, 0]), 2) for step in (steps[39], steps[49])] == [0.59, 0.56]


def mazur_error_after_one_update(*, updated_weights_in_backward: bool) -> float:
    """The page's calculation by hand, with its own names."""
    i, target = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    w, v = np.array([[0.15, 0.20], [0.25, 0.30]]), np.array([[0.40, 0.45], [0.50, 0.55]])

    def forward() -> tuple[np.ndarray, np.ndarray]:
        h = 1 / (1 + np.exp(-(w @ i + 0.35)))
        return h, 1 / (1 + np.exp(-(v @ h + 0.60)))

    h, o = forward()
    delta = (o - target) * o * (1 - o)
    v_new = v - 0.5 * np.outer(delta, h)
    sent_back = (v_new if updated_weights_in_backward else v).T @ delta
    w, v = w - 0.5 * np.outer(sent_back * h * (1 - h), i), v_new
    _, o = forward()
    return float(0.5 * ((target - o) ** 2).sum())


def test_mazur_prints_an_error_that_comes_from_updated_weights() -> None:
    assert f"{mazur_error_after_one_update(updated_weights_in_backward=True):.9f}" == "0.291027924"
    right = mazur_error_after_one_update(updated_weights_in_backward=False)
    assert f"{right:.9f}" == "0.291027774"
    assert bundled("mazur").step(2)["loss"] == pytest.approx(right, rel=1e-12)


def test_no_two_numbers_of_unequal_are_alike_and_no_weight_matrix_is_square() -> None:
    run = bundled("unequal")
    first = next(iter(run))
    start = [first[old.name] for old, _ in run.equations.state]
    entries = [entry for array in start for entry in array.ravel().tolist()] + np.ravel(run.config.data.x).tolist()
    assert len(set(entries)) == len(entries)
    assert all(array.shape[0] != array.shape[1] for array in start)


@pytest.mark.parametrize("name", ["and-gate", "xor"])
def test_the_gates_are_learned(name: str) -> None:
    run = bundled(name)
    *_, last = run
    outputs = run.evaluate(last).outputs
    np.testing.assert_array_equal(outputs.round().ravel(), run.config.data.y)


def test_xor_stays_near_a_coin_toss_for_twenty_iterations() -> None:
    losses = [step["loss"] for step in bundled("xor")]
    assert all(abs(loss - math.log(2)) < 0.03 for loss in losses[:20])
    assert losses[-1] < 0.05


@pytest.mark.parametrize(
    ("text", "half_a_unit"),
    [("0.9968", 0.00005), ("0.99680", 0.000005), ("1", 0.5), ("1e-3", 0.0005), ("-2.50", 0.005)],
)
def test_the_precision_of_a_figure_is_how_it_is_written(text: str, half_a_unit: float) -> None:
    assert written_precision(text) == pytest.approx(half_a_unit, rel=1e-12)


def test_a_figure_that_is_off_by_one_in_its_last_digit_does_not_hold() -> None:
    assert holds(0.9968, 0.99683, written_precision("0.9968"), 1.0)
    assert not holds(0.9969, 0.99683, written_precision("0.9969"), 1.0)
    path = bundle.path("article")
    assert path is not None
    wrong = trace(load(path, ["expect=[{iteration: 1, example: 1, A3: 0.8632}]"]))
    assert [compared.holds for compared in expected(wrong)] == [False]


def entry(name: str, quantity: str, row: int, column: int, iteration: int = 1) -> float:
    step = bundled(name).step(iteration, batch=1)
    return float(step[quantity][row - 1, column - 1])


@pytest.mark.parametrize(
    ("name", "quantity", "row", "column", "printed", "right"),
    [
        ("cs231n-two-layer", "dW2", 1, 1, "0.978240210068", "0.978240210069"),
        ("cs231n-two-layer", "dW2", 2, 1, "0.504998396209", "0.504998396208"),
        ("cs231n-two-layer", "dW1", 1, 1, "-0.090933756736", "-0.090933756739"),
        ("cs231n-two-layer", "dW1", 1, 2, "0.034100158776", "0.034100158777"),
        ("han-kamber", "dZ2", 1, 1, "0.1311", "0.1312"),
    ],
)
def test_figures_that_the_notes_call_wrong(
    name: str, quantity: str, row: int, column: int, printed: str, right: str
) -> None:
    """What a source prints and what is right, as the notes say; the sign of the book's error is the other one."""
    assert printed in bundled(name).config.notes
    assert right in bundled(name).config.notes
    computed = entry(name, quantity, row, column)
    digits = len(right.partition(".")[2])
    computed = -computed if name == "han-kamber" else computed
    assert f"{computed:.{digits}f}" == right


def test_mazur_after_ten_thousand_updates() -> None:
    run = trace(load(str(bundle.path("mazur")), ["iterations=10001", "expect=[]"]))
    outputs = run.step(10_001)["A2"].ravel()
    assert [f"{output:.9f}" for output in outputs] == ["0.015913620", "0.984064274"]
    assert all(f"{output:.9f}" in run.config.notes for output in outputs)


def test_the_diverging_coordinate_is_multiplied_by_minus_1_4() -> None:
    for step in bundled("d2l-gd-diverging"):
        assert step["W1_new"][0, 1] / step["W1"][0, 1] == pytest.approx(-1.4, rel=1e-12)


def test_the_books_error_is_twice_the_loss() -> None:
    losses = [step["loss"] for step in bundled("grokking-multi-input")]
    assert [round(2 * loss, 7) for loss in losses] == [0.0196, 0.0013135]


def test_the_first_steps_of_the_adaptive_optimizers_are_equally_long() -> None:
    step = bundled("keras-adamw").step()
    decayed = step["W1"] * (1 - step["alpha"] * step["weight_decay"])
    np.testing.assert_allclose(decayed - step["W1_new"], step["alpha"], rtol=1e-5)
    step = bundled("keras-rmsprop").step()
    np.testing.assert_allclose(step["W1"] - step["W1_new"], step["alpha"] / math.sqrt(1 - step["beta"]), rtol=1e-5)
    assert 1 / math.sqrt(1 - step["beta"]) > 3


def test_the_slope_of_the_micrograd_neuron_is_one_half() -> None:
    assert 1 - entry("micrograd-tanh", "A1", 1, 1) ** 2 == pytest.approx(0.5, rel=1e-12)


def test_what_four_decimals_by_hand_change() -> None:
    """The two figures that the notes compare."""
    by_hand = bundled("rounded-by-hand").step(2)
    in_full = trace(load(str(bundle.path("rounded-by-hand")), ["round=null", "expect=[]"])).step(2)
    for name, hand, full in (("Z1", "0.7498", "0.7499"), ("dZ1", "0.0022", "0.0023")):
        assert (f"{by_hand[name][0, 0]:.4f}", f"{in_full[name][0, 0]:.4f}") == (hand, full)


def test_without_its_correction_the_first_step_of_adam_would_be_three_times_too_long() -> None:
    step = bundled("adam-by-hand").step()
    np.testing.assert_allclose(step["W1"] - step["W1_new"], -step["alpha"], rtol=1e-6)
    uncorrected = step["mW1_new"] / np.sqrt(step["sW1_new"])
    np.testing.assert_allclose(np.abs(uncorrected), 0.1 / math.sqrt(0.001), rtol=1e-12)
