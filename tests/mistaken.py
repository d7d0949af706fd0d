"""Mistakes that learners make, networks on which each of them shows, and the numbers that come of it.

`learner` trains a network of its own (see `learner.py`) with the mistakes asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import Any

import numpy as np
from learner import FUSED, SWAPPED, Learner
from mistaken_networks import NETWORKS

from nntrace import Config

Layers = list[int]


def learner(config: Config, *mistakes: str, steps: int | None = None, layer: int | None = None) -> list[dict[str, Any]]:
    """The steps of the trace's JSON form, of `config` trained with these mistakes in it.

    `steps` ends the training after so many updates. `layer` makes the mistakes in that layer only
    (that of the first quantity that gets wrong by it); a mistake of the whole network takes no notice.
    Raises `KeyError` for an unknown mistake, `ValueError` for one that this network has no place for.
    """
    places = {}
    for mistake in mistakes:
        row = MISTAKES[mistake]
        places[mistake] = row.layers(config)
        if row.per_layer and layer is not None:
            places[mistake] = [place for place in places[mistake] if place == layer]
        if not row.applies(config) or not places[mistake]:
            raise ValueError(f"{mistake} has no place in this network")
    with np.errstate(all="ignore"):  # some mistakes make numbers that grow without bound
        taken = list(islice(Learner(config, places).steps(), steps))
    if "off-by-one-step" in mistakes:
        taken = [renamed(step, name) for name, step in pairwise(taken)]
    if "one-step-late" in mistakes:
        taken = [renamed(step, name) for name, step in zip(taken[1:], taken, strict=False)]
    return [{**step, "values": sheet(step["values"], mistakes)} for step in taken]


def renamed(step: Mapping[str, Any], name: Mapping[str, Any]) -> dict[str, Any]:
    """`step` under the iteration and batch of another one; its examples are those that it used."""
    return {**step, "iteration": name["iteration"], "batch": name["batch"]}


def sheet(values: Mapping[str, Any], mistakes: tuple[str, ...]) -> dict[str, Any]:
    """The numbers as he hands them in."""
    written = {}
    for name, value in values.items():
        shown = np.asarray(value)
        if "rows-as-examples" in mistakes and name.rstrip("0123456789") in {"A", "y", "Z", "losses", "dA", "dZ"}:
            shown = shown.T
        if "delta-with-other-sign" in mistakes and name.startswith("d"):
            shown = -shown
        written[name] = shown.tolist()
    return written


# What a network has.


def depth(config: Config) -> int:
    return len(config.architecture.layers)


def nodes(config: Config) -> list[int]:
    """n[0], the inputs, to n[L]."""
    return [config.architecture.inputs, *(layer.nodes for layer in config.architecture.layers)]


def function(config: Config, layer: int) -> str:
    name: str = config.architecture.layers[layer - 1].chosen.name
    return name


def output(config: Config) -> str:
    return function(config, depth(config))


def loss(config: Config) -> str:
    return config.chosen_loss.name


def optimizer(config: Config) -> str:
    return config.chosen_optimizer.name


def fused(config: Config) -> bool:
    return (output(config), loss(config)) in FUSED


def batch(config: Config) -> bool:
    return config.batch_size > 1


def mean(config: Config) -> bool:
    return batch(config) and config.reduction == "mean"


def biased(config: Config) -> bool:
    """Whether there are biases that are trained."""
    return config.architecture.biases in ("trained", "shared")


def several(config: Config) -> bool:
    """Whether there are several updates."""
    return config.iterations * config.batches > 1


def same_batches(config: Config) -> bool:
    return config.examples % config.batch_size == 0


def squared(config: Config) -> bool:
    return loss(config) in ("squared_error", "half_squared_error", "mean_squared_error")


def cross_entropy(config: Config) -> bool:
    return loss(config).endswith("cross_entropy")


def with_moments(config: Config) -> bool:
    return optimizer(config) in ("adam", "adamw")


def with_root(config: Config) -> bool:
    return with_moments(config) or optimizer(config) in ("adagrad", "rmsprop")


def with_velocity(config: Config) -> bool:
    return optimizer(config) in ("momentum", "nesterov")


# Where a mistake has its place: layers.


def every(config: Config) -> Layers:
    return list(range(1, depth(config) + 1))


def hidden(config: Config) -> Layers:
    return every(config)[:-1]


def last(config: Config) -> Layers:
    return every(config)[-1:]


def differentiated(config: Config) -> Layers:
    """The layers whose dZ comes from their dA, by a derivative that is not 1."""
    found = hidden(config) if fused(config) else every(config)
    return [layer for layer in found if function(config, layer) != "identity"]


def square(config: Config, rows: int = 0) -> Layers:
    """The layers whose W (`rows` 1: the W of the layer after it) is square, of more than one node."""
    n = nodes(config)
    found = every(config)[: depth(config) - rows]
    return [layer for layer in found if n[layer + rows] == n[layer + rows - 1] > 1]


def curved(config: Config) -> Layers:
    """The layers whose derivative is another one at a than at z."""
    kinked = ("relu", "leaky_relu", "softmax")
    return [layer for layer in differentiated(config) if function(config, layer) not in kinked]


def sigmoidal(*names: str) -> Callable[[Config], Layers]:
    return lambda config: [layer for layer in differentiated(config) if function(config, layer) in names]


def at_output(holds: Callable[[Config], bool]) -> Callable[[Config], Layers]:
    return lambda config: last(config) if holds(config) else []


def all_where(holds: Callable[[Config], bool]) -> Callable[[Config], Layers]:
    return lambda config: every(config) if holds(config) else []


@dataclass(frozen=True)
class Mistaken:
    """A mistake: what the learner did, and the layers of a network in which it can be made.

    One that is not `per_layer` is made everywhere at once.
    """

    did: str
    layers: Callable[[Config], Layers]
    per_layer: bool = True

    def applies(self, config: Config) -> bool:
        """Whether the network has a place for it."""
        return bool(self.layers(config))


def whole(did: str, holds: Callable[[Config], bool]) -> Mistaken:
    """A mistake that is made everywhere at once, in a network for which `holds`."""
    return Mistaken(did, all_where(holds), per_layer=False)


FORWARD: Mapping[str, Mistaken] = {
    "bias-left-out": Mistaken("Z = W·A", all_where(lambda c: c.architecture.biases != "none")),
    "activation-left-out": Mistaken(
        "A = Z in a hidden layer; backward the derivative of its activation, at Z",
        lambda c: [layer for layer in hidden(c) if function(c, layer) != "identity"],
    ),
    "another-activation": Mistaken(
        "a sigmoid for a tanh, a tanh for a sigmoid or a relu, in the hidden layers, with its own derivative",
        lambda c: [layer for layer in hidden(c) if function(c, layer) in SWAPPED],
    ),
    "layer-input-passed-on": Mistaken(
        "Z[l] = W[l]·A[l−2] + b[l]; dW[l] from A[l−1]",
        lambda c: [layer for layer in every(c)[1:] if nodes(c)[layer - 2] == nodes(c)[layer - 1]],
    ),
    "softmax-twice": whole("the loss of softmax(ŷ)", lambda c: loss(c) == "cross_entropy"),
    "softmax-across-batch": Mistaken(
        "the output's softmax along the examples, not the nodes",
        at_output(lambda c: output(c) == "softmax" and fused(c) and batch(c)),
    ),
    "bias-broadcast": Mistaken(
        "Z = W·A + bᵀ, which fits where there are as many examples as nodes",
        lambda c: [
            layer
            for layer in every(c)
            if c.architecture.biases in ("trained", "fixed") and nodes(c)[layer] == c.batch_size > 1
        ],
    ),
    "forward-transposed": Mistaken("Z = Wᵀ·A + b for a square W; backward Wᵀ all the same", square),
}
LOSS: Mapping[str, Mistaken] = {
    "loss-without-square": whole("the sum of y − ŷ; the gradient is right", squared),
    "loss-with-half": whole("½ Σ (y − ŷ)²; the gradient is right", lambda c: loss(c) == "squared_error"),
    "loss-without-half": whole("Σ (y − ŷ)²; the gradient is right", lambda c: loss(c) == "half_squared_error"),
    "log-base-2": whole("the logarithm to base 2; the gradient is right", cross_entropy),
    "log-base-10": whole("the logarithm to base 10; the gradient is right", cross_entropy),
    "loss-without-minus": whole("the cross entropy without its minus; the gradient is right", cross_entropy),
    "y-and-prediction-exchanged": whole(
        "−Σ ŷ ln y; the gradient is right",
        lambda c: cross_entropy(c) and bool(((c.y > 0) & (c.y < 1)).all()),
    ),
    "mean-over-outputs": whole(
        "loss and gradient divided by n[L], as MSELoss has it",
        lambda c: loss(c) in ("squared_error", "half_squared_error") and nodes(c)[-1] > 1,
    ),
    "mean-over-outputs-in-loss": whole(
        "the loss divided by n[L]; the gradient is right",
        lambda c: loss(c) in ("squared_error", "half_squared_error") and nodes(c)[-1] > 1,
    ),
    "sum-over-batch": whole("loss and gradient not divided by m", mean),
    "sum-over-batch-in-loss": whole("the loss not divided by m", mean),
    "sum-over-batch-in-gradient": whole("the gradient not divided by m", mean),
    "mean-over-batch": whole(
        "loss and gradient divided by m where the config has the sum", lambda c: batch(c) and c.reduction == "sum"
    ),
    "penalty-without-half": whole("penalty λ Σ W², 2λW in dW", lambda c: c.l2 > 0),
    "penalty-over-m": whole("penalty λ/(2m) Σ W², λ/m W in dW", lambda c: c.l2 > 0 and batch(c)),
    "penalty-in-loss-only": Mistaken("dW without λW", all_where(lambda c: c.l2 > 0)),
    "penalty-in-gradient-only": whole("the loss without its penalty, which is 0 in his sheet", lambda c: c.l2 > 0),
    "penalty-of-biases": whole("the squares of b in the penalty too, λb in db", lambda c: c.l2 > 0 and biased(c)),
}
BACKWARD: Mapping[str, Mistaken] = {
    "factor-2-forgotten": whole("dA[L] = ŷ − y", lambda c: loss(c) in ("squared_error", "mean_squared_error")),
    "factor-2-with-half": whole("dA[L] = 2(ŷ − y) with the ½ loss", lambda c: loss(c) == "half_squared_error"),
    "error-reversed": whole("y − ŷ for ŷ − y; the update is w − αg as ever", lambda c: True),
    "m-divided-twice": Mistaken("1/m in dZ and again in dW and db", all_where(mean)),
    "m-divided-in-every-layer": Mistaken(
        "1/m again in the dZ of a hidden layer", lambda c: hidden(c) if mean(c) else []
    ),
    "m-only-in-dW": whole("1/m in dW and db, not in dA and dZ", mean),
    "cross-entropy-term-sign": whole(
        "by dA[L] = −(y/a + (1 − y)/(1 − a))/m; dZ = dA·a(1 − a)",
        lambda c: loss(c) == "binary_cross_entropy" and fused(c),
    ),
    "derivative-left-out-at-output": Mistaken(
        "dZ[L] = dA[L]", lambda c: [layer for layer in differentiated(c) if layer == depth(c)]
    ),
    "derivative-left-out": Mistaken(
        "dZ = dA in a hidden layer", lambda c: [layer for layer in differentiated(c) if layer < depth(c)]
    ),
    "derivative-kept": Mistaken(
        "dZ[L] = (ŷ − y)/m·σ′(Z) with the cross entropy of a sigmoid",
        at_output(lambda c: loss(c) == "binary_cross_entropy" and fused(c)),
    ),
    "derivative-of-output": Mistaken("f′(A) for f′(Z): σ(a)(1 − σ(a)), 1 − tanh(a)²", curved),
    "derivative-at-z": Mistaken("z(1 − z) for a sigmoid, 1 − z² for a tanh", sigmoidal("sigmoid", "tanh")),
    "derivative-of-error": Mistaken(
        "dZ[L] = dA[L]·e(1 − e), e = ŷ − y", at_output(lambda c: output(c) == "sigmoid" and not fused(c))
    ),
    "another-derivative": Mistaken("1 − a² for a sigmoid, a(1 − a) for a tanh", sigmoidal("sigmoid", "tanh")),
    "derivative-without-one": Mistaken("a for a(1 − a)", sigmoidal("sigmoid")),
    "softmax-diagonal": Mistaken(
        "by dA[L] = −(y/a)/m (or that of another loss); dZ = dA·a(1 − a)", at_output(lambda c: output(c) == "softmax")
    ),
    "softmax-from-z": Mistaken(
        "by dA[L] = −(y/a)/m (or that of another loss); dZ = z ⊙ (dA − Σ dA ⊙ z)",
        at_output(lambda c: output(c) == "softmax"),
    ),
    "updated-weights": Mistaken("dA[l] = W[l+1]_newᵀ·dZ[l+1]", hidden),
    "weights-not-transposed": Mistaken("dA[l] = W[l+1]·dZ[l+1], W square", lambda c: square(c, 1)),
    "dW-for-W": Mistaken("dA[l] = dW[l+1]ᵀ·dZ[l+1]", hidden),
    "dA-sent-back": Mistaken(
        "dA[l] = W[l+1]ᵀ·dA[l+1]", lambda c: [layer for layer in hidden(c) if layer + 1 in differentiated(c)]
    ),
    "output-sent-back": Mistaken("dA[l] = W[l+1]ᵀ·A[l+1]", hidden),
    "one-path-only": Mistaken(
        "dA[l] by the first node of layer l+1 alone",
        lambda c: [layer for layer in hidden(c) if nodes(c)[layer + 1] > 1],
    ),
    "another-layers-dA": Mistaken(
        "dZ[l] = dA[l+1] ⊙ f′(Z[l]), layers of equal size",
        lambda c: [
            layer
            for layer in hidden(c)
            if nodes(c)[layer] == nodes(c)[layer + 1]
            and function(c, layer) != "softmax"
            and not (fused(c) and layer + 1 == depth(c))
        ],
    ),
    "product-for-elementwise": Mistaken(
        "dZ = dA·f′(Z), a matrix product, as many examples as nodes",
        lambda c: [
            layer
            for layer in differentiated(c)
            if function(c, layer) != "softmax" and nodes(c)[layer] == c.batch_size > 1
        ],
    ),
    "times-z": Mistaken(
        "dZ = dA ⊙ f′(Z) ⊙ Z", lambda c: [layer for layer in differentiated(c) if function(c, layer) != "softmax"]
    ),
    "relu-at-zero": Mistaken("Z ≥ 0 for Z > 0", sigmoidal("relu")),
    "mask-from-gradient": Mistaken("dZ = dA ⊙ (dA > 0) for a relu", sigmoidal("relu")),
    "stale-activation": Mistaken(
        "a(1 − a), 1 − a² in a hidden layer with the A of the step before (0 at the first)",
        lambda c: [layer for layer in sigmoidal("sigmoid", "tanh")(c) if layer < depth(c) and same_batches(c)],
    ),
    "dW-from-z": Mistaken(
        "dW[l] = dZ[l]·Z[l−1]ᵀ", lambda c: [layer for layer in every(c)[1:] if function(c, layer - 1) != "identity"]
    ),
    "dW-from-own-output": Mistaken(
        "dW[l] = dZ[l]·A[l]ᵀ, layers of equal size",
        lambda c: [layer for layer in every(c) if nodes(c)[layer] == nodes(c)[layer - 1]],
    ),
    "dW-transposed": Mistaken("dW = (dZ·Aᵀ)ᵀ, W square, and the update with it", square),
    "db-averaged": Mistaken("db divided by m once more", all_where(lambda c: biased(c) and batch(c))),
    "db-not-summed": Mistaken(
        "db is dZ, a column for each example; the update adds them up",
        all_where(lambda c: c.architecture.biases == "trained" and batch(c)),
    ),
}
UPDATE: Mapping[str, Mistaken] = {
    "bias-not-updated": Mistaken("b_new = b", all_where(biased)),
    "fixed-bias-updated": Mistaken(
        "b_new = b − α Σ dZ where the config has the biases fixed",
        all_where(lambda c: c.architecture.biases == "fixed" and optimizer(c) == "gradient_descent"),
    ),
    "bias-shared": Mistaken(
        "every b of a layer updated by the sum of its db over the nodes",
        lambda c: [layer for layer in every(c) if c.architecture.biases == "trained" and nodes(c)[layer] > 1],
    ),
    "gradients-not-reset": whole("dW and db are sums over all steps so far", several),
    "ascent": Mistaken("w + α·direction", every),
    "alpha-twice": Mistaken("α² for α", every),
    "alpha-left-out": Mistaken("1 for α", every),
    "velocity-averaged": Mistaken("v ← βv + (1 − β)g", all_where(with_velocity)),
    "alpha-in-velocity": Mistaken("v ← βv + αg; w ← w − v, or w − (αg + βv) for nesterov", all_where(with_velocity)),
    "velocity-before-update": Mistaken("w ← w − α·(v before)", all_where(lambda c: optimizer(c) == "momentum")),
    "nesterov-for-momentum": Mistaken("w ← w − α(g + βv)", all_where(lambda c: optimizer(c) == "momentum")),
    "momentum-for-nesterov": Mistaken("w ← w − αv", all_where(lambda c: optimizer(c) == "nesterov")),
    "epsilon-in-root": Mistaken("√(s + ε) for √s + ε", all_where(with_root)),
    "epsilon-before-correction": Mistaken("α·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√s + ε)", all_where(with_moments)),
    "no-bias-correction": Mistaken("m̂ = m, ŝ = s", all_where(with_moments)),
    "first-moment-uncorrected": Mistaken("m̂ = m", all_where(with_moments)),
    "second-moment-uncorrected": Mistaken("ŝ = s", all_where(with_moments)),
    "t-from-zero": whole("t is 0 at the first step, where he leaves the correction out", with_moments),
    "t-one-behind": whole("t is 1, 1, 2, 3 …", lambda c: with_moments(c) and several(c)),
    "betas-swapped": Mistaken("β₁ for β₂ and β₂ for β₁", all_where(with_moments)),
    "gradient-not-squared": Mistaken("the mean (adagrad: the sum) of |g| for that of g²", all_where(with_root)),
    "decay-through-gradient": Mistaken(
        "g + weight_decay·w goes into the moments, nothing else decays", all_where(lambda c: optimizer(c) == "adamw")
    ),
    "root-left-out": Mistaken("divided by s + ε", all_where(with_root)),
}
SCHEDULE: Mapping[str, Mistaken] = {
    "off-by-one-step": whole("what he calls step k is step k + 1; he has one step less", several),
    "one-step-late": whole("what he calls step k is step k − 1; his first is step 2", several),
    "state-reset": whole(
        "what the optimizer keeps is 0 at every step", lambda c: optimizer(c) != "gradient_descent" and several(c)
    ),
    "examples-reordered": whole("the examples in reverse order, in every iteration", lambda c: c.examples > 1),
    "batches-cut-elsewhere": whole(
        "one example more in a batch (one less where all are in one)",
        lambda c: c.examples > 2 if c.batch_size >= c.examples else c.batch_size > 1,
    ),
    "weights-rounded": Mistaken("W_new and b_new rounded to 3 decimals", every),
}
READING: Mapping[str, Mistaken] = {
    "float32": whole("everything in single precision", lambda c: True),
    "rounded-by-hand": whole("every result rounded to 4 decimals and used so", lambda c: True),
    "rows-as-examples": whole("A, y, Z, losses, dA, dZ written with a row for each example", lambda c: True),
    "delta-with-other-sign": whole(
        "every gradient with the other sign, and w + α·that", lambda c: optimizer(c) == "gradient_descent"
    ),
}
MISTAKES: Mapping[str, Mistaken] = {**FORWARD, **LOSS, **BACKWARD, **UPDATE, **SCHEDULE, **READING}


# Networks on which a mistake shows.

CHOSEN = 4
"""How many networks a mistake is tried on, if it has a place in so many."""
CLEARLY = 1e-4
"""What differs by this much of a quantity's largest entry is no matter of the last digits."""


