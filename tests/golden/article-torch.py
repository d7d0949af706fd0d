# Odd/even classifier
#
# source: Angad Sandhu, "Part 1: Understanding neural networks using an example", The Startup, 2020
# notes: A network worked by hand from end to end, in which all nodes of a layer stay equal. Is a
# number even? Two examples, 2 (yes, 1) and 3 (no, 0), and every weight and bias starts at 0.5, so
# all nodes of a layer receive equal gradients, which makes it easy to follow. This is the network
# as the article describes it; the figures that it prints come from another one, see
# article-printed.
# network: 1-4-3-1 · sigmoid in every layer · squared_error
# training: gradient_descent, alpha 1 · 2 iterations of 2 examples · one example per update
# signs: · product; ᵀ transposed
# names: dW3 = ∂loss/∂W3
#
# Written by nntrace 0.1.0: the same numbers as its trace, bit for bit.
#
# python FILE    trains once more in PyTorch, and checks that both agree

import numpy as np
import torch

# The examples, a row each.
x = np.array([[2.0], [3.0]])
y = np.array([[1.0], [0.0]])

# The weights and biases before the first step.
W1 = np.full((4, 1), 0.5)
b1 = np.full((4, 1), 0.5)
W2 = np.full((3, 4), 0.5)
b2 = np.full((3, 1), 0.5)
W3 = np.full((1, 3), 0.5)
b3 = np.array([[0.5]])

ITERATIONS = 2
BATCH = 1
NAMES = (
    "A0", "y", "W1", "b1", "W2", "b2", "W3", "b3", "Z1", "A1", "Z2", "A2", "Z3", "A3", "loss",
    "dA3", "dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1", "W1_new",
    "b1_new", "W2_new", "b2_new", "W3_new", "b3_new", "alpha",
)
"""What a step gives, in this order."""
STATE = ("W1_new", "b1_new", "W2_new", "b2_new", "W3_new", "b3_new")
"""What it hands on to the next."""


def step(A0, y, W1, b1, W2, b2, W3, b3, alpha):
    # forward, layer 1
    Z1 = W1 @ A0 + b1
    A1 = 1 / (1 + np.exp(-Z1))  # σ(Z1)
    # forward, layer 2
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))  # σ(Z2)
    # forward, layer 3
    Z3 = W3 @ A2 + b3
    A3 = 1 / (1 + np.exp(-Z3))  # σ(Z3)
    # loss
    loss = ((y - A3) ** 2).sum()
    # backward, layer 3
    dA3 = 2 * (A3 - y)
    dZ3 = dA3 * A3 * (1 - A3)
    dW3 = dZ3 @ A2.T
    db3 = dZ3
    # backward, layer 2
    dA2 = W3.T @ dZ3
    dZ2 = dA2 * A2 * (1 - A2)
    dW2 = dZ2 @ A1.T
    db2 = dZ2
    # backward, layer 1
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * A1 * (1 - A1)
    dW1 = dZ1 @ A0.T
    db1 = dZ1
    # update, layer 1
    W1_new = W1 - alpha * dW1
    b1_new = b1 - alpha * db1
    # update, layer 2
    W2_new = W2 - alpha * dW2
    b2_new = b2 - alpha * db2
    # update, layer 3
    W3_new = W3 - alpha * dW3
    b3_new = b3 - alpha * db3
    return (
        A0, y, W1, b1, W2, b2, W3, b3, Z1, A1, Z2, A2, Z3, A3, loss, dA3, dZ3, dW3, db3, dA2, dZ2,
        dW2, db2, dA1, dZ1, dW1, db1, W1_new, b1_new, W2_new, b2_new, W3_new, b3_new, alpha
    )


def train():
    """Every update: its iteration, its batch and its examples, all from 1, and its numbers by name."""
    state = [W1, b1, W2, b2, W3, b3]
    for iteration in range(1, ITERATIONS + 1):
        alpha = 1.0
        order = np.arange(len(x))
        for batch, first in enumerate(range(0, len(x), BATCH), start=1):
            examples = order[first:first + BATCH]
            columns = x[examples].T.copy(), y[examples].T.copy()
            values = dict(zip(NAMES, step(*columns, *state, alpha)))
            yield iteration, batch, examples + 1, values
            state = [values[name] for name in STATE]
            if not all(np.isfinite(values[name]).all() for name in ("loss", *STATE)):
                return


def forward(A0, y, W1, b1, W2, b2, W3, b3, alpha):
    # forward, layer 1
    Z1 = W1 @ A0 + b1
    A1 = torch.sigmoid(Z1)
    # forward, layer 2
    Z2 = W2 @ A1 + b2
    A2 = torch.sigmoid(Z2)
    # forward, layer 3
    Z3 = W3 @ A2 + b3
    A3 = torch.sigmoid(Z3)
    # loss
    loss = ((y - A3) ** 2).sum()
    return (Z1, A1, Z2, A2, Z3, A3, loss)


INPUTS = ("A0", "y", "W1", "b1", "W2", "b2", "W3", "b3", "alpha")
"""What the forward half takes."""
TARGETS = ("Z1", "A1", "Z2", "A2", "Z3", "A3", "loss")
"""What it gives."""
PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")
TRAINED = ("W1", "b1", "W2", "b2", "W3", "b3")
GRADIENTS = ("dA3", "dZ3", "dW3", "db3", "dA2", "dZ2", "dW2", "db2", "dA1", "dZ1", "dW1", "db1")
TOLERANCE = 1e-10


def check():
    """Train in PyTorch as well, and compare each step; returns how many there were, and the largest difference."""
    tensors = {name: torch.tensor(globals()[name], requires_grad=name in TRAINED) for name in PARAMETERS}
    parameters = [tensors[name] for name in TRAINED]
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    steps, largest = 0, 0.0
    for iteration, batch, examples, values in train():
        numbers = {name: torch.as_tensor(values[name], dtype=torch.float64) for name in INPUTS} | tensors
        found = dict(zip(TARGETS, forward(*[numbers[name] for name in INPUTS])))
        for tensor in found.values():
            tensor.retain_grad()
        optimizer.zero_grad()
        found["loss"].backward()
        theirs = {"loss": found["loss"]}
        theirs |= {name: (found | tensors)[name[1:]].grad.clone() for name in GRADIENTS}
        for group in optimizer.param_groups:
            group["lr"] = float(values["alpha"])
        optimizer.step()
        theirs |= {f"{name}_new": tensors[name] for name in PARAMETERS}
        for name, tensor in theirs.items():
            off = difference(np.asarray(values[name]), tensor.detach().numpy())
            place = f"{name} in iteration {iteration}, batch {batch}"
            assert off <= TOLERANCE, f"{place}:\n{values[name]}\nin PyTorch\n{tensor}"
            largest = max(largest, off)
        steps += 1
    return steps, largest


def difference(ours, theirs):
    """The largest one, relative to the largest entry where that is above 1; what neither has finite agrees."""
    known = np.isfinite(ours) | np.isfinite(theirs)
    return np.abs(ours - theirs)[known].max(initial=0.0) / np.abs(ours)[known].max(initial=1.0)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        steps, largest = check()
    print(f"PyTorch {torch.__version__} agrees: {steps} updates, no number differs by more than {largest:.1e}")
