"""What the language has and this version does not compute: refused by name, never ignored."""

from __future__ import annotations

from typing import Any

from nntrace.config.document import Document, Path
from nntrace.errors import ConfigError
from nntrace.suggest import Also

KEYS = frozenset({"l2", "clip_norm", "shuffle", "round", "alpha", "file", "labels"})
"""Keys that are refused as soon as they ask for something (`alpha`: a schedule)."""

CHOICES: dict[str, Also] = {
    "activation": {
        "leaky_relu": ("leakyrelu", "lrelu"),
        "elu": (),
        "selu": (),
        "softplus": (),
        "silu": ("swish",),
        "gelu": (),
        "softmax": ("soft_max",),
    },
    "loss": {
        "mean_squared_error": ("mse", "mseloss"),
        "absolute_error": ("mae", "mean_absolute_error", "l1", "l1_loss"),
        "huber": ("smooth_l1",),
        "cross_entropy": (
            "ce",
            "categorical_crossentropy",
            "categorical_cross_entropy",
            "softmax_cross_entropy",
            "nll",
        ),
    },
    "optimizer": {"momentum": (), "nesterov": ("nag",), "adagrad": (), "rmsprop": (), "adam": (), "adamw": ()},
    "init": {
        "xavier_uniform": ("xavier", "glorot", "glorot_uniform"),
        "xavier_normal": ("glorot_normal",),
        "he_uniform": ("kaiming_uniform",),
        "he_normal": ("he", "kaiming", "kaiming_normal"),
    },
    "biases": {"shared": ()},
}
"""Values of a key, each with the names that it goes by elsewhere."""


def not_yet(document: Document, path: Path, name: str, *, key: bool = False) -> ConfigError:
    """The error for a name of the language that is not computed yet."""
    return document.error(path, f"`{name}`: not yet; this version of nntrace does not compute it", key=key)


def refuse_not_yet(document: Document) -> None:
    """Raise for the keys of `KEYS` that ask for something (those with their default do not)."""
    data: dict[str, Any] = document.data
    for key, nothing in (("l2", 0), ("clip_norm", None), ("shuffle", None), ("round", None)):
        if key in KEYS and (data.get(key, nothing) != nothing or data.get(key, nothing) is False):
            raise not_yet(document, (key,), key, key=True)
    if "alpha" in KEYS and isinstance(data.get("alpha"), list | dict):
        raise document.error(("alpha",), "a schedule of `alpha`: not yet; in this version it is one number")
    if "file" in KEYS and isinstance(data.get("weights"), dict) and "file" in data["weights"]:
        raise not_yet(document, ("weights", "file"), "file", key=True)
