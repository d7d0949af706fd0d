"""`verify` finds what is wrong, and only that: a derivative off by a tenth of a percent, a kink, a run that stops."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from command import nntrace_run
from msgspec.structs import replace

from nntrace import Trace, bundle, load, trace
from nntrace.errors import SelectionError
from nntrace.formula.switches import switches
from nntrace.formula.tree import Function, MatrixProduct, Quantity, Sum
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import FUSED, LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.render.reports import verify_report
from nntrace.render.view import Style
from nntrace.verifying import Verification


def bundled(name: str, *settings: str) -> Trace:
    return trace(load(str(bundle.path(name)), [*settings, "expect=[]"]))


def verified(run: Trace) -> Verification:
    found = Verification(run)
    for _ in found.over(run):
        pass
    return found


@pytest.mark.parametrize("name", [name for name in bundle.names() if load(str(bundle.path(name))).round is None])
def test_the_bundled_examples_hold(name: str) -> None:
    run = bundled(name)
    found = Verification(run)
    for _ in found.over(run.steps(0, 3)):
        pass
    assert found.holds
    assert {q.name for q in found.tallies} == {q.name for q in run.equations.quantities if q.prefix == "d"}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("batch", ["1", "2"])
def test_every_activation_holds(name: str, batch: str) -> None:
    settings = [f"architecture.layers.{n}.activation={name}" for n in (1, 2)]
    found = verified(bundled("unequal", *settings, f"batch={batch}", "l2=0.1"))
    assert found.holds
    assert found.skipped == []


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_holds(name: str) -> None:
    output = (LOSSES[name].outputs or ("tanh",))[-1]
    targets = "data.y=[[0.25, 0.75], [0, 1], [1, 0]]"
    found = verified(bundled("unequal", f"loss={name}", f"architecture.layers.3.activation={output}", targets))
    assert found.holds


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_changes_nothing_about_the_gradients(name: str) -> None:
    assert verified(bundled("unequal", f"optimizer={name}", "clip_norm=0.5")).holds


@pytest.mark.usefixtures("wrong_sigmoid")
def test_a_derivative_that_is_off_by_a_tenth_of_a_percent_is_caught() -> None:
    found = verified(bundled("article"))
    assert not found.holds
    failed = [q.name for q, tally in found.tallies.items() if tally.failed]
    assert failed[0] == "dZ3"  # dA3, before it, is right
    assert "dA3" not in failed
    worst = found.tallies[next(q for q in found.tallies if q.name == "dZ3")].worst
    assert worst is not None
    assert worst.derived / worst.measured == pytest.approx(1.001, rel=1e-6)


@pytest.mark.usefixtures("wrong_sigmoid")
def test_the_command_says_so_and_leaves_with_1() -> None:
    ran = nntrace_run("verify", "article")
    assert ran.status == 1
    line = next(line for line in ran.out.splitlines() if line.startswith("dZ3"))
    assert line.endswith("4 of 4 differ")
    assert "entries do not hold." in ran.out.splitlines()[-1]


A_LITTLE_WRONG = Function(
    plain="{any}",
    latex="{any}",
    numpy="1.0 * {atom}",
    backward=lambda g, x, y: 1.001 * g,
)
"""Changes nothing but the gradient, and that by a tenth of a percent."""


def outputs_of(loss: str) -> str:
    return (LOSSES[loss].outputs or ("tanh",))[0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_slightly_wrong_derivative_of_any_activation_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = ACTIVATIONS[name]
    wrong = replace(right, formula=lambda z, **settings: A_LITTLE_WRONG(right.formula(z, **settings)))
    monkeypatch.setitem(ACTIVATIONS, name, wrong)
    found = verified(bundled("unequal", f"architecture.layers.3.activation={name}"))
    failed = [q.name for q, tally in found.tallies.items() if tally.failed]
    assert failed[0] == "dZ3"
    assert "dA3" not in failed


@pytest.mark.parametrize("name", LOSSES)
def test_a_slightly_wrong_derivative_of_any_loss_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is computed together with the output's activation, of the pair."""
    settings = [
        f"loss={name}",
        f"architecture.layers.3.activation={outputs_of(name)}",
        "data.y=[[0.3, 0.7], [0, 1], [1, 0]]",
    ]
    pair = outputs_of(name), name
    if pair in FUSED:
        gradient = FUSED[pair].gradient
        monkeypatch.setitem(FUSED, pair, replace(FUSED[pair], gradient=lambda y, a: 1.001 * gradient(y, a)))
    else:
        right = LOSSES[name]
        wrong = replace(
            right, formula=lambda y, a, total, **numbers: A_LITTLE_WRONG(right.formula(y, a, total, **numbers))
        )
        monkeypatch.setitem(LOSSES, name, wrong)
    found = verified(bundled("unequal", *settings))
    assert not found.holds
    assert next(iter(found.tallies.values())).failed  # dA3, or dZ3 of a pair: from there on all are off


