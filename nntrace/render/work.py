"""A formula with its operands put in: matrices in brackets side by side, and the arithmetic of each entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from nntrace.formula.entry import entry
from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Transpose
from nntrace.render.arithmetic import Worked, worked
from nntrace.render.excerpt import Excerpts

_FIRST_MARK = 0xE000  # private use: stands for an operand while a formula is being spelled
_OPERATOR = re.compile(" [=≈] | [+−⊙] |[·/]| if | else ")
_LOOSEST_FIRST = (" = ", " ≈ ", " if ", " else ", " + ", " − ")
"""At which operators a line breaks rather than at a product."""
_PARTS = re.compile(f"([\ue000-\uf8ff]|{_OPERATOR.pattern})")

Block = list[str]
_MOST_BESIDE = "  + round(softplus("
"""About so much may stand before a matrix in a line."""


def work(
    target: Quantity, formula: Formula, numbers: Excerpts, width: int, sign: Callable[[str], str] = str
) -> list[str]:
    """`= operands put in = result`, as many lines as it takes; operators stand at the middle line.

    `sign` spells the operators for a stream that lacks their signs, before they are measured.
    """
    marks: dict[str, Block] = {}
    room = width - len(_MOST_BESIDE)

    def mark(node: Formula) -> str:
        place = chr(_FIRST_MARK + len(marks))
        marks[place] = _operand(node, numbers, room)
        return place

    text = "= "
    if not isinstance(formula, Quantity):  # else the operand is the result
        text += plain(formula, mark) + " = "
    pieces = [_Piece(marks.get(part) or [sign(part)], part) for part in _PARTS.split(text) if part]
    pieces.append(_Piece(_block(numbers[target].cells, room)))
    lines: list[str] = []
    rows = [[piece.block for piece in row] for row in _wrapped(pieces, width)]
    for before, row in zip([[], *rows], rows, strict=False):
        tall = any(len(block) > 1 for block in (*before, *row))
        lines += [*([""] if before and tall else []), *_beside(row)]
    return lines


def folded(text: str, width: int, sign: Callable[[str], str] = str) -> list[str]:
    """Arithmetic in lines at most `width` wide, broken as in `work`."""
    pieces = [_Piece([sign(part)], part) for part in _PARTS.split(text) if part]
    return ["".join(piece.block[0] for piece in row) for row in _wrapped(pieces, width)]


def broken(text: str, width: int, sign: Callable[[str], str] = str) -> list[str]:
    """The arithmetic of an entry in lines at most `width` wide, broken as in `work`."""
    label, _, terms = text.partition(" = ")
    parts = [f"{label} = ", *filter(None, _PARTS.split(terms))]
    rows = _wrapped([_Piece([sign(part)], part) for part in parts], width)
    return ["".join(piece.block[0] for piece in row) for row in rows]


def entries(target: Quantity, formula: Formula, numbers: Excerpts) -> Iterator[str]:
    """`Z2[1,1] = 0.5000·0.8176 + … = 2.1351` for every entry that is shown."""
    if isinstance(formula, Quantity):
        return  # b1_new = b1: nothing to work out
    shown = numbers[target]
    examples = len(numbers.step.examples)
    for i, row in zip(shown.rows, shown.cells, strict=True):
        if i is None:
            yield "⋮"
            continue
        for j, cell in zip(shown.columns, row, strict=True):
            if j is None:
                yield "…"
                continue
            it = Entry(target, i, j) if target.shape else Entry(target)
            yield f"{name(it)} = {arithmetic(entry(formula, i, j, examples), it, numbers, cell)}"


def arithmetic(formula: Formula, target: Entry, numbers: Excerpts, cell: str = "") -> str:
    """`0.5000·0.8176 + … = 2.1351`: the formula of an entry with the numbers put in; see `worked`."""
    made = worked_entry(formula, target, numbers, cell)
    terms = made.terms
    return terms if terms == made.result else f"{terms} {made.sign} {made.result}"


def worked_entry(formula: Formula, target: Entry, numbers: Excerpts, cell: str = "") -> Worked:
    """The arithmetic of an entry of the step that `numbers` are of; `cell` is how the result is shown elsewhere."""
    step = numbers.step
    return worked(
        formula,
        step.number,
        step.number(target),
        numbers.decimals,
        finest=numbers.finest,
        constants=step.equations.constants,
        cell=cell,
    )


def _operand(node: Formula, numbers: Excerpts, room: int) -> Block:
    """An operand put in: a transposed one with rows and columns exchanged, a negative number in parentheses."""
    if isinstance(node, Transpose):
        assert isinstance(node.operand, Quantity)
        exchanged = zip(*numbers[node.operand].cells, strict=True)
        return _block([[{"⋮": "…", "…": "⋮"}.get(cell, cell) for cell in column] for column in exchanged], room)
    assert isinstance(node, Quantity)
    block = _block(numbers[node].cells, room)
    return [f"({block[0]})"] if block[0].startswith("-") else block


def _block(cells: Sequence[Sequence[str]], room: int) -> Block:
    """A matrix in brackets, of too many columns for the room the first and the last; a single number as it is."""
    if len(cells) == 1 and len(cells[0]) == 1:
        return [cells[0][0]]
    width = max(len(cell) for row in cells for cell in row)
    columns, fit = len(cells[0]), max(3, room // (width + 2))
    if columns > fit:
        last = (fit - 1) // 2
        cells = [[*row[: fit - 1 - last], "…", *row[columns - last :]] for row in cells]
    lines = ["  ".join(cell.rjust(width) for cell in row) for row in cells]
    if len(lines) == 1:
        return [f"[{lines[0]}]"]
    left = ["⎡", *"⎢" * (len(lines) - 2), "⎣"]
    right = ["⎤", *"⎥" * (len(lines) - 2), "⎦"]
    return [a + line + b for a, line, b in zip(left, lines, right, strict=True)]


_NOWHERE = (inf, 0)


class _Piece(NamedTuple):
    """A part of a formula with its numbers put in: an operand, or `text` (signs, a function's name)."""

    block: Block
    text: str = ""


def _wrapped(pieces: Sequence[_Piece], width: int) -> Iterator[list[_Piece]]:
    """The pieces in rows at most `width` wide.

    A row breaks before an operator: the least nested one that there is, and of these the loosest.
    """
    row: list[_Piece] = []
    nested: list[tuple[float, int]] = []
    depth = bars = used = 0
    for piece in pieces:
        row.append(piece)
        looseness = _LOOSEST_FIRST.index(piece.text) if piece.text in _LOOSEST_FIRST else len(_LOOSEST_FIRST)
        nested.append((depth + bars % 2, looseness) if _OPERATOR.fullmatch(piece.text) else _NOWHERE)
        depth += piece.text.count("(") - piece.text.count(")")
        bars += piece.text.count("|")
        used += len(piece.block[0])
        while used > width and min(nested) < _NOWHERE:
            least = min(nested)
            place = len(nested) - 1 - nested[::-1].index(least)
            yield row[:place]
            operator = row[place].block[0].lstrip()
            row = [_Piece([operator if operator.startswith(("=", "≈")) else f"  {operator}"]), *row[place + 1 :]]
            nested = [_NOWHERE, *nested[place + 1 :]]
            used = sum(len(piece.block[0]) for piece in row)
    yield row


def _beside(blocks: list[Block]) -> list[str]:
    """Blocks side by side, centred on one line."""
    height = max(map(len, blocks))
    lines = [""] * height
    for block in blocks:
        above = (height - len(block)) // 2
        width = len(block[0])
        for index in range(height):
            inside = above <= index < above + len(block)
            lines[index] += block[index - above] if inside else " " * width
    return [line.rstrip() for line in lines]
