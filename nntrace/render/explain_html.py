"""An explanation as one HTML page that needs nothing else; each operand leads to its own section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from nntrace.formula.plain import name
from nntrace.render.explain_text import arithmetic
from nntrace.render.explained import Explained, Operand, Section
from nntrace.render.html_math import equation_math, math, sentence_math
from nntrace.render.words import title

WIDE = 110
"""In a block of arithmetic lines break there."""
DEEPEST = 8
STYLE = """
:root { color-scheme: light dark; --line: #8884; --quiet: #666; --formula: #0a6b2d; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --quiet: #aaa; --formula: #7ee0a0; --link: #8ab4f8; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
section { border-left: 3px solid var(--line); margin: 1.2rem 0; padding: 0.1rem 0 0.1rem 1rem; overflow-x: auto; }
@media (max-width: 40rem) { section { margin-left: 0 !important; } }
section:target { border-left-color: var(--link); }
h2 { font-size: 1.1rem; margin: 0.2rem 0; }
pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.92em; }
math { color: var(--formula); font-family: "STIX Two Math", "Latin Modern Math", "Cambria Math", math, serif; }
p, h2, td { overflow-x: auto; }
pre { overflow-x: auto; margin: 0.4rem 0; line-height: 1.35; }
p { margin: 0.4rem 0; }
a { color: var(--link); }
.quiet { color: var(--quiet); }
table { border-collapse: collapse; margin: 0.4rem 0; }
td { padding: 0.05rem 1.2rem 0.05rem 0; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
"""


def render(explained: Explained) -> Iterator[str]:
    """The explanation as a page, a section at a time."""
    heading = escape(title(explained.explanation.trace.config)) or "Explanation"
    target = escape(name(explained.root.target))
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{target} · {heading}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{heading}</h1>\n"
        f"<p>{math(explained.root.target)} in {escape(explained.place(explained.root.step))}</p>\n"
    )
    for section in explained.sections():
        yield "\n".join([*_section(section), ""])
    for label, text in explained.legend:
        yield f'<p class="quiet"><b>{label}</b> {escape(text)}</p>\n'
    for text in explained.closing:
        yield f"<p>{escape(text)}</p>\n"
    yield "</body>\n</html>\n"


def _section(section: Section) -> Iterator[str]:
    level = min(section.node.level, DEEPEST)
    value = f" = {escape(section.value)}" if section.value else ""
    place = f' <span class="quiet">{escape(section.place)}</span>' if section.place else ""
    yield f'<section id="n{section.number}" style="margin-left: {1.5 * level}rem">'
    yield f"<h2>[{section.number}] {math(section.node.target)}{value}{place}</h2>"
    if section.leaf:
        yield f"<p>{escape(section.leaf)}</p>"
    else:
        size = f' <span class="quiet">{escape(section.size)}</span>' if section.size else ""
        yield f"<p>{equation_math(section.equation, section.formula)}{size}</p>"
        if section.computed is not None:
            yield f'<p class="quiet">computed as {math(section.computed)}</p>'
        yield f"<pre>{escape(chr(10).join(line.rstrip() for line in arithmetic(section, WIDE)))}</pre>"
        for text in section.long_sums:
            yield f"<p>{escape(text)}</p>"
        yield f"<p>{sentence_math(section.node.why)}</p>"
    yield from _operands(section.operands)
    yield "</section>"


def _operands(operands: Sequence[Operand]) -> Iterator[str]:
    if not operands:
        return
    yield "<table>"
    for operand in operands:
        label = math(operand.node.target)
        if operand.section:
            label = f'<a href="#n{operand.section}">{label}</a>'
        link = f'<a href="#n{operand.section}">→ [{operand.section}]</a>' if operand.section else ""
        source = escape(operand.origin)
        if operand.is_formula and operand.node.equation is not None:
            source = f"from {equation_math(operand.node.equation)}"
        origin = f"{source} {link}".strip()
        yield f'<tr><td>{label}</td><td class="number">{escape(operand.value)}</td><td class="quiet">{origin}</td></tr>'
    yield "</table>"
