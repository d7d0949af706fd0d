"""What messages point to: an example of each key, and how things are written here that are otherwise elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from nntrace.suggest import Also

_LAYER = "{nodes: 4, activation: sigmoid}"
_RULE = "weights: {init: normal, seed: 1}"
_SCHEDULE = "alpha: {start: 0.1, decay: 0.5, every: 10}"

EXAMPLES: Mapping[tuple[str, str], str] = {
    ("", "architecture"): f"architecture: {{inputs: 1, layers: [{_LAYER}]}}",
    ("architecture", "inputs"): "inputs: 2",
    ("architecture", "layers"): f"layers: [{_LAYER}, {{nodes: 1, activation: sigmoid}}]",
    ("layers", "nodes"): _LAYER,
    ("layers", "activation"): _LAYER,
    ("activation", "name"): "activation: {name: leaky_relu, slope: 0.1}",
    ("", "weights"): f"weights: 0.5, or {_RULE}",
    ("weights", "init"): _RULE,
    ("weights", "seed"): f"{_RULE}: a trace repeats, so the draw needs its seed",
    ("", "data"): "data: {x: [2, 3], y: [1, 0]}",
    ("data", "file"): "data: {file: data.csv, x: [height, width], y: [weight]}",
    ("data", "x"): "x: [[0, 1], [1, 1]]",
    ("data", "y"): "y: [1, 0]",
    ("data", "labels"): "labels: [2, 0, 1]",
    ("", "loss"): "loss: squared_error",
    ("loss", "name"): "loss: {name: huber, delta: 0.5}",
    ("", "alpha"): "alpha: 0.1",
    ("alpha", "start"): _SCHEDULE,
    ("alpha", "decay"): _SCHEDULE,
    ("alpha", "every"): _SCHEDULE,
    ("", "iterations"): "iterations: 10",
    ("", "batch"): "batch: 4, or batch: all",
    ("", "optimizer"): "optimizer: adam",
    ("optimizer", "name"): "optimizer: {name: adam, beta1: 0.8}",
    ("", "l2"): "l2: 0.01",
    ("", "clip_norm"): "clip_norm: 1.0",
    ("", "shuffle"): "shuffle: {seed: 3}",
    ("shuffle", "seed"): "shuffle: {seed: 3}",
    ("", "round"): "round: 4",
    ("", "decimals"): "decimals: 6",
    ("", "expect"): "expect: [{iteration: 1, example: 1, A3: 0.9968}]",
    ("expect", "iteration"): "{iteration: 1, example: 1, A3: 0.9968}",
    ("expect", "example"): "{iteration: 1, example: 1, A3: 0.9968}",
    ("expect", "batch"): "{iteration: 1, batch: 2, loss: 0.0126}",
    ("expect", "tolerance"): "{iteration: 1, example: 1, A3: 0.9968, tolerance: 0.0005}",
}
"""By the key that a key stands in, and its own."""

ROWS: Mapping[str, str] = {
    "activation": "activation: {{name: {}}}",
    "loss": "loss: {{name: {}}}",
    "optimizer": "optimizer: {{name: {}}}",
    "init": "weights: {{init: {}, seed: 1}}",
}
"""How a row of a table is written with its numbers."""

TAGS: Also = {
    "name": ("type", "kind", "function", "class_name"),
    "init": ("rule", "initializer", "method", "type", "name", "distribution"),
}
"""The keys that choose a row, and what they are called elsewhere."""

KEYS: Also = {
    f"`{_SCHEDULE}`": (
        *("decay", "lr_decay", "alpha_decay", "learning_rate_decay", "decay_rate", "decay_steps", "gamma"),
        *("schedule", "scheduler", "lr_schedule", "lr_scheduler", "learning_rate_schedule"),
    ),
    f"`{_LAYER}` in each of the `layers`": (
        *("activation", "activations", "activation_function", "act", "nonlinearity"),
        *("nodes", "units", "neurons", "hidden_size", "hidden_units"),
    ),
    "`nodes` of the last of the `layers`": ("output", "outputs", "output_size", "n_outputs", "out_features"),
    "`architecture: {biases: none}`, if there are to be none": ("bias", "biases", "use_bias", "fit_intercept"),
    f"`{_RULE}`, or `shuffle: {{seed: 1}}` for the order": ("seed", "random_state", "random_seed", "rng"),
}
"""What is a key elsewhere and none here: how that is written, with the names it goes by."""

VALUES: Mapping[str, Also] = {
    "init": {"`weights: 0`": ("zeros", "zero"), "`weights: 1`": ("ones",), "`weights: 0.5`": ("constant", "full")},
    "biases": {
        "`trained`": ("true", "yes", "learned"),
        "`none`": ("false", "no", "off", "without"),
        "`fixed`": ("constant",),
    },
    "reduction": {"`mean`": ("average", "avg")},
    "batch": {"`all`": ("full", "full_batch", "none", "whole")},
    "generator": {"`default`": ("default_rng", "pcg64", "new"), "`legacy`": ("randomstate", "mt19937", "old")},
}
"""What is a value elsewhere, for each key: how that is written here."""
