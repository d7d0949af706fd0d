"""What the functions, signs and names of the equations that are shown mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from nntrace.equations import Equation, Equations
from nntrace.formula.plain import digits, plain
from nntrace.formula.tree import EXAMPLES, Apply, Comparison, Formula, Multiply, Number, Quantity, Sum
from nntrace.formula.walking import adds_up, flat, nodes

SIGNS = {"·": "product", "⊙": "entry by entry", "ᵀ": "transposed"}
LABELS = ("where", "signs", "names")
BETWEEN = "; "
"""Between the items of a line, which break there."""
CONSTANTS = {"m": "examples in the batch", "alpha": "learning rate", "t": "count of updates"}


def legend(listing: Equations, selected: Collection[Quantity]) -> Iterator[tuple[str, str]]:
    """The lines of the legend for the equations of the selected quantities, as pairs of a label and a text."""
    shown = [equation for equation in listing if equation.target in selected]
    formulas = [part for equation in shown for part in (equation.shown, equation.formula) if part]
    yield "where", BETWEEN.join(_definitions(formulas))
    yield "signs", BETWEEN.join(_signs(shown, formulas))
    yield "names", BETWEEN.join(_names(listing, shown))


def _definitions(formulas: Sequence[Formula]) -> list[str]:
    """What the functions and letters of the formulas stand for, in order of appearance."""
    found: dict[str, None] = {}
    for node in (node for formula in formulas for node in nodes(formula)):
        if isinstance(node, Apply):
            found[node.function.definition] = None
        if isinstance(node, Number) and node.symbol:
            found[f"{node.symbol} = {digits(node.value)}"] = None
    return [text for text in found if text]


def _signs(shown: Sequence[Equation], formulas: Sequence[Formula]) -> Iterator[str]:
    """What the signs of the formulas mean: `⊙ entry by entry`, `Σ adds up over the examples`."""
    text = "".join(map(plain, formulas))
    yield from (f"{sign} {meaning}" for sign, meaning in SIGNS.items() if sign in text)
    for node in (node for formula in formulas for node in nodes(formula)):
        factor = next((part for part in node.operands if isinstance(part, Comparison)), None)
        if isinstance(node, Multiply) and factor is not None:
            yield f"({plain(factor)}) 1 where it holds, else 0"
            break
    sums = _sums(shown)
    if sums:
        yield f"Σ adds up over {sums}"


def _sums(shown: Iterable[Equation]) -> str:
    """What the sums go over: `the examples`, or `the nodes (losses) and the examples (loss, db)`."""
    by_kind: dict[str, set[str]] = {}
    for equation in shown:
        sums = [node for node in nodes(equation.shown or equation.formula) if isinstance(node, Sum)]
        parts = [node.operand for node in sums]
        whole = [flat(node) for node in sums if not any(node is part for part in parts)]
        over = {_over(node) for node in whole if adds_up(node)}
        if over:
            by_kind[equation.target.kind] = by_kind.get(equation.target.kind, set()) | over
    found: dict[str, list[str]] = {}
    for kind, over in by_kind.items():
        found.setdefault(over.pop() if len(over) == 1 else _ALL, []).append(kind)
    if len(found) == 1:
        return next(iter(found))
    *others, last = [f"{over} ({', '.join(kinds)})" for over, kinds in found.items()] or [""]
    return f"{', '.join(others)} and {last}" if others else last


_ALL = "all entries"


def _over(node: Sum) -> str:
    rows, columns = node.operand.shape
    down, across = rows != 1 and node.over != "columns", columns != 1 and node.over != "rows"
    if down and not across:
        return "the nodes"
    return "the examples" if columns == EXAMPLES and not down else _ALL


def _names(listing: Equations, shown: Sequence[Equation]) -> Iterator[str]:
    """What the names in these equations mean: `alpha learning rate`, `dW1 = ∂loss/∂W1`."""
    used = {
        node: None
        for equation in shown
        for formula in (equation.target, equation.shown or equation.formula)
        for node in nodes(formula)
        if isinstance(node, Quantity)
    }
    yield from (f"{q.name} {CONSTANTS[q.name]}" for q in listing.constants if q in used and q.name in CONSTANTS)
    gradient = min((q for q in used if q.prefix == "d"), key=lambda q: q.base != "W", default=None)
    if gradient is not None:
        yield f"{gradient.name} = ∂loss/∂{gradient.variant().name}"
    for letter, meaning in listing.kept.items():
        kept = [q for q in used if q.prefix == letter]
        if kept:
            first = kept[0].variant()
            yield f"{letter}{first.name} {meaning.format(first.name)}"
            if any(q.suffix == "hat" for q in kept):
                yield f"{letter}{first.name}_hat corrected for its start at 0"
