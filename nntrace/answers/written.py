"""Numbers as people and programs write them, with the precision that the writing has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from nntrace.config.document import described, is_number
from nntrace.config.expected import written_precision
from nntrace.suggest import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

IN_FULL = 15
"""A number of so many significant digits was written by a program, in full."""
SHORT = 4
"""Beside one, a number of fewer digits is exact: a program writes 0.5 only when it is 0.5."""
AXES = 2
_NOT_FINITE = ("nan", "inf", "-inf")


class Written(str):
    """A number that stands in a text, digit for digit."""

    __slots__ = ()


_PLAIN = frozenset({list, float, int, str, Written})
"""What is no array, most of what there is."""


class NumberError(Exception):
    """What is given as numbers is none.

    `path` leads to the row or the entry (indices from 0) inside of it; `entry` says that it is an entry.
    """

    def __init__(self, problem: str, path: tuple[int, ...] = (), *, entry: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path
        self.entry = entry


class Numbers(Struct, frozen=True, eq=False):
    """Numbers of no axis, one or two.

    `values` is float64 in the shape that was given. `rounding`, of that shape, is half a unit in the
    last place of a binary type shorter than float64, else 0. `texts` are the numbers as written, row
    after row: empty text for what is no text, and no texts at all where nothing is.
    `plain` says that nothing tells their type: texts, or floats of Python.
    """

    values: Array
    rounding: Array
    texts: Sequence[str] = ()
    plain: bool = True

    def counted(self) -> tuple[int, int]:
        """How many are written in full, and how many with more than a few digits."""
        digits = list(map(significant, self.texts))
        return sum(count >= IN_FULL for count in digits), sum(count >= SHORT for count in digits)

    def single(self) -> bool:
        """Whether nothing speaks against their being float32."""
        if not self.plain:
            return False
        with np.errstate(over="ignore"):
            return bool(np.array_equal(self.values.astype(np.float32), self.values, equal_nan=True))

    def long(self) -> bool:
        """Whether one of them takes all the digits of a float."""
        return any(significant(repr(value)) >= IN_FULL for value in self.values.ravel().tolist())

    def allowed(self, exact_below: int, *, single: bool) -> Array:
        """Half a unit of the last digit of each, in the same shape; 0 where a number is exact.

        In a text, a number of fewer digits than `exact_below` is exact; `single` says that the numbers are float32.
        """
        if single:
            return half_a_place(self.values.astype(np.float32))
        if not self.texts or exact_below == IN_FULL:
            return self.rounding
        made = np.array([_half_a_unit(text, exact_below) for text in self.texts]).reshape(self.values.shape)
        made[~np.isfinite(self.values)] = 0
        made += self.rounding  # one of the two is 0
        return made


def exact_below(everything: Iterable[Numbers]) -> int:
    """From how many significant digits on the numbers of a source are not exact, though not in full.

    A source with a number in full is a program's at least in part: there a number of a few digits is
    exact, and every number where most that have more digits are in full. Else none is.
    """
    counts = [numbers.counted() for numbers in everything]
    full, longer = (sum(column) for column in zip(*counts, strict=True))
    if not full:
        return 0
    return IN_FULL if 2 * full > longer else SHORT


def _half_a_unit(text: str, exact_below: int) -> float:
    if not text or (exact_below and not exact_below <= significant(text) < IN_FULL):
        return 0.0
    return written_precision(text)


def significant(text: str) -> int:
    """How many significant digits a number is written with: 3 for `-0.0120`."""
    return len(text.lower().partition("e")[0].lstrip("+-0.").replace(".", ""))


def half_a_place(values: NDArray[Any]) -> Array:
    """Half a unit in the last place of each value of a binary type, 0 for what is not finite."""
    with np.errstate(all="ignore"):
        half = np.spacing(np.abs(values)).astype(np.float64) / 2
    return np.where(np.isfinite(values), half, 0.0)


def numbers(given: Any) -> Numbers:
    """What is given as numbers: one, a list, a list of rows, an array or a tensor, of texts or of numbers.

    Raises `NumberError` for what is none.
    """
    value = _opened(given)
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if not isinstance(value, list | tuple):
        return _of_leaves([value], ())
    if not value:
        raise NumberError("is empty")
    rows = [_opened(row) for row in value]
    nested = [_is_row(row) for row in rows]
    if not any(nested):
        return _of_leaves(rows, (len(rows),))
    if not all(nested):
        place = nested.index(False)
        raise NumberError(f"is a list of rows; row {place + 1} is {said(rows[place])}", (place,))
    rows = [list(row) for row in rows]
    width = len(rows[0])
    for place, row in enumerate(rows):
        if len(row) != width:
            problem = f"has rows of unequal length: row 1 has {width}, row {place + 1} has {len(row)}"
            raise NumberError(problem, (place,))
    if not width:
        raise NumberError("is empty")
    return _of_leaves(list(chain.from_iterable(rows)), (len(rows), width))


def said(value: Any) -> str:
    """A value for a message."""
    if isinstance(value, Written):
        return shortened(value)
    known = value is None or isinstance(value, bool | str | list | dict | int | float)
    return described(value) if known else f"a {type(value).__name__}"


def _opened(value: Any) -> Any:
    """An array for a tensor and for what says that it can be one."""
    if type(value) in _PLAIN:
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if isinstance(value, np.ndarray):
        return value
    if not hasattr(value, "__array__"):
        return value
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NumberError(f"cannot be made an array: {shortened(str(error), 80)}") from None


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _of_array(array: NDArray[Any]) -> Numbers:
    if array.ndim > AXES:
        raise NumberError(f"has {array.ndim} axes: a quantity has rows and columns")
    if not array.size:
        raise NumberError("is empty")
    if array.dtype.kind in "UO":
        return numbers(array.tolist())
    if array.dtype.kind not in "iuf":
        raise NumberError(f"should hold numbers; its type is {array.dtype}")
    with np.errstate(over="ignore"):  # a longdouble may be beyond every float64: not finite here
        values = array.astype(np.float64)
    short = array.dtype.kind == "f" and array.dtype.itemsize < values.itemsize
    return Numbers(values, half_a_place(array) if short else np.zeros(array.shape), plain=False)


def _of_leaves(leaves: list[Any], shape: tuple[int, ...]) -> Numbers:
    """Numbers of a shape, row after row."""
    kinds = set(map(type, leaves))
    if kinds == {Written}:
        values = np.array(list(map(float, leaves)))
        if np.isinf(values).any():
            _check_size(leaves, values, shape)
        return Numbers(values.reshape(shape), np.zeros(shape), leaves)
    if kinds == {float}:  # as exact as its digits, like the same number in a file
        return Numbers(np.array(leaves).reshape(shape), np.zeros(shape), list(map(repr, leaves)))
    read = []
    for place, leaf in enumerate(leaves):
        try:
            read.append(_leaf(leaf))
        except NumberError as error:
            raise NumberError(error.problem, _path(place, shape), entry=True) from None
    made, rounding, texts = zip(*read, strict=True)
    plain = kinds <= {Written, str, float, type(None)}
    return Numbers(np.array(made).reshape(shape), np.array(rounding).reshape(shape), texts if any(texts) else (), plain)


def _check_size(leaves: list[Any], values: Array, shape: tuple[int, ...]) -> None:
    for place in np.flatnonzero(np.isinf(values)).tolist():
        if leaves[place] not in _NOT_FINITE:
            raise NumberError(_too_large(leaves[place]), _path(place, shape), entry=True)


def _too_large(text: str) -> str:
    return f"is {shortened(text)}: too large for a float64"


def _path(place: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(int, np.unravel_index(place, shape))) if shape else ()


def _leaf(leaf: Any) -> tuple[float, float, str]:
    """Its value, how far it is rounded in binary, and its text where it is one."""
    if leaf is None:
        return math.nan, 0.0, ""
    if isinstance(leaf, str):
        text = leaf.strip()
        if text not in _NOT_FINITE and not is_number(text):
            raise NumberError(f"should be a number, not {said(leaf)}")
        value = float(text)
        if math.isinf(value) and text not in _NOT_FINITE:
            raise NumberError(_too_large(text))
        return value, 0.0, text
    if isinstance(leaf, np.generic | np.ndarray) and leaf.ndim == 0:
        one = _of_array(np.asarray(leaf))
        return float(one.values), float(one.rounding), ""
    if isinstance(leaf, list | tuple | np.ndarray):
        raise NumberError("is a list: a quantity has rows and columns")
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        if hasattr(leaf, "detach"):
            return _leaf(_opened(leaf))
        raise NumberError(f"should be a number, not {said(leaf)}")
    try:
        return float(leaf), 0.0, ""
    except OverflowError:
        raise NumberError(_too_large("an integer")) from None
