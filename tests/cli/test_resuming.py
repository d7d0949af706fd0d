"""`--checkpoint`: a run that is broken off and gone on with is bit for bit the one that is not."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import Ran, nntrace_run

from nntrace import bundle, load, saving, trace
from nntrace.cli import output, resuming
from nntrace.render import FORMS
from nntrace.tracing import Step

LONG = ("xor", "--set", "iterations=500", "--set", "expect=[]")
STREAMED = [name for name, form in FORMS.items() if form.streamed]


def broken_off(monkeypatch: pytest.MonkeyPatch, after: int, *arguments: str) -> Ran:
    """The command, interrupted when so many steps of it are given to the form."""

    def interrupted(steps: Iterable[Step], *_: object, **__: object) -> Iterator[Step]:
        for count, step in enumerate(steps):
            if count == after:
                raise KeyboardInterrupt
            yield step

    with monkeypatch.context() as patch:
        patch.setattr(output, "progress", interrupted)
        return nntrace_run(*arguments)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("thinned", [(), ("--every", "30"), ("--iteration", "100..300"), ("--last",)])
@pytest.mark.parametrize("form", STREAMED)
def test_both_parts_one_after_the_other_are_the_whole(
    form: str, thinned: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("run", *LONG, "--to", form, "--only", "loss,dW1", *thinned)
    whole = nntrace_run(*command).out
    for after in (0, 1, 5, 77):
        Path("run.npz").unlink(missing_ok=True)
        first = broken_off(monkeypatch, after, *command, "--checkpoint", "run.npz")
        if first.status == 0:  # it has no more steps
            assert first.out == whole
            continue
        assert first.status == 130
        second = nntrace_run(*command, "--checkpoint", "run.npz")
        assert second.status == 0
        assert first.out + second.out == whole
        assert second.err.startswith("run.npz: going on after ")


def test_broken_off_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("run", *LONG, "--to", "markdown", "--every", "5")
    found, ran = "", broken_off(monkeypatch, 13, *command, "--checkpoint", "run.npz")
    parts = 0
    while ran.status == 130:
        found += ran.out
        parts += 1
        ran = broken_off(monkeypatch, 13, *command, "--checkpoint", "run.npz")
    assert parts == 7
    assert found + ran.out == nntrace_run(*command).out


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if not form.program])
def test_an_export_that_is_gone_on_with_is_the_whole_file(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("export", *LONG, "--to", form)
    assert nntrace_run(*command, "-o", "whole").status == 0
    after = 0 if FORMS[form].outcome else 40
    assert broken_off(monkeypatch, after, *command, "-o", "made", "--checkpoint", "c").status == 130
    assert not Path("made").exists()
    ran = nntrace_run(*command, "-o", "made", "--checkpoint", "c")
    assert ran.status == 0
    assert ("going on after 40 of 500 steps" in ran.err) == FORMS[form].streamed
    assert Path("made").read_bytes() == Path("whole").read_bytes()
    assert sorted(path.name for path in Path().iterdir()) == ["c", "made", "whole"]


def test_an_export_whose_part_is_gone_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("export", *LONG, "-o", "made.jsonl", "--checkpoint", "c")
    broken_off(monkeypatch, 40, *command)
    Path(".made.jsonl.part").unlink()
    ran = nntrace_run(*command)
    assert (ran.status, ran.err) == (0, "")
    assert Path("made.jsonl").read_text() == nntrace_run("run", *LONG, "--to", "jsonl").out


def test_what_was_written_after_the_last_save_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a power cut: the part is longer than the checkpoint knows."""
    command = ("export", *LONG, "-o", "made.jsonl", "--checkpoint", "c")
    broken_off(monkeypatch, 40, *command)
    with Path(".made.jsonl.part").open("a") as part:
        part.write('{"iteration":41,"ba')
    assert nntrace_run(*command).status == 0
    assert Path("made.jsonl").read_text() == nntrace_run("run", *LONG, "--to", "jsonl").out


