"""`nntrace check CONFIG`: published figures, the precision in which they are written, and what was computed."""

from __future__ import annotations

import math

import pytest
from command import nntrace_run

from nntrace import bundle
from nntrace.checking import holds


@pytest.mark.parametrize("name", bundle.names())
def test_the_bundled_examples_hold(name: str) -> None:
    ran = nntrace_run("check", name)
    assert ran.status == 0
    assert ran.out.splitlines()[-1].endswith("hold.") or "holds." in ran.out.splitlines()[-1]


def test_every_figure_is_shown_with_its_precision_and_what_was_computed() -> None:
    out = nntrace_run("check", "article").out
    assert out == (
        "Odd/even classifier\n"
        "\n"
        "  figure  published  within   computed\n"
        "iteration 1, example 1\n"
        "  A3         0.8631   ±5e-5  0.8631153  holds\n"
        "iteration 1, example 2\n"
        "  A3         0.8776   ±5e-5  0.8776404  holds\n"
        "iteration 2, example 1\n"
        "  A3         0.7861   ±5e-5  0.7860979  holds\n"
        "iteration 2, example 2\n"
        "  A3         0.8265   ±5e-5  0.8264568  holds\n"
        "\n"
        "All 4 figures hold.\n"
    )


def test_a_figure_that_does_not_hold_is_said_and_the_status_is_1() -> None:
    ran = nntrace_run("check", "article", "--set", "expect=[{iteration: 1, example: 1, A3: 0.8632, dA3: -0.2738}]")
    assert ran.status == 1
    assert "  A3         0.8632   ±5e-5   0.8631153  off by 8.5e-5\n" in ran.out
    assert "1 of 2 figures does not hold.\n" in ran.out


def test_what_is_not_finite_does_not_hold() -> None:
    """A loss of (1e200)² is infinite, and the largest entry of a matrix allows nothing when it is."""
    ran = nntrace_run("check", "article", "--set", "data.y=[1e200, 0]", "--set", "expect=[{example: 1, loss: 1}]")
    assert ran.status == 1
    assert "1 of 1 figure does not hold." in ran.out
    assert not holds(1.0, math.inf, 0.5, math.inf)
    assert not holds(1.0, math.nan, 0.5, 1.0)


def test_a_tolerance_takes_the_place_of_the_precision() -> None:
    arguments = "expect=[{iteration: 1, example: 1, A3: 0.8632, tolerance: 0.0001}]"
    ran = nntrace_run("check", "article", "--set", arguments)
    assert ran.status == 0
    assert "±0.0001" in ran.out


def test_how_many_expectations_are_out_of_reach_is_said() -> None:
    ran = nntrace_run("check", "article", "--set", "iterations=1")
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "2 entries of `expect` skipped: --set put what they name out of reach."


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("expect=[]",), "article: there is no `expect` in it: nothing to check"),
        (("architecture.layers=[{nodes: 1, activation: sigmoid}]",), "article: --set put all of `expect` out of reach"),
    ],
)
def test_nothing_to_check(settings: tuple[str, ...], said: str) -> None:
    ran = nntrace_run("check", "article", *(f"--set={setting}" for setting in settings))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(said)


def test_the_config_must_be_said() -> None:
    ran = nntrace_run("check")
    assert ran.status == 2
    assert "Missing argument 'CONFIG'" in ran.err


def test_a_figure_beyond_the_end_of_a_diverging_run_does_not_hold() -> None:
    settings = ["alpha=1e200", "architecture.layers.3.activation=identity", "iterations=9"]
    figures = "expect=[{iteration: 1, example: 1, loss: 0.1, tolerance: 10}, {iteration: 9, example: 1, loss: 0.5}]"
    ran = nntrace_run("check", "article", *(f"--set={setting}" for setting in [*settings, figures]))
    assert ran.status == 1
    assert "not reached: the trace stops before it" in ran.out
    assert "1 of 2 figures does not hold." in ran.out
