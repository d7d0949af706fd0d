"""What an able person writes in numpy for sigmoid layers and a squared error: once keeping every array, once nothing.

Both compute the loss of each update, as one who watches it does; none updates in place. Three layers
are typed out, any other number of them is a loop over lists. A step is a dict of the arrays, or the loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Array = Any
Arrays = dict[str, Any]


def keeping(x: Array, y: Array, weights: Sequence[Array], alpha: float, size: int, steps: int) -> Iterator[Arrays]:
    """Every array that a step of nntrace has, under its name."""
    run = keeping_three if len(weights) == 6 else keeping_any
    return run(x, y, weights, alpha, size, steps)


def nothing(x: Array, y: Array, weights: Sequence[Array], alpha: float, size: int, steps: int) -> Iterator[float]:
    """The loss of each update."""
    run = nothing_three if len(weights) == 6 else nothing_any
    return run(x, y, weights, alpha, size, steps)


def keeping_three(
    x: Array, y_all: Array, weights: Sequence[Array], alpha: float, size: int, steps: int
) -> Iterator[Arrays]:
    W1, b1, W2, b2, W3, b3 = weights
    m = size
    start = 0
    for _ in range(steps):
        A0, y = x[start : start + size].T.copy(), y_all[start : start + size].T.copy()
        start = (start + size) % len(x)
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


def nothing_three(
    x: Array, y_all: Array, weights: Sequence[Array], alpha: float, size: int, steps: int
) -> Iterator[float]:
    W1, b1, W2, b2, W3, b3 = weights
    start = 0
    for _ in range(steps):
        A0, y = x[start : start + size].T, y_all[start : start + size].T
        start = start + size if start + size < len(x) else 0
        m = A0.shape[1]
        A1 = 1 / (1 + np.exp(-(W1 @ A0 + b1)))
        A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
        A3 = 1 / (1 + np.exp(-(W3 @ A2 + b3)))
        loss = ((y - A3) ** 2).sum() / m
        dZ3 = 2 * (A3 - y) / m * A3 * (1 - A3)
        dZ2 = W3.T @ dZ3 * A2 * (1 - A2)
        dZ1 = W2.T @ dZ2 * A1 * (1 - A1)
        if size == 1:
            W1, b1 = W1 - alpha * (dZ1 @ A0.T), b1 - alpha * dZ1
            W2, b2 = W2 - alpha * (dZ2 @ A1.T), b2 - alpha * dZ2
            W3, b3 = W3 - alpha * (dZ3 @ A2.T), b3 - alpha * dZ3
        else:
            W1, b1 = W1 - alpha * (dZ1 @ A0.T), b1 - alpha * dZ1.sum(axis=1, keepdims=True)
            W2, b2 = W2 - alpha * (dZ2 @ A1.T), b2 - alpha * dZ2.sum(axis=1, keepdims=True)
            W3, b3 = W3 - alpha * (dZ3 @ A2.T), b3 - alpha * dZ3.sum(axis=1, keepdims=True)
        yield loss


def keeping_any(
    x: Array, y_all: Array, weights: Sequence[Array], alpha: float, size: int, steps: int
) -> Iterator[Arrays]:
    Ws, bs = list(weights[0::2]), list(weights[1::2])
    m, last = size, len(Ws)
    start = 0
    for _ in range(steps):
        A, y = x[start : start + size].T.copy(), y_all[start : start + size].T.copy()
        start = (start + size) % len(x)
        kept = {"A0": A, "y": y, "alpha": alpha}
        for layer, (W, b) in enumerate(zip(Ws, bs, strict=True), start=1):
            Z = W @ A + b
            A = 1 / (1 + np.exp(-Z))
            kept[f"W{layer}"], kept[f"b{layer}"], kept[f"Z{layer}"], kept[f"A{layer}"] = W, b, Z, A
        if size == 1:
            kept["loss"] = ((y - A) ** 2).sum()
            dA = 2 * (A - y)
        else:
            kept["losses"] = ((y - A) ** 2).sum(axis=0, keepdims=True)
            kept["loss"] = kept["losses"].sum() / m
            dA = 2 * (A - y) / m
        for layer in range(last, 0, -1):
            W, A = Ws[layer - 1], kept[f"A{layer}"]
            dZ = dA * A * (1 - A)
            dW = dZ @ kept[f"A{layer - 1}"].T
            db = dZ if size == 1 else dZ.sum(axis=1, keepdims=True)
            kept[f"dA{layer}"], kept[f"dZ{layer}"], kept[f"dW{layer}"], kept[f"db{layer}"] = dA, dZ, dW, db
            if layer > 1:
                dA = W.T @ dZ
        for layer in range(1, last + 1):
            Ws[layer - 1] = kept[f"W{layer}_new"] = Ws[layer - 1] - alpha * kept[f"dW{layer}"]
            bs[layer - 1] = kept[f"b{layer}_new"] = bs[layer - 1] - alpha * kept[f"db{layer}"]
        yield kept


def nothing_any(
    x: Array, y_all: Array, weights: Sequence[Array], alpha: float, size: int, steps: int
) -> Iterator[float]:
    Ws, bs = list(weights[0::2]), list(weights[1::2])
    last = len(Ws)
    start = 0
    for _ in range(steps):
        As, y = [x[start : start + size].T], y_all[start : start + size].T
        start = start + size if start + size < len(x) else 0
        m = y.shape[1]
        for W, b in zip(Ws, bs, strict=True):
            As.append(1 / (1 + np.exp(-(W @ As[-1] + b))))
        loss = ((y - As[-1]) ** 2).sum() / m
        dA = 2 * (As[-1] - y) / m
        for layer in range(last - 1, -1, -1):
            A = As[layer + 1]
            dZ = dA * A * (1 - A)
            if layer:
                dA = Ws[layer].T @ dZ
            Ws[layer] = Ws[layer] - alpha * (dZ @ As[layer].T)
            bs[layer] = bs[layer] - alpha * (dZ if size == 1 else dZ.sum(axis=1, keepdims=True))
        yield loss
