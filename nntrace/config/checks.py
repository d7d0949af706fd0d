"""What the types of the language cannot say: shapes, ranges, and what fits together."""

from __future__ import annotations

from typing import Any

from nntrace.config.document import Document, Path, described
from nntrace.config.model import Config, Entries, chosen
from nntrace.errors import ConfigError
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.suggest import listed, nearest

LEGACY_SEED = 2**32 - 1


def check(config: Config, document: Document) -> None:
    """Raise `ConfigError` for the first thing in `config` that does not fit."""
    _check_loss(config, document)
    _check_data(config, document)
    _check_weights(config, document)


def _check_loss(config: Config, document: Document) -> None:
    loss = LOSSES[config.chosen_loss.name]
    output = config.architecture.layers[-1].chosen.name
    if loss.outputs and output not in loss.outputs:
        raise document.error(
            ("loss",),
            f"{loss.name} needs an output layer of {listed(loss.outputs)}; here the last layer is `{output}`",
            "Change the loss, or the activation of the last layer.",
        )


def _check_data(config: Config, document: Document) -> None:
    x, y = config.data.x, config.data.y
    if len(x) != len(y):
        raise document.error(
            ("data", "y"),
            f"`x` has {_count(len(x), 'example')} and `y` has {_count(len(y), 'example')}",
            "Give one target for each input.",
        )
    _check_examples(document, "x", x, config.architecture.inputs, "one for each input")
    _check_examples(document, "y", y, config.architecture.layers[-1].nodes, "one for each node of the last layer")
    loss = LOSSES[config.chosen_loss.name]
    if loss.targets:
        low, high = loss.targets
        for index, example in enumerate(y):
            values = example if isinstance(example, list) else [example]
            for place, value in enumerate(values):
                if not low <= value <= high:
                    path = ("data", "y", index, place) if isinstance(example, list) else ("data", "y", index)
                    raise document.error(path, f"y is {value:g}: {loss.name} needs every y from {low:g} to {high:g}")


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


def _check_weights(config: Config, document: Document) -> None:
    weights = config.weights
    if not isinstance(weights, dict):
        return
    if "init" in weights:
        _check_rule(config, document)
        return
    shapes = dict(config.shapes)
    for name, value in weights.items():
        if name not in shapes:
            raise _unknown_matrix(config, document, name, list(shapes))
        _check_matrix(document, name, value, shapes[name])
    for name, (rows, columns) in shapes.items():
        if name not in weights and name.startswith("W"):
            raise document.error(("weights",), f"`{name}` is missing in `weights`: it is {rows} × {columns}")


def _check_rule(config: Config, document: Document) -> None:
    rule = config.drawn
    row = INITIALIZERS[chosen(rule, INITIALIZERS).name]
    problem = row.problem(**{name: getattr(rule, name) for name in row.parameters})
    if problem:
        raise document.error(("weights", problem[0]), problem[1])
    if rule.generator == "legacy" and rule.seed > LEGACY_SEED:
        raise document.error(("weights", "seed"), f"the legacy generator takes seeds up to {LEGACY_SEED}")


def _unknown_matrix(config: Config, document: Document, name: str, names: list[str]) -> ConfigError:
    path = ("weights", name)
    if name.startswith("b") and config.architecture.biases == "none":
        problem = f"there is no `{name}`: the config says `biases: none`"
        return document.error(path, problem, "Remove one of the two.", key=True)
    rule = "rule", "initializer", "method", "type", "name", "distribution"
    meant = nearest(name, {"init": rule, **dict.fromkeys(names, ())})
    hint = f"Did you mean `{meant}`? " if meant else ""
    return document.error(path, f"there is no `{name}` in this network", f"{hint}There are {listed(names)}.", key=True)


def _check_matrix(document: Document, name: str, value: Any, shape: tuple[int, int]) -> None:
    path: Path = ("weights", name)
    rows, columns = shape
    bias = name.startswith("b")
    expected = f"`{name}` should be {rows} × {columns} (rows = this layer's nodes, columns = the previous layer's)"
    if bias:
        expected = f"`{name}` should be a list of {_count(rows, 'number')}, one for each node"
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
