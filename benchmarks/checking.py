"""Checking the article's own trace, against writing it; and the search through all mistakes, against a plain check.

The search is over a step of 784-128-64-10 with a slip in it that no mistake explains: every one is tried.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from startup import NNTRACE
from timing import Ratio, compare_commands

ARTICLE = 2.0
"""The ratio aimed at."""
MINUTE = 60.0
"""Seconds that the search may take."""


def measure() -> Ratio:
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder) / "article.json"
        ran = subprocess.run([NNTRACE, "run", "article", "--to", "json"], check=True, capture_output=True)
        answers.write_bytes(ran.stdout)
        return compare_commands(
            [NNTRACE, "check", "article", str(answers)], [NNTRACE, "run", "article", "--to", "json"]
        )


def measure_search() -> Ratio:
    """The command that finds something wrong, against the one that finds nothing."""
    import numpy as np

    rng = np.random.default_rng(0)
    sizes = ((128, "relu"), (64, "sigmoid"), (10, "softmax"))
    config = {
        "architecture": {"inputs": 784, "layers": [{"nodes": n, "activation": f} for n, f in sizes]},
        "weights": {"init": "he_normal", "seed": 1},
        "data": {"x": rng.uniform(0, 1, (64, 784)).tolist(), "labels": [i % 10 for i in range(64)]},
        "loss": "cross_entropy",
        "alpha": 0.1,
        "iterations": 1,
        "batch": "all",
    }
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "net.yaml").write_text(json.dumps(config))
        ran = subprocess.run(
            [NNTRACE, "run", str(here / "net.yaml"), "--to", "json"], check=True, capture_output=True, cwd=folder
        )
        trace = json.loads(ran.stdout)
        values = trace["steps"][0]["values"]
        results = {name: value for name, value in values.items() if name.endswith("_new")}
        (here / "right.json").write_text(json.dumps(results))
        results["W1_new"] = (np.array(results["W1_new"]) + rng.normal(0, 0.1, (128, 784))).tolist()
        results["W3_new"] = (np.array(results["W3_new"]) + rng.normal(0, 0.1, (10, 64))).tolist()
        (here / "wrong.json").write_text(json.dumps(results))
        launched = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3)", NNTRACE]
        check = ["check", str(here / "net.yaml")]
        return compare_commands(
            [*launched, *check, str(here / "wrong.json")], [*launched, *check, str(here / "right.json")], rounds=3
        )
