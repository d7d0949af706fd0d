"""What the types say of a wrong config, in the user's words. Imported only when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import ValidationError, inspect

from nntrace.config.document import Document, Path, described
from nntrace.config.model import Drawn, Written
from nntrace.errors import ConfigError
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.maths.table import Row
from nntrace.suggest import Also, called_here, listed, nearest

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
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_EXAMPLES = {
    "architecture": "architecture: {inputs: 1, layers: [{nodes: 4, activation: sigmoid}]}",
    "inputs": "inputs: 2",
    "layers": "layers: [{nodes: 4, activation: sigmoid}, {nodes: 1, activation: sigmoid}]",
    "nodes": "{nodes: 4, activation: sigmoid}",
    "activation": "{nodes: 4, activation: sigmoid}",
    "weights": "weights: 0.5, or weights: {init: normal, seed: 1}",
    "data": "data: {x: [2, 3], y: [1, 0]}",
    "x": "x: [[0, 1], [1, 1]]",
    "y": "y: [1, 0]",
    "alpha": "alpha: 0.1",
    "iterations": "iterations: 10",
    "batch": "batch: 1, batch: 4, or batch: all",
    "seed": "{init: normal, seed: 1}: a trace repeats, so the draw needs its seed",
    "name": "{name: adam, beta1: 0.8}",
    "shuffle": "shuffle: {seed: 3}",
    "clip_norm": "clip_norm: 1.0",
    "round": "round: 4",
    "every": "alpha: {start: 0.1, decay: 0.5, every: 10}",
    "decay": "alpha: {start: 0.1, decay: 0.5, every: 10}",
    "start": "alpha: {start: 0.1, decay: 0.5, every: 10}",
    "labels": "labels: [2, 0, 1]",
    "expect": "expect: [{iteration: 1, example: 1, A3: 0.9968}]",
}
LARGE = 1e18
"""An integer from here on is no count."""


def explained(error: ValidationError, document: Document, base: Path = ()) -> ConfigError:
    """The `ConfigError` for what msgspec found in the data at `base`."""
    problem, _, where = str(error).partition(" - at ")
    path = (*base, *_path(where))
    missing = re.fullmatch(r"Object missing required field `(.+)`", problem)
    if missing:
        return _missing(document, path, missing[1])
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", problem, re.DOTALL)
    if unknown:
        return _unknown_key(document, path, unknown[1])
    return _wrong_value(document, path, problem)


def _path(where: str) -> Path:
    steps = _STEP.findall(where.removeprefix("`$").removesuffix("`"))
    return tuple(name or int(index) for name, index in steps if name or index)


def _missing(document: Document, path: Path, name: str) -> ConfigError:
    present = value_at(document.data, path)
    keys = _keys(document, path)
    for key in present if isinstance(present, dict) else ():
        if key not in keys and called_here(key, {name: keys.get(name, ())}):
            return _unknown_key(document, path, key)  # it is there, under another name
    return document.error(path, f"`{name}` is missing{_inside(path)}", _example((name,)))


def _unknown_key(document: Document, path: Path, name: str) -> ConfigError:
    keys = _keys(document, path)
    place = (*path, name)
    here = called_here(name, keys)
    if here:
        return document.error(place, f"`{name}`: here it is `{here}`", _example((here,)), key=True)
    chosen = value_at(document.data, (*path, "name"))
    if list(keys) == ["name"] and chosen is None:
        return _missing(document, path, "name")
    if list(keys) == ["name"]:
        return document.error(place, f"`{chosen}` has no parameter `{described_key(name)}`", "It takes none.", key=True)
    meant = nearest(name, keys)
    there = f"There are {listed(keys)}." if len(keys) > 1 else f"There is only {listed(keys)}."
    hint = f"Did you mean `{meant}`?" if meant else there
    return document.error(place, f"there is no key `{described_key(name)}`{_inside(path)}", hint, key=True)


def _wrong_value(document: Document, path: Path, problem: str) -> ConfigError:
    value = value_at(document.data, path)
    name = _named(path)
    if problem.startswith(("Invalid enum value", "Invalid value")):
        return _wrong_choice(document, path, value)
    bound = re.fullmatch(r"Expected `(\w+)` (>=|<=|>|<) (.+)", problem)
    if bound:
        sign = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[bound[2]]
        return document.error(path, f"{name} is {value}: it must be {sign} {bound[3].removesuffix('.0')}")
    if problem.startswith("Expected `array` of length"):
        return document.error(path, f"{name} is empty: there must be at least one", _example(path))
    expected = re.fullmatch(r"Expected `(.+)`, got `(.+)`", problem)
    if expected and expected[1] == "int" and isinstance(value, float) and abs(value) >= LARGE:
        return document.error(path, f"{name} is too large")
    if expected:
        kinds = set(expected[1].split(" | "))
        literals = _literals(path)
        words = [word for kind, word in _WORDS.items() if kind in kinds and not (kind == "str" and literals)]
        words += [f"`{literal}`" for literal in literals]
        wanted = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        return document.error(path, f"{name} should be {wanted}, not {described(value)}", _example(path))
    return document.error(path, f"{name}: {problem}")


def _wrong_choice(document: Document, path: Path, value: Any) -> ConfigError:
    key = str(path[-2] if path[-1] == "name" else path[-1])
    rows = TABLES.get(key)
    there: Also = {row.name: row.also for row in rows.values()} if rows else dict.fromkeys(_literals(path), ())
    here = called_here(value, there)
    if here:
        return document.error(path, f"`{value}`: here it is `{here}`")
    meant = nearest(value, there)
    hint = f"Did you mean `{meant}`? " if meant else ""
    if meant is None or len(there) > 1:
        hint += f"It can be {'a whole number or ' if key == 'batch' else ''}{listed(there, last='or')}."
    return document.error(path, f"`{key}` cannot be {described(value)}", hint.rstrip())


def value_at(data: Any, path: Path) -> Any:
    """The value at `path`; None where there is none."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def described_key(name: str) -> str:
    """A key for a message, on one line."""
    return " ".join(name.split())[:60]


