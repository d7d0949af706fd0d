"""Running the program as a user does: in this process, or as a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from unittest import mock

import nntrace.cli


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


def nntrace_run(*arguments: str, stdin: str = "", encoding: str = "utf-8", terminal: bool = False) -> Ran:
    """Run one command line in this process; `terminal` makes all streams claim to be one."""
    kind = Terminal if terminal else io.TextIOWrapper
    out = kind(io.BytesIO(), encoding=encoding, newline="")
    err = kind(io.BytesIO(), encoding=encoding, newline="")
    read = kind(io.BytesIO(stdin.encode()), encoding="utf-8")
    with mock.patch.multiple(sys, stdin=read, stdout=out, stderr=err):
        nntrace.cli.streams.prepare()
        status = nntrace.cli.execute(list(arguments))
        out.flush()
        err.flush()
    return Ran(int(status), _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode(stream.encoding)


def process(
    *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m nntrace` as a process of its own, without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "nntrace", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
        timeout=60,
    )
