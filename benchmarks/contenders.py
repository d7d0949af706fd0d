"""nntrace beside numpy by hand and PyTorch on each network: a step, its memory, the first line, the way to step 10,000.

In turn, each in processes of its own: in one, the second would find the memory as the first left it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from math import isclose
from typing import NamedTuple

import by_hand
import numpy as np
from nets import Net, written
from startup import NNTRACE
from timing import LARGE_ARRAYS, Ratio, of_pairs, peak_memory

from nntrace import Trace, load

CONTENDERS = {
    "nntrace": "nntrace, everything recorded",
    "nntrace alone": "nntrace, training alone",
    "numpy keeping": "numpy by hand that keeps the same arrays",
    "numpy nothing": "numpy by hand that keeps nothing",
    "PyTorch keeping": "PyTorch that records every Z, A and gradient by hooks",
    "PyTorch retaining": "PyTorch that retains them, with their graph",
    "PyTorch alone": "PyTorch alone",
}
ALONE = ("nntrace alone", "numpy nothing", "PyTorch alone")
"""Who takes the way to a step without recording it."""
ROUNDS = 5
SEEK, FEW = 10_000, 3
SMALL = 1e-4
"""A step of less time than that may be slower by what Python itself takes."""


class Figures(NamedTuple):
    """Seconds of a step in each round, KiB at the most, seconds to the first line and to step 10,000."""

    steps: Sequence[float]
    memory: int
    first: float
    seek: float | None

    @property
    def step(self) -> float:
        return statistics.median(self.steps)


def available() -> list[str]:
    """The contenders that are installed."""
    there = find_spec("torch") is not None
    return [name for name in CONTENDERS if there or not name.startswith("PyTorch")]


@contextmanager
def files(net: Net, iterations: int) -> Iterator[str]:
    """A folder with the config of a net, its examples and its first weights."""
    with tempfile.TemporaryDirectory() as folder:
        written(net, folder, iterations)
        yield folder


def measure(net: Net) -> dict[str, Figures]:
    """Every contender, in turn."""
    with files(net, SEEK // 2) as folder:
        agree(net, folder)
        names = available()
        steps: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                steps[name].append(_alone(name, folder, net, "time", _steps(name, net)))
        return {
            name: Figures(
                steps[name],
                peak_memory(_command(name, folder, net, "train", _steps(name, net))),
                statistics.median(_first(name, folder, net) for _ in range(FEW)),
                statistics.median(_alone(name, folder, net, "seek", SEEK) for _ in range(FEW))
                if name in ALONE
                else None,
            )
            for name in names
        }


def ratio(ours: Figures, theirs: Figures) -> Ratio:
    """Of the time of a step, round by round."""
    return of_pairs(list(zip(ours.steps, theirs.steps, strict=True)))


def aim(net: Net, found: dict[str, Figures]) -> float:
    """The ratio aimed at against numpy that keeps the same arrays."""
    return 1.3 if found["numpy keeping"].step < SMALL else 1.1


def agree(net: Net, folder: str, steps: int = 20) -> None:
    """All compute the same: numpy bit for bit where it keeps all, else and in PyTorch to the last digits."""
    run = Trace(load(os.path.join(folder, "net.yaml"), [f"iterations={steps // 2}"]))
    with np.load(os.path.join(folder, "data.npz")) as data, np.load(os.path.join(folder, "weights.npz")) as weights:
        given = data["x"], data["y"], [weights[name] for name in weights.files], net.alpha, net.batch, steps
    losses = []
    for step, kept in zip(run, by_hand.keeping(*given), strict=True):
        assert set(step) - {"m"} == set(kept)
        for name, value in kept.items():
            np.testing.assert_array_equal(step[name], value, err_msg=name)
        losses.append(step["loss"])
    for name in available():
        if name.startswith(("numpy nothing", "PyTorch")):
            said = subprocess.run(
                _command(name, folder, net, "losses", steps), check=True, capture_output=True, text=True
            ).stdout.split()
            assert all(isclose(float(text), loss, rel_tol=1e-9) for text, loss in zip(said, losses, strict=True)), name


def _steps(name: str, net: Net) -> int:
    """How many are timed at once: of what is slow, fewer."""
    return net.steps // 5 if name.startswith("PyTorch") else net.steps


def _command(name: str, folder: str, net: Net, what: str, steps: int) -> list[str]:
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "contender.py")
    return [sys.executable, script, name, folder, net.name, what, str(steps)]


def _alone(name: str, folder: str, net: Net, what: str, steps: int) -> float:
    ran = subprocess.run(
        _command(name, folder, net, what, steps),
        check=True, capture_output=True, text=True, env={**os.environ, **LARGE_ARRAYS}, cwd=folder,
    )  # fmt: skip
    return float(ran.stdout)


def _first(name: str, folder: str, net: Net) -> float:
    """Seconds from the command to its first line: of a trace, or of the losses."""
    command = _command(name, folder, net, "first", 2)
    if name.startswith("nntrace"):
        only = ["--only", "loss"] if name == "nntrace alone" else []
        command = [NNTRACE, "run", os.path.join(folder, "net.yaml"), *only]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder) as running:
        assert running.stdout is not None
        running.stdout.readline()
        seconds = time.perf_counter() - start
        running.kill()
    return seconds
