"""How a number looks, and which part of a large matrix is shown.

Numbers of one quantity share one format: `decimals` of them; more, up to 8, where the largest entry
would otherwise show fewer than three significant digits; scientific where that is not enough, and
from 1e6 on. What is not zero never shows as zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import floor, inf, isfinite, log10

MOST_DECIMALS = 8
SCIENTIFIC_FROM = 1e6
SIGNIFICANT = 3
WHOLE = 12
"""A matrix with more rows or columns than this is shown by its ends."""
ENDS = 3


class Format:
    """The format of one quantity: call it with a number. Made by `format_for`."""

    __slots__ = ("pattern", "smallest")

    def __init__(self, pattern: str, smallest: float) -> None:
        self.pattern = pattern
        self.smallest = smallest

    def __call__(self, value: float) -> str:
        if self.smallest < abs(value) < inf:
            return self.pattern % value
        if not isfinite(value):
            return str(value)
        if value == 0:
            value = 0.0  # without the sign of a negative zero
        elif abs(value) <= self.smallest < inf:
            return short(value)
        return _exponent(self.pattern % value)


def short(value: float) -> str:
    """A number in as little room as it takes to see its size: 2.1e-9."""
    return _exponent(f"{value:.1e}")


def typed(value: float, digits: int = 6) -> str:
    """A number as one types it, with so many significant digits at most: 0.5, 1e-8."""
    return _exponent(f"{value + 0.0:.{digits}g}")  # + 0.0: without the sign of a negative zero


def alone(value: float, decimals: int, extra: int = 0, least: int | None = None) -> str:
    """A number that stands in a line of arithmetic and not in a column.

    With `decimals` and `extra` more; where these would show fewer than two significant digits, three and
    `extra` more. No zeros are shown beyond what says it exactly, but for `least` decimals (`decimals` if None).
    """
    from decimal import Decimal  # only arithmetic that is written out needs it

    least = decimals if least is None else least
    if not isfinite(value):
        return str(value)
    if value == 0:
        return f"{0:.{least}f}"
    exact = Decimal(repr(value))
    size, exponent = exact.adjusted(), exact.as_tuple().exponent
    assert isinstance(exponent, int)
    places = decimals + extra
    if size + places < 1:
        places = SIGNIFICANT + extra - 1 - size
    if abs(value) >= SCIENTIFIC_FROM or places > max(MOST_DECIMALS, decimals) + extra:
        mantissa = (max(decimals, SIGNIFICANT - 1) if size > 0 else SIGNIFICANT - 1) + extra
        return _exponent(f"{value:.{min(mantissa, max(size - exponent, SIGNIFICANT - 1))}e}")
    return f"{value:.{min(places, max(least, -exponent))}f}"


def _exponent(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def format_for(largest: float, decimals: int, finest: int | None = None) -> Format:
    """The format of a quantity whose largest absolute entry is `largest`.

    `finest` is how many decimals its numbers have, where they are rounded: no more are made up.
    """
    # Nearly every quantity needs no more than the decimals asked for.
    if _least(decimals) <= largest < SCIENTIFIC_FROM or largest == 0:
        return _fixed(decimals)
    if largest < SCIENTIFIC_FROM:  # which nan is not
        needed = SIGNIFICANT - 1 - floor(log10(largest))
        needed = needed if finest is None else min(needed, finest)
        if needed <= max(MOST_DECIMALS, decimals):
            return _fixed(max(decimals, needed))
    return Format(f"%.{max(decimals, SIGNIFICANT - 1)}e", inf)


@lru_cache
def _least(decimals: int) -> float:
    """The least number that so many decimals show with enough digits."""
    return 10.0 ** (SIGNIFICANT - 1 - decimals)


@lru_cache
def _fixed(decimals: int) -> Format:
    return Format(f"%.{decimals}f", 0.5 * 10.0**-decimals)


def written(values: Sequence[float], decimals: int, finest: int | None = None) -> tuple[Format, list[str]]:
    """The format that all entries of a quantity share (see `format_for`), and every entry in it."""
    if len(values) == 1:
        (value,) = values
        form = format_for(abs(value) if isfinite(value) else 0.0, decimals, finest)
        return form, [form(value)]
    low, high = min(values), max(values)
    largest = max(-low, high)
    if not largest < inf:  # an infinity, or a nan that hides what is larger
        largest = max(filter(isfinite, map(abs, values)), default=0.0)
    form = format_for(largest, decimals, finest)
    least = low if low > 0 else -high if high < 0 else min(map(abs, values))
    if least > form.smallest:  # nothing that needs a look of its own: all at once
        return form, (_patterns(form.pattern, len(values)) % tuple(values)).split()
    return form, [form(value) for value in values]


@lru_cache(maxsize=1024)
def _patterns(pattern: str, count: int) -> str:
    return " ".join([pattern] * count)


@lru_cache
def shown(count: int) -> tuple[int | None, ...]:
    """The indices to show of `count` rows or columns; None stands for those left out."""
    if count <= WHOLE:
        return tuple(range(count))
    return (*range(ENDS), None, *range(count - ENDS, count))


@lru_cache
def dimensions(rows: int, columns: int) -> str:
    """`3×4`"""
    return f"{rows}×{columns}"
