"""Writing 1,000 steps of the article: the text forms against a plain loop of f-strings, every form against JSON.

The loop runs the same trace and writes, for each step, every number that the form prints (W, b and
dW stand twice in a form: where they are used and where they are updated), one f-string a number.
The tracing is in both sides of each.
"""

from __future__ import annotations

import io

from timing import Ratio, compare

from nntrace import Trace, bundle, load
from nntrace.render import FORMS
from nntrace.render.layout import panels
from nntrace.render.view import View
from nntrace.selecting import Chosen

STEPS = 1000
TARGETS = {"markdown": 3.0, "terminal": 5.0}
"""Of the text forms, against the loop."""
AGAINST_JSON = 4.0
OTHERS = [name for name, form in FORMS.items() if not form.outcome and name != "json"]
"""The forms that are compared with JSON: all that hold the steps."""


def article() -> Trace:
    """The bundled article, for 1,000 steps."""
    return Trace(load(str(bundle.path("article")), [f"iterations={STEPS // 2}"]))


def write(form: str) -> None:
    run = article()
    out = io.BytesIO()
    chosen = Chosen(1, STEPS // 2)
    for piece in FORMS[form].render(View(run, run.equations, run, run.equations.quantities, chosen, STEPS)):
        out.write(piece if isinstance(piece, bytes) else piece.encode())


def plain_loop() -> None:
    run = article()
    names = [item.quantity.name for panel in panels(run.equations, run.equations.quantities) for item in panel.items]
    out = io.StringIO()
    for step in run:
        for name in names:
            value = step[name]
            rows = value.tolist() if hasattr(value, "tolist") else [[value]]
            for row in rows:
                out.write(" ".join([f"{entry:.4f}" for entry in row]) + "\n")


def measure(form: str) -> Ratio:
    """Seconds for all the steps, against the loop."""
    return compare(lambda: write(form), plain_loop)


def measure_against_json(form: str) -> Ratio:
    """Seconds for all the steps, against those of the JSON form."""
    return compare(lambda: write(form), lambda: write("json"))
