"""What can go wrong in a way that the user can mend. The command line catches the base and nothing wider."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the exit status of a command says."""

    DONE = 0
    DOES_NOT_HOLD = 1
    UNUSABLE = 2
    BUG = 70
    INTERRUPTED = 130


class NntraceError(Exception):
    """Base of all errors that a message explains."""


def harmless(text: str) -> str:
    """A text of the user's without what would command the terminal: control signs become `�`."""
    from unicodedata import category

    return "".join("�" if category(sign) in ("Cc", "Cs", "Cf") and sign not in _KEPT else sign for sign in text)


_KEPT = "\n\t\u200c\u200d"
"""Line ends, tabs, and the joiners of scripts and pictures."""


class ConfigError(NntraceError):
    """A config that cannot be used.

    `str()` is the whole message: ``FILE:LINE:COLUMN: what is wrong``, the line with the place
    marked, and what would be right. `line` and `column` count from 1, None where there is no place.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str = "config",
        line: int | None = None,
        column: int | None = None,
        excerpt: str = "",
        hint: str = "",
    ) -> None:
        self.problem = problem
        self.file = file
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        return harmless("\n".join(part for part in (f"{place}: {self.problem}", self.excerpt, self.hint) if part))


class SelectionError(NntraceError):
    """A step, layer or quantity that the trace does not have; the message says what there is."""


class OutputError(NntraceError):
    """A file that cannot be written."""


class StreamError(Exception):
    """Standard output takes no more, as `error` says."""

    def __init__(self, error: OSError) -> None:
        self.error = error
        super().__init__(str(error))
