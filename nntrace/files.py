"""Data and weights in files: CSV and NPZ, read into float64 arrays, with the place of whatever is wrong."""

from __future__ import annotations

import csv
import os
import re
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from msgspec import Struct

from nntrace.config.document import described, excerpt
from nntrace.errors import ConfigError
from nntrace.suggest import called_here, listed, nearest, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_OTHERS = {";": "semicolons", "\t": "tabs"}
"""What else separates columns, out there."""
_TO_QUOTE = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
"""In a quoted field: up to the quote that closes it."""
_TO_COMMA = re.compile(r"[^,\r\n]*")
_UNDECODED = re.compile("[\udc80-\udcff]")
"""How Python's `surrogateescape` keeps a byte that is not UTF-8."""


class Labels(Struct, frozen=True, eq=False):
    """A class for each example.

    `distinct` are the labels in the order in which they appear (whole numbers or text; from a CSV also other
    numbers, which are to be refused), `which` is for each example the place of its label there.
    """

    distinct: Sequence[float | str]
    which: NDArray[np.int32]

    @classmethod
    def of(cls, labels: Iterable[int | str]) -> Labels:
        places: dict[int | str, int] = {}
        which = array("i", (places.setdefault(label, len(places)) for label in labels))
        return cls(list(places), np.frombuffer(which, dtype=np.int32))

    def first(self, place: int) -> int:
        """The first example that has this one of the distinct labels."""
        return int((self.which == place).argmax())


class _Field(NamedTuple):
    """Where a field of a CSV stands: its line (from 1), its columns there (from 0) and the text of that line.

    `size` is its length over all its lines; `wrong` is why the record ends there for the csv module.
    """

    line: int
    column: int
    stop: int
    text: str
    size: int = 0
    wrong: str = ""


