"""`expect`: published figures, with the precision in which they are written."""

from __future__ import annotations

from typing import Any

from nntrace.config.document import Document, described

WHERE = ("iteration", "example", "batch", "tolerance")
"""The keys of an entry that are not figures."""


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
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise document.error(path, f"`{name}` should be a number as it is printed, not {described(value)}")
        figures[name] = {"value": value, "text": document.written(path) or repr(value)}
    if not figures:
        hint = "For example: {iteration: 1, example: 1, A3: 0.9968}"
        raise document.error(("expect", index), "there is no figure in this entry", hint)
    return {**{key: entry[key] for key in WHERE if key in entry}, "figures": figures}
