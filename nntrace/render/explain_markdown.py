"""An explanation in Markdown: a heading for each number, its operands as a table whose rows lead to their sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nntrace.formula.plain import name, plain
from nntrace.render.explain_text import arithmetic
from nntrace.render.explained import Explained, Operand, Section, sentence
from nntrace.render.markdown import WIDE, text
from nntrace.render.words import title


def render(explained: Explained) -> Iterator[str]:
    """The explanation as Markdown, a section at a time."""
    config = explained.explanation.trace.config
    yield f"# {text(title(config)) or 'Explanation'}\n\n"
    yield f"`{name(explained.root.target)}` in {text(explained.place(explained.root.step))}\n"
    for section in explained.sections():
        yield "\n".join(["", *_section(section), ""])
    lines = [f"- **{label}**: {text(words)}" for label, words in explained.legend]
    closing = [text(words) for words in explained.closing]
    yield "\n".join(["", *lines, *([""] if lines and closing else []), *closing, ""] if lines or closing else [])


def _section(section: Section) -> list[str]:
    value = f" = {section.value}" if section.value else ""
    place = f" · {section.place}" if section.place else ""
    lines = [f'<a id="n{section.number}"></a>', ""]
    lines += [f"## [{section.number}] `{name(section.node.target)}`{value}{place}", ""]
    if section.leaf:
        return [*lines, section.leaf, "", *_operands(section.operands)]
    size = f" {section.size}" if section.size else ""
    lines += [f"`{section.equation.target.name} = {plain(section.formula)}`{size}", ""]
    if section.computed is not None:
        lines += [f"computed as `{plain(section.computed)}`", ""]
    lines += ["```text", *(line.rstrip() for line in arithmetic(section, WIDE)), "```", ""]
    for words in section.long_sums:
        lines += [words, ""]
    lines += [sentence(section.node.why, "`{}`".format), ""]
    return [*lines, *_operands(section.operands)]


def _operands(operands: Sequence[Operand]) -> list[str]:
    if not operands:
        return []
    return ["| made of | value | where it comes from |", "|---|---:|---|", *map(_row, operands)]


def _row(operand: Operand) -> str:
    origin = f"from `{operand.origin}`" if operand.is_formula else operand.origin
    link = f"[→ {operand.section}](#n{operand.section})" if operand.section else ""
    cells = f"`{operand.label}`", operand.value, " ".join(part for part in (origin, link) if part)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
