"""What documents in LaTeX share: what stands around them, texts made harmless, matrices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

from nntrace.formula.latex import latex, number
from nntrace.formula.tree import Formula, Quantity, Transpose
from nntrace.render.excerpt import Excerpt, Excerpts
from nntrace.render.signs import ASCII

PREAMBLE = r"""\documentclass[fleqn]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage{amsmath}
\usepackage{graphicx}
\usepackage[margin=2.5cm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6ex}
\setlength{\mathindent}{1em}
\allowdisplaybreaks
\begin{document}
\raggedright
"""
FRAGMENT = r"""% Put it into a document with \input; it needs \usepackage{amsmath,graphicx,hyperref} and
% \usepackage[T1]{fontenc}.
"""
MACROS = r"""\setcounter{MaxMatrixCols}{20}
\providecommand{\fits}[1]{\resizebox{\ifdim\width>0.8\linewidth 0.8\linewidth\else\width\fi}{!}{#1}}
\providecommand{\fitted}[1]{\fits{$\displaystyle #1$}}
"""
CLOSING = "\\end{document}\n"
SPECIAL: Mapping[str, str] = {
    **{sign: rf"\{sign}" for sign in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
}
MATHS: Mapping[str, str] = {
    "−": "-", "·": r"\cdot ", "×": r"\times ", "⊙": r"\odot ", "ᵀ": r"^{\top}", "Σ": r"\sum ", "σ": r"\sigma ",
    "λ": r"\lambda ", "α": r"\alpha ", "√": r"\surd ", "Φ": r"\Phi ", "φ": r"\varphi ", "π": r"\pi ", "±": r"\pm ",
    "½": r"\tfrac{1}{2}", "²": "^{2}", "³": "^{3}", "∂": r"\partial ", "→": r"\rightarrow ", "≈": r"\approx ",
    "≥": r"\geq ", "≤": r"\leq ", "ŷ": r"\hat{y}", "…": r"\ldots ",
}  # fmt: skip
"""Signs of our own words that no font of text has."""
LONGEST_WORD = 20
"""A longer one, such as an address, may be broken after so many signs."""
BETWEEN_COLUMNS, AROUND, POWER = 2, 3, 4
"""The room between two columns, that of the parentheses, and what a power of ten takes more than its `e`, in digits."""
DOTS = {"⋮": r"\vdots", "…": r"\cdots", "⋱": r"\ddots"}
LIGATURES = "-',"
"""Two of the same of these would be another sign."""
_LONG = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")
_BREAK = "\0"


def opening(*, fragment: bool = False) -> str:
    """What stands before the body; for a fragment a word on what it needs."""
    return FRAGMENT + MACROS if fragment else PREAMBLE + MACROS


def words(text: str) -> str:
    """Text in LaTeX: what would be a command is not, signs are mathematics, what no font has is a question mark."""
    safe = _LONG.sub(rf"\g<0>{_BREAK}", text).translate(_SPELLED)
    for sign in LIGATURES:
        safe = safe.replace(2 * sign, f"{sign}{{}}{sign}")
    return safe


class _Spelled(dict[int, str]):
    """The spelling of a sign by its number, made when it is first met."""

    def __missing__(self, number: int) -> str:
        self[number] = spelled = _sign(chr(number))
        return spelled


_SPELLED = _Spelled()


def _sign(sign: str) -> str:
    if sign == _BREAK:
        return r"\hspace{0pt}"
    if sign in SPECIAL:
        return SPECIAL[sign]
    if sign in MATHS:
        return f"${MATHS[sign].rstrip()}$"
    if sign.isascii() or ("\u00c0" <= sign <= "\u017f"):
        return sign
    return "".join(SPECIAL.get(part, part) for part in ASCII.get(sign, "?"))


class Matrix(NamedTuple):
    """A quantity put in: its text, about how many digits that is wide, its size where it is not shown whole."""

    text: str
    width: int
    note: str = ""
    single: bool = False


class Matrices:
    """The quantities of one step in LaTeX, each spelled once; as in `Excerpts`, not once more in the next."""

    def __init__(self, numbers: Excerpts, before: Matrices | None = None) -> None:
        self.numbers = numbers
        self._made: dict[tuple[str, bool], Matrix] = {}
        self._seen: dict[tuple[int, bool], tuple[Excerpt, Matrix]] = {}
        self._before = before._seen if before is not None else self._seen  # noqa: SLF001  # of its own kind

    def __call__(self, q: Quantity, transposed: bool = False) -> Matrix:
        key = (q.name, transposed)
        made = self._made.get(key)
        if made is None:
            part = self.numbers[q]
            place = id(part), transposed
            seen = self._seen.get(place) or self._before.get(place)
            if seen is None or seen[0] is not part:
                seen = part, _matrix(part, transposed)
            self._seen[place] = seen
            made = self._made[key] = seen[1]
        return made


def _matrix(part: Excerpt, transposed: bool) -> Matrix:
    """The entries that are shown, in parentheses; a single number as it is."""
    cells: Sequence[Sequence[str]] = part.cells
    if len(cells) == 1 == len(cells[0]):
        (cell,) = cells[0]
        return Matrix(number(cell), part.width + (POWER if "e" in cell else 0), "", single=True)
    if transposed:
        cells = [[{"⋮": "…", "…": "⋮"}.get(cell, cell) for cell in column] for column in zip(*cells, strict=True)]
    body = r" \\ ".join([" & ".join(row) for row in cells])
    widest = part.width
    if "e" in body or part.note:
        widest += POWER if "e" in body else 0
        body = r" \\ ".join(" & ".join(DOTS.get(cell) or number(cell) for cell in row) for row in cells)
    width = len(cells[0]) * (widest + BETWEEN_COLUMNS) + AROUND
    return Matrix(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}", width, part.note)


class Pattern(Struct, frozen=True, eq=False):
    """A formula into which matrices are put.

    `operands` are its quantities in their order, each with whether it is transposed, and whether it
    stands in parentheses, of which a matrix has its own. `room` is about what the rest takes, in digits.
    """

    text: str
    operands: tuple[tuple[Quantity, bool, bool], ...]
    room: int

    def given(self, matrices: Matrices) -> list[Matrix]:
        """Its operands in a step."""
        return [matrices(q, transposed) for q, transposed, _ in self.operands]

    def put_in(self, given: Sequence[Matrix]) -> str:
        """The formula with its operands put in."""
        pairs = zip(given, self.operands, strict=True)
        return self.text % tuple([_operand(each, inside) for each, (_, _, inside) in pairs])


def pattern(formula: Formula) -> Pattern:
    """The pattern of a formula."""
    marked: list[Formula] = []

    def leaf(node: Formula) -> str:
        marked.append(node)
        return _MARK

    text = latex(formula, leaf).replace(f"{_MARK} {_MARK}", rf"{_MARK} \cdot {_MARK}")
    pieces = text.split(_MARK)
    inside = [a.endswith(LEFT) and b.startswith(RIGHT) for a, b in pairwise(pieces)]
    operands = [
        (node.operand, True, within) if isinstance(node, Transpose) else (node, False, within)
        for node, within in zip(marked, inside, strict=True)
    ]
    return Pattern(
        text=text.replace("%", "%%").replace(f"{LEFT}{_MARK}{RIGHT}", _MARK).replace(_MARK, "%s"),
        operands=tuple((q, transposed, within) for q, transposed, within in operands if isinstance(q, Quantity)),
        room=width_of(text.replace(_MARK, "")),
    )


def width_of(text: str) -> int:
    """About how many digits wide mathematics is."""
    return len(_COMMAND.sub("o", text))


_MARK = "\ue000"  # private use: stands for an operand while a formula is being spelled
LEFT, RIGHT = r"\left(", r"\right)"
_COMMAND = re.compile(r"\\[A-Za-z]+|[{}]+")


def _operand(made: Matrix, inside: bool) -> str:
    """A matrix in a formula; a single number in parentheses where the formula has them, or where it is negative."""
    return f"{LEFT}{made.text}{RIGHT}" if made.single and (inside or made.text.startswith("-")) else made.text
