"""What the trace writes is read back to the same numbers, in every form; and nothing else is read without a word."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nntrace import ConfigError, bundle, load, trace
from nntrace.answers import Sheet, read
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.render import FORMS, json_form
from nntrace.render.view import View
from nntrace.tracing import Trace

RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def runs(draw: st.DrawFn) -> Trace:
    """A short run of a small network, of any optimizer, batch and order; some are not finite before their end."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    examples = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    config: dict[str, Any] = {
        "architecture": {
            "inputs": sizes[0],
            "layers": [{"nodes": nodes, "activation": "tanh"} for nodes in sizes[1:-1]]
            + [{"nodes": sizes[-1], "activation": "identity"}],
            "biases": draw(st.sampled_from(["trained", "shared", "fixed", "none"])),
        },
        "weights": {"init": "normal", "seed": draw(st.integers(0, 99))},
        "data": {"x": rng.random((examples, sizes[0])).tolist(), "y": rng.random((examples, sizes[-1])).tolist()},
        "optimizer": draw(st.sampled_from(list(OPTIMIZERS))),
        "alpha": draw(st.sampled_from([0.1, 1e150])),
        "iterations": draw(st.integers(1, 3)),
        "batch": draw(st.integers(1, examples)),
        "shuffle": draw(st.sampled_from([None, {"seed": 1}])),
        "clip_norm": draw(st.sampled_from([None, 1.0])),
        "l2": draw(st.sampled_from([0.0, 0.5])),
    }
    return trace(load(config))


def assert_reads_back(run: Trace, sheet: Sheet, *, nulls: bool = False) -> None:
    """Every number of every step; `nulls` where what is not finite is written as null."""
    steps = {(step.iteration, step.batch): step for step in run}
    assert list(sheet.steps) == list(steps)
    assert (sheet.misfits, sheet.not_compared) == ((), {})
    for update, step in steps.items():
        assert list(sheet.steps[update]) == list(step)
        for name, found in sheet.steps[update].items():
            ours = np.atleast_2d(step[name])
            ours = np.where(np.isfinite(ours), ours, np.nan) if nulls else ours
            np.testing.assert_array_equal(found.values, ours, err_msg=name)
            assert found.known.all()
            assert (found.allowed <= 1e-12 * np.abs(np.nan_to_num(found.values))).all(), name  # 14 digits by chance


@RELAXED
@given(runs(), st.sampled_from(["json", "jsonl"]))
def test_json_reads_back(run: Trace, form: str) -> None:
    view = View(run, run.equations, run, run.equations.quantities)
    write = json_form.render if form == "json" else json_form.render_lines
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{form}")
        path.write_bytes(b"".join(write(view)))
        sheet = read(path, run)
    assert_reads_back(run, sheet, nulls=True)
    assert sheet.examples == {(step.iteration, step.batch): tuple(step.examples) for step in run}


@RELAXED
@given(runs(), st.sampled_from(["npz", "csv"]))
def test_stacked_arrays_and_tidy_lines_read_back(run: Trace, form: str) -> None:
    """Also of a smaller last batch, which an NPZ pads, and of what is not finite."""
    view = View(run, run.equations, run, run.equations.quantities)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a.{form}")
        path.write_bytes(b"".join(p if isinstance(p, bytes) else p.encode() for p in FORMS[form].render(view)))
        sheet = read(path, run)
    assert_reads_back(run, sheet)
    if form == "npz":
        assert sheet.examples == {(step.iteration, step.batch): tuple(step.examples) for step in run}


@RELAXED
@given(runs())
def test_an_npz_and_a_folder_read_back(run: Trace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrays = {f"iteration-{s.iteration}-batch-{s.batch}/{name}": s[name] for s in run for name in s}
        np.savez(Path(folder, "a.npz"), **arrays)
        assert_reads_back(run, read(Path(folder, "a.npz"), run))
        for name, array in arrays.items():
            path = Path(folder, "numpy", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(f"{path}.npy", array)
        assert_reads_back(run, read(Path(folder, "numpy"), run))


@RELAXED
@given(runs())
def test_steps_from_python_read_back(run: Trace) -> None:
    assert_reads_back(run, read(list(run), run))


@pytest.mark.parametrize("name", ["article", "mazur", "minibatch-linear", "adam-by-hand", "softmax-cross-entropy"])
def test_what_export_writes_reads_back(name: str, tmp_path: Path) -> None:
    path = str(tmp_path / "a.json")
    assert nntrace_run("export", name, "-o", path).status == 0
    run = trace(load(str(bundle.path(name))))
    assert_reads_back(run, read(path, run), nulls=True)


WORDS = [
    "Z1",
    "W1",
    "dW3",
    "loss",
    "A3[1,1]",
    "dA0",
    "vW1",
    "steps",
    "expect",
    "values",
    "iteration",
    "example",
    "batch",
]
KEYS = st.sampled_from([*WORDS, "examples", "tolerance", "config", "title", "grad_W1", "", "[", "dA7", "epoch", "m"])
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-9, 99) | st.text(max_size=3) | st.just("0.5"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from(["a.json", "a.yaml", "a"]))
def test_whatever_is_fed_in_a_sheet_or_a_message_comes_out(tree: Any, name: str) -> None:
    run = trace(load(str(bundle.path("article"))))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        Path(path).write_text(json.dumps(tree), encoding="utf-8")
        try:
            assert read(path, run).name == path
        except ConfigError as error:
            assert str(error).startswith(path)
        if isinstance(tree, dict | list):
            try:
                read(tree, run)
            except ConfigError as error:
                assert str(error).startswith("answers: ")
