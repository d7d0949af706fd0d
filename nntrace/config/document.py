"""Reading a YAML file with its positions, strictly: nothing is guessed and nothing is lost.

Scalars are read by the rules of YAML 1.2 and JSON: `1e-3` is a number, `no` is text, `1:30` too.
What would be dangerous or surprising is refused before the document is built: tags, merge keys,
deep nesting, aliases that grow without bound, a key that stands twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

import yaml
from msgspec import Struct

from nntrace.errors import ConfigError
from nntrace.suggest import shortened

DEPTH = 100
NODES = 1_000_000
EXCERPT = 100
"""How much of a long line an error shows."""

INDEX = 19
"""A number of so many digits is no index into a list (and of thousands Python would not read it)."""

Path = tuple[str | int, ...]
"""The way to a value: keys, and indices from 0."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_WHOLE = re.compile(r"[-+]?[0-9]{1,6}[eE]\+?[0-9]")  # 1e3 is as whole as 1000
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CONSTANTS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Document(Struct):
    """A parsed file: its plain data, and for every value the place where it stands.

    `overrides` are the values that were set from elsewhere: the path, and the document that is the value.
    """

    file: str
    text: str
    root: yaml.Node
    data: Any
    overrides: Mapping[Path, Document] = {}

    def check_mapping(self) -> None:
        """Raise `ConfigError` where the document as a whole is anything but a mapping."""
        if not isinstance(self.data, dict):
            raise self.error((), "a config is a mapping of keys to values", "For example: alpha: 0.5")

    def set_at(self, path: Path) -> list[Path]:
        """The overrides that the value at `path` came with, or part of it."""
        return [
            overridden
            for overridden in self.overrides
            if path[: len(overridden)] == overridden or overridden[: len(path)] == path != ()
        ]

    def error(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> ConfigError:
        """The error for the value at `path` (or its key); for what is missing, its parent's place."""
        blamed = self.set_at(path)
        if blamed:
            return ConfigError(problem, file=self.overrides[max(blamed, key=len)].file, hint=hint)
        node = self._node(path, key)
        if node is self.root:
            return ConfigError(problem, file=self.file, hint=hint)
        return self.at(node.start_mark, problem, hint, node.end_mark)

    def written(self, path: Path) -> str | None:
        """How the scalar at `path` is written; None where there is none."""
        for overridden in sorted(self.overrides, key=len, reverse=True):
            if path[: len(overridden)] == overridden:
                return self.overrides[overridden].written(path[len(overridden) :])
        node = self._node(path)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _node(self, path: Path, key: bool = False) -> yaml.Node:
        node = self.root
        for depth, step in enumerate(path):
            child = _child(node, step, key and depth == len(path) - 1)
            if child is None:
                break
            node = child
        return node

    def at(self, mark: Any, problem: str, hint: str = "", end: Any = None) -> ConfigError:
        return located(self.file, self.text, mark.line, mark.column, problem, hint, end)


def _child(node: yaml.Node, step: str | int, key: bool) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]  # PyYAML's stubs leave it open
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(step):
                return name if key else value  # type: ignore[no-any-return]
    return None


def described(value: Any) -> str:
    """A value of the file for a message: the text "half", `true`, a list of 3."""
    if isinstance(value, bool) or value is None:
        return {True: "`true`", False: "`false`", None: "nothing"}[value]
    if isinstance(value, str):
        return f'the text "{shortened(value)}"'
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else f"{value}"


def is_number(text: str) -> bool:
    """Whether a text without quotes would be a number."""
    return _NUMBER.fullmatch(text) is not None


def parse(text: str, file: str) -> Document:
    """Read the one document in `text`; `file` is its name in messages.

    Raises `ConfigError` for whatever is not plain, finite, unambiguous YAML.
    """
    try:
        _inspect(text, file)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line, column = _line_column(text, error.position if isinstance(error.position, int) else 0)
        raise located(file, text, line, column, "a character that YAML does not allow") from None
    except UnicodeEncodeError as error:  # half of a surrogate pair, or a byte of an argument that is not UTF-8
        raise located(file, text, *_line_column(text, error.start), "a character that is no Unicode") from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(text, file, error) from None
    if root is None:
        raise ConfigError(
            "there is nothing in it", file=file, hint="`nntrace examples article` prints one to start from."
        )
    document = Document(file, text, root, None)
    document.data = _Builder(document).value(root, ())
    return document


