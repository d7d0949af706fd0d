"""What the types of the language cannot say: shapes, ranges, and what fits together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from nntrace.config.document import Document, Path, described
from nntrace.config.hints import TAGS
from nntrace.config.model import Entries, Written, chosen
from nntrace.errors import ConfigError
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.suggest import called_here, listed, nearest

LEGACY_SEED = 2**32 - 1
CLASSES = 2
"""From so many nodes on the last layer can have one for each class."""


def check(config: Written, document: Document) -> None:
    """Raise `ConfigError` for the first thing in `config` that does not fit."""
    _check_layers(config, document)
    _check_loss(config, document)
    _check_alpha(config, document)
    _check_data(config, document)
    _check_weights(config, document)


def _check_layers(config: Written, document: Document) -> None:
    for index, layer in enumerate(config.architecture.layers):
        name = layer.chosen.name
        least = ACTIVATIONS[name].least
        if layer.nodes < least:
            path: Path = ("architecture", "layers", index, "activation")
            problem = f"{name} needs at least {least} nodes; this layer has {layer.nodes}"
            raise document.error(path, problem, "For one node of yes or no: `sigmoid`.")


def _check_loss(config: Written, document: Document) -> None:
    loss = LOSSES[config.chosen_loss.name]
    output = config.architecture.layers[-1].chosen.name
    if loss.outputs and output not in loss.outputs:
        raise document.error(
            ("loss",),
            f"{loss.name} needs an output layer of {listed(loss.outputs, last='or')}; "
            f"here the last layer is `{output}`",
            "Change the loss, or the activation of the last layer.",
        )


def _check_alpha(config: Written, document: Document) -> None:
    alpha = config.alpha
    if isinstance(alpha, list) and len(alpha) != config.iterations:
        problem = f"`alpha` lists {_count(len(alpha), 'number')} for {_count(config.iterations, 'iteration')}"
        raise document.error(
            ("alpha",), problem, "Give one for each iteration, or {start: 0.1, decay: 0.5, every: 10}."
        )
    if not isfinite(config.alpha_in(config.iterations)):
        raise document.error(("alpha",), "`alpha` grows beyond every float64", "A `decay` below 1 makes it smaller.")


def _check_data(config: Written, document: Document) -> None:
    data = config.data
    if data.file is not None and is_npz(data.file):
        for key in ("x", "y", "labels"):
            if getattr(data, key) is not None:
                problem = f"an NPZ file has its arrays `x` and `y` (or `labels`): there is no `{key}` beside it"
                raise document.error(("data", key), problem, key=True)
        return
    _check_keys(config, document)
    if data.file is not None:
        _check_columns(config, document)
        return
    x, labels = data.x or [], data.labels
    if isinstance(labels, str):
        raise document.error(
            ("data", "labels"), "`labels` should be a list, one for each example", "For example: labels: [2, 0, 1]"
        )
    for name, entries in (("x", data.x), ("y", data.y)):
        _check_no_columns(document, name, entries or [])
    key, targets = ("y", data.y or []) if labels is None else ("labels", labels)
    if len(x) != len(targets):
        raise document.error(
            ("data", key),
            f"`x` has {_count(len(x), 'example')} and `{key}` has {_count(len(targets), 'example')}",
            "Give one target for each input.",
        )
    _check_examples(document, "x", x, config.architecture.inputs, "one for each input")
    if labels is None:
        nodes = config.architecture.layers[-1].nodes
        _check_examples(document, "y", data.y or [], nodes, "one for each node of the last layer")


def _check_no_columns(document: Document, key: str, entries: Sequence[Any]) -> None:
    text = next((place for place, entry in enumerate(entries) if isinstance(entry, str)), None)
    if text is None:
        return
    hint = "For example: x: [[0, 1], [1, 1]]"
    if all(isinstance(entry, str) for entry in entries):
        hint = "To read columns of a file, name it: {file: data.csv, x: [height, width], y: [weight]}."
    problem = f"an entry of `{key}` should be a number or a list, not {described(entries[text])}"
    raise document.error(("data", key, text), problem, hint)


def _check_keys(config: Written, document: Document) -> None:
    data = config.data
    if data.x is None:
        raise document.error(("data",), "`x` is missing in `data`", "For example: x: [[0, 1], [1, 1]]")
    if data.y is None and data.labels is None:
        raise document.error(
            ("data",), "`y` is missing in `data`", "For example: y: [1, 0], or for classes labels: [1, 0]"
        )
    if data.y is not None and data.labels is not None:
        raise document.error(("data", "labels"), "`y` and `labels` are both there", "Keep one of them.", key=True)
    if data.labels is not None and config.architecture.layers[-1].nodes < CLASSES:
        problem = "`labels` need a node for each class; the last layer has one"
        raise document.error(("data", "labels"), problem, "With one node write y: [1, 0].", key=True)


def _check_columns(config: Written, document: Document) -> None:
    """What a CSV file is to be asked for."""
    data = config.data
    if data.labels is not None and not isinstance(data.labels, str):
        raise document.error(("data", "labels"), "`labels` should be the name of a column of the file")
    outputs = config.architecture.layers[-1].nodes
    for key, names, width, what in (
        ("x", data.x, config.architecture.inputs, "input"),
        ("y", data.y, outputs, "node of the last layer"),
    ):
        if names is None:
            continue
        for index, name in enumerate(names):
            if not isinstance(name, str):
                problem = f"`{key}` should name columns of the file, not be {described(name)}"
                raise document.error(("data", key, index), problem, f"For example: {key}: [height, width]")
        if len(names) != width:
            raise document.error(
                ("data", key), f"`{key}` names {_count(len(names), 'column')}; it takes {width}, one for each {what}"
            )


def _check_examples(document: Document, key: str, examples: Entries, width: int, what: str) -> None:
    for index, example in enumerate(examples):
        path = ("data", key, index)
        if not isinstance(example, list):
            if width != 1:
                problem = f"example {index + 1} of `{key}` is one number; it should have {width}: {what}"
                raise document.error(path, problem, f"Write it as a list of {width} numbers.")
        elif len(example) != width:
            problem = (
                f"example {index + 1} of `{key}` has {_count(len(example), 'number')}; it should have {width}: {what}"
            )
            raise document.error(path, problem)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _check_weights(config: Written, document: Document) -> None:
    weights = config.weights
    if not isinstance(weights, dict):
        return
    if "init" in weights:
        _check_rule(config, document)
        return
    if "file" in weights:
        _check_weights_file(weights, document)
        return
    shapes = dict(config.shapes)
    for name, value in weights.items():
        if name not in shapes:
            raise _unknown_matrix(config, document, name, list(shapes))
        _check_matrix(config, document, name, value, shapes[name])
    for name, (rows, columns) in shapes.items():
        if name not in weights and name.startswith("W"):
            raise document.error(("weights",), f"`{name}` is missing in `weights`: it is {rows} × {columns}")


def _check_weights_file(weights: Mapping[str, Any], document: Document) -> None:
    for name in weights:
        if name != "file":
            raise document.error(("weights", name), f"`{name}` beside `file`: the file has all arrays", key=True)
    if not isinstance(weights["file"], str):
        raise document.error(("weights", "file"), f"`file` should be text, not {described(weights['file'])}")


def _check_rule(config: Written, document: Document) -> None:
    rule = config.drawn
    row = INITIALIZERS[chosen(rule, INITIALIZERS).name]
    problem = row.problem(**{name: getattr(rule, name) for name in row.settings})
    if problem:
        raise document.error(("weights", problem[0]), problem[1])
    if rule.generator == "legacy" and rule.seed > LEGACY_SEED:
        raise document.error(("weights", "seed"), f"the legacy generator takes seeds up to {LEGACY_SEED}")


def _unknown_matrix(config: Written, document: Document, name: str, names: list[str]) -> ConfigError:
    path = ("weights", name)
    if name.startswith("b") and config.architecture.biases == "none":
        problem = f"there is no `{name}`: the config says `biases: none`"
        return document.error(path, problem, "Remove one of the two.", key=True)
    also = {"init": TAGS["init"], "file": ("path", "npz"), **dict.fromkeys(names, ())}
    here = called_here(name, also)
    if here:
        return document.error(path, f"`{name}`: here it is `{here}`", key=True)
    meant = nearest(name, also)
    hint = f"Did you mean `{meant}`? " if meant else ""
    return document.error(path, f"there is no `{name}` in this network", f"{hint}There are {listed(names)}.", key=True)


def _expected_matrix(config: Written, name: str, shape: tuple[int, int]) -> str:
    if name.startswith("W"):
        return f"`{name}` should be {size(shape)} (rows = this layer's nodes, columns = the previous layer's)"
    if config.architecture.biases == "shared":
        return f"`{name}` should be one number, since the biases are shared"
    return f"`{name}` should be a list of {_count(shape[0], 'number')}, one for each node"


def _check_matrix(config: Written, document: Document, name: str, value: Any, shape: tuple[int, int]) -> None:
    path: Path = ("weights", name)
    expected = _expected_matrix(config, name, shape)
    bias = name.startswith("b")
    if bias and config.architecture.biases == "shared" and not isinstance(value, list):
        value = [value]  # one number for the whole layer
    if not isinstance(value, list):
        raise document.error(path, f"{expected}, not {described(value)}")
    width = 0
    for index, row in enumerate(value):
        if bias and not isinstance(row, list):
            _check_number(document, (*path, index), name, row)
            row = [row]  # noqa: PLW2901  # a column may be written as a flat list
        elif not isinstance(row, list):
            raise document.error((*path, index), f"{expected}: row {index + 1} is {described(row)}, not a list")
        else:
            for place, entry in enumerate(row):
                _check_number(document, (*path, index, place), name, entry)
        width = width or len(row)
        if len(row) != width:
            problem = f"the rows of `{name}` are of unequal length: row 1 has {width}, row {index + 1} has {len(row)}"
            raise document.error((*path, index), problem)
    if (len(value), width) != shape:
        raise document.error(path, f"{expected}; here it is {len(value)} × {width}")


def _check_number(document: Document, path: Path, name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise document.error(path, f"`{name}` should hold numbers, not {described(value)}")


def size(shape: Sequence[int]) -> str:
    """`3 × 4`; `one number` for none."""
    return " × ".join(map(str, shape)) or "one number"


def is_npz(file: str) -> bool:
    """Whether a file is read as NPZ (else as CSV)."""
    return file.lower().endswith(".npz")
