"""Each mistake that people make is named: on the numbers of a network from scratch that has it (`mistaken.py`).

That network shares nothing with the rewritings of ours but the config. Right numbers get no mistake.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mistaken import MISTAKES as MADE
from mistaken import learner, networks_for
from mistaken_networks import NETWORKS
from msgspec.structs import replace

from nntrace import Config, Report, bundle, check, load, trace
from nntrace.marking.mistakes import MISTAKES, Kind
from nntrace.render.marked import sentence

STEPS = 2
"""Every mistake shows in the first two steps."""

CALLED = {
    "nesterov-for-momentum": "another-optimizer",
    "momentum-for-nesterov": "another-optimizer",
}
"""What is a row of its own there and one of a family here."""
READINGS = {"db-not-summed", "float32", "rounded-by-hand", "rows-as-examples"}
"""What is no rewriting but a way to write numbers down; see `test_marking.py`."""
ROWS = sorted(MADE.keys() - READINGS)


def named(report: Report) -> set[str]:
    return {name for fits in report.mistakes for name in fits}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("place", range(3))
def test_each_mistake_is_named_on_three_networks(name: str, place: int) -> None:
    config = networks_for(name)[place]
    report = check(config, learner(config, name)[:STEPS])
    assert report.mistakes
    assert all(CALLED.get(name, name) in fits for fits in report.mistakes)
    assert not report.marked.unexplained
    assert not report


def only_results(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As somebody has them who prints the loss and the weights."""
    return [
        {**step, "values": {name: v for name, v in step["values"].items() if name == "loss" or name.endswith("_new")}}
        for step in steps
    ]


@pytest.mark.parametrize("name", ROWS)
def test_each_mistake_is_named_from_the_losses_and_weights_alone(name: str) -> None:
    """A mistake that leaves these right is none that they could show."""
    for config in networks_for(name):
        report = check(config, only_results(learner(config, name)))
        if report.agrees:
            assert name in {"delta-with-other-sign", "m-only-in-dW"}
        elif name in named(report):
            return
    assert report.agrees or CALLED.get(name, name) in named(report)


@pytest.mark.parametrize("config", NETWORKS, ids=range(len(NETWORKS)))
def test_right_numbers_get_no_mistake(config: Config) -> None:
    report = check(config, learner(config))
    assert report, str(report)
    assert report.mistakes == []
    assert report.right == report.compared > 0
    assert not report.wrong
    assert check(config, only_results(learner(config)))


