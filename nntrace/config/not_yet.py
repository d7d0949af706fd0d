"""What the language has and this version does not compute: refused by name, never ignored."""

from __future__ import annotations

from typing import Any

from nntrace.config.document import Document, Path
from nntrace.errors import ConfigError

NOT_YET = frozenset(
    ["leaky_relu", "elu", "selu", "softplus", "silu", "gelu", "softmax", "mean_squared_error", "absolute_error", "huber", "cross_entropy", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "shared", "l2", "clip_norm", "shuffle", "round", "schedule", "file", "labels"]
)


def not_yet(document: Document, path: Path, name: str, *, key: bool = False) -> ConfigError:
    """The error for a name of the language that is not computed yet."""
    return document.error(path, f"`{name}`: not yet; this version of nntrace does not compute it", key=key)


def refuse_not_yet(document: Document) -> None:
    """Raise for the keys of `NOT_YET` that ask for something (those with their default do not)."""
    data: dict[str, Any] = document.data
    for key, nothing in (("l2", 0), ("clip_norm", None), ("shuffle", None), ("round", None)):
        if key in NOT_YET and data.get(key, nothing) != nothing:
            raise not_yet(document, (key,), key, key=True)
    if "schedule" in NOT_YET and isinstance(data.get("alpha"), list | dict):
        raise document.error(("alpha",), "a schedule of `alpha`: not yet; in this version it is one number")
    if "file" in NOT_YET and isinstance(data.get("weights"), dict) and "file" in data["weights"]:
        raise not_yet(document, ("weights", "file"), "file", key=True)
