"""The JavaScript of a formula, in a browser: any entry of it comes to what numpy has there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import chromium
from hypothesis import assume, given, settings
from trees import EXAMPLES_IN_A_BATCH, computed, moderate, trees, values_of

from nntrace.formula.entry import any_entry
from nntrace.formula.javascript import javascript
from nntrace.formula.tree import Formula, Number, Quantity

RUN = """([source, values, rows, columns, m]) => {
  const v = (name, i, j) => values[name][i][j];
  const where = (condition, yes, no) => (condition ? yes : no);
  const add = (name, [count, ...more], term, ...at) => {
    let total = 0;
    for (let k = 0; k < count; k++) total += more.length ? add(name, more, term, ...at, k) : term(...at, k);
    return total;
  };
  const entry = new Function("v", "add", "where", "i", "j", "m", `return ${source}`);
  return rows.map(i => columns.map(j => entry(v, add, where, i, j, m)));
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with chromium() as browser:
        yield browser.new_page()


@settings(deadline=None)
@given(trees(), EXAMPLES_IN_A_BATCH)
def test_every_entry_of_a_formula(page: Any, formula: Formula, examples: int) -> None:
    values = values_of(formula, examples)
    assume(moderate(formula, values))
    whole = np.atleast_2d(np.asarray(computed(formula, values)))
    there = page.evaluate(
        RUN,
        [
            javascript(any_entry(formula)),
            {name: np.atleast_2d(value).tolist() for name, value in values.items()},
            *[list(range(size)) for size in whole.shape],
            examples,
        ],
    )
    np.testing.assert_allclose(np.array(there, dtype=float), whole, rtol=1e-9, atol=1e-9)


W, A = Quantity("W", 2, (3, 4)), Quantity("A", 1, (4, "m"))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (W @ A, 'add("k1", [4], (k1) => v("W2", i, k1) * v("A1", k1, j))'),
        (2 * (W.T @ W), '2.0 * add("k1", [3], (k1) => v("W2", k1, i) * v("W2", k1, j))'),
        (-(W**2), '(-(v("W2", i, j) ** 2.0))'),
        (Number(-1) - W, '-1.0 - v("W2", i, j)'),
        ((W > 0) * W, '(v("W2", i, j) > 0.0 ? 1 : 0) * v("W2", i, j)'),
    ],
)
def test_spellings(formula: Formula, expected: str) -> None:
    assert javascript(any_entry(formula)) == expected
