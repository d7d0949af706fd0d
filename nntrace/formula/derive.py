"""What reaches the operands of a formula when a gradient reaches its value: the chain rule.

One rule per kind of node. The products are put into the form of the textbook (`2 (A − y)`, not
`−1·2·(y − A)·1`), and only by steps that do not change a bit of the result: moving a sign,
dropping a factor 1, folding a power of two into a literal (but for the sign of a zero, and where a
step beyond the range of float64 is saved). What is divided by stays a division, and
comes last: a gradient ``1/m`` is carried along as the division by m that it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import reduce, singledispatch
from math import frexp

from nntrace.formula.tree import (
    Add,
    Apply,
    Comparison,
    Divide,
    Formula,
    MatrixProduct,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Ones,
    Power,
    Quantity,
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes

Reached = Iterator[tuple[Formula, Formula]]


def reached(node: Formula, incoming: Formula, value: Formula | None = None) -> dict[Quantity, Formula]:
    """The whole gradient that reaches each quantity of `node`, in reading order; see `gradients`.

    Where `node` works entry by entry, the incoming gradient stands once, before all that a quantity
    has a part in: dA ⊙ (Φ(Z) + Z ⊙ φ(Z)).
    """
    parts = list(gradients(node, incoming, value))
    found = _added(parts)
    if len(parts) > len(found) and all(_by_entry(part, node) for part in nodes(node)):
        local = _added(gradients(node, Number(1), value))
        repeated = [q for q in found if sum(q == other for other, _ in parts) > 1]
        found.update({q: times(incoming, local[q]) for q in repeated})
    return found


def _added(parts: Iterable[tuple[Quantity, Formula]]) -> dict[Quantity, Formula]:
    found: dict[Quantity, Formula] = {}
    for q, part in parts:
        found[q] = found[q] + part if q in found else part
    return found


def gradients(node: Formula, incoming: Formula, value: Formula | None = None) -> Iterator[tuple[Quantity, Formula]]:
    """The gradient that reaches each quantity of `node`, in reading order.

    `incoming` is the gradient of the value of `node`; `value` names that value where an equation
    has already computed it (σ' is written in A = σ(Z), not computed again). A quantity that stands
    twice in `node` comes back twice: the gradients add up.
    """
    if isinstance(node, Quantity):
        yield node, incoming
        return
    if isinstance(node, Where):
        yield from _chosen(node, incoming)
        return
    for operand, gradient in reaches(node, incoming, node if value is None else value):
        yield from gradients(operand, gradient)


def _chosen(node: Where, incoming: Formula) -> Iterator[tuple[Quantity, Formula]]:
    """What reaches the quantities of either branch.

    Where all is entry by entry each branch is derived by itself and the same choice made between the
    two: what was not chosen cannot spoil the result (0·∞). Else the incoming gradient is chosen.
    """
    if not all(_by_entry(part, node) for branch in (node.yes, node.no) for part in nodes(branch)):
        yield from gradients(node.yes, fit(Where(node.condition, incoming, Number(0)), node.yes, node))
        yield from gradients(node.no, fit(Where(node.condition, Number(0), incoming), node.no, node))
        return
    yes, no = (_added(gradients(branch, incoming)) for branch in (node.yes, node.no))
    for q in {**yes, **no}:
        yield q, Where(node.condition, yes.get(q, Number(0)), no.get(q, Number(0)))


def _by_entry(part: Formula, whole: Formula) -> bool:
    """Whether an entry of `part` takes part in the same entry of `whole` and in no other."""
    if isinstance(part, Quantity):
        return part.shape == whole.shape
    if isinstance(part, Apply):
        return part.function.written_out is None
    return not isinstance(part, MatrixProduct | Transpose | Sum)


@singledispatch
def reaches(node: Formula, g: Formula, value: Formula) -> Reached:
    """Pairs of an operand of `node` and the gradient that reaches it, given the gradient `g`."""
    raise TypeError(f"no rule for the derivative of {type(node).__name__}")


@reaches.register(Number)
def _(node: Number, g: Formula, value: Formula) -> Reached:
    return iter(())


@reaches.register(Ones)
@reaches.register(Comparison)
def _(node: Ones | Comparison, g: Formula, value: Formula) -> Reached:
    return iter(())  # constant, or a step: the derivative is 0 wherever there is one


@reaches.register(Negative)
def _(node: Negative, g: Formula, value: Formula) -> Reached:
    yield node.operand, negative(g)


@reaches.register(Add)
def _(node: Add, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(g, node.left, node)
    yield node.right, fit(g, node.right, node)


@reaches.register(Subtract)
def _(node: Subtract, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(g, node.left, node)
    yield node.right, fit(negative(g), node.right, node)


@reaches.register(Multiply)
def _(node: Multiply, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(times(g, node.right), node.left, node)
    yield node.right, fit(times(g, node.left), node.right, node)


@reaches.register(Divide)
def _(node: Divide, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(over(g, node.right), node.left, node)
    yield node.right, fit(negative(over(times(g, node.left), node.right**2)), node.right, node)


@reaches.register(Power)
def _(node: Power, g: Formula, value: Formula) -> Reached:
    exponent = node.right
    assert isinstance(exponent, Number), "a power is derived where its exponent is a literal"
    lower = node.left if exponent.value == 2 else node.left ** (exponent.value - 1)
    yield node.left, times(g, times(exponent, lower))


@reaches.register(Maximum)
def _(node: Maximum, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(times(g, 1 - (node.right > node.left)), node.left, node)
    yield node.right, fit(times(g, node.right > node.left), node.right, node)


@reaches.register(Minimum)
def _(node: Minimum, g: Formula, value: Formula) -> Reached:
    yield node.left, fit(times(g, 1 - (node.left > node.right)), node.left, node)
    yield node.right, fit(times(g, node.left > node.right), node.right, node)


@reaches.register(MatrixProduct)
def _(node: MatrixProduct, g: Formula, value: Formula) -> Reached:
    g = whole(g, node)
    yield node.left, g @ node.right.T
    yield node.right, node.left.T @ g


@reaches.register(Transpose)
def _(node: Transpose, g: Formula, value: Formula) -> Reached:
    yield node.operand, g.T if g.shape else g


@reaches.register(Sum)
def _(node: Sum, g: Formula, value: Formula) -> Reached:
    yield node.operand, g  # every term counts once: the gradient stretches over the summed axis


@reaches.register(Apply)
def _(node: Apply, g: Formula, value: Formula) -> Reached:
    if node.function.written_out:  # it mixes entries: a gradient that only stretches would be added up wrongly
        g = whole(g, node)
    yield node.operand, node.function.backward(g, node.operand, value)


def whole(g: Formula, like: Formula) -> Formula:
    """`g` with an entry for each of `like`: until then it may be narrower, and stretches."""
    return g if g.shape == like.shape else times(g, Ones(like))


def fit(g: Formula, operand: Formula, node: Formula) -> Formula:
    """`g` summed over the axes along which `operand` was stretched in `node`."""
    if operand.shape == node.shape:
        return g
    g = whole(g, node)
    if not operand.shape:
        return Sum(g)
    for axis, (have, want) in zip(("rows", "columns"), zip(g.shape, operand.shape, strict=True), strict=True):
        if have != want:
            g = Sum(g, axis)  # type: ignore[arg-type]  # zip widens the literals to str
    return g


def times(a: Formula, b: Formula) -> Formula:
    """a ⊙ b in the textbook's form: literals first and folded, divisions last."""
    if _literal(b):
        a, b = b, a
    if isinstance(a, Divide):
        return over(times(a.left, b), a.right)
    if _literal(a) and isinstance(b, Divide):
        return over(times(a, b.left), b.right)
    if _is(a, -1):
        return negative(b)
    (m, x), (n, y) = _literal_first(a), _literal_first(b)
    if m is None or n is None or not _folds(m, n, alone=x is None or y is None):
        return b if _is(a, 1) else Multiply(a, b)
    folded = Number(m.value * n.value)
    rest = [part for part in (x, y) if part is not None]
    if not rest:
        return folded
    return reduce(Multiply, rest) if folded.value == 1 else Multiply(folded, reduce(Multiply, rest))


def _is(node: Formula, value: float) -> bool:
    """Whether `node` is this literal; one that goes by a letter is none."""
    return isinstance(node, Number) and not node.symbol and node.value == value


def _literal(node: Formula) -> bool:
    """Whether `node` is a literal, or a product of some."""
    return isinstance(node, Number) or (isinstance(node, Multiply) and all(map(_literal, node.operands)))


def _literal_first(node: Formula) -> tuple[Number | None, Formula | None]:
    """The literal that `node` is or begins with, and the rest; one that goes by a letter stays what it is."""
    if isinstance(node, Number) and not node.symbol:
        return node, None
    if isinstance(node, Multiply) and isinstance(node.left, Number) and not node.left.symbol:
        return node.left, node.right
    return None, node


def over(a: Formula, b: Formula) -> Formula:
    """a / b, what a is divided by already last."""
    if isinstance(a, Divide):
        return Divide(over(a.left, b), a.right)
    m, x = _literal_first(a)
    if m is not None and isinstance(b, Number) and not b.symbol and _doubling(b):
        quotient = Number(m.value / b.value)
        return quotient if x is None else times(quotient, x)
    return a if _is(b, 1) else Divide(a, b)


def negative(a: Formula) -> Formula:
    """−a, with the sign moved to where it vanishes: −2 (y − A) is 2 (A − y)."""
    if isinstance(a, Number) and not a.symbol:
        return Number(-a.value)
    if isinstance(a, Apply) and a.function.odd:
        return a.function(negative(a.operand))
    move: dict[type[Formula], Callable[[], Formula]] = {
        Negative: lambda: a.operands[0],
        Subtract: lambda: Subtract(a.operands[1], a.operands[0]),
        Divide: lambda: Divide(negative(a.operands[0]), a.operands[1]),
    }
    if type(a) in move:
        return move[type(a)]()
    if isinstance(a, Multiply):
        for left, right in ((a.left, negative(a.right)), (negative(a.left), a.right)):
            if not isinstance(left, Negative) and not isinstance(right, Negative):
                return Multiply(left, right)
    return Negative(a)


def _folds(m: Number, n: Number, *, alone: bool) -> bool:
    """Whether two literals can be multiplied first without changing a bit.

    Where one stands alone it is enough that one is a power of two, else both must be.
    """
    doubling = [_doubling(number) for number in (m, n)]
    return any(doubling) if alone else all(doubling)


def _doubling(number: Number) -> bool:
    """Whether it is a power of two, by which multiplying and dividing are exact."""
    return abs(frexp(number.value)[0]) == 0.5
