"""`--every` and `--last`: some of the steps, in each form, without recording what lies between."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest
from command import nntrace_run

from nntrace import bundle, load
from nntrace.errors import SelectionError
from nntrace.selecting import Chosen, examples_of

Place = tuple[int, int]


def shown(*arguments: str) -> list[Place]:
    out = nntrace_run("run", *arguments, "--to", "json").out
    return [(step["iteration"], step["batch"]) for step in json.loads(out)["steps"]]


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        (("--every", "3"), [(2, 1)]),
        (("--every", "2"), [(1, 2), (2, 2)]),
        (("--last",), [(2, 2)]),
        (("--every", "3", "--last"), [(2, 1), (2, 2)]),
        (("--every", "2", "--last"), [(1, 2), (2, 2)]),  # the last is not shown twice
        (("--every", "9", "--last"), [(2, 2)]),
        (("--iteration", "1", "--last"), [(1, 2)]),
        (("--example", "1", "--last"), [(2, 1)]),
        (("--batch", "2", "--every", "2"), [(2, 2)]),
    ],
)
def test_every_and_last(arguments: tuple[str, ...], steps: list[Place]) -> None:
    assert shown("article", *arguments) == steps


@pytest.mark.parametrize("settings", [[], ["shuffle={seed: 2}"], ["batch=1"], ["batch=all"]])
def test_the_spans_are_the_steps_one_by_one(settings: list[str]) -> None:
    """Against the definition, read from the left: all, narrowed, every n-th of these, and the last."""
    config = load(str(bundle.path("unequal")), ["iterations=6", "expect=[]", *settings])
    places = [(i, k) for i in range(1, 7) for k in range(1, config.batches + 1)]
    of = {place: {number + 1 for number in examples_of(config, *place)} for place in places}
    which = [{}, {"batch": config.batches}, {"example": 3}]
    for (first, last), narrowed, every, final in product(
        [(1, 6), (2, 5), (4, 4)], which, [None, 1, 2, 3, 50], [False, True]
    ):
        chosen = Chosen(first, last, **narrowed, every=every, final=final)
        named = [
            p for p in places if first <= p[0] <= last
            and chosen.batch in (None, p[1]) and (chosen.example is None or chosen.example in of[p])
        ]  # fmt: skip
        expected = [p for n, p in enumerate(named, 1) if (every and n % every == 0) or (final and n == len(named))]
        expected = expected if every or final else named
        numbers = [number for span in chosen.spans(config) for number in span]
        assert [places[number] for number in numbers] == expected
        assert chosen.count(config) == len(expected)
        if not expected:
            with pytest.raises(SelectionError, match=rf"--every {every}: there are {len(named)} steps"):
                chosen.check(config)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "markdown", "terminal"])
def test_the_steps_are_those_of_the_whole_run(form: str) -> None:
    """Line by line: what is shown of a step does not depend on the others."""
    whole = nntrace_run("run", "unequal", "--set", "iterations=20", "--set", "expect=[]", "--to", form).out
    some = nntrace_run("run", "unequal", "--set", "iterations=20", "--set", "expect=[]", "--to", form, "--every", "7")
    lines = whole.replace(",\n", "\n").splitlines()
    places = [lines.index(line) for line in some.out.replace(",\n", "\n").splitlines() if line]
    assert places[0] == 0
    assert len(set(places)) > 5


def test_a_run_that_is_thinned_ends_with_the_same_tables() -> None:
    whole, some = (nntrace_run("run", "xor", *arguments).out for arguments in ((), ("--every", "70")))
    assert some.count("━━ Iteration ") == 2
    assert some.partition("━━ After training")[2] == whole.partition("━━ After training")[2] != ""


def test_a_run_that_stops_shows_the_step_that_it_stops_at() -> None:
    stops = ("d2l-gd-diverging", "--set", "alpha=1e200", "--set", "iterations=9", "--set", "expect=[]")
    whole = nntrace_run("run", *stops, "--to", "jsonl")
    some = nntrace_run("run", *stops, "--to", "jsonl", "--last")
    assert some.status == whole.status == 1
    assert some.out.splitlines() == [whole.out.splitlines()[0], *whole.out.splitlines()[-2:]]


def test_weights_are_those_after_the_last_of_the_steps(tmp_path: Path) -> None:
    for name, arguments in {"a": (), "b": ("--last",), "c": ("--every", "70", "--last")}.items():
        assert nntrace_run("export", "xor", "--to", "weights", "-o", str(tmp_path / name), *arguments).status == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


@pytest.mark.parametrize("every", ["0", "-1", "x"])
def test_every_is_a_count(every: str) -> None:
    ran = nntrace_run("run", "article", "--every", every)
    assert (ran.status, ran.out) == (2, "")
    assert "--every" in ran.err


def test_every_beyond_the_run_is_said() -> None:
    ran = nntrace_run("run", "article", "--every", "5")
    assert (ran.status, ran.err) == (2, "nntrace: --every 5: there are 4 steps, so that it shows none of them\n")
