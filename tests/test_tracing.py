"""Steps and traces: made on demand, read-only, replayed bit for bit, stopped by what is not finite."""

from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

from nntrace import Step, Trace, bundle, load, trace, tracing
from nntrace.errors import SelectionError
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.running import Training
from nntrace.summary import Summary


def bundled(name: str, *settings: str) -> Trace:
    path = bundle.path(name)
    assert path is not None
    return trace(load(path, settings))


def assert_same_step(one: Step, other: Step) -> None:
    assert (one.iteration, one.batch, list(one.examples)) == (other.iteration, other.batch, list(other.examples))
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_matrices_are_read_only_and_numbers_are_floats() -> None:
    step = bundled("article").step()
    with pytest.raises(ValueError, match="read-only"):
        step["W1"][0, 0] = 1.0
    assert isinstance(step["loss"], float)
    assert isinstance(step["alpha"], float)
    assert step["dW2"].dtype == np.float64


def test_the_inputs_of_a_step_are_contiguous() -> None:
    """numpy adds up in memory order, so another layout would change last bits."""
    for step in bundled("unequal"):
        for name in ("A0", "y", "W1", "b1", "W2"):
            assert step[name].flags.c_contiguous


def test_a_step_asked_for_is_the_one_that_iterating_gives_in_any_order() -> None:
    run = bundled("unequal", "iterations=40")
    steps = list(run)
    assert len(steps) == len(run) == 80
    for number in np.random.default_rng(3).permutation(80).tolist():
        assert_same_step(run.step(number // 2 + 1, batch=number % 2 + 1), steps[number])


def test_iterating_starts_afresh() -> None:
    run = bundled("article")
    for one, other in zip(run, run, strict=True):
        assert_same_step(one, other)


def test_a_part_of_the_steps() -> None:
    run = bundled("unequal", "iterations=10")
    for one, other in zip(run.steps(7, 12), list(run)[7:12], strict=True):
        assert_same_step(one, other)


def test_the_last_batch_may_be_smaller() -> None:
    shapes = [(step["A0"].shape, list(step.examples), step["m"]) for step in bundled("unequal", "iterations=1")]
    assert shapes == [((2, 2), [1, 2], 2.0), ((2, 1), [3], 1.0)]


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    (step,) = bundled("unequal", "iterations=1", "batch=10", "expect=[]")
    assert step["A0"].shape == (2, 3)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"iteration": 3}, "there is no iteration 3: there are 1 to 2"),
        ({"example": 4}, "there is no example 4: there are 1 to 3"),
        ({"batch": 0}, "there is no batch 0: there are 1 to 2"),
        ({"example": 1, "batch": 1}, "say the example or the batch, not both"),
    ],
)
def test_a_step_that_is_not_there(where: dict[str, int], message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        bundled("unequal").step(**where)


DIVERGING = ("alpha=1e160", "architecture.layers.3.activation=identity", "iterations=50", "expect=[]")


def test_a_trace_stops_at_the_first_quantity_that_is_not_finite() -> None:
    run = bundled("article", *DIVERGING)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # numpy's warnings do not reach the user
        steps = list(run)
    *before, last = steps
    assert last.stopped == next(name for name in last if not np.isfinite(last[name]).all())
    assert 1 < len(steps) < len(run)
    for step in before:
        assert step.stopped is None
        assert all(np.isfinite(step[name]).all() for name in step)
    assert_same_step(run.step(last.iteration, batch=last.batch), last)
    with pytest.raises(
        SelectionError, match=f"the trace stops before that: {last.stopped} is not finite in {last.place}"
    ):
        run.step(50)


def test_large_numbers_that_are_finite_do_not_stop_a_trace() -> None:
    """The cheap test overflows where a weight's square does; the numbers themselves are looked at then."""
    run = bundled("and-gate", "weights={W1: [[1e200, -1e200]], b1: [1e200]}", "iterations=3", "expect=[]")
    assert [step.stopped for step in run] == [None] * 12


def test_the_callers_numpy_settings_are_untouched() -> None:
    with np.errstate(all="raise"):
        before = np.geterr()
        for _ in bundled("article"):
            assert np.geterr() == before


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    def peak(iterations: int) -> int:
        run = bundled("article", f"iterations={iterations}")
        tracemalloc.start()
        for _ in run:
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)
    few, many = peak(100), peak(2500)
    assert many < few + 16 * 1024


