"""The loss as signs on the screen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from command import nntrace_run

Golden = Callable[[str, str], None]
BRAILLE = re.compile("[\u2801-\u28ff]")
LONG = ("mazur", "--set", "iterations=2000", "--set", "expect=[]")


def chart(*arguments: str, status: int = 0) -> list[str]:
    """The lines of the chart: those that have an axis at their left."""
    ran = nntrace_run("plot", *arguments)
    assert ran.status == status
    return [line for line in ran.out.splitlines() if "│" in line or "┤" in line]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_chart(golden: Golden, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = nntrace_run("plot", *LONG).out
    assert max(map(len, out.splitlines())) <= width
    golden(f"chart-{width}.txt", out)


def test_chart_in_ascii(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = nntrace_run("plot", "xor", encoding="ascii").out
    assert out.isascii()
    golden("chart-ascii.txt", out)


def test_without_config_it_is_the_article_and_says_so() -> None:
    out = nntrace_run("plot").out
    assert out.startswith("CONFIG left out: this is the bundled `article`.\n\nOdd/even classifier\n")
    assert out.endswith("\n0.3945 in iteration 1, 0.3644 in iteration 2\n")  # as `run` has them


def test_a_loss_that_falls_goes_from_the_upper_left_to_the_lower_right() -> None:
    lines = chart("article")
    assert len(lines) == 12
    places = [BRAILLE.search(line) for line in lines]
    starts = [place.start() for place in places if place]
    assert starts == sorted(starts)
    assert len(set(starts)) == 12


def test_two_decades_make_a_log_scale_which_is_said() -> None:
    assert "on a log scale" in nntrace_run("plot", *LONG).out
    assert "on a log scale" not in nntrace_run("plot", *LONG, "--scale", "linear").out
    assert "on a log scale" not in nntrace_run("plot", "xor").out
    assert "on a log scale" in nntrace_run("plot", "xor", "--scale", "log").out


def test_a_single_step_is_a_dot() -> None:
    ran = nntrace_run("plot", "mazur", "--iteration", "1")
    assert len(BRAILLE.findall(ran.out)) == 1
    assert ran.out.endswith("0.298371109 in iteration 1\n")  # as the page prints it


def test_a_single_iteration_is_shown_by_update() -> None:
    ran = nntrace_run("plot", "article", "--iteration", "2")
    assert "loss of each update" in ran.out
    # By hand from PyTorch's outputs in the config: (1 − 0.7861)² = 0.0458, and 0.8265² = 0.683.
    assert "0.0458 in update 3, 0.6830 in update 4" in ran.out


def test_a_constant_loss_is_a_line_across() -> None:
    lines = chart("article", "--set", "alpha=0", "--set", "expect=[]", "--set", "iterations=5")
    drawn = [line for line in lines if BRAILLE.search(line)]
    assert len(drawn) == 1
    assert len(set(BRAILLE.findall(drawn[0]))) == 1


def test_a_run_that_stops_says_why_below_what_there_is() -> None:
    ran = nntrace_run("plot", "minibatch-linear", "--set", "alpha=5", "--set", "iterations=800", "--set", "expect=[]")
    assert ran.status == 1
    assert ran.out.endswith(
        "The trace stops here: in iteration 52, batch 2, losses is the first quantity that is not finite.\n"
    )
    assert BRAILLE.search(ran.out)


def test_where_no_loss_is_finite_there_is_no_chart() -> None:
    ran = nntrace_run("plot", "minibatch-linear", "--set", "weights=1e200", "--set", "expect=[]")
    assert ran.status == 1
    assert not BRAILLE.search(ran.out)
    assert "The trace stops here: in iteration 1, batch 1" in ran.out


def test_a_loss_of_zero_has_no_place_on_a_log_scale() -> None:
    """By hand: from W = b = 0 with x = y = 1 the loss is ½ and dW = db = −1, and half of each makes Z = 1 exactly."""
    exact = ("--set", "data={x: [1], y: [1]}", "--set", "weights={W1: [[0]], b1: [0]}", "--set", "alpha=0.5")
    ran = nntrace_run(
        "plot", "minibatch-linear", *exact, "--set", "iterations=3", "--set", "expect=[]", "--scale", "log"
    )
    assert "on a log scale, on which 0 has no place" in ran.out
    assert "0.5000 in iteration 1, 0.0000 in iteration 3" in ran.out


def test_colours() -> None:
    assert "\x1b[" in nntrace_run("plot", "xor", "--color", "always").out
    assert "\x1b[" not in nntrace_run("plot", "xor").out


@pytest.mark.parametrize("arguments", [("--what", "gradients"), ("--only", "dW"), ("--layer", "1")])
def test_on_the_screen_is_the_loss_alone(arguments: tuple[str, ...]) -> None:
    ran = nntrace_run("plot", "xor", *arguments)
    assert ran.status == 2
    assert "On the screen there is the loss alone: name a picture with -o" in ran.err
