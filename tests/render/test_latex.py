"""The LaTeX form: what it says, and that pdflatex makes a page of it where there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from command import nntrace_run

from nntrace import bundle, load, trace
from nntrace.formula.latex import name
from nntrace.render.excerpt import Excerpts

needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
OVERFULL = re.compile(r"Overfull \\hbox \((\d+\.?\d*)pt too wide\)")
TOLERATED = 2.0
"""Points over the margin that nobody sees."""


def compiled(folder: Path, text: str) -> str:
    """Compile a document; returns the log, in which there is no error."""
    (folder / "trace.tex").write_text(text, encoding="utf-8", newline="\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "trace.tex"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    log = (folder / "trace.log").read_text(encoding="utf-8", errors="replace")
    assert ran.returncode == 0, "\n".join(line for line in log.splitlines() if line.startswith(("!", "l.")))
    assert (folder / "trace.pdf").exists()
    return log


def good(log: str) -> None:
    """Nothing runs over the margin, nothing is undefined."""
    too_wide = [float(points) for points in OVERFULL.findall(log)]
    assert max(too_wide, default=0.0) <= TOLERATED
    assert "undefined" not in log


def test_a_step(golden: Callable[[str, str], None]) -> None:
    golden("article-step.tex", nntrace_run("step", "article", "--to", "latex").out)


def test_the_numbers_are_those_of_the_trace() -> None:
    """Every matrix of a step stands there, put in where it is an operand, after `=` where it is the result."""
    config = load(str(bundle.path("unequal")))
    step = next(iter(trace(config)))
    text = nntrace_run("step", "unequal", "--to", "latex").out
    numbers = Excerpts(step, config)
    for equation in step.equations:
        block = text.partition(f"\n{name(equation.target)} &= ")[2]
        matrix = r"\\begin\{pmatrix\} ((?:(?!pmatrix).)*) \\end\{pmatrix\}"
        result = re.findall(rf"= (?:\\fitted\{{)?(?:{matrix}|(-?[\d.]+))\}}?(?: \\\\)?\n", block)[0]
        rows = [row.split(" & ") for row in (result[0] or result[1]).split(r" \\ ")]
        assert rows == numbers[equation.target].cells, equation.target.name


def test_detail_says_what_is_put_in() -> None:
    """Each equation has its matrices put in, unless only the values are asked for; entries have their arithmetic."""
    put_in = r"&= \begin{pmatrix} 0.5000 \\ 0.5000 \\ 0.5000 \\ 0.5000 \end{pmatrix} \cdot 2.0000 + "
    for detail, expected in [((), True), (("--detail", "values"), False), (("--detail", "entries"), True)]:
        out = nntrace_run("step", "article", "--to", "latex", "--layer", "1", *detail).out
        assert (put_in in out) is expected
    # By hand: Z1[1,1] = 0.5 · 2 + 0.5 = 1.5.
    assert r"${Z^{[1]}}_{1,1} = 0.5000 \cdot 2.0000 + 0.5000 = 1.5000$" in out


def test_numbers_side_by_side_are_not_one_number() -> None:
    """In a network of single nodes W and A are numbers: 0.1 · 2, not 0.1 2."""
    out = nntrace_run("step", "slp-logistic", "--to", "latex").out
    assert not re.search(r"\d \d", re.sub(r"\\text(bf|it)?\{[^}]*\}.*|.*section.*", "", out))


def test_a_fragment_has_no_document_around_it() -> None:
    out = nntrace_run("step", "article", "--to", "latex", "--fragment").out
    assert not re.search(
        r"\\(documentclass|usepackage\{(?!amsmath)|begin\{document\}|end\{document\})", re.sub("%.*", "", out)
    )
    explained = nntrace_run("explain", "article", "dW2[1,3]", "--to", "latex", "--fragment").out
    assert r"\documentclass" not in explained


@pytest.mark.parametrize("command", [("run", "article"), ("explain", "article", "loss")])
def test_a_form_without_a_document_has_no_fragment(command: tuple[str, ...]) -> None:
    ran = nntrace_run(*command, "--to", "markdown", "--fragment")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "nntrace: --fragment leaves out the document around the body, and markdown has none\n"


@needs_pdflatex
@pytest.mark.parametrize("detail", ["values", "work", "entries"])
def test_every_bundled_example_becomes_a_page(tmp_path: Path, detail: str) -> None:
    """All of them in one document of somebody else's, as fragments."""
    body = []
    for each in bundle.names():
        ran = nntrace_run("run", each, "--iteration", "1", "--to", "latex", "--fragment", "--detail", detail)
        assert ran.status == 0, each
        body.append(ran.out)
    packages = r"\usepackage[T1]{fontenc}\usepackage{amsmath,graphicx,hyperref}\usepackage[margin=2.5cm]{geometry}"
    good(
        compiled(
            tmp_path, rf"\documentclass{{article}}{packages}\begin{{document}}{chr(10).join(body)}\end{{document}}"
        )
    )


@needs_pdflatex
@pytest.mark.parametrize("detail", ["values", "work", "entries"])
def test_wide_matrices_fit_the_line(tmp_path: Path, detail: str) -> None:
    config = tmp_path / "wide.yaml"
    config.write_text(
        "architecture: {inputs: 30, layers: [{nodes: 20, activation: gelu}, {nodes: 12, activation: softmax}]}\n"
        "weights: {init: he_normal, seed: 1}\nloss: cross_entropy\nalpha: 0.1\niterations: 2\nbatch: all\n"
        f"data: {{x: {[[0.1 * (i + j) for j in range(30)] for i in range(12)]}, labels: {list(range(12))}}}\n"
        "optimizer: adam\ndecimals: 7\n",
        encoding="utf-8",
    )
    good(compiled(tmp_path, nntrace_run("run", str(config), "--to", "latex", "--detail", detail).out))


HOSTILE = r"""\input{x} $x$ a_b^c #1 50% {y} ~ & | `c` <script> "q" ''r'' -- ,, ?` 日本 🙂 é ŷ \\ \end{document} %"""


@needs_pdflatex
def test_hostile_texts_are_harmless(tmp_path: Path) -> None:
    long = "x" * 600 + " " + "very long " * 200

    text = " ".join(HOSTILE.split())
    data = {key: value for key, value in load(str(bundle.path("xor"))).as_data().items() if key != "expect"}
    from nntrace.render import FORMS
    from nntrace.render.view import View

    run = trace(load({**data, "title": f"{text} {long}", "notes": text * 2, "source": text, "iterations": 1}))

    log = compiled(
        tmp_path, "".join(map(str, FORMS["latex"].render(View(run, run.equations, run, run.equations.quantities))))
    )
    good(log)
    if shutil.which("pdftotext"):
        shown = subprocess.run(
            ["pdftotext", "-layout", "trace.pdf", "-"], cwd=tmp_path, capture_output=True, check=True
        )
        for part in (r"\input{x} $x$ a_b", "#1 50% {y}", "`c` <script>", "--", ",,", r"\end{document} %"):
            assert part in shown.stdout.decode()


@needs_pdflatex
def test_a_trace_that_stops_and_a_prediction_are_pages(tmp_path: Path) -> None:
    stopping = nntrace_run("run", "d2l-gd-diverging", "--set", "alpha=1e200", "--set", "iterations=9", "--to", "latex")
    assert stopping.status == 1
    assert "is the first quantity that is not finite" in stopping.out
    good(compiled(tmp_path, stopping.out))
    good(compiled(tmp_path, nntrace_run("predict", "article", "--x", "4", "--x", "5", "--to", "latex").out))
