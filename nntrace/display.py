"""What a notebook shows of a step and of a trace: as HTML, Markdown and mathematics for MathJax."""

from __future__ import annotations

from collections import deque
from functools import singledispatch
from itertools import islice

from nntrace.equations import Equation
from nntrace.formula.latex import latex as mathematics
from nntrace.formula.latex import name
from nntrace.render import markdown as written
from nntrace.render.excerpt import Excerpts
from nntrace.render.static import run_story, step_tables
from nntrace.render.tex import Matrices
from nntrace.render.view import View
from nntrace.render.words import about, counted, end_tables, title
from nntrace.selecting import Chosen
from nntrace.summary import Summary
from nntrace.tracing import Step, Trace

NUMBERS = 4_000_000
"""A trace is run for as many steps as have so many numbers in all: about half a second."""


@singledispatch
def html(shown: Step | Trace) -> str:
    """A step: its tables. A trace: the network, and the loss of each iteration."""
    raise TypeError(f"no display of {type(shown).__name__}")


@html.register
def _(shown: Step) -> str:
    return step_tables(_view(shown), shown)


@html.register
def _(shown: Trace) -> str:
    summary, remark = _run(shown)
    view = View(shown, shown.equations, (), shown.equations.quantities)
    return run_story(view, summary.losses, end_tables(summary) if not remark else [], remark)


@singledispatch
def markdown(shown: Step | Trace) -> str:
    """A step: its Markdown form. A trace: the network, and its losses in a sentence."""
    raise TypeError(f"no display of {type(shown).__name__}")


@markdown.register
def _(shown: Step) -> str:
    return "".join(written.render(_view(shown)))


@markdown.register
def _(shown: Trace) -> str:
    listed = about(shown.config, shown.equations, ())
    lines = [f"- **{label}**: {written.text(' '.join(words.split()))}" for label, words in listed]
    return "\n".join([f"**{written.text(title(shown.config) or 'Trace')}**", "", *lines])


@singledispatch
def latex(shown: Step | Trace) -> str:
    """A step: each equation and its result. A trace: its equations."""
    raise TypeError(f"no display of {type(shown).__name__}")


@latex.register
def _(shown: Step) -> str:
    matrices = Matrices(Excerpts(shown, shown.trace.config))
    return _aligned(*(f"{_equation(each)} = {matrices(each.target).text}" for each in shown.equations))


@latex.register
def _(shown: Trace) -> str:
    return _aligned(*map(_equation, shown.equations))


def _view(step: Step) -> View:
    chosen = None
    if step.iteration is not None:
        chosen = Chosen(step.iteration, step.iteration, step.batch)
    return View(step.trace, step.equations, [step], step.equations.quantities, chosen)


def _run(trace: Trace) -> tuple[Summary, str]:
    """As much of the run as is quickly done, and what is to be said of the rest."""
    config = trace.config
    columns = min(config.batch_size, config.examples)
    size = sum(q.size(columns) for q in trace.equations.quantities)
    most = max(1, NUMBERS // size)
    summary = Summary(trace)
    deque(islice(summary.reading(trace.steps(names=trace.loss_names)), most), maxlen=0)
    if most >= len(trace):
        return summary, ""
    there = counted(config.iterations, "iteration")
    if summary.losses:
        return summary, f"These are the first {len(summary.losses):,} of {there}: more would not be quick."
    return summary, f"None of the {there} is run here: it would not be quick."


def _equation(equation: Equation) -> str:
    return f"{name(equation.target)} &= {mathematics(equation.shown or equation.formula)}"


def _aligned(*rows: str) -> str:
    return "$$\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}$$"
