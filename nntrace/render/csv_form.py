"""CSV, tidy: a line for each number, which pandas, R and spreadsheets take as it is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import json

from nntrace.render.view import View
from nntrace.tracing import Step

HEADER = ("iteration", "batch", "quantity", "row", "column", "value")
_UPDATE = "\0"
"""Stands in a pattern for which update it is: a sign that no name has."""


def render(view: View) -> Iterator[str]:
    """The columns of `HEADER`, a step at a time.

    Rows and columns count from 1, and are empty for a single number; iteration and batch are empty in a
    prediction. Numbers are in full (they read back to the same float64), or `nan`, `inf`, `-inf`.
    """
    yield ",".join(HEADER) + "\n"
    patterns: dict[int, str] = {}
    for step in view.steps:
        size = len(step.examples)  # which all shapes follow from
        if size not in patterns:
            patterns[size] = "".join(_lines(view, step))
        update = "," if step.iteration is None else f"{step.iteration},{step.batch}"
        yield patterns[size].replace(_UPDATE, update) % tuple(_numbers(view, step))


def _lines(view: View, step: Step) -> Iterator[str]:
    """The lines of a step, with `_UPDATE` for its iteration and batch and `%s` for each number."""
    for quantity in view.quantities:
        rows, columns = step.shape(quantity.name)
        if not quantity.shape:
            yield f"{_UPDATE},{quantity.name},,,%s\n"
            continue
        for row in range(1, rows + 1):
            for column in range(1, columns + 1):
                yield f"{_UPDATE},{quantity.name},{row},{column},%s\n"


def _numbers(view: View, step: Step) -> list[str]:
    """Every number of a step as text, row after row."""
    values = [value for quantity in view.quantities for value in step.flat(quantity.name)]
    written = json.encode(values)[1:-1].decode().split(",")  # several times as fast as repr
    if "null" not in written:
        return written
    return list(map(repr, values))