def test_checkpoints_are_bounded_and_only_asking_leaves_them() -> None:
    run = bundled("article", "iterations=5000")
    for _ in run:
        pass
    assert len(run.checkpoints) == 1
    run.step(5000)
    assert len(run.checkpoints) <= 101


def forward(x: np.ndarray, step: Step) -> np.ndarray:
    """The article's network by hand."""
    a = x
    for layer in (1, 2, 3):
        a = 1 / (1 + np.exp(-(step[f"W{layer}_new"] @ a + step[f"b{layer}_new"])))
    return a


def test_the_network_as_it_ends() -> None:
    run = bundled("article")
    *_, last = run
    evaluation = run.evaluate(last)
    outputs = forward(np.array([[2.0, 3.0]]), last)
    np.testing.assert_allclose(evaluation.outputs, outputs.T, rtol=1e-14)
    np.testing.assert_allclose(evaluation.losses, (np.array([1.0, 0.0]) - outputs.ravel()) ** 2, rtol=1e-14)
    assert evaluation.loss == pytest.approx(evaluation.losses.mean())


def test_the_loss_of_an_iteration_is_the_mean_of_its_examples_as_trained() -> None:
    for name in ("article", "unequal"):
        run = bundled(name)
        summary = Summary(run)
        steps = list(summary.reading(run))
        for iteration, loss in enumerate(summary.losses, start=1):
            own = [s["losses"].ravel() if "losses" in s else [s["loss"]] for s in steps if s.iteration == iteration]
            assert loss == pytest.approx(np.concatenate(own).mean(), rel=1e-14)
        assert summary.evaluation is not None


def test_a_stopped_run_has_no_evaluation() -> None:
    run = bundled("article", *DIVERGING)
    summary = Summary(run)
    for _ in summary.reading(run):
        pass
    assert summary.evaluation is None


def test_drawn_weights_are_numpys_stream_in_the_order_w1_b1_w2() -> None:
    run = bundled("article", "weights={init: normal, mean: 1, std: 2, seed: 42}", "expect=[]")
    rng = np.random.default_rng(42)
    step = run.step()
    for name, shape in run.config.shapes:
        np.testing.assert_array_equal(step[name], rng.normal(1, 2, shape))


def test_the_legacy_generator_is_the_stream_of_course_notebooks() -> None:
    run = bundled("article", "weights={init: uniform, low: -1, high: 1, seed: 1, generator: legacy}", "expect=[]")
    state = np.random.RandomState(1)
    step = run.step()
    for name, shape in run.config.shapes:
        np.testing.assert_array_equal(step[name], state.uniform(-1, 1, shape))


def test_the_source_is_the_computation() -> None:
    """What `source` says, run by itself, gives the step."""
    run = bundled("unequal")
    step = run.step()
    namespace: dict[str, object] = {"np": np}
    exec(run.source, namespace)
    inputs = [step[q.name] for q in run.equations.inputs]
    values = namespace["step"](*inputs)  # type: ignore[operator]
    for quantity, value in zip(run.equations.quantities, values, strict=True):
        np.testing.assert_array_equal(value, step[quantity.name])


SPANNED = ("unequal", "xor", "article", "adam-by-hand", "minibatch-linear")


