"""Answer sheets for `check`: each read and marked, also where others cannot be used."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nntrace.answers import read
from nntrace.cli import output
from nntrace.errors import ConfigError, ExitStatus
from nntrace.marking.following import plan_of
from nntrace.marking.mark import mark
from nntrace.render.class_table import Sheeted, class_report
from nntrace.render.marked import marked_report
from nntrace.render.marked_json import FORMAT, as_data
from nntrace.render.view import Style
from nntrace.tracing import Trace


class Class:
    """The sheets of one call. One alone that cannot be read is an error; of several it is a line in the table."""

    def __init__(self, trace: Trace, answers: Sequence[str], tolerance: float | None, allow_conventions: bool) -> None:
        self.trace = trace
        self.tolerance = tolerance
        self.allow_conventions = allow_conventions
        known = trace.equations.by_name
        self.derived = {name: q for name, q in plan_of(trace.config).quantities.items() if name not in known}
        names = [name for answer in answers for name in _files(answer)]
        self.sheets = [self._sheet(name, alone=len(names) == 1) for name in names]

    def _sheet(self, name: str, *, alone: bool) -> Sheeted:
        try:
            sheet = read(name, self.trace, self.derived)
        except ConfigError as error:
            if alone:
                raise
            return Sheeted(name, None, str(error).partition("\n")[0])
        return Sheeted(name, mark(self.trace, sheet, self.tolerance, _progress))

    @property
    def status(self) -> ExitStatus:
        """What the exit status says of all of them."""
        marked = [each.marked for each in self.sheets]
        if None in marked:
            return ExitStatus.UNUSABLE
        passes = (
            each.agrees or (self.allow_conventions and each.differs_by_convention)
            for each in marked
            if each is not None
        )
        return ExitStatus.DONE if all(passes) else ExitStatus.DOES_NOT_HOLD

    def report(self, style: Style) -> Iterable[str]:
        """What is shown of them."""
        first = self.sheets[0].marked
        return marked_report(first, style) if first and len(self.sheets) == 1 else class_report(self.sheets, style)

    def as_data(self) -> dict[str, Any]:
        """One sheet by itself, several in a list."""
        sheets = [
            {"format": FORMAT, "answers": each.name, "problem": each.problem}
            if each.marked is None
            else as_data(each.marked)
            for each in self.sheets
        ]
        return sheets[0] if len(sheets) == 1 else {"format": FORMAT, "sheets": sheets}


def _files(answer: str) -> list[str]:
    """What a pattern stands for, which the shells of Windows leave to us; anything else is itself."""
    if os.path.exists(answer) or not glob.has_magic(answer):
        return [answer]
    return sorted(glob.glob(answer)) or [answer]


def _progress(items: Iterator[Any], total: int) -> Iterator[Any]:
    return output.progress(items, total, "mistakes", to_file=True)
