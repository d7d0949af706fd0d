"""Ways to change a plan: what the rows of `mistakes.py` are made of.

A change of formulas is made everywhere it can be, then in each line alone. What cannot be built, since shapes do
not fit, or is the same as before, is no variant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nntrace.config.model import Config
from nntrace.equations import Equation, ExampleLoss, Layer, Phase, backward, complete, example_loss, forward_half
from nntrace.formula.derive import reached, whole
from nntrace.formula.plain import plain
from nntrace.formula.tree import EXAMPLES, Apply, Formula, Multiply, Number, Quantity, ShapeError, Subtract
from nntrace.formula.walking import nodes, rewritten
from nntrace.marking.following import Plan
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.functions import rounding
from nntrace.maths.optimizers import OPTIMIZERS, Parameter

Lines = Mapping[str, Formula]


class Variant(Struct, frozen=True, eq=False):
    """A plan with a mistake in it.

    `words` fill the gaps of the sentence; `theirs` and `right` say what no formula says.
    """

    plan: Plan
    words: Mapping[str, str] = {}
    theirs: str = ""
    right: str = ""


Rewriting = Callable[[Plan], Iterator[Variant]]
Rule = Callable[["Net", Quantity, Formula], Formula | None]
"""Another formula for a quantity, given its own; None where there is none."""


class Net(Struct, frozen=True, eq=False, dict=True):
    """A plan's network in the words of the textbook."""

    plan: Plan

    @property
    def config(self) -> Config:
        return self.plan.config

    @property
    def layers(self) -> Sequence[Layer]:
        return self.plan.listing.layers

    @property
    def last(self) -> Layer:
        return self.layers[-1]

    @property
    def y(self) -> Quantity:
        return self.plan.listing.data[1]

    def layer(self, q: Quantity) -> Layer:
        """The layer that a quantity belongs to."""
        assert q.layer is not None
        return self.layers[q.layer - 1]

    def after(self, q: Quantity) -> Layer:
        """The layer after that of a quantity."""
        assert q.layer is not None
        return self.layers[q.layer]

    def is_last(self, q: Quantity) -> bool:
        return q.layer == len(self.layers)

    def through(self, layer: Layer, g: Formula, activation: str = "") -> Formula:
        """What reaches Z of a layer when `g` reaches its A; as another activation would have it, if named."""
        chosen = layer.activation
        other = ACTIVATIONS[activation or chosen.name]
        f = other.formula(layer.Z, **(other.defaults if activation else chosen.parameters))
        return whole(reached(f, g, layer.A)[layer.Z], layer.Z)

    def sized(self, formula: Formula) -> Formula:
        """`formula` with the number of examples in its shapes, to be put together where the numbers fit."""
        m = self.config.batch_size

        def rule(node: Formula) -> Formula | None:
            if not isinstance(node, Quantity) or EXAMPLES not in node.shape:
                return None
            return replace(node, of=tuple(m if size == EXAMPLES else size for size in node.of))

        return rewritten(formula, rule)

    def fits(self, formula: Formula, q: Quantity) -> bool:
        """Whether `formula` is as large as `q` for the batches of this network."""
        m = self.config.batch_size
        sizes = [tuple(m if size == EXAMPLES else size for size in shape) for shape in (formula.shape, q.shape)]
        return sizes[0] == sizes[1]

    @cached_property
    def forward(self) -> tuple[Equation, ...]:
        """The forward half in ŷ, from which gradients can be derived."""
        return forward_half(self.config)

    def derived(self, forward: Sequence[Equation]) -> dict[str, Formula]:
        """The backward half of a forward half."""
        inputs = (self.plan.listing.data[0], *self.plan.listing.parameters)
        return {e.target.name: e.formula for e in backward(forward, inputs)}

    def updated(self, q: Quantity, gradient: Formula, optimizer: str = "") -> dict[str, Formula]:
        """The update of a parameter with another gradient or by another optimizer."""
        settings = {name: Quantity(name) for name in self.config.chosen_optimizer.parameters}
        row = OPTIMIZERS[optimizer or self.config.chosen_optimizer.name]
        taken = {name: settings[name] for name in row.settings}
        return {target.name: f for target, f in row.update(Parameter(q, gradient), **taken).items()}

    @property
    def trained(self) -> list[tuple[Quantity, Formula]]:
        """Every trained parameter and what its update uses for its gradient."""
        clip = self.plan.quantities.get("clip")
        pairs = [(q, q.variant(prefix="d")) for q in self.plan.listing.parameters]
        known = self.plan.listing.by_name
        return [(q, clip * d if clip else d) for q, d in pairs if d.name in known]


def changed(plan: Plan, lines: Lines) -> Plan | None:
    """`plan` with other lines; None where that is the same. New lines come where they are first used: anywhere."""
    own = plan.lines
    lines = {name: _rounded(plan, f) for name, f in lines.items()}
    new = {name: f for name, f in lines.items() if name not in own or plain(f) != plain(own[name])}
    if not new:
        return None
    shown = {name: f for name, f in plan.shown.items() if name not in new}
    ways = {name: others for name, others in plan.ways.items() if name not in new}
    sized = {name: own[name] for name, f in new.items() if name in own and f.shape != own[name].shape}
    return replace(plan, lines={**own, **new}, shown=shown, ways=ways, otherwise={**plan.otherwise, **sized})


