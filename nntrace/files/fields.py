"""Where the fields of a CSV stand, which the csv module does not tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TO_QUOTE = re.compile(r'[^"]*+(?:""[^"]*+)*+"')
"""In a quoted field: up to the quote that closes it."""
_TO_COMMA = re.compile(r"[^,\r\n]*")


class Field(NamedTuple):
    """Where a field of a CSV stands: its line (from 1), its columns there (from 0) and the text of that line.

    `size` is its length over all its lines; `wrong` is why the record ends there for the csv module.
    """

    line: int
    column: int
    stop: int
    text: str
    size: int = 0
    wrong: str = ""


def fields_of(lines: Iterator[str], line: int) -> Iterator[Field]:
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
                yield Field(first, start, start + 1, shown, size, "this quote is not closed")
                return
        size += end.end() - column
        column = end.end()
        after = text[column : column + 1]
        wrong = "text follows the quote that closes this field" if quoted and after.strip(",\r\n") else ""
        if wrong and line > first:
            wrong += f", in line {line}"
        yield Field(first, start, column if line == first else len(shown), shown, size, wrong)
        if after != ",":
            return
        column += 1
