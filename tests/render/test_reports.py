"""What `check`, `verify` and `examples` print fits the screen, and goes through any encoding."""

from __future__ import annotations

import pytest
from command import nntrace_run

COMMANDS = [("examples",), ("check", "mazur"), ("check", "dlai-logistic"), ("verify", "article"), ("verify", "unequal")]


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_wider_than_the_screen(
    command: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = nntrace_run(*command).out
    assert max(map(len, out.splitlines())) <= width


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_signs_that_a_stream_lacks_are_spelled(command: tuple[str, ...]) -> None:
    out = nntrace_run(*command, encoding="ascii").out
    assert out
    assert "?" not in out.replace("yes or no?", "")


def test_the_list_of_examples_has_their_networks_and_what_they_teach() -> None:
    lines = nntrace_run("examples").out.splitlines()
    assert lines[0].split() == ["name", "network", "activation", "loss", "optimizer"]
    (place,) = [number for number, line in enumerate(lines) if line.startswith("softmax-cross-entropy ")]
    assert lines[place].split() == [
        "softmax-cross-entropy", "2-2-3", "sigmoid,", "softmax", "cross_entropy", "gradient_descent",
    ]  # fmt: skip
    assert (
        lines[place + 1] == "    Softmax with cross-entropy: what reaches Z of the output is ŷ − y, and nothing else."
    )


def test_colour_is_there_where_it_is_asked_for_and_nowhere_else() -> None:
    assert "\x1b[" in nntrace_run("check", "mazur", "--color", "always").out
    assert "\x1b[" not in nntrace_run("check", "mazur").out


@pytest.mark.parametrize("command", ["check", "verify"])
def test_a_config_without_a_title_has_no_empty_line_in_its_place(command: str) -> None:
    out = nntrace_run(command, "article", "--set", 'title=""').out
    assert out.split()[0] in ("figure", "gradient")
    assert not out.startswith("\n")
