"""JSON and JSON Lines: numbers in full, what is not finite as null. Also the form in which others bring theirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import json

from nntrace.render.view import View
from nntrace.tracing import Step

FORMAT = "nntrace/1"


def render(view: View) -> Iterator[bytes]:
    """One document, written step by step."""
    start = json.encode(_head(view))
    yield start[:-1] + b',"steps":['
    names = [quantity.name for quantity in view.quantities]
    encode = json.Encoder().encode
    separator = b"\n"
    last = None
    for last in view.steps:
        yield separator + encode(_step(names, last))
        separator = b",\n"
    yield b"\n]"
    if last is not None and last.stopped:
        yield b',"stopped":' + json.encode(_stopped(last))
    yield b"}\n"


def render_lines(view: View) -> Iterator[bytes]:
    """A line without the steps, then a line for each step."""
    yield json.encode(_head(view)) + b"\n"
    names = [quantity.name for quantity in view.quantities]
    encode = json.Encoder().encode
    last = None
    for last in view.steps:
        yield encode(_step(names, last)) + b"\n"
    if last is not None and last.stopped:
        yield json.encode({"stopped": _stopped(last)}) + b"\n"


def _head(view: View) -> dict[str, Any]:
    head = {"format": FORMAT, "title": view.config.title, "config": view.config.as_data()}
    return {**head, "classes": view.config.classes} if view.config.classes else head


def _step(names: Sequence[str], step: Step) -> dict[str, Any]:
    return {**_where(step), "examples": list(step.examples), "values": {name: step.plain(name) for name in names}}


def _stopped(step: Step) -> dict[str, Any]:
    return {**_where(step), "quantity": step.stopped}


def _where(step: Step) -> dict[str, Any]:
    """Which update it is; a prediction is none."""
    return {} if step.iteration is None else {"iteration": step.iteration, "batch": step.batch}
