"""Data and weights in files: CSV and NPZ, read into float64 arrays, with the place of whatever is wrong."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from nntrace.config.document import TEXT, described, excerpt
from nntrace.errors import ConfigError
from nntrace.suggest import listed, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_OTHERS = {";": "semicolons", "\t": "tabs"}
"""What else separates columns, out there."""


class Labels(Struct, frozen=True, eq=False):
    """A class for each example.

    `distinct` are the labels (whole numbers or text) in the order in which they appear, `which` is
    for each example the place of its label there.
    """

    distinct: Sequence[int | str]
    which: NDArray[np.int32]

    @classmethod
    def of(cls, labels: Iterable[int | str]) -> Labels:
        places: dict[int | str, int] = {}
        which = array("i", (places.setdefault(label, len(places)) for label in labels))
        return cls(list(places), np.frombuffer(which, dtype=np.int32))

    def first(self, place: int) -> int:
        """The first example that has this one of the distinct labels."""
        return int((self.which == place).argmax())


class CsvFile:
    """A CSV file with a header line: UTF-8 (with or without BOM), commas, quotes, any line ends; blank lines count not.

    Every problem is a `ConfigError` with the file, line and column of the CSV.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        with self._records() as records:
            _, fields = next(records, (0, []))
        self.header = [field.strip() for field in fields]
        if not any(self.header):
            raise ConfigError("there is nothing in it", file=path, hint="The first line names the columns.")

    def columns(self, names: Sequence[str]) -> Array:
        """The named columns, a row for each example."""
        places = [self._place_of(name) for name in names]
        values = array("d")
        for line, row in self._rows():
            try:
                values.extend([float(row[place]) for place in places])
            except ValueError:
                place = next(place for place in places if not _is_number(row[place]))
                raise self._at(line, place, _no_number(self.header[place], row[place])) from None
        made = np.frombuffer(values, dtype=np.float64).reshape(-1, len(places))
        if not np.isfinite(made).all():
            example, column = np.argwhere(~np.isfinite(made))[0].tolist()
            raise self.error(
                names, example, column, f"`{names[column]}` is {made[example, column]}: not a finite number"
            )
        return made

    def labels(self, name: str) -> Labels:
        """A column of classes: whole numbers if all are, else text."""
        place = self._place_of(name)
        found = Labels.of(row[place].strip() for _, row in self._rows())
        if "" in found.distinct:
            raise self.error([name], found.first(found.distinct.index("")), 0, f"`{name}` is empty")
        numbers = [number for word in found.distinct if (number := _whole(str(word))) is not None]
        return Labels(numbers, found.which) if len(numbers) == len(found.distinct) else found

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        """The error for an entry: the example, and which of the named columns, both from 0."""
        line = next(line for number, (line, _) in enumerate(self._rows()) if number == example)
        return self._at(line, self._place_of(names[column]), problem, hint)

    def _place_of(self, name: str) -> int:
        count = self.header.count(name)
        if count == 1:
            return self.header.index(name)
        if count > 1:
            second = self.header.index(name, self.header.index(name) + 1)
            raise self._at(1, second, f"the column `{name}` is there twice", "Give each column a name of its own.")
        near = nearest(name, self.header)
        hint = f"Did you mean `{near}`? " if near else ""
        hint += f"Its columns are {listed(self.header)}."
        other = next((kind for sign, kind in _OTHERS.items() if len(self.header) == 1 and sign in self.header[0]), "")
        if other:
            hint = f"Columns are separated by commas; this file seems to have {other}."
        raise ConfigError(f"there is no column `{name}`", file=self.path, hint=hint)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """The line (from 1) and the fields of each example."""
        width = len(self.header)
        with self._records() as records:
            next(records)
            for line, row in records:
                if len(row) != width:
                    if any(field.strip() for field in row):
                        counted = f"{len(row)} field" + ("" if len(row) == 1 else "s")
                        raise self._at(
                            line, min(len(row), width) - 1, f"this line has {counted}; the header has {width}"
                        )
                    continue
                yield line, row

    @contextmanager
    def _records(self) -> Iterator[Iterator[tuple[int, list[str]]]]:
        """The line and the fields of each record that is not blank."""
        try:
            with open(self.path, encoding="utf-8-sig", newline="") as opened:
                reader = csv.reader(opened, strict=True)
                yield _numbered(reader)
        except UnicodeDecodeError:
            raise _not_utf8(self.path) from None
        except csv.Error as error:
            raise ConfigError(f"line {reader.line_num} is not CSV: {error}", file=self.path) from None
        except OSError as error:
            raise ConfigError(f"it cannot be read: {error.strerror or error}", file=self.path) from None

    def _at(self, line: int, place: int, problem: str, hint: str = "") -> ConfigError:
        """The error for the field number `place` (from 0) of the record that begins at a line (from 1)."""
        with open(self.path, encoding="utf-8-sig", newline="") as opened:
            text = opened.read()
        lines = text.splitlines()
        row, column, field, quoted = line - 1, 0, 0, False
        while field < place and row < len(lines):
            if column >= len(lines[row]):
                row, column = row + 1, 0
                continue
            sign = lines[row][column]
            quoted ^= sign == '"'
            field += sign == "," and not quoted
            column += 1
        shown = lines[row] if row < len(lines) else ""
        stop = column + len(next(csv.reader([shown[column:]]), [""])[0]) if shown[column:] else column + 1
        return ConfigError(
            problem, file=self.path, line=row + 1, column=column + 1, excerpt=excerpt(shown, column, stop), hint=hint
        )


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    before = 0
    for row in reader:
        if "".join(row).strip():
            yield before + 1, row
        before = reader.line_num


