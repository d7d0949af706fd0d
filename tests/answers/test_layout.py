"""Rows as examples: recognised by what fits, decided for all matrices of a kind together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nntrace import load, trace
from nntrace.answers import Group, read
from nntrace.tracing import Step, Trace


def network(inputs: int, *nodes: int, examples: int = 1, **keys: Any) -> Trace:
    """A run of one update, with numbers that are all different."""
    rng = np.random.default_rng(0)
    layers = [{"nodes": count, "activation": "tanh"} for count in nodes]
    config = {
        "architecture": {"inputs": inputs, "layers": layers},
        "weights": {"init": "normal", "seed": 1},
        "data": {"x": rng.random((examples, inputs)).tolist(), "y": rng.random((examples, nodes[-1])).tolist()},
        "alpha": 0.1,
        "iterations": 1,
        "batch": "all",
    }
    return trace(load({**config, **keys}))


def values(step: Step, *names: str, turned: tuple[str, ...] = ()) -> dict[str, Any]:
    return {name: np.asarray(step[name]).T if name in turned else np.asarray(step[name]) for name in names}


def assert_read(run: Trace, sheet: Any, *names: str, turned: tuple[str, ...] = ()) -> None:
    step = run.step()
    assert list(sheet.steps[1, 1]) == [name for name in step if name in names]
    for name, given in sheet.steps[1, 1].items():
        np.testing.assert_array_equal(given.values, np.atleast_2d(step[name]), err_msg=name)
        assert given.values.shape == given.allowed.shape == given.known.shape
        assert given.transposed is (name in turned), name


EXAMPLES = ("A0", "y", "Z1", "A1", "Z2", "A2", "losses", "dA2", "dZ2", "dA1", "dZ1")
PARAMETERS = ("W1", "W2", "dW1", "dW2", "W1_new", "W2_new")


def test_the_layout_of_the_trace_needs_no_word() -> None:
    run = network(2, 3, 4, examples=5)
    sheet = read(values(run.step(), *EXAMPLES, *PARAMETERS, "b1", "loss"), run)
    assert_read(run, sheet, *EXAMPLES, *PARAMETERS, "b1", "loss")
    assert (sheet.remarks, sheet.ambiguous, sheet.misfits) == ((), {}, ())


def test_rows_as_examples_are_read_transposed_and_the_weights_as_they_are() -> None:
    """As PyTorch has them: activations examples × nodes, weights out × in, biases and losses of one axis."""
    run = network(2, 3, 4, examples=5)
    turned = tuple(name for name in EXAMPLES if name != "losses")
    answers = values(run.step(), *EXAMPLES, *PARAMETERS, "b1", "b2", "db1", turned=turned)
    answers |= {name: answers[name].ravel() for name in ("losses", "b1", "b2", "db1")}
    sheet = read(answers, run)
    assert_read(run, sheet, *answers, turned=turned)
    assert sheet.remarks == ("A0, y, Z1, A1, … are read transposed: rows are examples there.",)


def test_weights_as_in_times_out_are_read_transposed_too() -> None:
    """As Keras has its kernels."""
    run = network(2, 3, 4, examples=5)
    sheet = read(values(run.step(), *PARAMETERS, "Z1", "b1", turned=PARAMETERS), run)
    assert_read(run, sheet, *PARAMETERS, "Z1", "b1", turned=PARAMETERS)
    assert sheet.remarks == ("W1, W2, dW2, dW1, … are read transposed: rows are the previous layer's nodes there.",)


def test_the_square_ones_follow_the_others_of_their_group() -> None:
    """Z1 and A1 are 3 × 3 with three examples, W2 is 3 × 3; A2 and W3 are not square and tell."""
    run = network(2, 3, 3, 4, examples=3)
    turned = ("Z1", "A1", "A3")
    sheet = read(values(run.step(), "Z1", "A1", "A3", "W1", "W2", turned=turned), run)
    assert_read(run, sheet, *turned, "W1", "W2", turned=turned)
    turned = ("W2", "W3")
    sheet = read(values(run.step(), "Z1", "A3", "W2", "W3", turned=turned), run)
    assert_read(run, sheet, "Z1", "A3", *turned, turned=turned)
    assert sheet.ambiguous == {}


def test_a_target_of_one_column_tells_where_all_else_is_square() -> None:
    """y is 1 × 3 here and 3 × 1 there; Z1 is 3 × 3."""
    run = network(2, 3, 1, examples=3)
    sheet = read(values(run.step(), "y", "Z1", turned=("y", "Z1")), run)
    assert_read(run, sheet, "y", "Z1", turned=("y", "Z1"))
    sheet = read(values(run.step(), "y", "Z1"), run)
    assert_read(run, sheet, "y", "Z1")


def test_a_group_of_squares_is_read_as_it_stands_and_can_be_turned() -> None:
    run = network(2, 2, 2, examples=2)
    step = run.step()
    turned = ("Z1", "W1")
    sheet = read(values(step, "Z1", "W1", "b1", turned=turned), run)
    assert sheet.ambiguous == {
        Group.EXAMPLES: frozenset({((1, 1), "Z1")}),
        Group.PARAMETERS: frozenset({((1, 1), "W1")}),
    }
    np.testing.assert_array_equal(sheet.steps[1, 1]["Z1"].values, step["Z1"].T)
    np.testing.assert_array_equal(sheet.steps[1, 1]["W1"].values, step["W1"].T)
    examples = sheet.transposed(Group.EXAMPLES)
    np.testing.assert_array_equal(examples.steps[1, 1]["Z1"].values, step["Z1"])
    np.testing.assert_array_equal(examples.steps[1, 1]["W1"].values, step["W1"].T)
    assert examples.remarks == ("Z1 is read transposed: rows are examples there.",)
    assert_read(run, examples.transposed(Group.PARAMETERS), "Z1", "W1", "b1", turned=turned)


def test_a_group_that_is_not_ambiguous_stays() -> None:
    run = network(2, 3, 1, examples=4)
    sheet = read(values(run.step(), "Z1", "W1"), run)
    assert sheet.transposed(Group.EXAMPLES) is sheet


def test_one_transposed_among_those_that_fit_is_a_misfit_with_its_values() -> None:
    """A missing transpose: dW2 is 3 × 4 where W2 is 4 × 3."""
    run = network(2, 3, 4, examples=5)
    step = run.step()
    sheet = read({"steps": [{"values": values(step, "W1", "W2", "dW2", turned=("dW2",))}]}, run)
    assert_read(run, sheet, "W1", "W2")
    (misfit,) = sheet.misfits
    assert (misfit.name, misfit.iteration, misfit.batch, misfit.place) == ("dW2", 1, 1, "answers: steps[1] dW2")
    assert (misfit.theirs, misfit.ours, misfit.transposed) == ((3, 4), (4, 3), True)
    np.testing.assert_array_equal(misfit.values, step["dW2"].T)
    assert misfit.allowed.shape == (3, 4)
    assert sheet.remarks == ()


def test_a_row_of_weights_that_stands_is_a_misfit_too() -> None:
    run = network(2, 3, 1)
    sheet = read(values(run.step(), "W1", "dW2", turned=("dW2",)), run)
    assert [(misfit.name, misfit.theirs, misfit.ours) for misfit in sheet.misfits] == [("dW2", (3, 1), (1, 3))]


@pytest.mark.parametrize(
    ("name", "given", "theirs", "ours"),
    [
        ("Z1", [[1.0, 2.0], [3.0, 4.0]], (2, 2), (3, 1)),
        ("Z1", [1.0, 2.0], (2,), (3, 1)),
        ("Z1", 1.0, (), (3, 1)),
        ("loss", [0.1, 0.2], (2,), (1, 1)),
        ("W1", [1.0] * 6, (6,), (3, 2)),
        ("db1", np.ones((3, 5)), (3, 5), (3, 1)),
    ],
)
def test_what_cannot_fit_is_a_misfit(name: str, given: Any, theirs: tuple[int, ...], ours: tuple[int, int]) -> None:
    sheet = read({name: given}, network(2, 3, 1))
    assert [(misfit.theirs, misfit.ours) for misfit in sheet.misfits] == [(theirs, ours)]
    assert sheet.steps == {}


def test_lists_of_one_axis_are_columns_and_numbers_are_numbers_in_any_brackets() -> None:
    run = network(2, 3, 1)
    step = run.step()
    flat = {name: np.ravel(step[name]) for name in ("A0", "Z1", "b1", "W2", "db2", "loss")}
    assert_read(run, read(flat, run), *flat)
    assert_read(run, read({"loss": [[step["loss"]]], "A2": float(step["A2"][0, 0])}, run), "loss", "A2")


def test_a_bias_or_the_losses_that_lie_or_stand_say_nothing() -> None:
    run = network(2, 3, 4, examples=5)
    names = ("b1", "db1", "losses")
    sheet = read(values(run.step(), *names, turned=names), run)
    assert_read(run, sheet, *names)
    assert sheet.remarks == ()


def test_a_single_example_that_lies_is_read_and_said() -> None:
    run = network(2, 3, 1)
    sheet = read(values(run.step(), "A0", "Z1", turned=("A0", "Z1")), run)
    assert_read(run, sheet, "A0", "Z1", turned=("A0", "Z1"))
    assert sheet.remarks == ("A0, Z1 are read transposed: rows are examples there.",)


def test_the_last_batch_may_be_smaller() -> None:
    run = network(2, 3, 1, examples=5, batch=2)
    steps = [{"batch": step.batch, "Z1": step["Z1"].T} for step in run]
    sheet = read(steps, run)
    assert [step["Z1"].values.shape for step in sheet.steps.values()] == [(3, 2), (3, 2), (3, 1)]
    for step in run:
        np.testing.assert_array_equal(sheet.steps[1, step.batch or 0]["Z1"].values, step["Z1"])


def test_state_and_shared_biases() -> None:
    layers = [{"nodes": 3, "activation": "tanh"}, {"nodes": 1, "activation": "tanh"}]
    shared = {"inputs": 2, "layers": layers, "biases": "shared"}
    run = network(2, 3, 1, optimizer="momentum", architecture=shared)
    turned = ("W1", "vW1_new")
    sheet = read(values(run.step(), *turned, "b1", "vb1_new", turned=turned), run)
    assert_read(run, sheet, *turned, "b1", "vb1_new", turned=turned)