@pytest.mark.parametrize("settings", [(), ("shuffle={seed: 5}",), ("batch=1",)])
@pytest.mark.parametrize("name", SPANNED)
def test_steps_of_some_spans_are_those_of_the_whole_run(name: str, settings: tuple[str, ...]) -> None:
    """What is passed between them changes no bit, whether somebody looks at it or not."""
    run = bundled(name, "iterations=10", "expect=[]", *settings)
    every = list(run)
    spans = [range(1, 3), range(3, 3), range(5, 6), range(len(every) - 2, len(every) - 1)]
    spans = [span for span in spans if span.stop < len(every)]
    numbers = [number for span in spans for number in span]
    given = list(run.over(spans))
    passed: list[Step] = []
    also = list(run.over(spans, passed=passed.append))
    assert [step.position for step in given] == [step.position for step in also] == numbers
    for step, other in zip(given, also, strict=True):
        assert_same_step(step, every[step.position])
        assert_same_step(step, other)
    assert [step.position for step in passed] == [n for n in range(len(every)) if n not in numbers]
    for step in passed:
        assert list(step) == list(run.loss_names)
        assert step.examples_loss == every[step.position].examples_loss


@pytest.mark.parametrize("name", SPANNED)
def test_some_quantities_alone_are_those_of_the_whole_step(name: str) -> None:
    """The lines that they do not need are left out of the computation; nothing else changes."""
    run = bundled(name)
    for chosen in (["loss"], ["dW1"], [run.equations.quantities[-1].name, "Z1", "A0"]):
        for step, whole in zip(run.steps(names=chosen), run, strict=True):
            assert list(step) == chosen
            for each in chosen:
                np.testing.assert_array_equal(step[each], whole[each])


@pytest.mark.parametrize("spans", [[], [range(40, 41)], [range(2), range(40, 41)], [range(50)]])
def test_where_it_stops_the_last_step_is_given_in_a_span_or_not(spans: list[range]) -> None:
    run = bundled("article", *DIVERGING)
    *_, last = run
    passed: list[Step] = []
    for given in (list(run.over([*spans, range(len(run) - 1, len(run))])), list(run.over(spans, passed=passed.append))):
        assert [step.position for step in given if step.stopped] == [last.position]
        assert_same_step(given[-1], last)
        assert given[-1].stopped == last.stopped
    assert all(step.stopped is None for step in passed)


def steps_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps are computed from here on, call by call."""
    made: list[int] = []
    run = Training.run

    def counting(self: Training, state: Any, first: int, last: int, names: tuple[str, ...] = ()) -> Any:
        made.append(last - first)
        return run(self, state, first, last, names)

    monkeypatch.setattr(Training, "run", counting)
    return made


def test_stepping_back_and_forth_takes_the_root_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run = bundled("xor", "iterations=10000")
    made = steps_made(monkeypatch)
    run.step(10_000)
    assert sum(made) == 10_000
    rng = np.random.default_rng(1)
    for number in [9_999, 9_998, 5_000, 4_999, 4_998, 1, 10_000, *rng.integers(1, 10_001, 50).tolist()]:
        made.clear()
        run.step(number)
        assert sum(made) <= 100, number
    made.clear()
    run.step(7_777)
    run.step(7_778)
    assert made[-1] == 1  # the next one costs itself alone


def test_a_trace_whose_checkpoints_would_be_too_much_keeps_them_close_where_one_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "CHECKPOINT_BYTES", 40 * 9 * 8)  # of 9 numbers each, 40 where 100 would be due
    run = bundled("xor", "iterations=10000")
    assert sum(array.size for array in run.start.values()) == 9
    made = steps_made(monkeypatch)
    run.step(10_000)
    for number in range(9_999, 9_001, -7):
        made.clear()
        run.step(number)
        assert sum(made) <= 500, number  # from one half of them to the next
        assert len(run.checkpoints) <= 42
    assert sum(made) <= 100


def test_what_is_told_on_the_way_counts_up_to_the_end() -> None:
    run = bundled("xor", "iterations=1000")
    reached: list[int] = []
    run.step(900, reached=reached.append)
    assert reached == sorted(set(reached))
    assert reached[-1] == 900


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_stays_so_in_what_is_handed_on(name: str, value: float) -> None:
    """So one look at the end of many steps finds it (`running`)."""
    run = bundled("unequal", f"optimizer={name}", "expect=[]")
    training = Training(run.config, run.equations)
    for place, array in enumerate(training.start):
        state = [each.copy() for each in training.start]
        state[place] = np.full_like(array, value)
        (_, _, after) = training._made(state, 0, 1, ())
        assert not np.isfinite(after[place]).any()
