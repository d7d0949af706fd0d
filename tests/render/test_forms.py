"""Each form whole, pinned in width and colour. Refresh with `pytest tests/render --refresh` and read the difference."""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run

from nntrace import Step, bundle, load, trace
from nntrace.render import FORMS
from nntrace.render.view import View

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_terminal(golden: Golden, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    golden(f"article-{width}.txt", nntrace_run("run", "article", "--iteration", "1", "--example", "1").out)


def test_terminal_in_colour(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    golden("article-colour.txt", nntrace_run("step", "article", "--layer", "2", "--color", "always").out)


@pytest.mark.parametrize("form", ["markdown", "terminal"])
def test_a_batch_with_biases_and_entries(golden: Golden, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """A batch of several examples, each entry worked out; the run ends with losses and predictions."""
    monkeypatch.setenv("COLUMNS", "120")
    suffix = FORMS[form].suffixes[0]
    arguments = ("run", "unequal", "--set", "iterations=1", "--detail", "entries", "--to", form)
    golden(f"unequal-entries{suffix}", nntrace_run(*arguments).out)


@pytest.mark.parametrize("form", ["markdown", "json", "jsonl", "csv"])
def test_whole_run(golden: Golden, form: str) -> None:
    golden(f"article{FORMS[form].suffixes[0]}", nntrace_run("run", "article", "--to", form).out)


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if not (form.binary or form.program)])
def test_every_form_is_streamed(form: str) -> None:
    """The first piece comes before the last step is computed, and each is read once."""
    run = trace(load(str(bundle.path("article")), ["iterations=50"]))
    seen: list[int] = []

    def steps() -> Iterator[Step]:
        for step in run:
            seen.append(step.iteration)
            yield step

    pieces = FORMS[form].render(View(run, run.equations, steps(), run.equations.quantities, count=len(run)))
    next(iter(pieces))
    assert len(seen) <= 1
    assert sum(1 for _ in pieces) >= len(run)
    assert len(seen) == len(run)


def test_markdown_tables_are_whole() -> None:
    """Every row of a table has as many cells as its heading."""
    out = nntrace_run("run", "unequal", "--to", "markdown").out
    tables = re.findall(r"(?:^\|.*\n)+", out, re.MULTILINE)
    assert tables
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1


HOSTILE = r'&#42; <script>alert(1)</script> **b** `c` $x$ a|b [l](u) _e_ \ & &amp; 日本 "q"'


def test_hostile_titles_are_harmless_in_markdown() -> None:
    out = nntrace_run("step", "article", "--only", "loss", "--to", "markdown", "--set", f"title='{HOSTILE}'").out
    title = out.splitlines()[0]
    assert not re.search(r"[<`$|_\\]|\*\*|\]\(", title)
    assert html.unescape(title) == f"# {HOSTILE}"


def test_square_brackets_and_newlines_in_titles_stay_text_on_the_screen() -> None:
    out = nntrace_run("step", "article", "--only", "loss", "--set", "title=W[l] of [bold]x[/bold]").out
    assert "W[l] of [bold]x[/bold]\n" in out


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_control_signs_in_titles_do_not_reach_the_terminal(form: str) -> None:
    title = 'title="a\\e[31mb\\u202ec"'
    out = nntrace_run("step", "article", "--only", "loss", "--to", form, "--set", title).out
    assert "a�[31mb�c" in out
    assert "\x1b" not in out


def test_names_of_classes_are_harmless_in_a_markdown_table(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "architecture: {inputs: 1, layers: [{nodes: 2, activation: softmax}]}\nloss: cross_entropy\nweights: 0.5\n"
        'data: {x: [1, 2], labels: ["a|b", "*c*"]}\nalpha: 0.1\niterations: 1\n',
        encoding="utf-8",
    )
    out = nntrace_run("run", str(tmp_path / "my.yaml"), "--to", "markdown").out
    table = [line for line in out.partition("Predictions")[2].splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert "*c*" not in out


def names_in_text(out: str) -> set[str]:
    """The quantities that a text form shows as results: what stands before a `=`."""
    return set(re.findall(r"\b([A-Za-z]\w*) = ", out.replace("`", "")))


def names_in_latex(out: str) -> set[str]:
    found = re.findall(r"^(?:\\mathrm\{(d)\})?([A-Z])\^\{\[(\d)\]\}(?: &= |\$: )", out, re.MULTILINE)
    return {f"{prefix}{letter}{layer}" for prefix, letter, layer in found}


SHOWN: dict[str, Callable[[str], set[str]]] = {
    "terminal": names_in_text,
    "markdown": names_in_text,
    "json": lambda out: set(json.loads(out)["steps"][0]["values"]),
    "jsonl": lambda out: set(json.loads(out.splitlines()[1])["values"]),
    "html": lambda out: {item["target"] for item in guide_of(out)["items"]},
    "latex": names_in_latex,
    "csv": lambda out: {line.split(",")[2] for line in out.splitlines()[1:]},
    "numpy": lambda out: set(ast.literal_eval(out.partition("SHOWN = ")[2].partition("\n")[0])),
}
SELECTED = ("--iteration", "2", "--example", "2", "--layer", "2", "--only", "dW,Z")


def guide_of(page: str) -> Any:
    return json.loads(page.partition('id="guide">')[2].partition("</script>")[0])


@pytest.mark.parametrize("detail", ["values", "work", "entries"])
@pytest.mark.parametrize("form", SHOWN)
def test_every_form_obeys_the_same_selection(form: str, detail: str) -> None:
    """Layer 2 has dW2 and Z2 of them, and the second iteration one update with example 2."""
    ran = nntrace_run("run", "article", *SELECTED, "--detail", detail, "--to", form)
    assert ran.status == 0
    assert SHOWN[form](ran.out) == {"dW2", "Z2"}
    step = nntrace_run("step", "article", *SELECTED, "--detail", detail, "--to", form)
    assert step.out == ran.out or FORMS[form].program
    assert SHOWN[form](step.out) == {"dW2", "Z2"}


def test_npz_obeys_the_same_selection(tmp_path: Path) -> None:
    path = tmp_path / "selected.npz"
    assert nntrace_run("export", "article", *SELECTED, "-o", str(path)).status == 0
    with np.load(path) as arrays:
        assert set(arrays) == {"dW2", "Z2", "iteration", "batch", "examples"}
        assert (arrays["iteration"].tolist(), arrays["examples"].tolist()) == ([2], [[2]])
