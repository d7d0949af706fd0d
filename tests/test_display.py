"""What notebooks show of a step and of a trace."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from nntrace import Config, bundle, load, trace
from nntrace.render.excerpt import Excerpts
from nntrace.tracing import Step, Trace

BOUND = 400_000
"""Signs of a display of a large network: what its elided matrices take."""


def run_of(name: str, *settings: str) -> Trace:
    return trace(load(str(bundle.path(name)), settings))


def parsed(display: str) -> ET.Element:
    return ET.fromstring(f"<div>{display}</div>")


def cells(display: str) -> list[str]:
    return ["".join(cell.itertext()) for cell in parsed(display).iter("td")]


def large() -> Config:
    rng = np.random.default_rng(0)
    layers = [{"nodes": n, "activation": "sigmoid"} for n in (128, 64, 10)]
    return load(
        {
            "architecture": {"inputs": 784, "layers": layers},
            "weights": {"init": "he_normal", "seed": 1},
            "data": {"x": rng.uniform(size=(64, 784)), "y": np.eye(10)[np.arange(64) % 10]},
            "alpha": 0.1,
            "iterations": 5000,
            "batch": 16,
        }
    )


@pytest.mark.parametrize("name", ["article", "xor", "adam-by-hand", "softmax-cross-entropy", "rounded-by-hand"])
def test_a_step_shows_every_number_as_the_terminal_does(name: str) -> None:
    run = run_of(name)
    step = run.step()
    display = step._repr_html_()
    shown = cells(display)
    numbers = Excerpts(step, run.config)
    for quantity in step.equations.quantities:
        if step.shape(quantity.name) != (1, 1):
            wanted = [cell for row in numbers[quantity].cells for cell in row]
            assert set(wanted) <= set(shown), quantity.name
        else:
            assert numbers.single(quantity) in display
    assert "<script" not in display


def test_a_step_in_markdown_and_mathematics() -> None:
    """By hand: 2 (A3 − y) = 2 (0.8631 − 1) = −0.2738 in the first step of the article."""
    step = run_of("article").step()
    assert "## Iteration 1 · example 1" in step._repr_markdown_()
    latex = step._repr_latex_()
    assert latex.startswith("$$\\begin{aligned}\n")
    assert r"\mathrm{d}A^{[3]} &= 2\,\left(A^{[3]} - y\right) = -0.2738" in latex
    assert latex.count(r"&=") == len(step.equations)


def test_a_trace_shows_its_network_and_its_losses() -> None:
    run = run_of("xor")
    display = run._repr_html_()
    parsed(display)
    assert "2-2-1 · tanh, sigmoid" in display
    assert "0.7175 to 0.0437" in display, "the losses that the command prints"
    assert re.search(r'<polyline points="0.0,', display)
    assert "2-2-1" in run._repr_markdown_()
    assert run._repr_latex_().count("&=") == len(run.equations)


def test_a_prediction_shows_itself() -> None:
    display = run_of("xor").predict([[0, 1], [1, 1]])._repr_html_()
    assert "After 200 iterations · 2 examples" in display
    assert "0.9426" in cells(display)


def test_a_trace_that_stops_says_so() -> None:
    run = run_of("d2l-gd-diverging", "alpha=1e200", "iterations=9")
    assert "<table" in run._repr_html_() or "iteration" in run._repr_html_()
    *_, last = run
    assert "is the first quantity that is not finite" in last._repr_html_()


def test_displays_are_bounded() -> None:
    """A large network is not run through for a look at it, nor shown whole."""
    run = trace(large())
    seen: list[Step] = []
    steps = run.steps

    def counting(*arguments: Any, **options: Any) -> Any:
        for step in steps(*arguments, **options):
            seen.append(step)
            yield step

    run.steps = counting  # type: ignore[method-assign]
    display = run._repr_html_()
    assert len(seen) < 20
    assert "of 5,000 iterations: more would not be quick." in display
    assert max(map(len, (display, run.step()._repr_html_(), run.step()._repr_latex_()))) < BOUND


def test_hostile_texts_are_harmless() -> None:
    data = {
        **load(str(bundle.path("xor"))).as_data(),
        "title": "</div><script>alert(1)</script> & <b>",
        "iterations": 2,
    }
    data.pop("expect", None)
    run = trace(load(data))
    display = run._repr_html_()
    assert "".join(next(parsed(display).iter("h4")).itertext()) == data["title"]
    assert "<script" not in display
    assert "<" not in run._repr_markdown_()


def test_a_fresh_process_has_them_and_imports_no_form_before() -> None:
    code = (
        "import sys; from nntrace import load, trace; "
        "run = trace(load({'architecture': {'inputs': 1, 'layers': [{'nodes': 1, 'activation': 'sigmoid'}]}, "
        "'weights': 0.5, 'data': {'x': [1], 'y': [1]}, 'alpha': 1, 'iterations': 1})); "
        "assert not any(name.startswith('nntrace.render') for name in sys.modules); "
        "forms = [f'_repr_{form}_' for form in ('html', 'markdown', 'latex')]; "
        "print(all(getattr(each, form)() for each in (run, run.step()) for form in forms))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert ran.stdout == "True\n"
