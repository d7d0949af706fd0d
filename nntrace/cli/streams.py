"""Standard output and error: closed, full, read by nobody, or without the signs that are meant for them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click

from nntrace.errors import ExitStatus, StreamError

BLOCK = 2**16
"""So much of a file is looked at in one go."""


def prepare() -> None:
    """A stream that is closed (`>&-`) goes nowhere; signs that one cannot encode get their ASCII spelling."""
    import codecs

    from nntrace.render.signs import replace_signs

    codecs.register_error("nntrace", replace_signs)
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # it is for the whole run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nntrace")


@contextmanager
def to_stdout() -> Iterator[None]:
    """That stdout takes no more is a `StreamError`: click would make a failure of a closed pipe."""
    try:
        yield
    except OSError as error:
        raise StreamError(error) from None


@contextmanager
def to_stderr() -> Iterator[None]:
    """Where nobody hears it the exit status says it."""
    try:
        yield
    except OSError:
        _drop(sys.stderr)


class Command(click.Command):
    """A command; what it writes itself, `--help`, goes to stdout as everything does."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with to_stdout():
            return super().make_context(info_name, args, parent, **extra)


def say(message: str) -> None:
    """A message on stderr."""
    with to_stderr():
        click.echo(message, err=True)


def size_of_stdout() -> int:
    """What is in the file already that stdout goes to; 0 where it is none."""
    try:
        return os.fstat(sys.stdout.fileno()).st_size
    except (OSError, ValueError):
        return 0


def give_up(error: OSError, since: int) -> int:
    """Stdout, of which `since` bytes were there before, takes no more; returns the exit status.

    That is said, but not of a reader who has enough (`| head`).
    """
    _cut(since)
    _drop(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return ExitStatus.DONE
    say(f"nntrace: standard output: it cannot be written: {error.strerror or error}")
    return ExitStatus.UNUSABLE


def _cut(since: int) -> None:
    """A file on stdout loses the line that only began; where a file that is written can be looked at, as on Linux."""
    with suppress(OSError, ValueError):
        stdout = sys.stdout.fileno()
        if not stat.S_ISREG(os.fstat(stdout).st_mode):
            return
        with open("/dev/stdout", "rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end > since:
                start = max(since, end - BLOCK)
                file.seek(start)
                lines, newline, _ = file.read(end - start).rpartition(b"\n")
                end = start + len(lines + newline)
                if newline:
                    break
        os.ftruncate(stdout, end)
        os.lseek(stdout, end, os.SEEK_SET)


def _drop(stream: TextIO) -> None:
    """What it still holds goes nowhere: the interpreter would try it once more at its end, and complain of it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
