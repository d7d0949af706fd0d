"""An explanation for the screen: a numbered section for each number, further in the further down it is."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence

from nntrace.formula.plain import name, plain
from nntrace.formula.tree import Quantity
from nntrace.render.arithmetic import Worked
from nntrace.render.explained import Explained, Operand, Section, sentence
from nntrace.render.palette import Palette
from nntrace.render.signs import spelled
from nntrace.render.words import title
from nntrace.render.work import broken, folded, work

INDENT = "  "
DEEPEST = 6
"""No section stands further in than this, however far down it is."""
LEAST = 60
"""So many columns are left to a section, even if it should stand further in."""


def render(explained: Explained) -> Iterator[str]:
    """The explanation as text, a section at a time."""
    return _Text(explained).text()


def arithmetic(section: Section, room: int, sign: Callable[[str], str] = str) -> list[str]:
    """The formula of the entry, the numbers put in, and the result, in lines at most `room` wide.

    Of a whole quantity: its operands put in, and then the arithmetic of each entry that is shown.
    """
    made, target = section.worked, section.node.target
    if made is not None:
        return _of_entry(section, made, room, sign)
    assert isinstance(target, Quantity)
    lines = work(target, section.formula, section.numbers, room, sign)
    for each in section.entries:
        if each is None:
            lines.append("…")
        else:
            of, made = each
            lines += broken(f"{name(of)} = {made.terms} {made.sign} {made.result}", room, sign)
    return lines


def _of_entry(section: Section, made: Worked, room: int, sign: Callable[[str], str]) -> list[str]:
    """What equals the entry, each below the other."""
    label, names = name(section.node.target), plain(made.formula)
    parts = [names, made.terms]
    if isinstance(section.formula, Quantity):
        parts = [names]  # the number is that of the other
    elif label == section.equation.target.name and names == plain(section.formula):
        parts = [made.terms]  # a single number made of single numbers: its formula is there already
    room -= len(label) + 1
    lines = [line for part in parts for line in folded(f"= {part}", room, sign)]
    result = f"{made.sign} {made.result}"
    if len(lines[-1]) + 1 + len(result) <= room:
        lines[-1] += f" {result}"
    else:
        lines.append(result)
    return [f"{' ' * len(label) if number else label} {line}" for number, line in enumerate(lines)]


class _Text:
    def __init__(self, explained: Explained) -> None:
        self.explained = explained
        self.width = explained.style.width
        self.paint = Palette(explained.style.colour)

    def text(self) -> Iterator[str]:
        root = self.explained.root
        config = self.explained.explanation.trace.config
        lines = self._wrapped(title(config), "")
        yield self._joined([*(self.paint("title", line) for line in lines)])
        place = self.explained.place(root.step)
        yield self._joined([self.paint("step", f"━━ {name(root.target)} · {place} ".ljust(self.width, "━"))])
        for section in self.explained.sections():
            yield self._joined(["", *self._section(section)])
        ending: list[str] = []
        for label, text in self.explained.legend:
            first, *rest = self._wrapped(text, " " * 10)
            ending += [self.paint("quiet", label.ljust(10)) + first[10:], *rest]
        closing = [line for text in self.explained.closing for line in self._wrapped(text, "")]
        yield self._joined(["", *ending, *([""] if closing and ending else []), *closing])

    def sign(self, text: str) -> str:
        """`text` in the signs that the stream has, before it is measured."""
        return spelled(text, self.explained.style.signs)

    def _joined(self, lines: Sequence[str]) -> str:
        return self.sign("\n".join([*(line.rstrip() for line in lines), ""]))

    def _wrapped(self, text: str, indent: str) -> list[str]:
        return textwrap.wrap(
            self.sign(text), self.width, initial_indent=indent, subsequent_indent=indent,
            break_on_hyphens=False,
        )  # fmt: skip

    def _section(self, section: Section) -> list[str]:
        level = min(section.node.level, DEEPEST, max(0, (self.width - LEAST) // len(INDENT)))
        outer = INDENT * level
        number = f"[{section.number}] "
        head = outer + number + section.heading + (f" · {section.place}" if section.place else "")
        indent = outer + INDENT
        first, *more = self._wrapped(head, "")
        lines = [self.paint("heading", outer + first.lstrip()), *(indent + line for line in more)]
        if section.leaf:
            return [*lines, *self._wrapped(section.leaf, indent), *self._operands(section.operands, indent)]
        lines += self._formula(section, indent)
        lines += [(indent + line).rstrip() for line in arithmetic(section, self.width - len(indent), self.sign)]
        for text in section.long_sums:
            lines += self._wrapped(text, indent)
        lines += self._wrapped(sentence(section.node.why), indent)
        return [*lines, *self._operands(section.operands, indent)]

    def _formula(self, section: Section, indent: str) -> list[str]:
        text = f"{section.equation.target.name} = {plain(section.formula)}"
        lines = self._coloured("formula", text + (f"  {section.size}" if section.size else ""), indent)
        if section.computed is not None:
            lines += self._coloured("quiet", f"computed as {plain(section.computed)}", indent)
        return lines

    def _coloured(self, style: str, text: str, indent: str) -> list[str]:
        return [indent + self.paint(style, line[len(indent) :]) for line in self._wrapped(text, indent)]

    def _operands(self, operands: Sequence[Operand], indent: str) -> list[str]:
        """A line for each number that it is made of: its value and where that comes from."""
        if not operands:
            return []
        labels = max(len(self.sign(operand.label)) for operand in operands)
        values = max(len(operand.value) for operand in operands)
        lines = []
        for operand in operands:
            value = f" = {operand.value.rjust(values)}" if values else ""
            start = f"{indent}{INDENT}{self.sign(operand.label).ljust(labels)}{value}  "
            text = self.sign(self._origin(operand))
            rest = textwrap.wrap(text, max(20, self.width - len(start)), break_on_hyphens=False) or [""]
            lines += [start + self.paint("quiet", rest[0])]
            lines += [" " * len(start) + self.paint("quiet", line) for line in rest[1:]]
        return lines

    @staticmethod
    def _origin(operand: Operand) -> str:
        arrow = f"→ [{operand.section}]" if operand.section else ""
        return f"{'from ' * operand.is_formula}{operand.origin}  {arrow}".strip()
