"""How a number comes about: its formula, and those of its operands, down to what the run starts from.

Read off the list of equations and a step. Numbers are the nodes of a graph, each there once,
however many others are made of it; `Node.parent` makes a tree of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from math import isclose
from typing import Any

from msgspec import Struct

from nntrace.equations import Equation
from nntrace.formula.entry import entry
from nntrace.formula.evaluating import evaluated, shortened
from nntrace.formula.tree import Entry, Formula, Quantity
from nntrace.formula.walking import nodes
from nntrace.reasons import Place, Why, why
from nntrace.tracing import Step, Trace

MOST = 300
"""So many numbers are explained at most, the nearest first: a step has thousands, a run millions."""
SAME = 1e-9
"""A definition that comes this near to what was computed is the one that is worked out."""


class Kind(StrEnum):
    """Where a number comes from."""

    COMPUTED = "computed"
    STATE = "state of an earlier step"
    INPUT = "input"
    TARGET = "target"
    WEIGHT = "initial weight"
    START = "initial state"
    CONSTANT = "constant"


class Node(Struct, eq=False):
    """An entry, or a whole quantity, of one step.

    `level` is how many steps of explanation it is away from what was asked, `parent` the node from
    which it is first reached (None: it is what was asked). `explained` says that its operands are
    there, by their places in `Explanation.nodes`.

    What is computed has its `equation`, and the formula of it that is worked out (`worked`: what
    people write, unless that has no value); an entry has also its own formula, `formula`, its long
    sums shortened.
    """

    target: Entry | Quantity
    step: Step
    kind: Kind
    level: int
    parent: int | None
    equation: Equation | None = None
    worked: Formula | None = None
    formula: Formula | None = None
    why: Why = ()
    operands: list[int] = []
    explained: bool = False

    @property
    def quantity(self) -> Quantity:
        return self.target.quantity if isinstance(self.target, Entry) else self.target

    @property
    def value(self) -> Any:
        """A float, or the array of a whole quantity."""
        return self.step.number(self.target) if isinstance(self.target, Entry) else self.step[self.target.name]


class Explanation(Struct, frozen=True, eq=False):
    """The first of the nodes is what was asked; the others follow by their level.

    `depth` is how many levels were asked for, None for all. `left` are nodes within it that are not
    explained since there were `most` before them.
    """

    trace: Trace
    nodes: Sequence[Node]
    depth: int | None
    left: Sequence[int] = ()

    @property
    def root(self) -> Node:
        return self.nodes[0]

    def in_order(self) -> Iterator[int]:
        """The computed numbers that are explained, each followed by those it is made of: the tree from its root."""
        children: dict[int, list[int]] = {}
        for place, node in enumerate(self.nodes):
            if node.parent is not None:
                children.setdefault(node.parent, []).append(place)
        waiting = [0]
        while waiting:
            place = waiting.pop()
            node = self.nodes[place]
            if node.explained and (node.kind is Kind.COMPUTED or node.parent is None):
                yield place
            waiting += reversed(children.get(place, []))


def explain(trace: Trace, step: Step, target: Entry | Quantity, depth: int | None = 0, most: int = MOST) -> Explanation:
    """How `target` comes about in `step`: itself, and its operands so many levels down (None: all there are).

    What a step starts from is the new value of the step before: going on there is a level like any
    other. At most `most` numbers are explained, those of fewer levels first.
    """
    return _Explaining(trace, most).explanation(step, target, depth)


class _Explaining:
    def __init__(self, trace: Trace, most: int) -> None:
        self.trace = trace
        self.listing = trace.equations
        self.most = most
        self.new = dict(self.listing.state)
        self.nodes: list[Node] = []
        self.places: dict[tuple[int, Entry | Quantity | tuple[str, int | None, int | None]], int] = {}
        self.steps: dict[int, Step] = {}

    def explanation(self, step: Step, target: Entry | Quantity, depth: int | None) -> Explanation:
        self.steps[self._number(step)] = step
        waiting = deque([self._place(step, target, 0, None)])
        left = []
        explained = 0
        while waiting:
            place = waiting.popleft()
            node = self.nodes[place]
            if depth is not None and node.level > depth:
                break  # so are all that wait
            if explained >= self.most and node.kind in (Kind.COMPUTED, Kind.STATE):
                left.append(place)
                continue
            known = len(self.nodes)
            self._explain(place)
            explained += node.kind is Kind.COMPUTED
            waiting += range(known, len(self.nodes))
        return Explanation(self.trace, self.nodes, depth, left)

    def _number(self, step: Step) -> int:
        """The place of a step in the run, from 0."""
        assert step.iteration is not None
        assert step.batch is not None
        return (step.iteration - 1) * self.trace.config.batches + step.batch - 1

    def _before(self, step: Step) -> Step:
        number = self._number(step) - 1
        if number not in self.steps:
            iteration, batch = divmod(number, self.trace.config.batches)
            self.steps[number] = self.trace.step(iteration + 1, batch=batch + 1)
        return self.steps[number]

    def _place(self, step: Step, target: Entry | Quantity, level: int, parent: int | None) -> int:
        """Where the node of `target` is among all; made if it is new."""
        key = target if isinstance(target, Quantity) else (target.quantity.name, target.row, target.column)
        place = self.places.setdefault((self._number(step), key), len(self.nodes))
        if place == len(self.nodes):
            quantity = target.quantity if isinstance(target, Entry) else target
            equation = self.listing.by_target.get(quantity.name)
            self.nodes.append(Node(target, step, self._kind(quantity, step), level, parent, equation))
        return place

    def _kind(self, quantity: Quantity, step: Step) -> Kind:
        if quantity.name in self.listing.by_target:
            return Kind.COMPUTED
        if quantity in self.listing.constants:
            return Kind.CONSTANT
        if quantity in self.listing.data:
            return Kind.INPUT if quantity == self.listing.data[0] else Kind.TARGET
        if self._number(step):
            return Kind.STATE
        return Kind.WEIGHT if quantity in self.listing.parameters else Kind.START

    def _explain(self, place: int) -> None:
        node = self.nodes[place]
        operands: list[Entry | Quantity] = []
        step = node.step
        if node.kind is Kind.STATE:
            step = self._before(step)
            new, target = self.new[node.quantity], node.target
            operands = [Entry(new, target.row, target.column) if isinstance(target, Entry) else new]
        elif node.equation is not None:
            operands = self._formula(node, node.equation)
        node.operands = [self._place(step, operand, node.level + 1, place) for operand in operands]
        node.explained = True

    def _formula(self, node: Node, equation: Equation) -> list[Entry | Quantity]:
        """Fill in the formula and the reason; returns the operands in their order."""
        target, step = node.target, node.step
        if isinstance(target, Quantity):
            node.worked = equation.shown or equation.formula
            node.why = why(self.listing, equation, Place())
            return list(dict.fromkeys(part for part in nodes(node.worked) if isinstance(part, Quantity)))
        row, column = target.row or 0, target.column or 0
        for node.worked in filter(None, (equation.shown, equation.formula)):
            whole = entry(node.worked, row, column, len(step.examples))
            if equation.shown is None or isclose(evaluated(whole, step.number), step.number(target), rel_tol=SAME):
                break
        node.formula = shortened(whole, step.number)
        node.why = why(self.listing, equation, Place(str(row + 1), str(column + 1)))
        entries = {
            (part.quantity, part.row, part.column): part for part in nodes(node.formula) if isinstance(part, Entry)
        }
        return list(entries.values())
