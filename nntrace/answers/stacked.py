"""Arrays that are stacked over steps, as `--to npz` writes them: `iteration` and `batch` say which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nntrace import selecting
from nntrace.answers.names import Names
from nntrace.answers.sheet import Update
from nntrace.answers.steps import Found, Updates, read_numbers
from nntrace.answers.texts import Plain
from nntrace.errors import SelectionError
from nntrace.formula.tree import EXAMPLES
from nntrace.suggest import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]

KEY = "iteration"
"""An NPZ with an array of this name is stacked."""
_WHICH = {KEY: 1, "batch": 1, "examples": 2}
"""The arrays that say which update a step is, and how many axes they have."""
_APART = frozenset({*_WHICH, "stopped"})


def from_stacked(arrays: Arrays, origin: Plain, updates: Updates, names: Names) -> Iterator[Found]:
    """The quantities of each step, without the columns that a smaller batch lacks."""
    count = len(np.atleast_1d(arrays[KEY]))
    for name, array in arrays.items():
        _check(name, array, count, origin)
    padded = {name for name, quantity in names.compared.items() if EXAMPLES in quantity.shape}
    for number in range(count):
        update = _update(arrays, number, origin, updates)
        size = len(selecting.examples_of(updates.config, *update))
        for name in arrays.keys() - _APART:
            value = arrays[name][number]
            if name in padded and value.ndim == 2 and value.dtype.kind == "f" and np.isnan(value[:, size:]).all():
                value = value[:, :size]
            path = (number, name)
            yield Found(
                name, update, read_numbers(value, name, path, origin), origin.place(path), partial(origin.error, path)
            )


def _check(name: str, array: NDArray[Any], count: int, origin: Plain) -> None:
    """Raise `ConfigError` for an array that is not stacked over as many steps as there are."""
    said = shortened(name)
    axes = _WHICH.get(name)
    if axes is not None and (array.ndim != axes or array.dtype.kind not in "iu"):
        kind = "one for each step" if axes == 1 else "steps × examples, 0 where there is none"
        raise origin.error((name,), f"`{said}` should be whole numbers, {kind}")
    if name != "stopped" and (array.ndim == 0 or len(array) != count):
        there = "a single number" if array.ndim == 0 else f"of {len(array)} steps"
        raise origin.error((name,), f"`{said}` is {there}; `{KEY}` says that there are {count}")


def _update(arrays: Arrays, number: int, origin: Plain, updates: Updates) -> Update:
    iteration, batch = (int(arrays[name][number]) if name in arrays else None for name in (KEY, "batch"))
    examples = arrays["examples"][number].tolist() if "examples" in arrays else ()
    try:
        return updates.named(iteration, None, batch, [each for each in examples if each])
    except SelectionError as error:
        raise origin.error((number,), str(error)) from None
