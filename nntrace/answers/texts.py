"""JSON, JSON Lines and YAML as trees in which numbers keep the digits that they are written with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from nntrace.answers.written import Written
from nntrace.config.document import Document, Path, located, parse
from nntrace.errors import ConfigError
from nntrace.suggest import shortened

LISTS = ("steps", "expect")
"""The keys of a document that hold a list of steps."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]')
_CONSTANTS = {"NaN": Written("nan"), "Infinity": Written("inf"), "-Infinity": Written("-inf")}
"""What Python's json writes for what is not finite."""
_MEANS = (
    ("Expecting property name", "a key in double quotes should stand here"),
    ("Expecting ',' delimiter", "a `,` or a closing bracket should stand here"),
    ("Expecting ':' delimiter", "a `:` should stand here, after the key"),
    ("Expecting value", "a value should stand here"),
    ("Illegal trailing comma", "a comma with nothing after it"),
    ("Unterminated string", "a quote that is not closed"),
    ("Invalid control character", "a line break or a tab inside a text"),
    ("Invalid", "an unknown escape"),
    ("Extra data", "something follows the end of the document"),
)
"""What Python's json says, and what that means to people."""


class Plain:
    """Values whose place is said in words: from JSON, from Python, from arrays. Indices are said from 1.

    `lines` are, for JSON Lines, the numbers of the lines in which the values of the list stand.
    """

    def __init__(self, file: str, lines: Sequence[int] = ()) -> None:
        self.file = file
        self.lines = lines

    def error(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> ConfigError:
        step = self._step(path)
        said = f"{step}: {problem}" if step else problem
        if not self.lines or not path:
            return ConfigError(said, file=self.file, hint=hint)
        return ConfigError(said, file=self.file, line=self.lines[int(path[0])], column=1, hint=hint)

    def place(self, path: Path) -> str:
        file = f"{self.file}:{self.lines[int(path[0])]}" if self.lines and path else self.file
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        return f"{file}: {self._step(path)} {shortened(name)}".replace(":  ", ": ")

    def _step(self, path: Path) -> str:
        """The step that holds a value, counted from 1; empty where the document is one. A problem says the name."""
        key, *rest = path or ("",)
        if isinstance(key, int):
            return "" if self.lines else f"step {key + 1}"
        index = rest[0] if rest and key in LISTS else None
        return "" if index is None else f"{key}[{int(index) + 1}]"


class InYaml:
    """Values of a YAML document, which knows their lines."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def error(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> ConfigError:
        return self.document.error(path, problem, hint, key=key)

    def place(self, path: Path) -> str:
        line = self.document.error(path, "", key=True).line
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        return f"{self.document.file}:{line or 1}: {name}"


def yaml_tree(text: str, file: str) -> tuple[Any, InYaml]:
    """A YAML document; raises `ConfigError` as `nntrace.config.document.parse` does."""
    document = parse(text, file)
    return _as_written(document, document.data, ()), InYaml(document)


def _as_written(document: Document, data: Any, path: Path) -> Any:
    if isinstance(data, dict):
        return {key: _as_written(document, value, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_as_written(document, value, (*path, index)) for index, value in enumerate(data)]
    if isinstance(data, int | float) and not isinstance(data, bool):
        return Written(document.written(path) or repr(data))
    return data


def json_tree(text: str, file: str) -> tuple[Any, Plain]:
    """A JSON document, or JSON Lines as the list of their values."""
    try:
        return _loads(text), Plain(file)
    except json.JSONDecodeError as error:
        if not (error.msg.startswith("Extra data") and text[: error.pos].rstrip(" \t").endswith(("\n", "\r"))):
            raise _malformed(error, text, file, 0) from None
    except _TwiceError as error:
        raise _twice(error.name, text, file, 0) from None
    except RecursionError:
        raise _deep(file) from None
    return _json_lines(text, file)


def _json_lines(text: str, file: str) -> tuple[list[Any], Plain]:
    lines, values = [], []
    for number, line in enumerate(re.split(r"\r\n?|\n", text), start=1):
        if not line.strip():
            continue
        try:
            values.append(_loads(line))
        except json.JSONDecodeError as error:
            raise _malformed(error, text, file, number - 1) from None
        except _TwiceError as error:
            raise _twice(error.name, line, file, number - 1) from None
        except RecursionError:
            raise _deep(file) from None
        lines.append(number)
    return values, Plain(file, lines)


def _loads(text: str) -> Any:
    return json.loads(
        text,
        parse_float=Written,
        parse_int=Written,
        parse_constant=_CONSTANTS.__getitem__,
        object_pairs_hook=_mapping,
    )


class _TwiceError(Exception):
    """A key that stands twice in one object."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for place, name in enumerate(names) if name in names[:place]))
    return made


def _malformed(error: json.JSONDecodeError, text: str, file: str, above: int) -> ConfigError:
    means = next((means for said, means in _MEANS if error.msg.startswith(said)), error.msg)
    return located(file, text, above + error.lineno - 1, error.colno - 1, f"this is not JSON: {means}")


def _deep(file: str) -> ConfigError:
    return ConfigError("nested deeper than can be read", file=file)


def _twice(name: str, text: str, file: str, above: int) -> ConfigError:
    """The error for a key that stands twice in an object, at its second place: the decoder tells none."""
    keys: list[set[str]] = []
    before = ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in "{[":
            keys.append(set())
        elif sign in "}]":
            keys.pop()
        elif sign == ":" and keys:
            if before in keys[-1] and json.loads(before) == name:
                break
            keys[-1].add(before)
        else:
            start, before = token.start(), sign
    line = text.count("\n", 0, start)
    column = start - (text.rfind("\n", 0, start) + 1)
    shown = "\n" * above + text
    return located(file, shown, above + line, column, f"`{shortened(name)}` stands twice", "Keep one of them.")
