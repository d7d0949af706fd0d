"""What people have: every kind of source, and which update its numbers belong to."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nntrace import bundle, load, trace
from nntrace.answers import Sheet, read
from nntrace.tracing import Trace

Read = Callable[..., Sheet]
Write = Callable[..., str]

# By hand: Z1 of the article's first example is 0.5·2 + 0.5 = 1.5 in each of its four nodes; the rest is as read.
Z1 = [[1.5], [1.5], [1.5], [1.5]]


def plain(sheet: Sheet) -> dict[tuple[int, int], dict[str, Any]]:
    return {
        update: {name: given.values.tolist() for name, given in step.items()} for update, step in sheet.steps.items()
    }


STEP = '{"iteration": 2, "example": 1, "Z1": [[1.5], [1.5], [1.5], [1.5]], "loss": 0.25}'
VALUES = '{"iteration": 2, "batch": 1, "examples": [1], "values": {"Z1": [[1.5], [1.5], [1.5], [1.5]], "loss": 0.25}}'


@pytest.mark.parametrize("step", [STEP, VALUES])
@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("a.json", "{}"),
        ("a.json", "[{}]"),
        ("a.json", '{{"format": "nntrace/1", "title": "", "config": {{"alpha": 1}}, "steps": [{}]}}'),
        ("a.jsonl", '{{"format": "nntrace/1", "config": {{}}}}\n{}\n'),
        ("a.jsonl", "{}\n"),
        ("a.ndjson", '{{"config": {{}}}}\n\n{}\n{{"stopped": {{"quantity": "loss"}}}}'),
        ("a.json", '{{"config": {{}}}}\n{}'),
        ("a.yaml", "- {}"),
        ("a.yml", "title: mine\nexpect:\n  - {}"),
        ("a", "{}"),
        ("a.txt", "expect: [{}]"),
    ],
)
def test_a_step_in_every_form_of_text(reading: Read, name: str, around: str, step: str) -> None:
    sheet = reading(name, around.format(step))
    assert sheet.name == name
    assert plain(sheet) == {(2, 1): {"Z1": Z1, "loss": [[0.25]]}}
    assert sheet.examples == ({(2, 1): (1,)} if step is VALUES else {})
    assert (sheet.misfits, sheet.not_compared, sheet.remarks, sheet.ambiguous) == ((), {}, (), {})


def test_a_bare_mapping_is_the_first_step(reading: Read) -> None:
    assert plain(reading("a.json", json.dumps({"Z1": Z1, "dA3": -0.27}))) == {(1, 1): {"Z1": Z1, "dA3": [[-0.27]]}}
    assert plain(reading("a.yaml", "Z1: [1.5, 1.5, 1.5, 1.5]")) == {(1, 1): {"Z1": Z1}}


@pytest.mark.parametrize(
    ("which", "update"),
    [
        ('"example": 2', (1, 2)),
        ('"iteration": 2, "example": 2', (2, 2)),
        ('"iteration": 2, "batch": 2', (2, 2)),
        ('"iteration": 2.0, "examples": [2]', (2, 2)),
        ('"example": 1', (1, 1)),
    ],
)
def test_a_step_says_which_update_it_is(reading: Read, which: str, update: tuple[int, int]) -> None:
    assert list(reading("a.json", f'{{{which}, "loss": 0.1}}').steps) == [update]


def test_the_example_of_a_shuffled_run_is_found_in_its_batch() -> None:
    """The order of iteration 1 under seed 3 is read off the trace."""
    run = trace(load(str(bundle.path("article")), ["shuffle={seed: 3}", "iterations=9"]))
    orders = {step.iteration: step.examples[0] for step in run if step.batch == 1}
    assert set(orders.values()) == {1, 2}
    for iteration, first in orders.items():
        assert list(read({"iteration": iteration, "example": first, "loss": 0.1}, run).steps) == [(iteration, 1)]


def test_where_an_iteration_has_one_update_the_iteration_is_enough() -> None:
    run = trace(load(str(bundle.path("article")), ["batch=all", "expect=[]"]))
    assert list(read([{"iteration": 2, "loss": 0.1}, {"iteration": 1, "loss": 0.2}], run).steps) == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '[{"loss": 0.1}, {"loss": 0.2}, {"loss": 0.3}]'),
        ("a.json", '{"steps": [{"loss": 0.1}, {"loss": 0.2}, {"loss": 0.3}]}'),
        ("a.jsonl", '{"format": "nntrace/1"}\n{"loss": 0.1}\n{"loss": 0.2}\n{"loss": 0.3}\n'),
    ],
)
def test_steps_of_which_none_says_which_update_it_is_are_in_order(reading: Read, name: str, text: str) -> None:
    assert plain(reading(name, text)) == {
        (1, 1): {"loss": [[0.1]]},
        (1, 2): {"loss": [[0.2]]},
        (2, 1): {"loss": [[0.3]]},
    }


def test_that_steps_are_taken_in_order_is_said(article: Trace) -> None:
    steps = [{"loss": 0.1}, {"loss": 0.2}]
    assert read(steps, article).remarks == ("No step says which update it is: they are read in order, from the first.",)
    assert read(steps[:1], article).remarks == ()


def test_entries_as_in_expect_are_gathered_into_their_quantity(reading: Read) -> None:
    sheet = reading(
        "a.yaml",
        "source: a book\n"
        "expect:\n"
        '  - {iteration: 1, example: 2, "W3[1,2]": 0.4936, A3: 0.9968, tolerance: 0.0001}\n'
        '  - {iteration: 1, example: 2, "W3[1,3]": 0.49}\n',
    )
    given = sheet.steps[1, 2]["W3"]
    np.testing.assert_array_equal(given.known, [[False, True, True]])
    np.testing.assert_array_equal(given.values, [[np.nan, 0.4936, 0.49]])
    np.testing.assert_array_equal(given.allowed, [[0, 0.0001, 0.005]])
    assert sheet.steps[1, 2]["A3"].allowed.tolist() == [[0.0001]]
    assert (given.place, given.numbers, sheet.numbers) == ("a.yaml:3: W3[1,2]", 2, 3)


def test_a_config_as_answers_is_its_expect(article: Trace) -> None:
    path = str(bundle.path("article"))
    assert plain(read(path, article)) == {
        (1, 1): {"A3": [[0.8631]]},
        (1, 2): {"A3": [[0.8776]]},
        (2, 1): {"A3": [[0.7861]]},
        (2, 2): {"A3": [[0.8265]]},
    }


def test_null_and_what_python_writes_are_numbers_that_are_not_finite(reading: Read) -> None:
    given = reading("a.json", '{"loss": null, "Z3": NaN, "A2": [[Infinity], [-Infinity], [0.5]]}').steps[1, 1]
    assert all(each.known.all() for each in given.values())
    assert np.isnan(given["loss"].values).all()
    assert np.isnan(given["Z3"].values).all()
    np.testing.assert_array_equal(given["A2"].values, [[np.inf], [-np.inf], [0.5]])
    np.testing.assert_array_equal(given["A2"].allowed, [[0], [0], [0.05]])


def test_an_npz_is_the_first_step_and_says_others_before_a_slash(article: Trace, written: Write) -> None:
    np.savez(
        "a.npz",
        **{"Z1": np.array(Z1), "2/2/loss": 0.5, "iteration-2-example-1/loss": 0.25, "example 2/loss": np.array([0.75])},
    )
    assert plain(read("a.npz", article)) == {
        (1, 1): {"Z1": Z1},
        (1, 2): {"loss": [[0.75]]},
        (2, 1): {"loss": [[0.25]]},
        (2, 2): {"loss": [[0.5]]},
    }
    os.rename("a.npz", "renamed")
    assert read("renamed", article).steps[1, 1]["Z1"].place == "renamed: Z1"


def test_a_folder_holds_a_file_for_each_quantity_and_folders_for_later_steps(article: Trace, written: Write) -> None:
    written("mine/b1.csv", "bias\n0.50\n0.50\n0.50\n0.50\n")
    written("mine/W3.csv", "# saved by hand\n0.1, 0.2, 0.3\n\n")
    written("mine/W1.txt", "1e0\n2\n3\n4\n")
    written("mine/README.md", "what this is")
    written("mine/.DS_Store", b"\0")
    np.save("mine/Z1.npy", np.array(Z1))
    written("mine/iteration_2/example_2/loss.csv", "0.0457\n")
    written("mine/iteration-2-batch-1/dA3.csv", ",0\n0,-0.25\n")  # as pandas writes a DataFrame
    sheet = read(Path("mine"), article)
    assert sheet.name == "mine"
    assert plain(sheet) == {
        (1, 1): {"W1": [[1.0], [2.0], [3.0], [4.0]], "b1": [[0.5]] * 4, "W3": [[0.1, 0.2, 0.3]], "Z1": Z1},
        (2, 1): {"dA3": [[-0.25]]},
        (2, 2): {"loss": [[0.0457]]},
    }
    assert sheet.steps[1, 1]["b1"].place == "mine/b1.csv"
    np.testing.assert_allclose(sheet.steps[1, 1]["b1"].allowed, 0.005)


def test_a_tidy_csv_may_have_some_of_the_numbers(reading: Read) -> None:
    """As R writes it: words in quotes, a column of row names, in any order."""
    sheet = reading(
        "a.csv",
        '"","quantity","value","row","column","iteration","example"\n'
        '"1","loss",0.25,"","",2,1\n"2","W3",0.5,1,3,1,2\n"3","W3",+0.125,1,1,1,2\n'
        '"4","Z1",1.5,1,1,1,2\n"5","b1",Inf,2,1,1,1\n"6","b1",NaN,1,1,1,1\n',
    )
    assert plain(sheet)[2, 1] == {"loss": [[0.25]]}
    np.testing.assert_array_equal(sheet.steps[1, 2]["W3"].values, [[0.125, np.nan, 0.5]])
    np.testing.assert_array_equal(sheet.steps[1, 2]["W3"].known, [[True, False, True]])
    np.testing.assert_array_equal(sheet.steps[1, 2]["Z1"].known, [[True], [False], [False], [False]])
    assert sheet.steps[1, 2]["W3"].place == "a.csv:3: W3[1,3]"
    assert [(each.name, each.theirs, each.ours) for each in sheet.misfits] == [("b1", (2, 1), (4, 1))]


def test_a_tidy_csv_is_known_by_its_first_line(article: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "iteration,batch,quantity,row,column,value\n1,2,loss,,,0.25\n"
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))
    assert plain(read("-", article)) == {(1, 2): {"loss": [[0.25]]}}


def test_arrays_stacked_over_steps_need_not_say_the_batch_where_there_is_one(written: Write) -> None:
    run = trace(load(str(bundle.path("article")), ["batch=all", "expect=[]"]))
    np.savez("a.npz", iteration=[2, 1], loss=np.array([0.25, 0.5]), stopped="loss")
    assert plain(read("a.npz", run)) == {(1, 1): {"loss": [[0.5]]}, (2, 1): {"loss": [[0.25]]}}


@pytest.mark.parametrize("text", ["1;2;3", "1\t2\t3", "1 2  3", "1,2,3", '"1","2","3"', "\ufeff1,2,3\r\n", "+1,2.,3e0"])
def test_the_numbers_of_a_csv_are_separated_by_any_sign(reading: Read, text: str) -> None:
    assert plain(reading("W3.csv", text)) == {(1, 1): {"W3": [[1.0, 2.0, 3.0]]}}


def test_one_file_of_one_array_is_named_by_its_quantity(article: Trace, reading: Read) -> None:
    assert plain(reading("loss.csv", "0.25\n")) == {(1, 1): {"loss": [[0.25]]}}
    np.save("Z1.npy", np.array(Z1))
    assert plain(read("Z1.npy", article)) == {(1, 1): {"Z1": Z1}}


def test_standard_input_is_looked_at(article: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in (
        '{"loss": 0.25}',
        "loss: 0.25",
        '{loss: 0.25, "A3": 1}',
        '{"a": 1}\n{"loss": 0.25}'.replace('"a": 1', ""),
    ):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(text.encode())))
        sheet = read("-", article)
        assert (sheet.name, sheet.steps[1, 1]["loss"].values.tolist()) == ("-", [[0.25]])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_is_read_once(article: Trace, written: Write, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=('{"loss": 0.25}',))
    writer.start()
    assert plain(read(path, article)) == {(1, 1): {"loss": [[0.25]]}}
    writer.join()


class Tensor:
    """As PyTorch's: it must be detached, and then says that it can be an array."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def detach(self) -> Tensor:
        return Detached(self.array)

    def cpu(self) -> Tensor:
        return self

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class Detached(Tensor):
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.array)


