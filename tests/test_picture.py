"""The picture in the README is what the page looks like. Refresh it with `pytest tests/test_picture.py --refresh`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Opened, chromium
from command import nntrace_run

PICTURE = Path(__file__).parent.parent / "docs" / "page.png"
PLACE = "#iteration=60&batch=1&quantity=dW2&entry=1,2"
SIZE = {"width": 1600, "height": 900}
BLOCK = 40
"""Pixels are compared in the mean over squares of so many: with other fonts letters stand elsewhere."""
ALIKE = 12.0
"""Of 255, in the mean over the picture."""


def difference(ours: bytes, theirs: bytes) -> float:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    a, b = (blocks(np.asarray(image.open(io.BytesIO(each)).convert("L"), dtype=float)) for each in (ours, theirs))
    return float(np.abs(a - b).mean()) if a.shape == b.shape else 255.0


def blocks(pixels: Any) -> Any:
    rows, columns = (size // BLOCK for size in pixels.shape)
    whole = pixels[: rows * BLOCK, : columns * BLOCK]
    return whole.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))


def test_the_picture_is_what_the_page_looks_like(refresh: bool, tmp_path: Path) -> None:
    path = tmp_path / "xor.html"
    assert nntrace_run("export", "xor", "-o", str(path)).status == 0
    with chromium() as browser, Opened(browser, path, PLACE, viewport=SIZE, color_scheme="light") as page:
        now = page.screenshot()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("here.place === 0")
        other = page.screenshot()
        page.locator("#theme").click()
        dark = page.screenshot()
    if refresh:
        PICTURE.write_bytes(now)
    stored = PICTURE.read_bytes()
    assert difference(stored, now) < ALIKE
    assert difference(stored, other) > difference(stored, now), "another place looks otherwise"
    assert difference(stored, dark) > ALIKE, "and so does the other theme"
