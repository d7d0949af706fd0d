"""How a number looks, and which part of a large matrix is shown.

Numbers of one quantity share one format: `decimals` of them; more, up to 8, where the largest entry
would otherwise show fewer than three significant digits; scientific where that is not enough, and
from 1e6 on. What is not zero never shows as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import floor, inf, isfinite, log10

Rows = Sequence[Sequence[float]]

MOST_DECIMALS = 8
SCIENTIFIC_FROM = 1e6
SIGNIFICANT = 3
WHOLE = 12
"""A matrix with more rows or columns than this is shown by its ends."""
ENDS = 3


class Format:
    """The format of one quantity: call it with a number."""

    __slots__ = ("pattern", "smallest")

    def __init__(self, largest: float, decimals: int) -> None:
        needed = SIGNIFICANT - 1 - floor(log10(largest)) if 0 < largest < inf else 0
        if largest >= SCIENTIFIC_FROM or needed > max(MOST_DECIMALS, decimals):
            self.pattern = f"%.{max(decimals, SIGNIFICANT - 1)}e"
            self.smallest = inf
        else:
            digits = max(decimals, needed)
            self.pattern = f"%.{digits}f"
            self.smallest = 0.5 * 10.0**-digits

    def __call__(self, value: float) -> str:
        if not isfinite(value):
            return str(value)
        if value == 0:
            value = 0.0  # without the sign of a negative zero
        elif abs(value) < self.smallest < inf:
            return short(value)
        return _exponent(self.pattern % value)

    def cells(self, values: Sequence[float]) -> list[str]:
        """Every value written."""
        if min(map(abs, values)) > self.smallest:  # nothing that needs a look of its own: all at once
            return (_patterns(self.pattern, len(values)) % tuple(values)).split()
        return [self(value) for value in values]


@lru_cache(maxsize=1024)
def _patterns(pattern: str, count: int) -> str:
    return " ".join([pattern] * count)


def short(value: float) -> str:
    """A number in as little room as it takes to see its size: 2.1e-9."""
    return _exponent(f"{value:.1e}")


def _exponent(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def format_of(rows: Rows, decimals: int) -> Format:
    """The format that all entries of a quantity share."""
    largest = max([max(map(abs, row)) for row in rows])
    # Nearly every quantity needs no more than the decimals asked for: one format serves them all.
    if 10.0 ** (SIGNIFICANT - 1 - decimals) <= largest < SCIENTIFIC_FROM:
        return _plain_format(decimals)
    if not largest < inf:  # an infinity, or a nan that hides what is larger
        largest = max((abs(value) for row in rows for value in row if isfinite(value)), default=0.0)
    return Format(largest, decimals)


@lru_cache
def _plain_format(decimals: int) -> Format:
    return Format(100.0, decimals)


def written(rows: Rows, form: Format) -> list[list[str]]:
    """Every entry in that format."""
    width = len(rows[0])
    cells = form.cells(rows[0] if len(rows) == 1 else [value for row in rows for value in row])
    return [cells] if len(rows) == 1 else [cells[first : first + width] for first in range(0, len(cells), width)]


def shown(count: int) -> list[int | None]:
    """The indices to show of `count` rows or columns; None stands for those left out."""
    if count <= WHOLE:
        return list(range(count))
    return [*range(ENDS), None, *range(count - ENDS, count)]


def dimensions(rows: int, columns: int) -> str:
    """`3×4`"""
    return f"{rows}×{columns}"
