"""Where a formula is not smooth: the parts that choose between two branches.

Where one of them changes sides between two points, a difference between these points says nothing
of the derivative at either. Held on its side it is smooth, and its derivative the one that counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nntrace.formula.tree import Apply, Comparison, Formula, Greater, Maximum, Minimum, Switch, Where
from nntrace.formula.walking import nodes, rewritten, with_operands


def switches(root: Formula) -> Iterator[Switch]:
    """Each part of `root` that has a kink or a jump."""
    for node in nodes(root):
        switch = _switch(node)
        if switch:
            yield switch


def held(root: Formula, sides: Mapping[Formula, Formula]) -> Formula:
    """`root` with each of its `switches` held on the side that `sides` gives for its part."""

    def rule(node: Formula) -> Formula | None:
        switch = _switch(node)
        return with_operands(switch.held(sides[node]), rule) if switch else None

    return rewritten(root, rule)


def _switch(node: Formula) -> Switch | None:
    if isinstance(node, Maximum):
        return Switch(node, Greater(node.right, node.left), lambda s: Where(s, node.right, node.left))
    if isinstance(node, Minimum):
        return Switch(node, Greater(node.left, node.right), lambda s: Where(s, node.right, node.left))
    if isinstance(node, Where):
        return Switch(node, node.condition, lambda s: Where(s, node.yes, node.no))
    if isinstance(node, Comparison):
        return Switch(node, node, lambda s: s)
    return node.function.switch(node) if isinstance(node, Apply) and node.function.switch else None
