"""Explanations: the tree down to what a run starts from, its values, its arithmetic as it is shown, its sentences."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run
from hypothesis import given, settings
from hypothesis import strategies as st
from mistaken import learner
from mistaken_networks import NETWORKS

from nntrace import Config, bundle, load, trace
from nntrace.equations import Phase
from nntrace.explaining import Explanation, Kind, explain
from nntrace.formula.tree import Entry
from nntrace.reasons import Place, why
from nntrace.render.explained import Explained
from nntrace.selecting import entry_or_quantity

SPELLED = {
    "−": "-", "·": "*", "²": "**2", "³": "**3", "^": "**", "⊙": "*",
    "σ(": "sigmoid(", "Φ(": "Phi(", "φ(": "phi(", "√": "sqrt", "ln ": "ln",
    "λ": "1.0507009873554805", "α": "1.6732632423543772",
}  # fmt: skip
"""The shown signs as a calculator knows them; SELU's λ and α as PyTorch has them."""
CALCULATOR: dict[str, Any] = {
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "Phi": lambda z: 0.5 * (1 + math.erf(z / math.sqrt(2))),
    "phi": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "tanh": math.tanh, "exp": math.exp, "ln": math.log, "sqrt": math.sqrt, "max": max, "min": min,
    "abs": abs, "sign": lambda x: (x > 0) - (x < 0),
}  # fmt: skip


def calculated(text: str) -> float:
    """What a calculator makes of the shown arithmetic."""
    text = re.sub(r"\(\d+ other terms?: (-?[\d.e-]+)\)", r"(\1)", text)
    text = re.sub(r"√([\d.e-]+)", r"sqrt(\1)", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = text.replace("½·", "0.5*").replace("½ ", "0.5*")
    for sign, spelled in SPELLED.items():
        text = text.replace(sign, spelled)
    text = re.sub(r"(?<=[\d)]) (?=\()", "*", text)  # 2 (a − b)
    value: float = eval(text, {}, CALCULATOR)
    return float(value)


def of(config: Config, name: str, iteration: int = 1, depth: int | None = 0, batch: int = 1) -> Explanation:
    run = trace(config)
    step = run.step(iteration, batch=batch)
    return explain(run, step, entry_or_quantity(run.equations, name, len(step.examples)), depth)


def bundled(name: str, *overrides: str) -> Config:
    return load(bundle.path(name) or "", list(overrides))


def test_an_entry_by_hand() -> None:
    """The article, second example: dW2[1,3] = dZ2[1,1]·A1[3,1]; the numbers from a network from scratch."""
    found = of(bundled("article"), "dW2[1,3]", batch=2)
    root = found.root
    assert isinstance(root.target, Entry)
    assert root.value == pytest.approx(learner(bundled("article"))[1]["values"]["dW2"][0][2], rel=1e-9)
    assert [node.quantity.name for node in found.nodes[1:]] == ["dZ2", "A1"]
    out = nntrace_run("explain", "dW2[1,3]", "--iteration", "1", "--example", "2").out
    assert "  dW2[1,3] = dZ2[1,1]·A1[3,1]\n           = 0.0085·0.8810 = 0.0075\n" in out


def texts(config: Config, iteration: int, batch: int) -> list[tuple[str, str, bool]]:
    """The arithmetic of one entry of every quantity, as it is shown: terms, result, whether it claims to add up."""
    run = trace(config)
    step = run.step(iteration, batch=batch)
    made = []
    for equation in run.equations:
        name = equation.target.name + ("[1,1]" if equation.target.shape else "")
        target = entry_or_quantity(run.equations, name, len(step.examples))
        (section, *_) = Explained(explain(run, step, target)).sections()
        if section.worked is not None:
            made.append((section.worked.terms, section.worked.result, section.worked.adds_up))
    return made


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NETWORKS), st.integers(1, 2))
def test_the_shown_arithmetic_adds_up(config: Config, iteration: int) -> None:
    """Typed into a calculator, the shown numbers give the shown result to its last digit."""
    checked = 0
    for terms, result, adds_up in texts(config, iteration, 1):
        if not adds_up or re.search(r" if |[<>]", terms) or not math.isfinite(float(result)):
            continue
        mantissa, _, power = result.partition("e")
        last = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
        assert abs(calculated(terms) - float(result)) <= 0.5000001 * last, (terms, result)
        checked += 1
    assert checked > 5


