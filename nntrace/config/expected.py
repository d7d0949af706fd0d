"""`expect`: published figures, with the precision in which they are written."""

from __future__ import annotations

import re
from math import inf
from typing import Any

from nntrace.config.document import Document, described, is_number
from nntrace.suggest import Also, called_here, shortened

_PARTS = re.compile(r"([-+]?)0*([0-9]*)\.?([0-9]*)(?:[eE](.+))?")
WHERE: Also = {
    "iteration": ("epoch", "iter", "step"),
    "example": ("sample", "row"),
    "batch": ("minibatch", "mini_batch", "update"),
    "tolerance": ("tol", "atol", "within", "precision"),
}
"""The keys of an entry that are not figures, and what they are called elsewhere."""


def written_precision(text: str) -> float:
    """Half a unit of the last digit of a number as it is written: 0.00005 for `0.9968`.

    0 or infinity where that is beyond float64; no figure of a config is.
    """
    mantissa, _, power = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return float(f"0.{'0' * decimals}5e{power or 0}")


def with_figures(document: Document) -> dict[str, Any]:
    """The document's data, each entry of `expect` with its figures as value and text."""
    data: dict[str, Any] = document.data
    entries = data.get("expect")
    if not isinstance(entries, list):
        return data
    return {**data, "expect": [_entry(document, index, entry) for index, entry in enumerate(entries)]}


def _entry(document: Document, index: int, entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    figures = {}
    for name, value in entry.items():
        path = ("expect", index, name)
        if name in WHERE:
            continue
        here = called_here(name, WHERE)
        if here:
            raise document.error(path, f"`{name}`: here it is `{here}`", key=True)
        if isinstance(value, bool) or not isinstance(value, int | float):
            problem = f"`{shortened(name)}` should be a number as it is printed, not {described(value)}"
            quoted = isinstance(value, str) and is_number(value)
            raise document.error(path, problem, "Without quotes it is one." if quoted else "")
        text = _as_json(document.written(path) or repr(value))
        if not 0 < written_precision(text) < inf:
            problem = f"`{shortened(name)}` is {shortened(text)}: half a unit of its last digit is beyond float64"
            raise document.error(path, problem, "How a figure is written says how exact it is.")
        figures[name] = {"value": value, "text": text}
    if not figures:
        hint = "For example: {iteration: 1, example: 1, A3: 0.9968}"
        raise document.error(("expect", index), "there is no figure in this entry", hint)
    return {**{key: entry[key] for key in WHERE if key in entry}, "figures": figures}


def _as_json(text: str) -> str:
    """A number as JSON writes it, digit for digit: `0.50` for `+.50`."""
    match = _PARTS.fullmatch(text)
    assert match is not None  # the document has read a number there
    sign, whole, fraction, power = match.groups()
    return f"{sign.strip('+')}{whole or 0}{'.' * bool(fraction)}{fraction}" + (f"e{power}" if power else "")
