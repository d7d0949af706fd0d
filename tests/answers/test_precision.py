"""As exactly as each number is written: half a unit of its last digit, and what a program writes is exact."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nntrace.answers import Sheet, read
from nntrace.answers.written import significant
from nntrace.tracing import Trace

Read = Callable[..., Sheet]


def allowed(sheet: Sheet, name: str) -> list[float]:
    return sheet.steps[1, 1][name].allowed.ravel().tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("0.8631", 0.00005),
        ("0.86310", 0.000005),  # a trailing zero is a digit
        ("-2.50", 0.005),
        ("1e-3", 0.0005),
        ("1.50E-3", 0.000005),
        ("0.5", 0.05),
        ("0.0", 0.05),
        ("1", 0.5),
        ("-2", 0.5),
    ],
)
@pytest.mark.parametrize(
    ("name", "around"),
    [("a.json", '{{"A3": [[{}]]}}'), ("a.jsonl", '{{}}\n{{"A3": {}}}'), ("a.yaml", "A3: {}"), ("A3.csv", "{}\n")],
)
def test_half_a_unit_of_the_last_digit_as_written(
    reading: Read, name: str, around: str, text: str, half: float
) -> None:
    assert allowed(reading(name, around.format(text)), "A3") == [pytest.approx(half, rel=1e-12)]


def test_what_a_learner_types_keeps_half_a_unit(reading: Read) -> None:
    assert allowed(reading("a.json", '{"b2_new": [[0.5],[0.50],[1]]}'), "b2_new") == [0.05, 0.005, 0.5]


def test_beside_a_number_in_full_short_numbers_are_exact(reading: Read) -> None:
    """One number of 15 digits shows that a program wrote it; one of 4 may have been typed."""
    sheet = reading("a.json", '{"A2": [[0.123456789012345], [0.5], [1]], "W3": [0.49, 0.494, 0.4936], "loss": 0}')
    assert allowed(sheet, "A2") == [0, 0, 0]
    assert allowed(sheet, "W3") == [0, 0, pytest.approx(0.00005)]
    assert allowed(sheet, "loss") == [0]


def test_where_most_longer_numbers_are_in_full_all_are_exact(reading: Read) -> None:
    """As in a trace of this program, where 0.3775 is 0.3775."""
    sheet = reading("a.json", '{"A2": [[0.123456789012345], [0.3775], [0.1234567890123456]]}')
    assert allowed(sheet, "A2") == [0, 0, 0]


def test_fourteen_digits_are_not_in_full(reading: Read) -> None:
    sheet = reading("a.json", '{"A2": [[0.12345678901234], [0.5], [1]]}')
    assert allowed(sheet, "A2") == [pytest.approx(5e-15), 0.05, 0.5]


@pytest.mark.parametrize(
    ("text", "digits"),
    [("0.5", 1), ("-0.0120", 3), ("1.50e-10", 3), ("100", 3), ("0.0", 0), ("1.5E5", 2), ("12345678901234567", 17)],
)
def test_significant_digits(text: str, digits: int) -> None:
    assert significant(text) == digits


@pytest.mark.parametrize(
    ("value", "half"),
    [
        (0.8631, 0.00005),
        (1, 0.0),
        (np.float64(0.8631), 0.0),
        (np.array([[1]]), 0.0),
        ("0.8631", 0.00005),
        ("0.86310", 0.000005),
        # IEEE 754: between 1/2 and 1 the spacing of float32 is 2^-24, of float16 2^-11; half of it is allowed.
        (np.float32(0.8631), 2**-25),
        (np.array([[0.8631]], dtype=np.float32), 2**-25),
        ([np.float32(0.8631)], 2**-25),
        (np.array([0.8631], dtype=np.float16), 2**-12),
        (np.array([["0.8631"]]), 0.00005),
    ],
)
def test_from_python_floats_are_as_exact_as_their_digits_and_arrays_as_their_type(
    article: Trace, value: Any, half: float
) -> None:
    assert allowed(read({"A3": value}, article), "A3") == [pytest.approx(half, rel=1e-12)]


def test_numbers_that_all_are_float32_are_recognised(article: Trace, reading: Read) -> None:
    """`tensor.tolist()` writes float32 with the digits of a float64."""
    values = np.array([0.1, 0.5, 0.25], dtype=np.float32)
    remark = "Its numbers are float32, and are compared as exactly as that is."
    expected = [
        2**-28,
        2**-25,
        2**-26,
    ]  # half of the spacing of float32: 2^-27 from 1/16, 2^-24 from 1/2, 2^-25 from 1/4
    for sheet in (reading("a.json", json.dumps({"W3": values.tolist()})), read({"W3": values.tolist()}, article)):
        assert sheet.remarks == (remark,)
        assert allowed(sheet, "W3") == expected
    for other, digits in (
        ([0.1, 0.5, 0.25], [0.05, 0.05, 0.005]),
        ([0.5, 0.25, 0.125], [0.05, 0.005, 0.0005]),
        (values.astype(np.float64), [0, 0, 0]),
    ):
        sheet = read({"W3": other}, article)
        assert (sheet.remarks, allowed(sheet, "W3")) == ((), digits)


def test_a_tolerance_takes_the_place_of_the_precision(reading: Read) -> None:
    assert allowed(reading("a.json", '{"A3": 0.8631, "loss": 0, "tolerance": 0.01}'), "A3") == [0.01]
