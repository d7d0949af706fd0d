"""What a run comes to, read from its steps as they go by."""

from __future__ import annotations

import numpy as np
import pytest

from nntrace import Trace, bundle, load, trace
from nntrace.summary import Summary


def bundled(name: str, *settings: str) -> Trace:
    path = bundle.path(name)
    assert path is not None
    return trace(load(path, settings))


def read(run: Trace) -> Summary:
    summary = Summary(run)
    for _ in summary.reading(run):
        pass
    return summary


def test_the_losses_of_the_article_are_the_means_of_its_examples() -> None:
    """Each before its own update: (1 − ŷ)² and ŷ² with PyTorch's ŷ of the four steps, see the bundled config."""
    expected = [((1 - 0.8631) ** 2 + 0.8776**2) / 2, ((1 - 0.7861) ** 2 + 0.8265**2) / 2]
    np.testing.assert_allclose(read(bundled("article")).losses, expected, atol=0.0001)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("batch", [1, 2, 3, "all"])
def test_without_learning_the_loss_of_an_iteration_does_not_depend_on_batch_or_reduction(
    batch: int | str, reduction: str
) -> None:
    summary = read(bundled("unequal", f"batch={batch}", f"reduction={reduction}", "alpha=0", "expect=[]"))
    # The network by hand, in numpy: tanh, relu, identity.
    weights = bundled("unequal").config.weights
    assert isinstance(weights, dict)
    a, y = np.array([[0.5, 1.5, -0.7], [-1.0, 0.4, 2.0]]), np.array([[0.9, 0.0, -0.5], [-0.2, 1.0, 0.6]])
    a = np.tanh(np.array(weights["W1"]) @ a + np.array([weights["b1"]]).T)
    a = np.maximum(0, np.array(weights["W2"]) @ a + np.array([weights["b2"]]).T)
    a = np.array(weights["W3"]) @ a + np.array([weights["b3"]]).T
    np.testing.assert_allclose(summary.losses, [((y - a) ** 2).sum() / 3] * 2, rtol=1e-14)
    assert summary.evaluation is not None
    assert summary.evaluation.loss == pytest.approx(((y - a) ** 2).sum() / 3, rel=1e-14)
    np.testing.assert_allclose(summary.evaluation.outputs, a.T, rtol=1e-14)


def test_the_steps_go_by_unchanged_and_one_at_a_time() -> None:
    run = bundled("unequal")
    summary = Summary(run)
    seen = []
    for step in summary.reading(run):
        seen.append(step)
        assert summary.last is step
        assert len(summary.losses) == step.iteration - (step.batch < run.config.batches)
    assert [(step.iteration, step.batch) for step in seen] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_before_it_has_read_anything_there_is_nothing() -> None:
    summary = Summary(bundled("article"))
    assert summary.last is None
    assert list(summary.losses) == []
    assert summary.evaluation is None


def test_the_predictions_are_those_of_the_last_weights() -> None:
    summary = read(bundled("and-gate"))
    assert summary.evaluation is not None
    assert summary.last is not None
    x = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    z = summary.last["W1_new"] @ x + summary.last["b1_new"]
    np.testing.assert_allclose(summary.evaluation.outputs, 1 / (1 + np.exp(-z.T)), rtol=1e-14)
    # −ln of what is predicted for the class that it is
    right = np.where([[0, 0, 0, 1]], z, -z)
    np.testing.assert_allclose(summary.evaluation.losses, np.log1p(np.exp(-right))[0], rtol=1e-13)


def test_a_run_that_stops_keeps_the_iterations_that_it_finished() -> None:
    """With alpha 1e200 the first update sends the output to 1e200, whose square is not finite."""
    linear = "architecture.layers=[{nodes: 1, activation: identity}]"
    run = bundled("and-gate", linear, "loss=squared_error", "alpha=1e200", "iterations=5", "expect=[]")
    summary = read(run)
    assert summary.last is not None
    assert (summary.last.iteration, summary.last.batch, summary.last.stopped) == (1, 3, "loss")
    assert list(summary.losses) == []
    assert summary.evaluation is None

    whole = bundled("and-gate", linear, "loss=squared_error", "alpha=1e60", "batch=all", "iterations=9", "expect=[]")
    summary = read(whole)
    assert summary.last is not None
    assert summary.last.stopped is not None
    assert len(summary.losses) == summary.last.iteration - 1 > 0
    assert all(np.isfinite(summary.losses))
