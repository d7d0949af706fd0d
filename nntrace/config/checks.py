"""What the types of the language cannot say: shapes, ranges, and what fits together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import ValidationError, convert

from nntrace.config.document import Document, Path
from nntrace.config.messages import described, explained, unknown_key
from nntrace.config.model import Config, Drawn
from nntrace.config.not_yet import NOT_YET, not_yet
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.suggest import listed, nearest


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


def _check_examples(document: Document, key: str, examples: Sequence[float | list[float]], width: int, what: str) -> None:
    for index, example in enumerate(examples):
        path = ("data", key, index)
        if not isinstance(example, list):
            if width != 1:
                hint = f"Write it as a list of {width} numbers."
                raise document.error(path, f"example {index + 1} of `{key}` is one number; it should have {width}: {what}", hint)
        elif len(example) != width:
            raise document.error(
                path,
                f"example {index + 1} of `{key}` has {_count(len(example), 'number')}; it should have {width}: {what}",
            )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _check_weights(config: Config, document: Document) -> None:
    weights = config.weights
    if not isinstance(weights, dict):
        return
    if "init" in weights:
        if weights["init"] in NOT_YET:
            raise not_yet(document, ("weights", "init"), weights["init"])
        _check_rule(weights, document)
        return
    shapes = dict(config.shapes)
    for name, value in weights.items():
        if name not in shapes:
            raise _unknown_matrix(config, document, name, list(shapes))
        _check_matrix(document, name, value, shapes[name])
    for name, (rows, columns) in shapes.items():
        if name not in weights and name.startswith("W"):
            raise document.error(("weights",), f"`{name}` is missing in `weights`: it is {rows} × {columns}")


def _check_rule(weights: dict[str, Any], document: Document) -> None:
    try:
        convert(weights, Drawn)
    except ValidationError as error:
        if "unknown field" in str(error):
            row = INITIALIZERS[weights["init"]]
            keys = ["init", "seed", "generator", *row.parameters]
            raise unknown_key(
                document, ("weights",), str(error).split("`")[1], keys, {"std": ("sigma", "stddev", "scale")}
            ) from None
        if "`seed`" in str(error) and "missing" in str(error):
            raise document.error(
                ("weights",), "`seed` is missing in `weights`", "A trace repeats, so the draw needs its seed: seed: 1"
            ) from None
        raise explained(error, document, ("weights",)) from None


def _unknown_matrix(config: Config, document: Document, name: str, names: list[str]) -> Exception:
    if name.startswith("b") and config.architecture.biases == "none":
        return document.error(
            ("weights", name), f"there is no `{name}`: the config says `biases: none`", "Remove it, or the `biases: none`.", key=True
        )
    meant = nearest(name, [*names, "init"], {"init": ("rule", "initializer", "method", "type", "name", "distribution")})
    hint = f"Did you mean `{meant}`? " if meant else ""
    return document.error(("weights", name), f"there is no `{name}` in this network", f"{hint}There are {listed(names)}.", key=True)


def _check_matrix(document: Document, name: str, value: Any, shape: tuple[int, int]) -> None:
    path: Path = ("weights", name)
    rows, columns = shape
    expected = f"`{name}` should be {rows} × {columns} (rows = this layer's nodes, columns = the previous layer's)"
    if name.startswith("b"):
        expected = f"`{name}` should be a list of {_count(rows, 'number')}, one for each node"
    if not isinstance(value, list):
        raise document.error(path, f"{expected}, not {described(value)}")
    _check_numbers(document, path, value, f"`{name}` should hold numbers")
    if name.startswith("b"):
        value = [row if isinstance(row, list) else [row] for row in value]
    for index, row in enumerate(value):
        if not isinstance(row, list):
            raise document.error((*path, index), f"{expected}: row {index + 1} is {described(row)}, not a list")
        if len(row) != len(value[0]):
            problem = f"the rows of `{name}` are of unequal length: row 1 has {len(value[0])}, row {index + 1} has {len(row)}"
            raise document.error((*path, index), problem)
    found = (len(value), len(value[0]) if value else 0)
    if found != shape:
        raise document.error(path, f"{expected}; here it is {found[0]} × {found[1]}")


def _check_numbers(document: Document, path: Path, value: Any, expected: str) -> None:
    if isinstance(value, list):
        for index, inner in enumerate(value):
            _check_numbers(document, (*path, index), inner, expected)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise document.error(path, f"{expected}, not {described(value)}")
