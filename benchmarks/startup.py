"""From the command to its end, against a Python that only imports numpy, click, rich and yaml."""

from __future__ import annotations

import sys
from pathlib import Path

from timing import Ratio, compare_commands

NNTRACE = str(Path(sys.executable).with_name("nntrace"))
"""The command beside this Python."""
BARE = [sys.executable, "-c", "import numpy, click, rich, yaml"]
CASES = {("run",): 1.5, ("--help",): 0.5, ("--version",): 0.5}
"""Arguments, and the ratio aimed at."""


def measure(arguments: tuple[str, ...]) -> Ratio:
    return compare_commands([NNTRACE, *arguments], BARE)