@cache
def networks_for(name: str) -> list[Config]:
    """Networks, as different as there are, on which this mistake makes clearly other numbers; all of them finite."""
    start = 5 * list(MISTAKES).index(name) % len(NETWORKS)  # so that all of them have their turn
    rotated = NETWORKS[start:] + NETWORKS[:start]
    left = [config for config in rotated if MISTAKES[name].applies(config)]
    taken: list[Config] = []
    seen: set[str] = set()
    while left and len(taken) < CHOSEN:
        newest = max(left, key=lambda config: len(traits(config) - seen)) if taken else left[0]
        left = [config for config in left if config is not newest]
        if shows(name, newest):
            taken.append(newest)
            seen |= traits(newest)
    return taken


def traits(config: Config) -> set[str]:
    """What makes a network another one."""
    size = "one" if not batch(config) else "all" if config.batch_size >= config.examples else "some"
    names = (function(config, layer) for layer in every(config))
    return {
        f"{depth(config)} layers",
        f"{nodes(config)}",
        f"batch of {size}",
        config.reduction,
        loss(config),
        optimizer(config),
        *names,
    }


def shows(name: str, config: Config) -> bool:
    """Whether the mistake makes other numbers (float32: at all), and none that is not finite."""
    wrong = learner(config, name)
    if not all(np.isfinite(value).all() for step in wrong for value in step["values"].values()):
        return False
    tolerance = 1e-9 if name == "float32" else CLEARLY
    return next(differences(learner(config), wrong, tolerance), None) is not None


Steps = list[dict[str, Any]]


def differences(right: Steps, wrong: Steps, tolerance: float = 1e-9) -> Iterator[tuple[int, int, str]]:
    """The iteration, batch and name of what differs, in order; of what both have.

    To `tolerance` of the quantity's largest entry. A quantity of another shape differs.
    """
    there = {(step["iteration"], step["batch"]): step["values"] for step in right}
    for step in wrong:
        place = (step["iteration"], step["batch"])
        expected = there.get(place, {})
        for name, value in step["values"].items():
            if name in expected and not alike(np.asarray(expected[name]), np.asarray(value), tolerance):
                yield (*place, name)


def alike(right: Any, wrong: Any, tolerance: float) -> bool:
    return right.shape == wrong.shape and bool(np.abs(right - wrong).max() <= tolerance * np.abs(right).max())
