"""The forms that a trace is written in. Adding one is a file here and a line in `FORMS`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nntrace.render.explained import Explained
    from nntrace.render.swept import SweptView
    from nntrace.render.view import View


class Detail(StrEnum):
    """How much is shown of an equation."""

    VALUES = "values"
    WORK = "work"
    ENTRIES = "entries"


class Part(StrEnum):
    """What is drawn of a run."""

    LOSS = "loss"
    GRADIENTS = "gradients"
    WEIGHTS = "weights"


class Scale(StrEnum):
    """How a picture spaces what is drawn; auto: by the logarithm where that is more than two decades."""

    AUTO = "auto"
    LOG = "log"
    LINEAR = "linear"


class Form(NamedTuple):
    """A form: its name for `--to`, the suffixes that say it, and where it is written.

    A `binary` one is nothing for the screen. `outcome`: it has what the run leaves, not its steps, so
    that nothing can be selected in it. `document`: there is a document around it, which can be left
    out. `program`: it trains itself, and has nothing of a prediction. `streamed`: each of its pieces
    after the opening is a step, so that it can be gone on with where it was broken off. `ends`: after the
    steps come the tables that a run ends with. `operands`: it needs what the selected quantities are made
    of as well. `detail` is how much it shows where nobody says it.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    function: str = "render"
    binary: bool = False
    outcome: bool = False
    document: bool = False
    program: bool = False
    streamed: bool = False
    ends: bool = False
    operands: bool = False
    detail: Detail = Detail.VALUES

    def render(self, view: View | Explained | SweptView) -> Iterator[str] | Iterator[bytes]:
        """What is given, in this form, in pieces: text, or bytes where the encoding is part of the form."""
        written: Iterator[str] | Iterator[bytes] = getattr(import_module(self.module), self.function)(view)
        return written


TERMINAL = Form("terminal", (".txt",), "nntrace.render.terminal", streamed=True, ends=True)
FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        TERMINAL,
        Form("markdown", (".md", ".markdown"), "nntrace.render.markdown", streamed=True, ends=True),
        Form("json", (".json",), "nntrace.render.json_form"),
        Form("jsonl", (".jsonl", ".ndjson"), "nntrace.render.json_form", "render_lines", streamed=True),
        Form("html", (".html", ".htm"), "nntrace.render.html", ends=True, operands=True),
        Form(
            *("latex", (".tex",), "nntrace.render.latex"), document=True, streamed=True, ends=True, detail=Detail.WORK
        ),
        Form("csv", (".csv",), "nntrace.render.csv_form", streamed=True),
        Form("npz", (".npz",), "nntrace.render.npz_form", binary=True),
        Form("numpy", (".py",), "nntrace.render.scripts", "numpy_script", program=True),
        Form("torch", (), "nntrace.render.scripts", "torch_script", program=True),
        Form("weights", (), "nntrace.render.weights", binary=True, outcome=True),
    )
}
EXPLANATIONS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("terminal", (".txt",), "nntrace.render.explain_text"),
        Form("markdown", (".md", ".markdown"), "nntrace.render.explain_markdown"),
        Form("latex", (".tex",), "nntrace.render.explain_latex", document=True),
        Form("html", (".html", ".htm"), "nntrace.render.explain_html"),
        Form("json", (".json",), "nntrace.render.explain_json"),
    )
}
"""The forms that an explanation is written in."""
SWEEPS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("terminal", (".txt",), "nntrace.render.swept", "terminal"),
        Form("markdown", (".md", ".markdown"), "nntrace.render.swept", "markdown"),
        Form("csv", (".csv",), "nntrace.render.swept", "table"),
        Form("json", (".json",), "nntrace.render.swept", "document"),
    )
}
"""The forms that a sweep is written in."""
