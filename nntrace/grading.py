"""Checking somebody's numbers from Python, in one call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nntrace import bundle
from nntrace.answers import read
from nntrace.config.model import Config
from nntrace.loading import load
from nntrace.marking.following import plan_of
from nntrace.marking.mark import Marked, mark
from nntrace.render.marked import marked_report
from nntrace.render.marked_json import as_data
from nntrace.render.view import Style
from nntrace.tracing import Trace


class Report:
    """What was found in somebody's numbers. True where they pass; `str()` is the whole report.

    `agrees`: all that was compared is right. `passes`: that, or with `allow_conventions` all that differs is another
    convention. `compared` numbers were compared, `right` of them are right, `wrong` are wrong in themselves, the other
    `consequences` only follow from these. `mistakes` are the names of the likely mistakes: for each a tuple of all
    that fit, the simplest first. `marked` has the rest.
    """

    def __init__(self, marked: Marked, *, allow_conventions: bool = False) -> None:
        self.marked = marked
        self.agrees = marked.agrees
        self.passes = marked.agrees or (allow_conventions and marked.differs_by_convention)
        self.compared = marked.compared
        self.right = marked.right
        self.wrong = marked.local
        self.consequences = marked.consequences
        self.mistakes = [tuple(fit.mistake.name for fit in found.fits) for found in marked.found]

    def __bool__(self) -> bool:
        return self.passes

    def __str__(self) -> str:
        return "".join(marked_report(self.marked, Style()))

    def __repr__(self) -> str:
        return str(self)  # what a failing assertion shows

    def as_data(self) -> dict[str, Any]:
        """The report as plain data, as `nntrace check --to json` has it."""
        return as_data(self.marked)


def check(
    config: Config | Trace | str | os.PathLike[str] | Mapping[str, Any],
    answers: str | os.PathLike[str] | Mapping[str, Any] | Sequence[Any],
    *,
    tolerance: float | None = None,
    allow_conventions: bool = False,
) -> Report:
    """Compare somebody's numbers with those of a config, and name the likely mistake.

    `config` is what `load` takes or gives, or the name of a bundled example. `answers` are a file or a folder, or
    quantities by their names, as lists, arrays or tensors: those of the first step, or a list of steps, each with its
    `iteration` and `example` (or `batch`). Columns are examples; rows are too if all matrices say so. Numbers are
    compared as exactly as they are written, or to `tolerance`. Raises `ConfigError` for what cannot be read.

    >>> report = check("config.yaml", {"Z1": Z1, "dW1": dW1})
    >>> assert report, str(report)
    """
    trace = config if isinstance(config, Trace) else Trace(config if isinstance(config, Config) else _loaded(config))
    known = trace.equations.by_name
    derived = {name: q for name, q in plan_of(trace.config).quantities.items() if name not in known}
    sheet = read(answers, trace, derived)
    return Report(mark(trace, sheet, tolerance), allow_conventions=allow_conventions)


def _loaded(source: str | os.PathLike[str] | Mapping[str, Any]) -> Config:
    bundled = bundle.path(source) if isinstance(source, str) and not os.path.exists(source) else None
    return load(bundled or source)
