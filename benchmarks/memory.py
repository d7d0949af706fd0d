"""The peak memory of writing JSON Lines of the article: 1,000 steps against 100,000."""

from __future__ import annotations

import sys

from timing import peak_memory


def measure(steps: int) -> int:
    """In KiB."""
    command = [sys.executable, "-m", "nntrace", "run", "article", "--set", f"iterations={steps // 2}", "--to", "jsonl"]
    return peak_memory(command)
