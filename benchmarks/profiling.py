"""Where the time goes: `python benchmarks/profiling.py` prints what docs/profile.md is about."""

from __future__ import annotations

import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import timeit
from collections import deque
from collections.abc import Callable
from itertools import islice

import numpy as np
from rendering import OTHERS, article, write
from startup import BARE, NNTRACE

from nntrace import Trace
from nntrace.formula.numpy_source import numpy_source

TOP = 6


def start() -> None:
    """What a command imports, and what is left: milliseconds, each part with all that it alone brings in."""
    parts = ("numpy", "click", "yaml", "msgspec", "rich", "nntrace")
    print("the start, ms: imports of `nntrace run`, and of a Python that imports numpy, click, rich and yaml")
    for command in ([sys.executable, "-X", "importtime", NNTRACE, "run"], [BARE[0], "-X", "importtime", *BARE[1:]]):
        said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tempfile.gettempdir()).stderr
        own = dict.fromkeys([*parts, "Python's own"], 0.0)
        for line in said.splitlines():
            taken, _, name = line.removeprefix("import time:").split("|")
            if taken.strip().isdigit():
                package = name.strip().partition(".")[0]
                own[package if package in own else "Python's own"] += int(taken) / 1000
        print("  " + ", ".join(f"{name} {taken:.1f}" for name, taken in own.items()))


def step() -> None:
    """Each equation of a step of the article, on its own numbers; then what nntrace adds."""
    run = article()
    first = run.step(1)
    names = {"np": np, **{name: first._values[place] for name, place in first._index.items()}}
    print("\na step of 1-4-3-1, µs: each equation alone")
    total = 0.0
    with np.errstate(all="ignore"):
        for equation in run.equations:
            code = compile(numpy_source(equation.formula), equation.target.name, "eval")
            timer = timeit.Timer("eval(code, names)", globals={"code": code, "names": names})
            taken = min(timer.repeat(5, 20_000)) / 20_000 * 1e6
            total += taken
            print(f"  {taken:5.2f}  {equation.target.name} = {numpy_source(equation.formula)}")
    print(f"  {total:5.2f}  together")
    for said, made in {"training alone": _alone, "recorded": iter}.items():
        print(f"  {_each(made) * 1e6:5.2f}  {said}")


def _alone(run: Trace) -> object:
    return run.over([range(len(run) - 1, len(run))])


def _each(made: Callable[[Trace], object], steps: int = 20_000) -> float:
    """Seconds of a step, the fastest of some runs."""
    from nntrace import bundle, load

    config = load(str(bundle.path("article")), [f"iterations={steps // 2}", "expect=[]"])
    timer = timeit.Timer(lambda: deque(made(Trace(config)), maxlen=0))
    return min(timer.repeat(5, 1)) / steps


def forms() -> None:
    """The functions that take most of the time of each form, for 1,000 steps of the article."""
    for form in ("json", *OTHERS):
        write(form)
        profile = cProfile.Profile()
        profile.runcall(write, form)
        found = pstats.Stats(profile)
        whole = found.total_tt
        rows = sorted(found.stats.items(), key=lambda row: -row[1][2])
        print(f"\n{form}, {whole * 1000:.0f} ms under the profiler")
        for (path, line, name), (_, calls, own, _, _) in islice(rows, TOP):
            where = f"{os.path.basename(path)}:{line} {name}" if line else name
            print(f"  {own / whole:4.0%}  {calls:8,} calls  {where}")


if __name__ == "__main__":
    start()
    step()
    forms()