PAIRS = [
    ("factor-2-forgotten", "error-reversed"),  # both in one line
    ("factor-2-forgotten", "bias-not-updated"),
    ("derivative-left-out", "ascent"),
    ("updated-weights", "alpha-left-out"),
    ("bias-left-out", "dW-from-own-output"),
    ("weights-not-transposed", "db-averaged"),
    ("another-activation", "m-divided-twice"),
    ("loss-with-half", "updated-weights"),
    ("gradients-not-reset", "derivative-of-output"),
    ("sum-over-batch", "bias-not-updated"),
    ("dW-for-W", "velocity-averaged"),
    ("penalty-without-half", "alpha-twice"),
    ("times-z", "epsilon-in-root"),
    ("softmax-twice", "output-sent-back"),
    ("examples-reordered", "derivative-at-z"),
    ("weights-rounded", "ascent"),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_mistakes_in_one_sheet_are_both_named(first: str, second: str) -> None:
    both = next(config for config in networks_for(first) + networks_for(second)
                if MADE[first].applies(config) and MADE[second].applies(config))  # fmt: skip
    report = check(both, learner(both, first, second))
    assert {first, second} <= named(report)
    assert not report.marked.unexplained


def in_other_words(config: Config, **keys: Any) -> Report:
    """The numbers of a network with another config, rightly computed, checked against this one."""
    return check(config, learner(replace(config, **keys))[:STEPS])


def three_with(*, batched: bool = False, **keys: Any) -> list[Config]:
    """Three networks of several outputs, all of whose examples are one batch if `batched`."""
    found = [
        config
        for config in NETWORKS
        if all(getattr(config, key) == value for key, value in keys.items())
        and config.architecture.layers[-1].nodes > 1
        and (not batched or config.batch_size == config.examples > 1)
    ]
    assert len(found) >= 3
    return found[:3]


@pytest.mark.parametrize(
    ("own", "other", "name"),
    [
        ({"loss": "squared_error"}, {"loss": "half_squared_error"}, "half-in-the-loss"),
        ({"loss": "half_squared_error"}, {"loss": "squared_error"}, "half-left-out-of-the-loss"),
        ({"loss": "mean_squared_error"}, {"loss": "squared_error"}, "sum-over-outputs"),
        ({"loss": "squared_error"}, {"loss": "absolute_error"}, "another-loss"),
        ({"optimizer": "momentum"}, {"optimizer": "nesterov"}, "another-optimizer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("place", range(3))
def test_another_config_is_named_by_what_is_other_in_it(
    own: dict[str, Any], other: dict[str, Any], name: str, place: int
) -> None:
    config = replace(three_with(loss="squared_error")[place], **own)
    assert name in named(in_other_words(config, **other))


@pytest.mark.parametrize("place", range(3))
def test_a_gradient_or_a_loss_alone_that_is_of_another_mean(place: int) -> None:
    """What the network from scratch has is divided by hand: by n[L], or by m where the config adds up."""
    config = three_with(loss="squared_error", batched=True, l2=0.0)[place]
    last = f"dA{len(config.architecture.layers)}"
    values = learner(config)[0]["values"]
    given = {"loss": values["loss"], last: np.array(values[last]) / config.architecture.layers[-1].nodes}
    assert "mean-over-outputs-in-gradient" in named(check(config, given))
    summed = replace(config, reduction="sum")
    values = learner(summed)[0]["values"]
    given = {"loss": values["loss"], last: np.array(values[last]) / config.examples}
    assert "mean-over-batch-in-gradient" in named(check(summed, given))
    given = {"loss": values["loss"] / config.examples, last: values[last]}
    assert "mean-over-batch-in-loss" in named(check(summed, given))


ONE_OUTPUT = ["loss=squared_error", "batch=all", "reduction=mean", "l2=0", "expect=[]"]


@pytest.mark.parametrize("name", ["and-gate", "xor", "hmkcode"])
def test_targets_broadcast_against_outputs(name: str) -> None:
    """y of shape (m,) and ŷ of shape (m, 1), in numpy: the loss and its gradient are means over m × m pairs."""
    more = ["data.x=[[2, 3], [1, 5]]", "data.y=[1, 0]"] if name == "hmkcode" else []
    config = load(bundle.path(name) or "", [*ONE_OUTPUT, *more])
    values = learner(config)[0]["values"]
    last = len(config.architecture.layers)
    a, y = np.array(values[f"A{last}"])[0], config.y[:, 0]
    pairs = a[:, None] - y[None, :]
    report = check(config, {"loss": (pairs**2).mean(), f"dA{last}": [2 * pairs.mean(axis=1) / len(y)]})
    assert report.mistakes[0][0] == "loss-broadcast"


@pytest.mark.parametrize("name", ["mazur", "xor", "unequal"])
def test_a_numeric_check_that_looks_at_the_output(name: str) -> None:
    """Each weight of the last layer moved by h, and the change of ŷ taken for that of the loss."""
    config = load(bundle.path(name) or "")
    values = {key: np.array(value) for key, value in learner(config)[0]["values"].items()}
    last = len(config.architecture.layers)
    W, before, b = values[f"W{last}"], values[f"A{last - 1}"], values[f"b{last}"]
    h = 1e-6

    def output(W: Any) -> float:
        z = W @ before + b
        return float((z if name == "unequal" else 1 / (1 + np.exp(-z))).sum())  # its last layer is the identity

    numeric = np.zeros(W.shape)
    for place in np.ndindex(W.shape):
        d = np.zeros(W.shape)
        d[place] = h
        numeric[place] = (output(W + d) - output(W - d)) / (2 * h)
    assert "gradient-of-output" in named(check(config, {f"dW{last}": numeric}, tolerance=1e-8))


@pytest.mark.parametrize(
    ("name", "mistaken"),
    [
        ("bias-not-updated", lambda v: {"b2_new": v["b2"]}),
        ("ascent", lambda v: {"W2_new": np.round(v["W2"] + 0.4 * v["dW2"], 4)}),
        ("factor-2-forgotten", lambda v: {"dA2": np.round(v["A2"] - v["y"], 4), "loss": v["loss"]}),
        ("derivative-left-out-at-output", lambda v: {"dZ2": v["dA2"]}),
    ],
)
def test_mistakes_in_arithmetic_as_by_hand(name: str, mistaken: Any) -> None:
    """A run that rounds each result: its numbers, one of them worked out here with a mistake in it."""
    config = load(bundle.path("mazur") or "", ["round=4", "alpha=0.4", "loss=squared_error", "expect=[]",
                                               "architecture.biases=trained"])  # fmt: skip
    values = {name: np.array(value) for name, value in trace(config).step().items()}
    assert check(config, {name: value for name, value in values.items() if name in {"loss", "dA2", "dZ2", "W2_new"}})
    assert name in named(check(config, mistaken(values)))


def test_every_row_is_made_by_some_test_here() -> None:
    made = {CALLED.get(name, name) for name in ROWS}
    made |= {"half-in-the-loss", "half-left-out-of-the-loss", "sum-over-outputs", "another-loss"}
    made |= {"mean-over-outputs-in-gradient", "mean-over-batch-in-gradient", "mean-over-batch-in-loss"}
    made |= {"loss-broadcast", "gradient-of-output"}
    assert made == set(MISTAKES)


CONVENTIONS = sorted(name for name, row in MISTAKES.items() if row.kind is Kind.CONVENTION)


@pytest.mark.parametrize("name", [name for name in CONVENTIONS if name in MADE])
def test_a_convention_is_called_so_and_passes_if_allowed(name: str) -> None:
    config = networks_for(name)[0]
    steps = learner(config, name)
    assert not check(config, steps)
    assert check(config, steps, allow_conventions=True)
    assert "CONVENTION" in str(check(config, steps)) or "Another layout".upper() in str(check(config, steps))


def test_a_mistake_does_not_pass_as_a_convention() -> None:
    config = networks_for("error-reversed")[0]
    assert not check(config, learner(config, "error-reversed"), allow_conventions=True)
    both = next(c for c in networks_for("m-only-in-dW") if MADE["ascent"].applies(c))
    assert not check(both, learner(both, "m-only-in-dW", "ascent"), allow_conventions=True)


DOCUMENT = Path(__file__).parent.parent / "docs" / "mistakes.md"


def test_the_document_lists_every_row(refresh: bool) -> None:
    above, rule, _ = DOCUMENT.read_text(encoding="utf-8").partition("|---|---|\n")
    gaps = {"other": "…", "decimals": "…"}
    rows = [
        f"| `{row.name}` | {sentence(row.says.format(**gaps))}{' *(convention)*' * (row.kind is Kind.CONVENTION)} |\n"
        for row in MISTAKES.values()
    ]
    now = above + rule + "".join(rows)
    if refresh:
        DOCUMENT.write_text(now, encoding="utf-8", newline="\n")
    assert DOCUMENT.read_text(encoding="utf-8") == now


@pytest.mark.parametrize("row", MISTAKES.values(), ids=MISTAKES)
def test_every_sentence_is_one(row: Any) -> None:
    assert row.says[0].islower() or row.says.startswith(("W ", "Z ", "δ", "dW", "db", "1/m"))
    assert not row.says.endswith(".")
    assert len(row.says) <= 110
