"""From numpy source, or a formula, to a Python function."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Apply, Formula, Function, Quantity
from nntrace.formula.walking import nodes

REMEMBERED = 8192
"""So many compiled formulas."""


def compiled(source: str, name: str) -> Callable[..., tuple[Any, ...]]:
    """The function `name` of `source`; what overflows or has no value is inf or nan, without a warning."""
    namespace: dict[str, Any] = {"np": np, "math": math}
    exec(compile(source, "<equations>", "exec"), namespace)  # noqa: S102  # our own text, made from the list
    return np.errstate(all="ignore")(namespace[name])  # type: ignore[no-any-return]


@lru_cache(maxsize=REMEMBERED)
def function_of(formula: Formula) -> tuple[tuple[str, ...], Callable[..., tuple[Any, ...]]]:
    """The names of the quantities of `formula`, and the function of their values that gives its value, as a tuple."""
    names = tuple(dict.fromkeys(node.name for node in nodes(formula) if isinstance(node, Quantity)))
    return names, compiled(function_source("value", names, [("result", formula)], ["result"]), "value")


@lru_cache(maxsize=REMEMBERED)
def applying(function: Function) -> Callable[[Any], Any]:
    """A function of a table, computed as the trace computes it."""
    _, compute = function_of(Apply(Quantity("x"), function))
    return lambda x: compute(x)[0]
