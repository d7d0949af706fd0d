"""The weights alone, as they are after the last of the steps: an NPZ file that `weights: {file: …}` reads."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator

import numpy as np

from nntrace.render.view import View


def render(view: View) -> Iterator[bytes]:
    """Arrays W1, b1 …; where the trace stopped, the last finite ones, from before that step."""
    last = deque(view.steps, maxlen=1).pop()
    arrays = {}
    for old, new in view.listing.state[: len(view.listing.parameters)]:
        arrays[old.name] = last[old.name if last.stopped else new.name]
    written = io.BytesIO()
    np.savez(written, **arrays)
    yield written.getvalue()
