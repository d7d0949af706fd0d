"""The learner's network is right where he makes no mistake, and wrong where, and as, each mistake makes it.

What is wrong first, and by what factor, follows from the mistake by hand; sources where it was met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from mistaken import MISTAKES, batch, depth, differences, fused, learner, mean, networks_for, nodes, optimizer, traits
from mistaken_networks import NETWORKS, network

from nntrace import Config, load, trace
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS

CASES = [(name, config) for name in MISTAKES for config in networks_for(name)]
IDS = [f"{name}-{NETWORKS.index(config) + 1}" for name, config in CASES]


def with_parameters() -> Config:
    """Parameters of activations and losses, a schedule, shuffled examples."""
    rng = np.random.default_rng(91)
    functions = [
        {"name": "leaky_relu", "slope": 0.2},
        {"name": "elu", "alpha": 0.7},
        "identity",
    ]
    return load(
        {
            "architecture": {
                "inputs": 2,
                "layers": [{"nodes": n, "activation": f} for n, f in zip((4, 5, 3), functions, strict=True)],
            },
            "weights": {"init": "normal", "std": 0.5, "seed": 3},
            "data": {"x": rng.normal(size=(5, 2)).tolist(), "y": rng.normal(size=(5, 3)).tolist()},
            "loss": {"name": "huber", "delta": 0.4},
            "alpha": {"start": 0.2, "decay": 0.5, "every": 1},
            "iterations": 3,
            "batch": 2,
            "shuffle": {"seed": 7},
            "l2": 0.05,
        }
    )


@pytest.mark.parametrize("config", [*NETWORKS, with_parameters()], ids=lambda config: ", ".join(sorted(traits(config))))
def test_without_mistakes_the_learner_and_the_trace_agree(config: Config) -> None:
    steps = learner(config)
    for mine, step in zip(steps, trace(config), strict=True):
        assert (mine["iteration"], mine["batch"], mine["examples"]) == (step.iteration, step.batch, list(step.examples))
        constants = {quantity.name for quantity in step.equations.constants}
        assert list(mine["values"]) == [name for name in step if name not in constants]
        for name, value in mine["values"].items():
            np.testing.assert_allclose(value, step[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_networks_have_every_activation_loss_and_optimizer() -> None:
    there = {trait for config in NETWORKS for trait in traits(config)}
    assert {*ACTIVATIONS, *LOSSES, *OPTIMIZERS} <= there


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_three_networks_or_more(name: str) -> None:
    chosen = networks_for(name)
    assert len(chosen) >= 3
    assert len({frozenset(traits(config)) for config in chosen}) == len(chosen)


def test_steps_end_the_training_early() -> None:
    config = NETWORKS[0]
    assert learner(config, steps=2) == learner(config)[:2]


def test_a_mistake_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="velocity-averaged has no place in this network"):
        learner(NETWORKS[0], "velocity-averaged")
    with pytest.raises(KeyError):
        learner(NETWORKS[0], "no-such-mistake")


# Which quantity is the first to be wrong.

LETTER = {"momentum": "v", "nesterov": "v", "adagrad": "s", "rmsprop": "s", "adam": "m", "adamw": "m"}
"""The first thing that an optimizer keeps."""
FIRST: Mapping[str, str] = {
    # {L}: the last layer; {low}, {high}: the first and last layer that the mistake is made in; {error}: where
    # the gradient starts; {each}: where the loss of an example stands; {kept}: what the optimizer keeps first.
    "bias-left-out": "Z{low}",
    "activation-left-out": "A{low}",
    "another-activation": "A{low}",
    "layer-input-passed-on": "Z{low}",
    "softmax-twice": "{each}",
    "softmax-across-batch": "A{L}",  # runebook.dev, torch.nn.softmax
    "bias-broadcast": "Z{low}",  # lynx-cortex, "broadcasting trap"
    "forward-transposed": "Z{low}",
    "loss-without-square": "{each}",
    "loss-with-half": "{each}",
    "loss-without-half": "{each}",
    "log-base-2": "{each}",
    "log-base-10": "{each}",
    "loss-without-minus": "{each}",  # community.deeplearning.ai 234194
    "y-and-prediction-exchanged": "{each}",
    "mean-over-outputs": "{each}",  # PyTorch's documentation of MSELoss
    "mean-over-outputs-in-loss": "{each}",
    "sum-over-batch": "loss",
    "sum-over-batch-in-loss": "loss",
    "sum-over-batch-in-gradient": "{error}",  # stackoverflow 24465389
    "mean-over-batch": "loss",
    "penalty-without-half": "penalty",
    "penalty-over-m": "penalty",
    "penalty-in-loss-only": "dW{L}",
    "penalty-in-gradient-only": "penalty",
    "penalty-of-biases": "penalty",
    "factor-2-forgotten": "dA{L}",  # datascience.SE 71843
    "factor-2-with-half": "dA{L}",  # ml-glossary #144
    "error-reversed": "{error}",  # math.SE 4158072
    "m-divided-twice": "dW{L}",  # community.deeplearning.ai 63071
    "m-divided-in-every-layer": "dZ{high}",
    "m-only-in-dW": "{error}",  # community.deeplearning.ai 89393
    "cross-entropy-term-sign": "dZ{L}",  # math.SE 2503428; the trace has no dA of that layer
    "derivative-left-out-at-output": "dZ{L}",  # stackoverflow 59399842
    "derivative-left-out": "dZ{high}",
    "derivative-kept": "dZ{L}",  # datascience.SE 41212
    "derivative-of-output": "dZ{high}",  # math.SE 4158072
    "derivative-at-z": "dZ{high}",  # discuss.pytorch.org 187917
    "derivative-of-error": "dZ{L}",  # datascience.SE 20139
    "another-derivative": "dZ{high}",
    "derivative-without-one": "dZ{high}",
    "softmax-diagonal": "dZ{L}",  # stats.SE 235528
    "softmax-from-z": "dZ{L}",  # datascience.SE 64746
    "updated-weights": "dA{high}",  # stackoverflow 6013429; Mazur's page
    "weights-not-transposed": "dA{high}",  # datascience.SE 54731
    "dW-for-W": "dA{high}",  # community.deeplearning.ai 402919
    "dA-sent-back": "dA{high}",
    "output-sent-back": "dA{high}",
    "one-path-only": "dA{high}",  # Mazur's page: "affects both o1 and o2"
    "another-layers-dA": "dZ{high}",
    "product-for-elementwise": "dZ{high}",  # community.deeplearning.ai 528420
    "times-z": "dZ{high}",  # community.deeplearning.ai 85937
    "relu-at-zero": "dZ{high}",  # community.deeplearning.ai 115254
    "mask-from-gradient": "dZ{high}",
    "stale-activation": "dZ{high}",
    "dW-from-z": "dW{high}",
    "dW-from-own-output": "dW{high}",
    "dW-transposed": "dW{high}",  # datascience.SE 54731
    "db-averaged": "db{L}",  # datascience.SE 20139
    "db-not-summed": "db{L}",
    "bias-not-updated": "b1_new",  # simple-neural-network #5
    "fixed-bias-updated": "b1_new",
    "bias-shared": "{kept}b{low}{new}",
    "gradients-not-reset": "dW{L}",  # micrograd #25
    "ascent": "W1_new",
    "alpha-twice": "W1_new",
    "alpha-left-out": "W1_new",
    "velocity-averaged": "vW1_new",  # keras #13971
    "alpha-in-velocity": "vW1_new",  # pytorch #1099
    "velocity-before-update": "W1_new",
    "nesterov-for-momentum": "W1_new",
    "momentum-for-nesterov": "W1_new",
    "epsilon-in-root": "W1_new",  # keras #17391
    "epsilon-before-correction": "W1_new",  # transformers #35504
    "no-bias-correction": "mW1_hat",
    "first-moment-uncorrected": "mW1_hat",
    "second-moment-uncorrected": "sW1_hat",
    "t-from-zero": "mW1_hat",
    "t-one-behind": "mW1_hat",
    "betas-swapped": "mW1_new",
    "gradient-not-squared": "sW1_new",
    "decay-through-gradient": "mW1_new",  # pytorch #38767
    "root-left-out": "W1_new",
    "off-by-one-step": "{moved}",
    "one-step-late": "{moved}",
    "state-reset": "{kept}W1",
    "examples-reordered": "A0",
    "batches-cut-elsewhere": "A0",
    "weights-rounded": "W1_new",
    "float32": "A0",
    "rounded-by-hand": "Z1",
    "rows-as-examples": "A0",
    "delta-with-other-sign": "{error}",
}
AT_STEP_2 = {"gradients-not-reset", "t-one-behind", "one-step-late", "state-reset"}
"""What is not wrong before."""


def first_wrong(name: str, config: Config) -> str:
    kept = LETTER.get(optimizer(config), "")
    places = MISTAKES[name].layers(config)
    return FIRST[name].format(
        L=depth(config),
        low=min(places),
        high=max(places),
        error=f"dZ{depth(config)}" if fused(config) else f"dA{depth(config)}",
        each="losses" if batch(config) else "loss",
        kept=kept,
        new="_new",
        moved="A0" if config.batches > 1 else "W1",  # with all examples in each step they are the same ones
    )


def test_every_mistake_is_in_the_table() -> None:
    assert FIRST.keys() == MISTAKES.keys()


def wrong_at(name: str, config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of the step at which the mistake shows first: the right ones, and the learner's."""
    number = 1 if name in AT_STEP_2 else 0
    right = learner(config)[number]
    wrong = next(
        step
        for step in learner(config, name)
        if (step["iteration"], step["batch"]) == (right["iteration"], right["batch"])
    )
    return right["values"], wrong["values"]