def located(file: str, text: str, line: int, column: int, problem: str, hint: str = "", end: Any = None) -> ConfigError:
    """An error at a line and column (from 0), with the line and the place marked under it."""
    lines = text.splitlines()
    shown = lines[line] if line < len(lines) else ""
    stop = end.column if end is not None and end.line == line else column + 1
    marked = excerpt(shown, column, stop)
    return ConfigError(problem, file=file, line=line + 1, column=column + 1, excerpt=marked, hint=hint)


def excerpt(shown: str, column: int, stop: int) -> str:
    """A line with its columns from `column` to before `stop` (from 0) marked; a long line is cut."""
    first = max(0, column - EXCERPT // 2)
    window = shown[first : first + EXCERPT]
    dots = "…" if first else ""
    before = dots + shown[first:column]
    marked = shown[column : max(stop, column + 1)][: EXCERPT // 2]
    return f"  | {dots}{window}\n  | {' ' * _width(before)}{'^' * max(1, _width(marked))}".replace("\t", " ")


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _line_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n"), position - (before.rfind("\n") + 1)


_SYNTAX = (
    ("mapping values are not allowed", "two colons in one line", "A value with `: ` in it stands in quotes."),
    (
        "expected ':'",
        "here or in the line before, a key without its colon",
        "Write `key: value`, with a space after it.",
    ),
    ("cannot start any token", "a value cannot begin with this sign", "Put the value in quotes."),
    (
        "expected ',' or '}'",
        "this `{` is not closed, or a `,` is missing",
        'A name like "dW2[1,3]" stands in quotes there.',
    ),
    ("expected ',' or ']'", "this `[` is not closed, or a `,` is missing", ""),
    ("expected key", "this does not line up with the lines above", "Keys of one mapping begin in the same column."),
    (
        "expected '-' indicator",
        "this does not line up with the list above",
        "Entries of one list begin in the same column.",
    ),
    ("end of stream", "a quote that is not closed", ""),
    ("escape character", "an unknown escape", "Put the text in single quotes, where a backslash is itself."),
    ("undefined alias", "an alias to nothing", "Text that begins with `*` stands in quotes."),
)
"""What libyaml says, what that means to people, and what to do."""
_OPENED = ("expected ',' or", "end of stream")
"""Where the place to show is that of the bracket or the quote that was opened."""


def _syntax(text: str, file: str, error: yaml.MarkedYAMLError) -> ConfigError:
    said = str(error.problem)
    mark = error.problem_mark or error.context_mark
    opened = error.context_mark
    if mark and opened and mark.line != opened.line and any(part in said for part in _OPENED):
        mark = opened
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = text.splitlines()
    if line < len(lines) and lines[line][column : column + 1] == "\t":
        return located(file, text, line, column, "a tab: YAML is indented with spaces only")
    problem, hint = next(((means, do) for part, means, do in _SYNTAX if part in said), (said, ""))
    return located(file, text, line, column, f"this is not YAML: {problem}", hint)


def _inspect(text: str, file: str) -> None:
    """Refuse what must not reach the composer, which recurses in C."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        mark = event.start_mark

        def refuse(problem: str, hint: str = "", mark: Any = mark) -> ConfigError:
            return located(file, text, mark.line, mark.column, problem, hint)

        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise refuse("a second document: a config is one document, without `---` in the middle")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH:
                raise refuse(f"nested deeper than {DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise refuse(
                f"a tag (`{tag.replace('tag:yaml.org,2002:', '!!')}`): values are plain YAML here", "Remove it."
            )


class _Builder:
    """Plain data from the composed nodes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.count = 0
        self.open: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > NODES:
            raise self._refuse(node, f"more than {NODES:,} values, aliases counted each time")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self.open:
            raise self._refuse(node, "an alias that contains itself")
        self.open.add(id(node))
        built: Any
        if isinstance(node, yaml.SequenceNode):
            built = [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        else:
            built = self._mapping(node, path)
        self.open.discard(id(node))
        return built

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._refuse(key, "a key must be a single word")
            name = str(key.value)
            if name == "<<" and not key.style:
                raise self._refuse(key, "a merge key (`<<`): every key is written out here")
            if name in built:
                raise self._refuse(key, f"`{shortened(name)}` stands twice", "Keep one of them.")
            built[name] = self.value(child, (*path, name))
        return built

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text = node.value
        if node.style:
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _NOT_FINITE.fullmatch(text):
            raise self._refuse(node, f"`{text}` is not a finite number")
        if not _NUMBER.fullmatch(text):
            return text
        if _INTEGER.fullmatch(text) and len(text) < 20:
            return int(text)
        if _WHOLE.fullmatch(text):
            return int(float(text))
        number = float(text)
        if number in (float("inf"), float("-inf")):
            problem = f"`{shortened(text)}` is too large for a float64"
            raise self._refuse(node, problem, "The largest is about 1.8e308.")
        return number

    def _refuse(self, node: yaml.Node, problem: str, hint: str = "") -> ConfigError:
        return self.document.at(node.start_mark, problem, hint, node.end_mark)


def override(document: Document, settings: Sequence[str]) -> Document:
    """`document` with every ``KEY=VALUE`` of `settings` put in (see `nntrace run --help`).

    A key is a dotted path, list indices from 1; the value is read as YAML.
    """
    document.check_mapping()
    data = document.data
    overrides = dict(document.overrides)
    for setting in settings:
        written = f"--set {shortened(setting, EXCERPT)}"
        dotted, equals, text = setting.partition("=")
        if not equals or not dotted.strip():
            raise ConfigError("this is not KEY=VALUE", file=written, hint="For example: --set alpha=0.5")
        try:
            dotted.encode()
            value = parse(text if text.strip() else "null", written)
        except UnicodeEncodeError:
            raise ConfigError("the key has a character that is no Unicode", file=written) from None
        except ConfigError as error:
            raise ConfigError(error.problem, file=written, hint=error.hint) from None
        keys = dotted.strip().split(".")
        if len(keys) > DEPTH:
            raise ConfigError(f"nested deeper than {DEPTH} levels", file=written)
        path, data = _put(data, (), keys, value.data, written)
        overrides = {other: one for other, one in overrides.items() if other[: len(path)] != path}
        overrides[path] = value
    return Document(document.file, document.text, document.root, data, overrides)


def _put(data: Any, done: Path, keys: Sequence[str], value: Any, written: str) -> tuple[Path, Any]:
    """A copy of `data` with `value` at `keys`, and the path it stands at."""
    if not keys:
        return done, value
    key, *rest = keys
    where = ".".join(str(step + 1 if isinstance(step, int) else step) for step in done)
    if isinstance(data, list):
        number = int(key) if key.isdecimal() and len(key) < INDEX else 0
        if not 1 <= number <= len(data):
            there = f"is a list of {len(data)}: `{shortened(key)}` should be 1 to {len(data)}"
            raise ConfigError(f"`{where}` {there if data else 'is an empty list'}", file=written)
        index = number - 1
        path, inner = _put(data[index], (*done, index), rest, value, written)
        return path, [*data[:index], inner, *data[index + 1 :]]
    if data is None or isinstance(data, dict):
        known = data or {}
        path, inner = _put(known.get(key), (*done, key), rest, value, written)
        return path, {**known, key: inner}
    if isinstance(data, str) and done[-1] in ("loss", "optimizer", "activation"):
        return _put({"name": data}, done, keys, value, written)
    raise ConfigError(f"`{where}` is {described(data)}: there is no `{shortened(key)}` in it", file=written)
