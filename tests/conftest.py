"""What all tests share: a clean environment, and golden outputs with a way to refresh them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from comparing import assert_same_text

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
