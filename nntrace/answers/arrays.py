"""Arrays that are named by quantity: an NPZ file, or a folder of NPY and CSV files.

`Z1` is of the first step. Of another step it is in a folder (in an NPZ, before a slash) that says which:
`iteration-2/Z1` where the iteration has one update, `iteration-2-example-1/Z1` or `iteration-2-batch-1/Z1` where
it has several, also `iteration-2/example-1/Z1`; `2/1/Z1` is the first update of iteration 2. The words are joined by
`-`, `_`, `=`, a space or nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from nntrace.answers import stacked
from nntrace.answers.names import Names
from nntrace.answers.sheet import Update
from nntrace.answers.steps import Found, Updates, read_numbers
from nntrace.answers.texts import Plain
from nntrace.answers.written import Numbers, Written
from nntrace.config.document import Path, is_number, located
from nntrace.errors import ConfigError, SelectionError
from nntrace.files.npy_file import npy
from nntrace.files.npz_file import NpzFile
from nntrace.loading import read
from nntrace.suggest import shortened

NUMBERS = (".npy", ".csv", ".tsv", ".txt")
"""The suffixes of files that hold one array each."""
_JOINT = r"[-_= ]?"
_PLACE = re.compile(
    rf"(?:iteration{_JOINT}(?P<iteration>\d{{1,12}}))?[-_ /]?(?:(?P<kind>example|batch){_JOINT}(?P<which>\d{{1,18}}))?"
    r"|(?P<number>\d{1,12})(?:/(?P<update>\d{1,12}))?",
    re.IGNORECASE,
)
_HINT = "Another step is said as iteration-2, or iteration-2-example-1 where an iteration has several."


def from_npz(path: str, updates: Updates, names: Names) -> Iterator[Found]:
    """The arrays of an NPZ file: each of one step, or stacked as `--to npz` writes them."""
    origin = Plain(path)
    arrays = NpzFile(path).arrays
    if stacked.KEY in arrays:
        yield from stacked.from_stacked(arrays, origin, updates, names)
        return
    for full, array in arrays.items():
        place, _, name = full.rpartition("/")
        update = _update(place, updates, partial(origin.error, (full,)))
        yield _found(name, update, read_numbers(array, full, (full,), origin), origin, (full,))


def from_folder(folder: str, updates: Updates) -> Iterator[Found]:
    """The arrays in the files of a folder, and of folders in it; other files are nobody's business."""
    for above, folders, files in os.walk(folder, onerror=partial(_unreadable, folder)):
        place = os.path.relpath(above, folder).replace(os.sep, "/").removeprefix(".")
        folders[:] = sorted(each for each in folders if not each.startswith((".", "_"))) if place.count("/") < 1 else []
        for file in sorted(files):
            if file.lower().endswith(NUMBERS) and not file.startswith("."):
                path = os.path.join(above, file)
                update = _update(place, updates, partial(ConfigError, file=above))
                yield from_file(path, updates, update)


def from_file(path: str, updates: Updates, update: Update | None = None) -> Found:
    """The array of one file; of the first update unless another is said."""
    array = npy(path) if path.lower().endswith(".npy") else rows(*read(path))
    return named_by_file(path, array, updates, update)


def named_by_file(path: str, array: Any, updates: Updates, update: Update | None = None) -> Found:
    """An array under the name of its file."""
    name, _ = os.path.splitext(os.path.basename(path))
    origin = _File(path)
    return _found(name, update or updates.numbered(0), read_numbers(array, name, (), origin), origin, ())


class _File(Plain):
    """A file that holds one array."""

    def error(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> ConfigError:
        return ConfigError(problem, file=self.file, hint=hint)

    def place(self, path: Path) -> str:
        return self.file


def _unreadable(folder: str, error: OSError) -> None:
    raise ConfigError(f"it cannot be read: {error.strerror or error}", file=str(error.filename or folder))


def _found(name: str, update: Update, numbers: Numbers, origin: Plain, path: Path) -> Found:
    return Found(name, update, numbers, origin.place(path), partial(origin.error, path))


def _update(place: str, updates: Updates, refuse: Callable[..., ConfigError]) -> Update:
    """The update that a folder, or the beginning of a name, says."""
    if not place:
        return updates.numbered(0)
    match = _PLACE.fullmatch(place)
    if match is None:
        raise refuse(f"`{shortened(place)}` names no step", hint=_HINT)
    said = {name: int(text) for name, text in match.groupdict().items() if text and name != "kind"}
    example = said.get("which") if (match["kind"] or "").lower() == "example" else None
    batch = said.get("update", said.get("which") if example is None else None)
    try:
        return updates.named(said.get("iteration", said.get("number")), example, batch)
    except SelectionError as error:
        raise refuse(str(error).partition(", such as")[0], hint=_HINT if "say which" in str(error) else "") from None


def rows(text: str, file: str) -> list[list[Any]]:
    """The rows of numbers in a CSV: separated by commas, or else by semicolons, tabs or spaces.

    A first line that is not numbers is a header, lines that begin with # are comments.
    """
    made: list[list[Any]] = []
    header: list[str] = []
    first: ConfigError | None = None
    for number, line in enumerate(text.splitlines()):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = [(field.start(), field[0].strip(" \t\"'")) for field in _separated(line)]
        wrong = next(((column, word) for column, word in fields if not is_written(word)), None)
        if wrong is not None:
            problem = located(file, text, number, wrong[0], f"{_described(wrong[1])} is not a number")
            if made or header:
                raise problem
            header, first = [word for _, word in fields], problem
            continue
        made.append([written(word) for _, word in fields])
    if not made:
        raise first or ConfigError("there are no numbers in it", file=file)
    numbered = bool(header) and not header[0] and len(header) == len(made[0])  # as pandas writes its index
    return [row[1:] for row in made] if numbered else made


def _separated(line: str) -> Iterator[re.Match[str]]:
    sign = next((sign for sign in ";\t," if sign in line), None)
    return re.finditer(r"[^\s]+" if sign is None else rf"(?:^|(?<={sign}))[^{sign}]*", line)


def written(word: str) -> Written:
    """A number of a file, as it is written in others."""
    return Written(word.lower().replace("infinity", "inf").removeprefix("+"))


def is_written(word: str) -> bool:
    """Whether a word of a file is a number, or what is not finite."""
    return is_number(word) or word.lower().lstrip("+-") in ("nan", "inf", "infinity")


def _described(word: str) -> str:
    return f"`{shortened(word)}`" if word else "an empty field"
