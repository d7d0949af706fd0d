"""How far a formula may be off: never less than it is when its operands are moved as far as they may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import computed, trees, values_of

from nntrace.formula.radius import around
from nntrace.formula.tree import Formula, Quantity, Where
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES

EXAMPLES = 3
FAR = 1e-5


def moved(values: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Every entry at one or the other end of where it may be."""
    return {name: value + FAR * rng.choice([-1.0, 1.0], np.shape(value)) for name, value in values.items()}


@settings(max_examples=150, deadline=None)
@given(trees(bent=False), st.integers(0, 1000))
def test_no_move_of_the_operands_takes_a_formula_further(formula: Formula, seed: int) -> None:
    values = values_of(formula, EXAMPLES)
    value, radius = around(formula, lambda q: (values[q.name], FAR + 0 * values[q.name]))
    np.testing.assert_allclose(value, computed(formula, values), rtol=1e-12, atol=1e-12)
    rng = np.random.default_rng(seed)
    for _ in range(3):
        off = np.abs(computed(formula, moved(values, rng)) - value)
        assert (off <= radius * 1.001 + 1e-9 * np.abs(value)).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    """At both ends, and for the softmax in each corner."""
    row = ACTIVATIONS[name]
    z = Quantity("Z", 1, (3, 2))
    formula = row.formula(z, **row.defaults)
    rng = np.random.default_rng(1)
    here = rng.normal(0, 2, (3, 2))
    value, radius = around(formula, lambda _: (here, np.full((3, 2), FAR)))
    exact, nothing = around(formula, lambda _: (here, 0.0))
    np.testing.assert_array_equal(value, exact)
    assert not np.any(nothing)
    largest = np.zeros((3, 2))
    for _ in range(64):
        other, _none = around(formula, lambda _: (here + FAR * rng.choice([-1.0, 1.0], (3, 2)), 0.0))
        largest = np.maximum(largest, np.abs(other - value))
    assert (largest <= radius * 1.001 + 1e-15).all()
    assert (radius <= 8 * largest + 1e-9).all()  # and not so far that nothing would be wrong any more


@pytest.mark.parametrize("name", LOSSES)
def test_losses_in_a_batch(name: str) -> None:
    from nntrace.formula.tree import Sum

    row = LOSSES[name]
    y, a = Quantity("y", None, (2, 3)), Quantity("A", 1, (2, 3))
    formula = (row.computed or row.formula)(y, a, lambda x: Sum(x, "rows"), **row.defaults)
    rng = np.random.default_rng(2)
    values = {"y": rng.uniform(0.2, 0.8, (2, 3)), "A1": rng.uniform(0.2, 0.8, (2, 3))}
    value, radius = around(formula, lambda q: (values[q.name], FAR + np.zeros((2, 3))))
    assert value.shape == (1, 3)
    for _ in range(20):
        near = moved(values, rng)
        other, _none = around(formula, lambda q, near=near: (near[q.name], 0.0))  # type: ignore[misc]
        assert (np.abs(other - value) <= radius * 1.001 + 1e-12).all()


def test_a_choice_that_may_go_either_way_may_be_off_by_the_difference() -> None:
    """max(0, z) is smooth enough; a step from 0 to 5 at z = 0 is not."""
    z = Quantity("Z", 1, (1, 2))
    value, radius = around(Where(z > 0, 0 * z + 5, 0 * z), lambda _: (np.array([[0.001, 1.0]]), np.full((1, 2), 0.01)))
    np.testing.assert_array_equal(value, [[5.0, 5.0]])
    assert radius[0, 0] >= 5
    assert radius[0, 1] == 0


def test_what_is_divided_by_may_be_zero() -> None:
    z = Quantity("Z", 1, (1, 2))
    _, radius = around(1 / z, lambda _: (np.array([[0.001, 1.0]]), np.full((1, 2), 0.01)))
    assert radius[0, 0] == np.inf
    assert radius[0, 1] == pytest.approx(0.01 / (1 - 0.01))
