"""The wheel alone: built, installed without the test packages in a clean environment, run from another folder."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import nntrace
from nntrace.render import FORMS

PLOT = "nntrace: a picture takes matplotlib: pip install 'nntrace[plot]'"
"""What is said where it is not installed."""
ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, encoding="utf-8").stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_the_package_and_the_configs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {Path(name).parts[0] for name in names} == {"nntrace", f"nntrace-{nntrace.__version__}.dist-info"}
    bundled = {name.removeprefix("nntrace/") for name in names if name.startswith("nntrace/configs/")}
    assert bundled == {path.relative_to(ROOT).as_posix() for path in (ROOT / "configs").rglob("*.yaml")}
    assert "nntrace/py.typed" in names


def test_it_runs_from_another_folder_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    out = run(programs / "nntrace", "step", "--iteration", "1", "--example", "2", "--only", "A3", cwd=tmp_path)
    assert "0.8776" in out
    assert "article" in run(programs / "nntrace", "examples", cwd=tmp_path)
    assert "0.8776" in run(programs / "python", "-m", "nntrace", "step", "--example", "2", "--only", "A3", cwd=tmp_path)
    for form in FORMS.values():
        run(programs / "nntrace", "export", "article", "--to", form.name, "-o", tmp_path / form.name, cwd=tmp_path)
        assert (tmp_path / form.name).stat().st_size > 500, form.name
    plot = subprocess.run([programs / "nntrace", "plot", "-o", "p.svg"], cwd=tmp_path, capture_output=True, check=False)
    assert (plot.returncode, plot.stderr.decode().strip()) == (2, PLOT)
