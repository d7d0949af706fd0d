"""Marking: what is right, wrong in itself, or only follows; layouts, precision, rounding; what else can be said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mistaken import learner, networks_for
from msgspec.structs import replace

from nntrace import ConfigError, Report, bundle, check, load, trace
from nntrace.marking.following import within
from nntrace.marking.precision import Rounding
from nntrace.render.marked import rounding_said


def sheet(name: str, *overrides: str) -> list[dict[str, Any]]:
    """The right numbers of a bundled example, as somebody would have them."""
    return [
        {
            "iteration": step.iteration,
            "batch": step.batch,
            "values": {key: np.array(step[key]).tolist() for key in step},
        }
        for step in trace(load(bundle.path(name) or "", list(overrides)))
    ]


def test_all_of_a_trace_is_right() -> None:
    report = check("article", {"steps": sheet("article")})
    assert report
    assert report.agrees
    assert report.compared == report.right == 4 * 117  # 117 numbers a step, counted by hand: 1-4-3-1 has 27 weights …
    assert report.consequences == report.wrong == 0


def test_mazurs_page() -> None:
    """Its last figures come of a backward pass through updated weights, as configs/mazur.yaml's notes say."""
    config = load(bundle.path("mazur") or "", ["iterations=10001"])
    report = check(config, "mazur-printed")
    assert report.mistakes == [("updated-weights",)]
    assert (report.compared, report.right) == (3, 0)
    assert not report
    (found,) = report.marked.found
    assert found.fits[0].lines[0].theirs == "dA1 = W2_newᵀ·dZ2"
    assert found.fits[0].lines[0].right == "dA1 = W2ᵀ·dZ2"
    assert [name for _, name in found.explained] == ["loss", "A2"]


def test_an_early_slip_neither_hides_a_later_one_nor_counts_again() -> None:
    """Z1[1,1] is a slip of the pen, gone on with; the sign of dZ3 in the same step is another."""
    (step, *_) = sheet("unequal")
    start = ("W1", "b1", "W2", "b2", "W3", "b3", "A0", "y")
    W1, b1, W2, b2, W3, b3, x, y = (np.array(step["values"][name]) for name in start)
    Z1 = W1 @ x + b1
    Z1[0, 0] += 1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = np.maximum(0, Z2)
    A3 = W3 @ A2 + b3
    dA3 = 2 * (A3 - y) / 2
    dZ3 = -dA3
    mine = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "Z3": A3, "A3": A3, "dA3": dA3, "dZ3": dZ3, "dW3": dZ3 @ A2.T}
    report = check("unequal", mine)
    assert [wrong.name for wrong in report.marked.wrong] == ["Z1", "dZ3"]
    assert [(e.row, e.column) for e in report.marked.wrong[0].entries] == [(0, 0)]
    assert report.wrong == 1 + dZ3.size
    assert report.consequences > 10


def test_an_operand_that_is_missing_is_computed_from_what_is_there() -> None:
    """A1 comes of their Z1, which is wrong; Z2 is right for it."""
    step = sheet("article")[0]["values"]
    Z1 = np.array(step["Z1"]) + 0.25
    Z2 = np.array(step["W2"]) @ (1 / (1 + np.exp(-Z1))) + np.array(step["b2"])
    report = check("article", {"Z1": Z1, "Z2": Z2})
    assert [wrong.name for wrong in report.marked.wrong] == ["Z1"]
    assert report.consequences == 3


def test_what_a_step_starts_from_counts_as_an_equation() -> None:
    steps = sheet("article")
    steps[1]["values"]["W1"][0][0] += 0.125
    report = check("article", steps)
    first = report.marked.wrong[0]
    assert (first.place, first.name, first.formula) == ((1, 2), "W1", None)
    assert "W1 = W1_new of the step before" in str(report)
    steps = sheet("article")
    steps[0]["values"]["A0"] = [[7.0]]
    assert "A0 as the config says it" in str(check("article", steps[:1]))


