"""CSV files with a header line."""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from nntrace.config.document import described, excerpt
from nntrace.errors import ConfigError
from nntrace.files.fields import Field, fields_of
from nntrace.files.labels import Labels
from nntrace.files.opening import opener, reading
from nntrace.suggest import called_here, listed, nearest, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_OTHERS = {";": "semicolons", "\t": "tabs"}
"""What else separates columns, out there."""
_UNDECODED = re.compile("[\udc80-\udcff]")
"""How Python's `surrogateescape` keeps a byte that is not UTF-8."""


class CsvFile:
    """A CSV file with a header line: UTF-8 (with or without BOM), commas, quotes, any line ends; blank lines count not.

    It is read anew for each question rather than kept. Every problem is a `ConfigError` with the file, line and
    column of the CSV.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._hint = ""
        with reading(path):
            self._open = opener(path)
        self._line, fields, _ = next(self._records(), (1, [], ""))
        self.header = [field.strip() for field in fields]
        if not any(self.header):
            raise self.whole("there is nothing in it", "The first line names the columns.")
        other = next((kind for sign, kind in _OTHERS.items() if len(fields) == 1 and sign in self.header[0]), "")
        if other:
            self._hint = f"Columns are separated by commas; this file seems to have {other}."

    def every(self) -> list[str]:
        """The names of all columns; refused where the first line is an example."""
        if all(_is_number(name) for name in self.header if name):
            problem = "the first line should name the columns; here it is numbers"
            raise self.at_header(problem, "Put a line with a name for each column above it.")
        return self.header

    def columns(self, names: Sequence[str]) -> Array:
        """The named columns, a row for each example; there is at least one."""
        places = [self._place_of(name) for name in names]
        values = array("d")
        for line, row, run in self._rows():
            read = float if run.isascii() and "_" not in run else _number
            try:
                values.extend(map(read, map(row.__getitem__, places)))
            except ValueError:
                place = next(place for place in places if not _is_number(row[place]))
                raise self._at(line, place, *_no_number(self.header[place], row[place])) from None
        if not values:
            raise self.whole("there is no example in it, only the header")
        made = np.frombuffer(values, dtype=np.float64).reshape(-1, len(places))
        if not np.isfinite(made).all():
            example, column = np.argwhere(~np.isfinite(made))[0].tolist()
            problem = f"`{shortened(names[column])}` is {made[example, column]}: not a finite number"
            raise self.error(names, example, column, problem)
        return made

    def labels(self, name: str) -> Labels:
        """A column of classes, each a number where it is one, else text."""
        place = self._place_of(name)
        found = Labels.of(row[place].strip() for _, row, _ in self._rows())
        if "" in found.distinct:
            raise self.error([name], found.first(found.distinct.index("")), 0, f"`{shortened(name)}` is empty")
        return Labels([_label(str(word)) for word in found.distinct], found.which)

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        """The error for an entry: the example, and which of the named columns, both from 0."""
        line, _, _ = next(islice(self._rows(), example, None))
        return self._at(line, self._place_of(names[column]), problem, hint)

    def at_header(self, problem: str, hint: str = "") -> ConfigError:
        """The error for the columns that it has."""
        first = next(self._fields(self._line))
        return self._marked(first._replace(stop=len(first.text)), problem, self._hint or hint)

    def whole(self, problem: str, hint: str = "") -> ConfigError:
        """The error for the file as a whole."""
        return ConfigError(problem, file=self.path, hint=hint)

    def _place_of(self, name: str) -> int:
        count = self.header.count(name)
        if count == 1:
            return self.header.index(name)
        said = shortened(name)
        if count > 1:
            second = self.header.index(name, self.header.index(name) + 1)
            hint = "Give each column a name of its own."
            raise self._at(self._line, second, f"the column `{said}` is there twice", hint)
        here = called_here(name, dict.fromkeys(self.header, ()))
        if here is not None:
            raise self._at(self._line, self.header.index(here), f"`{said}`: here it is `{shortened(here)}`")
        near = nearest(name, self.header)
        hint = f"Did you mean `{shortened(near)}`? " if near else ""
        hint += f"Its columns are {listed(map(shortened, self.header))}."
        raise self.at_header(f"there is no column `{said}`", hint)

    def _rows(self) -> Iterator[tuple[int, list[str], str]]:
        """The records after the header, each as wide."""
        width = len(self.header)
        for record in islice(self._records(), 1, None):
            line, row, _ = record
            if len(row) != width:
                counted = f"{len(row)} field" + ("" if len(row) == 1 else "s")
                raise self._at(line, min(len(row), width) - 1, f"this line has {counted}; the header has {width}")
            yield record

    def _records(self) -> Iterator[tuple[int, list[str], str]]:
        """Of each record that is not blank: the line where it begins (from 1), its fields, and these run together."""
        line = 1
        with reading(self.path), self._lines("strict") as lines:
            reader = csv.reader(lines, strict=True)
            try:
                for row in reader:
                    run = "".join(row)
                    if run.strip():
                        yield line, row, run
                    line = reader.line_num + 1
            except csv.Error:
                raise self._malformed(line) from None
            except UnicodeDecodeError:
                raise self._not_utf8() from None

    def _lines(self, errors: str) -> TextIOWrapper:
        """Its lines, with their ends, as the csv module counts them."""
        return TextIOWrapper(self._open(), encoding="utf-8-sig", errors=errors, newline="")

    def _fields(self, line: int) -> Iterator[Field]:
        """The places of the fields of the record that begins at a line (from 1)."""
        with self._lines("surrogateescape") as lines:
            yield from fields_of(islice(lines, line - 1, None), line)

    def _at(self, line: int, place: int, problem: str, hint: str = "") -> ConfigError:
        """The error for the field number `place` (from 0) of the record that begins at a line (from 1)."""
        return self._marked(next(islice(self._fields(line), place, None)), problem, hint)

    def _malformed(self, line: int) -> ConfigError:
        """The error for a record that the csv module refuses: of a field that is not closed well, or is too long."""
        field = max(self._fields(line), key=lambda field: (field.wrong, field.size))
        too_long = f"this field is longer than {csv.field_size_limit():,} signs"
        hint = 'A quote closes its field, before a comma or the end of a line; one inside is written twice: "".'
        return self._marked(field, field.wrong or too_long, hint if field.text.startswith('"', field.column) else "")

    def _not_utf8(self) -> ConfigError:
        with self._lines("surrogateescape") as lines:
            found = ((line, bad, text) for line, text in enumerate(lines, start=1) if (bad := _UNDECODED.search(text)))
            line, bad, text = next(found)
        field = Field(line, bad.start(), bad.end(), text.rstrip("\r\n"))
        return self._marked(field, f"byte 0x{ord(bad[0]) - 0xDC00:02x} is not UTF-8", "Save the file as UTF-8.")

    def _marked(self, field: Field, problem: str, hint: str) -> ConfigError:
        return ConfigError(
            problem,
            file=self.path,
            line=field.line,
            column=field.column + 1,
            excerpt=excerpt(field.text, field.column, field.stop),
            hint=hint or self._hint,
        )


def _number(text: str) -> float:
    """The number that a text is to everybody, ValueError if it is none: Python alone reads `1_000` and `١٢`."""
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)


def _is_number(text: str) -> bool:
    try:
        _number(text)
    except ValueError:
        return False
    return True


def _label(text: str) -> float | str:
    """What a label is: a whole number (also as 2.0), another number, or text."""
    number = _number(text) if _is_number(text) else float("nan")
    if not isfinite(number):
        return text
    return int(number) if number.is_integer() else number


def _no_number(column: str, text: str) -> tuple[str, str]:
    """What is wrong, and what helps."""
    if not text.strip():
        return f"`{shortened(column)}` is empty: every example needs a number", ""
    foreign = next((sign for sign in text if not sign.isascii()), "")
    hint = f"There is a sign in it that no number has: U+{ord(foreign):04X}." if foreign else ""
    return f"`{shortened(column)}` should be a number, not {described(text)}", hint
