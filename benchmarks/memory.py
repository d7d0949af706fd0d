"""The peak memory of writing JSON Lines of the article: 1,000 steps against 100,000."""

from __future__ import annotations

from startup import NNTRACE
from timing import peak_memory


def measure(steps: int) -> int:
    """In KiB."""
    return peak_memory([NNTRACE, "run", "article", "--set", f"iterations={steps // 2}", "--to", "jsonl"])
