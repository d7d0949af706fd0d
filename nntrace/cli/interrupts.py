"""Ctrl-C and its like: at any time, but not in the middle of a line that is being written."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from nntrace.errors import ExitStatus

PATIENCE = 2
"""Seconds after which a write that nobody reads is given up."""


class Interrupted(KeyboardInterrupt):
    """The process was asked to end; `status` is what it leaves with."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__()


class _Holding:
    """Whether an interrupt has to wait, for how long, and the status of one that does."""

    def __init__(self) -> None:
        self.listening = False
        self.held = False
        self.hurried = False
        self.waiting: int | None = None


_holding = _Holding()


def listen() -> None:
    """From here on Ctrl-C, and SIGTERM, which schedulers send, raise `Interrupted` where nothing is held."""
    _holding.listening = True
    signal.signal(signal.SIGINT, _handle)
    signal.signal(signal.SIGTERM, _handle)
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, _give_up)


def ignore() -> None:
    """All is done: what comes now comes too late."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def hold(hurried: bool = False) -> None:
    """Something is begun that is to be finished first; `hurried`: in some seconds, else it is given up."""
    _holding.held, _holding.hurried = True, hurried


def release() -> None:
    """It is finished; who has waited for that is served."""
    _holding.held = False
    if _holding.waiting is not None:
        calm()
        status, _holding.waiting = _holding.waiting, None
        raise Interrupted(status)


def hurry() -> None:
    """What is still to be written has to be written soon: it may be that nobody reads it."""
    if _holding.listening and sys.platform != "win32":
        signal.alarm(PATIENCE)


def calm() -> None:
    """It is written."""
    if _holding.listening and sys.platform != "win32":
        signal.alarm(0)


def _handle(number: int, frame: FrameType | None) -> None:
    status = ExitStatus.INTERRUPTED if number == signal.SIGINT else 128 + number
    if _holding.held and _holding.waiting is None:
        _holding.waiting = status
        if _holding.hurried:
            hurry()
        return
    _holding.held, _holding.waiting = False, None
    raise Interrupted(status)


def _give_up(number: int, frame: FrameType | None) -> None:
    os._exit(ExitStatus.INTERRUPTED)