def test_another_command_starts_from_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off(monkeypatch, 300, "run", *LONG, "--to", "jsonl", "--checkpoint", "c")
    whole = nntrace_run("step", *LONG, "--iteration", "290", "--to", "json").out
    made: list[int] = []
    run = trace(load(bundle.path("xor"), ["iterations=500", "expect=[]"]))
    assert saving.unpacked("c", run, saving.matters(run)) is not None
    run.step(290, reached=made.append)
    assert made[0] > 270  # from a checkpoint near it
    assert nntrace_run("step", *LONG, "--iteration", "290", "--to", "json", "--checkpoint", "c").out == whole
    later = nntrace_run("run", *LONG, "--to", "jsonl", "--checkpoint", "c")
    assert "going on after 300 of 500 steps" in later.err  # which the other command has not disturbed


@pytest.mark.parametrize("arguments", [("step", *LONG, "--iteration", "444"), ("predict", *LONG, "--x", "0,1")])
def test_step_and_predict_save_and_resume(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = nntrace_run(*arguments).out

    def interrupted(self: resuming.Checkpoint, number: int) -> None:
        if number > 200:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resuming.Checkpoint, "reached", interrupted)
        ran = nntrace_run(*arguments, "--checkpoint", "c")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.strip() == "Interrupted: c has what was trained, and the same command goes on from there."
    with np.load("c") as saved:
        assert saved["numbers"].max() >= 198
    assert nntrace_run(*arguments, "--checkpoint", "c").out == whole


def test_a_run_that_is_made_longer_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("run", "xor", "--set", "expect=[]", "--to", "csv", "--checkpoint", "c", "--set")
    first = nntrace_run(*command, "iterations=300")
    second = nntrace_run(*command, "iterations=500")
    assert first.out + second.out == nntrace_run("run", *LONG, "--to", "csv").out
    assert second.err == "c: going on after 300 of 500 steps.\n"


def test_a_run_that_is_over_is_shown_again() -> None:
    command = ("run", *LONG, "--to", "csv", "--checkpoint", "c")
    first, second = nntrace_run(*command), nntrace_run(*command)
    assert first.out == second.out
    assert second.err == ""


OTHERS = {
    "alpha=0.25": "`alpha` is 0.5 there and 0.25 here",
    "batch=2": "`batch` is 4 there and 2 here",
    "l2=0.1": "`l2` is 0.0 there and 0.1 here",
    "clip_norm=1": "`clip_norm` is null there and 1.0 here",
    "round=4": "`round` is null there and 4 here",
    "shuffle={seed: 1}": "`shuffle` differs",
    "optimizer={name: momentum, beta: 0.5}": "`optimizer` differs",
    "reduction=sum": "`reduction` differs",
    "loss=half_squared_error": "`loss` differs",
    "data.y=[0, 1, 1, 1]": "`data` differs",
    "weights.seed=77": "`weights` differs",
    "architecture.layers.1.activation=sigmoid": "`architecture` differs",
    "architecture.biases=none": "`architecture` differs, `weights` differs",
}


@pytest.mark.parametrize("setting", OTHERS)
def test_the_checkpoint_of_another_run_is_refused(setting: str) -> None:
    base = ("xor", "--set", "expect=[]", "--set", "alpha=0.5")
    assert nntrace_run("step", *base, "--checkpoint", "c").status == 0
    before = Path("c").read_bytes()
    ran = nntrace_run("step", *base, "--set", setting, "--checkpoint", "c")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"nntrace: c: it is the checkpoint of another run: {OTHERS[setting]}")
    assert Path("c").read_bytes() == before


NONE_OTHER = ("iterations=7", "title=Other", "decimals=6", "source=other", "weights={init: normal, std: 1, seed: 4}")