@pytest.mark.parametrize(("name", "config"), CASES, ids=IDS)
def test_the_first_quantity_that_is_wrong(name: str, config: Config) -> None:
    step = learner(config)[1 if name in AT_STEP_2 else 0]
    right = [{**each, "values": dict(trace_values(config, each))} for each in learner(config)]
    found = next(differences(right, learner(config, name)))
    assert found == (step["iteration"], step["batch"], first_wrong(name, config))


def trace_values(config: Config, like: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers of the trace, of the step and the quantities that `like` has."""
    step = trace(config).step(like["iteration"], batch=like["batch"])
    return {name: step[name] for name in like["values"]}


@pytest.mark.parametrize("name", [name for name, row in MISTAKES.items() if row.per_layer])
def test_a_mistake_in_one_layer_is_first_wrong_in_that_layer(name: str) -> None:
    for config in networks_for(name):
        for layer in MISTAKES[name].layers(config):
            found = next(differences(learner(config), learner(config, name, layer=layer)), None)
            # A relu may be nowhere at 0, or its gradients nowhere below, in that layer.
            assert found is None or f"{layer}" in found[2]
            assert found is not None or name in ("relu-at-zero", "mask-from-gradient")


def test_no_two_mistakes_make_the_same_numbers() -> None:
    """A checker that names another one has not found it by luck."""
    made = {name: [learner(config, name) for config in networks_for(name)] for name in MISTAKES}
    others: dict[tuple[int, str], Any] = {}
    for name in MISTAKES:
        for config, wrong in zip(networks_for(name), made[name], strict=True):
            for other, row in MISTAKES.items():
                if other != name and row.applies(config):
                    place = (id(config), other)
                    others[place] = others.get(place) or learner(config, other)
                    with np.errstate(all="ignore"):
                        told = next(differences(wrong, others[place], 1e-7), None)
                    assert told, f"{name} and {other} on network {NETWORKS.index(config) + 1}"


# By what it is wrong.


def parameter(name: str) -> Callable[[Config], float]:
    return lambda config: config.chosen_optimizer.parameters[name]


def m(config: Config) -> int:
    return min(config.batch_size, config.examples)


FACTOR: Mapping[str, Callable[[Config], float]] = {
    "loss-with-half": lambda c: 1 / 2,
    "loss-without-half": lambda c: 2,
    "log-base-2": lambda c: 1.4426950408889634,  # 1/ln 2
    "log-base-10": lambda c: 0.4342944819032518,  # 1/ln 10
    "loss-without-minus": lambda c: -1,
    "mean-over-outputs": lambda c: 1 / nodes(c)[-1],
    "mean-over-outputs-in-loss": lambda c: 1 / nodes(c)[-1],
    "sum-over-batch": m,
    "sum-over-batch-in-loss": m,
    "sum-over-batch-in-gradient": m,
    "mean-over-batch": lambda c: 1 / m(c),
    "penalty-without-half": lambda c: 2,
    "penalty-over-m": lambda c: 1 / m(c),
    "penalty-in-gradient-only": lambda c: 0,
    "factor-2-forgotten": lambda c: 1 / 2,
    "factor-2-with-half": lambda c: 2,
    "error-reversed": lambda c: -1,
    "m-divided-in-every-layer": lambda c: 1 / m(c),
    "m-only-in-dW": m,
    "db-averaged": lambda c: 1 / m(c),
    "velocity-averaged": lambda c: 1 - parameter("beta")(c),  # v is 0 before
    "alpha-in-velocity": lambda c: c.alpha_in(1),
    "no-bias-correction": lambda c: 1 - parameter("beta1")(c),
    "first-moment-uncorrected": lambda c: 1 - parameter("beta1")(c),
    "second-moment-uncorrected": lambda c: 1 - parameter("beta2")(c),
    "t-from-zero": lambda c: 1 - parameter("beta1")(c),
    "t-one-behind": lambda c: 1 + parameter("beta1")(c),  # (1 − β²)/(1 − β)
    "betas-swapped": lambda c: (1 - parameter("beta2")(c)) / (1 - parameter("beta1")(c)),
    "state-reset": lambda c: 0,
    "delta-with-other-sign": lambda c: -1,
}
CHANGE: Mapping[str, Callable[[Config], float]] = {
    "ascent": lambda c: -1,
    "alpha-twice": lambda c: c.alpha_in(1),
    "alpha-left-out": lambda c: 1 / c.alpha_in(1),
    "bias-not-updated": lambda c: 0,
    "velocity-before-update": lambda c: 0,
    "nesterov-for-momentum": lambda c: 1 + parameter("beta")(c),  # v = g at the first step
    "momentum-for-nesterov": lambda c: 1 / (1 + parameter("beta")(c)),
}


def cases(table: Mapping[str, Any]) -> list[Any]:
    return [pytest.param(*case, id=name) for case, name in zip(CASES, IDS, strict=True) if case[0] in table]


@pytest.mark.parametrize(("name", "config"), cases(FACTOR))
def test_the_factor_by_which_the_first_is_wrong(name: str, config: Config) -> None:
    right, wrong = wrong_at(name, config)
    quantity = first_wrong(name, config)
    expected = np.multiply(right[quantity], FACTOR[name](config))
    np.testing.assert_allclose(wrong[quantity], expected, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize(("name", "config"), cases(CHANGE))
def test_the_factor_of_the_first_change(name: str, config: Config) -> None:
    """Of new − old: a step against the gradient, of other length (without adamw's decay, which stays)."""
    if optimizer(config) == "adamw":
        return
    right, wrong = wrong_at(name, config)
    new = first_wrong(name, config)
    old = np.asarray(right[new.removesuffix("_new")])
    np.testing.assert_allclose(wrong[new] - old, (right[new] - old) * CHANGE[name](config), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("config", [c for c in networks_for("m-divided-twice") if not c.l2])
def test_dividing_by_m_twice_leaves_one_mth(config: Config) -> None:
    right, wrong = wrong_at("m-divided-twice", config)
    for layer in range(1, depth(config) + 1):
        np.testing.assert_allclose(wrong[f"dW{layer}"], np.divide(right[f"dW{layer}"], m(config)), rtol=1e-9)


@pytest.mark.parametrize("config", [c for c in networks_for("m-only-in-dW") if mean(c)])
def test_dividing_by_m_at_the_weights_is_a_convention(config: Config) -> None:
    """dW, db and all that follows are right."""
    right, wrong = wrong_at("m-only-in-dW", config)
    for name, value in wrong.items():
        same = np.multiply(right[name], m(config) if name.startswith(("dA", "dZ")) else 1)
        np.testing.assert_allclose(value, same, rtol=1e-9, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("config", networks_for("derivative-left-out-at-output"))
def test_without_the_derivative_of_a_sigmoid_dZ_is_at_least_four_times_as_large(config: Config) -> None:
    """σ′ is at most ¼."""
    right, wrong = wrong_at("derivative-left-out-at-output", config)
    if config.architecture.layers[-1].chosen.name == "sigmoid":
        name = f"dZ{depth(config)}"
        assert (np.abs(wrong[name]) >= 4 * np.abs(right[name])).all()


@pytest.mark.parametrize("config", networks_for("derivative-kept"))
def test_the_derivative_kept_leaves_a_quarter_of_dZ_at_most(config: Config) -> None:
    right, wrong = wrong_at("derivative-kept", config)
    name = f"dZ{depth(config)}"
    assert (np.abs(wrong[name]) <= np.abs(right[name]) / 4).all()


def test_a_wrong_sign_in_the_cross_entropy_is_seen_where_y_is_0() -> None:
    """By hand: −(1/a)·a(1 − a) = a − 1, as it should be; −1/(1 − a)·a(1 − a) = −a."""
    config = network("2-3-3", "tanh sigmoid", "binary_cross_entropy", seed=1, hard=True, batch="all")
    right, wrong = wrong_at("cross-entropy-term-sign", config)
    signs = np.where(np.asarray(right["y"]) == 1, 1, -1)
    np.testing.assert_allclose(wrong["dZ2"], np.multiply(right["dZ2"], signs), rtol=1e-9)


def test_the_diagonal_of_a_softmax_leaves_nothing_for_the_other_classes() -> None:
    """stats.SE 235528: −y(1 − ŷ)"""
    config = network("2-3-4", "tanh softmax", "cross_entropy", seed=2, hard=True, batch=3)
    right, wrong = wrong_at("softmax-diagonal", config)
    np.testing.assert_allclose(wrong["dZ2"], np.where(right["y"], right["dZ2"], 0.0), rtol=1e-9, atol=1e-15)


def test_softmax_twice_sees_a_loss_in_a_perfect_prediction() -> None:
    """0.7437 for a one-hot of 4: openillumi.com ?p=73112; by hand −ln(e/(e + 3))."""
    config = network("1-4", "softmax", "cross_entropy", seed=0, x=[[1.0], [1.0], [1.0], [1.0]], weights={
        "W1": [[0.0], [0.0], [0.0], [0.0]], "b1": [50.0, 0.0, 0.0, 0.0]
    }, hard=True, alpha=0.0, iterations=1)  # fmt: skip
    losses = [step["values"]["loss"] for step in learner(config, "softmax-twice")]
    perfect = [step["values"]["y"][0] == [1.0] for step in learner(config)]
    assert any(perfect)
    assert [loss for loss, hit in zip(losses, perfect, strict=True) if hit] == [
        pytest.approx(-math.log(math.e / (math.e + 3)), abs=1e-12)
    ] * sum(perfect)
    assert -math.log(math.e / (math.e + 3)) == pytest.approx(0.7437, abs=5e-5)


@pytest.mark.parametrize("config", networks_for("gradients-not-reset"))
def test_gradients_that_are_not_reset_add_up(config: Config) -> None:
    one, two = (step["values"] for step in learner(config, steps=2))
    _, wrong = wrong_at("gradients-not-reset", config)
    for name in (f"dW{depth(config)}", "dW1"):
        np.testing.assert_allclose(wrong[name], np.add(one[name], two[name]), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", ["dW-transposed", "rows-as-examples"])
def test_a_transposed_matrix_is_right_after_transposing(name: str) -> None:
    for config in networks_for(name):
        right, wrong = wrong_at(name, config)
        quantity = first_wrong(name, config)
        if name == "rows-as-examples" or not config.l2:
            np.testing.assert_allclose(np.transpose(wrong[quantity]), right[quantity], rtol=1e-9)


@pytest.mark.parametrize("config", networks_for("db-not-summed"))
def test_db_for_each_example_adds_up_to_db(config: Config) -> None:
    right, wrong = wrong_at("db-not-summed", config)
    columns = np.asarray(wrong["db1"])
    assert columns.shape == (nodes(config)[1], m(config))
    np.testing.assert_allclose(columns.sum(axis=1, keepdims=True), right["db1"], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(wrong["b1_new"], right["b1_new"], rtol=1e-9)


@pytest.mark.parametrize(("name", "offset"), [("off-by-one-step", 1), ("one-step-late", -1)])
def test_a_step_too_many_or_too_few_is_another_step_of_the_right_run(name: str, offset: int) -> None:
    for config in networks_for(name):
        right = learner(config)
        places = [(step["iteration"], step["batch"]) for step in right]
        wrong = learner(config, name)
        assert len(wrong) == len(right) - 1
        for step in wrong:
            number = places.index((step["iteration"], step["batch"]))
            assert step["values"] == right[number + offset]["values"]
            assert step["examples"] == right[number + offset]["examples"]


@pytest.mark.parametrize("config", networks_for("rounded-by-hand"))
def test_what_is_rounded_by_hand_has_four_decimals(config: Config) -> None:
    _, wrong = wrong_at("rounded-by-hand", config)
    for name, value in wrong.items():
        if name not in ("A0", "y") and name.startswith(("Z", "A", "d", "loss")):
            np.testing.assert_allclose(value, np.round(value, 4), rtol=0, atol=1e-12, err_msg=name)


def test_two_mistakes_at_once() -> None:
    """2(ŷ − y) without its 2 and with the other sign is y − ŷ, half of what is right times −1."""
    config = networks_for("factor-2-forgotten")[0]
    right = learner(config)[0]["values"]
    wrong = learner(config, "factor-2-forgotten", "error-reversed")[0]["values"]
    name = f"dA{depth(config)}"
    np.testing.assert_allclose(wrong[name], np.multiply(right[name], -0.5), rtol=1e-12)