def _named(path: Path) -> str:
    """The value for a message: `alpha`, or an entry of `layers`."""
    names = [step for step in path if isinstance(step, str)]
    if not names:
        return "the config"
    return f"`{names[-1]}`" if path[-1] == names[-1] else f"an entry of `{names[-1]}`"


def _inside(path: Path) -> str:
    dotted = ".".join(str(step + 1) if isinstance(step, int) else step for step in path)
    return f" in `{dotted}`" if path else ""


def _types(path: Path) -> list[inspect.Type]:
    """The types that may stand at `path`."""
    found: list[inspect.Type] = [inspect.type_info(Written)]
    for depth, step in enumerate(path):
        inner: list[inspect.Type] = []
        for kind in found:
            if isinstance(kind, inspect.StructType):
                inner += [field.type for field in kind.fields if field.name == step]
            elif isinstance(kind, inspect.ListType | inspect.VarTupleType) and isinstance(step, int):
                inner.append(kind.item_type)
        if path[: depth + 1] == ("weights",):
            inner.append(inspect.type_info(Drawn))
        found = [part for kind in inner for part in _unwrapped(kind)]
    return found


def _unwrapped(kind: inspect.Type) -> list[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        return _unwrapped(kind.type)
    if isinstance(kind, inspect.UnionType):
        return [part for inner in kind.types for part in _unwrapped(inner)]
    return [kind]


def _keys(document: Document, path: Path) -> Also:
    """The keys of the mapping at `path`, and the names they go by elsewhere."""
    structs = [kind for kind in _types(path) if isinstance(kind, inspect.StructType)]
    present = value_at(document.data, path)
    tags = {struct.tag_field for struct in structs if struct.tag_field}
    chosen = next((present[tag] for tag in tags if tag in present), None) if isinstance(present, dict) else None
    structs = [struct for struct in structs if struct.tag in (None, chosen)] or structs
    keys: dict[str, tuple[str, ...]] = {str(struct.tag_field): () for struct in structs if struct.tag_field}
    for struct in structs:
        for field in struct.fields:
            extra = field.type.extra if isinstance(field.type, inspect.Metadata) else None
            keys[field.name] = tuple((extra or {}).get("also", ()))
    return keys


def _literals(path: Path) -> list[str]:
    """The words that may stand at `path`, other than the rows of a table."""
    if path and path[-1] in TABLES:
        return []
    return [str(word) for kind in _types(path) if isinstance(kind, inspect.LiteralType) for word in kind.values]


def _example(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    return f"For example: {_EXAMPLES[names[-1]]}" if names and names[-1] in _EXAMPLES else ""
