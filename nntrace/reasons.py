"""Why a formula is so: a sentence on what it says, or on the chain rule that it comes from.

Read off the list of equations: which forward equation uses the quantity, and how. No sentence knows
an activation, a loss or an optimizer by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nntrace.equations import CLIP_NORM, Equation, Equations, Phase
from nntrace.formula.derive import reached
from nntrace.formula.tree import (
    Add,
    Apply,
    Comparison,
    Formula,
    MatrixProduct,
    Number,
    Power,
    Quantity,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes

X = Quantity("x")


class Spot(NamedTuple):
    """An entry whose place may be a letter: `Z2[i,1]`."""

    quantity: Quantity
    row: str
    column: str

    @property
    def indexed(self) -> bool:
        """Whether there is more than one entry to tell apart."""
        return bool(self.quantity.shape) and self.quantity.shape != (1, 1)


Part = str | Formula | Equation | Spot
Why = tuple[Part, ...]
"""A sentence: words, and the formulas, equations (as people write them) and entries in it, for each form to spell."""


class Place(NamedTuple):
    """The entry that is explained, from 1 as people write it; letters stand for any."""

    row: str = "i"
    column: str = "j"


def why(listing: Equations, equation: Equation, place: Place) -> Why:
    """The sentence about the formula of `equation`, for the entry at `place`."""
    said: dict[Phase, Iterator[Part]] = {
        Phase.FORWARD: _forward(listing, equation),
        Phase.LOSS: _loss(listing, equation),
        Phase.BACKWARD: _backward(listing, equation, place),
        Phase.UPDATE: _update(listing, equation),
    }
    return tuple(said[equation.phase])


def _forward(listing: Equations, equation: Equation) -> Iterator[Part]:
    layer = f"layer {equation.layer}"
    formula = _unrounded(equation.formula)
    used = _quantities(formula)
    product = next((node for node in nodes(formula) if isinstance(node, MatrixProduct)), None)
    if product is not None:
        inputs = "the inputs" if used & set(listing.data) else "the outputs of the layer before"
        bias = ", and its bias" if used - _quantities(product) else ""
        yield f"Each node of {layer} adds up {inputs}, each times its weight{bias}."
    elif isinstance(formula, Quantity):
        yield f"The activation of {layer} leaves everything as it is."
    elif _mixes(formula):
        yield f"The activation of {layer}, of all nodes of an example together."
    else:
        yield f"The activation of {layer}, of each node by itself."


def _loss(listing: Equations, equation: Equation) -> Iterator[Part]:
    last = _last(listing)
    if equation is last:
        parts = [e.target for e in listing if e.phase is Phase.LOSS and e.target in _quantities(last.formula)]
        if any(q.shape for q in parts):
            yield "The losses of the examples in one number"
        else:
            yield "How far the output is from the target"
        yield ", and what large weights cost: " if any(not q.shape for q in parts) else ": "
        yield "what training makes small."
    elif equation.target.shape:
        yield "How far the output of each example is from its target."
    else:
        yield "What large weights cost, so that they stay small."


def _update(listing: Equations, equation: Equation) -> Iterator[Part]:
    target, old = equation.target, equation.target.variant()
    if target.layer is None:
        if CLIP_NORM in _quantities(equation.formula):
            yield "What every gradient is multiplied by, so that all of them together are no longer than clip_norm."
        else:
            yield "How long all gradients are together: the root of the sum of their squares."
    elif target.suffix == "hat":
        yield from (target.variant(prefix=target.prefix, suffix="new"), ", corrected for its start at 0.")
    elif target.prefix:
        meaning = listing.kept[target.prefix].format(old.name)
        yield f"What the optimizer keeps from step to step: {meaning}."
    elif isinstance(equation.formula, Quantity):
        yield from (old, " is not trained: it stays as it is.")
    else:
        yield from (old, " after this step: moved against its gradient, which points to where the loss grows")
        ways = sorted(_quantities(equation.formula), key=lambda q: q.name)
        ways = [q for q in ways if q.prefix not in ("", "d")]
        if ways and old.variant(prefix="d") not in _quantities(equation.formula):
            yield from (" (", *_joined(ways), f" {'is' if len(ways) == 1 else 'are'} made of it)")
        yield "."


def _backward(listing: Equations, equation: Equation, place: Place) -> Iterator[Part]:
    """One sentence for each use of the quantity that a gradient comes back from."""
    q = equation.target.variant()
    place = Place("1" if q.shape[0] == 1 else place.row, "1" if q.shape[1] == 1 else place.column)
    uses = [e for e in listing if _comes_back(listing, e, q)]
    for number, use in enumerate(uses):
        yield " " if number else ""
        yield from _from_loss(listing, use, q) if use.phase is Phase.LOSS else _from_forward(use, q, place)
    if len(uses) > 1:
        yield " What comes back on different ways is added up."


def _comes_back(listing: Equations, use: Equation, q: Quantity) -> bool:
    """Whether the gradient of `q` has a part that comes from this equation."""
    if use.phase is Phase.LOSS:
        return use.stated.get(q, q) is not None and q in (*_quantities(use.formula), *use.stated)
    known = use.target.variant(prefix="d").name in listing.by_target
    return use.phase is Phase.FORWARD and known and q in _quantities(use.formula)


def _from_forward(use: Equation, q: Quantity, place: Place) -> Iterator[Part]:
    formula, target = _unrounded(use.formula), use.target
    gradient = target.variant(prefix="d")
    way, *others = _ways(formula, q)
    steps = [node for node in way if not isinstance(node, Add)]
    product = steps[0] if len(steps) == 1 and isinstance(steps[0], MatrixProduct) and not others else None
    here = Spot(q, *place)
    yield from ("From ", use, ": ")
    if product is not None and all(isinstance(operand, Quantity) for operand in product.operands):
        yield from _from_product(target, q, product, place)
    elif not others and not way:
        yield "the two are the same, so by the chain rule their gradients are the same too."
    elif not others and not steps:
        yield from _from_addend(target, q, place)
    elif _mixes(formula):
        yield from (here, " has a part in all nodes of its example, so by the chain rule what comes back from each of ")
        yield from ("them, from the entries of ", gradient, ", is added up.")
    elif _by_entry(formula, q):
        yield from (
            here,
            " changes ",
            Spot(target, *place),
            " and no other entry of ",
            target,
            ", so by the chain rule ",
        )
        yield from (Spot(gradient, *place), " is multiplied by the derivative of ", target, " with respect to ", q)
        yield from (", which is ", *_derivative(use, q), ".")
    else:
        yield from (q, " has a part in ", target, ", so by the chain rule ", gradient, " is multiplied by the ")
        yield "derivative of that formula."


def _from_product(target: Quantity, q: Quantity, product: Formula, place: Place) -> Iterator[Part]:
    """A weight (left) meets an input in every example; an activation (right) goes to every node."""
    left, right = product.operands
    assert isinstance(left, Quantity)
    assert isinstance(right, Quantity)
    weight = q == left
    many = target.shape[1] != 1 if weight else target.rows != 1
    other = ("e" if weight else "k") if many else "1"
    at = Place(place.row, other) if weight else Place(other, place.column)
    factor = Spot(right, place.column, other) if weight else Spot(left, other, place.row)
    gradient = Spot(target.variant(prefix="d"), *at)
    everywhere = f" of every {'example' if weight else 'node'} {other}" if many else ""
    yield from (Spot(q, *place), " goes into ", Spot(target, *at), everywhere, ", multiplied by ", factor)
    yield ", so by the chain rule "
    if not many:
        yield from ("its gradient is ", gradient, " times ", factor, ".")
    elif weight:
        yield from ("each example has the share ", gradient, " times ", factor, " in its gradient, and the shares are ")
        yield "added up."
    else:
        yield from (gradient, " times ", factor, " comes back from each node ", other, ", and all of it is added up.")


def _from_addend(target: Quantity, q: Quantity, place: Place) -> Iterator[Part]:
    """Something added: what it is added to changes by as much."""
    by_row, by_column = q.shape[0] != target.shape[0], q.shape[1] != target.shape[1]
    at = Place("k" if by_row else place.row, "e" if by_column else place.column)
    gradient = Spot(target.variant(prefix="d"), *at)
    everywhere = [text for text, there in (("node k", by_row), ("example e", by_column)) if there]
    yield from (Spot(q, *place), " is added to ", Spot(target, *at))
    yield f" of every {' and every '.join(everywhere)}" if everywhere else ""
    yield ", which changes by as much, so by the chain rule its gradient is "
    yield from ("the sum of all these ", gradient, ".") if everywhere else (gradient, " itself.")


def _from_loss(listing: Equations, use: Equation, q: Quantity) -> Iterator[Part]:
    last = _last(listing)
    stated = use.stated.get(q)
    if stated is not None:
        covered = [listing.by_target[p.name] for p, factor in use.stated.items() if factor is None]
        yield from ("From ", use, " and ", *_joined(covered), ", taken in one step: by the chain rule their ")
        yield from ("derivatives are multiplied, most of the product cancels, and what is left is ", stated)
    else:
        yield from ("From ", use, ": by the chain rule its derivative with respect to ", q, " is ")
        yield from (*_derivative(use, q), *_rules(use, q))
    if use is not last and use.target.shape:
        share = reached(last.formula, Number(1), last.target)[use.target]
        if isinstance(share, Number):
            yield ", and every example counts in full"
        else:
            yield from (", and every example counts ", share)
    yield "."


def _rules(use: Equation, q: Quantity) -> Iterator[Part]:
    """How the functions and powers change that the quantity goes through: `the derivative of x² is 2·x`."""
    said: dict[object, tuple[Part, ...]] = {}
    for node in (node for way in _ways(_unrounded(use.formula), q) for node in way):
        if isinstance(node, Power):
            said["power"] = ("the derivative of ", X**2, " is ", 2 * X)
        if isinstance(node, Apply) and not node.function.written_out:
            value = node.function(X)
            said[node.function] = (
                "that of " if said else "the derivative of ",
                value,
                " is ",
                node.function.backward(Number(1), X, value),
            )
    for number, rule in enumerate(said.values()):
        yield "; " if number else " ("
        yield from rule
    yield ")" if said else ""


def _derivative(use: Equation, q: Quantity) -> Iterator[Part]:
    local = reached(_unrounded(use.formula), Number(1), use.target)[q]
    yield local
    if _gates(local):
        yield " (a comparison is 1 where it holds, else 0)"


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    for number, part in enumerate(parts):
        if number:
            yield " and "
        yield part


def _last(listing: Equations) -> Equation:
    return [equation for equation in listing if equation.phase is Phase.LOSS][-1]


def _quantities(formula: Formula) -> set[Quantity]:
    return {node for node in nodes(formula) if isinstance(node, Quantity)}


def _ways(node: Formula, q: Quantity) -> Iterator[list[Formula]]:
    """The nodes from the root down to each place where `q` stands."""
    if node == q:
        yield []
    for operand in node.operands:
        for way in _ways(operand, q):
            yield [node, *way]


def _unrounded(formula: Formula) -> Formula:
    """Without the rounding around it, through which a gradient passes as it is."""
    if isinstance(formula, Apply) and not _mixes(formula) and formula.function.backward(X, X, X) is X:
        return formula.operand
    return formula


def _mixes(formula: Formula) -> bool:
    """Whether an entry of the value depends on the other entries of its column."""
    return any(isinstance(node, Apply) and node.function.written_out for node in nodes(formula))


def _by_entry(formula: Formula, q: Quantity) -> bool:
    """Whether each entry of the value is made of the same entry of `q`, and of no other matrix."""
    alone = all(node == q for node in _quantities(formula) if node.shape)
    return alone and not any(isinstance(node, MatrixProduct | Transpose | Sum) for node in nodes(formula))


def _gates(node: Formula) -> bool:
    """Whether a comparison stands in it as a number: not as the condition of a choice."""
    if isinstance(node, Where):
        return _gates(node.yes) or _gates(node.no)
    return isinstance(node, Comparison) or any(map(_gates, node.operands))
