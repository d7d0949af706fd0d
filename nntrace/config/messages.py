"""What the types say of a wrong config, in the user's words. Imported only when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import ValidationError, inspect

from nntrace.config.document import Document, Path, described, is_number
from nntrace.config.hints import EXAMPLES, KEYS, ROWS, TAGS, VALUES
from nntrace.config.model import Drawn, Written
from nntrace.errors import ConfigError
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.maths.table import Row
from nntrace.suggest import Also, called_here, listed, nearest, shortened

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
LARGE = 1e18
"""An integer from here on is no count."""


_SAID = re.compile(r"(Object contains unknown field `.*?`|.*?)(?: - at `\$([\w.\[\]]*)`)?", re.DOTALL)
"""What msgspec found, and the place; a key in it may hold anything."""


def explained(error: ValidationError, document: Document, base: Path = ()) -> ConfigError:
    """The `ConfigError` for what msgspec found in the data at `base`."""
    said = _SAID.fullmatch(str(error))
    assert said is not None  # it matches any text
    problem, where = said.groups("")
    path = (*base, *(name or int(index) for name, index in _STEP.findall(where) if name or index))
    missing = re.fullmatch(r"Object missing required field `(.+)`", problem)
    if missing:
        return _missing(document, path, missing[1])
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", problem, re.DOTALL)
    if unknown:
        return _unknown_key(document, path, unknown[1])
    return _wrong_value(document, path, problem)


def _missing(document: Document, path: Path, name: str) -> ConfigError:
    present = value_at(document.data, path)
    keys = _keys(document, path)
    example = _example(document, (*path, name))
    for key in present if isinstance(present, dict) else ():
        if key not in keys and called_here(key, {name: keys.get(name, ())}):
            return _unknown_key(document, path, key)  # it is there, under another name
        if name in TAGS and (other := _row_with((_table(path),), key)):
            example = f"For example: {other}"
    return document.error(path, f"`{name}` is missing{_inside(path)}", example)


def _unknown_key(document: Document, path: Path, name: str) -> ConfigError:
    keys, row, word = _keys(document, path), _row(document, path), shortened(name, 60)
    here, hint = _here(document, path, name)
    if here:
        problem = f"`{word}`{here}"
    elif name.strip() in keys:
        problem, hint = f"`{name.strip()}` is written with a space before or after it", "Remove the space."
    else:
        problem = f"`{row.name}` has no parameter `{word}`" if row else f"there is no key `{word}`{_inside(path)}"
        other = _row_with((_table(path),) if row else TABLES, name)
        meant = nearest(name, keys)
        there = [key for key in keys if not (row and key in TAGS)]
        if other:
            hint = f"For that there is `{other}`."
        elif meant:
            hint = f"Did you mean `{meant}`?"
        elif row:
            hint = f"It takes {listed(there) or 'none'}."
        else:
            hint = f"There are {listed(there)}." if len(there) > 1 else f"There is only {listed(there)}."
    return document.error((*path, name), problem, hint, key=True)


def _here(document: Document, path: Path, name: str) -> tuple[str, str]:
    """What to say of a key from elsewhere, and an example of what it is here; empty where nothing is called so."""
    here = called_here(name, _keys(document, path))
    if here and name.strip() != here:
        return f": here it is `{here}`", _example(document, (*path, here))
    if _row(document, path) and _row_called((_table(path),), name):
        return "", ""  # what is a number of another row is not looked for elsewhere
    above = called_here(name, _keys(document, ())) if path else None
    if above:
        moved = " is a key at the top level" if above == name else f": here it is `{above}`, a key at the top level"
        return moved, _example(document, (above,))
    written = called_here(name, KEYS)
    return f": here it is {written}" if written else "", ""


def _wrong_value(document: Document, path: Path, problem: str) -> ConfigError:
    value = value_at(document.data, path)
    name = _named(path)
    word = str(value).lower() if isinstance(value, bool) else value  # `biases: false`, say
    from_elsewhere = isinstance(value, bool) and called_here(word, VALUES.get(str(path[-1]), {}))
    if from_elsewhere or problem.startswith(("Invalid enum value", "Invalid value")):
        return _wrong_choice(document, path, word)
    bound = re.fullmatch(r"Expected `(\w+)` (>=|<=|>|<) (.+)", problem)
    if bound:
        sign = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[bound[2]]
        return document.error(path, f"{name} is {value}: it must be {sign} {bound[3].removesuffix('.0')}")
    if problem.startswith("Expected `array` of length"):
        return document.error(path, f"{name} is empty: there must be at least one", _example(document, path))
    expected = re.fullmatch(r"Expected `(.+)`, got `(.+)`", problem)
    kinds = set(expected[1].split(" | ")) if expected else set()
    if "int" in kinds and isinstance(value, float) and abs(value) >= LARGE:
        return document.error(path, f"{name} is too large")
    if expected:
        literals = _literals(path)
        if len(path) > 1:
            kinds.discard("null")  # there it only says that the key is left out
        words = [word for kind, word in _WORDS.items() if kind in kinds and not (kind == "str" and literals)]
        words += [f"`{literal}`" for literal in literals]
        hint = _example(document, path)
        if kinds & {"int", "float"} and isinstance(value, str) and is_number(value):
            hint = "Without quotes it is a number."
        elif kinds == {"str"} and not hint and is_number(f"{value}"):
            hint = "In quotes it is text."
        wanted = " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        return document.error(path, f"{name} should be {wanted}, not {described(value)}", hint)
    return document.error(path, f"{name}: {problem}")


def _wrong_choice(document: Document, path: Path, value: Any) -> ConfigError:
    key = str(path[-2] if path[-1] == "name" else path[-1])
    rows = TABLES.get(key)
    there: Also = {row.name: row.also for row in rows.values()} if rows else dict.fromkeys(_literals(path), ())
    here = called_here(value, there)
    written = f"`{here}`" if here else called_here(value, VALUES.get(key, {}))
    if written:
        return document.error(path, f"`{value}`: here it is {written}")
    meant = nearest(value, there)
    hint = f"Did you mean `{meant}`? " if meant else ""
    if meant is None or len(there) > 1:
        number = "a whole number or " if any(isinstance(kind, inspect.IntType) for kind in _types(path)) else ""
        hint += f"It can be {number}{listed(there, last='or')}."
    return document.error(path, f"`{key}` cannot be {described(value)}", hint.rstrip())


def value_at(data: Any, path: Path) -> Any:
    """The value at `path`; None where there is none."""
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


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
    keys: dict[str, Iterable[str]] = {str(tag): TAGS[str(tag)] for tag in tags}
    for struct in structs:
        for field in struct.fields:
            extra = field.type.extra if isinstance(field.type, inspect.Metadata) else None
            keys[field.name] = tuple((extra or {}).get("also", ()))
    return keys


def _literals(path: Path) -> list[str]:
    """The words that may stand at `path`, other than the rows of a table."""
    if path and path[-1] in TABLES:
        return []
    words = [str(word) for kind in _types(path) if isinstance(kind, inspect.LiteralType) for word in kind.values]
    return list(dict.fromkeys(words))


def _table(path: Path) -> str:
    """The table whose row the mapping at `path` chooses; empty where it chooses none."""
    key = "init" if path == ("weights",) else str(path[-1]) if path else ""
    return key if key in TABLES else ""


def _row(document: Document, path: Path) -> Row | None:
    """The row that the mapping at `path` chooses."""
    table = _table(path)
    chosen = value_at(document.data, (*path, "init" if table == "init" else "name"))
    return TABLES[table].get(chosen) if table and isinstance(chosen, str) else None


def _row_with(tables: Iterable[str], word: str) -> str:
    """A row as one writes it, found by its name or a number of it, here or elsewhere; empty where there is none."""
    return _row_called(tables, word) or _row_called(tables, word, also=True)


def _row_called(tables: Iterable[str], word: str, *, also: bool = False) -> str:
    for table in tables:
        for row in TABLES[table].values():
            numbers = {name: setting.also if also else () for name, setting in row.settings.items()}
            setting = called_here(word, numbers)
            if setting or called_here(word, {row.name: ()}):
                return _written(table, row, setting or next(iter(numbers), None))
    return ""


def _written(table: str, row: Row, setting: str | None) -> str:
    number = f", {setting}: {row.settings[setting].default}" if setting else ""
    return ROWS[table].format(row.name + number)


def _example(document: Document, path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    parent, name = ["", "", *names][-2:]
    row = _row(document, path[:-1])
    if row and name in row.settings:
        return f"For example: {_written(_table(path[:-1]), row, name)}"
    return f"For example: {EXAMPLES[parent, name]}" if (parent, name) in EXAMPLES else ""
