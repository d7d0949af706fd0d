"""Every list is closed, true and exact: for each bundled config, every table row, and random networks."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from oracle import finite_differences, off

from nntrace import Config, Step, Trace, bundle, load, trace
from nntrace.formula.compiling import compiled
from nntrace.formula.numpy_source import function_source
from nntrace.formula.tree import Quantity
from nntrace.formula.walking import nodes
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS


def random_network(seed: int, *, depth: int, activation: str, loss: str, biases: str, **keys: Any) -> Config:
    """A network of random widths, weights and data: hidden layers of one activation, an output that fits the loss."""
    rng = np.random.default_rng(seed)
    row = LOSSES[loss]
    outputs = row.outputs
    last = activation if not outputs or activation in outputs else outputs[seed % len(outputs)]
    activations = [activation] * (depth - 1) + [last]
    inputs = int(rng.integers(1, 5))
    nodes_of = [int(rng.integers(max(1, ACTIVATIONS[name].least), 5)) for name in activations]
    before = [inputs, *nodes_of]
    weights: dict[str, Any] = {
        f"W{index}": rng.normal(0, 0.5, (n, before[index - 1])).tolist() for index, n in enumerate(nodes_of, start=1)
    }
    if biases != "none":
        weights |= {
            f"b{index}": rng.normal(0, 0.5, 1 if biases == "shared" else n).tolist()
            for index, n in enumerate(nodes_of, start=1)
        }
    low, high = row.targets or (-1.0, 1.0)
    y = rng.dirichlet(np.ones(nodes_of[-1]), 5) if row.distribution else rng.uniform(low, high, (5, nodes_of[-1]))
    return load(
        {
            "architecture": {
                "inputs": inputs,
                "layers": [{"nodes": n, "activation": f} for n, f in zip(nodes_of, activations, strict=True)],
                "biases": biases,
            },
            "weights": weights,
            "data": {"x": rng.normal(0, 1, (5, inputs)).tolist(), "y": y.tolist()},
            "loss": loss,
            "alpha": 0.01,
            "iterations": 2,
            **keys,
        }
    )


PAIRS = list(itertools.product(ACTIVATIONS, LOSSES))
OPTIONS = {
    "batch": [1, 2, "all"],
    "reduction": ["mean", "sum"],
    "biases": ["trained", "shared", "fixed", "none"],
    "l2": [0.0, 0.3],
}
"""What decides the gradients of a network, besides its layers and its loss."""


def some_combinations() -> Iterator[Any]:
    """Every activation with every loss, three times, each with all other options drawn for it."""
    draw = random.Random(0)
    for number, (activation, loss) in enumerate(3 * PAIRS):
        case = {
            "depth": draw.randint(1, 6),
            "activation": activation,
            "loss": loss,
            **{key: draw.choice(values) for key, values in OPTIONS.items()},
            "optimizer": draw.choice(list(OPTIMIZERS)),
            "clip_norm": draw.choice([None, 0.5]),
        }
        yield pytest.param({"seed": number, **case}, id="-".join(map(str, [number, *case.values()])))


SMOOTH = [name for name in bundle.names() if load(str(bundle.path(name))).round is None]
"""Rounded arithmetic has no derivatives; that its list is closed and true is tested with the options."""


def runs() -> Iterator[Any]:
    for name in SMOOTH:
        yield pytest.param(name, id=name)
    yield from some_combinations()


def run_of(case: str | dict[str, Any]) -> Trace:
    if isinstance(case, str):
        path = bundle.path(case)
        assert path is not None
        return trace(load(path))
    return trace(random_network(**case))


def some_steps(run: Trace) -> list[Step]:
    """The first step, the last of the first iteration (its batch may be smaller), and the last."""
    return [
        run.step(),
        run.step(1, batch=run.config.batches),
        run.step(run.config.iterations, batch=run.config.batches),
    ]


@pytest.mark.parametrize("case", [*runs(), pytest.param("rounded-by-hand", id="rounded-by-hand")])
def test_closed_and_true(case: str | dict[str, Any]) -> None:
    """Each name in a formula is an earlier target or was there; each formula gives the recorded value, bit for bit."""
    run = run_of(case)
    listing = run.equations

    known = {q.name for q in listing.inputs}
    for equation in listing:
        names = {node.name for node in nodes(equation.formula) if isinstance(node, Quantity)}
        assert names <= known, f"{equation.target.name} is not closed"
        known.add(equation.target.name)
    assert known == set(run.step())

    for step in some_steps(run):
        values = {name: np.array(step[name]) if np.ndim(step[name]) else step[name] for name in step}
        for equation in listing:
            source = function_source("line", list(values), [("value", equation.formula)], ["value"])
            (value,) = compiled(source, "line")(*values.values())
            np.testing.assert_array_equal(value, step[equation.target.name], err_msg=equation.target.name)


@pytest.mark.parametrize("case", list(runs()))
def test_exact(case: str | dict[str, Any]) -> None:
    """Each dQ is ∂loss/∂Q."""
    run = run_of(case)
    for step in some_steps(run):
        assert off(step, run.config) == [], step.place


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_exact_in_every_combination(activation: str, loss: str) -> None:
    """Of batch, reduction, biases and l2, in networks of depth 1 to 6: the first batch, and one that may be smaller."""
    for number, values in enumerate(itertools.product(*OPTIONS.values())):
        case = dict(zip(OPTIONS, values, strict=True))
        seed = 100 * PAIRS.index((activation, loss)) + number
        run = trace(random_network(seed, depth=1 + seed % 6, activation=activation, loss=loss, iterations=1, **case))
        for step in (run.step(), run.step(batch=run.config.batches)):
            assert off(step, run.config) == [], case


@pytest.mark.parametrize("name", [name for name in SMOOTH if name not in ("article-printed", "xor")])
def test_finite_differences_agree(name: str) -> None:
    """A second, cruder witness; differences of a loss near 1 are good to about 1e-10."""
    run = run_of(name)
    step = run.step()
    for quantity in step:
        if quantity[0] == "d":
            np.testing.assert_allclose(
                step[quantity],
                finite_differences(step, run.config, quantity[1:]),
                rtol=1e-6,
                atol=1e-9,
                err_msg=quantity,
            )


@pytest.mark.usefixtures("wrong_sigmoid")
def test_a_derivative_that_is_off_by_a_tenth_of_a_percent_is_caught() -> None:
    run = run_of("article")
    assert off(run.step(), run.config)[0] == "dZ3"


def test_the_rows_of_the_tables_are_in_the_oracle() -> None:
    """A new row needs somebody else's code to agree with."""
    import oracle

    assert set(oracle.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(oracle.LOSSES) == set(LOSSES)
