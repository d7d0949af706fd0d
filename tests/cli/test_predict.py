"""`nntrace predict`: the forward pass of inputs of one's own, in every form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command import nntrace_run, process

from nntrace import bundle, load, trace

FORMS = ["terminal", "markdown", "json", "jsonl"]


def by_hand(x: float) -> float:
    """The trained article: three sigmoid layers whose nodes are all alike, written out."""
    *_, last = trace(load(str(bundle.path("article"))))

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    a = np.array([[x]])
    for layer in (1, 2, 3):
        a = sigmoid(last[f"W{layer}_new"] @ a + last[f"b{layer}_new"])
    return float(a.item())


def test_what_the_trained_network_makes_of_an_input() -> None:
    ran = nntrace_run("predict", "article", "--x", "4", "--x", "5", "--to", "json")
    assert (ran.status, ran.err) == (0, "")
    document = json.loads(ran.out)
    (passed,) = document["steps"]
    assert passed["examples"] == [1, 2]
    assert passed["values"]["A0"] == [[4.0, 5.0]]
    assert list(passed["values"]) == ["A0", "W1", "b1", "W2", "b2", "W3", "b3", "Z1", "A1", "Z2", "A2", "Z3", "A3"]
    np.testing.assert_allclose(passed["values"]["A3"], [[by_hand(4), by_hand(5)]], rtol=1e-14)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_the_prediction(form: str) -> None:
    ran = nntrace_run("predict", "article", "--x", "4", "--to", form)
    assert ran.status == 0
    assert f"{by_hand(4):.4f}" in ran.out or repr(by_hand(4)) in ran.out


def test_the_screen_shows_the_forward_pass_and_then_the_predictions() -> None:
    out = nntrace_run("predict", "mazur", "--x", "0.05,0.10", "--x=-1,2e-1").out
    headings = re.findall(r"^━━ (.*?) ━", out, re.MULTILINE)
    assert headings == ["After 2 iterations · 2 examples", "Predictions"]
    assert "FORWARD" in out
    assert "BACKWARD" not in out
    assert "∂loss" not in out


def test_the_prediction_of_a_training_example_is_that_of_the_run() -> None:
    run = trace(load(str(bundle.path("xor"))))
    *_, last = run
    np.testing.assert_allclose(run.predict(run.config.x)["A2"].T, run.evaluate(last).outputs, rtol=1e-15)


@pytest.mark.parametrize("x", [[], [[1.0]], [[1.0, 2.0, 3.0]], np.ones((1, 2, 3))])
def test_an_input_of_another_width_is_a_value_error(x: object) -> None:
    with pytest.raises(ValueError, match="x should be examples × 2"):
        trace(load(str(bundle.path("xor")))).predict(x)


def test_inputs_from_files(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a,b\n0,1\n1,1\n", encoding="utf-8")
    np.savez(tmp_path / "new.npz", x=[[0, 1], [1, 1]])
    typed = nntrace_run("predict", "xor", "--x", "0,1", "--x", "1,1", "--to", "json")
    for name in ("new.csv", "new.npz"):
        assert nntrace_run("predict", "xor", "--data", str(tmp_path / name), "--to", "json").out == typed.out


def test_the_columns_that_the_config_names_are_taken(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("out,b,a\n0,1,0\n1,0,0\n", encoding="utf-8")
    (tmp_path / "my.yaml").write_text(
        "architecture: {inputs: 2, layers: [{nodes: 1, activation: sigmoid}]}\nweights: 0.5\n"
        "data: {file: data.csv, x: [a, b], y: [out]}\nalpha: 0.1\niterations: 1\n",
        encoding="utf-8",
    )
    ran = nntrace_run(
        "predict", str(tmp_path / "my.yaml"), "--data", str(tmp_path / "data.csv"), "--only", "A0", "--to", "json"
    )
    assert json.loads(ran.out)["steps"][0]["values"]["A0"] == [[0.0, 0.0], [1.0, 0.0]]


def test_inputs_from_standard_input() -> None:
    typed = nntrace_run("predict", "xor", "--x", "0,1", "--x", "1,1", "--to", "json")
    piped = nntrace_run("predict", "xor", "--data", "-", "--to", "json", stdin="a,b\n0,1\n1,1\n")
    assert (piped.out, piped.err) == (typed.out, "")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="no /dev/stdin here")
def test_inputs_from_a_pipe() -> None:
    ran = process("predict", "xor", "--data", "/dev/stdin", "--to", "json", stdin=b"a,b\n0,1\n1,1\n")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["steps"][0]["values"]["A0"] == [[0, 1], [1, 1]]


def test_the_terminal_is_not_read() -> None:
    ran = nntrace_run("predict", "xor", "--data", "-", terminal=True)
    assert ran.status == 2
    assert ran.err.startswith("-: standard input is the terminal: there is nothing to read\n")


COMMAS = "Columns are separated by commas; this file seems to have "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "-: there is nothing in it\n"),
        ("a,b\n", "-: there is no example in it, only the header\n"),
        ("a,b,c\n1,2,3\n", "-:1:1: it has 3 columns: there should be 2, one for each input\n  | a,b,c\n  | ^^^^^\n"),
        (
            "a;b\n1;2\n",
            f"-:1:1: it has 1 column: there should be 2, one for each input\n  | a;b\n  | ^^^\n{COMMAS}semicolons.\n",
        ),
        (
            "a\tb\n1\t2\n",
            f"-:1:1: it has 1 column: there should be 2, one for each input\n  | a b\n  | ^^^\n{COMMAS}tabs.\n",
        ),
        ("0,1\n1,1\n", "-:1:1: the first line should name the columns; here it is numbers\n  | 0,1\n"),
    ],
)
def test_inputs_that_do_not_fit(text: str, said: str) -> None:
    ran = nntrace_run("predict", "xor", "--data", "-", stdin=text)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(said)


def test_an_npz_without_examples_has_no_inputs(tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", x=np.ones((0, 2)))
    ran = nntrace_run("predict", "xor", "--data", str(tmp_path / "new.npz"))
    assert ran.err == f"{tmp_path / 'new.npz'}: there is no example in it\n"


def test_columns_named_by_numbers_are_taken_where_the_config_says_so(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("0,1,2\n5,6,1\n", encoding="utf-8")
    (tmp_path / "my.yaml").write_text(
        "architecture: {inputs: 2, layers: [{nodes: 1, activation: sigmoid}]}\nweights: 0.5\n"
        'data: {file: data.csv, x: ["0", "1"], y: ["2"]}\nalpha: 0.1\niterations: 1\n',
        encoding="utf-8",
    )
    ran = nntrace_run(
        "predict", str(tmp_path / "my.yaml"), "--data", str(tmp_path / "data.csv"), "--only", "A0", "--to", "json"
    )
    assert json.loads(ran.out)["steps"][0]["values"]["A0"] == [[5], [6]]


def test_every_prediction_of_a_long_file_is_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("x\n" + "".join(f"{n}\n" for n in range(40)), encoding="utf-8")
    out = nntrace_run("predict", "article", "--data", str(tmp_path / "new.csv")).out
    rows = [line for line in out.partition("Predictions")[2].splitlines() if re.match(r" +\d+ ", line)]
    assert len(rows) == 40


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "there is no input: say one with --x 2, or a file with --data"),
        (("--x", "1,2"), "--x 1,2 has 2 numbers; the network takes 1 input"),
        (("--x", "two"), "'two' should be numbers separated by commas, such as 0.05,0.10"),
        (("--x", "1_0"), "'1_0' should be numbers separated by commas, such as 0.05,0.10"),
        (("--x", "٣"), "'٣' should be numbers separated by commas, such as 0.05,0.10"),
        (("--x", "nan"), "'nan' is not finite"),
        (("--data", "none.csv"), "none.csv: it cannot be read: No such file or directory"),
        (("--x", "1", "--only", "dW"), "there is no quantity `dW`"),
        (("--x", "1", "--layer", "4"), "there is no layer 4"),
        (("--x", "1", "--set", "alpha=1e300", "--set", "architecture.layers.3.activation=identity"), "no trained"),
    ],
)
def test_what_cannot_be_predicted(arguments: tuple[str, ...], said: str) -> None:
    ran = nntrace_run("predict", "article", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


DIVERGING = ("predict", "d2l-gd-diverging", "--set", "iterations=50", "--x", "1e305,1e305")


@pytest.mark.parametrize("form", FORMS)
def test_a_prediction_that_is_not_finite_says_so_and_leaves_with_1(form: str) -> None:
    """Weights of 1e7 times 1e305 overflow."""
    ran = nntrace_run(*DIVERGING, "--to", form)
    assert ran.status == 1
    said = ran.out if form == "terminal" else ran.err
    assert "Z1 is the first quantity that is not finite." in said


def test_json_names_what_is_not_finite_in_a_prediction() -> None:
    document = json.loads(nntrace_run(*DIVERGING, "--to", "json").out)
    assert document["stopped"] == {"quantity": "Z1"}
    assert document["steps"][0]["values"]["Z1"] == [[None]]


def test_a_prediction_is_no_weights() -> None:
    ran = nntrace_run("predict", "xor", "--x", "1,1", "--to", "weights")
    assert ran.status == 2
    assert "'weights' is not one of" in ran.err


def test_the_class_is_that_of_the_largest_output(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(
        "architecture: {inputs: 1, layers: [{nodes: 2, activation: softmax}]}\nloss: cross_entropy\n"
        "weights: {W1: [[1], [-1]]}\ndata: {x: [1, -1, 2], labels: [left, right, right]}\nalpha: 0\niterations: 1\n",
        encoding="utf-8",
    )
    run = nntrace_run("run", str(tmp_path / "my.yaml")).out.partition("PREDICTIONS")[2].splitlines()
    assert run[1].split() == ["x", "y", "ŷ", "class", "of", "ŷ"]
    rows = [line.split() for line in run if re.match(r" +\d ", line)]
    assert [(row[2], row[-1]) for row in rows] == [("left", "left"), ("right", "right"), ("right", "left")]
    out = nntrace_run("predict", str(tmp_path / "my.yaml"), "--x=-3").out
    assert out.splitlines()[-1].split()[-1] == "right"
