"""The README is true: its commands print what it shows, its config loads, its Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from command import nntrace_run
from comparing import assert_same_text

import nntrace.cli
from nntrace.config.messages import TABLES
from nntrace.formula.plain import digits

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WIDTH = "100"


def blocks(language: str, text: str = TEXT) -> list[str]:
    return [body for kind, body in FENCED.findall(text) if kind == language]


@pytest.fixture
def with_my_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = blocks("yaml")[0]
    (tmp_path / "my.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "typo.yaml").write_text(config.replace("alpha: 0.5", "learning_rate: 0.5"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)
    mine = nntrace_run("run", "my.yaml", "--iteration", "1", "--to", "json").out
    (tmp_path / "class").mkdir()
    for name in ("mine.json", "class/ada.json", "class/carl.json"):
        (tmp_path / name).write_text(mine, encoding="utf-8")


@pytest.mark.usefixtures("with_my_yaml")
def test_console_blocks_are_what_the_program_prints(refresh: bool) -> None:
    assert len(blocks("console")) >= 4

    def anew(match: re.Match[str]) -> str:
        kind, body = match.groups()
        if kind != "console":
            return match[0]
        command = body.splitlines()[0]
        program, *arguments = shlex.split(command.removeprefix("$ "))
        assert program == "nntrace"
        ran = nntrace_run(*arguments)
        return f"```console\n{command}\n{ran.err}{ran.out}```"

    now = FENCED.sub(anew, TEXT)
    if refresh:
        README.write_text(now, encoding="utf-8", newline="\n")
    assert_same_text(now, README.read_text(encoding="utf-8"))


def _as_typed(command: str) -> str:
    """A command of the table with something for its capitals, without what may be left out."""
    return re.sub(r"\[[^]]+\]", "", command).replace("CONFIG", "article").replace("QUANTITY", "loss")


@pytest.mark.usefixtures("with_my_yaml")
def test_shell_lines_that_call_nntrace_are_accepted() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("nntrace ")]
    table = re.findall(r"^\| `(nntrace [^`]+)`", TEXT, re.MULTILINE)
    for line in [*lines, *(_as_typed(command) for command in table)]:
        arguments = shlex.split(line.partition("#")[0].partition(">")[0])[1:]
        assert nntrace_run(*arguments).status == 0, line


@pytest.mark.usefixtures("with_my_yaml")
def test_python_block_runs(capsys: pytest.CaptureFixture[str]) -> None:
    *recipes, block = blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert "def step(A0, y, W1, b1, W2, b2, m, alpha):" in capsys.readouterr().out
    assert len(recipes) == 2


@pytest.mark.usefixtures("with_my_yaml")
@pytest.mark.parametrize("place", [0, 1], ids=["numpy", "torch"])
def test_recipes_check_and_are_caught_where_they_are_wrong(place: int) -> None:
    recipe = blocks("python")[place]
    if "import torch" in recipe:
        pytest.importorskip("torch")
    found: dict[str, Any] = {}
    exec(compile(recipe, "README.md", "exec"), found)
    assert found["report"].agrees
    assert found["report"].compared > 20
    wrong = recipe.replace("(1 - A1**2)", "(1 - A1)").replace("torch.tanh(Z1)", "torch.sigmoid(Z1)")
    with pytest.raises(AssertionError, match="wrong"):
        exec(compile(wrong, "README.md", "exec"), {})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_lines_work(shell: str) -> None:
    assert f"_NNTRACE_COMPLETE={shell}_source nntrace" in TEXT
    runner = CliRunner(env={"_NNTRACE_COMPLETE": f"{shell}_source"})
    result = runner.invoke(nntrace.cli.nntrace, prog_name="nntrace")
    assert result.exit_code == 0
    assert "_NNTRACE_COMPLETE" in result.output


def test_every_command_is_in_the_table() -> None:
    for name in nntrace.cli.COMMANDS:
        assert f"| `nntrace {name} " in TEXT or f"| `nntrace {name}`" in TEXT


def test_every_row_of_every_table_is_named_with_its_numbers() -> None:
    for key, table in TABLES.items():
        said = next(
            line for line in TEXT.splitlines() if line.startswith(f"| `{'weights' if key == 'init' else key}` |")
        )
        for row in table.values():
            assert row.name in said
            if key != "init" and row.name != "adamw":
                numbers = ", ".join(f"{name} {digits(value)}" for name, value in row.defaults.items())
                assert not numbers or f"`{row.name}` ({numbers})" in said