@pytest.mark.parametrize(
    "z",
    [
        Z1,
        tuple(map(tuple, Z1)),
        np.array(Z1),
        np.array(Z1, dtype=np.float32),
        np.array(Z1, dtype=object),
        Tensor(np.array(Z1)),
        [np.array([1.5])] * 4,
        [Tensor(np.array([1.5]))] * 4,
        [Tensor(np.array(1.5))] * 4,
        list(np.full(4, 1.5)),
        ["1.5", 1.5, np.float64(1.5), np.float32(1.5)],
        np.array([["1.5"]] * 4),
    ],
)
def test_a_mapping_from_python_holds_lists_arrays_or_tensors(article: Trace, z: Any) -> None:
    sheet = read({"Z1": z, "loss": Tensor(np.float32(0.25))}, article)
    assert sheet.name == "answers"
    assert plain(sheet) == {(1, 1): {"Z1": Z1, "loss": [[0.25]]}}


def test_steps_of_a_trace_are_answers(article: Trace) -> None:
    steps = list(article)
    assert list(read(steps, article).steps) == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert read(steps[2], article).examples == {(2, 1): (1,)}


def test_what_is_no_source_is_a_type_error(article: Trace) -> None:
    with pytest.raises(TypeError, match="answers are a file, a mapping of quantities or a list of steps, not a float"):
        read(3.5, article)  # type: ignore[arg-type]


