"""The scripts: run as processes of their own, they give the numbers of the trace, bit for bit; PyTorch agrees."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run

from nntrace import Config, bundle, load, trace
from nntrace.maths import functions
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.render import FORMS
from nntrace.render.view import View
from nntrace.selecting import Chosen

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")


def script(config: Config, form: str = "numpy") -> str:
    run = trace(config)
    view = View(run, run.equations, iter(()), run.equations.quantities, Chosen(1, config.iterations), len(run))
    return "".join(map(str, FORMS[form].render(view)))


def executed(text: str, *arguments: str, folder: Path) -> str:
    """What a script prints, without the environment and with warnings as errors."""
    (folder / "script.py").write_text(text, encoding="utf-8", newline="\n")
    command = [sys.executable, "-I", "-W", "error", "script.py", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr.decode()
    assert ran.stderr == b""
    return ran.stdout.decode()


def network(**keys: Any) -> Config:
    """Two layers on five examples in batches of two, so that the last is smaller."""
    rng = np.random.default_rng(1)
    return load(
        {
            "architecture": {
                "inputs": 2,
                "layers": [{"nodes": 3, "activation": "tanh"}, {"nodes": 2, "activation": "sigmoid"}],
            },
            "weights": {"init": "normal", "seed": 3},
            "data": {"x": rng.normal(size=(5, 2)).tolist(), "y": rng.uniform(0, 1, (5, 2)).tolist()},
            "alpha": 0.1,
            "iterations": 3,
            "batch": 2,
            **keys,
        }
    )


def layers(hidden: Any, output: Any) -> dict[str, Any]:
    return {"inputs": 2, "layers": [{"nodes": 3, "activation": hidden}, {"nodes": 2, "activation": output}]}


NETWORKS: Mapping[str, Callable[[], Config]] = {
    "a smaller last batch, shuffled": lambda: network(shuffle={"seed": 7}),
    "clipped, with l2, a schedule": lambda: network(
        clip_norm=0.05, l2=0.1, alpha={"start": 0.5, "decay": 0.5, "every": 2}, optimizer="momentum"
    ),
    "adam, a list of alphas": lambda: network(optimizer="adam", alpha=[0.1, 0.05, 0.01]),
    "gelu, which calls math": lambda: network(architecture=layers("gelu", "gelu")),
    "softmax": lambda: network(
        architecture=layers("selu", "softmax"),
        loss="cross_entropy",
        data={"x": [[1, 2], [3, 4], [0, 1]], "labels": ["b", "a", "b"]},
    ),
    "rounded": lambda: network(round=4),
    "legacy draws": lambda: network(weights={"init": "uniform", "seed": 1, "generator": "legacy"}),
    "shared biases": lambda: network(architecture={**layers("relu", "identity"), "biases": "shared"}, weights=0.3),
    "fixed biases": lambda: network(architecture={**layers("elu", "softplus"), "biases": "fixed"}),
    "no biases": lambda: network(architecture={**layers("silu", "sigmoid"), "biases": "none"}),
    "stops": lambda: network(architecture=layers("identity", "identity"), alpha=1e160),
    "much data": lambda: network(
        data={
            "x": np.random.default_rng(0).normal(size=(1500, 2)),
            "y": np.random.default_rng(1).uniform(size=(1500, 2)),
        },
        batch=400,
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_it_saves_the_numbers_of_the_trace_bit_for_bit(name: str, tmp_path: Path) -> None:
    config = NETWORKS[name]()
    executed(script(config), "out.npz", folder=tmp_path)
    compared(tmp_path / "out.npz", config)


def compared(file: Path, config: Config) -> None:
    steps = list(trace(config))
    with np.load(file) as saved:
        assert saved["iteration"].tolist() == [step.iteration for step in steps]
        assert saved["batch"].tolist() == [step.batch for step in steps]
        for number, step in enumerate(steps):
            examples = saved["examples"][number]
            assert [each for each in examples if each] == list(step.examples)
            for name, value in step.items():
                there = saved[name][number]
                if np.ndim(value) and there.shape != value.shape:
                    assert np.isnan(there[:, value.shape[1] :]).all()
                    there = there[:, : value.shape[1]]
                np.testing.assert_array_equal(there, value, err_msg=f"{name} in {step.place}", strict=False)
                np.testing.assert_array_equal(np.signbit(there), np.signbit(value))


@pytest.mark.parametrize("name", bundle.names())
def test_every_bundled_example_as_a_script(name: str, tmp_path: Path) -> None:
    config = load(str(bundle.path(name)))
    config = load(str(bundle.path(name)), ["iterations=2"]) if isinstance(config.alpha, float) else config
    executed(script(config), "out.npz", folder=tmp_path)
    compared(tmp_path / "out.npz", config)


def test_it_prints_numbers_that_read_back(tmp_path: Path) -> None:
    printed = executed(nntrace_run("run", "xor", "--iteration", "1..2", "--to", "numpy").out, folder=tmp_path)
    steps = list(trace(load(str(bundle.path("xor")))).steps(0, 2))
    blocks = printed.strip().split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [
        f"iteration {n}, batch 1, examples 1, 2, 3, 4" for n in (1, 2)
    ]
    for block, step in zip(blocks, steps, strict=True):
        found = re.findall(r"^(\w+) = ((?:.|\n )*)$", block, re.MULTILINE)
        assert [name for name, _ in found] == list(step)
        for name, text in found:
            value = np.array(ast.literal_eval(re.sub(r"(?<=[\d.\]])\s+(?=[-\d\[])", ", ", text)), dtype=float)
            np.testing.assert_array_equal(value, step[name], err_msg=name)


@pytest.mark.parametrize(
    ("arguments", "first", "names"),
    [
        (("run", "--iteration", "2", "--example", "1", "--only", "loss,dW2"), "iteration 2, batch 1, examples 1", 2),
        (("step", "--iteration", "1", "--example", "2", "--layer", "3"), "iteration 1, batch 2, examples 2", 10),
    ],
)
def test_it_shows_what_is_chosen(arguments: tuple[str, ...], first: str, names: int, tmp_path: Path) -> None:
    command, *options = arguments
    out = executed(nntrace_run(command, "article", *options, "--to", "numpy").out, folder=tmp_path)
    blocks = out.strip().split("\n\n")
    assert len(blocks) == 1
    assert blocks[0].splitlines()[0] == first
    assert len(re.findall(r"^\w+ = ", blocks[0], re.MULTILINE)) == names


@pytest.mark.parametrize(
    "chosen",
    [
        ("--every", "3"),
        ("--last",),
        ("--every", "4", "--last"),
        ("--iteration", "2..5", "--every", "2"),
        ("--iteration", "2..5", "--example", "3", "--every", "2", "--last"),
        ("--batch", "1", "--last"),
    ],
)
def test_it_saves_the_steps_that_are_chosen(chosen: tuple[str, ...], tmp_path: Path) -> None:
    base = ("unequal", "--set", "iterations=6", "--set", "expect=[]", *chosen)
    (tmp_path / "script.py").write_text(nntrace_run("run", *base, "--to", "numpy").out, encoding="utf-8")
    assert nntrace_run("export", *base, "-o", str(tmp_path / "trace.npz")).status == 0
    command = [sys.executable, "-W", "error", "script.py", "script.npz"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    with np.load(tmp_path / "trace.npz") as ours, np.load(tmp_path / "script.npz") as theirs:
        assert set(ours.files) == set(theirs.files)
        for name in ours.files:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.parametrize("form", ["numpy", "torch"])
def test_a_script_as_a_whole(golden: Callable[[str, str], None], form: str) -> None:
    golden(f"article-{form}.py", nntrace_run("run", "article", "--only", "loss,dW", "--to", form).out)


HOSTILE = "\"\"\" ''' \\ {x} $state \n import os\r\x0b\x0c\x85\u2028 os.abort() # 日本 é `c` <script>"


@pytest.mark.parametrize("form", ["numpy", "torch"])
def test_hostile_texts_are_comments(form: str, tmp_path: Path) -> None:
    config = network(title=HOSTILE, notes=f"{HOSTILE} {'x' * 500}", source=HOSTILE)
    text = script(config, form)
    tree = ast.parse(text)
    assert ast.dump(tree) == ast.dump(ast.parse(script(network(), form)))
    if form == "numpy":
        executed(text, folder=tmp_path)


def test_it_stops_where_the_trace_stops(tmp_path: Path) -> None:
    """And says nothing of it: what is not finite is there to see."""
    config = NETWORKS["stops"]()
    assert len(list(trace(config))) < len(trace(config))
    assert "nan" in executed(script(config), folder=tmp_path)


def test_initial_weights_are_drawn_where_the_config_draws_them() -> None:
    for name in INITIALIZERS:
        text = script(network(weights={"init": name, "seed": 42}))
        assert "rng = np.random.default_rng(42)" in text


def test_a_prediction_is_no_program() -> None:
    for form in ("numpy", "torch"):
        ran = nntrace_run("predict", "article", "--x", "4", "--to", form)
        assert ran.status == 2
        assert f"'{form}' is not one of" in ran.err


def test_rounding_has_no_gradient_in_pytorch() -> None:
    ran = nntrace_run("run", "rounded-by-hand", "--to", "torch")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "nntrace: --to torch: autograd cannot follow a run that rounds (`round` in the config)\n"


def test_an_export_that_is_refused_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine", encoding="utf-8")
    ran = nntrace_run("export", "rounded-by-hand", "--to", "torch", "-o", str(tmp_path / "mine.py"))
    assert ran.status == 2
    assert (tmp_path / "mine.py").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_every_row_is_spelled_in_pytorch() -> None:
    """But what rounds, and the rows that only stand in gradients."""
    found = [value for value in vars(functions).values() if isinstance(value, functions.Function)]
    assert all(function.torch for function in found)
    assert all(row.torch for row in OPTIMIZERS.values())


# PyTorch


def every_network() -> Iterator[Config]:
    for name in ACTIVATIONS:
        yield network(architecture=layers(name, "identity"), batch="all")
    for name, row in LOSSES.items():
        outputs = row.outputs or ("identity", "sigmoid")
        for output in outputs:
            y = [[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]
            yield network(architecture=layers("tanh", output), loss=name, data={"x": [[1, 2], [3, 4], [0, 1]], "y": y})
    for name in OPTIMIZERS:
        yield network(optimizer=name, l2=0.1, clip_norm=0.05, shuffle={"seed": 2}, alpha=[0.1, 0.05, 0.02])
    for biases in ("shared", "fixed", "none"):
        yield network(architecture={**layers("tanh", "sigmoid"), "biases": biases}, reduction="sum")
    yield network(batch=1)
    yield NETWORKS["stops"]()


@needs_torch
@pytest.mark.filterwarnings("default")
def test_pytorch_agrees() -> None:
    """For every activation, loss and optimizer, in one process."""
    for config in every_network():
        space: dict[str, Any] = {"__name__": "script"}
        exec(compile(script(config, "torch"), "script", "exec"), space)
        with np.errstate(all="ignore"):
            steps, largest = space["check"]()
        assert steps == len(list(trace(config)))
        assert largest < 1e-12


@needs_torch
def test_the_torch_script_runs_by_itself(tmp_path: Path) -> None:
    out = executed(nntrace_run("run", "article", "--to", "torch").out, folder=tmp_path)
    assert re.fullmatch(
        r"PyTorch \S+ agrees: 4 updates, no number differs by more than \d\.\de-\d+\n", out.replace("\r", "")
    )


@needs_torch
@pytest.mark.parametrize(
    ("right", "wrong", "where"),
    [
        ("dA3 = 2 * (A3 - y)", "dA3 = (A3 - y)", "dA3 in iteration 1, batch 1"),
        ("W2_new = W2 - alpha * dW2", "W2_new = W2 - 1.000001 * alpha * dW2", "W2_new in iteration 1, batch 1"),
        ("dZ1 = dA1 * A1 * (1 - A1)", "dZ1 = dA1 * A1 * (1 - A1) * (1 + 1e-6)", "dZ1 in iteration 1, batch 1"),
    ],
)
@pytest.mark.filterwarnings("default")
def test_the_torch_script_finds_what_is_wrong(right: str, wrong: str, where: str) -> None:
    text = nntrace_run("run", "article", "--to", "torch").out
    assert right in text
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(text.replace(right, wrong), "script", "exec"), space)
    with pytest.raises(AssertionError, match=where):
        space["check"]()
