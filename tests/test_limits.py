"""Where numbers end and memory does: a trace that stops, checkpoints, many examples, callers with other settings."""

from __future__ import annotations

import tracemalloc
import warnings
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest

from nntrace import Step, Trace, bundle, load, trace, tracing
from nntrace.errors import SelectionError
from nntrace.summary import Summary


def bundled(name: str, *settings: str) -> Trace:
    path = bundle.path(name)
    assert path is not None
    return trace(load(path, [*settings, "expect=[]"]))


def as_bytes(step: Step) -> dict[str, bytes]:
    """Every number of a step, bit for bit."""
    return {name: np.asarray(step[name]).tobytes() for name in step}


def one_node(x: float, weight: float, activation: str, alpha: float = 0.0, iterations: int = 1) -> Trace:
    return trace(
        load(
            {
                "architecture": {"inputs": 1, "layers": [{"nodes": 1, "activation": activation}], "biases": "none"},
                "weights": weight,
                "data": {"x": [x], "y": [0.0]},
                "alpha": alpha,
                "iterations": iterations,
            }
        )
    )


def test_a_trace_by_hand_that_diverges_stops_where_it_does() -> None:
    """One weight, x = 1, y = 0: each update multiplies w by 1 − 2α, here −1e60, and w² overflows from 1.3e154 on.

    w is 1, −1e60, 1e120, −1e180: the loss of iteration 4 is the first that is not finite.
    """
    run = one_node(1.0, 1.0, "identity", alpha=0.5e60, iterations=10)
    steps = list(run)
    assert len(steps) == 4
    assert [step.stopped for step in steps] == [None, None, None, "loss"]
    np.testing.assert_allclose([step["W1"][0, 0] for step in steps], [1.0, -1e60, 1e120, -1e180], rtol=1e-15)
    assert steps[3]["loss"] == np.inf
    assert steps[3]["dA1"][0, 0] == pytest.approx(-2e180)  # what came after it and is finite stays
    assert run.step(3)["loss"] == pytest.approx(1e240)
    assert run.step(4).stopped == "loss"
    with pytest.raises(SelectionError, match=r"^the trace stops before that: loss is not finite in iteration 4, "):
        run.step(5)
    assert as_bytes(run.step(2)) == as_bytes(steps[1])  # asking in vain has changed nothing


def test_the_first_that_is_not_finite_is_first_in_the_order_of_the_step() -> None:
    """x·w overflows in Z, and so do A and the loss after it."""
    (step,) = one_node(1e200, 1e200, "identity")
    assert step.stopped == "Z1"


def test_a_diverging_trace_is_quiet_where_the_caller_asks_numpy_to_raise() -> None:
    """What a caller's numpy does on an overflow is for the caller's own arithmetic."""
    run = bundled("article", "alpha=1e160", "architecture.layers.3.activation=identity", "iterations=50")
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        settings = np.geterr()
        for _ in run:
            assert np.geterr() == settings
        *_, last = run
        assert last.stopped is not None
        assert np.geterr() == settings


def test_two_readers_at_once_do_not_disturb_each_other() -> None:
    run = bundled("unequal", "iterations=10")
    alone = [as_bytes(step) for step in run]
    first, second = run.steps(), run.steps(7)
    by_first, by_second = [], []
    for one, other in zip_longest(first, second):
        by_first.append(as_bytes(one))
        if other:
            by_second.append(as_bytes(other))
        run.step(2, batch=1)
    assert by_first == alone
    assert by_second == alone[7:]


