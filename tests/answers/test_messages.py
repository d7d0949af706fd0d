"""What bad answers get: one message that names the file and the place, and what would be right."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Terminal

from nntrace import ConfigError
from nntrace.answers import read
from nntrace.tracing import Trace

Write = Callable[..., str]

BAD: list[tuple[str, str | bytes]] = [
    ("a.json", ""),
    ("a.json", "  \n"),
    ("a.yaml", ""),
    ("a", ""),
    ("a.json", "{"),
    ("a.json", '{"Z1": [[1.5] [1.5]]}'),
    ("a.json", '{"Z1" 3}'),
    ("a.json", '{"Z1": }'),
    ("a.json", '{"Z1: 3}'),
    ("a.json", '{"loss": 1}]'),
    ("a.json", '{"loss": 0.1,\n "loss": 0.2}'),
    ("a.json", '{"steps": [{"loss": 0.1}, {"values": {"A3": 1, "loss": 0.1, "A3": 1}}]}'),
    ("a.jsonl", '{"loss": 0.1}\n{"loss": 0.1, "loss": 0.2}'),
    ("a.jsonl", '{"loss": 0.1}\n{"loss": 0.2'),
    ("a.json", "[" * 100_000),
    ("a.json", "3"),
    ("a.json", "{}"),
    ("a.json", "[]"),
    ("a.jsonl", '{"format": "nntrace/1"}\n{"stopped": {}}'),
    ("a.yaml", "title: mine"),
    ("a.json", '{"steps": 3}'),
    ("a.json", '{"steps": [3]}'),
    ("a.yaml", "- 3"),
    ("a.json", '{"values": [1]}'),
    ("a.yaml", "expect: 3"),
    ("a.json", '{"iteration": 3, "example": 1, "loss": 0.1}'),
    ("a.json", '[{"iteration": 1, "example": 1, "loss": 0.1}, {"iteration": 2, "example": 5, "loss": 0.1}]'),
    ("a.json", '{"steps": [{"iteration": 1, "batch": 0, "loss": 0.1}]}'),
    ("a.json", '{"examples": [1, 3], "loss": 0.1}'),
    ("a.json", '{"examples": [1, 2], "loss": 0.1}'),
    ("a.json", '{"examples": 1, "loss": 0.1}'),
    ("a.json", '{"examples": ["a"], "loss": 0.1}'),
    ("a.json", '{"iteration": 2, "loss": 0.1}'),
    ("a.json", '{"iteration": 2, "example": 1, "batch": 1, "loss": 0.1}'),
    ("a.json", '[{"loss": 1}, {"loss": 1}, {"loss": 1}, {"loss": 1}, {"loss": 1}]'),
    ("a.json", '{"iteration": "two", "loss": 0.1}'),
    ("a.json", '{"iteration": 1.5, "loss": 0.1}'),
    ("a.json", '{"iteration": true, "loss": 0.1}'),
    ("a.json", '{"epoch": 1, "example": 1, "loss": 0.1}'),
    ("a.yaml", "- {step: 1, loss: 0.1}"),
    ("a.yaml", "- {iteration: 1, example: 3, A3: 0.9}"),
    ("a.yaml", "- {A3: 0.9}"),
    ("a.yaml", "- {iteration: 9, A3: 0.9}"),
    ("a.json", '{"loss": true}'),
    ("a.json", '{"loss": "much"}'),
    ("a.json", '{"loss": {"a": 1}}'),
    ("a.json", '{"Z1": [[1.5], [true], [1], [1]]}'),
    ("a.yaml", "Z1: [1.5, x]"),
    ("a.json", '{"Z1": [[1, 2], [3]]}'),
    ("a.yaml", "Z1: [[1, 2],\n     [3]]"),
    ("a.json", '{"Z1": [[1], 2]}'),
    ("a.json", '{"Z1": []}'),
    ("a.json", '{"Z1": [[]]}'),
    ("a.json", '{"Z1": [[[1]]]}'),
    ("a.json", '{"loss": 1e999}'),
    ("a.json", '{"loss": 0e400}'),
    ("a.json", '{"W3": [[1, 2, -1e999]]}'),
    ("a.json", '{"loss": 1, "tolerance": 0}'),
    ("a.yaml", "- {example: 1, loss: 1, tolerance: [1, 2]}"),
    ("a.json", '{"loss": 1, "tolerance": "x"}'),
    ("a.json", '{"Z9": 1}'),
    ("a.json", '{"Zz1": 1}'),
    ("a.yaml", "Zz1: 1"),
    ("a.json", '{"W3[1,4]": 1}'),
    ("a.json", '{"W3[2]": 1}'),
    ("a.json", '{"W3[1,1]": [1, 2]}'),
    ("a.yaml", '"loss[1,1]": 1'),
    ("a.json", '{"[1]": 1}'),
    ("a.json", '{"example": 1, "loss": 0.1, "values": {"loss": 0.25}}'),
    ("a.yaml", "- {example: 2, A3: 0.1}\n- {example: 2, A3: 0.2}"),
    ("a.json", '{"W3": [1, 2, 3], "W3[1,2]": 2.9}'),
    ("a.yaml", "architecture: {inputs: 1}\nloss: squared_error"),
    ("a.json", b"\xff{"),
    ("Z1.csv", "1\n2,3\n"),
    ("Z1.csv", "1\nx\n"),
    ("Z1.csv", "\n"),
    ("Z1.csv", "a\nb\n"),
    ("W3.csv", "1,,2"),
    ("W3.csv", "1,5;2"),
    ("mine.csv", "1"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Z1,1,1,x\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Z1,1,1,\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Z1,0,1,2\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Z1,1,,2\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Z1,5,1,2\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,Zz1,1,1,2\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n\n1,1,Z1,1,1,2\n1,1,Z1,1,1,2\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\n1,1,loss,,,1\n9,1,loss,,,1\n"),
    ("a.csv", "iteration,batch,quantity,row,column,value\nx,1,loss,,,1\n"),
    ("a.csv", "quantity,value\nloss,1,2\n"),
    ("a.csv", "quantity,step,value\nloss,1,2\n"),
    ("a.csv", "iteration,quantity,value\n1,loss,1\n"),
    ("Z1.npy", "1"),
    ("a.npz", "1"),
    ("mine/Zz1.csv", "1"),
    ("mine/step2/Z1.csv", "1"),
    ("mine/iteration-9-example-1/Z1.csv", "1"),
    ("mine/iteration-2/Z1.csv", "1"),
    ("mine/notes.md", "1"),
    ("mine/Z1.csv", "1\nx"),
]
"""A file of that name (in a folder: the folder) and what it holds."""
ANOTHER = "Another step is said as iteration-2, or iteration-2-example-1 where an iteration has several."
THERE = "There are `A0`, `y`, `W1`, "


def message(source: Any, run: Trace) -> str:
    with pytest.raises(ConfigError) as caught:
        read(source, run)
    return str(caught.value)


def test_messages(article: Trace, written: Write, golden: Callable[[str, str], None]) -> None:
    """Pinned whole: the text of each is for people to read."""
    said = []
    for name, raw in BAD:
        text = message(written(name, raw).partition("/")[0], article)
        short = "\n".join(line.partition(THERE)[0] + THERE * (THERE in line) for line in text.splitlines())
        said.append(f"{name}  {repr(raw)[:100]}\n{short.rstrip()}\n")
        os.remove(name)
    golden("answers.txt", "\n".join(said))


def test_a_file_that_is_not_there(article: Trace, written: Write) -> None:
    assert message("nofile.json", article) == "nofile.json: there is no such file"
    near = "mazur-printd: there is no such file\nDid you mean the bundled sheet `mazur-printed`?"
    assert message("mazur-printd", article) == near


def test_a_file_that_cannot_be_read(article: Trace, written: Write) -> None:
    written("a.json", "{}")
    os.chmod("a.json", 0)
    if os.access("a.json", os.R_OK):
        pytest.skip("here every file can be read")
    assert message("a.json", article) == "a.json: it cannot be read: Permission denied"


def test_standard_input_that_is_the_terminal(article: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(BytesIO()))
    assert message("-", article) == (
        "-: standard input is the terminal: there is nothing to read\nPipe the answers in, or name a file."
    )


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"arr_0": [1.0]},
            "a.npz: there is no quantity `arr_0`\nGive each array its name: numpy.savez(file, Z1=Z1, dW1=dW1).",
        ),
        ({"Z1": np.array([None, {}])}, "a.npz: `Z1` is an array of objects\nSave it as numbers."),
        ({"Z1": np.zeros((2, 2, 2))}, "a.npz: `Z1` has 3 axes: a quantity has rows and columns"),
        ({"Z1": np.zeros((0, 2))}, "a.npz: `Z1` is empty"),
        ({"Z1": np.array([True])}, "a.npz: `Z1` should hold numbers; its type is bool"),
        ({"Z1": np.array([1j])}, "a.npz: `Z1` should hold numbers; its type is complex128"),
        ({"Z1": np.array(["a"])}, 'a.npz: `Z1[1]` should be a number, not the text "a"'),
        ({"9/1/Z1": 1.0}, "a.npz: there is no iteration 9: there are 1 to 2"),
        (
            {"last/Z1": 1.0},
            f"a.npz: `last` names no step\n{ANOTHER}",
        ),
        (
            {"iteration": [1, 2], "batch": [1, 1], "loss": [0.5]},
            "a.npz: `loss` is of 1 steps; `iteration` says that there are 2",
        ),
        (
            {"iteration": [1], "batch": [1], "loss": 0.5},
            "a.npz: `loss` is a single number; `iteration` says that there are 1",
        ),
        ({"iteration": 1, "loss": [0.5]}, "a.npz: `iteration` should be whole numbers, one for each step"),
        ({"iteration": [1.0], "loss": [0.5]}, "a.npz: `iteration` should be whole numbers, one for each step"),
        (
            {"iteration": [1], "examples": [1], "loss": [0.5]},
            "a.npz: `examples` should be whole numbers, steps × examples, 0 where there is none",
        ),
        (
            {"iteration": [1, 3], "batch": [1, 1], "loss": [1, 1]},
            "a.npz: step 2: there is no iteration 3: there are 1 to 2",
        ),
        (
            {"iteration": [1], "batch": [1], "Z1": np.zeros((1, 1, 1, 1))},
            "a.npz: step 1: `Z1` has 3 axes: a quantity has rows and columns",
        ),
        ({}, "a.npz: there are no named arrays in it\nWrite it with numpy.savez."),
    ],
)
def test_arrays(article: Trace, written: Write, arrays: dict[str, Any], said: str) -> None:
    np.savez("a.npz", **arrays)
    assert message("a.npz", article) == said


def test_broken_files_of_arrays(article: Trace, written: Write) -> None:
    np.save("Z1.npy", np.array([None, {}]))
    assert message("Z1.npy", article) == "Z1.npy: it is an array of objects\nSave it as numbers."
    np.save("Z1.npy", np.zeros((4, 1)))
    Path("Z1.npy").write_bytes(Path("Z1.npy").read_bytes()[:-5])
    assert message("Z1.npy", article) == "Z1.npy: it is not an NPY file\nWrite it with numpy.save."
    np.savez("a.npz", Z1=np.zeros((4, 1)))
    Path("Z1.npy").write_bytes(Path("a.npz").read_bytes())
    assert "Z1" in read("Z1.npy", article).steps[1, 1]  # what it is counts, not what it is called


class Bfloat16:
    """A tensor whose type numpy does not have."""

    def detach(self) -> Bfloat16:
        return self

    cpu = detach

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("Got unsupported ScalarType BFloat16")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Z1": Bfloat16()}, "answers: `Z1` cannot be made an array: Got unsupported ScalarType BFloat16"),
        ({"Z1": [Bfloat16()]}, "answers: `Z1` cannot be made an array: Got unsupported ScalarType BFloat16"),
        ({"Z1": [[Bfloat16()]]}, "answers: `Z1[1,1]` cannot be made an array: Got unsupported ScalarType BFloat16"),
        ({"loss": 1j}, "answers: `loss` should be a number, not a complex"),
        ({"loss": {1}}, "answers: `loss` should be a number, not a set"),
        ({"loss": 10**400}, "answers: `loss` is an integer: too large for a float64"),
        ({"loss": "1e400"}, "answers: `loss` is 1e400: too large for a float64"),
        ({"loss": "1_0"}, 'answers: `loss` should be a number, not the text "1_0"'),
        ({3: 0.5}, "answers: the name of a quantity should be text, not 3"),
        (
            {"loss": 1.0, "iteration": 1, "example": "1"},
            'answers: `example` should be a whole number, not the text "1"',
        ),
        ([], "answers: there is no number in it"),
        (
            [3],
            "answers: step 1: a step should be a mapping, not 3\nFor example: {iteration: 1, example: 1, A3: 0.9968}",
        ),
    ],
)
def test_from_python(article: Trace, given: Any, said: str) -> None:
    assert message(given, article) == said


@pytest.mark.parametrize(
    ("name", "here"),
    [
        *[
            (name, "dW1")
            for name in ("grad_W1", "dw1", "dW_1", "W1_grad", "W1.grad", "gradW1", "dL_dW1", "dL/dW1", "dW[1]")
        ],
        *[
            ("a1", "A1"),
            ("z_2", "Z2"),
            ("w3", "W3"),
            ("W[2]", "W2"),
            ("bias1", "b1"),
            ("weights2", "W2"),
            ("net1", "Z1"),
        ],
        *[("delta2", "dZ2"), ("out1", "A1"), ("dA[2]", "dA2"), ("db_3", "db3"), ("W1_after", "W1_new")],
        *[("new_W1", "W1_new"), ("X", "A0"), ("y_hat", "A3"), ("Y", "y"), ("cost", "loss"), ("lr", "alpha")],
    ],
)
def test_what_people_call_it_elsewhere(article: Trace, name: str, here: str) -> None:
    assert message({name: 1.0}, article) == f"answers: `{name}`: here it is `{here}`"