def test_names_that_only_the_language_knows_are_counted(article: Trace) -> None:
    answers = {
        "dA0": [[0.1]],
        "vW1": [[0.0]] * 4,
        "mW3_hat": [0, 0, 0],
        "beta1": 0.9,
        "W3[1,1]": 0.5,
        "sb2_new[1,1]": 1,
    }
    sheet = read([answers, {"vW1": [0, 0, 0, 0]}], article)
    assert sheet.not_compared == {"dA0": 1, "vW1": 8, "mW3_hat": 3, "beta1": 1, "sb2_new": 1}
    assert list(sheet.steps[1, 1]) == ["W3"]


def test_further_quantities_are_read_as_those_of_the_list(article: Trace) -> None:
    a0 = article.equations.by_name["A0"]
    sheet = read({"dA0": 0.25}, article, {"dA0": a0.variant(prefix="d")})
    assert plain(sheet) == {(1, 1): {"dA0": [[0.25]]}}
    sheet = read({"dA0[1,1]": 0.25}, article, {"dA0": a0.variant(prefix="d")})
    assert plain(sheet) == {(1, 1): {"dA0": [[0.25]]}}


@pytest.mark.parametrize("name", bundle.sheet_names())
def test_the_bundled_sheets_are_found_by_their_names(name: str) -> None:
    run = trace(load(str(bundle.path("mazur")), ["iterations=10001", "expect=[]"]))
    sheet = read(name, run)
    assert sheet.name == name
    assert sheet.numbers


def test_mazurs_last_figures_are_those_of_the_page() -> None:
    """https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/"""
    run = trace(load(str(bundle.path("mazur")), ["iterations=10001", "expect=[]"]))
    assert plain(read("mazur-printed", run)) == {
        (2, 1): {"loss": [[0.291027924]]},
        (10001, 1): {"A2": [[0.015912196], [0.984065734]]},
    }


def test_the_same_number_twice_counts_once_and_finer(article: Trace) -> None:
    given = read([{"iteration": 1, "example": 1, "A3": "0.86"}, {"example": 1, "A3": "0.8631"}], article).steps[1, 1][
        "A3"
    ]
    assert (given.values.tolist(), given.allowed.tolist(), given.numbers) == ([[0.8631]], [[0.00005]], 1)
