"""NPZ and CSV: every number of the trace, bit for bit, as numpy and the csv module read it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run, process
from numpy.lib.npyio import NpzFile

from nntrace import Step, bundle, load, trace

BATCHES = ("batch=3", "shuffle={seed: 4}", "iterations=3", "expect=[]")
"""For a run of four examples: the last batch of each iteration is of one, and not always the same."""
NAMES = ["article", "mazur", "unequal", "softmax-cross-entropy", "adam-by-hand", "rounded-by-hand", "hmkcode"]


def export(tmp_path: Path, suffix: str, name: str, *arguments: str, status: int = 0) -> Path:
    path = tmp_path / f"out{suffix}"
    assert nntrace_run("export", name, "-o", str(path), *arguments).status == status
    return path


def npz(path: Path) -> NpzFile:
    found = np.load(path, allow_pickle=False)
    assert isinstance(found, NpzFile)
    return found


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def steps(name: str, *settings: str) -> list[Step]:
    return list(trace(load(str(bundle.path(name)), settings)))


@pytest.mark.parametrize("name", NAMES)
def test_an_npz_has_every_quantity_stacked_over_the_steps(name: str, tmp_path: Path) -> None:
    found = npz(export(tmp_path, ".npz", name))
    run = steps(name)
    assert found.files == ["iteration", "batch", "examples", *run[0]]
    for number, step in enumerate(run):
        size = len(step.examples)
        assert (found["iteration"][number], found["batch"][number]) == (step.iteration, step.batch)
        assert found["examples"][number, :size].tolist() == list(step.examples)
        for quantity, value in step.items():
            whole = found[quantity][number]
            assert whole.ndim == np.ndim(value)
            np.testing.assert_array_equal(whole[:, : np.shape(value)[1]] if whole.ndim else whole, value)
    assert {found[each].dtype for each in ("iteration", "batch", "examples")} == {np.dtype(np.int64)}


def test_an_npz_pads_a_smaller_batch(tmp_path: Path) -> None:
    settings = [part for setting in BATCHES for part in ("--set", setting)]
    found = npz(export(tmp_path, ".npz", "minibatch-linear", *settings))
    run = steps("minibatch-linear", *BATCHES)
    assert found["examples"].shape == (6, 3)
    assert found["batch"].tolist() == [1, 2] * 3
    assert len({tuple(row) for row in found["examples"].tolist()}) > 2
    for number, step in enumerate(run):
        size = len(step.examples)
        assert size == (3, 1)[number % 2]
        assert found["examples"][number].tolist() == [*step.examples, *[0] * (3 - size)]
        np.testing.assert_array_equal(found["Z1"][number, :, :size], step["Z1"])
        assert np.isnan(found["Z1"][number, :, size:]).all()
        np.testing.assert_array_equal(found["W1"][number], step["W1"])
        assert found["m"][number] == size


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
@pytest.mark.parametrize(
    ("name", "settings"), [("minibatch-linear", BATCHES), ("article", ("alpha=1e200",)), ("mazur", ())]
)
def test_check_finds_what_was_exported_right(suffix: str, name: str, settings: tuple[str, ...], tmp_path: Path) -> None:
    options = [part for setting in settings for part in ("--set", setting)]
    path = export(tmp_path, suffix, name, *options)
    ran = nntrace_run("check", name, str(path), *options)
    assert ran.status == 0
    assert "numbers are right" in ran.out


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_check_finds_a_changed_number(suffix: str, tmp_path: Path) -> None:
    path = export(tmp_path, suffix, "mazur")
    if suffix == ".npz":
        arrays = dict(npz(path))
        arrays["dW2"][1, 1, 0] += 1e-6
        np.savez(path, **arrays)
    else:
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("1,1,dW2,2,1,-", "1,1,dW2,2,1,"), encoding="utf-8")
    ran = nntrace_run("check", "mazur", str(path))
    assert ran.status == 1
    assert "dW2" in ran.out


def test_a_run_that_stops_is_all_there_up_to_it(tmp_path: Path) -> None:
    """x² + w with a step size that throws the weights beyond float64; what is not finite stays as it is."""
    settings = ("alpha=1e200", "expect=[]")
    run = steps("minibatch-linear", *settings)
    assert run[-1].stopped
    options = [part for setting in settings for part in ("--set", setting)]
    found = npz(export(tmp_path, ".npz", "minibatch-linear", *options, status=1))
    assert found["stopped"].item() == run[-1].stopped
    assert len(found["iteration"]) == len(run)
    for name in run[-1]:
        np.testing.assert_array_equal(found[name][-1], run[-1][name])
    written = lines(export(tmp_path, ".csv", "minibatch-linear", *options, status=1))
    assert {"nan", "inf"} & {line["value"] for line in written}
    last = [float(line["value"]) for line in written if line["quantity"] == run[-1].stopped][-1]
    assert not np.isfinite(last)


@pytest.mark.parametrize("name", NAMES)
def test_a_csv_has_a_line_for_each_number(name: str, tmp_path: Path) -> None:
    found = iter(lines(export(tmp_path, ".csv", name)))
    for step in steps(name):
        for quantity in step:
            value = step[quantity]
            for place, entry in np.ndenumerate(value):
                row, column = (str(index + 1) for index in place) if place else ("", "")
                line = next(found)
                assert line == {
                    "iteration": str(step.iteration),
                    "batch": str(step.batch),
                    "quantity": quantity,
                    "row": row,
                    "column": column,
                    "value": line["value"],
                }
                assert float(line["value"]) == entry
    assert next(found, None) is None


def test_a_csv_has_newlines_alone(tmp_path: Path) -> None:
    raw = export(tmp_path, ".csv", "article").read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--only", "loss"), ["loss"]),
        (("--only", "dW", "--layer", "2"), ["dW2"]),
        (("--only", "b,y"), ["y", "b1", "b2", "b3"]),
    ],
)
def test_only_what_is_chosen(arguments: tuple[str, ...], names: list[str], tmp_path: Path) -> None:
    path = export(tmp_path, ".csv", "unequal", *arguments)
    assert list(dict.fromkeys(line["quantity"] for line in lines(path))) == names
    found = npz(export(tmp_path, ".npz", "unequal", *arguments))
    assert found.files == ["iteration", "batch", "examples", *names]


def test_chosen_steps(tmp_path: Path) -> None:
    arguments = ("--iteration", "2", "--example", "2", "--only", "loss")
    found = npz(export(tmp_path, ".npz", "article", *arguments))
    step = trace(load(str(bundle.path("article")))).step(2, 2)
    assert {name: found[name].tolist() for name in found.files} == {
        "iteration": [2],
        "batch": [2],
        "examples": [[2]],
        "loss": [step["loss"]],
    }


def test_the_last_batch_alone_is_as_wide_as_a_whole_one() -> None:
    ran = process("step", "minibatch-linear", "--set", "batch=3", "--set", "expect=[]", "--batch", "2", "--to", "npz")
    found: Any = np.load(io.BytesIO(ran.stdout))
    assert found["Z1"].shape == (1, 1, 3)
    assert found["examples"].tolist() == [[4, 0, 0]]


def test_a_prediction_is_no_update() -> None:
    found: Any = np.load(io.BytesIO(process("predict", "--x", "4", "--x", "5", "--to", "npz").stdout))
    out = nntrace_run("predict", "--x", "4", "--x", "5", "--to", "csv").out
    assert {"iteration", "batch"} & set(found.files) == set()
    assert found["examples"].tolist() == [[1, 2]]
    assert found["A3"].shape == (1, 1, 2)
    value = float(found["A3"][0, 0, 1])
    assert out.splitlines()[-1] == f",,A3,1,2,{value!r}"
    assert found["A0"].tolist() == [[[4.0, 5.0]]]


def test_an_npz_is_nothing_for_a_terminal() -> None:
    ran = nntrace_run("run", "article", "--to", "npz", terminal=True)
    assert ran.status == 2
    assert ran.err == "nntrace: --to npz is nothing for a terminal: nntrace export --to npz -o FILE\n"


def test_the_same_run_is_the_same_file(tmp_path: Path) -> None:
    first = export(tmp_path, ".npz", "article").read_bytes()
    assert export(tmp_path, ".npz", "article").read_bytes() == first
