"""Two things timed side by side: in turn, several times, and the ratio taken pair by pair.

Processes run in another folder, so that they take the installed nntrace, compiled, and not the
source that lies here.

A ratio of a pair holds although the machine's speed drifts; the median over the pairs is quoted.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

ROUNDS = 9
LARGE_ARRAYS = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}
"""The limits that glibc comes to by itself in a long run, for the environment of a process. It depends on what one
freed before whether it asks the kernel for each large array anew, and that is worth a fifth of a step, to either side.
"""


class Ratio(NamedTuple):
    """`ours` and `theirs` in seconds (medians), and their ratio: median, least, greatest."""

    ours: float
    theirs: float
    median: float
    least: float
    greatest: float


def compare(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS) -> Ratio:
    """Both run in this process; one round of each goes before, uncounted."""
    return pairs(lambda: _seconds(ours), lambda: _seconds(theirs), rounds)


def compare_commands(ours: Sequence[str], theirs: Sequence[str], rounds: int = 2 * ROUNDS) -> Ratio:
    """Both run as processes, their output thrown away through a pipe."""

    def run(command: Sequence[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir())

    return compare(lambda: run(ours), lambda: run(theirs), rounds)


LAUNCHER = """\
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process in between: what a process counts begins with what its parent held when it was made."""


def peak_memory(command: Sequence[str]) -> int:
    """The largest resident size of a process, in KiB (on Linux)."""
    launched = [sys.executable, "-c", LAUNCHER, *command]
    ran = subprocess.run(launched, check=True, capture_output=True, text=True, cwd=tempfile.gettempdir())
    return int(ran.stdout)


def pairs(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> Ratio:
    """From two functions that measure themselves, in seconds."""
    ours(), theirs()
    return of_pairs([(ours(), theirs()) for _ in range(rounds)])


def of_pairs(made: Sequence[tuple[float, float]]) -> Ratio:
    """From the seconds of both in each round."""
    ratios = [a / b for a, b in made]
    return Ratio(
        statistics.median(a for a, _ in made),
        statistics.median(b for _, b in made),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )


def _seconds(function: Callable[[], object]) -> float:
    """What one waits; processor time would count the threads of the linear algebra that only spin."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
