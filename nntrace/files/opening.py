"""Opening a file, a pipe or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from nntrace.errors import ConfigError


def opener(path: str) -> Callable[[], BinaryIO]:
    """What opens a file, as often as it is asked; a pipe and standard input (`-`), which come once, are kept."""
    if path == "-":
        if sys.stdin is None or sys.stdin.isatty():
            problem = "standard input is the terminal: there is nothing to read"
            raise ConfigError(problem, file=path, hint="Pipe the data in, or name a file.")
        raw = sys.stdin.buffer.read()
    elif os.path.isfile(path):
        return lambda: open(path, "rb")
    else:
        with open(path, "rb") as opened:
            raw = opened.read()
    return lambda: BytesIO(raw)


@contextmanager
def reading(path: str) -> Iterator[None]:
    """What cannot be read is an error of the config."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror or error}", file=path) from None
