"""A sweep: which runs it has, what each comes to, and that none is lost or counted twice."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from multiprocessing import resource_tracker
from pathlib import Path

import pytest
from cluster import Cluster
from msgspec.structs import replace

from nntrace import Trace, bundle, load, loading
from nntrace.config.model import Config
from nntrace.errors import NntraceError, SelectionError
from nntrace.sweeping import grid, processes
from nntrace.sweeping.outcome import Outcome, outcome

XOR = str(bundle.path("xor"))
DIVERGING = ["architecture.layers.3.activation=identity", "alpha=1e160", "iterations=50"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.1,0.5,1", ["0.1", "0.5", "1"]),
        (" 0.1 , 0.5 ", ["0.1", "0.5"]),
        ("adam,{name: momentum, beta: 0.8}", ["adam", "{name: momentum, beta: 0.8}"]),
        ("[0.1, 0.2],0.3", ["[0.1, 0.2]", "0.3"]),
        ("'a, b',c", ["'a, b'", "c"]),
        ("é,ü", ["é", "ü"]),
        ("all", ["all"]),
        ("1,", ["1"]),
    ],
)
def test_values_are_parted_at_the_commas_outside_of_brackets(text: str, values: list[str]) -> None:
    assert grid.values(text) == values


@pytest.mark.parametrize("text", ["", " ", "[1", "1]", "1],[2", "{", "a: b: c", "&a 1, *b"])
def test_what_are_no_values(text: str) -> None:
    with pytest.raises(ValueError, match=r"should be|has a bracket"):
        grid.values(text)


def points(*settings: str, seeds: Sequence[int] = (), **values: Sequence[str]) -> list[grid.Point]:
    text, file = loading.read(XOR)
    return list(grid.points(text, file, settings, values, seeds))


def test_each_value_with_each_and_each_seed_the_last_the_fastest() -> None:
    found = points(alpha=["0.1", "2"], optimizer=["adam", "momentum"], seeds=[3, 1])
    assert [(*point.values, point.seed) for point in found] == [
        ("0.1", "adam", 3), ("0.1", "adam", 1), ("0.1", "momentum", 3), ("0.1", "momentum", 1),
        ("2", "adam", 3), ("2", "adam", 1), ("2", "momentum", 3), ("2", "momentum", 1),
    ]  # fmt: skip
    for point in found:
        alpha, optimizer = point.values
        settings = [f"alpha={alpha}", f"optimizer={optimizer}", f"weights.seed={point.seed}"]
        assert point.config == load(XOR, settings)


def test_a_seed_is_put_where_something_is_drawn() -> None:
    shuffled = points("shuffle={seed: 9}", seeds=[1, 2])
    assert [point.config.shuffle.seed for point in shuffled if point.config.shuffle] == [1, 2]
    assert [point.config.drawn.seed for point in shuffled] == [1, 2]
    (given,) = points("shuffle={seed: 9}", "weights=0.5", "expect=[]", seeds=[4])
    assert given.config == load(XOR, ["shuffle={seed: 4}", "weights=0.5", "expect=[]"])


def test_where_nothing_is_drawn_seeds_are_refused() -> None:
    with pytest.raises(SelectionError, match=r"nothing is drawn with weights=0\.5"):
        points(weights=["0.5"], seeds=[1])
    with pytest.raises(SelectionError, match=r"--seeds sets `weights\.seed`, and so does --grid"):
        points(seeds=[1], **{"weights.seed": ["1", "2"]})
    with pytest.raises(SelectionError, match=r"with alpha=1 weights\.seed=5000000000:|weights\.generator"):
        points(seeds=[1, 5_000_000_000], alpha=["1"], **{"weights.generator": ["legacy"]})


def test_equal_examples_are_there_once() -> None:
    found = points(alpha=["0.1", "2"], seeds=[3, 1])
    assert len({id(point.config.x) for point in found}) == 1
    other = points(**{"data.y": ["[0, 1, 1, 0]", "[0, 1, 1, 1]"]})
    assert len({id(point.config.y) for point in other}) == 2


def test_a_config_can_be_sent() -> None:
    for name in bundle.names():
        config = load(bundle.path(name) or "")
        again = pickle.loads(pickle.dumps(config))
        assert again == config
        assert not again.x.flags.writeable


def test_a_run_comes_to_what_its_trace_ends_with() -> None:
    for settings in ([], ["batch=1", "shuffle={seed: 1}"], ["optimizer=adam"]):
        run = Trace(load(XOR, [*settings, "expect=[]"]))
        *_, last = run
        assert outcome(run.config) == Outcome(run.evaluate(last).loss)
    stopping = load(str(bundle.path("article")), [*DIVERGING, "expect=[]"])
    *_, last = Trace(stopping)
    stopped = outcome(stopping).stopped
    assert stopped is not None
    assert (stopped.iteration, stopped.batch, stopped.place, stopped.quantity) == (
        last.iteration, last.batch, last.place, last.stopped,
    )  # fmt: skip


def some(iterations: int, count: int) -> list[Config]:
    settings = [f"iterations={iterations}", "expect=[]", "batch=1"]
    return [load(XOR, [*settings, f"weights.seed={seed}"]) for seed in range(count)]


def together(found: Iterator[tuple[int, Outcome]]) -> dict[int, Outcome]:
    """By the place; each is there once."""
    pairs = list(found)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@pytest.fixture(scope="module")
def alone() -> dict[int, Outcome]:
    return together(processes.outcomes(some(2000, 12), jobs=1))


def test_processes_come_to_the_same(alone: dict[int, Outcome]) -> None:
    assert together(processes.outcomes(some(2000, 12), jobs=3)) == alone


def children(of: int) -> set[int]:
    resource_tracker.ensure_running()  # a child that Python has of itself from the first process on
    return {
        int(pid) for pid in subprocess.run(["pgrep", "-P", str(of)], capture_output=True, check=False).stdout.split()
    }


needs_signals = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up as Linux has them")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    with Cluster(tmp_path) as made:
        yield made


@needs_signals
def test_a_process_that_is_killed_loses_nothing(alone: dict[int, Outcome]) -> None:
    before = children(os.getpid())
    found = processes.outcomes(some(2000, 12), jobs=2)
    pairs = [next(found)]
    for _ in range(2):
        victims = children(os.getpid()) - before
        os.kill(max(victims), signal.SIGKILL)
        pairs.append(next(found))
    pairs += found
    assert together(iter(pairs)) == alone
    assert children(os.getpid()) - before == set()


@needs_signals
def test_a_run_that_no_process_survives_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    before = children(os.getpid())
    over = threading.Event()

    def killing() -> None:
        while not over.is_set():
            for victim in children(os.getpid()) - before:
                os.kill(victim, signal.SIGKILL)
            time.sleep(0.05)

    killer = threading.Thread(target=killing)
    killer.start()
    try:
        with pytest.raises(NntraceError, match=r"run \d+: the process that trains it dies each time"):
            list(processes.outcomes(some(400, 4), jobs=2))
    finally:
        over.set()
        killer.join()


def test_what_goes_wrong_in_a_process_is_raised_here() -> None:
    good, broken = some(10, 2)
    with pytest.raises(AttributeError, match="'str' object has no attribute"):
        list(processes.outcomes([good, replace(broken, x="nothing")], jobs=2))


@pytest.mark.filterwarnings("ignore")  # of distributed's own
def test_a_cluster_that_loses_a_worker_loses_no_run(cluster: Cluster, alone: dict[int, Outcome]) -> None:
    from nntrace.sweeping import cluster as training

    found = training.outcomes(some(2000, 12), cluster.address)
    pairs: list[tuple[int, Outcome]] = [next(found), next(found)]
    cluster.workers[0].kill()
    pairs += found
    assert together(iter(pairs)) == alone


def test_the_package_that_a_cluster_takes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from nntrace.sweeping import cluster as training

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NntraceError, match=r"a cluster takes distributed: pip install 'nntrace\[dask\]'"):
        next(training.outcomes(some(2, 2), "tcp://127.0.0.1:1"))


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    from nntrace.sweeping import cluster as training

    monkeypatch.setattr(training, "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        with pytest.raises(NntraceError, match=f"--scheduler {address}: there is no scheduler that answers"):
            next(training.outcomes(some(2, 2), address))
