"""The rooms of the package: arrows run downwards only, and start-up stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nntrace

PACKAGE = Path(nntrace.__file__).parent
ROOMS: dict[str, set[str]] = {
    # room: what it may use
    "errors": set(),
    "suggest": set(),
    "formula": set(),
    "maths": {"formula"},
    "config": {"maths", "errors", "suggest"},
    "bundle": set(),
    "equations": {"formula", "maths", "config"},
    "selecting": {"equations", "config", "formula", "maths", "errors", "suggest"},
    "files": {"config", "errors", "suggest"},
    "examples": {"files", "config", "maths", "errors", "suggest"},
    "loading": {"examples", "selecting", "equations", "config", "errors", "formula"},
    "running": {"selecting", "equations", "config", "formula", "maths"},
    "checkpoints": {"running"},
    "tracing": {"checkpoints", "running", "selecting", "equations", "config", "formula", "errors"},
    "summary": {"tracing"},
    "sweeping": {"loading", "tracing", "config", "errors", "suggest"},
    "saving": {"tracing", "files", "errors"},
    "curves": {"summary", "tracing", "equations", "formula"},
    "answers": {
        *("tracing", "selecting", "loading", "equations", "files", "config", "formula", "maths"),
        *("bundle", "errors", "suggest"),
    },
    "marking": {"answers", "tracing", "running", "selecting", "equations", "config", "formula", "maths"},
    "checking": {"tracing", "selecting", "config", "errors"},
    "differences": {"tracing", "formula"},
    "reasons": {"equations", "formula"},
    "explaining": {"reasons", "tracing", "equations", "formula"},
    "verifying": {"differences", "tracing", "equations", "formula", "errors"},
    "render": {
        *("marking", "explaining", "reasons", "checking", "verifying", "answers", "tracing", "summary", "selecting"),
        *("curves", "sweeping", "equations", "config", "formula", "maths", "errors", "suggest"),
    },
    "display": {"render", "equations", "formula", "summary", "selecting", "tracing"},
    "grading": {"render", "marking", "answers", "loading", "tracing", "config", "bundle"},
    "cli": {
        *("render", "marking", "explaining", "checking", "verifying", "answers", "summary", "tracing", "loading"),
        *(
            "saving",
            "sweeping",
            "curves",
            "examples",
            "selecting",
            "equations",
            "config",
            "bundle",
            "errors",
            "suggest",
        ),
    },
}
"""CONTRIBUTING.md draws this map."""


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The rooms that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "nntrace":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("nntrace.")}
    return found & ROOMS.keys()


FILES = [path for path in PACKAGE.rglob("*.py") if room(path) not in ("__init__", "__main__")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_uses_only_the_rooms_below_its_own(path: Path) -> None:
    here = room(path)
    assert imported(path) - {here} <= ROOMS[here]


def test_only_the_command_line_prints_or_touches_files() -> None:
    allowed = {"cli", "loading", "files", "bundle"}
    for path in FILES:
        names = {node.func.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
        assert room(path) in allowed or not names & {"print", "open"}, path


@pytest.mark.parametrize("name", nntrace.__all__)
def test_each_public_name_can_be_imported_first(name: str) -> None:
    """No module carries the name of a public function: in a fresh process the name is the thing itself."""
    code = f"from nntrace import {name} as it; import types; assert type(it) is not types.ModuleType; print(it.__doc__)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(ran.stdout) > 20


def test_the_package_itself_imports_nothing_heavy() -> None:
    code = "import sys, nntrace; print(sorted({'numpy', 'rich', 'click', 'yaml', 'msgspec'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        nntrace.nothing  # noqa: B018