class CsvFile:
    """A CSV file with a header line: UTF-8 (with or without BOM), commas, quotes, any line ends; blank lines count not.

    It is read anew for each question rather than kept. Every problem is a `ConfigError` with the file, line and
    column of the CSV.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._hint = ""
        with _reading(path):
            self._open = _opener(path)
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
        with _reading(self.path), self._lines("strict") as lines:
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

    def _fields(self, line: int) -> Iterator[_Field]:
        """The places of the fields of the record that begins at a line (from 1)."""
        with self._lines("surrogateescape") as lines:
            yield from _fields(islice(lines, line - 1, None), line)

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
        field = _Field(line, bad.start(), bad.end(), text.rstrip("\r\n"))
        return self._marked(field, f"byte 0x{ord(bad[0]) - 0xDC00:02x} is not UTF-8", "Save the file as UTF-8.")

    def _marked(self, field: _Field, problem: str, hint: str) -> ConfigError:
        return ConfigError(
            problem,
            file=self.path,
            line=field.line,
            column=field.column + 1,
            excerpt=excerpt(field.text, field.column, field.stop),
            hint=hint or self._hint,
        )


def _fields(lines: Iterator[str], line: int) -> Iterator[_Field]:
    """The fields of the record with which `lines` begin, by the rules of the csv module, which tells no places.

    `line` is the number of the first. A quote opens a field only as its first sign.
    """
    text, column = next(lines, ""), 0
    while True:
        first, start, shown, size = line, column, text.rstrip("\r\n"), 0
        quoted = text.startswith('"', column)
        column += quoted
        while (end := (_TO_QUOTE if quoted else _TO_COMMA).match(text, column)) is None:
            size += len(text) - column
            line, text, column = line + 1, next(lines, ""), 0
            if not text:
                yield _Field(first, start, start + 1, shown, size, "this quote is not closed")
                return
        size += end.end() - column
        column = end.end()
        after = text[column : column + 1]
        wrong = "text follows the quote that closes this field" if quoted and after.strip(",\r\n") else ""
        if wrong and line > first:
            wrong += f", in line {line}"
        yield _Field(first, start, column if line == first else len(shown), shown, size, wrong)
        if after != ",":
            return
        column += 1


def _opener(path: str) -> Callable[[], BinaryIO]:
    """What opens a file, as often as it is asked; a pipe and standard input (`-`), which come once, are kept."""
    if path == "-":
        if sys.stdin is None or sys.stdin.isatty():
            problem = "standard input is the terminal: there is nothing to read"
            raise ConfigError(problem, file=path, hint="Pipe the data in, or name a file.")
        raw = sys.stdin.buffer.read()
    elif os.path.isfile(path):
        return lambda: open(path, "rb")
    else:
        with open(path, "rb") as opened:
            raw = opened.read()
    return lambda: BytesIO(raw)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror or error}", file=path) from None


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


class NpzFile:
    """An NPZ file, as numpy.savez writes it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.arrays: dict[str, NDArray[Any]] = {}
        try:
            with _reading(path), _opener(path)() as opened:  # a broken one would not be closed by numpy
                archive = np.load(opened, allow_pickle=False)
                if not isinstance(archive, np.ndarray):
                    self.arrays = {name: self._array(archive, name) for name in archive.files}
        except ConfigError:
            raise
        except Exception:  # noqa: BLE001  # zipfile, zlib and numpy have an error of their own for each way to be broken
            raise self.whole("it is not an NPZ file", "Write it with numpy.savez.") from None
        if not self.arrays:
            raise self.whole("there are no named arrays in it", "Write it with numpy.savez.")

    def _array(self, archive: Mapping[str, Any], name: str) -> NDArray[Any]:
        try:
            made = archive[name]
        except Exception as error:  # noqa: BLE001  # as above
            if "allow_pickle" in str(error):
                raise self.whole(f"`{shortened(name)}` is an array of objects", "Save it as numbers.") from None
            raise self.whole(f"`{shortened(name)}` is damaged", "Write it anew with numpy.savez.") from None
        if not isinstance(made, np.ndarray):  # numpy hands on as bytes what it does not know
            raise self.whole(f"`{shortened(name)}` is not an array", "Write it with numpy.savez.")
        return made

    def numbers(self, name: str) -> Array:
        """The array of that name as finite float64."""
        if name not in self.arrays:
            raise self.whole(f"there is no array `{name}`", f"It holds {listed(map(shortened, self.arrays))}.")
        found = self.arrays[name]
        if found.dtype.kind not in "iuf":
            raise self.whole(f"`{name}` should hold numbers; its type is {found.dtype}")
        with np.errstate(over="ignore"):  # a longdouble may be beyond every float64: not finite here
            made = found.astype(np.float64)
        if not np.isfinite(made).all():
            place = ",".join(str(index + 1) for index in np.argwhere(~np.isfinite(made))[0])
            raise self.whole(f"`{name}[{place}]` is not a finite number")
        return made

    def columns(self, name: str, width: int) -> Array:
        """The array of that name, a row of `width` numbers for each example."""
        made = self.numbers(name)
        if made.ndim not in (1, 2):
            raise self.whole(f"`{name}` has {made.ndim} axes: it should be examples × numbers")
        made = made if made.ndim == 2 else made.reshape(-1, 1)
        if made.shape[1] != width:
            raise self.whole(f"`{name}` is {len(made)} × {made.shape[1]}: it should be examples × {width}")
        return made

    def inputs(self, width: int) -> Array:
        """`x`, of at least one example."""
        made = self.columns("x", width)
        if not len(made):
            raise self.whole("there is no example in it")
        return made

    def labels(self, name: str) -> Labels:
        """The classes: whole numbers or text."""
        found = self.arrays[name]
        if found.ndim != 1:
            raise self.whole(f"`{name}` has {found.ndim} axes: it should be one label for each example")
        if found.dtype.kind == "U":
            return Labels.of(found.tolist())
        made = self.numbers(name)
        if not (made == made.round()).all():
            raise self.whole(f"`{name}` should hold whole numbers or text")
        return Labels.of(map(int, made.tolist()))

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        """The error for an entry of example number `example`, from 0."""
        return self.whole(f"example {example + 1}: {problem}", hint)

    def whole(self, problem: str, hint: str = "") -> ConfigError:
        """The error for the file as a whole."""
        return ConfigError(problem, file=self.path, hint=hint)
