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
USUAL = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""Where that is set, nothing waits in Python's buffers to be written at the end."""
FULL = b"nntrace: standard output: it cannot be written: File too large\n"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are a Unix thing")


def started(*arguments: str, out: Path, limit: int | None = None) -> subprocess.Popen[bytes]:
    """The program with its output in a file, all files of it no longer than a limit."""
    program = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
    begin = "" if limit is None else program
    run = f"{begin}import sys; sys.argv = ['nntrace', *sys.argv[1:]]; from nntrace.__main__ import main; main()"
    with out.open("ab") as file:
        return subprocess.Popen([sys.executable, "-c", run, *arguments], stdout=file, stderr=subprocess.PIPE, env=USUAL)


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
def test_a_disk_that_is_full_is_said_of_a_stream_which_has_whole_lines(form: str, tmp_path: Path) -> None:
    with started("run", *LONG, "--to", form, out=tmp_path / "out", limit=50_000) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == 2
    assert said == FULL
    written = (tmp_path / "out").read_bytes()
    if sys.platform == "linux":  # elsewhere a file that is written cannot be looked at
        assert written.endswith(b"\n")
    assert len(written) > 40_000


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file that is written cannot be looked at")
def test_what_was_in_the_file_before_is_no_line_of_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"begun by somebody else " * 100)
    with started("run", "article", "--to", "jsonl", out=out, limit=2_500) as running:
        _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (2, FULL)
    assert out.read_bytes() == b"begun by somebody else " * 100


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "article"),
        ("run", "article", "--to", "jsonl"),
        ("explain", "article", "Z1"),
        ("sweep", "article", "--grid", "alpha=1,2"),
        ("schema",),
        ("--help",),
        ("run", "--help"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_every_command_says_that_the_disk_is_full(arguments: tuple[str, ...]) -> None:
    with started(*arguments, out=Path("/dev/full")) as running:
        _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (2, FULL.replace(b"File too large", b"No space left on device"))


@pytest.mark.parametrize(("command", "status"), [("--help", 0), ("run", 0), ("nothing", 2)])
@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_streams_that_are_closed_or_full_change_no_status(command: str, status: int, streams: str) -> None:
    if "full" in streams and not os.path.exists("/dev/full"):
        pytest.skip("there is no disk that is always full")
    line = ["sh", "-c", f'"$0" -m nntrace {command} {streams}', sys.executable]
    ran = subprocess.run(line, stdout=subprocess.DEVNULL, env=USUAL, check=False)
    assert ran.returncode == status


@pytest.mark.parametrize("arguments", [("run", *LONG), ("run", *LONG, "--to", "jsonl"), ("--help",)], ids=" ".join)
def test_a_reader_who_has_enough_is_no_failure(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "nntrace", *arguments]
    ran = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=USUAL, check=False)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


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
