"""Pictures: what is in them, what titles do to them, and what is said where they cannot be made."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from command import nntrace_run

from nntrace import bundle

MAGIC = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(tmp_path: Path, *arguments: str, status: int = 0) -> Path:
    path = tmp_path / "run.svg"
    ran = nntrace_run("plot", *arguments, "-o", str(path))
    assert (ran.status, ran.out) == (status, "")
    return path


def texts(path: Path) -> list[str]:
    """What is written in an SVG."""
    return ["".join(node.itertext()).strip() for node in ET.parse(path).iter(f"{SVG}text")]


@pytest.mark.parametrize("suffix", MAGIC)
def test_the_suffix_says_the_kind_of_picture(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix.upper()}"
    ran = nntrace_run("plot", "article", "-o", str(path))
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert path.read_bytes().startswith(MAGIC[suffix])
    again = tmp_path / f"again{suffix}"
    nntrace_run("plot", "article", "-o", str(again))
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", bundle.names())
def test_every_bundled_example_can_be_drawn(name: str, tmp_path: Path) -> None:
    found = texts(drawn(tmp_path, name, "--iteration", "1"))
    assert [text for text in found if text.startswith(("Loss", "Norm of each gradient", "Weights and biases"))]


def test_a_picture_has_loss_gradients_and_weights(tmp_path: Path) -> None:
    found = texts(drawn(tmp_path, "article"))
    assert found.count("Loss") == 1
    assert "Norm of each gradient · log scale" in found
    assert "Weights and biases" in found
    names = [text for text in found if re.fullmatch(r"d?[Wb]\d", text)]
    assert names == ["dW1", "db1", "dW2", "db2", "dW3", "db3", "W1", "b1", "W2", "b2", "W3", "b3"]
    assert {"Odd/even classifier", "update (2 in each iteration)", "of an iteration (mean)"} <= set(found)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("--what", "gradients"), ["dW1", "db1", "dW2", "db2", "dW3", "db3"]),
        (("--what", "weights,gradients", "--layer", "2"), ["dW2", "db2", "W2", "b2"]),
        (("--only", "dW,b3"), ["dW1", "dW2", "dW3", "b3"]),
        (("--what", "loss"), []),
    ],
)
def test_what_is_chosen_is_drawn(arguments: tuple[str, ...], names: list[str], tmp_path: Path) -> None:
    found = texts(drawn(tmp_path, "article", *arguments))
    assert [text for text in found if re.fullmatch(r"d?[Wb]\d", text)] == names
    assert ("Loss" in found) == (arguments[0] == "--only" or "loss" in arguments)


def test_the_line_of_the_loss_goes_through_the_losses(tmp_path: Path) -> None:
    """Its points in the picture are an affine image of the losses that the run shows."""
    path = drawn(tmp_path, "xor", "--what", "loss", "--scale", "linear", "--iteration", "1..10")
    paths = [node.get("d", "") for node in ET.parse(path).iter(f"{SVG}path")]
    points = next(line for line in paths if line.count("L") == 9 and "C" not in line)
    y = np.array([float(pair.split()[1]) for pair in re.split(r"[ML]", points)[1:]])
    out = nntrace_run("run", "xor", "--iteration", "1..10", "--only", "loss", "--to", "csv").out
    losses = np.array([float(line.rpartition(",")[2]) for line in out.splitlines()[1:]])
    np.testing.assert_allclose((y - y[0]) / (y[-1] - y[0]), (losses - losses[0]) / (losses[-1] - losses[0]), atol=1e-4)


HOSTILE = r"$\frac{a$ <script>alert(1)</script> & ]]> \"q\" _x_ ^ 日本語 🙂 { % \\ \e[31m"


def test_a_title_is_text_and_nothing_else(tmp_path: Path) -> None:
    path = drawn(tmp_path, "article", "--what", "loss", "--set", f'title="{HOSTILE}"'.replace("\\f", "\\\\f"))
    found = " ".join(texts(path))
    assert r"$\frac{a$ <script>alert(1)</script> & ]]> " in found
    assert "_x_ ^ 日本語" in found
    assert "\x1b" not in path.read_text(encoding="utf-8")
    assert list(ET.parse(path).iter(f"{SVG}script")) == []


@pytest.mark.parametrize("suffix", MAGIC)
def test_signs_that_no_font_has_warn_nobody(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"run{suffix}"
    command = [sys.executable, "-W", "always", "-m", "nntrace", "plot", "article", "-o", str(path)]
    ran = subprocess.run([*command, "--set", "title=日本語 ꙮ 🙂 $x"], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_a_very_long_title_is_two_lines(tmp_path: Path) -> None:
    found = texts(drawn(tmp_path, "article", "--what", "loss", "--set", f"title={'long ' * 100}"))
    lines = [text for text in found if text.startswith("long")]
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    found = texts(drawn(tmp_path, "article", "--what", "loss", "--set", f"title={'長' * 300}"))
    assert max(len(text) for text in found if text.startswith("長")) == 35


def test_a_run_that_stops_is_marked_and_said(tmp_path: Path) -> None:
    arguments = ("minibatch-linear", "--set", "alpha=5", "--set", "iterations=800", "--set", "expect=[]")
    found = texts(drawn(tmp_path, *arguments, status=1))
    sentence = "The trace stops here: in iteration 52, batch 2, losses is the first quantity that is not finite."
    assert sentence in found
    assert nntrace_run("plot", *arguments, "-o", str(tmp_path / "a.png")).err == sentence + "\n"
    assert "Loss · log scale" in found


def test_numbers_at_the_end_of_float64_are_drawn(tmp_path: Path) -> None:
    """A loss of 1e301 and weights of 3e307: an axis may not go beyond what there is."""
    for settings in (("alpha=5", "iterations=51"), ("alpha=3e307", "batch=1", "iterations=1")):
        options = [part for setting in (*settings, "expect=[]") for part in ("--set", setting)]
        found = texts(drawn(tmp_path, "minibatch-linear", *options, status=int("batch=1" in settings)))
        assert any(re.search(r"e30\d", text) for text in found)


def test_gradients_of_zero_are_said_to_be_so(tmp_path: Path) -> None:
    """Weights of −1 put a relu to rest on positive inputs: nothing reaches layer 1."""
    layers = "architecture.layers=[{nodes: 2, activation: relu}, {nodes: 1, activation: identity}]"
    settings = (layers, "weights=-1", "iterations=40", "alpha=0.1", "expect=[]")
    options = [part for setting in settings for part in ("--set", setting)]
    found = texts(drawn(tmp_path, "minibatch-linear", *options, "--scale", "log"))
    assert {"dW1 = 0", "db1 = 0", "dW2 = 0", "db2", "0 has no place on a log scale"} <= set(found)


def test_a_wide_network_shows_mean_and_range(tmp_path: Path) -> None:
    layers = "architecture.layers=[{nodes: 30, activation: tanh}, {nodes: 1, activation: sigmoid}]"
    settings = (layers, "weights={init: normal, seed: 1}", "iterations=3", "expect=[]")
    options = [part for setting in settings for part in ("--set", setting)]
    found = texts(drawn(tmp_path, "xor", *options))
    assert "Weights and biases · of more than 16: mean and range" in found


def test_a_deep_network_has_the_ends_of_a_long_legend(tmp_path: Path) -> None:
    layers = ", ".join(["{nodes: 2, activation: tanh}"] * 20)
    settings = (f"architecture.layers=[{layers}, {{nodes: 1, activation: sigmoid}}]", "weights={init: normal, seed: 1}")
    options = [part for setting in (*settings, "iterations=3", "expect=[]") for part in ("--set", setting)]
    found = texts(drawn(tmp_path, "xor", *options, "--what", "gradients"))
    assert [text for text in found if text.startswith("d")] == ["dW1", "db1", "dW2 …", "db20", "dW21", "db21"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "run.gif"), "run.gif: its suffix says no kind of picture: use `.svg`, `.png` or `.pdf`"),
        (("-o", "run"), "run: its suffix says no kind of picture"),
        (("-o", "-"), "-: its suffix says no kind of picture"),
        (("-o", "no/such/run.svg"), "no/such/run.svg: it cannot be written: No such file or directory"),
        (("-o", "a.svg", "--what", "lass"), "'lass' is none of loss, gradients, weights"),
        (("-o", "a.svg", "--what", ","), "it is empty: name some of loss, gradients, weights"),
        (("-o", "a.svg", "--only", "Z1"), "what is chosen is no gradient and no weight: drawn are dW, db, W and b"),
        (("-o", "a.svg", "--only", "dW", "--what", "weights"), "what is chosen is no gradient and no weight"),
        (("-o", "a.svg", "--only", "dV1"), "there is no quantity `dV1`"),
        (("-o", "a.svg", "--iteration", "9"), "there is no iteration 9: there are 1 to 2"),
        (("-o", "a.svg", "--layer", "9"), "there is no layer 9: there are 1 to 3"),
        (("--scale", "logarithmic"), "'logarithmic' is not one of 'auto', 'log', 'linear'"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = nntrace_run("plot", "article", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = nntrace_run("plot", "article", "-o", str(tmp_path / "a.svg"))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "nntrace: a picture takes matplotlib: pip install 'nntrace[plot]'\n"
    assert nntrace_run("plot", "article").status == 0


def test_the_settings_of_matplotlib_are_left_as_they_were(tmp_path: Path) -> None:
    import matplotlib as mpl

    mpl.rcParams["font.size"] = 33
    before = dict(mpl.rcParams)
    first = drawn(tmp_path, "article").read_bytes()
    assert dict(mpl.rcParams) == before
    mpl.rcdefaults()
    assert drawn(tmp_path, "article").read_bytes() == first


@pytest.mark.parametrize(("arguments", "without"), [([], "matplotlib"), (["-o", "a.svg"], "matplotlib.pyplot")])
def test_nothing_is_imported_that_is_not_needed(arguments: list[str], without: str, tmp_path: Path) -> None:
    """pyplot has a state for the whole process, which is the user's."""
    code = "import sys, nntrace.cli; nntrace.cli.execute(sys.argv[2:]); print(sys.argv[1] in sys.modules)"
    command = [sys.executable, "-X", "utf8", "-c", code, without, "plot", "article", *arguments]
    ran = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path)
    assert ran.stdout.endswith(b"False\n")
