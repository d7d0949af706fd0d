"""`run`, `step` and `export` as a user meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest
from command import nntrace_run, process

from nntrace import Step, load, trace
from nntrace.render import FORMS


def test_run_without_config_takes_the_article_and_says_so() -> None:
    ran = nntrace_run("run")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "CONFIG left out: this is the bundled `article`."
    assert ran.out.count("━━ Iteration ") == 4
    assert "Predictions after training".upper() in ran.out


def test_other_forms_say_on_stderr_that_config_was_left_out() -> None:
    ran = nntrace_run("run", "--to", "json")
    assert ran.err == "CONFIG left out: this is the bundled `article`.\n"
    assert json.loads(ran.out)["format"] == "nntrace/1"


def test_step_shows_one_step() -> None:
    ran = nntrace_run("step", "--iteration", "1", "--example", "2")
    assert "━━ Iteration 1 · example 2 " in ran.out
    assert ran.out.count("━━ Iteration ") == 1
    assert "PREDICTIONS" not in ran.out


@pytest.mark.parametrize(
    ("chosen", "steps"),
    [
        ((), [(1, 1), (1, 2), (2, 1), (2, 2)]),
        (("--iteration", "2"), [(2, 1), (2, 2)]),
        (("--iteration", "1..2", "--example", "2"), [(1, 2), (2, 2)]),
        (("--batch", "1"), [(1, 1), (2, 1)]),
    ],
)
def test_run_narrows_to_steps(chosen: tuple[str, ...], steps: list[tuple[int, int]]) -> None:
    out = json.loads(nntrace_run("run", "article", "--to", "json", *chosen).out)
    assert [(step["iteration"], step["batch"]) for step in out["steps"]] == steps


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (("--only", "loss"), ["loss"]),
        (("--only", "dZ"), ["dZ3", "dZ2", "dZ1"]),
        (("--only", "dW2,b"), ["b1", "b2", "b3", "dW2"]),
        (("--only", "W_new", "--layer", "2"), ["W2_new"]),
        (("--layer", "3"), ["W3", "b3", "Z3", "A3", "dA3", "dZ3", "dW3", "db3", "W3_new", "b3_new"]),
        (("--only", "W", "--only", "y"), ["y", "W1", "W2", "W3"]),
    ],
)
def test_only_and_layer_narrow_to_quantities(chosen: tuple[str, ...], names: list[str]) -> None:
    out = json.loads(nntrace_run("step", "article", "--to", "json", *chosen).out)
    assert list(out["steps"][0]["values"]) == names


def test_json_holds_every_number_in_full() -> None:
    """A trace read back is the trace, bit for bit."""
    out = msgspec.json.decode(nntrace_run("run", "mazur", "--to", "json").out)
    assert list(out) == ["format", "title", "config", "steps"]
    for read, step in zip(out["steps"], trace(load(out["config"])), strict=True):
        assert read["examples"] == list(step.examples)
        assert list(read["values"]) == list(step)
        for name, value in read["values"].items():
            np.testing.assert_array_equal(np.array(value), step[name], strict=False)


def test_jsonl_is_a_line_without_steps_then_a_line_for_each() -> None:
    whole = json.loads(nntrace_run("run", "article", "--to", "json").out)
    head, *steps = [json.loads(line) for line in nntrace_run("run", "article", "--to", "jsonl").out.splitlines()]
    assert steps == whole.pop("steps")
    assert head == whole


def test_markdown_holds_every_quantity() -> None:
    out = nntrace_run("run", "article", "--to", "markdown").out
    for name in trace(load(nntrace_file("article"))).equations.by_name:
        assert f"`{name}`" in out or f"`{name} = " in out, name
    for heading in (
        "## Iteration 2 · example 1",
        "### Backward",
        "#### Layer 2 · 3 nodes · sigmoid",
        "## After training",
    ):
        assert f"\n{heading}\n" in out


def nntrace_file(name: str) -> str:
    from nntrace import bundle

    return str(bundle.path(name))


def test_work_puts_the_operands_in() -> None:
    out = nntrace_run("step", "article", "--only", "Z2", "--detail", "work").out
    assert "= ⎢0.5000  0.5000  0.5000  0.5000⎥·⎢0.8176⎥ + ⎢0.5000⎥ = ⎢2.1351⎥" in out
    assert "Z2[1,1]" not in out


def test_entries_write_out_the_arithmetic() -> None:
    out = nntrace_run("step", "article", "--only", "dA1", "--detail", "entries").out
    # By hand: W2ᵀ·dZ2 with W2 all 0.5 and dZ2 = −0.001529 in three nodes; of −0.00153 it would be −0.002295.
    assert "dA1[4,1] = 0.5000·(-0.001529) + 0.5000·(-0.001529) + 0.5000·(-0.001529) = -0.00229" in out


def test_set_overrides_a_key() -> None:
    ran = nntrace_run("step", "--set", "alpha=0.5", "--set", "architecture.layers.1.activation=tanh", "--only", "alpha")
    assert "alpha = 0.5" in ran.out
    assert "tanh, sigmoid, sigmoid" in ran.out


def test_config_from_standard_input() -> None:
    text = nntrace_run("examples", "article").out
    assert nntrace_run("run", "-", stdin=text).out == nntrace_run("run", "article").out


def test_standard_input_that_is_a_terminal_is_refused() -> None:
    ran = nntrace_run("run", "-", terminal=True)
    assert ran.status == 2
    assert ran.err.startswith("-: standard input is the terminal: there is nothing to read\nPipe a config in")


def test_diverging_run_keeps_what_came_before_and_has_status_1(tmp_path: Path) -> None:
    settings = ("--set", "alpha=1e200", "--set", "architecture.layers.3.activation=identity", "--set", "iterations=9")
    ran = nntrace_run("run", "article", *settings)
    assert ran.status == 1
    assert "The trace stops here: in iteration" in ran.out
    assert "is the first quantity that is not finite" in ran.out
    out = json.loads(nntrace_run("run", "article", "--to", "json", *settings).out)
    assert set(out["stopped"]) == {"iteration", "batch", "quantity"}
    assert None in np.ravel(out["steps"][-1]["values"][out["stopped"]["quantity"]]).tolist()
    path = tmp_path / "trace.jsonl"
    exported = nntrace_run("export", "article", "-o", str(path), *settings)
    assert exported.status == 1
    assert exported.err.startswith("The trace stops here: in iteration")  # 1 alone would look like a failed export
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1]) == {"stopped": out["stopped"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("step", "--iteration", "9"), "nntrace: there is no iteration 9: there are 1 to 2\n"),
        (("step", "--example", "0"), "nntrace: there is no example 0: there are 1 to 2\n"),
        (("step", "--batch", "3"), "nntrace: there is no batch 3: there are 1 to 2\n"),
        (("step", "--layer", "4"), "nntrace: there is no layer 4: there are 1 to 3\n"),
        (("step", "--example", "1", "--batch", "1"), "nntrace: say the example or the batch, not both\n"),
        (("run", "--iteration", "2..3"), "nntrace: there is no iteration 3: there are 1 to 2\n"),
    ],
)
def test_what_is_not_there_is_said_with_what_there_is(arguments: tuple[str, ...], message: str) -> None:
    ran = nntrace_run(*arguments)
    assert (ran.status, ran.err, ran.out) == (2, message, "")


def test_unknown_quantity_gets_the_nearest() -> None:
    ran = nntrace_run("step", "--only", "dw2")
    assert ran.status == 2
    assert ran.err.startswith("nntrace: there is no quantity `dw2`\nDid you mean `dW2`? There are `A0`, `y`, ")


@pytest.mark.parametrize("suffix", [".md", ".json", ".jsonl", ".txt"])
def test_export_takes_the_form_from_the_suffix(tmp_path: Path, suffix: str) -> None:
    form = {".md": "markdown", ".json": "json", ".jsonl": "jsonl", ".txt": "terminal"}[suffix]
    path = tmp_path / f"trace{suffix}"
    ran = nntrace_run("export", "mazur", "-o", str(path))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert path.read_bytes().decode() == nntrace_run("run", "mazur", "--to", form).out
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_export_to_overrides_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "trace.txt"
    nntrace_run("export", "mazur", "-o", str(path), "--to", "json")
    assert json.loads(path.read_text(encoding="utf-8"))["format"] == "nntrace/1"


def test_export_without_a_known_suffix_says_which_there_are(tmp_path: Path) -> None:
    ran = nntrace_run("export", "-o", str(tmp_path / "trace.doc"))
    assert ran.status == 2
    assert "'.doc' does not say a form: use one of .txt, .md, .markdown, .json" in ran.err


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if not form.program])
def test_an_export_that_is_broken_off_leaves_what_was_there(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace"
    path.write_text("precious", encoding="utf-8")

    def interrupted(steps: Iterable[Step], *_: object, **__: object) -> Iterator[Step]:
        yield from islice(steps, 2)
        raise KeyboardInterrupt

    monkeypatch.setattr("nntrace.cli.output.progress", interrupted)
    assert nntrace_run("export", "article", "-o", str(path), "--to", form).status == 130
    assert path.read_text(encoding="utf-8") == "precious"
    assert list(tmp_path.iterdir()) == [path]


def test_export_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    ran = nntrace_run("export", "-o", str(tmp_path / "no" / "trace.md"))
    assert ran.status == 2
    assert "trace.md: it cannot be written: No such file or directory" in ran.err


def test_a_closed_pipe_is_quiet() -> None:
    command = [sys.executable, "-m", "nntrace", "run", "article", "--set", "iterations=100000", "--to", "jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(timeout=30) == 0
        assert running.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "nntrace", "run", "article"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert ran.returncode == 2
    assert ran.stderr == b"nntrace: standard output: it cannot be written: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
def test_an_interrupted_export_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    command = [sys.executable, "-m", "nntrace", "export", "article", "--set", "iterations=1000000", "-o", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        while not list(tmp_path.iterdir()):  # until it writes
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_python_dash_m_works_without_a_terminal() -> None:
    ran = process("step", "article", "--only", "loss")
    assert ran.returncode == 0
    assert "loss = (y − A3)² = 0.0187" in ran.stdout.decode()
    assert b"\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--only", ""), "it is empty: name a quantity"),
        (("run", "--only", "dW2[1,3]"), "it takes whole quantities, such as dW2"),
        (("run", "--only", "dW,Z3", "--layer", "1"), "there is no `Z3` in layer 1"),
        (("export", "-o", "-", "--to", "json"), "-o takes a file; for standard output: nntrace run --to FORM"),
    ],
)
def test_a_selection_or_a_target_that_cannot_be_meant_is_refused(arguments: tuple[str, ...], said: str) -> None:
    ran = nntrace_run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_trace_says_that_it_takes_what_load_returns() -> None:
    with pytest.raises(TypeError, match=r"trace\(load\(...\)\)"):
        trace({"alpha": 1})  # type: ignore[arg-type]
