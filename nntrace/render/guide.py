"""What the page of a trace cannot know: its equations in every spelling, and what each quantity is.

The page's script knows no quantity, no function and no optimizer by name: it reads this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from html import escape
from json import dumps
from typing import Any

from nntrace.equations import Equation, Equations, Layer, Phase
from nntrace.explaining import SAME, Kind
from nntrace.formula.entry import any_entry
from nntrace.formula.evaluating import KEPT_TERMS, MOST_TERMS
from nntrace.formula.javascript import javascript
from nntrace.formula.mathml import mathml, name
from nntrace.formula.plain import plain
from nntrace.formula.tree import AnyEntry, Apply, Entry, Formula, Quantity, Transpose
from nntrace.formula.walking import nodes
from nntrace.reasons import Place, why
from nntrace.render import arithmetic, numbers
from nntrace.render.excerpt import looks
from nntrace.render.explained import KINDS
from nntrace.render.html_math import sentence_math
from nntrace.render.layout import START, layer_heading
from nntrace.render.view import View
from nntrace.render.words import PHASES, about, title

RULES = {
    "mostDecimals": numbers.MOST_DECIMALS,
    "scientificFrom": numbers.SCIENTIFIC_FROM,
    "significant": numbers.SIGNIFICANT,
    "whole": numbers.WHOLE,
    "ends": numbers.ENDS,
    "mostTerms": MOST_TERMS,
    "keptTerms": KEPT_TERMS,
    "same": SAME,
    "mostExtra": arithmetic.MOST_EXTRA,
    "surely": arithmetic.SURELY,
}
"""How numbers look, and what is left out of a matrix or a sum: as in every form."""
TRAINED = "trained weight"
"""What a prediction starts from."""


def embedded(listing: Equations, selected: Collection[Quantity]) -> Sequence[Quantity]:
    """What is selected, and the operands of its equations, in their order."""
    wanted = set(selected)
    for equation in _shown(listing, selected):
        wanted.update(q for formula in _formulas(equation) for q in nodes(formula) if isinstance(q, Quantity))
    return [q for q in listing.quantities if q in wanted]


def guide(view: View, quantities: Sequence[Quantity]) -> dict[str, Any]:
    """The guide to the steps of `view`, which have the values of `quantities`."""
    config, listing = view.config, view.listing
    return {
        "title": title(config) or "Trace",
        "about": about(config, listing, view.quantities),
        "detail": str(view.detail),
        "decimals": config.decimals,
        "round": config.round,
        "rules": RULES,
        "phases": PHASES,
        "batches": config.batches,
        "single": config.batch_size == 1,
        "shuffled": config.shuffle is not None,
        "iterations": config.iterations,
        "layers": [_input(listing), *(_layer(listing, layer) for layer in listing.layers)],
        "loss": next((e.target.name for e in reversed(listing) if e.phase is Phase.LOSS), None),
        "before": {old.name: new.name for old, new in listing.state} if view.chosen else {},
        "quantities": {q.name: _quantity(view, q) for q in quantities},
        "items": [*_start(view), *(_item(listing, equation) for equation in _shown(listing, view.quantities))],
    }


def computing(listing: Equations, selected: Collection[Quantity]) -> str:
    """JavaScript: `ENTRIES`, for each target the functions that compute an entry of it, one a formula."""
    helpers: dict[str, None] = {}
    lines = []
    for equation in _shown(listing, selected):
        functions = []
        for formula in map(any_entry, _formulas(equation)):
            applied = [node.function for node in nodes(formula) if isinstance(node, Apply)]
            helpers.update(dict.fromkeys(function.javascript_helper for function in applied))
            functions.append(f"(v, add, where, i, j, m) => {javascript(formula)}")
        lines.append(f"  {dumps(equation.target.name)}: [{', '.join(functions)}],\n")
    return f"{''.join(helpers)}const ENTRIES = {{\n{''.join(lines)}}};\n"


def _shown(listing: Equations, selected: Collection[Quantity]) -> Iterator[Equation]:
    wanted = set(selected)
    return (equation for equation in listing if equation.target in wanted)


def _formulas(equation: Equation) -> Iterator[Formula]:
    """What people write, then what is computed where that differs."""
    return (formula for formula in (equation.shown, equation.formula) if formula)


def _input(listing: Equations) -> dict[str, Any]:
    A = listing.data[0]
    return {"heading": "inputs", "nodes": A.rows, "at": {phase: [A.name, None] for phase in PHASES}}


def _layer(listing: Equations, layer: Layer) -> dict[str, Any]:
    """What the nodes of a layer and the edges to it show in each phase: a quantity, or the old and the new one."""
    W, b, A, Z = layer.W, layer.b, layer.A, layer.Z
    forward = [A.name, W.name]
    new = [[q.name, q.variant(suffix="new").name] if q else None for q in (b, W)]
    gradients = [q.variant(prefix="d").name for q in (Z, W)]
    shown = {"start": forward, "forward": forward, "loss": forward, "backward": gradients, "update": new}
    return {"heading": layer_heading(listing, layer.index), "nodes": layer.nodes, "at": shown}


def _quantity(view: View, q: Quantity) -> dict[str, Any]:
    """How its numbers look, where it is in the drawing, and where it comes from if it has no equation."""
    look = looks(view.listing, view.config.decimals, view.config.round)[q.name]
    return {
        "math": mathml(q),
        "decimals": look.decimals,
        "finest": look.finest,
        "constant": look.constant,
        "drawn": _drawn(view.listing, q),
        "origin": _origin(view, q),
    }


def _drawn(listing: Equations, q: Quantity) -> tuple[str, int] | None:
    """Whether its entries are edges or nodes of the drawing, and of which layer."""
    if q in listing.data:
        return "node", listing.data.index(q) * len(listing.layers)
    for layer in listing.layers:
        if q.variant() == layer.W:
            return "edge", layer.index
        if q.variant() in (layer.b, layer.Z, layer.A) and q.rows == layer.nodes:
            return "node", layer.index
    return None


def _origin(view: View, q: Quantity) -> str:
    listing = view.listing
    if q in listing.constants:
        return KINDS[Kind.CONSTANT]
    if q in listing.data:
        return KINDS[Kind.TARGET if listing.data.index(q) else Kind.INPUT]
    if q.name in listing.by_target:
        return ""
    if q in listing.parameters:
        return KINDS[Kind.WEIGHT] if view.chosen else TRAINED
    return KINDS[Kind.START]


def _start(view: View) -> Iterator[dict[str, Any]]:
    """What the step starts from."""
    for q in view.quantities:
        if q.name not in view.listing.by_target:
            yield {"target": q.name, "phase": START, "heading": "", "text": q.name, "formulas": []}


def _item(listing: Equations, equation: Equation) -> dict[str, Any]:
    """An equation: each of its formulas as it is written, and as it is for any entry."""
    target = equation.target
    return {
        "target": target.name,
        "phase": equation.phase.value,
        "heading": "" if equation.layer is None else layer_heading(listing, equation.layer),
        "text": f"{target.name} = {plain(equation.shown or equation.formula)}",
        "why": sentence_math(why(listing, equation, Place())),
        "formulas": [
            {
                "text": plain(formula),
                "math": mathml(formula, _operand),
                "entry": mathml(any_entry(formula), _place),
                "operands": list(_operands(formula)),
            }
            for formula in _formulas(equation)
        ],
    }


def _operands(formula: Formula) -> Iterator[tuple[str, bool]]:
    """Each quantity of a formula once, by its name, and whether it is transposed there."""
    transposed = {
        node.operand: None
        for node in nodes(formula)
        if isinstance(node, Transpose) and isinstance(node.operand, Quantity)
    }
    for q in dict.fromkeys(node for node in nodes(formula) if isinstance(node, Quantity)):
        yield q.name, q in transposed


def _operand(node: Formula) -> str:
    """A quantity in a formula, to be found by its name."""
    q = node.operand if isinstance(node, Transpose) else node
    assert isinstance(q, Quantity)
    return f'<mrow data-q="{escape(q.name)}">{name(node)}</mrow>'


def _place(node: Formula) -> str:
    """An entry in the formula of any entry, where the page puts its number."""
    assert isinstance(node, AnyEntry | Entry)
    place = f'data-row="{node.row or 0}" data-column="{node.column or 0}"'
    return f'<mrow data-q="{escape(node.quantity.name)}" {place}></mrow>'