def _not_utf8(path: str) -> ConfigError:
    with open(path, "rb") as opened:
        line = next((number for number, raw in enumerate(opened, start=1) if not _decodes(raw)), 1)
    return ConfigError(f"line {line} is not UTF-8", file=path, hint="Save the file as UTF-8.")


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _whole(text: str) -> int | None:
    """The whole number that `text` is, also as 2.0; None if it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _no_number(column: str, text: str) -> str:
    if not text.strip():
        return f"`{column}` is empty: every example needs a number"
    return f"`{column}` should be a number, not {described(text)}"


def brief(text: str) -> str:
    """A text of the file for a message: on one line, a long one cut."""
    line = " ".join(text.split())
    return line if len(line) < TEXT else line[: TEXT - 1] + "…"


class NpzFile:
    """An NPZ file, as numpy.savez writes it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.arrays: dict[str, NDArray[Any]] = {}
        try:
            with open(path, "rb") as opened:  # a broken one would not be closed by numpy
                archive = np.load(opened, allow_pickle=False)
                if not isinstance(archive, np.ndarray):
                    self.arrays = {name: self._array(archive, name) for name in archive.files}
        except ConfigError:
            raise
        except OSError as error:
            raise self.whole(f"it cannot be read: {error.strerror or error}") from None
        except Exception:  # noqa: BLE001  # zipfile, zlib and numpy have an error of their own for each way to be broken
            raise self.whole("it is not an NPZ file", "Write it with numpy.savez.") from None
        if not self.arrays:
            raise self.whole("there are no named arrays in it", "Write it with numpy.savez.")

    def _array(self, archive: Mapping[str, Any], name: str) -> NDArray[Any]:
        try:
            made = archive[name]
        except Exception as error:  # noqa: BLE001  # as above
            if "allow_pickle" in str(error):
                raise self.whole(f"`{brief(name)}` is an array of objects", "Save it as numbers.") from None
            raise self.whole(f"`{brief(name)}` is damaged", "Write it anew with numpy.savez.") from None
        if not isinstance(made, np.ndarray):  # numpy hands on as bytes what it does not know
            raise self.whole(f"`{brief(name)}` is not an array", "Write it with numpy.savez.")
        return made

    def numbers(self, name: str) -> Array:
        """The array of that name as finite float64."""
        if name not in self.arrays:
            raise self.whole(f"there is no array `{name}`", f"It holds {listed(map(brief, self.arrays))}.")
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
