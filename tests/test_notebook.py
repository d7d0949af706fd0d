"""The notebook in docs/ runs, and shows what is stored in it.

Refresh it with `pytest tests/test_notebook.py --refresh`, and read the difference.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
from comparing import assert_same_text

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebook.ipynb"
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
"""No version and no path of the machine on which it was run."""


def executed() -> Any:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the notebook's own machinery deprecates
        nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        cell.metadata.clear()
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


@pytest.mark.filterwarnings("ignore")
def test_it_shows_what_is_stored(refresh: bool) -> None:
    now = executed()
    if refresh:
        NOTEBOOK.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(stored)
    for cell, wanted in zip(now.cells, stored.cells, strict=True):
        assert_same_text(json.dumps(cell.get("outputs", [])), json.dumps(wanted.get("outputs", [])))
    assert sum(bool(cell.get("outputs")) for cell in stored.cells) >= 6


def test_nothing_of_a_machine_is_in_it() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert notebook.metadata == METADATA
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not any(sign in text for sign in ("/home/", "/root/", "/tmp/", "C:\\\\", "Traceback"))
