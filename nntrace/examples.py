"""The examples and the weights that a config means: written out in it, or in files beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from nntrace.config import checks
from nntrace.config.document import Document, Path
from nntrace.config.model import Written
from nntrace.errors import ConfigError
from nntrace.files.labels import Labels
from nntrace.maths.losses import LOSSES
from nntrace.suggest import listed, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SUM_TOLERANCE = 1e-9
"""By this much the y of an example may miss 1 where they are to add up to it."""


class Examples(NamedTuple):
    """x (examples × inputs), y (examples × outputs); whether y comes from labels, text labels in their order."""

    x: Array
    y: Array
    labelled: bool = False
    classes: tuple[str, ...] = ()


class Origin(Protocol):
    """Where examples come from, which knows the place of each."""

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        """The error for an entry: the example (from 0) and which of the named columns."""

    def whole(self, problem: str, hint: str = "") -> ConfigError:
        """The error for all of them."""


class _Found(NamedTuple):
    """Examples as they are found: targets as y or as labels, which are called `names` there."""

    origin: Origin
    x: Array
    y: Array | None
    labels: Labels | None
    names: Sequence[str]

    def error(self, example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        return self.origin.error(self.names, example, column, problem, hint)


class _Inline:
    """Examples that are written out in the config."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        path: Path = ("data", names[0], example)
        entry = self.document.data["data"][names[0]][example]
        return self.document.error((*path, column) if isinstance(entry, list) else path, problem, hint)

    def whole(self, problem: str, hint: str = "") -> ConfigError:
        return self.document.error(("data", "labels", 0), problem, hint)


def examples(written: Written, document: Document) -> Examples:
    """The examples of a config, read-only. Raises `ConfigError` with the place of what does not fit."""
    if written.data.file is None:
        found = _inline(written, document)
    elif checks.is_npz(written.data.file):
        found = _from_npz(written, document)
    else:
        found = _from_csv(written, document)
    if found.labels is not None:
        y, classes = _one_hot(found, found.labels, written.architecture.layers[-1].nodes)
    else:
        assert found.y is not None  # there are y or labels: checked
        y, classes = found.y, ()
        _check_targets(written, y, found)
    for array in (found.x, y):
        array.flags.writeable = False
    return Examples(found.x, y, found.labels is not None, classes)


def _inline(written: Written, document: Document) -> _Found:
    def array(entries: Sequence[Any] | None) -> Array | None:
        return None if entries is None else np.array(entries, dtype=np.float64).reshape(len(entries), -1)

    data = written.data
    x = array(data.x)
    assert x is not None
    labels = None if data.labels is None else Labels.of(data.labels)
    return _Found(_Inline(document), x, array(data.y), labels, ["y"] if labels is None else ["labels"])


def _from_npz(written: Written, document: Document) -> _Found:
    from nntrace.files.npz_file import NpzFile

    npz = NpzFile(beside(document, ("data", "file"), str(written.data.file)))
    outputs = written.architecture.layers[-1].nodes
    x, y, labels = npz.inputs(written.architecture.inputs), None, None
    if "labels" not in npz.arrays:
        y = npz.columns("y", outputs)
    elif "y" in npz.arrays:
        raise npz.whole("`y` and `labels` are both there", "Keep one of them.")
    elif outputs < checks.CLASSES:
        problem = "`labels` need a node for each class; the last layer has one"
        raise npz.whole(problem, "With one node save `y`, of 0 and 1.")
    else:
        labels = npz.labels("labels")
    name = "y" if labels is None else "labels"
    count = len(npz.arrays[name])
    if len(x) != count:
        raise npz.whole(f"`x` and `{name}` are of different lengths: {len(x):,} and {count:,}")
    return _Found(npz, x, y, labels, [name])


def _from_csv(written: Written, document: Document) -> _Found:
    from nntrace.files.csv_file import CsvFile

    data, inputs = written.data, written.architecture.inputs
    csv = CsvFile(beside(document, ("data", "file"), str(data.file)))
    columns = [str(name) for name in data.x or ()]
    if data.labels is not None:
        labels = str(data.labels)
        return _Found(csv, csv.columns(columns), None, csv.labels(labels), [labels])
    names = [str(name) for name in data.y or ()]
    both = csv.columns([*columns, *names])  # in one reading, and looked at rather than copied
    return _Found(csv, both[:, :inputs], both[:, inputs:], None, names)


