"""`sweep` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster
from command import nntrace_run, process

from nntrace import Trace, bundle, load
from nntrace.render import SWEEPS

OPTIMIZERS = "optimizer=adam,{name: momentum, beta: 0.5}"
GRID = ("sweep", "xor", "--grid", "alpha=0.1,2", "--grid", OPTIMIZERS, "--seeds", "1..3")
LONG = [sys.executable, "-m", "nntrace", "sweep", "xor", "--set", "iterations=100000"]
DIVERGING = ("sweep", "d2l-gd-diverging", "--set", "expect=[]", "--set", "iterations=9", "--grid", "alpha=0.1,1e200")


def loss_of(*settings: str) -> float:
    run = Trace(load(str(bundle.path("xor")), settings))
    *_, last = run
    return run.evaluate(last).loss


def test_each_run_has_the_loss_that_the_run_ends_with() -> None:
    document = json.loads(nntrace_run(*GRID, "--to", "json", "--jobs", "1").out)
    assert document["format"] == "nntrace-sweep/1"
    assert [run["run"] for run in document["runs"]] == list(range(1, 13))
    for run in document["runs"]:
        settings = [f"{key}={json.dumps(value)}" for key, value in run["set"].items()]
        assert run["loss"] == loss_of(*settings, f"weights.seed={run['seed']}")
        assert run["diverged"] is None
    assert document["runs"][4]["set"] == {"alpha": 0.1, "optimizer": {"name": "momentum", "beta": 0.5}}


def test_the_loss_is_the_one_that_run_prints_at_its_end() -> None:
    shown = nntrace_run("run", "xor", "--set", "alpha=2", "--set", "weights.seed=3", "--last").out
    (line,) = [line for line in shown.splitlines() if line.startswith("  as it ends")]
    (run,) = json.loads(nntrace_run("sweep", "xor", "--grid", "alpha=2", "--seeds", "3", "--to", "json").out)["runs"]
    assert line.split()[-1] == f"{run['loss']:.4f}"


def test_csv_has_a_line_for_each_run_in_full() -> None:
    rows = list(csv.DictReader(io.StringIO(nntrace_run(*GRID, "--to", "csv").out)))
    document = json.loads(nntrace_run(*GRID, "--to", "json").out)
    assert [float(row["loss"]) for row in rows] == [run["loss"] for run in document["runs"]]
    assert rows[4] | {"loss": ""} == {
        "run": "5", "alpha": "0.1", "optimizer": "{name: momentum, beta: 0.5}", "seed": "2", "loss": "",
        "iteration": "", "batch": "", "quantity": "",
    }  # fmt: skip


def test_a_run_that_diverges_says_where() -> None:
    run = nntrace_run("run", *DIVERGING[1:-2], "--set", "alpha=1e200", "--to", "json")
    stopped = json.loads(run.out)["stopped"]
    ran = nntrace_run(*DIVERGING, "--to", "json")
    good, bad = json.loads(ran.out)["runs"]
    assert (good["diverged"], bad["loss"], bad["diverged"]) == (None, None, stopped)
    row = list(csv.reader(io.StringIO(nntrace_run(*DIVERGING, "--to", "csv").out)))[2]
    assert row == ["2", "1e200", "", "", str(stopped["iteration"]), str(stopped["batch"]), stopped["quantity"]]
    shown = nntrace_run(*DIVERGING)
    assert shown.status == 0
    assert f"  –  iteration {stopped['iteration']}, batch {stopped['batch']}: {stopped['quantity']}\n" in shown.out
    assert shown.out.endswith("1 of them diverged.\n")


def test_all_may_diverge() -> None:
    out = nntrace_run(*DIVERGING[:-1], "alpha=1e200,1e250").out
    assert out.endswith("Of 2 runs none ended with a loss.\n")


@pytest.mark.parametrize("columns", ["80", "100"])
def test_the_tables(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = nntrace_run(*GRID).out
    assert max(map(len, out.splitlines())) <= int(columns)
    each, over = out.partition("\nOver the seeds\n")[::2]
    assert each.splitlines()[:4] == [
        "XOR", "", "Each run", "run  alpha                    optimizer  seed  final loss",
    ]  # fmt: skip
    assert len(each.splitlines()) == 4 + 12
    assert len(over.splitlines()) >= 1 + 4 + 2


@pytest.mark.parametrize("form", SWEEPS)
def test_titles_and_values_are_harmless(form: str) -> None:
    hostile = "[bold]|<b>\u001b[31m`x`"
    ran = nntrace_run(
        "sweep",
        "xor",
        "--set",
        f"title={json.dumps(hostile)}",
        "--grid",
        f"notes={json.dumps(hostile)},b",
        "--to",
        form,
    )
    assert ran.status == 0
    assert "\x1b" not in ran.out
    if form == "markdown":
        assert "<b>" not in ran.out
        assert "&#124;" in ran.out


def test_a_stream_that_has_no_dash_gets_its_spelling() -> None:
    assert nntrace_run(*DIVERGING, encoding="ascii").out.isascii()


def test_a_config_from_a_pipe_is_read_once() -> None:
    text = nntrace_run("examples", "xor").out
    piped = nntrace_run("sweep", "-", "--seeds", "1,2", stdin=text)
    assert piped.out == nntrace_run("sweep", "xor", "--seeds", "1,2").out


def test_config_left_out_is_the_article() -> None:
    ran = nntrace_run("sweep", "--grid", "alpha=1,2")
    assert ran.out.startswith("CONFIG left out: this is the bundled `article`.\n\nOdd/even classifier\n")
    ran = nntrace_run("sweep", "--grid", "alpha=1,2", "--to", "csv")
    assert (ran.err, ran.out[:10]) == ("CONFIG left out: this is the bundled `article`.\n", "run,alpha,")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nntrace: nothing differs between the runs: say --grid alpha=0.1,0.5,1 or --seeds 1..10\n"),
        (("--grid", "alpha=1", "--grid", "alpha=2"), "nntrace: --grid alpha is there twice"),
        (("--grid", "alpha=1,x"), "nntrace: with alpha=x:\n--set alpha=x: `alpha` should be a number"),
        (("--grid", "lr=1"), "nntrace: with lr=1:\n--set lr=1: `lr`: here it is `alpha`"),
        (("--grid", "alpha=1", "--grid", "batch=2,0"), "nntrace: with alpha=1 batch=0:\n"),
        (("--grid", "weights=0.5", "--seeds", "1"), "nntrace: --seeds: nothing is drawn with weights=0.5"),
        (("--grid", "weights.seed=1,2", "--seeds", "1"), "nntrace: --seeds sets `weights.seed`, and so does --grid"),
        (("--grid", "alpha"), "'alpha' should be a key and its values, such as alpha=0.1,0.5"),
        (("--grid", "alpha="), "'alpha=' should be one value or more, separated by commas"),
        (("--seeds", "2..1"), "'2..1' ends before it begins"),
        (("--seeds", "x"), "'x' should be seeds such as 1..10, or 1,5,9"),
        (("--seeds", "1..1000000"), "is more than 100,000 runs"),
        (("--seeds", "1..60000", "--grid", "alpha=1,2"), "nntrace: these are 120,000 runs: 100,000 at most"),
        (("--seeds", "-1"), "'-1' should be seeds"),
        (("--seeds", "1", "--jobs", "0"), "Invalid value for '--jobs'"),
        (("--seeds", "1", "--to", "html"), "Invalid value for '--to'"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], said: str) -> None:
    ran = nntrace_run("sweep", "xor", *arguments, "--set", "expect=[]")
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_as_many_processes_as_wanted_come_to_the_same() -> None:
    one, three = (process(*GRID, "--to", "json", "--jobs", jobs) for jobs in "13")
    assert (one.returncode, one.stderr) == (0, b"")
    assert (three.returncode, three.stdout, three.stderr) == (0, one.stdout, b"")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up as Linux has them")
def test_an_interrupt_ends_it_and_its_processes() -> None:
    command = [*LONG, "--seeds", "1..8", "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
        while len(children.read_text().split()) < 2:
            time.sleep(0.05)
        time.sleep(0.5)
        started = children.read_text().split()
        running.send_signal(signal.SIGINT)
        out, said = running.communicate(timeout=30)
    assert (running.returncode, out, said.strip()) == (130, b"", b"")
    for _ in range(100):  # the last to go is what multiprocessing itself leaves to tidy up
        if not any(Path(f"/proc/{number}").exists() for number in started):
            return
        time.sleep(0.05)
    raise AssertionError(started)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    with Cluster(tmp_path) as made:
        yield made


def test_a_cluster_gives_the_same_table_though_a_worker_is_lost(cluster: Cluster) -> None:
    """The first table of it is made with both; before the second, and in the middle of it, one is killed."""
    command = ("sweep", "xor", "--set", "iterations=3000", "--grid", "alpha=0.1,1", "--seeds", "1..8", "--to", "csv")
    here = process(*command)
    assert here.returncode == 0
    there = [sys.executable, "-m", "nntrace", *command, "--scheduler", cluster.address]
    with subprocess.Popen(there, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        time.sleep(1.5)
        cluster.workers[1].kill()
        out, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (0, b"")
    assert out == here.stdout
