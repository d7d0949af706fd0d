"""The same network in PyTorch: recording every Z, A and gradient, by hooks or retained, and alone."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch

warnings.filterwarnings("ignore", message="Full backward hook is firing")  # the inputs of the first layer need none


def _model(weights: Sequence[Any]) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for W, b in zip(weights[0::2], weights[1::2], strict=True):
        linear = torch.nn.Linear(W.shape[1], W.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.copy_(torch.from_numpy(b[:, 0]))
        layers += [linear, torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers)


def keeping(x: Any, y: Any, weights: Sequence[Any], alpha: float, size: int, steps: int) -> Iterator[dict[str, Any]]:
    """Every Z and A, the gradients of these and of every W and b, the parameters before and after.

    By the hooks of its modules, as its documentation has it: what they are given belongs to the pass, and
    is cloned, as a parameter is, which the optimizer changes in place.
    """
    made: list[Any] = []
    gradients: list[Any] = []

    def forward(module: Any, given: Any, output: Any) -> None:
        made.append(output.detach().clone())

    def backward(module: Any, inputs: Any, outputs: Any) -> None:
        gradients.append(outputs[0].detach().clone())

    model = _model(weights)
    for module in model:
        module.register_forward_hook(forward)
        module.register_full_backward_hook(backward)
    for kept in _kept(model, _training(model, alpha, x, y, size, steps)):
        yield kept | {"made": made.copy(), "gradients": gradients.copy()}
        made.clear()
        gradients.clear()


def retaining(x: Any, y: Any, weights: Sequence[Any], alpha: float, size: int, steps: int) -> Iterator[dict[str, Any]]:
    """The same as cheaply as it can be had: the tensors of the pass themselves, with their whole graph."""
    made: list[Any] = []

    def forward(module: Any, given: Any, output: Any) -> None:
        output.retain_grad()
        made.append(output)

    model = _model(weights)
    for module in model:
        module.register_forward_hook(forward)
    for kept in _kept(model, _training(model, alpha, x, y, size, steps)):
        yield kept | {"made": made.copy(), "gradients": [each.grad for each in made]}
        made.clear()


def alone(x: Any, y: Any, weights: Sequence[Any], alpha: float, size: int, steps: int) -> Iterator[float]:
    """The loss of each update."""
    yield from _training(_model(weights), alpha, x, y, size, steps)


def _kept(model: Any, training: Iterator[float]) -> Iterator[dict[str, Any]]:
    """The loss, the parameters before and after, and their gradients."""
    before = [parameter.detach().clone() for parameter in model.parameters()]
    for loss in training:
        after = [parameter.detach().clone() for parameter in model.parameters()]
        grads = [parameter.grad for parameter in model.parameters()]
        yield {"loss": loss, "before": before, "after": after, "of parameters": grads}
        before = after


def _training(model: Any, alpha: float, x: Any, y: Any, size: int, steps: int) -> Iterator[float]:
    optimizer = torch.optim.SGD(model.parameters(), lr=alpha)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    start = 0
    for _ in range(steps):
        outputs = model(x[start : start + size])
        loss = ((y[start : start + size] - outputs) ** 2).sum() / size
        start = (start + size) % len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()