@pytest.mark.parametrize("setting", NONE_OTHER)
def test_what_changes_no_number_is_the_same_run(setting: str) -> None:
    base = ("xor", "--set", "expect=[]", "--set", "weights={init: normal, mean: 0, std: 1.0, seed: 4}")
    assert nntrace_run("step", *base, "--checkpoint", "c").status == 0
    assert nntrace_run("step", *base, "--set", setting, "--checkpoint", "c").status == 0


def npz(**arrays: Any) -> bytes:
    written = io.BytesIO()
    np.savez(written, **arrays)
    return written.getvalue()


OTHER_FORMAT = '{"format": "nntrace-checkpoint/0", "of": {}, "shown": null}'
PRECIOUS = (b"", b"alpha: 1\n", *(npz(about=np.array(text)) for text in ("{}", OTHER_FORMAT)), npz(W1=np.zeros(3)))


@pytest.mark.parametrize("content", PRECIOUS)
def test_what_is_no_checkpoint_is_not_overwritten(content: bytes) -> None:
    Path("precious").write_bytes(content)
    ran = nntrace_run("run", "article", "--checkpoint", "precious")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("nntrace: precious: it is n")
    assert Path("precious").read_bytes() == content


def test_where_it_cannot_be_saved_is_said() -> None:
    ran = nntrace_run("step", "article", "--checkpoint", "nowhere/c")
    assert ran.status == 2
    assert "nowhere/c: it cannot be written: No such file or directory" in ran.err


def test_it_is_a_file() -> None:
    ran = nntrace_run("step", "article", "--checkpoint", "-")
    assert (ran.status, ran.err) == (2, "nntrace: --checkpoint takes a file, which is read and written\n")


def test_a_run_that_stops_is_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to go on with behind the step that it stops at, also where it is broken off there."""
    stops = ("run", "d2l-gd-diverging", "--set", "alpha=1e200", "--set", "iterations=9", "--set", "expect=[]")
    command = (*stops, "--to", "jsonl", "--checkpoint", "c")
    whole = nntrace_run(*stops, "--to", "jsonl")
    for _ in range(2):
        again = nntrace_run(*command)
        assert (again.status, again.out) == (1, whole.out)
    steps = len(whole.out.splitlines()) - 2
    assert broken_off(monkeypatch, steps, *command).status == 1  # it has no more
    assert nntrace_run(*command).out == whole.out


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_real_interrupt_leaves_whole_lines_and_goes_on(sent: signal.Signals, status: int) -> None:
    """The process is stopped again and again wherever it is, until it is through."""
    settings = ("--set", "iterations=30000", "--set", "expect=[]")
    command = ("run", "article", *settings, "--only", "loss", "--to", "jsonl")
    program = [sys.executable, "-m", "nntrace", *command, "--checkpoint", "c"]
    waits = (0.5, 0.7, 0.9, 0.3, 30)
    with open("out.jsonl", "wb") as out:
        for wait in waits:
            with subprocess.Popen(program, stdout=out, stderr=subprocess.PIPE) as running:
                try:
                    running.wait(wait)
                except subprocess.TimeoutExpired:
                    running.send_signal(sent)
                _, said = running.communicate(timeout=30)
            assert running.returncode in (0, status, 128 + sent, -sent)  # early the system's own end
            assert b"Traceback" not in said
            assert Path("out.jsonl").read_bytes()[-1:] in (b"", b"\n")
            if running.returncode == 0:
                break
    assert Path("out.jsonl").read_text() == nntrace_run(*command).out


def test_a_long_run_is_saved_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "SECONDS", 0.0)
    sizes: list[int] = []
    save = resuming.Checkpoint.save

    def noted(self: resuming.Checkpoint) -> None:
        save(self)
        with np.load("c") as saved:
            sizes.append(int(saved["numbers"].max()))

    monkeypatch.setattr(resuming.Checkpoint, "save", noted)
    begun = time.monotonic()
    assert nntrace_run("run", *LONG, "--to", "jsonl", "--checkpoint", "c").status == 0
    assert time.monotonic() > begun
    assert sizes == sorted(sizes)
    assert len(set(sizes)) > 100
