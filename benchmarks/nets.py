"""The networks that are trained, and the files that each contender reads them from: all start from the same."""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import numpy as np

from nntrace import Trace, load


class Net(NamedTuple):
    """A dense network, sigmoid in every layer, trained on made examples; `steps` are timed at once."""

    name: str
    sizes: tuple[int, ...]
    batch: int
    steps: int
    alpha: float = 0.1
    examples: int = 2

    @property
    def folder(self) -> str:
        return f"{'-'.join(map(str, self.sizes[:4]))}-{self.batch}"


NETS = {
    net.name: net
    for net in (
        Net("1-4-3-1", (1, 4, 3, 1), 1, 10_000, alpha=1.0),
        Net("2-8-8-1", (2, 8, 8, 1), 1, 10_000),
        Net("784-128-64-10, batch 1", (784, 128, 64, 10), 1, 1000),
        Net("784-128-64-10, batch 64", (784, 128, 64, 10), 64, 200, examples=128),
        Net("50 layers of 8", (8,) * 51, 1, 2000),
    )
}


def written(net: Net, folder: str, iterations: int) -> str:
    """Write the config of a net, its examples and its first weights; returns the path of the config."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, (net.examples, net.sizes[0]))
    y = np.eye(net.sizes[-1])[np.arange(net.examples) % net.sizes[-1]]
    if net.sizes[-1] == 1:
        y = np.arange(1, net.examples + 1).reshape(-1, 1) % 2.0
    if net.sizes[0] == 1:
        x = np.array([[2.0], [3.0]])  # the article's
    np.savez(os.path.join(folder, "data.npz"), x=x, y=y)
    config: dict[str, Any] = {
        "architecture": {
            "inputs": net.sizes[0],
            "layers": [{"nodes": size, "activation": "sigmoid"} for size in net.sizes[1:]],
        },
        "weights": {"init": "normal", "std": 1 / np.sqrt(max(net.sizes)), "seed": 1},
        "data": {"file": "data.npz"},
        "alpha": net.alpha,
        "iterations": iterations,
        "batch": net.batch,
    }
    path = os.path.join(folder, "net.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(config))
    np.savez(os.path.join(folder, "weights.npz"), **Trace(load(path)).start)
    return path
