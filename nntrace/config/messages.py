"""What the types say of a wrong config, in the user's words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import ValidationError, inspect

from nntrace.config.document import Document, Path
from nntrace.config.model import Config
from nntrace.config.not_yet import NOT_YET, not_yet
from nntrace.errors import ConfigError
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.maths.table import Row
from nntrace.suggest import listed, nearest

TABLES: Mapping[str, Mapping[str, Row]] = {
    "activation": ACTIVATIONS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "init": INITIALIZERS,
}
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[\.\.\.\]")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}


def explained(error: ValidationError, document: Document, base: Path = ()) -> ConfigError:
    """The `ConfigError` for what msgspec found in the data at `base`."""
    problem, _, where = str(error).partition(" - at ")
    path = (*base, *_path(where))
    missing = re.fullmatch(r"Object missing required field `(.+)`", problem)
    if missing:
        return _missing(document, path, missing[1])
    unknown = re.fullmatch(r"Object contains unknown field `(.+)`", problem)
    if unknown:
        return unknown_key(document, path, unknown[1], *_fields(document, path))
    return _wrong_value(document, path, problem)


def _path(where: str) -> Path:
    steps = _STEP.findall(where.removeprefix("`$").removesuffix("`"))
    return tuple(name or int(index) for name, index in steps if name or index)


def _missing(document: Document, path: Path, name: str) -> ConfigError:
    where = f" in `{_dotted(path)}`" if path else ""
    fields, also = _fields(document, path)
    present = value_at(document.data, path)
    elsewhere = next((key for key in present if key in also.get(name, ())), None) if isinstance(present, dict) else None
    if elsewhere is not None:
        return unknown_key(document, path, elsewhere, fields, also)
    return document.error(path, f"`{name}` is missing{where}", _example(name))


def unknown_key(
    document: Document, path: Path, name: str, fields: list[str], also: Mapping[str, tuple[str, ...]]
) -> ConfigError:
    """The error for a key that the mapping at `path` does not have."""
    where = f" in `{_dotted(path)}`" if path else ""
    if name in NOT_YET:
        return not_yet(document, (*path, name), name, key=True)
    meant = nearest(name, fields, also)
    if meant and name in also.get(meant, ()):
        return document.error((*path, name), f"`{name}`: here it is `{meant}`", _example(meant), key=True)
    hint = f"Did you mean `{meant}`?" if meant else f"There are {listed(fields)}." if fields else ""
    return document.error((*path, name), f"there is no key `{name}`{where}", hint, key=True)


def _wrong_value(document: Document, path: Path, problem: str) -> ConfigError:
    value = value_at(document.data, path)
    choice = re.fullmatch(r"Invalid (?:enum )?value (.+)", problem)
    if choice:
        return _wrong_choice(document, path, value)
    bound = re.fullmatch(r"Expected `(\w+)` (>=|<=|>|<) (.+)", problem)
    if bound:
        sign = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[bound[2]]
        return document.error(path, f"`{_last(path)}` is {value}: it must be {sign} {bound[3].removesuffix('.0')}")
    if problem.startswith("Expected `array` of length"):
        return document.error(path, f"`{_dotted(path)}` is empty: there must be at least one")
    expected = re.fullmatch(r"Expected `(.+)`, got `(.+)`", problem)
    if expected:
        words = " or ".join(dict.fromkeys(_WORDS.get(kind, kind) for kind in expected[1].split(" | ")))
        return document.error(path, f"`{_last(path)}` should be {words}, not {described(value)}", _example(_last(path)))
    return document.error(path, f"`{_dotted(path)}`: {problem}")


def _wrong_choice(document: Document, path: Path, value: Any) -> ConfigError:
    key = str(path[-2] if path[-1] == "name" else path[-1])
    if value in NOT_YET:
        return not_yet(document, path, value)
    rows = TABLES.get(key)
    valid = list(rows) if rows else _literals(path)
    also = {row.name: row.also for row in rows.values()} if rows else {}
    meant = nearest(str(value), valid, also)
    if meant and str(value) in also.get(meant, ()):
        return document.error(path, f"`{value}`: here it is `{meant}`")
    hint = f"Did you mean `{meant}`? " if meant else ""
    return document.error(path, f"`{key}` cannot be {described(value)}", f"{hint}There are {listed(valid)}.")


def described(value: Any) -> str:
    """A value of the file for a message: `"half"`, true, a list of 3."""
    if isinstance(value, bool) or value is None:
        return {True: "`true`", False: "`false`", None: "nothing"}[value]
    if isinstance(value, str):
        return f'the text "{value if len(value) < 40 else value[:37] + "…"}"'
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping"
    return f"{value}"


def value_at(data: Any, path: Path) -> Any:
    """The value at `path`; None where there is none."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _last(path: Path) -> str:
    named = [step for step in path if isinstance(step, str)]
    return str(named[-1]) if named else "the config"


def _dotted(path: Path) -> str:
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in path)


def _type(path: Path) -> list[inspect.Type]:
    """The types that may stand at `path`."""
    found: list[inspect.Type] = [inspect.type_info(Config)]
    for step in path:
        inner: list[inspect.Type] = []
        for kind in found:
            if isinstance(kind, inspect.StructType):
                inner += [field.type for field in kind.fields if field.name == step]
            elif isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(step, int):
                inner.append(kind.item_type)
        found = [part for kind in inner for part in _unwrapped(kind)]
    return found


def _unwrapped(kind: inspect.Type) -> list[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        return _unwrapped(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for inner in kind.types for part in _unwrapped(inner)]
    return [kind]


def _fields(document: Document, path: Path) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """The keys of the mapping at `path`, and the names they go by elsewhere."""
    structs = [kind for kind in _type(path) if isinstance(kind, inspect.StructType)]
    present = value_at(document.data, path)
    chosen = present.get("name") if isinstance(present, dict) else None
    structs = [struct for struct in structs if struct.tag in (None, chosen)] or structs
    names = [field.name for struct in structs for field in struct.fields]
    if any(struct.tag_field for struct in structs):
        names.insert(0, "name")
    also = {
        field.name: field.type.extra.get("also", ())
        for struct in structs
        for field in struct.fields
        if isinstance(field.type, inspect.Metadata) and field.type.extra
    }
    return list(dict.fromkeys(names)), also


def _literals(path: Path) -> list[str]:
    return [str(value) for kind in _type(path) if isinstance(kind, inspect.LiteralType) for value in kind.values]


def _example(key: str) -> str:
    examples = {
        "architecture": "For example: architecture: {inputs: 1, layers: [{nodes: 4, activation: sigmoid}]}",
        "inputs": "For example: inputs: 2",
        "layers": "For example: layers: [{nodes: 4, activation: sigmoid}, {nodes: 1, activation: sigmoid}]",
        "nodes": "For example: {nodes: 4, activation: sigmoid}",
        "activation": "For example: {nodes: 4, activation: sigmoid}",
        "weights": "For example: weights: 0.5, or weights: {init: normal, seed: 1}",
        "data": "For example: data: {x: [2, 3], y: [1, 0]}",
        "x": "For example: x: [[0, 1], [1, 1]]",
        "y": "For example: y: [1, 0]",
        "alpha": "For example: alpha: 0.1",
        "iterations": "For example: iterations: 10",
        "batch": "For example: batch: 1, batch: 4, or batch: all",
    }
    return examples.get(key, "")
