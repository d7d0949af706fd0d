"""Walking through a formula: its nodes, the same with other parts, sums inside sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import is_

from nntrace.formula.tree import Formula, Sum


def nodes(root: Formula) -> Iterator[Formula]:
    """`root` and every node below it, from left to right, repeated where they are."""
    yield root
    for operand in root.operands:
        yield from nodes(operand)


def rewritten(node: Formula, rule: Callable[[Formula], Formula | None]) -> Formula:
    """`node` with what `rule` gives in place of each part for which it gives something, the largest first."""
    other = rule(node)
    return other if other is not None else with_operands(node, rule)


def with_operands(node: Formula, rule: Callable[[Formula], Formula | None]) -> Formula:
    """`node` itself, its operands `rewritten`."""
    operands = tuple(rewritten(operand, rule) for operand in node.operands)
    return node if all(map(is_, operands, node.operands)) else node.made_of(*operands)


def flat(node: Sum) -> Sum:
    """`node` as one sum: the sum over rows of a sum over columns is the sum over all entries."""
    inner = node.operand
    if not isinstance(inner, Sum):
        return node
    inner = flat(inner)
    return Sum(inner.operand, node.over if node.over == inner.over else None)


def adds_up(node: Sum) -> bool:
    """Whether there is more than one entry to add up along its axes, in any batch."""
    shape = node.operand.shape
    return any(size != 1 for size, axis in zip(shape, ("rows", "columns"), strict=False) if node.over in (axis, None))
