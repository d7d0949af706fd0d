"""An independent oracle: the loss of a network in HIPS autograd, from the config alone.

It shares nothing with nntrace but the names of the quantities. To get ∂loss/∂Z and ∂loss/∂A, a zero
is added to every Z and A, and the loss is derived by these zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import autograd
import autograd.numpy as anp
import autograd.scipy.special
import autograd.scipy.stats
import numpy as np

from nntrace import Config, Step

Arrays = dict[str, Any]


def selu(z: Any) -> Any:
    """With the constants of Klambauer et al., 2017, appendix."""
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return scale * elu(z, alpha)


def elu(z: Any, alpha: float) -> Any:
    return anp.where(z > 0, z, alpha * anp.expm1(anp.where(z > 0, 0.0, z)))


def softmax(z: Any) -> Any:
    return anp.exp(z - autograd.scipy.special.logsumexp(z, axis=0, keepdims=True))


def sigmoid(z: Any) -> Any:
    return 0.5 * (anp.tanh(0.5 * z) + 1.0)


def huber(y: Any, a: Any, delta: float) -> Any:
    e = anp.abs(y - a)
    return anp.sum(anp.where(e <= delta, e**2 / 2, delta * (e - delta / 2)), axis=0)


ACTIVATIONS: Mapping[str, Callable[..., Any]] = {
    "identity": lambda z: z,
    "sigmoid": sigmoid,
    "tanh": anp.tanh,
    "relu": lambda z: anp.where(z > 0, z, 0.0),
    "leaky_relu": lambda z, slope: anp.where(z > 0, z, slope * z),
    "elu": elu,
    "selu": selu,
    "softplus": lambda z: anp.logaddexp(z, 0.0),
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * autograd.scipy.stats.norm.cdf(z),
    "softmax": softmax,
}
LOSSES: Mapping[str, Callable[..., Any]] = {
    "squared_error": lambda y, a: anp.sum((y - a) ** 2, axis=0),
    "half_squared_error": lambda y, a: anp.sum((y - a) ** 2, axis=0) / 2,
    "mean_squared_error": lambda y, a: anp.mean((y - a) ** 2, axis=0),
    "absolute_error": lambda y, a: anp.sum(anp.abs(y - a), axis=0),
    "huber": huber,
    "binary_cross_entropy": lambda y, a: -anp.sum(y * anp.log(a) + (1 - y) * anp.log(1 - a), axis=0),
    "cross_entropy": lambda y, a: -anp.sum(y * anp.log(a), axis=0),
}
OF_LOGITS: Mapping[str, Callable[[Any, Any], Any]] = {
    "sigmoid, binary_cross_entropy": lambda y, z: anp.sum(anp.logaddexp(0.0, z) - y * z, axis=0),
    "softmax, cross_entropy": lambda y, z: anp.sum(
        y * (autograd.scipy.special.logsumexp(z, axis=0, keepdims=True) - z), axis=0
    ),
}
"""The same losses written in Z, where 1 − ŷ would lose its digits."""
_STARTS = re.compile(r"A0|y|[Wb]\d+")


def starts(step: Step) -> Arrays:
    """A0, y, every W and b of a step; nothing that the step computed."""
    return {name: np.array(step[name]) for name in step if _STARTS.fullmatch(name)}


def loss(values: Arrays, config: Config) -> Any:
    """The loss of an update; `values` holds A0, y, every W and b, and a zero for every Z and A."""
    a = values["A0"]
    penalty = 0.0
    for index, layer in enumerate(config.architecture.layers, start=1):
        z = anp.dot(values[f"W{index}"], a) + values.get(f"b{index}", 0.0) + values[f"Z{index}"]
        chosen = layer.chosen
        a = ACTIVATIONS[chosen.name](z, **chosen.parameters) + values[f"A{index}"]
        penalty = penalty + config.l2 / 2 * anp.sum(values[f"W{index}"] ** 2)
    pair = f"{chosen.name}, {config.chosen_loss.name}"
    if pair in OF_LOGITS:
        total = anp.sum(OF_LOGITS[pair](values["y"], z))
    else:
        total = anp.sum(LOSSES[config.chosen_loss.name](values["y"], a, **config.chosen_loss.parameters))
    return (total / values["A0"].shape[1] if config.reduction == "mean" else total) + penalty


def gradients(step: Step, config: Config) -> Arrays:
    """∂loss/∂Q for every W, b, Z and A of the step, by their names."""
    values = {**starts(step), **zeros(step, config)}
    found: Arrays = autograd.grad(loss)(values, config)
    return found


def zeros(step: Step, config: Config) -> Arrays:
    layers = range(1, len(config.architecture.layers) + 1)
    return {f"{kind}{index}": np.zeros(step[f"{kind}{index}"].shape) for index in layers for kind in "ZA"}


def finite_differences(step: Step, config: Config, name: str, h: float = 1e-5) -> Any:
    """∂loss/∂Q by central differences of the oracle's loss, entry by entry."""
    values = {**starts(step), **zeros(step, config)}
    found = np.zeros(values[name].shape)
    for place in np.ndindex(found.shape):
        ends = []
        for sign in (+1, -1):
            moved = values[name].copy()
            moved[place] += sign * h
            ends.append(loss({**values, name: moved}, config))
        found[place] = (ends[0] - ends[1]) / (2 * h)
    return found


def close(ours: Any, theirs: Any, terms: Any = 0.0, rounding: float = 0.0) -> bool:
    """To a relative 1e-10, or 1e-12 of the quantity's largest entry (of the terms of a sum, which may cancel).

    `rounding` is what is nothing but rounding beside the other gradients of the step.
    """
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    largest = max(np.abs(theirs).max(), np.abs(terms).max())
    allowed = np.maximum(1e-10 * np.abs(theirs), max(1e-12 * largest, rounding))
    return bool((np.abs(ours - theirs) <= allowed).all())


def off(step: Step, config: Config) -> list[str]:
    """The d-quantities that differ from autograd's by more than right calculations do."""
    theirs = gradients(step, config)
    names = [name for name in step if name[0] == "d"]
    largest = max(np.abs(theirs[name[1:]]).max() for name in names)
    rounding = 1e-15 * max(1.0, largest)  # ŷ − y of a ŷ near 1 has the last digits of 1
    terms = {name: theirs[f"Z{name[2:]}"] if name.startswith("db") else 0.0 for name in names}
    return [name for name in names if not close(step[name], theirs[name[1:]], terms[name], rounding)]
