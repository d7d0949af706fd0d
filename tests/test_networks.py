"""Random networks, an activation of its own in each layer: the list is whole and exact, and a wrong rule shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import finite_differences, off

from nntrace import Config, Step, bundle, load, trace
from nntrace.equations import Phase
from nntrace.formula.switches import switches
from nntrace.formula.tree import (
    Add,
    Apply,
    Divide,
    Formula,
    MatrixProduct,
    Maximum,
    Multiply,
    Power,
    Quantity,
    Subtract,
    Sum,
)
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS

FUSED_PAIRS = {("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")}
"""As the language has it: these have no gradient of the output."""


@st.composite
def configs(draw: Any) -> Config:
    """Depth 1 to 6, widths 1 to 4, any activation in any layer, every option that there is."""
    loss = draw(st.sampled_from(sorted(LOSSES)))
    row = LOSSES[loss]
    hidden = draw(st.lists(st.sampled_from(sorted(ACTIVATIONS)), max_size=5))
    activations = [*hidden, draw(st.sampled_from(sorted(row.outputs or ACTIVATIONS)))]
    inputs = draw(st.integers(1, 4))
    widths = [draw(st.integers(ACTIVATIONS[name].least, 4)) for name in activations]
    examples = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = (examples, widths[-1])
    if row.distribution:
        y = rng.dirichlet(np.ones(widths[-1]), examples)  # every example's y sums to 1
    else:
        y = rng.uniform(*row.targets, size) if row.targets else rng.normal(size=size)
    biases = draw(st.sampled_from(["trained", "shared", "fixed", "none"]))
    sizes = zip(widths, [inputs, *widths], strict=False)
    weights = {f"W{n}": rng.normal(0, 0.6, size).tolist() for n, size in enumerate(sizes, start=1)}
    if biases != "none":
        count = {"shared": lambda _: 1}.get(biases, int)
        weights |= {f"b{n}": rng.normal(0, 0.6, count(width)).tolist() for n, width in enumerate(widths, start=1)}
    layers = [{"nodes": n, "activation": f} for n, f in zip(widths, activations, strict=True)]
    return load(
        {
            "architecture": {"inputs": inputs, "layers": layers, "biases": biases},
            "weights": weights,
            "data": {"x": rng.normal(size=(examples, inputs)).tolist(), "y": y.tolist()},
            "loss": loss,
            "alpha": 0.05,
            "iterations": 2,
            "batch": draw(st.sampled_from([1, 2, 3, "all"])),
            "reduction": draw(st.sampled_from(["mean", "sum"])),
            "optimizer": draw(st.sampled_from(sorted(OPTIMIZERS))),
            "l2": draw(st.sampled_from([0.0, 0.2])),
            "shuffle": draw(st.sampled_from([None, {"seed": 5}])),
        }
    )


def gradients_asked_for(config: Config) -> list[str]:
    """Every d-quantity in the order of a step, last layer first: as config.md's table has it."""
    architecture = config.architecture
    last = len(architecture.layers)
    output = architecture.layers[-1].chosen.name
    names = []
    for layer in range(last, 0, -1):
        fused = layer == last and (output, config.chosen_loss.name) in FUSED_PAIRS
        names += [] if fused else [f"dA{layer}"]
        names += [f"dZ{layer}", f"dW{layer}"] + ([f"db{layer}"] if architecture.biases in ("trained", "shared") else [])
    return names


@settings(deadline=None, max_examples=60)
@given(configs())
def test_every_gradient_of_a_random_network_is_there_and_exact(config: Config) -> None:
    run = trace(config)
    backward = [equation.target.name for equation in run.equations if equation.phase is Phase.BACKWARD]
    assert backward == gradients_asked_for(config)
    for step in run:
        assert off(step, config) == []


def near_a_kink(step: Step, config: Config) -> bool:
    """Whether something lies so near to a kink that central differences lie."""
    layers = config.architecture.layers
    z = Quantity("Z", 1, (1, 1))
    bent = [
        f"Z{index}"
        for index, layer in enumerate(layers, start=1)
        if list(switches(ACTIVATIONS[layer.chosen.name].formula(z, **layer.chosen.parameters)))
    ]
    outputs = step[f"A{len(layers)}"]
    if LOSSES[config.chosen_loss.name].targets and ((outputs < 0.05) | (outputs > 0.95)).any():
        return True  # a logarithm near its 0 is as steep
    errors = np.abs(step["y"] - outputs)
    return any((np.abs(step[name]) < 1e-3).any() for name in bent) or bool(
        ((errors < 1e-3) | (abs(errors - 1) < 1e-3)).any()
    )


@settings(deadline=None, max_examples=40)
@given(configs())
def test_finite_differences_of_a_random_network(config: Config) -> None:
    """A second witness, good to about 1e-9 of the loss."""
    step = trace(config).step()
    if near_a_kink(step, config):
        return
    for name in step:
        if name.startswith("d"):
            expected = finite_differences(step, config, name[1:])
            np.testing.assert_allclose(step[name], expected, rtol=1e-6, atol=1e-8 * max(1, step["loss"]), err_msg=name)


RULES: list[tuple[type[Formula], str, str]] = [
    # rule, a bundled config whose list needs it, the first quantity that a wrong one spoils
    (Power, "article", "dA3"),
    (Subtract, "article", "dA3"),
    (Sum, "article", "dA3"),
    (Apply, "article", "dZ3"),
    (MatrixProduct, "article", "dW3"),
    (Add, "article", "dW3"),
    (Multiply, "mazur", "dA2"),
    (Divide, "unequal", "dA3"),
    (Maximum, "unequal", "dZ2"),
]


@pytest.mark.parametrize(("wrong_rule", "name", "first"), RULES, indirect=["wrong_rule"])
def test_a_rule_that_is_off_by_a_tenth_of_a_percent_is_caught(wrong_rule: None, name: str, first: str) -> None:
    path = bundle.path(name)
    assert path is not None
    config = load(path)
    assert off(trace(config).step(), config)[0] == first