def test_gradients_that_the_list_leaves_out_are_compared_with_what_they_would_be() -> None:
    """By hand: with one example db is dZ and dA0 is W1ᵀ·dZ1, fixed biases or not; sigmoid and cross entropy too."""
    values = sheet("mazur")[0]["values"]
    dA0 = np.array(values["W1"]).T @ np.array(values["dZ1"])
    assert check("mazur", {"db1": values["dZ1"], "dA0": dA0}).right == 4
    assert check("mazur", {"db1": np.array(values["dZ1"]) * 2, "dA0": dA0}).wrong == 2
    step = next(iter(trace(load(bundle.path("binary-cross-entropy") or ""))))
    a, y = step[step.equations.layers[-1].A.name], step["y"]
    last = f"dA{len(step.equations.layers)}"
    assert check("binary-cross-entropy", {last: -(y / a - (1 - y) / (1 - a)) / y.shape[1]}).agrees


def test_what_this_run_has_not_is_counted() -> None:
    report = check("article", {"vW1": [[0.0]] * 4, "loss": 0.0187})
    assert report.agrees
    assert report.marked.sheet.not_compared == {"vW1": 4}
    assert "left out  vW1: this run has none (4 numbers not compared)" in str(report)


@pytest.mark.parametrize(("written", "right"), [("0.0187", 1), ("0.018", 0), ("0.02", 1), ("0.01870", 0)])
def test_a_number_is_as_exact_as_it_is_written(written: str, right: int) -> None:
    """The loss of the article's first step is 0.018737… (the config's `expect`, from PyTorch)."""
    assert check("article", {"loss": written}).right == right


def test_a_tolerance_replaces_that() -> None:
    assert not check("article", {"loss": "0.0190"})
    assert check("article", {"loss": "0.0190"}, tolerance=0.001)
    assert not check("article", {"loss": "0.02"}, tolerance=0.0001)


def test_rows_as_examples_are_read_transposed_and_the_report_says_so() -> None:
    values = sheet("unequal")[0]["values"]
    mine = {name: np.array(values[name]).T for name in ("A0", "Z1", "A1", "Z2", "dZ2", "dA1")} | {"dW2": values["dW2"]}
    report = check("unequal", mine)
    assert report.agrees
    assert "read transposed: rows are examples there" in str(report)


def test_the_layout_of_squares_shows_in_the_numbers() -> None:
    """Mazur's W1 and W2 are 2 × 2: read the other way round they are the config's."""
    values = sheet("mazur")[0]["values"]
    turned = {name: np.array(values[name]).T for name in ("W1", "W2", "dW1", "dW2")}
    report = check("mazur", turned)
    assert report.agrees
    assert "read transposed" in str(report)


def test_one_matrix_that_lies_the_other_way_is_another_layout() -> None:
    config = networks_for("dW-from-z")[0]
    (step,) = learner(config)[:1]
    name = next(n for n in step["values"] if n.startswith("dW") and len(set(np.shape(step["values"][n]))) == 2)
    step["values"][name] = np.array(step["values"][name]).T
    report = check(config, step["values"])
    assert not report
    assert "ANOTHER LAYOUT" in str(report)
    assert check(config, step["values"], allow_conventions=True)


@pytest.mark.parametrize("place", range(3))
def test_db_that_is_not_summed_is_called_so(place: int) -> None:
    config = networks_for("db-not-summed")[place]
    report = check(config, learner(config, "db-not-summed"))
    assert not report
    assert "not summed over the examples" in str(report)
    assert not report.marked.unexplained


@pytest.mark.parametrize("place", range(3))
def test_float32_is_told_from_a_mistake_by_its_size(place: int) -> None:
    config = networks_for("float32")[place]
    report = check(config, learner(config, "float32"))
    assert report.marked.rounding == Rounding(None)
    assert not report.mistakes
    other = networks_for("updated-weights")[place]
    report = check(other, learner(other, "float32", "updated-weights"))
    assert report.marked.rounding is None


def test_float32_shows_after_many_steps_too() -> None:
    config = replace(networks_for("float32")[0], iterations=20)
    last = learner(config, "float32")[-1]
    last["values"] = {name: value for name, value in last["values"].items() if name.endswith("_new")}
    assert check(config, [last]).marked.rounding == Rounding(None)


