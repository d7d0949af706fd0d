"""Colours, widths, signs, the pager, and what a real terminal shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command import nntrace_run, process

ESCAPE = "\x1b["
STEP = ("step", "article", "--only", "dZ2,dW2")


@pytest.mark.parametrize(
    ("environment", "option", "terminal", "coloured"),
    [
        ({}, "auto", False, False),
        ({}, "auto", True, True),
        ({"NO_COLOR": "1"}, "auto", True, False),
        ({"NO_COLOR": ""}, "auto", True, True),
        ({"FORCE_COLOR": "1"}, "auto", False, True),
        ({"FORCE_COLOR": "0"}, "auto", False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, "auto", True, False),
        ({"TERM": "dumb"}, "auto", True, False),
        ({"NO_COLOR": "1"}, "always", False, True),
        ({"FORCE_COLOR": "1"}, "never", True, False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], option: str, terminal: bool, coloured: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ran = nntrace_run(*STEP, "--color", option, "--no-pager", terminal=terminal)
    assert (ESCAPE in ran.out) is coloured


def test_colours_change_nothing_but_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = nntrace_run(*STEP).out
    coloured = nntrace_run(*STEP, "--color", "always").out
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("detail", ["values", "work", "entries"])
def test_lines_are_no_wider_than_the_screen(monkeypatch: pytest.MonkeyPatch, width: int, detail: str) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = nntrace_run("run", "article", "--detail", detail).out
    assert max(map(len, out.splitlines())) <= width


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("form", ["terminal", "markdown", "json"])
def test_a_stream_that_lacks_the_signs_gets_ascii_spellings(encoding: str, form: str) -> None:
    ran = process("run", "article", "--to", form, "--set", "notes=none", env={"PYTHONIOENCODING": encoding})
    assert (ran.returncode, ran.stderr) == (0, b"")
    if form == "json":
        ran.stdout.decode()  # JSON is UTF-8 everywhere
    else:
        text = ran.stdout.decode(encoding)
        assert "?" not in text
        assert "sigma(z) = 1/(1 + exp(-z))" in text


def test_ascii_tables_are_aligned_too() -> None:
    """Signs that become longer are spelled out before the table is laid out."""
    text = process(*STEP, env={"PYTHONIOENCODING": "ascii"}).stdout.decode()
    rule = next(line for line in text.splitlines() if set(line) == {" ", "-"})
    heading = text.splitlines()[text.splitlines().index(rule) - 1]
    assert len(heading) <= len(rule)


def test_errors_are_spelled_for_the_stream(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("architecture: {inputs: 1, layers: [{nodes: 1, activation: σ}]}\n", encoding="utf-8")
    ran = process("run", str(path), env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 2
    assert b"sigmoid" in ran.stderr


def test_a_title_beyond_the_stream_is_no_error() -> None:
    ran = process("step", "article", "--set", "title=偶数 σ", "--only", "loss", env={"PYTHONIOENCODING": "ascii"})
    assert ran.returncode == 0
    assert b"?? sigma" in ran.stdout


def test_a_long_trace_goes_through_the_pager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paged = tmp_path / "paged"
    pager = f"{sys.executable} -c \"import sys; open({str(paged)!r}, 'wb').write(sys.stdin.buffer.read())\""
    monkeypatch.setenv("PAGER", pager)
    ran = nntrace_run("run", "article", terminal=True)
    assert ran.status == 0
    assert "━━ Iteration 2 · example 2 ━" in paged.read_text(encoding="utf-8")
    assert "Iteration" not in ran.out


def test_no_pager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "false")
    assert "━━ Iteration 2 · example 2 ━" in nntrace_run("run", "article", "--no-pager", terminal=True).out


def test_what_to_try_next_is_said_on_a_terminal_only() -> None:
    hint = "Next: nntrace step --iteration 1 --example 1 --detail entries\n"
    assert nntrace_run("run", "--no-pager", terminal=True).err == hint
    assert nntrace_run("run").err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a Unix thing")
def test_in_a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pseudo-terminal 90 columns wide: colours, its width, and no pager where all fits."""
    import fcntl
    import pty
    import struct
    import termios

    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 200, 90, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    command = [sys.executable, "-m", "nntrace", *STEP, "--no-pager"]
    with subprocess.Popen(command, stdin=secondary, stdout=secondary, stderr=secondary, env=environment) as running:
        os.close(secondary)
        text = b""
        while True:
            try:
                piece = os.read(primary, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
        assert running.wait(timeout=30) == 0
    os.close(primary)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).splitlines()
    assert ESCAPE in text.decode()
    assert any(line == "━━ Iteration 1 · example 1 ".ljust(90, "━") for line in lines)


@pytest.mark.parametrize("detail", ["values", "work", "entries"])
def test_no_line_ends_in_spaces(monkeypatch: pytest.MonkeyPatch, detail: str) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    out = nntrace_run("run", "unequal", "--detail", detail).out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []
