"""NPZ: an array for each quantity, stacked over the steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from nntrace.formula.tree import EXAMPLES
from nntrace.render.view import View
from nntrace.tracing import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

WHICH = ("iteration", "batch")
AT_ONCE = 2**20
"""About so many bytes are gathered before they are written."""


def render(view: View) -> Iterator[bytes]:
    """Arrays by the names of the quantities: steps × rows × columns, or one number a step.

    Beside them `iteration` and `batch` say which update a step is (a prediction is none), `examples` the
    numbers of its examples. The columns that a smaller last batch lacks are nan, its examples 0.
    Where the trace stopped, `stopped` is the name of the first quantity that is not finite.

    Each step is a record of a temporary file, from which the arrays are read one after the other: of a
    long run no more is held in memory than the system has to spare.
    """
    steps = iter(view.steps)
    first = next(steps)
    record = np.dtype(list(_fields(view, first)))
    with TemporaryFile() as records, TemporaryFile() as archive:
        last = _write(records, record, chain([first], steps))
        stacked = np.memmap(records, dtype=record, mode="r")
        stopped = {"stopped": np.array(last.stopped)} if last.stopped else {}
        np.savez(archive, allow_pickle=False, **{name: stacked[name] for name in record.names or ()}, **stopped)
        archive.seek(0)
        yield from iter(partial(archive.read, AT_ONCE), b"")


def _fields(view: View, step: Step) -> Iterator[tuple[str, type, tuple[int, ...]]]:
    """Name, type and shape of what a record holds, with as many columns as a whole batch has examples."""
    size = len(step.examples)
    if step.iteration is not None:
        size = min(view.config.batch_size, view.config.examples)
        yield from ((name, np.int64, ()) for name in WHICH)
    yield "examples", np.int64, (size,)
    for quantity in view.quantities:
        yield quantity.name, np.float64, tuple(size if n == EXAMPLES else int(n) for n in quantity.shape)


def _write(file: IO[bytes], record: np.dtype[Any], steps: Iterable[Step]) -> Step:
    """The steps as records; returns the last."""
    gathered = np.empty(max(1, AT_ONCE // record.itemsize), record)
    columns = {name: gathered[name] for name in record.names or ()}
    which = [(name, columns.pop(name)) for name in WHICH if name in columns]
    examples = columns.pop("examples")
    lacking = _lacking(record)
    count = 0
    for step in steps:
        size = len(step.examples)
        if size < examples.shape[1]:
            gathered[count] = lacking
        examples[count, :size] = step.examples
        for name, column in which:
            column[count] = getattr(step, name)
        for name, column in columns.items():
            if column.ndim == 1:
                column[count] = step[name]
            else:
                value = step[name]
                column[count, :, : value.shape[1]] = value
        count += 1
        if count == len(gathered):
            file.write(gathered.data)
            count = 0
    file.write(gathered[:count].data)
    file.flush()
    return step


def _lacking(record: np.dtype[Any]) -> NDArray[Any]:
    """A record of nothing: nan, and 0 where it counts."""
    made = np.zeros((), record)
    for name in record.names or ():
        if record[name].base.kind == "f":
            made[name] = np.nan
    return made
