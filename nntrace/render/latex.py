"""LaTeX: a document that pdflatex compiles as it is; every equation with its matrices put in.

What is too wide for the line is broken before a `=`, then scaled, and where that would be too
small to read, each operand stands on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nntrace.formula import latex as spelling
from nntrace.formula.entry import entry
from nntrace.formula.latex import latex
from nntrace.formula.plain import others, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Rest
from nntrace.formula.walking import nodes
from nntrace.render import Detail
from nntrace.render.arithmetic import Worked
from nntrace.render.excerpt import Excerpts
from nntrace.render.layout import Item, Panel, by_phase, panels
from nntrace.render.tables import EndTable
from nntrace.render.tex import CLOSING, LEFT, RIGHT, Matrices, Matrix, Pattern, opening, pattern, width_of, words
from nntrace.render.view import View
from nntrace.render.words import PHASES, about, step_title, stopped, title
from nntrace.render.work import worked_entry
from nntrace.tracing import Step

LINE = 76
"""So many digits fit into a line beside the name of what they are."""
SURE = 0.75
"""Of a line: what is guessed to be less fits."""
SMALLEST = 0.6
"""To this scale a line is made smaller to fit; beyond it, it is taken apart."""


def render(view: View) -> Iterator[str]:
    """The trace as LaTeX, a step at a time."""
    return _Latex(view).text()


class Written(NamedTuple):
    """An item as it is written: its name, and for each of its formulas the line that says it, and its pattern."""

    item: Item
    name: str
    formulas: list[tuple[str, Pattern]]


def _written(item: Item) -> Written:
    name = spelling.name(item.quantity)
    beginnings = (f"{name} &= ", r"&\text{computed as }")
    formulas = [
        (beginning + _fitted(latex(formula), len(plain(formula))), pattern(formula))
        for beginning, formula in zip(beginnings, item.formulas, strict=False)
    ]
    return Written(item, name, formulas)


class _Latex:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self._matrices: Matrices | None = None
        self.panels = [
            (_headings(phase, panel), [_written(item) for item in self._kept(panel)])
            for phase, panel in by_phase(panels(view.listing, view.quantities, once=view.once))
        ]

    def text(self) -> Iterator[str]:
        yield opening(fragment=self.view.fragment) + _lines(self._header())
        last = None
        for last in self.view.steps:
            yield _lines(self._step(last))
        if last is not None and last.stopped:
            yield _lines([rf"\textbf{{{words(stopped(last))}}}", ""])
        yield _lines(self._ending())
        if not self.view.fragment:
            yield CLOSING

    def _header(self) -> list[str]:
        lines = [rf"\section*{{{words(title(self.config)) or 'Trace'}}}", r"{\raggedright"]
        for label, text in about(self.config, self.view.listing, self.view.quantities):
            lines += [rf"\textbf{{{label}}}\enspace {words(' '.join(text.split()))}", ""]
        return [*lines, "}"]

    def _kept(self, panel: Panel) -> list[Item]:
        """What is shown of a panel: an operand that is put in is not shown beside the result as well."""
        items = list(panel.items)
        if self.view.detail is Detail.VALUES:
            return items
        used = {node for item in items for formula in item.formulas for node in nodes(formula)}
        return [item for item in items if item.equation or item.quantity not in used]

    def _step(self, step: Step) -> list[str]:
        before = self._matrices
        matrices = self._matrices = Matrices(Excerpts(step, self.config, before.numbers if before else None), before)
        lines = [rf"\subsection*{{{words(step_title(self.config, step))}}}"]
        for headings, written in self.panels:
            lines += headings
            lines += self._panel(written, matrices)
        return lines

    def _panel(self, written: Sequence[Written], matrices: Matrices) -> Iterator[str]:
        rows: list[str] = []
        below: list[str] = []
        for each in written:
            result = matrices(each.item.quantity)
            rows += self._rows(each, matrices, result)
            if result.note:
                below.append(f"${each.name}$: {words(result.note)}")
        yield "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
        if below:
            yield rf"{{\small {'; '.join(below)}}}" + "\n"
        if self.view.detail is Detail.ENTRIES:
            yield r"{\raggedright"
            for each in written:
                yield from self._entries(each.item, matrices.numbers)
            yield "}"

    def _rows(self, written: Written, matrices: Matrices, result: Matrix) -> list[str]:
        """The lines of an equation: `Z &= W A + b`, `&= (…) (…) + (…) = (…)`."""
        if not written.formulas:
            return [f"{written.name} &= {_fitted(result.text, result.width)}"]
        rows = []
        for line, made in written.formulas:
            rows.append(line)
            rows += self._put_in(made, matrices, written, result)
        return rows

    def _put_in(self, made: Pattern, matrices: Matrices, written: Written, result: Matrix) -> list[str]:
        if self.view.detail is Detail.VALUES or made.text == "%s":  # what equals a quantity is the result
            return [f"&= {_fitted(result.text, result.width)}"]
        given = made.given(matrices)
        operands = made.room + sum([each.width for each in given])
        if operands + result.width <= LINE:
            return [f"&= {made.put_in(given)} = {result.text}"]
        last = _fitted(result.text, result.width)
        if operands * SMALLEST <= LINE:
            return [f"&= {_fitted(made.put_in(given), operands)}", f"&= {last}"]
        parts = [
            f"{spelling.name(q.T if transposed else q)} &= {_fitted(*matrices(q, transposed)[:2])}"
            for q, transposed in dict.fromkeys((q, transposed) for q, transposed, _ in made.operands)
        ]
        return [rf"\text{{with }}{parts[0]}", *parts[1:], f"{written.name} &= {last}"]

    def _entries(self, item: Item, numbers: Excerpts) -> Iterator[str]:
        """The arithmetic of each entry that is shown."""
        part, examples = numbers[item.quantity], len(numbers.step.examples)
        for formula in item.formulas:
            if isinstance(formula, Quantity):
                continue
            for i, cells in zip(part.rows, part.cells, strict=True):
                for j, cell in zip(part.columns, cells, strict=True):
                    if i is None or j is None:
                        continue
                    it = Entry(item.quantity, i, j) if item.quantity.shape else Entry(item.quantity)
                    made = worked_entry(entry(formula, i, j, examples), it, numbers, cell)
                    yield f"{inline(f'{spelling.name(it)} = {arithmetic(made)}')}\n"

    def _ending(self) -> list[str]:
        lines = [line for made in self.view.ending() for line in _table(made)]
        return [rf"\subsection*{{{words(self.view.ends_with)}}}", *lines] if lines else []


def _lines(lines: Sequence[str]) -> str:
    """Whole lines."""
    return "\n".join([*lines, ""])


def inline(text: str) -> str:
    """Mathematics in a line of text, which breaks at its operators; made smaller where it cannot and is too long."""
    if r"\frac" in text or r"\begin" in text:
        return _fitted(text, width_of(text)) if width_of(text) > LINE else f"${text}$"
    return f"${text.replace(LEFT, '(').replace(RIGHT, ')')}$"  # within \left and \right no line breaks


def _headings(phase: str, panel: Panel) -> list[str]:
    """Of the phase, where one begins, and of the layer."""
    above = [rf"\subsubsection*{{{PHASES[phase]}}}"] if phase else []
    return [*above, rf"\textit{{{words(panel.heading)}}}\nopagebreak"] if panel.heading else above


def arithmetic(made: Worked) -> str:
    """`0.5 \\cdot 0.8176 + … = 2.1351`: the numbers put in, and the result."""

    def leaf(node: Formula) -> str:
        if isinstance(node, Rest):
            return rf"\text{{{others(node)}: }}{spelling.number(made.number(node).rpartition(': ')[2])}"
        return spelling.number(made.number(node))

    sign = "=" if made.adds_up else r"\approx"
    return f"{latex(made.formula, leaf)} {sign} {spelling.number(made.result)}"


def _fitted(text: str, width: float) -> str:
    """Made smaller where it may be too wide."""
    return rf"\fitted{{{text}}}" if width > SURE * LINE else text


def _table(made: EndTable) -> Iterator[str]:
    """A table after the steps, its first column the heads of the rows."""
    heads = [words(made.stub[0])]
    for heading, _ in made.groups:
        first, *labels = heading.labels
        heads += [words(f"{heading.text} {first}".strip()), *map(words, labels)]
    yield rf"\subsubsection*{{{words(made.title)}}}" if made.title else ""
    yield rf"\fits{{\begin{{tabular}}{{{'r' * len(heads)}}}"
    yield rf"{' & '.join(heads)} \\ \hline"
    for row, stub in enumerate(made.stub[1:]):
        cells = [words(cell) for _, cells in made.groups for cell in cells[row]]
        yield rf"{' & '.join([words(stub), *cells])} \\"
    yield "\\end{tabular}}\n"
