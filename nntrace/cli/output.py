"""Writing: the screen with its colours, width, signs and pager; files beside their target, then in place."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import IO, TextIO, TypeVar

import click

from nntrace.errors import ClosedPipeError, OutputError
from nntrace.render.view import Style

T = TypeVar("T")
WIDTH = 100
NARROWEST = 40
PATIENCE = 0.5
"""After so many seconds people want to see that something happens."""


def colour(stream: TextIO, choice: str) -> bool:
    """Whether to colour what goes to `stream`; each stream is judged for itself."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """COLUMNS, or the terminal's, or 100."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(int(columns), NARROWEST)
    try:
        return max(os.get_terminal_size(sys.stdout.fileno()).columns, NARROWEST)
    except OSError:  # not a terminal
        return WIDTH


def style(color: str) -> Style:
    """How text looks on stdout."""
    from nntrace.render.signs import spellings

    return Style(width(), colour(sys.stdout, color), spellings(sys.stdout.encoding or "utf-8"))


def show(pieces: Iterable[str | bytes], *, pager: bool, coloured: bool) -> None:
    """To stdout; through the pager on a terminal."""
    if pager and sys.stdout.isatty() and os.environ.get("PAGER") != "":
        os.environ.setdefault("LESS", "FRX")  # as git does: quit if it fits, keep colours, leave the screen as it is
        texts = (piece.decode() if isinstance(piece, bytes) else piece for piece in pieces)
        click.echo_via_pager(texts, color=coloured)
        return
    try:
        for piece in pieces:
            if isinstance(piece, bytes):
                sys.stdout.flush()
                sys.stdout.buffer.write(piece)
            else:
                sys.stdout.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ClosedPipeError from None
    except OSError as error:
        raise OutputError(f"standard output: it cannot be written: {error.strerror or error}") from None


def say(message: str) -> None:
    """A message on stderr."""
    click.echo(message, err=True)


def hint(message: str) -> None:
    """What to try next; only where a person is looking."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        say(message)


def save(path: str, pieces: Iterable[str | bytes]) -> None:
    """To a file, written beside it and moved into place: what was there stays until all is written."""
    if path == "-":
        raise OutputError("-o takes a file; for standard output: nntrace run --to FORM")
    try:
        with _beside(path) as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else piece.encode())
    except OSError as error:
        raise OutputError(f"{path}: it cannot be written: {error.strerror or error}") from None


@contextmanager
def _beside(path: str) -> Iterator[IO[bytes]]:
    there = os.path.exists(path)
    if there and not os.path.isfile(path):  # /dev/stdout, a named pipe: nothing to move into place
        with open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)  # a link stays a link
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        with open(temporary, "xb") as file:
            yield file
        if there:
            os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def progress(items: Iterable[T], total: int | None, what: str, *, to_file: bool) -> Iterator[T]:
    """`items`, with a bar on stderr where a person waits for a file; `total` is None where nobody knows."""
    if not sys.stderr.isatty() or not (to_file or _is_file(sys.stdout)) or total == 1:
        yield from items
        return
    begun = monotonic()
    rest = iter(items)
    done = 0
    for item in rest:  # what is soon over needs no bar
        yield item
        done += 1
        if monotonic() - begun > PATIENCE:
            break
    else:
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        yield from bar.track(rest, total=total, completed=done)


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return False
