"""Networks on which mistakes show: no two weights alike, several sizes, and every option that a mistake needs.

Spread of the weights 0.5; as far as a mistake allows there are other numbers of examples than of outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from nntrace import Config, load


def network(sizes: str, functions: str, loss: Any = "squared_error", *, seed: int, **keys: Any) -> Config:
    """`sizes` are n[0]-n[1]- … -n[L]; `examples` how many there are (4), `hard`: y is 0 or 1 (of a class)."""
    nodes = [int(size) for size in sizes.split("-")]
    rng = np.random.default_rng(seed)
    examples = keys.pop("examples", 4)
    biases = keys.get("biases", "trained")
    weights: dict[str, Any] = {}
    for layer, (before, size) in enumerate(pairwise(nodes), start=1):
        weights[f"W{layer}"] = rng.normal(0, 0.5, (size, before)).tolist()
        if biases != "none":
            weights[f"b{layer}"] = rng.normal(0, 0.5, 1 if biases == "shared" else size).tolist()
    layers = [{"nodes": n, "activation": f} for n, f in zip(nodes[1:], functions.split(), strict=True)]
    x = rng.normal(0, 1, (examples, nodes[0]))
    y = targets(rng, loss, (examples, nodes[-1]), hard=keys.pop("hard", False))
    return load(
        {
            "architecture": {"inputs": nodes[0], "layers": layers, "biases": keys.pop("biases", "trained")},
            "weights": keys.pop("weights", weights),
            "data": {"x": keys.pop("x", x.tolist()), "y": y.tolist()},
            "loss": loss,
            "alpha": keys.pop("alpha", 0.3),
            "iterations": keys.pop("iterations", 3),
            **keys,
        }
    )


def targets(rng: np.random.Generator, loss: Any, shape: tuple[int, int], *, hard: bool) -> Any:
    """What the loss can be asked for."""
    examples, outputs = shape
    if loss == "cross_entropy":
        return (
            np.eye(outputs)[rng.integers(0, outputs, examples)] if hard else rng.dirichlet(np.ones(outputs), examples)
        )
    if loss == "binary_cross_entropy":
        return rng.integers(0, 2, shape).astype(float) if hard else rng.uniform(0.05, 0.95, shape)
    return rng.uniform(-1, 1, shape)


def networks() -> Iterator[Config]:
    yield from plain()
    yield from square()
    yield from as_many_examples_as_nodes()
    yield from with_options()
    yield from by_optimizer()
    yield from exactly_at_zero()


def plain() -> Iterator[Config]:
    """Every loss and every activation, gradient descent and momentum."""
    yield network("2-4-3", "tanh sigmoid", seed=1, examples=3, iterations=2)
    yield network("3-5-4-3", "sigmoid tanh identity", seed=2, batch="all")
    yield network("2-3-5-4-3", "relu tanh sigmoid sigmoid", "half_squared_error", seed=3, batch="all", examples=5)
    yield network("2-5-3", "relu identity", "half_squared_error", seed=4, batch=4, examples=5, optimizer="momentum")
    yield network("3-4-3", "tanh sigmoid", "binary_cross_entropy", seed=5, batch="all", examples=5)
    yield network("2-5-4-3", "sigmoid relu sigmoid", "binary_cross_entropy", seed=6, batch=4, examples=5, hard=True)
    yield network("2-4-5-3-4", "sigmoid gelu silu sigmoid", "binary_cross_entropy", seed=7, examples=2)
    yield network("2-3-4", "tanh softmax", "cross_entropy", seed=8, batch="all", examples=3)
    yield network("3-5-4-3", "relu sigmoid softmax", "cross_entropy", seed=9, batch=4, examples=5, hard=True)
    yield network("2-4-5-3", "silu tanh softmax", "cross_entropy", seed=10, examples=3, iterations=2)
    yield network("2-4-3", "sigmoid tanh", "mean_squared_error", seed=11, batch="all")
    yield network("3-5-3-4", "tanh relu sigmoid", "mean_squared_error", seed=12, batch=3, examples=5)
    yield network("3-6-3", "leaky_relu identity", "absolute_error", seed=13, batch="all", examples=5)
    yield network("2-4-3-5", "elu gelu identity", {"name": "huber", "delta": 0.5}, seed=14, batch=3)
    yield network("3-4-5-3", "selu softplus softmax", "squared_error", seed=15, batch="all", examples=5)
    yield network("2-5-3", "tanh softmax", "binary_cross_entropy", seed=16, batch=4)
    yield network(
        "2-5-4", "relu sigmoid", "half_squared_error", seed=17, batch="all", examples=3, alpha=[0.5, 0.2, 0.1]
    )


def square() -> Iterator[Config]:
    """Matrices that a forgotten transpose fits."""
    yield network("4-4-4-3", "tanh sigmoid tanh", seed=21, batch="all", examples=5)
    yield network("3-3-3", "sigmoid sigmoid", "half_squared_error", seed=22, batch=4)
    yield network("3-3-3-3", "tanh relu sigmoid", seed=23, batch=2, optimizer="momentum", alpha=0.1)
    yield network("2-4-4-4", "sigmoid tanh softmax", "cross_entropy", seed=24, batch="all", examples=3)
    yield network("4-4-4-4-3", "relu tanh sigmoid sigmoid", "binary_cross_entropy", seed=25, examples=2, iterations=2)


def as_many_examples_as_nodes() -> Iterator[Config]:
    """Batches that fit where a matrix of other columns belongs."""
    yield network("2-4-3", "sigmoid tanh", seed=31, batch=4)
    yield network("3-5-4", "tanh sigmoid", "half_squared_error", seed=32, batch="all", examples=5)
    yield network("2-4-3-5", "relu sigmoid sigmoid", "binary_cross_entropy", seed=33, batch=3, examples=3)
    yield network("2-3-4", "tanh softmax", "cross_entropy", seed=34, batch=3, examples=3)


def with_options() -> Iterator[Config]:
    """l2, sums over the batch, the kinds of biases."""
    yield network("2-4-3", "tanh sigmoid", seed=41, batch="all", examples=5, l2=0.2)
    yield network("3-5-4-3", "sigmoid tanh softmax", "cross_entropy", seed=42, batch=4, l2=0.1, optimizer="momentum")
    yield network("2-4-5-3", "relu tanh identity", "half_squared_error", seed=43, batch=4, l2=0.3)
    yield network("2-5-3", "tanh sigmoid", seed=44, batch="all", reduction="sum", alpha=0.1)
    yield network(
        "3-4-4-3", "sigmoid relu sigmoid", "binary_cross_entropy", seed=45, batch=2, examples=5, reduction="sum"
    )
    yield network("2-5-4-3", "tanh gelu softmax", "cross_entropy", seed=46, batch="all", reduction="sum", alpha=0.1)
    yield network("2-4-3", "tanh sigmoid", seed=47, batch="all", examples=5, biases="fixed")
    yield network(
        "3-5-4-3", "relu sigmoid identity", "half_squared_error", seed=48, batch=4, examples=5, biases="fixed"
    )
    yield network("2-4-3", "sigmoid softmax", "cross_entropy", seed=49, biases="fixed", examples=3)
    yield network(
        "2-4-5", "tanh sigmoid", seed=50, batch=3, examples=3, biases="shared", optimizer="nesterov", alpha=0.1
    )
    yield network("3-4-3", "sigmoid tanh", "half_squared_error", seed=51, batch="all", biases="none", optimizer="adam")


def by_optimizer() -> Iterator[Config]:
    """Numbers of the optimizers at which a slip in them is seen: an ε that counts, a β₂ that is not nearly 1."""
    nesterov = {"name": "nesterov", "beta": 0.8}
    yield network("2-4-3", "tanh sigmoid", seed=61, batch="all", optimizer=nesterov)
    yield network("3-5-4-3", "sigmoid relu softmax", "cross_entropy", seed=62, batch=2, optimizer="nesterov", alpha=0.1)
    yield network(
        "2-4-5-3", "tanh tanh identity", "half_squared_error", seed=63, examples=3, optimizer="nesterov", alpha=0.1
    )
    root = {"epsilon": 0.02}
    adagrad = {"name": "adagrad", **root}
    yield network("2-4-3", "sigmoid tanh", seed=64, batch="all", optimizer=adagrad, alpha=0.05)
    yield network("3-5-4", "tanh softmax", "cross_entropy", seed=65, batch=3, optimizer=adagrad, alpha=0.1)
    rmsprop = {"name": "rmsprop", "beta": 0.9, **root}
    yield network("2-4-3", "tanh sigmoid", "binary_cross_entropy", seed=66, batch="all", optimizer=rmsprop, alpha=0.02)
    yield network("2-5-4-3", "relu tanh identity", seed=67, batch=2, optimizer=rmsprop, alpha=0.03)
    moments = {"beta1": 0.8, "beta2": 0.95, **root}
    adam = {"name": "adam", **moments}
    yield network("2-4-3", "tanh sigmoid", seed=68, batch="all", examples=5, optimizer=adam, alpha=0.1)
    yield network("3-5-4-3", "sigmoid relu softmax", "cross_entropy", seed=69, batch=2, optimizer=adam, alpha=0.05)
    yield network("2-4-5-3-4", "tanh silu sigmoid identity", "half_squared_error", seed=70, examples=3, optimizer=adam)
    adamw = {"name": "adamw", "weight_decay": 0.2, **moments}
    yield network("2-4-3", "sigmoid sigmoid", "binary_cross_entropy", seed=71, batch="all", optimizer=adamw, alpha=0.1)
    yield network("3-5-4-3", "tanh relu tanh", seed=72, batch=2, optimizer=adamw, alpha=0.05)
    yield network("2-4-3", "sigmoid softmax", "cross_entropy", seed=73, examples=3, optimizer=adamw)
    momentum = {"name": "momentum", "beta": 0.7}
    yield network("3-4-5-3", "sigmoid tanh sigmoid", seed=74, batch="all", optimizer=momentum, alpha=0.2)


def exactly_at_zero() -> Iterator[Config]:
    """A relu whose Z is exactly 0 for an example: 0.5·1 − 0.25·2 and the like, which floats hold exactly."""
    W1 = [[0.5, -0.25], [0.37, 0.81], [-0.64, 0.22], [0.93, -0.17]]
    x = [[1.0, 2.0], [0.41237, -0.92518], [1.30461, 0.60293], [-0.81742, 0.70635]]
    rest = {"W2": [[0.3, -0.7, 0.5, 0.2], [-0.4, 0.6, 0.1, -0.9], [0.8, 0.35, -0.55, 0.45]], "b2": [0.1, -0.2, 0.3]}
    weights = {"W1": W1, "b1": [0.0, 0.12, -0.31, 0.23], **rest}
    yield network("2-4-3", "relu identity", seed=81, weights=weights, x=x, batch="all")
    yield network("2-4-3", "relu sigmoid", "binary_cross_entropy", seed=82, weights=weights, x=x, iterations=2)
    weights = {"W1": [[0.5, -0.5], *W1[1:]], "b1": [0.5, 0.12, -0.31, 0.23], **rest}
    yield network("2-4-3", "relu softmax", "cross_entropy", seed=83, weights=weights, x=x, batch=2)


NETWORKS: tuple[Config, ...] = tuple(networks())
