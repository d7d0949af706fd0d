"""Long runs and large ones, each as a whole process: their memory, and their time against training alone."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from startup import NNTRACE
from timing import Ratio, compare_commands, peak_memory

STEPS = 200_000
"""Of the article, in the comparison of times."""
ROUNDS = 5
EXAMPLES, BATCH = 60_000, 64


def article(steps: int, *options: str) -> list[str]:
    """The bundled article, for so many steps."""
    return [NNTRACE, "run", "article", "--set", f"iterations={steps // 2}", "--set", "expect=[]", *options]


def memory(steps: int, *options: str) -> int:
    """The peak of writing it, in KiB."""
    return peak_memory(article(steps, *options))


def only_the_loss(form: str) -> Ratio:
    """Writing the loss of each step, against training alone to the last."""
    last = [NNTRACE, "step", *article(STEPS)[2:], "--iteration", str(STEPS // 2), "--example", "2", "--only", "loss"]
    return compare_commands(article(STEPS, "--only", "loss", "--to", form), last, rounds=ROUNDS)


@contextmanager
def large() -> Iterator[str]:
    """The path of the config of 784-128-64-10 on made examples."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, (EXAMPLES, 784)), np.eye(10)[np.arange(EXAMPLES) % 10]
    layers = [{"nodes": size, "activation": "sigmoid"} for size in (128, 64, 10)]
    config = {
        "architecture": {"inputs": 784, "layers": layers},
        "weights": {"init": "xavier_normal", "seed": 1},
        "data": {"file": "data.npz"},
        "alpha": 0.1,
        "iterations": 1,
        "batch": BATCH,
    }
    with tempfile.TemporaryDirectory() as folder:
        np.savez(os.path.join(folder, "data.npz"), x=x, y=y)
        path = os.path.join(folder, "net.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps(config))
        yield path


def one_iteration(path: str) -> Ratio:
    """The loss of each step of an iteration, against numpy by hand that reads the same file and keeps nothing."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "one_iteration.py")
    by_hand = [sys.executable, script, os.path.dirname(path)]
    return compare_commands([NNTRACE, "run", path, "--only", "loss", "--to", "jsonl"], by_hand, rounds=ROUNDS)


def shown(path: str) -> Ratio:
    """The last step of it on the screen, against training to it."""
    last = [NNTRACE, "step", path, "--batch", str(-(-EXAMPLES // BATCH))]
    return compare_commands(last, [*last, "--only", "loss", "--to", "jsonl"], rounds=ROUNDS)
