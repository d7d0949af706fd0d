"""What was found in somebody's numbers, as data for other programs: graders, test suites."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from nntrace.formula.plain import plain
from nntrace.marking.diagnosing import Apart, Fit, Found, Item
from nntrace.marking.mark import Difference, Marked, Wrong
from nntrace.marking.shapes import ReadAs
from nntrace.render.marked import rounding_said, sentence, verdict

FORMAT = "nntrace-check/1"


def as_data(marked: Marked) -> dict[str, Any]:
    """An answer sheet, marked, as plain data; what is not finite is None. The README describes it."""
    sheet = marked.sheet
    return {
        "format": FORMAT,
        "answers": sheet.name,
        "agrees": marked.agrees,
        "conventions_only": not marked.agrees and marked.differs_by_convention,
        "summary": verdict(marked),
        "compared": marked.compared,
        "right": marked.right,
        "wrong": marked.local,
        "consequences": marked.consequences,
        "equations": [_equation(wrong) for wrong in marked.wrong],
        "mistakes": [_found(found) for found in marked.found],
        "unexplained": [_item(item) for item in marked.unexplained],
        "rounding": None
        if marked.rounding is None
        else {
            "decimals": marked.rounding.decimals,
            "at": marked.rounding.at or None,
            "says": rounding_said(marked.rounding),
        },
        "shapes": [_misfit(each) for each in marked.misfits],
        "not_reached": [{"iteration": iteration, "batch": batch} for iteration, batch in marked.unreached],
        "not_compared": dict(sheet.not_compared),
        "remarks": list(sheet.remarks),
    }


def _equation(wrong: Wrong) -> dict[str, Any]:
    return {
        **_item((wrong.place, wrong.name)),
        "formula": None if wrong.formula is None else f"{wrong.name} = {plain(wrong.formula)}",
        "compared": wrong.of,
        "entries": [_entry(each) for each in wrong.entries],
        "like": [sentence(text) for text in wrong.like],
    }


def _entry(each: Difference) -> dict[str, Any]:
    index = {} if each.row is None or each.column is None else {"row": each.row + 1, "column": each.column + 1}
    return {
        **index,
        "theirs": _number(each.theirs),
        "computed": _number(each.computed),
        "right": _number(each.right),
    }


def _found(found: Found) -> dict[str, Any]:
    return {
        "explains": [_item(item) for item in found.explained],
        "fits": [_fit(fit) for fit in found.fits],
        "apart": None if found.apart is None else _apart(found.apart),
    }


def _fit(fit: Fit) -> dict[str, Any]:
    return {
        "name": fit.mistake.name,
        "kind": str(fit.mistake.kind),
        "says": sentence(fit.says),
        "lines": [{"theirs": line.theirs, "right": line.right} for line in fit.lines],
    }


def _apart(apart: Apart) -> dict[str, Any]:
    index = {} if apart.row is None or apart.column is None else {"row": apart.row + 1, "column": apart.column + 1}
    return {**_item((apart.place, apart.name)), **index, "values": _numbers(apart.values)}


def _misfit(each: ReadAs) -> dict[str, Any]:
    misfit = each.misfit
    return {
        **_item(((misfit.iteration, misfit.batch), misfit.name)),
        "theirs": list(misfit.theirs),
        "ours": list(misfit.ours),
        "name": each.name or None,
        "says": each.says or None,
        "convention": each.convention,
    }


def _item(item: Item) -> dict[str, Any]:
    (iteration, batch), name = item
    return {"iteration": iteration, "batch": batch, "quantity": name}


def _numbers(values: Sequence[float]) -> list[float | None]:
    return [_number(value) for value in values]


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
