"""An explanation as a LaTeX document (amsmath): compile it as it is, or take out what stands in its body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nntrace.equations import Equation
from nntrace.formula import latex as spelling
from nntrace.formula.latex import latex
from nntrace.formula.tree import Entry, Quantity
from nntrace.reasons import Part, Spot
from nntrace.render.explained import Explained, Operand, Section
from nntrace.render.latex import arithmetic, inline
from nntrace.render.tex import CLOSING, Matrices, opening, pattern, words
from nntrace.render.words import title


def render(explained: Explained) -> Iterator[str]:
    """The explanation as a LaTeX document, a section at a time."""
    yield opening(fragment=explained.fragment)
    yield rf"\section*{{{words(title(explained.explanation.trace.config)) or 'Explanation'}}}" + "\n"
    yield f"${_name(explained.root.target)}$ in {words(explained.place(explained.root.step))}\n"
    for section in explained.sections():
        yield "\n".join(["", *_section(section), ""])
    for label, text in explained.legend:
        yield f"\n\\textbf{{{label}}} {words(text)}\n"
    for text in explained.closing:
        yield f"\n{words(text)}\n"
    if not explained.fragment:
        yield f"\n{CLOSING}"


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
        yield inline(f"{label} = {latex(section.worked.formula)}") + "\n"
        if not isinstance(section.formula, Quantity):
            yield inline(f"{label} = {arithmetic(section.worked)}")
        return
    target = section.node.target
    assert isinstance(target, Quantity)
    matrices = Matrices(section.numbers)
    operands = ""
    if not isinstance(section.formula, Quantity):
        made = pattern(section.formula)
        operands = f"{made.put_in(made.given(matrices))} = "
    yield rf"\fitted{{{_name(target)} = {operands}{matrices(target).text}}}"
    for each in section.entries:
        yield ""
        if each is None:
            yield r"$\cdots$"
        else:
            yield inline(f"{_name(each[0])} = {arithmetic(each[1])}")


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
