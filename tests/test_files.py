"""Data and weights in files: what is read, and the place of what is wrong."""

from __future__ import annotations

import csv as csv_module
import io
import json
import os
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import nntrace_run
from hypothesis import given
from hypothesis import strategies as st

from nntrace import Config, ConfigError, bundle, load, trace
from nntrace.files.fields import fields_of

Write = Callable[..., Path]
NETWORK = "architecture: {inputs: 2, layers: [{nodes: 1, activation: sigmoid}]}\n"
CLASSES = "architecture: {inputs: 2, layers: [{nodes: 3, activation: softmax}]}\nloss: cross_entropy\n"
REST = "alpha: 0.1\niterations: 1\n"


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Config]:
    """Load a config whose data are in `data.csv`, written as given."""

    def read(raw: str | bytes, data: str = "x: [a, b], y: [t]", network: str = NETWORK) -> Config:
        (tmp_path / "data.csv").write_bytes(raw.encode() if isinstance(raw, str) else raw)
        path = tmp_path / "my.yaml"
        path.write_text(f"{network}weights: 0.5\ndata: {{file: data.csv, {data}}}\n{REST}", encoding="utf-8")
        return load(path)

    return read


@pytest.mark.parametrize(
    "raw",
    [
        "a,b,t\n1,2,0\n3,4,1\n",
        "a,b,t\n1,2,0\n3,4,1",
        "a,b,t\r\n1,2,0\r\n3,4,1\r\n",
        "a,b,t\r1,2,0\r3,4,1\r",
        "\ufeffa,b,t\n1,2,0\n3,4,1\n",
        '"a","b","t"\n"1","2","0"\n"3","4","1"\n',
        "a,b,t\n1,2,0\n3,4,1\n\n\n  \n,,\n",
        "a,b,t\n\n1,2,0\n\n3,4,1\n",
        " a , b , t \n 1 , 2 , 0 \n 3 , 4 , 1 \n",
        "t,spare,b,a\n0,x,2,1\n1,y,4,3\n",
        't,"a note, with a comma\nand a line",b,a\n0,"x, y",2,1\n1,"two\nlines",4,3\n',
        "a,b,t\n1e0,+2,0.0\n3.,4.00,1\n",
    ],
    ids=[
        "plain", "no last line end", "CRLF", "CR", "BOM", "quoted", "trailing blank lines", "blank lines", "spaces",
        "other columns", "quoted commas and lines", "ways to write a number",
    ],
)  # fmt: skip
def test_a_csv_is_read(csv: Callable[..., Config], raw: str) -> None:
    config = csv(raw)
    np.testing.assert_array_equal(config.x, [[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(config.y, [[0.0], [1.0]])


@pytest.mark.parametrize(
    ("raw", "place", "problem"),
    [
        ("a,b,t\n1,2,0\n3,cat,1\n", "data.csv:3:3", '`b` should be a number, not the text "cat"'),
        ("a,b,t\n\n1,2,0\n\n3,4,one\n", "data.csv:5:5", '`t` should be a number, not the text "one"'),
        ('a,n,b,t\n1,"x, y",2,0\n3,"two\nlines",bad,1\n', "data.csv:4:8", '`b` should be a number, not the text "bad"'),
        ("a,b,t\n1,,0\n", "data.csv:2:3", "`b` is empty: every example needs a number"),
        ("a,b,t\n1,nan,0\n", "data.csv:2:3", "`b` is nan: not a finite number"),
        ("a,b,t\n1,2,0\n1,2,-inf\n", "data.csv:3:5", "`t` is -inf: not a finite number"),
        ("a,b,t\n1,2\n", "data.csv:2:3", "this line has 2 fields; the header has 3"),
        ("a,b,t\n1,2,0,9\n", "data.csv:2:5", "this line has 4 fields; the header has 3"),
        ("a,b,b,t\n1,2,2,0\n", "data.csv:1:5", "the column `b` is there twice"),
        ("a,c,t\n1,2,0\n", "data.csv:1:1", "there is no column `b`\n  | a,c,t\nIts columns are `a`, `c` and `t`."),
        ("a,bb,t\n1,2,0\n", "data.csv:1:1", "there is no column `b`\nIts columns are `a`, `bb` and `t`."),
        ("\n\na,c,t\n1,2,0\n", "data.csv:3:1", "there is no column `b`"),
        ("a,c,d,B\n1,2,0,1\n", "data.csv:1:7", "`b`: here it is `B`\n  |       ^"),
        (
            "a;b;t\n1;2;0\n",
            "data.csv:1:1",
            "there is no column `a`\nColumns are separated by commas; this file seems to",
        ),
        ("", "data.csv", "there is nothing in it"),
        ("a,b,t\n", "data.csv", "there is no example in it, only the header"),
        (b"a,b,t\n1,2,0\n1,2,\xff\n", "data.csv:3:5", "byte 0xff is not UTF-8\n  | 1,2,�\n  |     ^"),
        ("\ufeffa,b,t\r1,é,0\r".encode() + b"1,\xe4,0\r", "data.csv:3:3", "byte 0xe4 is not UTF-8"),
        ('a,b,t\n1,2,"0\n', "data.csv:2:5", 'this quote is not closed\n  | 1,2,"0\n  |     ^'),
        ('a,b,t\n1,"2,0\n' + "1,2,0\n" * 50_000, "data.csv:2:3", "this quote is not closed"),
        ('a,"b,t\n1,2,0\n', "data.csv:1:3", "this quote is not closed"),
        ('a,b,t\n1,2,0\n"1"x,2,0\n', "data.csv:3:1", "text follows the quote that closes this field\n  | ^^^"),
        ('a,b,t\n1,"2\n2"2,0\n', "data.csv:2:3", "text follows the quote that closes this field, in line 3"),
        (f"a,b,t\n1,{'2' * 131_073},0\n", "data.csv:2:3", "this field is longer than 131,072 signs"),
        ("a,b,t\n1,1_000,0\n", "data.csv:2:3", '`b` should be a number, not the text "1_000"'),
        ("a,b,t\n1,١٢,0\n", "data.csv:2:3", '`b` should be a number, not the text "١٢"\nno number has: U+0661'),
        ("a,b,t\n1,2\xa0,0\n", "data.csv:2:3", '`b` should be a number, not the text "2"\nU+00A0'),
        (f"a,b,t\n1,{'two ' * 99},0\n", "data.csv:2:3", '`b` should be a number, not the text "two two'),
        # lines end where the csv module ends them, and a quote is one only as the first sign of a field
        ("a,n,b,t\n1,\u2028 \x85 \x0b \x0c \x1c,2,0\n1,x,two,0\n", "data.csv:3:5", "`b` should be a number"),
        ('a,n,b,t\n1,x"y,two,0\n', "data.csv:2:7", "`b` should be a number"),
        ('a,n,b,t\n1,"x ""y"", z",two,0\n', "data.csv:2:16", "`b` should be a number"),
    ],
)
def test_what_is_wrong_in_a_csv_is_said_with_its_place_there(
    csv: Callable[..., Config], tmp_path: Path, raw: str, place: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        csv(raw)
    first, *_ = problem.splitlines()
    assert str(caught.value).startswith(f"{tmp_path}/{place}: {first}".replace("/", str(Path("/"))[:1]))
    for line in problem.splitlines()[1:]:
        assert line in str(caught.value)


def test_the_line_of_the_csv_is_shown_with_the_field_marked(csv: Callable[..., Config], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        csv("a,b,t\n1,2,0\n3,cat,1\n")
    assert caught.value.excerpt == "  | 3,cat,1\n  |   ^^^"
    assert (caught.value.line, caught.value.column) == (3, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("x: [a], y: [t]", "`x` names 1 column; it takes 2, one for each input"),
        ("x: [a, b], y: [t, a]", "`y` names 2 columns; it takes 1, one for each node of the last layer"),
        ("x: [a, 3], y: [t]", "`x` should name columns of the file, not be 3"),
        ("x: [a, b]", "`y` is missing in `data`"),
        ("y: [t]", "`x` is missing in `data`"),
        ("x: [a, b], y: [t], labels: t", "`y` and `labels` are both there"),
    ],
)
def test_what_the_config_asks_of_a_csv_wrongly_is_blamed_on_the_config(
    csv: Callable[..., Config], data: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        csv("a,b,t\n1,2,0\n", data)
    assert "my.yaml:3:" in str(caught.value)
    assert said in str(caught.value)


def test_a_target_out_of_its_range_is_said_with_its_place_in_the_csv(csv: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"data\.csv:2:5: y is 1\.0000001: binary_cross_entropy needs every y from 0"):
        csv("a,b,t\n1,2,1.0000001\n", network=NETWORK + "loss: binary_cross_entropy\n")
    with pytest.raises(ConfigError, match=r"data\.csv:4:5: y is 2: binary_cross_entropy needs every y from 0 to 1"):
        csv("a,b,t\n1,2,0\n\n1,2,2\n", network=NETWORK + "loss: binary_cross_entropy\n")


@pytest.mark.parametrize(
    ("column", "classes"),
    [(["2", "0", "1"], ()), (["2.0", "0.0", "1"], ()), (["rose", "iris", "lily"], ("iris", "lily", "rose"))],
)
def test_a_column_of_labels_is_one_hot_encoded(
    csv: Callable[..., Config], column: list[str], classes: tuple[str, ...]
) -> None:
    rows = "".join(f"{n},{n},{label}\n" for n, label in enumerate(column))
    config = csv("a,b,t\n" + rows, "x: [a, b], labels: t", CLASSES)
    assert config.classes == classes
    np.testing.assert_array_equal(config.y, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (["0", "1", "3"], "data.csv:4:5: the label is 3: with 3 nodes in the last layer it is 0 to 2"),
        (["0", "1", "-1"], "data.csv:4:5: the label is -1: with 3 nodes"),
        (["a", "b", ""], "data.csv:4:5: `t` is empty"),
        (
            ["a", "b", "a"],
            "data.csv: the labels name 2 classes; the last layer has 3 nodes\nThe classes are `a` and `b`.",
        ),
        (["0", "1.5", "2"], "data.csv:3:5: labels are whole numbers or text, not 1.5"),
        (["0.5", "1.5", "2.5"], "data.csv:2:5: labels are whole numbers or text, not 0.5"),
        (["0", "nan", "2"], "data.csv:3:5: labels are whole numbers or text, not both"),
        (["0", "1", "x"], "data.csv:4:5: labels are whole numbers or text, not both"),
        (["x", "y", "1"], "data.csv:4:5: labels are whole numbers or text, not both"),
        (["0", "1_0", "2"], "data.csv:3:5: labels are whole numbers or text, not both"),
        (["0", "١", "2"], "data.csv:3:5: labels are whole numbers or text, not both"),
        (["0", "1", "1e300"], "data.csv:4:5: the label is 1e+300: with 3 nodes"),
        (["long " * 99, "b", "b"], "The classes are `b` and `long long long long long long long long…`."),
    ],
)
def test_labels_that_do_not_fit_the_network(csv: Callable[..., Config], column: list[str], said: str) -> None:
    rows = "".join(f"{n},{n},{label}\n" for n, label in enumerate(column))
    with pytest.raises(ConfigError) as caught:
        csv("a,b,t\n" + rows, "x: [a, b], labels: t", CLASSES)
    assert said in str(caught.value)


def test_the_header_says_which_output_is_which_class(csv: Callable[..., Config], tmp_path: Path) -> None:
    csv("a,b,t\n0,1,rose\n1,0,iris\n1,1,lily\n", "x: [a, b], labels: t", CLASSES)
    head = json.loads(nntrace_run("run", str(tmp_path / "my.yaml"), "--to", "jsonl").out.splitlines()[0])
    assert head["classes"] == ["iris", "lily", "rose"]
    out = nntrace_run("run", str(tmp_path / "my.yaml")).out
    assert "classes   node 1 = iris, node 2 = lily, node 3 = rose\n" in out
    assert "class" in out.partition("PREDICTIONS")[2]


def test_a_million_rows_take_little_more_memory_than_their_arrays(tmp_path: Path) -> None:
    """A fifth of that here; the benchmark of a million is in the benchmarks."""
    rows = 200_000
    (tmp_path / "data.csv").write_text("a,b,t\n" + "0.25,1.5,1\n" * rows, encoding="utf-8")
    path = tmp_path / "my.yaml"
    path.write_text(f"{NETWORK}weights: 0.5\ndata: {{file: data.csv, x: [a, b], y: [t]}}\n{REST}", encoding="utf-8")
    tracemalloc.start()
    config = load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert config.x.shape == (rows, 2)
    assert peak < 3 * (config.x.nbytes + config.y.nbytes)


def test_an_error_reads_no_further_than_its_line(csv: Callable[..., Config]) -> None:
    raw = ("a,b,t\n1,cat,0\n" + "0.25,1.5,1\n" * 100_000).encode()
    csv("a,b,t\n1,2,0\n")  # whatever is made once
    tracemalloc.start()
    with pytest.raises(ConfigError, match=r"data\.csv:2:3"):
        csv(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(raw) / 2


@given(st.text('ab," \n\r\u2028', max_size=30))
def test_the_fields_of_a_csv_stand_where_the_csv_module_reads_them(text: str) -> None:
    lines = list(io.StringIO(text, newline=""))
    reader = csv_module.reader(lines, strict=True)
    begin = 0
    try:
        for row in reader:
            places = list(fields_of(iter(lines[begin:]), begin + 1))
            assert [place.wrong for place in places] == [""] * max(1, len(row))
            for field, place in zip(row, places, strict=False):
                rest = [lines[place.line - 1][place.column :], *lines[place.line :]]
                assert [*next(csv_module.reader(rest), []), ""][0] == field
            begin = reader.line_num
    except csv_module.Error:
        *before, last = fields_of(iter(lines[begin:]), begin + 1)
        assert last.wrong
        assert not any(place.wrong for place in before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize(("data", "network"), [("x: [a, b], y: [t]", NETWORK), ("x: [a, b], labels: t", CLASSES)])
def test_a_pipe_is_read_once(tmp_path: Path, data: str, network: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = tmp_path / "my.yaml"
    path.write_text(f"{network}weights: 0.5\ndata: {{file: pipe, {data}}}\n{REST}", encoding="utf-8")
    writing = threading.Thread(target=pipe.write_text, args=("a,b,t\n1,2,0\n3,4,1\n",), daemon=True)
    writing.start()
    np.testing.assert_array_equal(load(path).x, X)
    writing.join(5)


def test_numbers_beside_text_of_every_script_are_read(csv: Callable[..., Config]) -> None:
    config = csv("a,b,a_note,t\n1, 2 ,größer_1,0\n3,\t4,٣,1\n")
    np.testing.assert_array_equal(config.x, X)


@pytest.fixture
def npz(tmp_path: Path) -> Callable[..., Config]:
    """Load a config whose data are in `data.npz`."""

    def read(network: str = NETWORK, data: str = "", **arrays: Any) -> Config:
        np.savez(tmp_path / "data.npz", **arrays)
        path = tmp_path / "my.yaml"
        path.write_text(f"{network}weights: 0.5\ndata: {{file: data.npz{data}}}\n{REST}", encoding="utf-8")
        return load(path)

    return read


X = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("y", [np.array([[0], [1]]), np.array([0, 1], dtype=np.int8), np.array([0.0, 1.0], np.float32)])
def test_an_npz_is_read(npz: Callable[..., Config], y: Any) -> None:
    config = npz(x=X, y=y)
    np.testing.assert_array_equal(config.x, X)
    np.testing.assert_array_equal(config.y, [[0.0], [1.0]])
    assert config.y.dtype == np.float64


@pytest.mark.parametrize("labels", [np.array([2, 0, 1]), np.array(["c", "a", "b"])])
def test_labels_in_an_npz(npz: Callable[..., Config], labels: Any) -> None:
    config = npz(CLASSES, x=np.ones((3, 2)), labels=labels)
    np.testing.assert_array_equal(config.y, [[0, 0, 1], [1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": [0]}, "data.npz: there is no array `x`\nIt holds `y`."),
        ({"x": X}, "data.npz: there is no array `y`\nIt holds `x`."),
        ({"x": X, "y": [0, 1, 1]}, "data.npz: `x` and `y` are of different lengths: 2 and 3"),
        ({"x": X[:, :1], "y": [0, 1]}, "data.npz: `x` is 2 × 1: it should be examples × 2"),
        ({"x": X, "y": [0, 1], "labels": [0, 1]}, "data.npz: `y` and `labels` are both there\nKeep one of them."),
        ({"x": X, "labels": [0, 1]}, "data.npz: `labels` need a node for each class; the last layer has one\n"),
        ({"x": X, "y": []}, "data.npz: `x` and `y` are of different lengths: 2 and 0"),
        ({"x": X, "y": X}, "data.npz: `y` is 2 × 2: it should be examples × 1"),
        ({"x": X[:0], "y": []}, "data.npz: there is no example in it"),
        ({"x": X * np.inf, "y": [0, 1]}, "data.npz: `x[1,1]` is not a finite number"),
        ({"x": np.array([["1e4000", 1]], np.longdouble), "y": [0]}, "data.npz: `x[1,1]` is not a finite number"),
        ({"x": X + 1j, "y": [0, 1]}, "data.npz: `x` should hold numbers; its type is complex128"),
        ({"x": np.array([[1, "a"]]), "y": [0]}, "data.npz: `x` should hold numbers; its type is"),
        ({"x": X[None], "y": [0]}, "data.npz: `x` has 3 axes: it should be examples × numbers"),
        ({"x": np.array([object()]), "y": [0]}, "data.npz: `x` is an array of objects"),
    ],
)
def test_what_is_wrong_in_an_npz(npz: Callable[..., Config], arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        npz(**arrays)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("network", "labels", "said"),
    [
        (CLASSES, np.array(["a", "b"]), "data.npz: the labels name 2 classes; the last layer has 3 nodes\nThe classes"),
        (CLASSES, np.array([0, 1.5]), "data.npz: `labels` should hold whole numbers or text"),
        (CLASSES, np.array([0, 1e300]), "data.npz: example 2: the label is 1e+300: with 3 nodes"),
    ],
)
def test_labels_in_an_npz_that_do_not_fit(npz: Callable[..., Config], network: str, labels: Any, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        npz(network, x=X, labels=labels)
    assert said in str(caught.value)


def saved(array: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


BROKEN = {"0 1\n": "is not an array", "": "is not an array", saved(X)[:-8]: "is damaged", saved(X)[:20]: "is damaged"}


@pytest.mark.parametrize(("raw", "said"), BROKEN.items())
def test_a_member_of_an_npz_that_is_no_array(tmp_path: Path, raw: str | bytes, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "broken.npz", "w") as archive:
        archive.writestr("x", raw)
    path = tmp_path / "my.yaml"
    for written in (
        "weights: 0.5\ndata: {file: broken.npz}\n",
        "weights: {file: broken.npz}\ndata: {x: [[1, 2]], y: [0]}\n",
    ):
        path.write_text(f"{NETWORK}{written}{REST}", encoding="utf-8")
        with pytest.raises(ConfigError, match=rf"broken\.npz: `x` {said}\n"):
            load(path)


def test_a_member_of_an_npz_whose_checksum_is_wrong(npz: Callable[..., Config], tmp_path: Path) -> None:
    npz(x=X, y=[0, 1])
    raw = (tmp_path / "data.npz").read_bytes()
    (tmp_path / "data.npz").write_bytes(raw.replace(X.tobytes(), X[::-1].tobytes()))
    with pytest.raises(ConfigError, match=r"data\.npz: `x` is damaged"):
        load(tmp_path / "my.yaml")


def test_an_npz_has_its_own_names(npz: Callable[..., Config]) -> None:
    with pytest.raises(ConfigError, match=r"my\.yaml:3:\d+: an NPZ file has its arrays `x` and `y`"):
        npz(data=", x: [a, b]", x=X, y=[0, 1])


@pytest.mark.parametrize("raw", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_npz(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "data.npz").write_bytes(raw)
    path = tmp_path / "my.yaml"
    path.write_text(f"{NETWORK}weights: 0.5\ndata: {{file: data.npz}}\n{REST}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"data\.npz: it is not an NPZ file"):
        load(path)


def test_a_single_array_is_no_npz(tmp_path: Path) -> None:
    written = io.BytesIO()
    np.save(written, X)
    (tmp_path / "data.npz").write_bytes(written.getvalue())
    path = tmp_path / "my.yaml"
    path.write_text(f"{NETWORK}weights: 0.5\ndata: {{file: data.npz}}\n{REST}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"data\.npz: there are no named arrays in it"):
        load(path)


def weights_from(tmp_path: Path, network: str = NETWORK, **arrays: Any) -> Config:
    np.savez(tmp_path / "w.npz", **arrays)
    path = tmp_path / "my.yaml"
    path.write_text(f"{network}weights: {{file: w.npz}}\ndata: {{x: [[1, 2]], y: [0]}}\n{REST}", encoding="utf-8")
    return load(path)


@pytest.mark.parametrize("b1", [np.array([[0.25]]), np.array([0.25]), np.array(0.25), np.float32(0.25)])
def test_weights_are_read_from_a_file(tmp_path: Path, b1: Any) -> None:
    step = trace(weights_from(tmp_path, W1=[[1, 2]], b1=b1)).step()
    np.testing.assert_array_equal(step["W1"], [[1.0, 2.0]])
    np.testing.assert_array_equal(step["b1"], [[0.25]])


def test_a_bias_that_is_not_in_the_file_starts_at_zero(tmp_path: Path) -> None:
    np.testing.assert_array_equal(trace(weights_from(tmp_path, W1=[[1, 2]])).step()["b1"], [[0.0]])


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"b1": [1.0]}, "w.npz: there is no array `W1`\nIt holds `b1`."),
        ({"W1": [[1, 2]], "W2": [[1]]}, "w.npz: there is no `W2` in this network\nThere are `W1` and `b1`."),
        ({"W1": [[1], [2]]}, "w.npz: `W1` should be 1 × 2; here it is 2 × 1"),
        ({"W1": [1, 2]}, "w.npz: `W1` should be 1 × 2; here it is 2"),
        ({"W1": [[1, 2]], "b1": [1, 2]}, "w.npz: `b1` should be 1 × 1; here it is 2"),
        ({"W1": [[1, np.nan]]}, "w.npz: `W1[1,2]` is not a finite number"),
    ],
)
def test_weights_that_do_not_fit(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        weights_from(tmp_path, **arrays)
    assert said in str(caught.value)


def test_trained_weights_go_out_and_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is exported after one run is where the next one starts, bit for bit."""
    monkeypatch.chdir(tmp_path)
    ran = nntrace_run("export", "unequal", "--to", "weights", "-o", "w.npz")
    assert (ran.status, ran.out) == (0, "")
    *_, last = trace(load(str(bundle.path("unequal"))))
    (tmp_path / "again.yaml").write_text(nntrace_run("examples", "unequal").out, encoding="utf-8")
    again = trace(load("again.yaml", ["weights={file: w.npz}", "expect=[]"])).step()
    for name in ("W1", "b1", "W2", "b2", "W3", "b3"):
        np.testing.assert_array_equal(again[name], last[f"{name}_new"])


def test_the_weights_of_a_run_that_stops_are_the_last_finite_ones(tmp_path: Path) -> None:
    ran = nntrace_run(
        "export", "d2l-gd-diverging", "--set", "iterations=2000", "--to", "weights", "-o", str(tmp_path / "w.npz")
    )
    assert ran.status == 1
    assert "is the first quantity that is not finite. What was before it is written.\n" in ran.err
    with np.load(tmp_path / "w.npz") as arrays:
        assert np.isfinite(arrays["W1"]).all()


def test_a_file_that_is_set_on_the_command_line_is_found_where_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundled config has nothing beside it that one would mean."""
    monkeypatch.chdir(tmp_path)
    assert nntrace_run("export", "xor", "--to", "weights", "-o", "w.npz").status == 0
    options = ("--set", "iterations=1", "--set", "expect=[]", "--only", "W1", "--to", "json")
    ran = nntrace_run("run", "xor", "--set", "weights={file: w.npz}", *options)
    assert ran.status == 0
    with np.load("w.npz") as arrays:
        assert json.loads(ran.out)["steps"][0]["values"]["W1"] == arrays["W1"].tolist()
    missing = nntrace_run("run", "xor", "--set", "weights={file: none.npz}")
    assert missing.status == 2
    assert "A file is looked for here and beside the config." in missing.err


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["", "a"], "example 1: `labels` is empty"),
        ([b"x", b"a"], "`labels` should hold whole numbers or text; its type is |S1"),
    ],
)
def test_labels_of_an_npz_are_as_strict_as_those_of_a_csv(tmp_path: Path, labels: Any, said: str) -> None:
    np.savez(tmp_path / "data.npz", x=np.ones((2, 2)), labels=np.array(labels))
    (tmp_path / "my.yaml").write_text(f"{CLASSES}weights: 0.5\ndata: {{file: data.npz}}\n{REST}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "my.yaml")
    assert said in str(caught.value)


def test_the_weights_are_written_whole(tmp_path: Path) -> None:
    for selection in (("--only", "W1"), ("--layer", "1")):
        ran = nntrace_run("export", "xor", "--to", "weights", "-o", str(tmp_path / "w.npz"), *selection)
        assert ran.status == 2
        assert "--to weights has all of them: it goes without --only and --layer" in ran.err
    assert not list(tmp_path.iterdir())


def test_the_same_weights_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one.npz", "two.npz"):
        assert nntrace_run("export", "article", "--to", "weights", "-o", str(tmp_path / name)).status == 0
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_files_are_looked_for_beside_the_config_not_where_one_is(
    csv: Callable[..., Config], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv("a,b,t\n1,2,0\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert load("../my.yaml").examples == 1
    text = (tmp_path / "my.yaml").read_text(encoding="utf-8")
    ran = nntrace_run("run", "-", stdin=text)
    assert ran.status == 2
    assert ran.err.startswith("-:3:14: there is no file `data.csv`\n")
    monkeypatch.chdir(tmp_path)
    assert nntrace_run("run", "-", stdin=text).status == 0
