"""Runs to read answers for, and writing a source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nntrace import bundle, load, trace
from nntrace.answers import Sheet, read
from nntrace.tracing import Trace

Read = Callable[..., Sheet]


def bundled(name: str, *settings: str) -> Trace:
    return trace(load(str(bundle.path(name)), settings))


@pytest.fixture
def article() -> Trace:
    """1-4-3-1, two iterations of two examples, one example an update."""
    return bundled("article")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a file in the working folder; its name."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, raw: str | bytes) -> str:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(raw.encode() if isinstance(raw, str) else raw)
        return name

    return write


@pytest.fixture
def reading(article: Trace, written: Callable[..., str]) -> Read:
    """Read a file of that name and content as answers to the article."""

    def of(name: str, raw: str | bytes, run: Trace = article, **further: Any) -> Sheet:
        return read(written(name, raw), run, **further)

    return of
