"""From numpy source to a Python function."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(source: str, name: str) -> Callable[..., tuple[Any, ...]]:
    """The function `name` of `source`; what overflows or has no value is inf or nan, without a warning."""
    namespace: dict[str, Any] = {"np": np, "math": math}
    exec(compile(source, "<equations>", "exec"), namespace)  # noqa: S102  # our own text, made from the list
    return np.errstate(all="ignore")(namespace[name])  # type: ignore[no-any-return]
