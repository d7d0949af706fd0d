"""A CSV of 1,000,000 rows, against the plain loop with csv and float; and the memory that it adds."""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from timing import Ratio, compare, peak_memory

from nntrace import load

ROWS = 1_000_000
CONFIG = """\
architecture: {inputs: 3, layers: [{nodes: 1, activation: sigmoid}]}
weights: 0.1
data: {file: data.csv, x: [a, b, c], y: [t]}
alpha: 0.1
iterations: 1
batch: all
"""
LOADING = "import sys; from nntrace import load; load(sys.argv[1])"


@contextmanager
def _files() -> Iterator[str]:
    """The path of a config whose data are three inputs and a target of a million examples."""
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "data.csv"), "w", encoding="utf-8") as file:
            file.write("a,b,c,t\n")
            numbers = (f"{draw.random():.6f},{draw.random():.6f},{draw.random():.6f}" for _ in range(ROWS))
            file.writelines(f"{row},{number % 2}\n" for number, row in enumerate(numbers))
        path = os.path.join(folder, "my.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        yield path


def plain_loop(path: str) -> np.ndarray:
    """What one types."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return np.array([[float(field) for field in row] for row in rows])


def measure() -> tuple[Ratio, int, int]:
    """The time against the loop's, then the memory that loading adds to a process, and that of the arrays, in KiB."""
    with _files() as path:
        data = os.path.join(os.path.dirname(path), "data.csv")
        bare = peak_memory([sys.executable, "-c", "import sys, numpy; from nntrace import load"])
        loading = peak_memory([sys.executable, "-c", LOADING, path])
        time = compare(lambda: load(path), lambda: plain_loop(data), rounds=3)
    return time, loading - bare, ROWS * 4 * 8 // 1024