def unrounded(plan: Plan, formula: Formula) -> Formula:
    """A formula without the rounding of a run that is worked as by hand."""
    by_hand = None if plan.config.round is None else rounding(plan.config.round)
    return formula.operand if isinstance(formula, Apply) and formula.function is by_hand else formula


def _rounded(plan: Plan, formula: Formula) -> Formula:
    """A formula as such a run has it: what another quantity is, is not rounded again."""
    if plan.config.round is None or isinstance(formula, Quantity):
        return formula
    return rounding(plan.config.round)(unrounded(plan, formula))


def variants(plan: Plan, lines: Lines, *, alone: bool = True, **words: str) -> Iterator[Variant]:
    """The plan with all of the lines; if `alone` then also with those of the hidden layers, and with each one."""
    last = len(plan.listing.layers)
    scopes = [list(lines)]
    if alone:
        hidden = [name for name in lines if plan.quantities[name].layer != last]
        scopes += [hidden, *([name] for name in lines)]
    seen: set[frozenset[str]] = set()
    for scope in scopes:
        made = changed(plan, {name: lines[name] for name in scope})
        if made is None:
            continue
        different = frozenset(name for name in scope if made.lines[name] is not plan.lines.get(name))
        if different not in seen:
            seen.add(different)
            yield Variant(made, words)


def formulas(kinds: str, rule: Rule, *, alone: bool = True) -> Rewriting:
    """`rule` for every quantity of these kinds (`dA dZ`)."""
    wanted = kinds.split()

    def rewriting(plan: Plan) -> Iterator[Variant]:
        yield from variants(plan, ruled(plan, wanted, rule), alone=alone)

    return rewriting


def ruled(plan: Plan, kinds: Sequence[str], rule: Rule) -> dict[str, Formula]:
    """The lines of these kinds for which `rule` has another formula that can be built."""
    net = Net(plan)
    lines = {}
    for name, own in plan.lines.items():
        q = plan.quantities[name]
        if q.kind in kinds:
            try:
                other = rule(net, q, unrounded(plan, own))
            except ShapeError:
                continue
            if other is not None and net.fits(other, q):
                lines[name] = other
    return lines


def put(formula: Formula, **by: Any) -> Formula:
    """`formula` with quantities exchanged for what `by` has under their names."""
    return rewritten(formula, lambda node: by.get(node.name) if isinstance(node, Quantity) else None)


def uses(formula: Formula, q: Quantity) -> bool:
    """Whether `q` stands in it."""
    return any(node == q for node in nodes(formula))


def of_output(rule: Rule) -> Rewriting:
    """`rule` for the gradient with which the way back begins: what uses y."""

    def begins(net: Net, q: Quantity, own: Formula) -> Formula | None:
        return rule(net, q, own) if uses(own, net.y) else None

    return formulas("dA dZ", begins)


Change = Callable[[ExampleLoss, Net], ExampleLoss]


def loss_as(change: Change, where: str) -> Rewriting:
    """Another loss of an example, in the loss, in the gradient with which the way back begins, or in both."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        net = Net(plan)
        yield from variants(plan, _loss_lines(net, change(example_loss(plan.config), net), where), alone=False)

    return rewriting


def _loss_lines(net: Net, loss: ExampleLoss, where: str) -> dict[str, Formula]:
    forward = forward_half(net.config, loss)
    lines = {}
    if where != "gradient":
        lines = {e.target.name: e.formula for e in forward if e.phase is Phase.LOSS}
    if where != "loss":
        lines |= begun(net, forward)
    return lines


def begun(net: Net, forward: Sequence[Equation]) -> dict[str, Formula]:
    """The gradient of the output, derived: of a pair of output and loss that is Z's, with A's before it."""
    lines = net.derived(forward)
    first = net.last.A.variant(prefix="d").name
    kept = [first] if first in net.plan.listing.by_name else [first, net.last.Z.variant(prefix="d").name]
    return {name: lines[name] for name in kept}


def of_config(other: Callable[[Config], Config | None], *phases: Phase) -> Rewriting:
    """The lines of some phases that another config has otherwise."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        config = other(plan.config)
        if config is not None:
            own = {e.target.name: plain(e.formula) for e in complete(plan.config)}
            lines = {e.target.name: e.formula for e in complete(config) if e.phase in phases}
            different = {name: f for name, f in lines.items() if name in own and plain(f) != own[name]}
            yield from variants(plan, different, alone=False)

    return rewriting


def without(node: Formula, literal: float) -> Formula | None:
    """The other factor of a product that begins with a literal."""
    if isinstance(node, Multiply) and isinstance(node.left, Number) and node.left.value == literal:
        return node.right
    return None


def reversed_error(node: Formula, net: Net) -> Formula | None:
    """y − A for A − y, and the other way round."""
    if isinstance(node, Subtract) and {node.left, node.right} == {net.y, net.last.A}:
        return node.right - node.left
    return None
