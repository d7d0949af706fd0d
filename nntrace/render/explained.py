"""What every form says of an explanation: one section for each number that is explained, and the words around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct

from nntrace.equations import Equation
from nntrace.explaining import Explanation, Kind, Node
from nntrace.formula.entry import entry
from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Rest, Series
from nntrace.formula.walking import nodes
from nntrace.reasons import Part, Spot
from nntrace.render.arithmetic import Worked
from nntrace.render.excerpt import Excerpts
from nntrace.render.legend import legend
from nntrace.render.numbers import alone, dimensions, typed
from nntrace.render.view import Style
from nntrace.render.words import counted, step_title
from nntrace.render.work import worked_entry
from nntrace.tracing import Step

KINDS = {
    Kind.INPUT: "input",
    Kind.TARGET: "target",
    Kind.WEIGHT: "initial weight",
    Kind.START: "as the optimizer starts",
    Kind.CONSTANT: "constant",
}
"""What is said of a number that has no formula."""


class Operand(Struct, frozen=True):
    """One number that a formula is made of: its value as text, where it comes from, the section that explains it."""

    node: Node
    label: str
    value: str
    origin: str
    section: int | None = None

    @property
    def is_formula(self) -> bool:
        """Whether `origin` is the equation that it comes from."""
        return self.node.kind is Kind.COMPUTED and self.section is None


class Section(Struct, frozen=True, eq=False):
    """A number that is explained: `number` is that of the section, from 1; `heading` names it with its value."""

    number: int
    node: Node
    numbers: Excerpts
    heading: str
    value: str
    place: str
    operands: Sequence[Operand]
    worked: Worked | None = None

    @property
    def equation(self) -> Equation:
        assert self.node.equation is not None
        return self.node.equation

    @property
    def formula(self) -> Formula:
        """The formula that is worked out: as people write it, if that has a value."""
        assert self.node.worked is not None
        return self.node.worked

    @property
    def computed(self) -> Formula | None:
        """How it is computed, where that differs from what is worked out."""
        return None if self.formula is self.equation.formula else self.equation.formula

    @property
    def leaf(self) -> str:
        """What is said where there is no formula: this is where the number comes from."""
        if self.node.kind is Kind.COMPUTED:
            return ""
        if self.node.kind is Kind.STATE:
            return f"It is what the step before left: {self.operands[0].label}."
        return f"No formula: {KINDS[self.node.kind]}."

    @property
    def size(self) -> str:
        """`3×4`; nothing for a single number."""
        shape = self.node.step.shape(self.node.quantity.name)
        return "" if shape == (1, 1) else dimensions(*shape)

    @property
    def long_sums(self) -> Iterator[str]:
        """Which sums are not written out."""
        for part in nodes(self.node.formula) if self.node.formula else ():
            if isinstance(part, Series) and isinstance(part.terms[-1], Rest):
                kept, rest = len(part.terms) - 1, part.terms[-1]
                yield (
                    f"The sum has {kept + rest.count:,} terms: shown are the {kept} largest; "
                    f"the {rest.count:,} others add up to {typed(rest.value)}."
                )

    @property
    def entries(self) -> Iterator[tuple[Entry, Worked] | None]:
        """Of a whole quantity, the arithmetic of each entry that is shown; None where some are left out."""
        target = self.node.target
        if isinstance(target, Entry) or isinstance(self.formula, Quantity):
            return
        shown = self.numbers[target]
        for i, cells in zip(shown.rows, shown.cells, strict=True):
            for j, cell in zip(shown.columns, cells, strict=True):
                if i is None or j is None:
                    if j is None or j == 0:
                        yield None
                    continue
                of = Entry(target, i, j)
                yield of, worked_entry(entry(self.formula, i, j, len(self.node.step.examples)), of, self.numbers, cell)


class Explained(Struct, frozen=True, dict=True):
    """An explanation, and how text forms are to write it; `fragment`: without the document around it."""

    explanation: Explanation
    style: Style = Style()
    fragment: bool = False

    @property
    def root(self) -> Node:
        return self.explanation.root

    @cached_property
    def order(self) -> dict[int, int]:
        """The number of its section for each node that has one."""
        return {place: number for number, place in enumerate(self.explanation.in_order(), start=1)}

    @cached_property
    def _numbers(self) -> dict[int, Excerpts]:
        return {}

    def numbers(self, step: Step) -> Excerpts:
        """What is shown of the quantities of a step."""
        made = self._numbers.get(id(step))
        if made is None:
            made = self._numbers[id(step)] = Excerpts(step, self.explanation.trace.config)
        return made

    def sections(self) -> Iterator[Section]:
        for place in self.order:
            yield self.section(place)

    def section(self, place: int) -> Section:
        """The section of the node at `place`; its number is 0 if it is said with another."""
        number, node = self.order.get(place, 0), self.explanation.nodes[place]
        numbers = self.numbers(node.step)
        made = None
        if node.formula is not None:
            assert isinstance(node.target, Entry)
            made = worked_entry(node.formula, node.target, numbers)
        value = made.result if made else self.value(node)
        label = name(node.target)
        return Section(
            number=number,
            node=node,
            numbers=numbers,
            heading=f"{label} = {value}" if value else label,
            value=value,
            place="" if node.step is self.root.step else self.place(node.step),
            operands=[self._operand(place) for place in node.operands],
            worked=made,
        )

    def _operand(self, place: int) -> Operand:
        node = self.explanation.nodes[place]
        section = self.order.get(place)
        origin = KINDS.get(node.kind, "")
        if node.kind is Kind.STATE:
            new = self.explanation.trace.equations.state
            after = next(after for before, after in new if before == node.quantity)
            origin = f"{_entry_of(after, node)} of {self._before(node)}"
            section = self.order.get(node.operands[0]) if node.operands else None
        elif node.kind is Kind.COMPUTED and section is None:
            assert node.equation is not None
            origin = equality(node.equation)
        return Operand(node, name(node.target), self.value(node), origin, section)

    def _before(self, node: Node) -> str:
        if node.operands:
            return self.place(self.explanation.nodes[node.operands[0]].step)
        return "the step before"

    def place(self, step: Step) -> str:
        """`iteration 2 · example 1`"""
        title = step_title(self.explanation.trace.config, step)
        return title[0].lower() + title[1:]

    def value(self, node: Node) -> str:
        """A single number as text; nothing for a matrix."""
        numbers = self.numbers(node.step)
        if isinstance(node.target, Quantity):
            return "" if node.step.shape(node.target.name) != (1, 1) else numbers.single(node.target)
        if node.kind is Kind.CONSTANT:
            return typed(node.value)
        finest = numbers.finest
        return alone(node.value, numbers.decimals, 0, finest if finest is None else min(finest, numbers.decimals))

    @cached_property
    def legend(self) -> list[tuple[str, str]]:
        """What the functions, signs and names in it mean, as pairs of a label and a text."""
        explained = {self.explanation.nodes[place].quantity for place in self.order}
        return [(label, text) for label, text in legend(self.explanation.trace.equations, explained) if text]

    @property
    def closing(self) -> Iterator[str]:
        """What is not explained, and how to see it."""
        found = self.explanation
        if found.left:
            first = found.nodes[found.left[0]]
            explained = counted(len(self.order), "number")
            yield (
                f"{explained} nearest to {name(found.root.target)} explained, as many as --most allows; not explained: "
                f"{len(found.left):,} of those that they are made of, and all that is behind these. "
                f"Go on with --most {2 * len(self.order)}, or from one of them, such as {name(first.target)} "
                f"in {first.step.place}."
            )
        elif found.depth is not None and any(not node.explained for node in found.nodes):
            yield f"--depth {found.depth + 1} goes on with what these are made of, --depth all down to the inputs."


def equality(equation: Equation) -> str:
    """`dW2 = dZ2·A1ᵀ`, as people write it."""
    return f"{equation.target.name} = {plain(equation.shown or equation.formula)}"


def _entry_of(quantity: Quantity, node: Node) -> str:
    """The entry of `quantity` at the place of `node`."""
    if isinstance(node.target, Entry):
        return name(Entry(quantity, node.target.row, node.target.column))
    return quantity.name


def sentence(parts: Sequence[Part], code: Callable[[str], str] = str) -> str:
    """A sentence in plain text; `code` marks the formulas in it."""
    return "".join(part if isinstance(part, str) else code(spelled_part(part)) for part in parts)


def spelled_part(part: Any) -> str:
    """A formula, an equation or an entry in plain text."""
    if isinstance(part, Equation):
        return equality(part)
    if isinstance(part, Spot):
        return part.quantity.name + (f"[{part.row},{part.column}]" if part.quantity.shape else "")
    return plain(part)
