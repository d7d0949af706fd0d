"""Help, the version, misspellings, internal errors."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from command import nntrace_run

import nntrace
import nntrace.cli


def test_no_arguments_print_a_short_help() -> None:
    ran = nntrace_run()
    assert ran.status == 0
    assert ran.out == nntrace_run("--help").out == nntrace_run("-h").out
    assert len(ran.out.splitlines()) <= 30


def test_version() -> None:
    assert nntrace_run("--version").out == f"nntrace {nntrace.__version__}\n"


@pytest.mark.parametrize("name", nntrace.cli.COMMANDS)
def test_help_of_a_command_has_an_example_before_the_options_that_works(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(nntrace_run("examples", "article").out, encoding="utf-8")
    mine = nntrace_run("run", "my.yaml", "--to", "json").out
    (tmp_path / "class").mkdir()
    for answers in ("mine.json", "class/ada.json", "class/carl.json"):
        (tmp_path / answers).write_text(mine, encoding="utf-8")
    (tmp_path / "new.csv").write_text("x\n4\n5\n", encoding="utf-8")
    text = nntrace_run(name, "--help").out
    assert text == nntrace_run(name, "-h").out
    examples = text.partition("Examples:")[2].partition("Options:")[0]
    commands = re.findall(r"^ *(nntrace .*?)(?:  .*)?$", examples, re.MULTILINE)
    assert commands
    for command in commands:
        arguments = shlex.split(command.partition(">")[0])[1:]
        assert nntrace_run(*arguments).status == int("check mazur mazur-printed" in command), command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rnu",), "No such command 'rnu'. Did you mean 'run'?"),
        (("exprot",), "No such command 'exprot'. Did you mean 'export'?"),
        (("run", "--itration", "2"), "--iteration"),
        (("run", "--to", "markdwon"), "'markdwon' is not one of 'terminal', 'markdown', 'json', 'jsonl'"),
        (("run", "--iteration", "x"), "'x' is not a number or a range such as 2..4"),
        (("run", "--iteration", "4..2"), "'4..2' ends before it begins"),
        (("run", "articel"), "articel: there is no such file\nDid you mean the bundled `article`?"),
        (("examples", "mazzur"), "nntrace: there is no bundled example `mazzur`\nDid you mean `mazur`?"),
        (("export",), "Missing option '-o' / '--output'"),
    ],
)
def test_a_misspelling_gets_the_nearest_right_one(arguments: tuple[str, ...], said: str) -> None:
    ran = nntrace_run(*arguments)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("of all things"), MemoryError(), OSError(12, "Cannot allocate memory")],  # not stdout's fault
    ids=lambda error: type(error).__name__,
)
def test_an_internal_error_says_how_to_report_it(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: object) -> None:
        raise error

    monkeypatch.setattr("nntrace.loading.read", broken)
    ran = nntrace_run("run")
    assert ran.status == 70
    assert f"an error in nntrace itself ({type(error).__name__}: {error})" in ran.err
    assert "--debug" in ran.err
    assert "Traceback" not in ran.err
    with pytest.raises(type(error)):
        nntrace_run("run", "--debug")


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_neither_numpy_nor_rich(option: str) -> None:
    """Start-up is part of the product."""
    code = f"""
import sys
import nntrace.cli
status = nntrace.cli.execute([{option!r}])
print(status, sorted({{"numpy", "rich", "yaml", "msgspec"}} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "0 []"


def completions(words: str, incomplete: str) -> list[str]:
    environment = {"_NNTRACE_COMPLETE": "bash_complete", "COMP_WORDS": f"{words} {incomplete}"}
    environment["COMP_CWORD"] = str(len(words.split()))
    result = CliRunner(env=environment).invoke(nntrace.cli.nntrace, prog_name="nntrace")
    return [line.partition(",")[2] for line in result.output.splitlines()]


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ("nntrace", "ex", ["export", "examples"]),
        ("nntrace run", "art", ["article", "article-printed"]),
        ("nntrace step --detail", "w", ["work"]),
        ("nntrace step --only", "dW", ["dW", "dW3", "dW2", "dW1"]),
        ("nntrace step article --only", "Z1,dZ", ["Z1,dZ", "Z1,dZ3", "Z1,dZ2", "Z1,dZ1"]),
        ("nntrace run --to", "json", ["json", "jsonl"]),
        ("nntrace examples", "maz", ["mazur", "mazur-printed"]),
    ],
)
def test_the_shell_completes(words: str, incomplete: str, offered: list[str]) -> None:
    found = completions(words, incomplete)
    assert [name for name in offered if name not in found] == []
    assert all(name.startswith(incomplete) for name in found)
