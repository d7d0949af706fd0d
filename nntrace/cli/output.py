"""Writing: the screen with its colours, width, signs and pager; files beside their target, then in place."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from typing import IO, Any, TextIO, TypeVar

import click

from nntrace.cli import interrupts, streams
from nntrace.errors import OutputError, StreamError
from nntrace.render.view import Style

T = TypeVar("T")
WIDTH = 100
NARROWEST = 40
PATIENCE = 0.5
"""After so many seconds people want to see that something happens,"""
BETWEEN = 0.2
"""and then so often how far it is."""


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


def paged() -> bool:
    """Whether there is a terminal and a pager, if one is wanted."""
    return sys.stdout.isatty() and os.environ.get("PAGER") != ""


def show(
    pieces: Iterable[str | bytes], *, pager: bool, coloured: bool, written: Callable[[], object] = lambda: None
) -> None:
    """To stdout, `written` called after each piece; through the pager on a terminal."""
    if pager and paged():
        os.environ.setdefault("LESS", "FRX")  # as git does: quit if it fits, keep colours, leave the screen as it is
        texts = (piece.decode() if isinstance(piece, bytes) else piece for piece in pieces)
        click.echo_via_pager(texts, color=coloured)
        return
    hold, release = interrupts.hold, interrupts.release
    flush()  # a form is bytes or text: bytes go around what is kept back of a text before them
    for piece in pieces:
        hold(True)
        try:  # as `to_stdout`, which would take more time than a short piece
            if isinstance(piece, bytes):
                sys.stdout.buffer.write(piece)
            else:
                sys.stdout.write(piece)
        except OSError as error:
            raise StreamError(error) from None
        written()
        release()
    flush()


def flush() -> None:
    """All that was written to stdout is on its way."""
    with streams.to_stdout():
        sys.stdout.flush()


def hint(message: str) -> None:
    """What to try next; only where a person is looking."""
    if sys.stdout.isatty() and sys.stderr.isatty():
        streams.say(message)


class Part:
    """A file that is written beside its target; where it is `kept` it stays there when it is broken off.

    It can be gone on with then: `size` are the bytes of it that are good, from the time before.
    """

    def __init__(self, path: str, size: int = 0, *, kept: bool = True) -> None:
        folder, name = os.path.split(os.path.realpath(path))  # a link stays a link
        self.path = os.path.join(folder, f".{name}.part" if kept else f".{name}.{os.getpid()}.part")
        self.size = size
        self.kept = kept
        self.file: IO[bytes] | None = None

    @property
    def there(self) -> bool:
        """Whether what is good of it is there."""
        try:
            return os.path.getsize(self.path) >= self.size
        except OSError:
            return False

    @property
    def written(self) -> int:
        """How many bytes are written."""
        assert self.file is not None
        return self.file.tell()

    def flush(self) -> None:
        """All that is written is on the disk."""
        if self.file is not None and not self.file.closed:
            self.file.flush()
            os.fsync(self.file.fileno())


def save(
    path: str,
    pieces: Iterable[str | bytes],
    *,
    written: Callable[[], object] = lambda: None,
    part: Part | None = None,
) -> None:
    """To a file, written beside it and moved into place: what was there stays until all is written.

    `written` is called after each piece. Where it goes on with a `part` that is kept where it is broken off.
    """
    if path == "-":
        raise OutputError("-o takes a file; for standard output: nntrace run --to FORM")
    try:
        with _beside(path, part or Part(path, kept=False)) as file:
            for piece in pieces:
                data = piece if isinstance(piece, bytes) else piece.encode()
                interrupts.hold()
                file.write(data)
                written()
                interrupts.release()
    except OSError as error:
        raise OutputError(f"{path}: it cannot be written: {error.strerror or error}") from None


@contextmanager
def _beside(path: str, part: Part) -> Iterator[IO[bytes]]:
    there = os.path.exists(path)
    if there and not os.path.isfile(path):  # /dev/stdout, a named pipe: nothing to move into place
        with open(path, "wb") as file:
            yield file
        return
    target = os.path.realpath(path)
    try:
        with open(part.path, "r+b" if part.size else "wb") as part.file:
            part.file.truncate(part.file.seek(part.size))
            yield part.file
        if there:
            os.chmod(part.path, stat.S_IMODE(os.stat(target).st_mode))
        os.replace(part.path, target)
    finally:
        if not part.kept:
            with suppress(FileNotFoundError):
                os.unlink(part.path)


class Bar:
    """How far something is, on stderr, once people would like to know; `total` is None where nobody knows."""

    def __init__(self, total: int | None, what: str) -> None:
        self._total = total
        self._what = what
        self._next = monotonic() + PATIENCE if sys.stderr.isatty() else inf
        self._bar: Any = None

    def reach(self, done: int) -> None:
        """So many are done."""
        now = monotonic()
        if now < self._next:
            return
        self._next = now + BETWEEN
        if self._bar is None:
            self._bar = self._started()
        self._bar.update(self._bar.task_ids[0], completed=done)

    def close(self) -> None:
        """It disappears."""
        if self._bar is not None:
            self._bar.stop()
        self._next, self._bar = inf, None

    def _started(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn(self._what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        made = Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5)
        made.add_task(self._what, total=self._total)
        made.start()
        return made


@contextmanager
def waiting(total: int | None, what: str) -> Iterator[Callable[[int], None]]:
    """To be told how many are done, while a person waits for it."""
    bar = Bar(total, what)
    try:
        yield bar.reach
    finally:
        bar.close()


def progress(items: Iterable[T], total: int | None, what: str, *, to_file: bool) -> Iterator[T]:
    """`items`, with a bar on stderr where a person waits for a file; `total` is None where nobody knows."""
    if total == 1 or not sys.stderr.isatty() or not (to_file or _is_file(sys.stdout)):
        yield from items
        return
    bar = Bar(total, what)
    try:
        for done, item in enumerate(items, start=1):
            yield item
            bar.reach(done)
    finally:
        bar.close()


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError, AttributeError):
        return False
