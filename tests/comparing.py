"""Comparing outputs that hold numbers in full, which may differ in the last digits between machines."""

from __future__ import annotations

import re

import pytest

_NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
FULL = 12
"""A number with more digits than this is written in full; a shorter one was rounded for display."""


def assert_same_text(text: str, expected: str) -> None:
    """The texts are equal, numbers written in full to a relative 1e-9 (the README's promise is 1e-12)."""
    if text == expected:
        return
    assert _NUMBER.sub("#", text) == _NUMBER.sub("#", expected)
    for number, wanted in zip(_NUMBER.findall(text), _NUMBER.findall(expected), strict=True):
        if len(wanted) > FULL:
            assert float(number) == pytest.approx(float(wanted), rel=1e-9, abs=1e-15)
        else:
            assert number == wanted
