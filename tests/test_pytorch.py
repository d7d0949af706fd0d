"""The same random networks in PyTorch, trained beside ours for 20 steps; skipped where PyTorch is not installed.

torch.autograd has no knowledge of ours, and torch.optim keeps its own state: what agrees here agrees
with what people use. Run with PyTorch 2.14.1.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from nntrace import Config, load, trace
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS

torch = pytest.importorskip("torch")
functional = torch.nn.functional

STEPS = 20
THEIRS: Mapping[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),  # functional.softplus is linear from 20 on
    "silu": functional.silu,
    "gelu": functional.gelu,
    "softmax": lambda z: torch.softmax(z, dim=0),
}
LOSS: Mapping[str, Callable[..., Any]] = {
    "squared_error": lambda y, a: functional.mse_loss(a, y, reduction="none").sum(),
    "half_squared_error": lambda y, a: functional.mse_loss(a, y, reduction="none").sum() / 2,
    "mean_squared_error": lambda y, a: functional.mse_loss(a, y, reduction="none").mean(dim=0).sum(),
    "absolute_error": lambda y, a: functional.l1_loss(a, y, reduction="none").sum(),
    "huber": lambda y, a, delta: functional.huber_loss(a, y, reduction="none", delta=delta).sum(),
    "binary_cross_entropy": lambda y, a: functional.binary_cross_entropy(a, y, reduction="none").sum(),
    "cross_entropy": lambda y, a: -torch.xlogy(y, a).sum(),
}
"""Summed over the examples, which are columns."""


def optimizer(name: str, parameters: list[Any], alpha: float, numbers: Mapping[str, float]) -> Any:
    optim = torch.optim
    betas = (numbers.get("beta1", 0.0), numbers.get("beta2", 0.0))
    made: dict[str, Callable[[], Any]] = {
        "gradient_descent": lambda: optim.SGD(parameters, alpha),
        "momentum": lambda: optim.SGD(parameters, alpha, momentum=numbers["beta"]),
        "nesterov": lambda: optim.SGD(parameters, alpha, momentum=numbers["beta"], nesterov=True),
        "adagrad": lambda: optim.Adagrad(parameters, alpha, eps=numbers["epsilon"]),
        "rmsprop": lambda: optim.RMSprop(parameters, alpha, alpha=numbers["beta"], eps=numbers["epsilon"]),
        "adam": lambda: optim.Adam(parameters, alpha, betas=betas, eps=numbers["epsilon"]),
        "adamw": lambda: optim.AdamW(
            parameters, alpha, betas=betas, eps=numbers["epsilon"], weight_decay=numbers["weight_decay"]
        ),
    }
    return made[name]()


def random_network(seed: int, name: str) -> Config:
    """Depth 1 to 6, every option drawn."""
    draw, rng = random.Random(seed), np.random.default_rng(seed)
    loss = LOSSES[draw.choice(list(LOSSES))]
    activations = [draw.choice(list(ACTIVATIONS)) for _ in range(draw.randint(1, 6))]
    if loss.outputs:
        activations[-1] = draw.choice(loss.outputs)
    nodes = [draw.randint(ACTIVATIONS[activation].least, 4) for activation in activations]
    inputs, examples = draw.randint(1, 4), 5
    # The gradients of a softmax add up to 0: a bias that its nodes share has rounding for a gradient, which
    # adaptive optimizers blow up to full size; so do equal signs of the absolute error.
    alone = "softmax" in activations
    loss = LOSSES["huber"] if alone and loss.name == "absolute_error" else loss
    biases = draw.choice(["trained", "fixed", "none"] if alone else ["trained", "shared", "fixed", "none"])
    weights = {
        f"W{n}": rng.normal(0, 0.7, (rows, columns)).tolist()
        for n, (rows, columns) in enumerate(zip(nodes, [inputs, *nodes], strict=False), start=1)
    }
    if biases != "none":
        weights |= {
            f"b{n}": rng.normal(0, 0.7, 1 if biases == "shared" else rows).tolist()
            for n, rows in enumerate(nodes, start=1)
        }
    low, high = loss.targets or (-1.0, 1.0)
    y = (
        rng.dirichlet(np.ones(nodes[-1]), examples)
        if loss.distribution
        else rng.uniform(low, high, (examples, nodes[-1]))
    )
    batch = draw.choice([1, 2, "all"])
    updates = {1: 5, 2: 3, "all": 1}[batch]
    iterations = -(-STEPS // updates)
    rate = draw.choice([0.02, {"start": 0.04, "decay": 0.5, "every": 2}, [0.05 / n for n in range(1, iterations + 1)]])
    return load(
        {
            "architecture": {
                "inputs": inputs,
                "layers": [{"nodes": n, "activation": f} for n, f in zip(nodes, activations, strict=True)],
                "biases": biases,
            },
            "weights": weights,
            "data": {"x": rng.normal(size=(examples, inputs)).tolist(), "y": y.tolist()},
            "loss": loss.name,
            "alpha": rate,
            "iterations": iterations,
            "batch": batch,
            "reduction": draw.choice(["mean", "sum"]),
            "optimizer": name,
            "l2": draw.choice([0.0, 0.1]),
            "clip_norm": draw.choice([None, 0.2]),
            "shuffle": draw.choice([None, {"seed": seed}]),
        }
    )


def in_torch(config: Config) -> Iterator[dict[str, Any]]:
    """Each step of the same training, its numbers by our names."""
    names = [name for name, _ in config.shapes]
    start = trace(config).step()
    trained = {
        name: torch.tensor(np.array(start[name]), requires_grad=name[0] == "W" or config.architecture.biases != "fixed")
        for name in names
    }
    chosen = config.chosen_optimizer
    free = [tensor for tensor in trained.values() if tensor.requires_grad]
    stepper = optimizer(chosen.name, free, 1.0, chosen.parameters)
    for step in trace(config):
        numbers: dict[str, Any] = {}
        a = torch.tensor(np.array(step["A0"]))
        y = torch.tensor(np.array(step["y"]))
        for n, layer in enumerate(config.architecture.layers, start=1):
            z = trained[f"W{n}"] @ a
            if f"b{n}" in trained:
                z = z + trained[f"b{n}"]
            z.retain_grad()
            numbers[f"dZ{n}"] = z
            a = THEIRS[layer.chosen.name](z, *layer.chosen.parameters.values())
        loss = LOSS[config.chosen_loss.name](y, a, **config.chosen_loss.parameters)
        loss = loss / len(step.examples) if config.reduction == "mean" else loss
        loss = loss + config.l2 / 2 * sum((trained[name] ** 2).sum() for name in names if name[0] == "W")
        stepper.zero_grad()
        loss.backward()
        found = {name: z.grad.numpy().copy() for name, z in numbers.items()}
        found |= {f"d{name}": tensor.grad.numpy().copy() for name, tensor in trained.items() if tensor.requires_grad}
        if config.clip_norm is not None:
            found["grad_norm"] = torch.nn.utils.clip_grad_norm_(free, config.clip_norm).item()
        for group in stepper.param_groups:
            group["lr"] = config.alpha_in(step.iteration or 1)
        stepper.step()
        found |= {f"{name}_new": tensor.detach().numpy().copy() for name, tensor in trained.items()}
        yield {"loss": loss.item(), "A": a.detach().numpy(), **found}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("seed", range(40))
def test_training_beside_pytorch(name: str, seed: int) -> None:
    """To a relative 1e-10, or 1e-12 of the quantity's largest entry; sums that cancel, of their terms."""
    config = random_network(1000 * list(OPTIMIZERS).index(name) + seed, name)
    last = len(config.architecture.layers)
    for number, (ours, theirs) in enumerate(zip(trace(config), in_torch(config), strict=True)):
        if number == STEPS:
            break
        rounding = 1e-15 * max(np.abs(value).max() for key, value in theirs.items() if key[0] == "d")
        for key, value in theirs.items():
            mine = np.asarray(ours[f"A{last}" if key == "A" else key])
            terms = np.abs(theirs[f"dZ{key[2:]}"]).max() if key.startswith("db") else 0.0
            allowed = np.maximum(1e-10 * np.abs(value), max(1e-12 * max(np.abs(value).max(), terms), rounding))
            assert (np.abs(mine - value) <= allowed).all(), f"{key} in {ours.place}: {mine - value}"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_at_their_kinks_and_far_out(name: str) -> None:
    points = np.array([-1e3, -40.0, -1.0, 0.0, 1.0, 40.0, 1e3])
    row = ACTIVATIONS[name]
    config = {
        "architecture": {"inputs": 1, "layers": [{"nodes": 7, "activation": name}], "biases": "trained"},
        "weights": {"W1": [[0.0]] * 7, "b1": points.tolist()},
        "data": {"x": [1.0], "y": [[0.0] * 7]},
        "loss": "half_squared_error",
        "alpha": 0.0,
        "iterations": 1,
    }
    step = trace(load(config)).step()
    z = torch.tensor(points.reshape(-1, 1), requires_grad=True)
    a = THEIRS[name](z, *row.defaults.values())
    np.testing.assert_allclose(step["A1"], a.detach().numpy(), rtol=1e-10, atol=1e-12)
    (0.5 * a**2).sum().backward()
    np.testing.assert_allclose(step["dZ1"], z.grad.numpy(), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("logit", [40.0, -40.0, 1000.0, -1000.0])
@pytest.mark.parametrize(("activation", "loss"), [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")])
def test_the_fused_pairs_far_out(activation: str, loss: str, logit: float) -> None:
    """Against PyTorch's losses of logits; dZ is exactly ŷ − y."""
    config = {
        "architecture": {"inputs": 1, "layers": [{"nodes": 2, "activation": activation}]},
        "weights": {"W1": [[0.0], [0.0]], "b1": [logit, 0.0]},
        "data": {"x": [1.0, 1.0], "y": [[1.0, 0.0], [0.0, 1.0]]},
        "loss": loss,
        "alpha": 0.0,
        "iterations": 1,
    }
    logits = torch.tensor([[logit, 0.0]], dtype=torch.float64)
    for step in trace(load(config)):
        y = torch.tensor(np.array(step["y"]).T)
        if loss == "cross_entropy":
            expected = functional.cross_entropy(logits, y).item()
        else:
            expected = functional.binary_cross_entropy_with_logits(logits, y, reduction="sum").item()
        np.testing.assert_array_equal(step["dZ1"], step["A1"] - step["y"])
        assert np.isfinite(step["loss"])
        assert step["loss"] == pytest.approx(expected, rel=1e-12, abs=1e-16)