def test_nearly_all_arithmetic_adds_up() -> None:
    made = [each for config in NETWORKS[::4] for each in texts(config, 1, 1)]
    assert sum(adds_up for _, _, adds_up in made) > 0.97 * len(made)


def test_small_operands_get_digits_of_their_own() -> None:
    """√s of an rmsprop whose s is 1.2e-6: not √0.000001."""
    config = bundled("unequal", "optimizer=rmsprop", "alpha=0.001", "expect=[]")
    for terms, _, _ in texts(config, 1, 1):
        for number in re.findall(r"√(0\.0+\d*)(?![\d.e])", terms):
            assert len(number.lstrip("0.")) >= 2, terms


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(NETWORKS), st.data())
def test_the_tree_ends_at_inputs_initial_weights_and_constants(config: Config, data: Any) -> None:
    run = trace(config)
    step = run.step(2 if config.iterations > 1 else 1)
    target = data.draw(st.sampled_from([e.target for e in run.equations]))
    name = target.name + ("[1,1]" if target.shape else "")
    found = explain(run, step, entry_or_quantity(run.equations, name, len(step.examples)), None, most=100_000)
    ends = [node for node in found.nodes if not node.operands]
    assert {node.kind for node in ends} <= {Kind.INPUT, Kind.TARGET, Kind.WEIGHT, Kind.START, Kind.CONSTANT}
    assert not found.left
    seen = [(node.step.iteration, node.step.batch, str(node.target)) for node in found.nodes]
    assert len(seen) == len(set(seen))  # each number once, however often it is used
    for node in found.nodes:
        assert isinstance(node.target, Entry)
        assert (
            node.value == np.asarray(node.step[node.quantity.name])[node.target.row, node.target.column]
            if (node.quantity.shape)
            else node.step[node.quantity.name]
        )


def test_depth_counts_the_levels() -> None:
    config = bundled("unequal")
    sizes = [max(node.level for node in of(config, "dW1[1,1]", depth=depth).nodes) for depth in range(4)]
    assert sizes == [1, 2, 3, 4]
    assert of(config, "A0[1,1]").root.kind is Kind.INPUT


def test_it_goes_on_into_the_step_before() -> None:
    found = of(bundled("article"), "W2[1,1]", iteration=2, depth=1)
    assert found.root.kind is Kind.STATE
    assert [(node.quantity.name, node.step.iteration) for node in found.nodes[:2]] == [("W2", 2), ("W2_new", 1)]


def test_many_steps_back_is_capped_and_says_so() -> None:
    ran = nntrace_run("explain", "xor", "W1[1,1]", "--iteration", "200", "--depth", "all")
    assert ran.status == 0
    assert re.search(r"--most", ran.out)
    assert len(ran.out.splitlines()) < 10_000


def test_long_sums_are_written_by_their_largest_terms_and_still_add_up() -> None:
    rng = np.random.default_rng(0)
    config = load(
        {
            "architecture": {"inputs": 784, "layers": [{"nodes": 3, "activation": "tanh"}]},
            "weights": {"init": "normal", "std": 0.05, "seed": 1},
            "data": {"x": rng.uniform(0, 1, (2, 784)).tolist(), "y": [[1, 0, 0], [0, 1, 0]]},
            "alpha": 0.1,
            "iterations": 1,
        }
    )
    ((terms, result, adds_up), *_) = texts(config, 1, 1)
    assert "other terms" in terms
    assert adds_up
    assert terms.count("·") <= 6
    assert abs(calculated(terms) - float(result)) <= 0.500001 * 10.0 ** -len(result.partition(".")[2])


@pytest.mark.parametrize("config", NETWORKS[::3], ids=range(len(NETWORKS[::3])))
def test_every_derived_equation_has_its_sentence(config: Config) -> None:
    run = trace(config)
    for equation in run.equations:
        text = "".join(part if isinstance(part, str) else "•" for part in why(run.equations, equation, place=Place()))
        assert text.endswith(".")
        assert "  " not in text
        if equation.phase is Phase.BACKWARD:
            assert text.startswith("From ")
            assert "by the chain rule" in text


def sentence(config: str, name: str, *arguments: str) -> str:
    out = nntrace_run("explain", config, name, *arguments, "--to", "json").out
    why_so: str = json.loads(out)["nodes"][0]["why"]
    return why_so


