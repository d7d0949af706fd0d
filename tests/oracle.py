"""An independent oracle: the loss of a network in HIPS autograd, from the config alone.

It shares nothing with nntrace but the names of the quantities. To get ∂loss/∂Z and ∂loss/∂A, a zero
is added to every Z and A, and the loss is derived by these zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from nntrace import Config, Step

Arrays = dict[str, Any]

ACTIVATIONS: Mapping[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 0.5 * (anp.tanh(0.5 * z) + 1.0),
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0.0),
}
LOSSES: Mapping[str, Callable[[Any, Any], Any]] = {
    "squared_error": lambda y, a: anp.sum((y - a) ** 2, axis=0),
    "half_squared_error": lambda y, a: anp.sum((y - a) ** 2, axis=0) / 2,
    "binary_cross_entropy": lambda y, a: -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a), axis=0),
}


def loss(values: Arrays, config: Config) -> Any:
    """The loss of an update; `values` holds A0, y, every W and b, and a zero for every Z and A."""
    a = values["A0"]
    for index, layer in enumerate(config.architecture.layers, start=1):
        z = anp.dot(values[f"W{index}"], a) + values.get(f"b{index}", 0.0) + values[f"Z{index}"]
        a = ACTIVATIONS[layer.chosen.name](z) + values[f"A{index}"]
    total = anp.sum(LOSSES[config.chosen_loss.name](values["y"], a))
    return total / values["A0"].shape[1] if config.reduction == "mean" else total


def gradients(step: Step, config: Config) -> Arrays:
    """∂loss/∂Q for every W, b, Z and A of the step, by their names."""
    layers = range(1, len(config.architecture.layers) + 1)
    values = {name: np.array(step[name]) for name in step if name[0] in "AyWb" and "_" not in name and name != "alpha"}
    for index in layers:
        for name in (f"Z{index}", f"A{index}"):
            values[name] = np.zeros(step[name].shape)
    found: Arrays = autograd.grad(loss)(values, config)
    return found


def finite_differences(step: Step, config: Config, name: str, h: float = 1e-5) -> Any:
    """∂loss/∂Q by central differences of the oracle's loss, entry by entry."""
    layers = range(1, len(config.architecture.layers) + 1)
    values = {key: np.array(step[key]) for key in step if key[0] in "AyWb" and "_" not in key and key != "alpha"}
    values |= {f"{kind}{index}": np.zeros(step[f"{kind}{index}"].shape) for index in layers for kind in "ZA"}
    found = np.zeros(values[name].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for sign in (+1, -1):
            moved = values[name].copy()
            moved[place] += sign * h
            ends.append(loss({**values, name: moved}, config))
        found[place] = (ends[0] - ends[1]) / (2 * h)
    return found
