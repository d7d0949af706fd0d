"""What the formula of an entry comes to, given the numbers of its entries; and what a long sum is made of, mostly."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from heapq import nlargest
from math import inf, isnan, nan
from typing import Any

from nntrace.formula.compiling import applying
from nntrace.formula.tree import (
    Add,
    Apply,
    Comparison,
    Divide,
    Entry,
    Formula,
    Greater,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Power,
    Rest,
    Series,
    Subtract,
    Where,
)
from nntrace.formula.walking import rewritten

NumberOf = Callable[[Any], float]
"""The number of an `Entry`, or of what the `Rest` of a sum adds up to."""
MOST_TERMS = 12
"""A sum of more terms than this is written by its largest."""
KEPT_TERMS = 5


def evaluated(node: Formula, number_of: NumberOf) -> float:
    """What a formula made of entries comes to: nan where it has no value, an infinity where it is too large."""
    try:
        value = _value(node, number_of)
    except (ZeroDivisionError, ValueError):
        return nan
    except OverflowError:
        return inf
    return nan if isinstance(value, complex) else float(value)


def shortened(node: Formula, number_of: Callable[[Entry], float], most: int = MOST_TERMS) -> Formula:
    """`node` with its long sums written by their largest terms, in their order, and the rest added up."""

    def known(leaf: Entry | Rest) -> float:
        return leaf.value if isinstance(leaf, Rest) else number_of(leaf)

    def rule(part: Formula) -> Formula | None:
        if not isinstance(part, Series) or len(part.terms) <= most:
            return None
        values = [evaluated(term, known) for term in part.terms]
        sizes = [inf if isnan(value) else abs(value) for value in values]
        kept = sorted(nlargest(KEPT_TERMS, range(len(sizes)), key=sizes.__getitem__))
        others = set(range(len(values))).difference(kept)
        rest = Rest(len(others), sum(values[place] for place in sorted(others)))
        return Series((*(rewritten(part.terms[place], rule) for place in kept), rest))

    return rewritten(node, rule)


@singledispatch
def _value(node: Formula, number_of: NumberOf) -> Any:
    raise TypeError(f"no value for {type(node).__name__}")


@_value.register(Number)
def _(node: Number, number_of: NumberOf) -> Any:
    return node.value


@_value.register(Entry)
@_value.register(Rest)
def _(node: Entry | Rest, number_of: NumberOf) -> Any:
    return number_of(node)


@_value.register(Negative)
def _(node: Negative, number_of: NumberOf) -> Any:
    return -_value(node.operand, number_of)


@_value.register(Add)
def _(node: Add, number_of: NumberOf) -> Any:
    return _value(node.left, number_of) + _value(node.right, number_of)


@_value.register(Subtract)
def _(node: Subtract, number_of: NumberOf) -> Any:
    return _value(node.left, number_of) - _value(node.right, number_of)


@_value.register(Multiply)
def _(node: Multiply, number_of: NumberOf) -> Any:
    return _value(node.left, number_of) * _value(node.right, number_of)


@_value.register(Divide)
def _(node: Divide, number_of: NumberOf) -> Any:
    return _value(node.left, number_of) / _value(node.right, number_of)


@_value.register(Power)
def _(node: Power, number_of: NumberOf) -> Any:
    return _value(node.left, number_of) ** _value(node.right, number_of)


@_value.register(Comparison)
def _(node: Comparison, number_of: NumberOf) -> Any:
    left, right = _value(node.left, number_of), _value(node.right, number_of)
    return 1.0 if (left > right if isinstance(node, Greater) else left < right) else 0.0


@_value.register(Maximum)
def _(node: Maximum, number_of: NumberOf) -> Any:
    return max(_value(node.left, number_of), _value(node.right, number_of))


@_value.register(Minimum)
def _(node: Minimum, number_of: NumberOf) -> Any:
    return min(_value(node.left, number_of), _value(node.right, number_of))


@_value.register(Where)
def _(node: Where, number_of: NumberOf) -> Any:
    return _value(node.yes if _value(node.condition, number_of) else node.no, number_of)


@_value.register(Series)
def _(node: Series, number_of: NumberOf) -> Any:
    return sum(_value(term, number_of) for term in node.terms)


@_value.register(Apply)
def _(node: Apply, number_of: NumberOf) -> Any:
    return float(applying(node.function)(_value(node.operand, number_of)))
