"""What all tests share: a clean environment, and golden outputs with a way to refresh them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from comparing import assert_same_text

from nntrace.formula import derive
from nntrace.formula.tree import Formula, Function, Number
from nntrace.maths import functions
from nntrace.maths.activations import ACTIVATIONS, Activation

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--refresh", action="store_true", help="Write the golden outputs and the README's anew.")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the terminal that runs the tests reaches them."""
    for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PAGER", "LESS", "PYTHONIOENCODING", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def refresh(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--refresh"))


@pytest.fixture
def golden(refresh: bool) -> Callable[[str, str], None]:
    """Compare a text with a golden file; with --refresh write the file instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if refresh:
            path.write_text(text, encoding="utf-8", newline="\n")
        assert_same_text(text, path.read_text(encoding="utf-8"))

    return compare


@pytest.fixture
def wrong_sigmoid(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sigmoid's derivative off by a tenth of a percent: whoever checks gradients has to see it."""
    right = functions.SIGMA
    wrong = Function(
        plain=right.plain,
        latex=right.latex,
        numpy=right.numpy,
        definition=right.definition,
        backward=lambda g, z, a: 1.001 * right.backward(g, z, a),
    )
    monkeypatch.setitem(ACTIVATIONS, "sigmoid", Activation(name="sigmoid", formula=wrong))


@pytest.fixture
def wrong_rule(request: pytest.FixtureRequest) -> Iterator[None]:
    """The derivation with the rule of one kind of node off by a tenth of a percent."""
    kind = request.param
    right = derive.reaches.dispatch(kind)

    def wrong(node: Formula, g: Formula, value: Formula) -> Iterator[tuple[Formula, Formula]]:
        for operand, gradient in right(node, g, value):
            yield operand, derive.times(Number(1.001), gradient)

    derive.reaches.register(kind, wrong)
    yield
    derive.reaches.register(kind, right)