@pytest.mark.parametrize("place", range(3))
def test_rounding_by_hand_is_no_mistake(place: int) -> None:
    config = networks_for("rounded-by-hand")[place]
    report = check(config, learner(config, "rounded-by-hand"))
    assert report.marked.rounding is not None
    assert report.marked.rounding.decimals == 4
    assert not report.mistakes


def test_rounding_at_one_quantity_is_found() -> None:
    """Z1 to 2 decimals, all after it in full: calculated here."""
    values = sheet("article")[0]["values"]
    W1 = np.array([[0.123], [0.456], [0.789], [0.321]])
    config = replace(load(bundle.path("article") or ""), weights={"W1": W1.tolist(), "W2": values["W2"],
                                                                  "W3": values["W3"]})  # fmt: skip
    A1 = 1 / (1 + np.exp(-np.round(W1 * 2, 2)))
    report = check(config, {"A1": A1})
    assert report.marked.rounding == Rounding(2, "Z1", exactly=True)
    assert rounding_said(report.marked.rounding) in str(report)


def test_beyond_any_rounding() -> None:
    report = check("article", {"A1": [["0.8276"]] * 4})
    assert "The differences are beyond any rounding to 4 decimals." in str(report)


def test_several_that_fit_are_all_named_with_a_number_that_tells_them_apart() -> None:
    """With two outputs ½ and the mean over them are the same; in the loss they part."""
    values = sheet("unequal")[0]["values"]
    report = check("unequal", {"dA3": np.array(values["dA3"]) / 2})
    ((first, *others),) = report.mistakes
    assert first == "factor-2-forgotten"
    assert "mean-over-outputs-in-gradient" in others
    (found,) = report.marked.found
    assert found.apart is not None
    assert found.apart.name in {"losses", "loss"}
    assert "would tell them apart" in str(report)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("dW1", lambda v: v * 3.7, "The numbers are 3.7 times what they should be."),
        ("Z2", lambda v: v + 0.125, "Every number is 0.125 too large."),
        ("W2", lambda v: v[::-1], "The rows are right, in another order"),
        ("Z1", lambda v: np.where(np.indices(v.shape)[0] + np.indices(v.shape)[1] == 0, 9.0, v),
         "Only 1 of 6 entries differs: a slip there."),
        ("A2", lambda v: np.abs(v) * 0 + 7, ""),
    ],
    ids=["factor", "constant", "order", "slip", "nothing"],
)  # fmt: skip
def test_what_can_be_said_where_no_mistake_is_known(name: str, change: Any, said: str) -> None:
    values = sheet("unequal")[0]["values"]
    report = check("unequal", {name: change(np.array(values[name]))})
    assert report.mistakes == []
    assert "NO KNOWN MISTAKE" in str(report)
    assert said in str(report)


def test_nodes_that_start_equal_are_no_mistake() -> None:
    """In the article every weight is 0.5; in `unequal` no two are."""
    said = "All nodes of layer 1 start equal, so what is theirs stays equal: no mistake in that."
    assert said in str(check("article", {"dW1": sheet("article")[0]["values"]["dW1"]}))
    assert "start equal" not in str(check("article", {"loss": "0.0187"}))
    assert "start equal" not in str(check("unequal", {"dW1": sheet("unequal")[0]["values"]["dW1"]}))


def test_a_bias_for_each_node_where_the_layer_shares_one() -> None:
    config = load(bundle.path("mazur") or "", ["architecture.biases=shared", "weights.b1=0.35", "weights.b2=0.6"])
    step = next(iter(trace(config)))
    given = {"b1": [0.35, 0.35], "db1": step["dZ1"]}
    report = check(config, given)
    assert [each.name for each in report.marked.misfits] == ["repeated", "bias-per-node"]
    assert not report
    assert check(config, given, allow_conventions=True)


def test_exchanged_digits_are_seen() -> None:
    """0.8944 for 0.8943…: no; 0.8493 for 0.8943: the 9 and the 4 changed places."""
    report = check("article", {"A2": ["0.8943", "0.8493", "0.8943"]})
    assert "Two digits are exchanged: 0.8493 for 0.8943." in str(report)