def inputs_from(path: str, named: Sequence[Any] | None, inputs: int) -> Array:
    """The inputs in a file, an example a row: the named columns of a CSV (or all of it), x of an NPZ.

    `-` is a CSV on standard input.
    """
    if checks.is_npz(path):
        from nntrace.files.npz_file import NpzFile

        return NpzFile(path).inputs(inputs)
    from nntrace.files.csv_file import CsvFile

    csv = CsvFile(path)
    columns = [name for name in named or () if isinstance(name, str)] or csv.every()
    if len(columns) != inputs:
        counted = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        raise csv.at_header(f"it has {counted}: there should be {inputs}, one for each input")
    return csv.columns(columns)


def beside(document: Document, path: Path, name: str) -> str:
    """A file that the config names, relative to the config (from standard input, to where one is).

    One that is set on the command line is looked for where one is, then beside the config.
    """
    found = os.path.join(os.path.dirname(document.file), name)
    where = "beside the config"
    if document.set_at(path):
        where = f"here and {where}"
        found = name if os.path.exists(name) else found
    if not os.path.exists(found):
        raise document.error(path, f"there is no file `{found}`", f"A file is looked for {where}.")
    if os.path.isdir(found):
        raise document.error(path, f"`{found}` is a directory, not a file")
    return found


def _one_hot(found: _Found, labels: Labels, outputs: int) -> tuple[Array, tuple[str, ...]]:
    """y with a 1 for the class of each example, and the names of text labels in their order."""
    text = isinstance(labels.distinct[0], str)
    for place, label in enumerate(labels.distinct):
        if isinstance(label, float) or isinstance(label, str) != text:
            other = _number(label) if isinstance(label, float) else "both"
            raise found.error(labels.first(place), 0, f"labels are whole numbers or text, not {other}")
        if not isinstance(label, str) and not 0 <= label < outputs:
            rule = f"with {outputs} nodes in the last layer it is 0 to {outputs - 1}"
            raise found.error(labels.first(place), 0, f"the label is {_number(label)}: {rule}")
    classes = tuple(sorted(label for label in labels.distinct if isinstance(label, str)))
    if text and len(classes) != outputs:
        counted = "1 class" if len(classes) == 1 else f"{len(classes)} classes"
        hint = f"The classes are {listed(map(shortened, classes), most=12)}."
        raise found.origin.whole(f"the labels name {counted}; the last layer has {outputs} nodes", hint)
    numbers = [classes.index(label) if isinstance(label, str) else int(label) for label in labels.distinct]
    chosen = np.array(numbers, dtype=np.int32)[labels.which]
    return (chosen[:, np.newaxis] == np.arange(outputs)).astype(np.float64), classes


def _number(value: float) -> str:
    """A number in full, but for what says nothing."""
    return repr(float(value)).removesuffix(".0")


def _check_targets(written: Written, y: Array, found: _Found) -> None:
    loss = LOSSES[written.chosen_loss.name]
    if loss.targets:
        low, high = loss.targets
        outside = (y < low) | (y > high)
        if outside.any():
            example, column = np.argwhere(outside)[0].tolist()
            said = _number(y[example, column])
            problem = f"y is {said}: {loss.name} needs every y from {low:g} to {high:g}"
            raise found.error(example, column, problem)
    if loss.distribution:
        sums = y.sum(axis=1)
        off = np.abs(sums - 1) > SUM_TOLERANCE
        if off.any():
            example = int(off.argmax())
            problem = f"the y of this example add up to {sums[example]:.10g}: {loss.name} needs 1"
            hint = "A number for each node of the last layer, the probability of its class; or give `labels`."
            raise found.error(example, 0, problem, hint)


def weights(written: Written, document: Document) -> Mapping[str, Array] | None:
    """The arrays of a weights file by their names, each of its shape; None where the config has none."""
    given = written.weights
    if not isinstance(given, dict) or "file" not in given:
        return None
    path = beside(document, ("weights", "file"), str(given["file"]))
    from nntrace.files.npz_file import NpzFile

    npz = NpzFile(path)
    shapes = dict(written.shapes)
    unknown = [name for name in npz.arrays if name not in shapes]
    if unknown:
        raise ConfigError(
            f"there is no `{shortened(unknown[0])}` in this network", file=path, hint=f"There are {listed(shapes)}."
        )
    made = {}
    for name, shape in shapes.items():
        if name not in npz.arrays and name.startswith("b"):
            continue  # it starts at 0, as everywhere
        array = npz.numbers(name)
        flat = name.startswith("b") and array.size == shape[0] and array.ndim < 2
        if not flat and array.shape != shape:
            problem = f"`{name}` should be {checks.size(shape)}; here it is {checks.size(array.shape)}"
            raise ConfigError(problem, file=path)
        made[name] = array.reshape(shape)
    return made