@pytest.mark.parametrize("wrong_rule", [MatrixProduct, Sum], indirect=True)
def test_a_wrong_rule_of_the_derivation_is_caught(wrong_rule: None) -> None:
    assert not verified(bundled("unequal")).holds


def test_an_entry_at_a_kink_is_skipped_and_named() -> None:
    """relu at exactly 0, where the difference says ½ and the convention 0."""
    settings = ["architecture.layers.1.activation=relu", "weights={W1: [[0, 0]], b1: [0]}", "data.x=[[1, 0]]"]
    run = bundled("and-gate", *settings, "data.y=[1]", "loss=squared_error", "iterations=1")
    found = verified(run)
    assert [(each.quantity.name, each.row, each.column) for each in found.skipped] == [
        ("dZ1", 0, 0), ("dW1", 0, 0), ("db1", 0, 0),
    ]  # fmt: skip
    assert {each.why for each in found.skipped} == {"max(0, Z1) in A1"}
    assert found.holds  # dA1 and the weight of the input that is 0
    assert found.entries == 2


def test_the_kinks_of_the_tables_are_found_in_their_formulas() -> None:
    z, y = Quantity("Z", 1, (2, 1)), Quantity("y", None, (2, 1))
    bent = {
        name for name, row in ACTIVATIONS.items() if list(switches(row.formula(z, **row.defaults)))
    } | {name for name, row in LOSSES.items() if list(switches(row.formula(y, z, Sum, **row.defaults)))}  # fmt: skip
    assert bent == {"relu", "leaky_relu", "elu", "selu", "absolute_error", "huber"}


def test_a_steep_function_holds_by_extrapolation() -> None:
    """Inputs of a thousand: what h = 1e-5 cuts off is more than is allowed, so smaller steps decide."""
    run = bundled("and-gate", "data.x=[[1000, 0], [0, 900], [800, 700], [-600, 500]]", "weights.W1=[[1e-3, -2e-3]]")
    assert verified(bundled("and-gate")).holds
    found = Verification(run)
    for _ in found.over(run.steps(0, 4)):
        pass
    assert found.holds


def test_a_logarithm_near_its_zero_holds() -> None:
    """ŷ of some millionths: a step of 1e-5 would go beyond the 0 of ln, so smaller ones decide."""
    settings = ["architecture.layers.3.activation=softmax", "loss=binary_cross_entropy", "weights.b3=[6, -6]"]
    found = verified(bundled("unequal", *settings, "data.y=[[0, 1], [1, 0], [0.5, 0.5]]", "iterations=1"))
    assert min(step["A3"].min() for step in found.trace) < 1e-5
    assert found.holds


def test_rounded_arithmetic_has_no_derivatives() -> None:
    with pytest.raises(SelectionError, match="with `round: 4` every quantity moves in jumps"):
        Verification(bundled("article", "round=4"))
    ran = nntrace_run("verify", "article", "--set", "round=4")
    assert ran.status == 2
    assert "--set round=null" in ran.err


def test_a_run_that_stops_is_verified_up_to_there() -> None:
    run = bundled("and-gate", "loss=squared_error", "architecture.layers.1.activation=identity", "alpha=1e200")
    found = verified(run)
    assert found.stopped is not None
    assert len(found.steps) == found.stopped.batch - 1 + 4 * (found.stopped.iteration - 1)


def test_the_choice_of_steps_has_the_first_and_the_last_and_is_spread() -> None:
    run = bundled("xor")
    found = Verification(run)
    for _ in found.over_some(seconds=0.5):
        pass
    numbers = [int(place.split()[1].rstrip(",")) for place in found.steps]
    assert found.reached == 200
    assert numbers[0] == 1
    assert len(numbers) < 200 or numbers == list(range(1, 201))
    assert numbers == sorted(set(numbers))
    gaps = np.diff(numbers)
    assert gaps.max() - gaps.min() <= 1
    if len(numbers) < 200:
        assert numbers[-1] == 200


def test_of_a_step_that_takes_too_long_some_entries_are_looked_at_and_that_is_said() -> None:
    path = bundle.path("xor")
    layers = "architecture.layers=[{nodes: 300, activation: tanh}, {nodes: 1, activation: sigmoid}]"
    run = trace(load(str(path), [layers, "expect=[]"]))
    found = Verification(run)
    for _ in found.over_some(seconds=0.05):
        pass
    assert len(found.steps) >= 2
    assert found.holds
    assert found.most is not None
    assert all(tally.entries < tally.of for q, tally in found.tallies.items() if q.name == "dW1")
    (line, *_) = [line for line in "".join(verify_report(found, Style())).splitlines() if line.startswith("dW1")]
    assert re.search(r" of [\d,]+ ", line)


