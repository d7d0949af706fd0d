"""The order in which a step is shown: as one would work it by hand, a panel for each layer and phase.

All quantities of a layer have one row per node, so a panel is one table: a row is the story of one
node. Every form reads this; none knows a quantity by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby

from msgspec import Struct

from nntrace.equations import Equation, Equations, Phase
from nntrace.formula.plain import plain
from nntrace.formula.tree import Formula, Quantity
from nntrace.formula.walking import nodes
from nntrace.render.numbers import typed

START = "start"
"""What is there before the first phase: the data and the constants."""


class Item(Struct, frozen=True, eq=False, dict=True):
    """A quantity in its panel, and the equation that it is the result of (None: it was there before)."""

    quantity: Quantity
    equation: Equation | None

    @cached_property
    def formula(self) -> str:
        """The quantity with what it equals, as people write it: `Z2 = W2·A1 + b2`; `W2` for what was there."""
        if self.equation is None:
            return self.quantity.name
        return f"{self.quantity.name} = {plain(self.equation.shown or self.equation.formula)}"

    @cached_property
    def computed(self) -> str:
        """How it is computed, where that differs from what people write; else empty."""
        return plain(self.equation.formula) if self.equation and self.equation.shown else ""

    @property
    def formulas(self) -> Iterator[Formula]:
        """What people write, then what is computed where that differs; nothing for what was there."""
        if self.equation is not None:
            yield from (part for part in (self.equation.shown, self.equation.formula) if part)


class Panel(Struct, frozen=True, eq=False, dict=True):
    """What one layer has in one phase: tables of items with equally many rows, then single numbers.

    `row` is what a row of them is: a node, or at the start just a row of the input or the target.
    Outside the layers a matrix of one entry counts as a single number.
    """

    phase: str
    heading: str
    row: str
    tables: tuple[tuple[Item, ...], ...]
    numbers: tuple[Item, ...]

    @cached_property
    def given(self) -> list[Quantity]:
        """The single numbers that were there before."""
        return [item.quantity for item in self.numbers if item.equation is None]

    @cached_property
    def found(self) -> list[Item]:
        """The single numbers that are results."""
        return [item for item in self.numbers if item.equation is not None]

    @property
    def items(self) -> Iterator[Item]:
        for table in self.tables:
            yield from table
        yield from self.numbers


def panels(listing: Equations, selected: Collection[Quantity], *, once: bool = False) -> tuple[Panel, ...]:
    """The panels of a step in their order, made of the selected quantities.

    A quantity also stands beside what is made of it (W2 and dW2 beside W2_new); with `once` it
    stands only where it is the result, or where it first is.
    """
    wanted = set(selected)
    results = {equation.target for equation in listing}
    drafts = [(START, "", [Item(q, None) for q in (*listing.data, *listing.constants)])]
    for (phase, layer), group in groupby(listing, key=lambda equation: (equation.phase, equation.layer)):
        heading = "" if layer is None else layer_heading(listing, layer)
        drafts.append((phase.value, heading, list(_items(listing, phase, list(group)))))
    made = []
    seen: set[Quantity] = set()
    for phase_name, heading, items in drafts:
        kept = [item for item in items if item.quantity in wanted]
        if once:
            kept = [item for item in kept if item.equation or item.quantity not in results | seen]
        if any(item.equation or item.quantity not in seen for item in kept):  # else it would only say it again
            made.append(_panel(phase_name, heading, kept))
        seen.update(item.quantity for item in kept)
    return tuple(made)


def by_phase(made: Iterable[Panel]) -> Iterator[tuple[str, Panel]]:
    """Every panel with the phase that begins with it, or nothing where the phase goes on."""
    for phase, group in groupby(made, key=lambda panel: panel.phase):
        first, *others = group
        yield phase, first
        yield from (("", panel) for panel in others)


def layer_heading(listing: Equations, index: int) -> str:
    """`layer 2 · 3 nodes · sigmoid`"""
    layer = listing.layers[index - 1]
    settings = ", ".join(f"{name} {typed(value)}" for name, value in layer.activation.parameters.items())
    nodes_there = f"{layer.nodes} node" + ("" if layer.nodes == 1 else "s")
    return " · ".join([f"layer {index}", nodes_there, layer.activation.name + (f" ({settings})" if settings else "")])


def _items(listing: Equations, phase: Phase, group: Sequence[Equation]) -> Iterator[Item]:
    """The equations' targets, each after those of its operands that belong beside it."""
    seen: set[Quantity] = set()
    for equation in group:
        beside = _beside(listing, phase, equation)
        for quantity in beside:
            if quantity not in seen and all(quantity != other.target for other in group):
                seen.add(quantity)
                yield Item(quantity, None)
        yield Item(equation.target, equation)


def _beside(listing: Equations, phase: Phase, equation: Equation) -> Iterable[Quantity]:
    """Forward: the layer's own W and b. Loss: target and output. Update: old value and gradient. Backward: none."""
    operands = [node for node in nodes(equation.shown or equation.formula) if isinstance(node, Quantity) and node.shape]
    start = {old for old, _ in listing.state}
    if phase is Phase.FORWARD:
        return [q for q in operands if q in start and q.layer == equation.layer]
    if phase is Phase.LOSS:
        return [q for q in operands if q not in start]
    if phase is Phase.UPDATE:
        return [q for q in operands if q.layer == equation.layer]
    return []


def _panel(phase: str, heading: str, items: Sequence[Item]) -> Panel:
    """A single number stands in a table only beside others of one row: not a bias that a layer shares."""
    alone = not heading or any(item.quantity.shape and item.quantity.rows > 1 for item in items)
    matrices = [item for item in items if item.quantity.shape and not (alone and item.quantity.shape == (1, 1))]
    heights = dict.fromkeys(item.quantity.shape[0] for item in matrices)
    return Panel(
        phase=phase,
        heading=heading,
        row="row" if phase == START else "node",
        tables=tuple(tuple(item for item in matrices if item.quantity.shape[0] == height) for height in heights),
        numbers=tuple(item for item in items if item not in matrices),
    )
