"""What is followed over a run, against the steps themselves; thinned, nothing of the range is lost."""

from __future__ import annotations

import numpy as np
import pytest

from nntrace import bundle, load, trace
from nntrace.curves import ENTRIES, PIECES, Curve, Curves, followed
from nntrace.tracing import Trace


def bundled(name: str, *settings: str) -> Trace:
    return trace(load(str(bundle.path(name)), settings))


def read(run: Trace, first: int = 1, last: int | None = None) -> Curves:
    listing = run.equations
    gradients, parameters = followed(listing, listing.quantities)
    curves = Curves(run, first, last or run.config.iterations, gradients, parameters)
    for _ in curves.steps():
        pass
    return curves


def test_the_gradients_and_the_parameters_of_a_run_are_followed() -> None:
    gradients, parameters = followed(bundled("mazur").equations, bundled("mazur").equations.quantities)
    assert [q.name for q in gradients] == ["dW1", "dW2"]  # its biases are fixed
    assert [q.name for q in parameters] == ["W1", "b1", "W2", "b2"]


def test_where_all_is_kept_the_curves_are_the_steps() -> None:
    run = bundled("unequal", "expect=[]")
    curves = read(run)
    steps = list(run)
    assert curves.loss.x.tolist() == list(range(1, len(steps) + 1))
    np.testing.assert_allclose(curves.loss.low, [step["loss"] for step in steps], rtol=1e-14)
    for q, curve in curves.norms.items():
        np.testing.assert_allclose(curve.low, [np.linalg.norm(step[q.name]) for step in steps], rtol=1e-14)
        np.testing.assert_array_equal(curve.low, curve.high)
    for parameter in curves.states:
        name = parameter.quantity.name
        values = np.array([step[name].ravel() for step in [*steps, {name: steps[-1][f"{name}_new"]}]])
        assert parameter.by_entry
        np.testing.assert_array_equal([curve.low for curve in parameter.curves], values.T)
        assert parameter.curves[0].x.tolist() == list(range(len(steps) + 1))


def test_of_a_large_matrix_the_least_the_mean_and_the_greatest_are_kept() -> None:
    layers = "architecture.layers=[{nodes: 9, activation: tanh}, {nodes: 1, activation: sigmoid}]"
    run = bundled("xor", layers, "weights={init: normal, seed: 1}", "iterations=3", "expect=[]")
    (large, *_) = read(run).states
    assert large.quantity.size(1) > ENTRIES
    assert not large.by_entry
    expected = [(W.min(), W.mean(), W.max()) for step in run for W in [step["W1"]]]
    np.testing.assert_array_equal(np.array([curve.low[:-1] for curve in large.curves]).T, expected)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_loss_is_that_of_an_example_whatever_the_reduction_and_the_penalty(reduction: str) -> None:
    """With alpha 0 and W = 1, b = 0 the outputs stay the inputs: the losses are by hand."""
    zero = ("alpha=0", "weights={W1: [[1]], b1: [0]}", f"reduction={reduction}", "l2=0.5", "batch=3", "expect=[]")
    curves = read(bundled("minibatch-linear", *zero))
    losses = [(1 - 2) ** 2 / 2, (2 - 3) ** 2 / 2, (3 - 5) ** 2 / 2, (4 - 4) ** 2 / 2]
    np.testing.assert_allclose(curves.loss.low, [np.mean(losses[:3]), losses[3]])
    np.testing.assert_allclose(curves.losses.low, [np.mean(losses)])
    assert curves.losses.x.tolist() == [2]


def test_some_iterations_stand_where_they_are_in_the_run() -> None:
    run = bundled("article", "iterations=9", "expect=[]")
    curves = read(run, 3, 5)
    assert curves.loss.x.tolist() == [5, 6, 7, 8, 9, 10]
    assert curves.losses.x.tolist() == [6, 8, 10]
    assert curves.states[0].curves[0].x.tolist() == [4, 5, 6, 7, 8, 9, 10]
    assert curves.loss.low[0] == run.step(3)["loss"]


def test_a_long_run_is_cut_in_pieces_that_keep_the_least_and_the_greatest() -> None:
    run = bundled("article", "iterations=2100", "expect=[]")
    curve = read(run).loss
    losses = np.array([step["loss"] for step in run])
    assert len(curve.x) <= PIECES
    assert (curve.x[0], curve.x[-1]) == (1, 4200)
    each = -(-4200 // PIECES)
    for piece, (low, high) in enumerate(zip(curve.low, curve.high, strict=True)):
        of_piece = losses[piece * each : (piece + 1) * each]
        assert (low, high) == (of_piece.min(), of_piece.max())
    assert curve.ends == ((1, losses[0]), (4200, losses[-1]))


def test_a_run_that_stops_is_there_up_to_it() -> None:
    curves = read(bundled("minibatch-linear", "alpha=1e306", "iterations=50", "expect=[]"))
    assert curves.stopped is not None
    assert curves.loss.x.tolist() == [1, 2]
    assert np.isfinite(curves.loss.low[0])
    assert np.isnan(curves.loss.low[1])
    assert curves.loss.finite.x.tolist() == [1]
    assert curves.losses.x.size == 0


def test_a_line_meets_both_ends_of_each_piece_in_the_order_in_which_it_rises_or_falls() -> None:
    x, low, high = np.array([1.0, 3.0, 5.0]), np.array([0.0, 2.0, 1.0]), np.array([1.0, 3.0, 2.0])
    line = Curve(x, low, high, ((1, 0), (5, 1))).line
    assert line[1].tolist() == [0, 1, 2, 3, 2, 1]
    assert line[0].tolist() == [1, 1, 2, 3, 4, 5]
