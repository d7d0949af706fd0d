"""HTML without a script, for what shows a piece of it, as notebooks do: the tables of a step, the story of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import isfinite, log10

from nntrace.render.excerpt import Excerpts
from nntrace.render.html_math import equation_math, math
from nntrace.render.layout import Item, Panel, by_phase, panels
from nntrace.render.numbers import dimensions, format_for
from nntrace.render.tables import EndTable
from nntrace.render.view import View
from nntrace.render.words import PHASES, about, column_labels, row_stub, step_title, stopped, title
from nntrace.tracing import Step

STYLE = """<style>
.nntrace { overflow-x: auto; }
.nntrace table { border-collapse: collapse; margin: 0.3em 0 0.9em; font-variant-numeric: tabular-nums; }
.nntrace th, .nntrace td { padding: 0.1em 0.7em; text-align: right; font-weight: normal; white-space: nowrap; }
.nntrace thead th { border-bottom: 1px solid rgba(128, 128, 128, 0.6); }
.nntrace .first { padding-left: 1.6em; }
.nntrace .quiet, .nntrace tbody th, .nntrace dt, .nntrace caption { color: rgba(128, 128, 128, 1); }
.nntrace caption { text-align: left; caption-side: top; }
.nntrace dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1em 1em; margin: 0.4em 0; }
.nntrace dt, .nntrace dd { margin: 0; font-weight: normal; }
.nntrace svg { width: 100%; max-width: 40em; height: 6em; display: block; }
</style>
"""
WIDE, HIGH = 600, 90
"""Of the curve, in its own units."""
DECADES = 2
"""A curve that spans more is drawn by its logarithm."""


def step_tables(view: View, step: Step) -> str:
    """A step, phase by phase and layer by layer: each quantity under its formula."""
    return _piece([f"<h4>{escape(step_title(view.config, step))}</h4>", *_panels(view, step), *_end(step)])


def run_story(view: View, losses: Sequence[float], tables: Sequence[EndTable], remark: str) -> str:
    """What a run comes to: the network, the loss of each iteration as a curve, the tables at the end."""
    texts = about(view.config, view.listing, ())
    listed = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in texts)
    heading = f"<h4>{escape(title(view.config) or 'Trace')}</h4>"
    remarks = [f'<p class="quiet">{escape(remark)}</p>'] if remark else []
    hint = '<p class="quiet"><code>.step(1)</code> of it is the first step, with every number.</p>'
    return _piece([heading, f"<dl>{listed}</dl>", _curve(losses), *remarks, *map(ending_table, tables), hint])


def ending_table(made: EndTable) -> str:
    """A table after the steps, its first column the heads of the rows."""
    heads = [
        f'<th scope="col">{escape(heading.text if not number else "")} {escape(label)}</th>'
        for heading, _ in made.groups
        for number, label in enumerate(heading.labels)
    ]
    rows = []
    for number, stub in enumerate(made.stub[1:]):
        cells = [f"<td>{escape(cell)}</td>" for _, cells in made.groups for cell in cells[number]]
        rows.append(f'<tr><th scope="row">{escape(stub)}</th>{"".join(cells)}</tr>')
    caption = f"<caption>{escape(made.title)}</caption>" if made.title else ""
    head = f'<thead><tr><th scope="col">{escape(made.stub[0])}</th>{"".join(heads)}</tr></thead>'
    return f'<table class="ending">{caption}{head}<tbody>{"".join(rows)}</tbody></table>'


def _piece(parts: Sequence[str]) -> str:
    return f'{STYLE}<div class="nntrace">\n' + "\n".join(parts) + "\n</div>"


def _panels(view: View, step: Step) -> Iterator[str]:
    numbers = Excerpts(step, view.config)
    for phase, panel in by_phase(panels(view.listing, view.quantities, once=view.once)):
        if phase:
            yield f"<h5>{PHASES[phase]}</h5>"
        if panel.heading:
            yield f'<p class="quiet">{escape(panel.heading)}</p>'
        if panel.given:
            yield f"<p>{', '.join(f'{math(q)} = {numbers.single(q)}' for q in panel.given)}</p>"
        yield from (_items(items, numbers, panel) for items in panel.tables)
        yield from (f"<p>{_formula(item)} = {numbers.single(item.quantity)}</p>" for item in panel.found)


def _items(items: Sequence[Item], numbers: Excerpts, panel: Panel) -> str:
    """The quantities of a layer side by side, a node a row."""
    parts = [numbers[item.quantity] for item in items]
    stub = row_stub(panel.row, parts[0].rows)
    above = ["<th></th>"]
    heads = [f'<th scope="col">{stub[0]}</th>']
    for item, part in zip(items, parts, strict=True):
        size = f' <span class="quiet">{dimensions(*part.shape)}</span>'
        above.append(f'<th class="first" colspan="{len(part.columns)}">{_formula(item)}{size}</th>')
        labels = column_labels(part.columns) if part.shape[1] > 1 else ("",)
        heads += _cells("th", labels)
    rows = [
        f'<tr><th scope="row">{label}</th>{"".join(cell for row in cells for cell in _cells("td", row))}</tr>'
        for label, *cells in zip(stub[1:], *[part.cells for part in parts], strict=True)
    ]
    notes = [f"{item.quantity.name}: {part.note}" for item, part in zip(items, parts, strict=True) if part.note]
    below = f'<p class="quiet">{escape("; ".join(notes))}</p>' if notes else ""
    head = f"<thead><tr>{''.join(above)}</tr><tr>{''.join(heads)}</tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>{below}"


def _cells(tag: str, texts: Sequence[str]) -> Iterator[str]:
    """Cells of one quantity; the first stands apart from the quantity before."""
    for place, text in enumerate(texts):
        yield f"<{tag}>{text}</{tag}>" if place else f'<{tag} class="first">{text}</{tag}>'


def _formula(item: Item) -> str:
    if item.equation is None:
        return math(item.quantity)
    computed = f' <span class="quiet">computed as {math(item.equation.formula)}</span>' if item.computed else ""
    return equation_math(item.equation) + computed


def _end(step: Step) -> Iterator[str]:
    if step.stopped:
        yield f"<p><b>{escape(stopped(step))}</b></p>"


def _curve(losses: Sequence[float]) -> str:
    """The loss of each iteration as a line; nothing of fewer than two."""
    finite = [loss for loss in losses if isfinite(loss)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    logarithmic = low > 0 and high / low > 10**DECADES
    height = log10 if logarithmic else float
    span = height(high) - height(low) or 1.0
    points = " ".join(
        f"{WIDE * place / (len(losses) - 1):.1f},{HIGH - 5 - (HIGH - 10) * (height(loss) - height(low)) / span:.1f}"
        for place, loss in enumerate(losses)
        if isfinite(loss)
    )
    ends = [format_for(loss, 4)(loss) for loss in (losses[0], losses[-1])]
    said = f"mean loss of each iteration{', logarithmic' if logarithmic else ''}: {ends[0]} to {ends[1]}"
    look = 'fill="none" stroke="#3a8fd0" stroke-width="2" vector-effect="non-scaling-stroke"'
    line = f'<polyline points="{points}" {look}></polyline>'
    picture = f'<svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" role="img" aria-label="{said}">{line}</svg>'
    return f'{picture}<p class="quiet">{said}</p>'
