"""An explanation for other programs: numbers in full, what is not finite as null.

``{"format": "nntrace-explain/1", "title", "quantity", "iteration", "batch", "examples", "depth" (null:
all), "complete" (nothing within the depth is left out), "nodes": [...]}``. The first node is what was
asked, the others follow by their level. A node is

    {"quantity": "dW2", "entry": "dW2[1,3]", "row": 1, "column": 3,     null for a single number or a matrix
     "iteration": 1, "batch": 1, "examples": [1], "level": 0,
     "kind": "computed", ...                                             see `nntrace.explaining.Kind`
     "value": 0.0121,                                                    a list of rows for a whole matrix
     "explained": true}

and, where it is computed and explained,

    {"equation": "dW2 = dZ2·A1ᵀ", "computed_as": null, "formula": "dZ2[1,1]·A1[3,1]",
     "arithmetic": "0.0143·0.8477", "result": "0.0121", "adds_up": true,
     "rests": [{"terms": 779, "sum": 1.2}],                              long sums are shortened
     "why": "From Z2 = …", "operands": [1, 2]}                           places in "nodes", from 0
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import json

from nntrace.explaining import Node
from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Entry, Rest
from nntrace.formula.walking import nodes
from nntrace.render.explained import Explained, Section, sentence

FORMAT = "nntrace-explain/1"


def render(explained: Explained) -> Iterator[bytes]:
    """One document, written node by node."""
    found = explained.explanation
    step = found.root.step
    head = {
        "format": FORMAT,
        "title": found.trace.config.title,
        "quantity": name(found.root.target),
        **_where(found.root),
        "depth": found.depth,
        "complete": not found.left,
    }
    assert step.iteration is not None
    yield json.encode(head)[:-1] + b',"nodes":['
    separator = b"\n"
    for place, node in enumerate(found.nodes):
        section = explained.section(place) if node.explained else None
        yield separator + json.encode(_node(node, section))
        separator = b",\n"
    yield b"\n]}\n"


def _where(node: Node) -> dict[str, Any]:
    step = node.step
    return {"iteration": step.iteration, "batch": step.batch, "examples": list(step.examples)}


def _node(node: Node, section: Section | None) -> dict[str, Any]:
    target, value = node.target, node.value
    single = not isinstance(target, Entry) or target.row is None or target.column is None
    said: dict[str, Any] = {
        "quantity": node.quantity.name,
        "entry": name(target),
        "row": None if single else target.row + 1,  # type: ignore[union-attr, operator]
        "column": None if single else target.column + 1,  # type: ignore[union-attr, operator]
        **_where(node),
        "level": node.level,
        "kind": str(node.kind),
        "value": value.tolist() if isinstance(value, np.ndarray) else value,
        "explained": node.explained,
    }
    if section is not None:
        said |= {"operands": node.operands}
        said |= {} if section.leaf else _explained(section)
    return said


def _explained(section: Section) -> dict[str, Any]:
    made, formula = section.worked, section.node.formula
    said: dict[str, Any] = {
        "equation": f"{section.equation.target.name} = {plain(section.formula)}",
        "computed_as": None if section.computed is None else plain(section.computed),
        "why": sentence(section.node.why),
    }
    if made is not None and formula is not None:
        rests = [part for part in nodes(formula) if isinstance(part, Rest)]
        return said | {
            "formula": plain(formula),
            "arithmetic": made.terms,
            "result": made.result,
            "adds_up": made.adds_up,
            "rests": [{"terms": rest.count, "sum": rest.value} for rest in rests],
        }
    entries = [each for each in section.entries if each is not None]
    return said | {
        "entries": [
            {"entry": name(of), "arithmetic": worked.terms, "result": worked.result, "adds_up": worked.adds_up}
            for of, worked in entries
        ]
    }
