"""From a source of any kind to a sheet."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from nntrace import bundle
from nntrace.answers.names import Names
from nntrace.answers.placing import sheet
from nntrace.answers.sheet import Sheet
from nntrace.answers.steps import Found, Updates, found
from nntrace.answers.texts import Plain, json_tree, yaml_tree
from nntrace.errors import ConfigError
from nntrace.formula.tree import Quantity
from nntrace.loading import read as read_text
from nntrace.suggest import nearest
from nntrace.tracing import Trace

FROM_PYTHON = "answers"
"""The name of what is no file."""
_JSON = (".json", ".jsonl", ".ndjson")
_YAML = (".yaml", ".yml")
_TIDY = "iteration,batch,quantity,"
"""With this begins what `--to csv` writes, also where no suffix says what it is."""
_ZIP = b"PK\x03\x04"


def read(
    source: str | os.PathLike[str] | Mapping[str, Any] | Sequence[Any],
    trace: Trace,
    derived: Mapping[str, Quantity] | None = None,
) -> Sheet:
    """Somebody's numbers for a run.

    `source` is a file of JSON, JSON Lines, NPZ or CSV (in the form of the trace, or any part of it), of
    YAML (as `expect` in a config), an NPZ, NPY or CSV of one step, a folder (see `nntrace.answers.arrays`
    for the names in an NPZ and a folder), ``-`` for standard input, the name of a bundled sheet; or from
    Python such a mapping, or a list of steps, of lists, arrays or tensors. `derived` are quantities that
    are not in the list of the run and can be compared all the same.

    A JSON or Python list of steps of which none says which update it is, is read in order from the first.

    Raises `ConfigError` for what cannot be read, with the place.
    """
    updates = Updates(trace.config)
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else FROM_PYTHON
    names = Names(trace.equations, derived or {})
    everything = list(_from_python(source, updates) if name is FROM_PYTHON else _from_file(name, updates, names))
    if not everything:
        raise ConfigError("there is no number in it", file=name)
    return sheet(name, trace, names, updates, everything)


def _from_python(source: Any, updates: Updates) -> Iterator[Found]:
    if not isinstance(source, Mapping | list | tuple):
        kind = type(source).__name__
        raise TypeError(f"answers are a file, a mapping of quantities or a list of steps, not a {kind}")
    return found(source, Plain(FROM_PYTHON), updates)


def _from_file(name: str, updates: Updates, names: Names) -> Iterable[Found]:
    path = _path(name)
    suffix = os.path.splitext(path)[1].lower()
    if os.path.isdir(path):
        return _from_folder(path, name, updates)
    kind = suffix if path != "-" and suffix in (*_JSON, *_YAML) else _looked_at(path, suffix)
    if kind in {".npz", ".npy"}:
        from nntrace.answers.arrays import from_file, from_npz

        return from_npz(path, updates, names) if kind == ".npz" else [from_file(path, updates)]
    text, _ = read_text(path)
    if kind == ".csv" or text.startswith(_TIDY):
        return _from_csv(path, text, updates)
    if not text.strip():
        raise ConfigError("there is nothing in it", file=name)
    return _from_text(text, name, kind, updates)


def _from_folder(path: str, name: str, updates: Updates) -> Iterable[Found]:
    from nntrace.answers.arrays import from_folder

    everything = list(from_folder(path, updates))
    if not everything:
        hint = "For example Z1.npy, dW1.csv."
        raise ConfigError("there is no NPY or CSV file in it that is named by a quantity", file=name, hint=hint)
    return everything


def _from_text(text: str, name: str, kind: str, updates: Updates) -> Iterable[Found]:
    """JSON or YAML, as the kind says, or as it looks."""
    if kind in _JSON:
        return found(*json_tree(text, name), updates)
    if kind not in _YAML and text.lstrip().startswith(("{", "[")):
        try:
            return found(*json_tree(text, name), updates)
        except ConfigError:
            if _is_json(text):
                raise
    return found(*yaml_tree(text, name), updates, entries=True)


def _from_csv(path: str, text: str, updates: Updates) -> Iterable[Found]:
    """A tidy one, or one array under the name of its file."""
    from nntrace.answers.arrays import named_by_file, rows
    from nntrace.answers.tidy import is_tidy, tidy_tree

    if is_tidy(text):
        return found(*tidy_tree(text, path), updates, entries=True)
    return [named_by_file(path, rows(text, path), updates)]


def _path(name: str) -> str:
    """The file that is meant: one of that name, or a bundled sheet."""
    if name == "-":
        if sys.stdin is None or sys.stdin.isatty():
            problem = "standard input is the terminal: there is nothing to read"
            raise ConfigError(problem, file=name, hint="Pipe the answers in, or name a file.")
        return name
    if os.path.exists(name):
        return name
    bundled = bundle.sheet_path(name)
    if bundled is None:
        near = nearest(name, bundle.sheet_names()) if os.sep not in name else None
        hint = f"Did you mean the bundled sheet `{near}`?" if near else ""
        raise ConfigError("there is no such file", file=name, hint=hint)
    return bundled


def _looked_at(path: str, suffix: str) -> str:
    """The kind of a file by its first bytes, where they tell; else its suffix."""
    if not os.path.isfile(path):  # a pipe is read once
        return suffix if path != "-" else ""
    from nntrace.files.npy_file import MAGIC, beginning

    first = beginning(path)
    if first.startswith(_ZIP) or suffix == ".npz":
        return ".npz"
    if first == MAGIC or suffix == ".npy":
        return ".npy"
    return ".csv" if suffix in {".csv", ".tsv"} else suffix


def _is_json(text: str) -> bool:
    """Whether a text is meant as JSON rather than as YAML in its flow style: a key is in double quotes there."""
    return text.lstrip(" \t\r\n[{").startswith('"')
