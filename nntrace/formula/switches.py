"""Where a formula is not smooth: the comparisons that choose between two of its branches.

Where one of them changes sides between two points, a difference between these points says nothing
of the derivative at either.
"""

from __future__ import annotations

from collections.abc import Iterator

from nntrace.formula.tree import Apply, Formula, Greater, Maximum, Minimum, Where, nodes


def switches(root: Formula) -> Iterator[tuple[Formula, Formula]]:
    """Each part of `root` that has a kink or a jump, and the comparison that changes sides there."""
    for node in nodes(root):
        if isinstance(node, Maximum | Minimum):
            yield node, Greater(node.left, node.right)
        elif isinstance(node, Where):
            yield node, node.condition
        elif isinstance(node, Apply) and node.function.switch:
            yield node, node.function.switch(node.operand)
        elif isinstance(node, Greater):
            yield node, node