def test_what_is_not_finite_is_shown_and_agrees_only_with_its_like() -> None:
    report = check("article", {"loss": float("nan")})
    assert report.wrong == 1
    assert "not finite" in str(report)


def test_infinity_agrees_with_no_number() -> None:
    """ln of a relu that is 0 is −∞: a mistake that gives that explains nothing."""
    allowed = np.zeros((1, 3))
    given, computed = np.array([[1.0, np.inf, np.nan]]), np.array([[np.inf, np.inf, 2.0]])
    np.testing.assert_array_equal(within(given, computed, allowed), [[False, True, False]])
    np.testing.assert_array_equal(within(given, np.ones((1, 3)), allowed), [[True, False, False]])


def test_a_number_in_the_middle_may_be_written_either_way() -> None:
    """kircerta-relu: A2 is −0.25 and dA2 −1.25, by the config's `expect`."""
    for written in ("-1.2", "-1.3"):
        assert check("kircerta-relu", {"dA2": written})
    assert not check("kircerta-relu", {"dA2": "-1.4"})


def test_numbers_that_are_too_large_for_a_square_are_no_crash() -> None:
    report = check("unequal", {"dW1": np.full((3, 2), 1e300), "loss": 1e200})
    assert report.wrong == 7
    for value in (1e308, np.inf, -np.inf, np.nan):
        assert not check("unequal", {"Z1": np.full((3, 2), value), "dW1": np.full((3, 2), value), "W2_new": [[value]]})


def test_batches_that_this_run_has_not_are_said() -> None:
    config = networks_for("batches-cut-elsewhere")[0]
    report = check(config, learner(config, "batches-cut-elsewhere"))
    assert any("batches-cut-elsewhere" in fits for fits in report.mistakes)


def test_a_sheet_that_batches_of_one_would_explain_as_well_is_no_crash() -> None:
    """Those have no `losses` of each example."""
    sheet_of_two = [
        {"iteration": 1, "batch": 1, "Z1[1,1]": -0.6, "loss": 3.20},
        {"iteration": 1, "batch": 2, "Z1[1,1]": 0.5},
    ]
    assert check("unequal", sheet_of_two).wrong > 0


def test_a_run_that_stops_before_a_step_of_the_answers() -> None:
    config = load(bundle.path("d2l-gd-diverging") or "", ["alpha=1e200", "iterations=5"])
    last = [step.iteration for step in trace(config)][-1]
    assert last is not None
    assert last < 5
    report = check(config, [{"iteration": 5, "loss": 1.0}])
    assert not report
    assert "The run stops before iteration 5" in str(report)


def test_a_report_is_true_or_false_and_says_itself() -> None:
    good, bad = check("article", {"loss": "0.0187"}), check("article", {"loss": "0.5"})
    assert "The number is right." in str(good) == repr(good)
    assert "The number is wrong." in str(bad) == repr(bad)
    assert isinstance(bad, Report)
    with pytest.raises(AssertionError, match=r"LIKELY MISTAKE|NO KNOWN MISTAKE"):
        assert bad, str(bad)


def test_the_report_as_data_is_json() -> None:
    config = networks_for("derivative-left-out")[0]
    data = check(config, learner(config, "derivative-left-out")).as_data()
    again = json.loads(json.dumps(data, allow_nan=False))
    assert again == data
    assert again["mistakes"][0]["fits"][0]["name"] == "derivative-left-out"
    assert again["wrong"] == sum(len(equation["entries"]) for equation in again["equations"])
    assert again["compared"] == again["right"] + again["wrong"] + again["consequences"]


def test_a_config_may_be_a_path_a_mapping_or_a_bundled_name(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(Path(bundle.path("article") or "").read_text(encoding="utf-8"), encoding="utf-8")
    for config in ("article", path, str(path), load(path), load(path).as_data(), trace(load(path))):
        assert check(config, {"loss": "0.0187"})
    with pytest.raises(ConfigError, match="there is no quantity `lss`"):
        check("article", {"lss": 1.0})
