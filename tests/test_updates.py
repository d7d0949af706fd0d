"""Every update rule over 20 steps, against the published formulas in a plain numpy loop.

The loop takes its gradients from HIPS autograd (tests/oracle.py) at its own weights, so that nothing
of ours is in it but the initial weights. The formulas are those of PyTorch's documentation of
torch.optim (SGD with momentum and nesterov, Adagrad, RMSprop, Adam, AdamW).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import autograd
import numpy as np
import oracle
import pytest

from nntrace import Config, bundle, load, trace
from nntrace.maths.optimizers import OPTIMIZERS

STEPS = 20
Kept = dict[str, Any]
Rule = Callable[..., Any]


def gradient_descent(w: Any, g: Any, kept: Kept, t: int, alpha: float) -> Any:
    return w - alpha * g


def momentum(w: Any, g: Any, kept: Kept, t: int, alpha: float, beta: float) -> Any:
    kept["v_new"] = beta * kept.get("v_new", 0.0) + g
    return w - alpha * kept["v_new"]


def nesterov(w: Any, g: Any, kept: Kept, t: int, alpha: float, beta: float) -> Any:
    kept["v_new"] = beta * kept.get("v_new", 0.0) + g
    return w - alpha * (g + beta * kept["v_new"])


def adagrad(w: Any, g: Any, kept: Kept, t: int, alpha: float, epsilon: float) -> Any:
    kept["s_new"] = kept.get("s_new", 0.0) + g * g
    return w - alpha * g / (np.sqrt(kept["s_new"]) + epsilon)


def rmsprop(w: Any, g: Any, kept: Kept, t: int, alpha: float, beta: float, epsilon: float) -> Any:
    kept["s_new"] = beta * kept.get("s_new", 0.0) + (1 - beta) * g * g
    return w - alpha * g / (np.sqrt(kept["s_new"]) + epsilon)


def adam(w: Any, g: Any, kept: Kept, t: int, alpha: float, beta1: float, beta2: float, epsilon: float) -> Any:
    kept["m_new"] = beta1 * kept.get("m_new", 0.0) + (1 - beta1) * g
    kept["s_new"] = beta2 * kept.get("s_new", 0.0) + (1 - beta2) * g * g
    kept["m_hat"] = kept["m_new"] / (1 - beta1**t)
    kept["s_hat"] = kept["s_new"] / (1 - beta2**t)
    return w - alpha * kept["m_hat"] / (np.sqrt(kept["s_hat"]) + epsilon)


def adamw(w: Any, g: Any, kept: Kept, t: int, alpha: float, weight_decay: float, **settings: float) -> Any:
    return adam(w * (1 - alpha * weight_decay), g, kept, t, alpha, **settings)


BY_HAND: Mapping[str, Rule] = {
    "gradient_descent": gradient_descent,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}
OTHER_NUMBERS = {
    "beta": 0.7, "beta1": 0.6, "beta2": 0.95, "epsilon": 1e-3, "weight_decay": 0.2,
}  # fmt: skip
CASES = [
    (name, settings)
    for name in OPTIMIZERS
    for settings in ({}, {p: OTHER_NUMBERS[p] for p in OPTIMIZERS[name].settings})
]


def network(optimizer: dict[str, Any], **keys: Any) -> Config:
    """2-3-4-2, smooth in every layer; three examples, two in an update."""
    smooth = [f"architecture.layers.{n}.activation={f}" for n, f in ((1, "tanh"), (2, "silu"), (3, "softmax"))]
    rest = [f"{key}={value}" for key, value in keys.items()]
    given = [
        f"optimizer={optimizer}",
        "loss=cross_entropy",
        "data={x: [[0.5, -1], [1.5, 0.4], [-0.7, 2]], labels: [0, 1, 1]}",
    ]
    return load(str(bundle.path("unequal")), [*smooth, *given, "expect=[]", f"iterations={STEPS // 2}", *rest])


@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize(("name", "settings"), CASES)
def test_twenty_updates(name: str, settings: dict[str, float], clip: float | None) -> None:
    config = network({"name": name, **settings}, alpha=0.05, l2=0.01, clip_norm="null" if clip is None else clip)
    numbers = {**OPTIMIZERS[name].defaults, **settings}
    names = [q.name for q in trace(config).equations.parameters]
    steps = list(trace(config))
    assert len(steps) == STEPS
    weights = {parameter: np.array(steps[0][parameter]) for parameter in names}
    kept: dict[str, Kept] = {parameter: {} for parameter in names}
    for t, step in enumerate(steps, start=1):
        values = {"A0": np.array(step["A0"]), "y": np.array(step["y"]), **oracle.zeros(step, config), **weights}
        gradients = autograd.grad(oracle.loss)(values, config)
        scale = 1.0
        if clip is not None:  # torch.nn.utils.clip_grad_norm_
            norm = np.sqrt(sum((gradients[parameter] ** 2).sum() for parameter in names))
            scale = min(1.0, clip / (norm + 1e-6))
            assert step["grad_norm"] == pytest.approx(norm, rel=1e-10)
            assert step["clip"] == pytest.approx(scale, rel=1e-10)
        assert step["alpha"] == 0.05
        for parameter in names:
            before = {f"{key[0]}{parameter}": value for key, value in kept[parameter].items() if key.endswith("_new")}
            for key, value in before.items():
                np.testing.assert_allclose(step[key], value, rtol=1e-10, atol=1e-15, err_msg=key)
            g = scale * gradients[parameter]
            weights[parameter] = BY_HAND[name](weights[parameter], g, kept[parameter], t, 0.05, **numbers)
            after = {f"{key[0]}{parameter}{key[1:]}": value for key, value in kept[parameter].items()}
            for key, value in {**after, f"{parameter}_new": weights[parameter]}.items():
                largest = np.abs(value).max()
                np.testing.assert_allclose(
                    step[key], value, rtol=1e-10, atol=1e-12 * largest, err_msg=f"{key}, t = {t}"
                )
    if "t" in steps[0]:
        assert [step["t"] for step in steps] == list(range(1, STEPS + 1))


def test_every_rule_is_written_by_hand() -> None:
    assert set(BY_HAND) == set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_an_optimizer_keeps_starts_at_zero_and_goes_from_step_to_step(name: str) -> None:
    run = trace(network({"name": name}, alpha=0.05))
    steps = list(run)
    kept = run.equations.state[len(run.equations.parameters) :]
    for old, new in kept:
        assert not np.any(steps[0][old.name])
        for step, following in pairwise(steps):
            np.testing.assert_array_equal(following[old.name], step[new.name])
    np.testing.assert_array_equal(
        run.step(STEPS // 2, batch=2)["W1_new"], steps[-1]["W1_new"]
    )  # replayed, with its state
