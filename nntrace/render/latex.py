"""LaTeX: a document that pdflatex compiles as it is; every equation with its matrices put in.

What is too wide for the line is broken before a `=`, then scaled, and where that would be too
small to read, each operand stands on a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nntrace.formula import latex as spelling
from nntrace.formula.entry import entry
from nntrace.formula.latex import latex
from nntrace.formula.plain import others, plain
from nntrace.formula.tree import Entry, Formula, Quantity, Rest
from nntrace.formula.walking import nodes
from nntrace.render import Detail
from nntrace.render.arithmetic import Worked
from nntrace.render.excerpt import Excerpt, Excerpts
from nntrace.render.layout import Item, Panel, by_phase, panels
from nntrace.render.tables import EndTable
from nntrace.render.tex import CLOSING, LEFT, RIGHT, Pattern, matrix, opening, pattern, width_of, words
from nntrace.render.view import View
from nntrace.render.words import PHASES, about, step_title, stopped, title
from nntrace.render.work import worked_entry
from nntrace.tracing import Step

LINE = 85
"""So many digits fit into a line."""
SURE = 0.75
"""Of a line: what is guessed to be less fits."""
SMALLEST = 0.6
"""To this scale a line is made smaller to fit; beyond it, it is taken apart."""
BETWEEN_COLUMNS = 2
AROUND = 3
"""The room between two columns, and that of the parentheses, in digits."""


def render(view: View) -> Iterator[str]:
    """The trace as LaTeX, a step at a time."""
    return _Latex(view).text()


class _Latex:
    def __init__(self, view: View) -> None:
        self.view = view
        self.config = view.config
        self.panels = [
            (_headings(phase, panel), self._kept(panel))
            for phase, panel in by_phase(panels(view.listing, view.quantities, once=view.once))
        ]
        self._written: dict[int, tuple[str, Pattern]] = {}
        self._names: dict[str, str] = {}

    def text(self) -> Iterator[str]:
        yield opening(fragment=self.view.fragment) + "\n".join(self._header())
        last = None
        for last in self.view.steps:
            yield "\n".join(self._step(last))
        if last is not None and last.stopped:
            yield f"\n\\textbf{{{words(stopped(last))}}}\n"
        yield "\n".join(self._ending())
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
        numbers = Excerpts(step, self.config)
        lines = ["", rf"\subsection*{{{words(step_title(self.config, step))}}}"]
        for headings, items in self.panels:
            lines += headings
            lines += self._panel(items, numbers)
        return lines

    def _panel(self, items: Sequence[Item], numbers: Excerpts) -> Iterator[str]:
        rows: list[str] = []
        below: list[str] = []
        for item in items:
            rows += self._rows(item, numbers)
            if numbers[item.quantity].note:
                below.append(f"${self._name(item.quantity)}$: {words(numbers[item.quantity].note)}")
        yield "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
        if below:
            yield rf"{{\small {'; '.join(below)}}}" + "\n"
        if self.view.detail is Detail.ENTRIES:
            yield r"{\raggedright"
            for item in items:
                yield from self._entries(item, numbers)
            yield "}"

    def _rows(self, item: Item, numbers: Excerpts) -> Iterator[str]:
        """The lines of an equation: `Z &= W A + b`, `&= (…) (…) + (…) = (…)`."""
        part = numbers[item.quantity]
        beginning = f"{self._name(item.quantity)} &= "
        if item.equation is None:
            yield beginning + _fitted(matrix(part), _width(part))
        for formula in item.formulas:
            written, made = self._spelled(formula)
            yield f"{beginning}{written}"
            yield from self._put_in(made, numbers, item.quantity)
            beginning = r"&\text{computed as }"

    def _put_in(self, made: Pattern, numbers: Excerpts, target: Quantity) -> Iterator[str]:
        result, width = matrix(numbers[target]), _width(numbers[target])
        if self.view.detail is Detail.VALUES or made.text == "%s":  # what equals a quantity is the result
            yield f"&= {_fitted(result, width)}"
            return
        operands = made.room + sum([_width(numbers[q], transposed) for q, transposed, _ in made.operands])
        if operands + width <= LINE:
            yield f"&= {made.put_in(numbers)} = {result}"
            return
        if operands * SMALLEST <= LINE:
            yield f"&= {_fitted(made.put_in(numbers), operands)}"
        else:
            beginning = r"\text{with }"
            for q, transposed in dict.fromkeys((q, transposed) for q, transposed, _ in made.operands):
                stands = _fitted(matrix(numbers[q], transposed=transposed), _width(numbers[q], transposed))
                yield f"{beginning}{spelling.name(q.T if transposed else q)} &= {stands}"
                beginning = ""
            yield f"{self._name(target)} &= {_fitted(result, width)}"
            return
        yield f"&= {_fitted(result, width)}"

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

    def _name(self, q: Quantity) -> str:
        made = self._names.get(q.name)
        if made is None:
            made = self._names[q.name] = spelling.name(q)
        return made

    def _spelled(self, formula: Formula) -> tuple[str, Pattern]:
        made = self._written.get(id(formula))
        if made is None:
            made = self._written[id(formula)] = (_fitted(latex(formula), len(plain(formula))), pattern(formula))
        return made

    def _ending(self) -> list[str]:
        lines = [line for made in self.view.ending() for line in _table(made)]
        return ["", rf"\subsection*{{{words(self.view.ends_with)}}}", *lines] if lines else []


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


def _width(part: Excerpt, transposed: bool = False) -> int:
    """About how many digits wide a matrix is."""
    columns = len(part.cells) if transposed else len(part.columns)
    return (
        part.width if len(part.cells) == 1 == len(part.columns) else columns * (part.width + BETWEEN_COLUMNS) + AROUND
    )


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
