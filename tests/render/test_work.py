"""Formulas with their numbers put in: where a line breaks, and what stands for an entry."""

from __future__ import annotations

import re

import pytest
from command import nntrace_run

from nntrace import bundle, load, trace
from nntrace.render.excerpt import Excerpts
from nntrace.render.work import work


def worked(config: str, name: str, *arguments: str) -> list[str]:
    """The lines under the formula of a quantity, without the indent."""
    out = nntrace_run("step", config, "--only", name, "--detail", "work", *arguments).out
    return [line.removeprefix("    ") for line in out.partition(f"\n  {name} = ")[2].splitlines()[1:]]


def test_a_line_breaks_before_the_least_nested_operator() -> None:
    assert worked("article", "dA3") == ["= 2 (0.8631 − 1.0000) = -0.2738"]
    assert worked("xor", "dZ1") == [
        "= ⎡-0.0745   0.0849   0.0575  -0.0527⎤ ⊙ (1 − ⎡ 0.7189   0.9387   0.8485   0.9688⎤²)",
        "  ⎣ 0.0807  -0.0919  -0.0623   0.0570⎦        ⎣ 0.4189  -0.6946   0.6509  -0.4826⎦",
        "",
        "= ⎡-0.0360   0.0101   0.0161  -0.0032⎤",
        "  ⎣ 0.0665  -0.0476  -0.0359   0.0438⎦",
    ]


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("loss", ["huber", "absolute_error", "squared_error"])
def test_no_line_ends_in_an_operator_or_in_an_open_bar(loss: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = nntrace_run("step", "unequal", "--set", f"loss={loss}", "--detail", "entries", "--set", "expect=[]").out
    for line in out.partition("FORWARD")[2].splitlines():
        assert not re.search(r"( =|[+−⊙·/(]| if| else)$", line), line
        assert line.count("|") % 2 == 0, line


def test_rows_of_one_line_follow_each_other() -> None:
    lines = worked("xor", "losses")
    assert "" not in lines[: lines.index("  computed as y ⊙ softplus(−Z2) + (1 − y) ⊙ softplus(Z2)") - 1]


def test_the_definition_is_worked_out_and_then_what_is_computed() -> None:
    """By a calculator: −ln(1 − 0.55527) = 0.81029, softplus(0.2220) = 0.81028; but −ln(1 − 0.5553) = 0.81036."""
    out = nntrace_run("step", "xor", "--only", "losses", "--detail", "entries").out
    definition, _, computed = out.partition("computed as")
    assert "losses[1,1] = −(0.0000·ln(0.55527) + (1 − 0.0000)·ln(1 − 0.55527)) = 0.8103" in definition
    assert "losses[1,1] = 0.0000·softplus(−0.2220) + (1 − 0.0000)·softplus(0.2220) = 0.8103" in computed


def test_a_sum_that_gives_one_number_is_written_out() -> None:
    out = nntrace_run("step", "xor", "--only", "db2", "--detail", "entries").out
    assert "db2[1,1] = 0.1388 + (-0.1581) + (-0.1072) + 0.0982 = -0.0283" in out


def test_a_number_that_is_worked_out_already_is_not_repeated() -> None:
    out = nntrace_run("step", "article", "--only", "loss", "--detail", "entries").out
    assert out.count("(1.0000 − 0.8631)²") == 1


def test_a_shared_bias_adds_up_all_entries_in_one_sum() -> None:
    settings = ("--set", "architecture.biases=shared", "--set", "expect=[]")
    out = nntrace_run("step", "xor", *settings, "--only", "db1", "--detail", "entries").out
    entry = next(line for line in out.splitlines() if line.lstrip().startswith("db1[1,1]"))
    assert not re.search(r"\([^()]*\+", entry)


def test_rounded_numbers_show_no_decimals_that_they_do_not_have() -> None:
    out = nntrace_run("step", "rounded-by-hand", "--set", "expect=[]", "--set", "alpha=0.001").out
    assert not re.search(r"\d\.\d{5}", out.partition("FORWARD")[2])


def test_markdown_tables_break_where_they_would_be_too_wide() -> None:
    out = nntrace_run("step", "xor", "--set", "optimizer=adam", "--set", "expect=[]", "--to", "markdown").out
    tables = [line for line in out.splitlines() if line.startswith("| node")]
    assert max(line.count("|") for line in tables) <= 14
    assert any("mW1_new[·,1]" in line and "W1_new[·,1]" not in line.replace("mW1_new", "") for line in tables)


def test_a_long_formula_stands_above_the_line_of_the_table_that_it_belongs_to() -> None:
    out = nntrace_run("step", "xor", "--set", "optimizer=adamw", "--set", "expect=[]", "--layer", "2").out
    lines = out.partition("UPDATE")[2].splitlines()
    for name in ("W2", "b2"):
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"  {name}_new = ")]
        rule = next(number for number, line in enumerate(lines) if number > place and "─" in line)
        assert "" not in lines[place:rule]
        assert f"{name}_new" in lines[rule - 1]


def test_signs_between_words_are_no_products_in_ascii() -> None:
    out = nntrace_run("step", "xor", encoding="ascii").out
    assert "network   2-2-1 | tanh, sigmoid | binary_cross_entropy\n" in out
    assert "Z1 = W1*A0 + b1" in out


WIDE: list[tuple[str, ...]] = [
    (),
    ("optimizer=adamw", "clip_norm=0.5", "l2=0.1"),
    ("loss={name: huber, delta: 0.3}", "optimizer=adam"),
    ("architecture.layers.2.activation=softmax", "optimizer=rmsprop", "architecture.biases=shared", "weights=0.5"),
    (
        *("architecture.layers.1.activation=selu", "architecture.layers.3.activation=softmax"),
        *("loss=binary_cross_entropy", "data.y=[[0, 1], [1, 0], [1, 0]]", "reduction=sum"),
    ),
    ("round=3", "optimizer=nesterov", "architecture.layers.1.activation=silu"),
    (
        "data.x=[[1, 2], [3, 4], [5, 6], [7, 8], [9, 1], [2, 3], [4, 5], [6, 7], [8, 9], [1, 3], [3, 5], [5, 7]]",
        *("data.y=[[0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1], [1, 0]]",),
        *("batch=all", "decimals=6"),
    ),
]


@pytest.mark.parametrize("settings", WIDE, ids=" ".join)
@pytest.mark.parametrize("detail", ["values", "work", "entries"])
@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_screen(
    settings: tuple[str, ...], detail: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    options = [word for setting in ("expect=[]", *settings) for word in ("--set", setting)]
    ran = nntrace_run("run", "unequal", *options, "--detail", detail)
    assert ran.status == 0
    assert max(map(len, ran.out.splitlines())) <= width


@pytest.mark.parametrize("width", range(40, 130, 6))
def test_breaking_a_line_loses_and_moves_nothing(width: int) -> None:
    """Rows of one line, so that all text can be read in its order."""
    loss = ("loss={name: huber, delta: 0.3}", "batch=all", "expect=[]")
    run = trace(load(str(bundle.path("article")), loss))
    numbers = Excerpts(run.step(), run.config)
    for name in ("losses", "loss", "dA3", "dZ3", "db3"):
        equation = run.equations.by_target[name]
        (whole,) = work(equation.target, equation.formula, numbers, 10**6)
        broken = work(equation.target, equation.formula, numbers, width)
        assert "".join(broken).replace(" ", "") == whole.replace(" ", "")
        assert len(broken) > 1 or len(whole) <= width
        assert broken[0].startswith("= ")
