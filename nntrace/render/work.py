"""A formula with its operands put in: matrices in brackets side by side, and the arithmetic of each entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from nntrace.formula.entry import entry
from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Transpose
from nntrace.render.excerpt import Excerpts

_FIRST_MARK = 0xE000  # private use: stands for an operand while a formula is being spelled
_OPERATOR = re.compile(" = | [+−⊙] |[·/]| if | else ")
_PARTS = re.compile(f"([\ue000-\uf8ff]|{_OPERATOR.pattern})")

Block = list[str]


def work(
    target: Quantity, formula: Formula, numbers: Excerpts, width: int, sign: Callable[[str], str] = str
) -> list[str]:
    """`= operands put in = result`, as many lines as it takes; operators stand at the middle line.

    `sign` spells the operators for a stream that lacks their signs, before they are measured.
    """
    marks: dict[str, Block] = {}

    def mark(node: Formula) -> str:
        sign = chr(_FIRST_MARK + len(marks))
        marks[sign] = _operand(node, numbers)
        return sign

    text = "= "
    if not isinstance(formula, Quantity):  # else the operand is the result
        text += plain(formula, mark) + " = "
    pieces = [_Piece(marks.get(part) or [sign(part)], part) for part in _PARTS.split(text) if part]
    pieces.append(_Piece(_block(numbers[target].cells)))
    lines: list[str] = []
    rows = [[piece.block for piece in row] for row in _wrapped(pieces, width)]
    for before, row in zip([[], *rows], rows, strict=False):
        tall = any(len(block) > 1 for block in (*before, *row))
        lines += [*([""] if before and tall else []), *_beside(row)]
    return lines


def entries(target: Quantity, formula: Formula, numbers: Excerpts) -> Iterator[str]:
    """`Z2[1,1] = 0.5000·0.8176 + … = 2.1351` for every entry that is shown."""
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
            terms = plain(entry(formula, i, j, examples), numbers.entry)
            label = name(Entry(target, i, j) if target.shape else Entry(target))
            yield f"{label} = {terms}" + ("" if terms == cell else f" = {cell}")  # b1_new = b1: nothing to work out


def _operand(node: Formula, numbers: Excerpts) -> Block:
    """An operand put in: a transposed one with rows and columns exchanged, a negative number in parentheses."""
    if isinstance(node, Transpose):
        assert isinstance(node.operand, Quantity)
        exchanged = zip(*numbers[node.operand].cells, strict=True)
        return _block([[{"⋮": "…", "…": "⋮"}.get(cell, cell) for cell in column] for column in exchanged])
    assert isinstance(node, Quantity)
    block = _block(numbers[node].cells)
    return [f"({block[0]})"] if block[0].startswith("-") else block


def _block(cells: Sequence[Sequence[str]]) -> Block:
    """A matrix in brackets; a single number as it is."""
    if len(cells) == 1 and len(cells[0]) == 1:
        return [cells[0][0]]
    width = max(len(cell) for row in cells for cell in row)
    lines = ["  ".join(cell.rjust(width) for cell in row) for row in cells]
    if len(lines) == 1:
        return [f"[{lines[0]}]"]
    left = ["⎡", *"⎢" * (len(lines) - 2), "⎣"]
    right = ["⎤", *"⎥" * (len(lines) - 2), "⎦"]
    return [a + line + b for a, line, b in zip(left, lines, right, strict=True)]


class _Piece(NamedTuple):
    """A part of a formula with its numbers put in: an operand, or `text` (signs, a function's name)."""

    block: Block
    text: str = ""


def _wrapped(pieces: Sequence[_Piece], width: int) -> Iterator[list[_Piece]]:
    """The pieces in rows at most `width` wide; a row breaks before an operator, the least nested one that there is."""
    row: list[_Piece] = []
    nested: list[float] = []
    depth = bars = used = 0
    for piece in pieces:
        row.append(piece)
        nested.append(depth + bars % 2 if _OPERATOR.fullmatch(piece.text) else inf)
        depth += piece.text.count("(") - piece.text.count(")")
        bars += piece.text.count("|")
        used += len(piece.block[0])
        while used > width and min(nested) < inf:
            least = min(nested)
            place = len(nested) - 1 - nested[::-1].index(least)
            yield row[:place]
            operator = row[place].block[0].lstrip()
            row = [_Piece([operator if operator.startswith("=") else f"  {operator}"]), *row[place + 1 :]]
            nested = [inf, *nested[place + 1 :]]
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
