"""A step with everything recorded, against numpy typed by hand that keeps the same arrays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from timing import Ratio, pairs

from nntrace import Config, Trace, load

Arrays = dict[str, Any]
RUNS = 5
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}
"""The limits that glibc comes to by itself in a long run. It depends on what a process freed before whether it asks
the kernel for each large array anew, and that is worth a fifth of a step, to either side.
"""


def small(steps: int) -> Config:
    """The article's 1-4-3-1, a batch of one."""
    return load(
        {
            "architecture": {"inputs": 1, "layers": [{"nodes": n, "activation": "sigmoid"} for n in (4, 3, 1)]},
            "weights": 0.5,
            "data": {"x": [2, 3], "y": [1, 0]},
            "alpha": 1.0,
            "iterations": steps // 2,
        }
    )


def large(steps: int, batch: int) -> Config:
    """784-128-64-10 on made examples."""
    rng = np.random.default_rng(0)
    examples = 2 * batch
    return load(
        {
            "architecture": {"inputs": 784, "layers": [{"nodes": n, "activation": "sigmoid"} for n in (128, 64, 10)]},
            "weights": {"init": "normal", "std": 0.05, "seed": 1},
            "data": {"x": rng.uniform(0, 1, (examples, 784)), "y": np.eye(10)[np.arange(examples) % 10]},
            "alpha": 0.1,
            "iterations": steps // 2,
            "batch": batch,
        }
    )


def by_hand(config: Config) -> Iterator[Arrays]:
    """What an able person writes for three sigmoid layers and a squared error: every array kept and handed over."""
    x, y_all = np.array(config.data.x, float).reshape(config.examples, -1), np.array(config.data.y, float)
    y_all = y_all.reshape(config.examples, -1)
    first = Trace(config).step()
    W1, b1, W2, b2, W3, b3 = (np.array(first[name]) for name in ("W1", "b1", "W2", "b2", "W3", "b3"))
    alpha, size, m = config.alpha, config.batch_size, config.batch_size
    for _ in range(config.iterations):
        for start in range(0, config.examples, size):
            A0, y = x[start : start + size].T.copy(), y_all[start : start + size].T.copy()
            Z1 = W1 @ A0 + b1
            A1 = 1 / (1 + np.exp(-Z1))
            Z2 = W2 @ A1 + b2
            A2 = 1 / (1 + np.exp(-Z2))
            Z3 = W3 @ A2 + b3
            A3 = 1 / (1 + np.exp(-Z3))
            kept = {"A0": A0, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}
            if size == 1:
                loss = ((y - A3) ** 2).sum()
                dA3 = 2 * (A3 - y)
            else:
                losses = ((y - A3) ** 2).sum(axis=0, keepdims=True)
                loss = losses.sum() / m
                dA3 = 2 * (A3 - y) / m
                kept["losses"] = losses
            dZ3 = dA3 * A3 * (1 - A3)
            dW3 = dZ3 @ A2.T
            db3 = dZ3 if size == 1 else dZ3.sum(axis=1, keepdims=True)
            dA2 = W3.T @ dZ3
            dZ2 = dA2 * A2 * (1 - A2)
            dW2 = dZ2 @ A1.T
            db2 = dZ2 if size == 1 else dZ2.sum(axis=1, keepdims=True)
            dA1 = W2.T @ dZ2
            dZ1 = dA1 * A1 * (1 - A1)
            dW1 = dZ1 @ A0.T
            db1 = dZ1 if size == 1 else dZ1.sum(axis=1, keepdims=True)
            W1, b1 = W1 - alpha * dW1, b1 - alpha * db1
            W2, b2 = W2 - alpha * dW2, b2 - alpha * db2
            W3, b3 = W3 - alpha * dW3, b3 - alpha * db3
            kept.update(
                Z1=Z1, A1=A1, Z2=Z2, A2=A2, Z3=Z3, A3=A3, loss=loss,
                dA3=dA3, dZ3=dZ3, dW3=dW3, db3=db3, dA2=dA2, dZ2=dZ2, dW2=dW2, db2=db2,
                dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1,
                W1_new=W1, b1_new=b1, W2_new=W2, b2_new=b2, W3_new=W3, b3_new=b3, alpha=alpha,
            )  # fmt: skip
            yield kept


def agree(config: Config) -> None:
    """Both compute the same, bit for bit: else the comparison would be of two different things."""
    for step, kept in zip(Trace(config), by_hand(config), strict=True):
        for name, value in kept.items():
            np.testing.assert_array_equal(step[name], value, err_msg=name)


def seconds_a_step(case: str, which: str) -> float:
    """The fastest of several runs, in this process."""
    config, steps = CASES[case][0]()
    run: Callable[[], Any] = (lambda: Trace(config)) if which == "ours" else (lambda: by_hand(config))
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in run():
            pass
        times.append(time.perf_counter() - start)
    return min(times) / steps


def measure(case: str) -> Ratio:
    """Seconds a step, each in processes of its own: in one, the second would find the memory as the first left it."""
    agree(CASES[case][0]()[0])

    def alone(which: str) -> float:
        command = [sys.executable, __file__, case, which]
        environment = {**os.environ, **ALLOCATOR}
        return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)

    return pairs(lambda: alone("ours"), lambda: alone("theirs"), rounds=7)


CASES: dict[str, tuple[Callable[[], tuple[Config, int]], float]] = {
    "1-4-3-1, batch 1": (lambda: (small(4000), 4000), 1.3),
    "784-128-64-10, batch 1": (lambda: (large(400, 1), 400), 1.1),
    "784-128-64-10, batch 64": (lambda: (large(100, 64), 100), 1.1),
}
"""Each with the ratio aimed at."""

if __name__ == "__main__":
    print(seconds_a_step(*sys.argv[1:]))
