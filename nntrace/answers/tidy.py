"""Tidy CSV, a line for each number, as `--to csv` writes it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nntrace.answers.arrays import is_written, written
from nntrace.answers.steps import WHICH
from nntrace.answers.texts import Plain
from nntrace.answers.written import Written
from nntrace.errors import ConfigError
from nntrace.suggest import listed, shortened

_NEEDED = frozenset({"quantity", "value"})
_PLACES = ("row", "column")
_KNOWN = (*WHICH[:3], "quantity", *_PLACES, "value")
"""The columns: which update, what of it."""
_LONGEST = 18
"""No row or column has more digits."""

Entries = dict[tuple[int, ...], Written]
"""Numbers by row and column (from 1); by nothing for a single number."""


def is_tidy(text: str) -> bool:
    """Whether the first line names the columns of a tidy CSV."""
    return set(_header(text)) >= _NEEDED


def tidy_tree(text: str, file: str) -> tuple[list[dict[str, Any]], Plain]:
    """The steps as mappings of quantities, like those of JSON, and the lines in which they begin."""
    which: list[dict[str, int]] = []
    quantities: list[dict[str, Entries]] = []
    lines: list[int] = []
    known: dict[tuple[str, ...], int] = {}
    for line, row in _rows(text, file):
        update = tuple(row.get(name, "") for name in WHICH[:3])
        number = known.setdefault(update, len(known))
        if number == len(which):
            which.append({name: _index(row, name, line, file) for name in WHICH[:3] if row.get(name)})
            quantities.append({})
            lines.append(line)
        place = tuple(_index(row, name, line, file) for name in _PLACES if row.get(name))
        if len(place) == 1:
            raise _error(file, line, "an entry has a `row` and a `column`, a single number neither")
        entries = quantities[number].setdefault(row["quantity"], {})
        if place in entries:
            raise _error(file, line, f"`{_named(row['quantity'], place)}` is there twice for its step")
        entries[place] = _value(row, line, file)
    steps = [
        {**step, "values": {key: value for name, entries in each.items() for key, value in _whole(name, entries)}}
        for step, each in zip(which, quantities, strict=True)
    ]
    return steps, Plain(file, lines)


def _header(text: str) -> list[str]:
    first = text.lstrip().partition("\n")[0]
    return [field.strip() for field in next(csv.reader([first]), [])]


def _rows(text: str, file: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The number of each line after the header, and its fields by the names of their columns."""
    reader = csv.reader(text.splitlines())
    header: Sequence[str] = ()
    for row in reader:
        if not any(row):
            continue
        line = reader.line_num
        if not header:
            header = [name.strip() for name in row]
            unknown = [name for name in header if name and name not in _KNOWN]  # pandas' index has no name
            if unknown:
                problem = f"there is no column {listed(map(shortened, unknown))}"
                raise _error(file, line, problem, f"There are {listed(_KNOWN)}.")
        elif len(row) != len(header):
            raise _error(file, line, f"this line has {len(row)} fields; the header has {len(header)}")
        else:
            yield line, dict(zip(header, map(str.strip, row), strict=True))


def _index(row: Mapping[str, str], name: str, line: int, file: str) -> int:
    text = row[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST and int(text)):
        raise _error(file, line, f"`{name}` should be a whole number from 1, not `{shortened(text)}`")
    return int(text)


def _value(row: Mapping[str, str], line: int, file: str) -> Written:
    text = row["value"]
    if not is_written(text):
        said = f"not `{shortened(text)}`" if text else "it is empty"
        raise _error(file, line, f"`value` should be a number, {said}")
    return written(text)


def _whole(name: str, entries: Entries) -> Iterator[tuple[str, Any]]:
    """A quantity as one matrix; a lone entry, and what has gaps, entry by entry."""
    rows, columns = (max(place[axis] for place in entries) if () not in entries else 0 for axis in (0, 1))
    if 1 < len(entries) == rows * columns:
        yield name, [[entries[row, column] for column in range(1, columns + 1)] for row in range(1, rows + 1)]
    else:
        yield from ((_named(name, place), value) for place, value in entries.items())


def _named(name: str, place: tuple[int, ...]) -> str:
    return f"{name}[{','.join(map(str, place))}]" if place else name


def _error(file: str, line: int, problem: str, hint: str = "") -> ConfigError:
    return ConfigError(problem, file=file, line=line, column=1, hint=hint)
