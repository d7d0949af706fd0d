"""An explanation as a LaTeX document (amsmath): compile it as it is, or take out what stands in its body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nntrace.equations import Equation
from nntrace.formula import latex as spelling
from nntrace.formula.latex import latex
from nntrace.formula.plain import others
from nntrace.formula.tree import Entry, Formula, Quantity, Rest, Transpose
from nntrace.reasons import Part, Spot
from nntrace.render.arithmetic import Worked
from nntrace.render.excerpt import Excerpts
from nntrace.render.explained import Explained, Operand, Section
from nntrace.render.signs import ASCII
from nntrace.render.words import title

PREAMBLE = r"""\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage{graphicx}
\usepackage[margin=2.5cm]{geometry}
\usepackage[hidelinks]{hyperref}
\setcounter{MaxMatrixCols}{20}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6ex}
\newcommand{\fitted}[1]{\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{$\displaystyle #1$}}
\begin{document}
\raggedright
"""
SPECIAL: Mapping[str, str] = {
    **{sign: rf"\{sign}" for sign in "{}$&#%_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
MATHS: Mapping[str, str] = {
    "−": "-", "·": r"\cdot ", "×": r"\times ", "⊙": r"\odot ", "ᵀ": r"^{\top}", "Σ": r"\sum ", "σ": r"\sigma ",
    "λ": r"\lambda ", "α": r"\alpha ", "√": r"\surd ", "Φ": r"\Phi ", "φ": r"\varphi ", "π": r"\pi ", "±": r"\pm ",
    "½": r"\tfrac{1}{2}", "²": "^{2}", "³": "^{3}", "∂": r"\partial ", "→": r"\rightarrow ", "≈": r"\approx ",
    "≥": r"\geq ", "≤": r"\leq ", "ŷ": r"\hat{y}", "…": r"\ldots ",
}  # fmt: skip
"""Signs of our own words that no font of text has."""


def render(explained: Explained) -> Iterator[str]:
    """The explanation as a LaTeX document, a section at a time."""
    yield PREAMBLE
    yield rf"\section*{{{words(title(explained.explanation.trace.config)) or 'Explanation'}}}" + "\n"
    yield f"${_name(explained.root.target)}$ in {words(explained.place(explained.root.step))}\n"
    for section in explained.sections():
        yield "\n".join(["", *_section(section), ""])
    for label, text in explained.legend:
        yield f"\n\\textbf{{{label}}} {words(text)}\n"
    for text in explained.closing:
        yield f"\n{words(text)}\n"
    yield "\n\\end{document}\n"


def words(text: str) -> str:
    """Text in LaTeX: what would be a command is not, signs are mathematics, what no font has is a question mark."""
    return "".join(map(_sign, text)).replace("--", "-{}-")  # two would be a dash


def _sign(sign: str) -> str:
    if sign in SPECIAL:
        return SPECIAL[sign]
    if sign in MATHS:
        return f"${MATHS[sign].rstrip()}$"
    if sign.isascii() or ("\u00c0" <= sign <= "\u017f"):
        return sign
    return "".join(SPECIAL.get(part, part) for part in ASCII.get(sign, "?"))


def _section(section: Section) -> list[str]:
    target = section.node.target
    value = f" = {spelling.number(section.value)}" if section.value else ""
    place = f", {words(section.place)}" if section.place else ""
    head = rf"\hypertarget{{n{section.number}}}{{}}\subsection*{{[{section.number}] ${_name(target)}{value}${place}}}"
    if section.leaf:
        return [head, words(section.leaf), "", *_operands(section.operands)]
    size = f"\\quad {words(section.size)}" if section.size else ""
    lines = [head, f"${_name(section.equation.target)} = {latex(section.formula)}${size}", ""]
    if section.computed is not None:
        lines += [f"computed as ${latex(section.computed)}$", ""]
    lines += [*_arithmetic(section), ""]
    for text in section.long_sums:
        lines += [words(text), ""]
    lines += ["".join(map(_part, section.node.why)), ""]
    return [*lines, *_operands(section.operands)]


def _arithmetic(section: Section) -> Iterator[str]:
    if section.worked is not None:
        label = _name(section.node.target)
        yield f"${label} = {latex(section.worked.formula)}$\n"
        if not isinstance(section.formula, Quantity):
            yield f"${label} = {_numbers(section.worked)}$"
        return
    target = section.node.target
    assert isinstance(target, Quantity)
    result = _matrix(section.numbers, target)
    put_in = "" if isinstance(section.formula, Quantity) else _put_in(section.formula, section.numbers) + " = "
    yield rf"\fitted{{{_name(target)} = {put_in}{result}}}"
    for each in section.entries:
        yield ""
        if each is None:
            yield r"$\cdots$"
        else:
            yield f"${_name(each[0])} = {_numbers(each[1])}$"


def _numbers(made: Worked) -> str:
    def leaf(node: Formula) -> str:
        if isinstance(node, Rest):
            return rf"\text{{{others(node)}: }}{spelling.number(made.number(node).rpartition(': ')[2])}"
        return spelling.number(made.number(node))

    sign = "=" if made.adds_up else r"\approx"
    return f"{latex(made.formula, leaf)} {sign} {spelling.number(made.result)}"


def _put_in(formula: Formula, numbers: Excerpts) -> str:
    def leaf(node: Formula) -> str:
        if isinstance(node, Transpose):
            return f"{leaf(node.operand)}^{{\\top}}"
        assert isinstance(node, Quantity)
        text = _matrix(numbers, node)
        return rf"\left({text}\right)" if text.startswith("-") else text

    return latex(formula, leaf)


def _matrix(numbers: Excerpts, quantity: Quantity) -> str:
    cells = numbers[quantity].cells
    if len(cells) == 1 == len(cells[0]):
        return spelling.number(cells[0][0])
    dots = {"⋮": r"\vdots", "…": r"\cdots"}
    rows = [" & ".join(dots.get(cell) or spelling.number(cell) for cell in row) for row in cells]
    return r"\begin{bmatrix} " + r" \\ ".join(rows) + r" \end{bmatrix}"


def _part(part: Part) -> str:
    if isinstance(part, str):
        return words(part)
    if isinstance(part, Equation):
        return f"${_name(part.target)} = {latex(part.shown or part.formula)}$"
    if isinstance(part, Spot):
        index = f"_{{{part.row},{part.column}}}" if part.quantity.shape else ""
        return f"${{{_name(part.quantity)}}}{index}$"
    return f"${latex(part)}$"


def _name(target: Entry | Quantity) -> str:
    return spelling.name(target)


def _operands(operands: Sequence[Operand]) -> Iterator[str]:
    if not operands:
        return
    yield r"\begin{itemize} \setlength{\itemsep}{0pt}"
    for operand in operands:
        value = f" = {spelling.number(operand.value)}" if operand.value else ""
        equation = operand.node.equation
        origin = words(operand.origin)
        if operand.is_formula and equation is not None:
            origin = f"from {_part(equation)}"
        link = rf"\hyperlink{{n{operand.section}}}{{$\rightarrow$ [{operand.section}]}}" if operand.section else ""
        yield rf"\item ${_name(operand.node.target)}{value}$ \quad {origin} {link}".rstrip()
    yield r"\end{itemize}"
