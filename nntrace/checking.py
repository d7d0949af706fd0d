"""Comparing a trace with published figures, to the precision in which they are written."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np
from msgspec import Struct

from nntrace import selecting
from nntrace.config.expected import written_precision
from nntrace.config.model import Expectation, Figure
from nntrace.errors import SelectionError
from nntrace.tracing import Trace

RELATIVE = 1e-9
"""By this much of their value right calculations may differ; see `holds`."""
OF_LARGEST = 1e-12
HALVES = 1 + 1e-9
"""A number in the middle of two may be written as either, and their difference is half a unit but for its last bits."""


class Compared(Struct, frozen=True):
    """A figure of `expect` beside what the trace has: None where it stops before that step."""

    place: str
    entry: str
    figure: Figure
    tolerance: float
    computed: float | None
    holds: bool


def holds(figure: float, computed: float, tolerance: float, largest: float) -> bool:
    """Whether a figure is what was computed.

    |difference| ≤ max(tolerance, 1e-9·|computed|, 1e-12·largest), where `largest` is the largest
    absolute entry of the quantity: right calculations differ by the last two. What is not finite is
    no figure.
    """
    allowed = max(HALVES * tolerance, RELATIVE * abs(computed), OF_LARGEST * largest)
    return isfinite(computed) and abs(figure - computed) <= allowed


def expected(trace: Trace) -> Iterator[Compared]:
    """Every figure of the config's `expect`, compared."""
    for expectation in trace.config.expect:
        yield from _compared(trace, expectation)


def _compared(trace: Trace, expectation: Expectation) -> Iterator[Compared]:
    try:
        step = trace.step(expectation.iteration, expectation.example, expectation.batch)
    except SelectionError:  # what `expect` names is there: the trace stops before it
        step = None
    for name, figure in expectation.figures.items():
        tolerance = expectation.tolerance or written_precision(figure.text)
        if step is None:
            yield Compared(_place(expectation), name, figure, tolerance, None, holds=False)
            continue
        entry = selecting.entry(trace.equations, name, len(step.examples))
        value = np.asarray(step[entry.quantity.name])
        computed = float(value if entry.row is None else value[entry.row, entry.column])
        largest = float(np.abs(value[np.isfinite(value)]).max(initial=0.0))
        held = holds(figure.value, computed, tolerance, largest)
        yield Compared(_place(expectation), name, figure, tolerance, computed, held)


def _place(expectation: Expectation) -> str:
    """`iteration 2, example 1`, as `expect` says it."""
    which = {"example": expectation.example, "batch": expectation.batch}
    return ", ".join(
        [f"iteration {expectation.iteration}", *(f"{key} {n}" for key, n in which.items() if n is not None)]
    )
