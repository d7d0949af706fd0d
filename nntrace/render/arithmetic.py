"""The arithmetic of one entry, written so that it adds up.

Whoever types the shown numbers into a calculator gets the shown result, to its last digit. Four
decimals often suffice; where they would mislead, the terms show more of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from math import isfinite

from msgspec import Struct

from nntrace.formula.evaluating import evaluated, shortened
from nntrace.formula.plain import others, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Rest
from nntrace.render.numbers import alone, typed

MOST_EXTRA = 16
"""So many digits more than asked for are all that a float64 has."""
SURELY = 0.5 * (1 - 1e-6)
"""Of the last digit: nearer to the half it would hang on the last bit, which way the digit is rounded."""


class Worked(Struct, frozen=True, eq=False):
    """A formula of entries with the numbers put in, and its result.

    `formula` has its long sums shortened. `number` writes a leaf of it. `adds_up` is False where no
    number of digits makes the shown numbers give the result: where only rounding errors are left of
    it, or where the formula has no value that the computation avoids.
    """

    formula: Formula
    number: Callable[[Formula], str]
    result: str
    adds_up: bool

    @property
    def terms(self) -> str:
        """`0.5000·0.8176 + …`"""
        return plain(self.formula, self.number)

    @property
    def sign(self) -> str:
        """What stands between the terms and the result."""
        return "=" if self.adds_up else "≈"


def worked(
    formula: Formula,
    number_of: Callable[[Entry], float],
    result: float,
    decimals: int,
    *,
    finest: int | None = None,
    constants: Collection[Quantity] = (),
    cell: str = "",
) -> Worked:
    """The arithmetic behind `result`: `formula` is that of an entry, `number_of` gives the exact value of an entry.

    With `decimals` decimals, and more where it takes them to add up. `finest` is how many decimals
    rounded numbers have: no zeros follow these. `constants` are written as one types them. `cell`
    is how the result is shown elsewhere: so it is here, unless it lies in the middle of two digits.
    """
    formula = shortened(formula, number_of)
    least = decimals if finest is None else min(decimals, finest)

    def written(extra: int) -> Callable[[Formula], str]:
        def leaf(node: Formula) -> str:
            if isinstance(node, Rest):
                return f"{others(node)}: {alone(node.value, decimals, extra, least)}"
            assert isinstance(node, Entry)
            value = number_of(node)
            return typed(value, 6 + extra) if node.quantity in constants else alone(value, decimals, extra, least)

        return leaf

    def shown(leaf: Callable[[Formula], str]) -> Callable[[Entry | Rest], float]:
        return lambda node: float(leaf(node).rpartition(": ")[2])

    if not isfinite(result):
        return Worked(formula, written(0), str(result), adds_up=True)
    text = _settled(result, [cell] if cell else [], decimals, least)
    target, last = float(text), _last_digit(text)
    for extra in range(MOST_EXTRA):
        leaf = written(extra)
        if abs(evaluated(formula, shown(leaf)) - target) < SURELY * last:
            return Worked(formula, leaf, text, adds_up=True)
    return Worked(formula, written(0), text, adds_up=False)


def _settled(result: float, first: list[str], decimals: int, least: int) -> str:
    """The result with as few digits as say it without hanging on its last bit."""
    texts = [*first, *(alone(result, decimals, extra, least) for extra in range(MOST_EXTRA))]
    return next((text for text in texts if abs(float(text) - result) < SURELY * _last_digit(text)), texts[-1])


def _last_digit(text: str) -> float:
    """What one in the last digit of a number is worth."""
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    return 10.0**exponent