def test_sentences_of_the_textbooks_rules() -> None:
    """Read aloud, each is the chain rule of its equation."""
    assert sentence("article", "dW2[1,3]") == (
        "From Z2 = W2·A1 + b2: W2[1,3] goes into Z2[1,1], multiplied by A1[3,1], so by the chain rule its gradient is "
        "dZ2[1,1] times A1[3,1]."
    )
    assert "each node k, and all of it is added up" in sentence("article", "dA1[1,1]")
    assert "the sum of all these dZ2[1,e]" in sentence("xor", "db2")
    assert "most of the product cancels, and what is left is A2 − y" in sentence("xor", "dZ2[1,1]")
    assert "and every example counts 1/m" in sentence("xor", "dZ2[1,1]")
    assert "What comes back on different ways is added up." in sentence("unequal", "dW2[1,1]", "--set", "l2=0.1",
                                                                         "--set", "expect=[]")  # fmt: skip


@pytest.mark.parametrize("form", ["terminal", "markdown", "latex", "html", "json"])
@pytest.mark.parametrize(
    ("config", "name"),
    [("article", "dZ2"), ("mazur", "loss"), ("adam-by-hand", "mW1_hat[1,1]"), ("xor", "W1_new[2,1]")],
)
def test_every_form_has_the_number(form: str, config: str, name: str) -> None:
    ran = nntrace_run("explain", config, name, "--depth", "2", "--to", form)
    assert ran.status == 0
    assert len(ran.out) > 300
    if form == "json":
        data = json.loads(ran.out)
        step = trace(bundled(config)).step()
        value = np.asarray(step[name.partition("[")[0]])
        if "[" in name:
            value = value[tuple(int(n) - 1 for n in re.findall(r"\d+", name.partition("[")[2]))]
        np.testing.assert_array_equal(np.asarray(data["nodes"][0]["value"]), value)
    if form == "html":
        links = set(re.findall(r'href="#(n\d+)"', ran.out))
        assert links <= set(re.findall(r'id="(n\d+)"', ran.out))
        assert "http" not in ran.out.partition("<body>")[2] or config == "mazur"
    if form == "latex":
        assert ran.out.count(r"\begin{") == ran.out.count(r"\end{")
        assert ran.out.rstrip().endswith(r"\end{document}")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize(
    ("config", "name"),
    [
        ("unequal", "dW2[1,3]"),
        ("adam-by-hand", "W1_new"),
        ("softmax-cross-entropy", "loss"),
        ("rounded-by-hand", "dZ1"),
    ],
)
def test_latex_compiles(config: str, name: str, tmp_path: Path) -> None:
    document = tmp_path / "explained.tex"
    document.write_text(nntrace_run("explain", config, name, "--depth", "all", "--to", "latex").out, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", document.name]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout.decode(errors="replace")[-1500:]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_screen(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for config, name in (("unequal", "dW1[1,1]"), ("softmax-cross-entropy", "loss"), ("article", "W2_new")):
        for line in nntrace_run("explain", config, name, "--depth", "3").out.splitlines():
            assert len(line) <= width, line


def test_the_first_line_says_what_was_chosen() -> None:
    assert nntrace_run("explain", "mazur", "loss").out.startswith("No step named: this is iteration 1, example 1.\n")
    assert nntrace_run("explain", "loss").out.startswith(
        "CONFIG left out: this is the bundled `article`. No step named"
    )
    one = nntrace_run("explain", "binary-cross-entropy", "loss", "--set", "iterations=1", "--set", "expect=[]")
    assert not one.out.startswith("No step")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("article", "dw2[1,3]"), "Did you mean `dW2` (3 × 4)?"),
        (("article", "dW2[9,9]"), "there is no entry `dW2[9,9]`: `dW2` is 3 × 4, counted from 1"),
        (("article", "loss[1,1]"), "`loss` is a single number: it has no entry"),
        (("xor", "dA2"), "dZ2"),
        (("mazur", "db1"), "fixed"),
        (("article", "vW1"), "momentum"),
        (("article", "dW2", "--depth", "x"), "'x' is not a number of levels, from 0, or all"),
        (("article", "dW2", "--iteration", "9"), "there is no iteration 9: there are 1 to 2"),
        (("article",), 'name what to explain: nntrace explain article "dW1[1,1]"'),
    ],
)
def test_messages(arguments: tuple[str, ...], said: str) -> None:
    ran = nntrace_run("explain", *arguments)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""
