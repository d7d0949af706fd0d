"""What is broken off, by a signal or a full disk, leaves whole lines, a message, and nothing half under its name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nntrace.render import FORMS

LONG = ("article", "--set", "iterations=200000", "--set", "expect=[]")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are a Unix thing")


def started(*arguments: str, out: Path, limit: int | None = None) -> subprocess.Popen[bytes]:
    """The program with its output in a file, all files of it no longer than a limit."""
    program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
    begin = "" if limit is None else program
    run = f"{begin}import sys; sys.argv = ['nntrace', *sys.argv[1:]]; from nntrace.__main__ import main; main()"
    with out.open("wb") as file:
        return subprocess.Popen([sys.executable, "-c", run, *arguments], stdout=file, stderr=subprocess.PIPE)


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if form.streamed])
def test_an_interrupt_leaves_whole_lines(form: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started("run", *LONG, "--to", form, out=out) as running:
        while out.stat().st_size < 100_000:
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert (running.returncode, said.strip()) == (130, b"")
    assert out.read_bytes().endswith(b"\n")


@pytest.mark.parametrize(
    "arguments",
    [("step", *LONG, "--iteration", "200000"), ("plot", *LONG), ("predict", *LONG, "--x", "4"), ("verify", *LONG)],
    ids=lambda arguments: arguments[0],
)
def test_an_interrupt_while_it_trains_is_quiet(arguments: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    with started(*arguments, out=out) as running:
        time.sleep(0.6)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert (running.returncode, said.strip(), out.read_bytes()) == (130, b"", b"")


@pytest.mark.parametrize("form", ["terminal", "jsonl", "csv"])
def test_a_disk_that_is_full_is_said_of_a_stream(form: str, tmp_path: Path) -> None:
    with started("run", *LONG, "--to", form, out=tmp_path / "out", limit=50_000) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert said == b"nntrace: standard output: it cannot be written: File too large\n"


@pytest.mark.parametrize("form", ["terminal", "json", "jsonl", "csv", "markdown", "latex", "html"])
def test_a_disk_that_is_full_leaves_no_half_file(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "trace").write_text("precious")
    arguments = ("export", "article", "--set", "iterations=200", "--set", "expect=[]", "--to", form)
    with started(*arguments, "-o", str(folder / "trace"), out=tmp_path / "out", limit=50_000) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert said.decode() == f"nntrace: {folder / 'trace'}: it cannot be written: File too large\n"
    assert [path.name for path in folder.iterdir()] == ["trace"]
    assert (folder / "trace").read_text() == "precious"


def test_a_reader_that_leaves_a_named_pipe_is_said(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with started("export", *LONG, "--to", "jsonl", "-o", str(pipe), out=tmp_path / "out") as running:
        with pipe.open("rb") as reading:
            reading.read(1000)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 2
    assert said.decode() == f"nntrace: {pipe}: it cannot be written: Broken pipe\n"
