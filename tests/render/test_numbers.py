"""How numbers look: the rules, each with its example."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nntrace.render.numbers import ENDS, WHOLE, shown, written


def cells(values: list[float], decimals: int = 4) -> list[str]:
    return written(values, decimals)[1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0.5, -1.25], ["0.5000", "-1.2500"]),
        ([0.0187, 0.0], ["0.0187", "0.0000"]),  # three significant digits in four decimals
        ([0.00153], ["0.00153"]),  # more decimals
        ([0.000342, 0.0001], ["0.000342", "0.000100"]),
        ([0.0000001234], ["1.2340e-7"]),  # eight decimals are not enough
        ([0.00000123], ["0.00000123"]),  # eight just are
        ([1e6], ["1.0000e6"]),
        ([999999.0], ["999999.0000"]),
        ([1.0, 2.1e-9], ["1.0000", "2.1e-9"]),  # a small entry does not show as zero
        ([1.0, -2.1e-9, 0.0], ["1.0000", "-2.1e-9", "0.0000"]),
        ([-0.0], ["0.0000"]),
        ([0.0], ["0.0000"]),
        ([1.0, math.inf, -math.inf, math.nan], ["1.0000", "inf", "-inf", "nan"]),
        ([math.nan], ["nan"]),
        ([1.5e300, 1.0], ["1.5000e300", "1.0000e0"]),
    ],
)
def test_numbers_of_a_quantity(row: list[float], expected: list[str]) -> None:
    assert cells(row) == expected


def test_decimals_are_the_configs() -> None:
    assert cells([0.74136507], 9) == ["0.741365070"]
    assert cells([123.456], 0) == ["123"]


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6), st.integers(0, 12))
def test_nothing_but_zero_shows_as_zero_and_every_text_is_near_its_number(row: list[float], decimals: int) -> None:
    for value, text in zip(row, cells(row, decimals), strict=True):
        assert (float(text) == 0) is (value == 0)
        assert not text.startswith("-0.0000") or float(text) != 0
        assert float(text) == pytest.approx(value, rel=0.05, abs=0.51 * 10.0**-decimals)


def test_a_large_matrix_is_shown_by_its_ends() -> None:
    assert shown(WHOLE) == tuple(range(WHOLE))
    assert shown(WHOLE + 1) == (0, 1, 2, None, WHOLE - 2, WHOLE - 1, WHOLE)
    assert len(shown(10**6)) == 2 * ENDS + 1


@pytest.mark.parametrize("decimals", range(16))
def test_half_a_unit_beside_a_large_entry_does_not_show_as_zero(decimals: int) -> None:
    """Python rounds an exact half to even, and a binary one that lies below the half down."""
    _, half = cells([500.0, float(f"5e-{decimals + 1}")], decimals)
    assert float(half) > 0