def test_where_the_end_of_a_run_is_out_of_reach_that_is_said() -> None:
    found = Verification(bundled("article", "iterations=1000000"))
    for _ in found.over_some(seconds=0.1):
        pass
    assert found.holds
    assert 2 <= len(found.steps) < found.reached < len(found.trace)
    report = " ".join("".join(verify_report(found, Style())).split())
    assert f"of {len(found.trace):,}: iteration 1, example 1;" in report
    assert "training came as far as that; --iteration goes to any step." in report


def test_every_entry_is_handed_on_as_it_is_compared() -> None:
    run = bundled("unequal", "batch=all")
    found = Verification(run)
    assert len(list(found.over(run.steps(0, 1)))) == found.size == found.entries


@pytest.mark.parametrize("x", [1e3, 5e4, 1e7])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "gelu"])
def test_inputs_that_are_not_scaled_hold(activation: str, x: float) -> None:
    """A weight of 1e-7 that is moved by 1e-5 saturates its node: smaller steps decide."""
    found = verified(one_node(activation, weight=0.3 / x, x=x, y=0.3))
    assert found.holds
    assert found.entries == 4


@pytest.mark.parametrize("x", [1e12, 1e100])
def test_entries_so_large_that_a_small_step_does_not_move_them_hold(x: float) -> None:
    found = verified(one_node("identity", weight=1.0, x=x, y=0.0))
    assert found.holds
    assert found.entries == 4


def test_an_entry_that_is_not_finite_is_skipped_and_named() -> None:
    """σ(∞) is 1, and all that is trained stays finite: the run goes on."""
    found = verified(one_node("sigmoid", weight=1e120, x=1e200, y=0.0))
    assert [(each.quantity.name, each.why) for each in found.skipped] == [("dZ1", "Z1 itself is not finite")]
    report = " ".join("".join(verify_report(found, Style())).split())
    assert "dZ1[1,1] in iteration 1, example 1 (Z1 itself is not finite)." in report


def one_node(activation: str, weight: float, x: float, y: float) -> Trace:
    layers = [{"nodes": 1, "activation": activation}]
    config = {
        "architecture": {"inputs": 1, "layers": layers},
        "weights": {"W1": [[weight]], "b1": [0.1]},
        "data": {"x": [x], "y": [y]},
        "alpha": 0,
        "iterations": 1,
    }
    return trace(load(config))


def behind_a_kink() -> Trace:
    """2-3-1: tanh, then a leaky_relu at exactly 0, by the bias that makes it so."""
    layers = [{"nodes": 3, "activation": "tanh"}, {"nodes": 1, "activation": "leaky_relu"}]
    config: dict[str, Any] = {
        "architecture": {"inputs": 2, "layers": layers},
        "weights": {"W1": [[0.3, -0.2], [0.5, 0.1], [0.7, 0.4]], "W2": [[1, 2, -1]]},
        "data": {"x": [[1, 2]], "y": [5]},
        "alpha": 0.1,
        "iterations": 1,
    }
    config["weights"]["b2"] = [-trace(load(config)).step()["Z2"].item()]
    run = trace(load(config))
    assert run.step()["Z2"].item() == 0
    return run


def test_what_lies_behind_a_kink_is_compared_on_its_side() -> None:
    """PyTorch's convention: at 0 a leaky_relu has its slope. All that it reaches is at the kink, and right."""
    found = verified(behind_a_kink())
    assert found.holds
    assert {each.why for each in found.skipped} == {"Z2 if Z2 > 0 else 0.01·Z2 in A2"}
    assert {each.quantity.name for each in found.skipped} == {"dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1"}


def test_a_wrong_derivative_does_not_hide_behind_a_kink_of_another_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ACTIVATIONS["tanh"]
    wrong = replace(right, formula=lambda z, **settings: A_LITTLE_WRONG(right.formula(z, **settings)))
    monkeypatch.setitem(ACTIVATIONS, "tanh", wrong)
    found = verified(behind_a_kink())
    failed = {q.name for q, tally in found.tallies.items() if tally.failed}
    assert failed == {"dZ1", "dW1", "db1"}


def test_the_command_takes_steps_and_says_which() -> None:
    ran = nntrace_run("verify", "xor", "--iteration", "2..3")
    assert ran.status == 0
    assert "Verified 2 steps of 200: iteration 2, batch 1; iteration 3, batch 1.\n" in ran.out
    assert ran.out.splitlines()[-1].endswith("entries hold.")