@pytest.mark.parametrize("budget", [1, 2_000, 10**9])
def test_checkpoints_keep_to_their_memory_and_replay_bit_for_bit(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    """A step asked for is that of the iteration, however few checkpoints there may be, in any order."""
    monkeypatch.setattr(tracing, "CHECKPOINT_BYTES", budget)
    run = bundled("unequal", "iterations=30")
    steps = [as_bytes(step) for step in bundled("unequal", "iterations=30")]
    state = sum(array.nbytes for array in run.start.values())
    for number in (59, 0, 31, 30, 8, 9, 59):
        assert as_bytes(run.step(number // 2 + 1, batch=number % 2 + 1)) == steps[number]
    assert len(run.checkpoints) <= 1 + min(8, max(1, budget // state))  # the start, and √60 of them at most
    assert [as_bytes(step) for step in run] == steps


def test_a_long_run_takes_no_more_memory_than_a_short_one_but_for_its_checkpoints() -> None:
    def peak(iterations: int) -> tuple[int, int]:
        run = bundled("and-gate", f"iterations={iterations}")
        tracemalloc.start()
        for _ in run:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, len(run.checkpoints)

    peak(10)  # what is imported and cached once
    (few, kept), (many, more) = peak(50), peak(1250)  # 200 and 5,000 steps
    assert many - few < 8 * 1024 + 1024 * (more - kept)


def test_asking_for_a_late_step_keeps_none_of_those_on_the_way() -> None:
    def peak(iterations: int) -> tuple[int, int]:
        run = bundled("and-gate", f"iterations={iterations}")
        tracemalloc.start()
        run.step(iterations)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, len(run.checkpoints)

    peak(10)  # what is imported and cached once
    (few, kept), (many, more) = peak(50), peak(1250)
    assert many - few < 8 * 1024 + 1024 * (more - kept)


def test_evaluation_is_the_same_some_examples_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run = bundled("xor", "iterations=3")
    *_, last = run
    whole = run.evaluate(last)
    monkeypatch.setattr(tracing, "EVALUATED_AT_ONCE", 3)
    parts = run.evaluate(last)
    assert parts.outputs.shape == whole.outputs.shape == (4, 1)
    np.testing.assert_allclose(parts.outputs, whole.outputs, rtol=1e-15)
    np.testing.assert_allclose(parts.losses, whole.losses, rtol=1e-15)


@pytest.mark.parametrize("name", bundle.names())
def test_evaluation_is_the_forward_half_of_a_step_without_learning(name: str) -> None:
    """With alpha = 0 the network as it ends is the one that the step saw."""
    for step in (run := bundled(name, "alpha=0", "iterations=1", "batch=all")):
        evaluation = run.evaluate(step)
        output = step[f"A{len(run.equations.layers)}"]
        np.testing.assert_allclose(evaluation.outputs, output.T, rtol=1e-14)
        total = step["losses"].sum() if "losses" in step else step["loss"]
        assert evaluation.losses.sum() == pytest.approx(total, rel=1e-14)


def test_a_step_reads_like_a_mapping_and_says_where_it_is() -> None:
    step = bundled("unequal").step(2, batch=2)
    assert (step.iteration, step.batch, step.examples) == (2, 2, range(3, 4))
    assert step.place == "iteration 2, batch 2"  # two in a batch as configured, one in this
    assert bundled("unequal").step().place == "iteration 1, batch 1"
    assert repr(step).startswith("<Step: iteration 2, batch 2, loss ")
    assert len(step) == len(list(step)) == len(step.equations.quantities)
    assert "dW2" in step
    assert "dW4" not in step
    with pytest.raises(KeyError):
        step["dW4"]
    assert step.shape("W2") == (4, 3)
    assert step.shape("loss") == (1, 1)
    assert step.flat("W1") == [n for row in step["W1"].tolist() for n in row]
    assert step.flat("alpha") == [0.1]


def test_nothing_that_a_reader_does_to_a_value_reaches_the_trace() -> None:
    run = bundled("unequal")
    before = [as_bytes(step) for step in run]
    for step in run:
        for name in step:
            value = step[name]
            if isinstance(value, np.ndarray):
                with pytest.raises(ValueError, match="read-only"):
                    value *= 2.0
                with pytest.raises(ValueError, match="read-only"):
                    value.T[0, 0] = 1.0
    assert [as_bytes(step) for step in run] == before


def test_fixed_biases_are_handed_on_as_they_are() -> None:
    steps = list(bundled("mazur", "iterations=5"))
    for step in steps:
        np.testing.assert_array_equal(step["b1_new"], [[0.35], [0.35]])
        np.testing.assert_array_equal(step["b2"], [[0.60], [0.60]])


def test_a_step_starts_where_the_one_before_ended() -> None:
    before = None
    for step in bundled("unequal", "iterations=4"):
        for old, new in step.equations.state:
            if before is not None:
                np.testing.assert_array_equal(step[old.name], before[new.name])
        before = step


def test_the_losses_of_a_stopped_run_are_those_of_its_finished_iterations() -> None:
    run = one_node(1.0, 1.0, "identity", alpha=0.5e60, iterations=10)
    summary = Summary(run)
    for _ in summary.reading(run):
        pass
    np.testing.assert_allclose(summary.losses, [1.0, 1e120, 1e240], rtol=1e-12)


def test_an_infinity_that_leaves_the_loss_and_the_parameters_finite_does_not_stop_the_trace() -> None:
    """σ(∞) is 1 and its derivative 0, so nothing of it reaches the loss or W: the cheap test looks at those alone."""
    (step,) = one_node(1e200, 1e150, "sigmoid")
    assert step["Z1"][0, 0] == np.inf
    assert step.stopped is None


ALMOST = 1.2e154
"""Its square is finite, twice its square is not."""


SUMS: list[tuple[str, Any]] = [
    ("binary_cross_entropy", list),  # the squares of W and of b, in the cheap test
    ("squared_error", lambda run: run.step().examples_loss),
    ("squared_error", lambda run: run.evaluate(run.step()).loss),
]


@pytest.mark.parametrize(("loss", "read"), SUMS, ids=["iterating", "the sum of losses", "their mean after training"])
def test_no_warning_of_numpys_escapes_where_a_sum_overflows(loss: str, read: Any) -> None:
    run = bundled(
        "and-gate",
        f"architecture.layers.1.activation={'sigmoid' if loss == 'binary_cross_entropy' else 'identity'}",
        f"loss={loss}",
        f"weights={{W1: [[{ALMOST}, 0]], b1: [{ALMOST}]}}",
        "data.x=[[0, 1], [0, 1]]",
        "data.y=[0, 0]",
        "alpha=0",
        "batch=all",
        "iterations=1",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(run)
