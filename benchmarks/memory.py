"""The peak memory of writing the article in a streamed form: 1,000 steps against 100,000."""

from __future__ import annotations

from startup import NNTRACE
from timing import peak_memory

from nntrace.render import FORMS

STREAMED = [name for name in ("markdown", "latex", "csv", "jsonl") if name in FORMS]


def measure(form: str, steps: int) -> int:
    """In KiB."""
    return peak_memory([NNTRACE, "run", "article", "--set", f"iterations={steps // 2}", "--to", form])
