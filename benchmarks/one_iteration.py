"""One iteration over a file of examples in numpy by hand that keeps nothing: `python one_iteration.py FOLDER`."""

from __future__ import annotations

import os
import sys
from itertools import pairwise

import by_hand
import numpy as np


def main(folder: str, batch: int = 64) -> None:
    with np.load(os.path.join(folder, "data.npz")) as data:
        x, y = data["x"], data["y"]
    rng = np.random.default_rng(1)
    sizes = (784, 128, 64, 10)
    weights = []
    for before, after in pairwise(sizes):
        weights += [rng.normal(0, (2 / (before + after)) ** 0.5, (after, before)), np.zeros((after, 1))]
    steps = -(-len(x) // batch)
    for loss in by_hand.nothing(x, y, weights, 0.1, batch, steps):
        print(loss)


if __name__ == "__main__":
    main(sys.argv[1])
