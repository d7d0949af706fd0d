"""`nntrace examples`: what is bundled, listed or printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import nntrace_run

from nntrace import bundle


def test_answer_sheets_are_listed_below_the_configs() -> None:
    configs, _, sheets = nntrace_run("examples").out.partition("\nAnswer sheets, for `nntrace check`\n\n")
    assert [line.split()[0] for line in configs.splitlines()[2::2]] == bundle.names()
    assert sheets == (
        "name           for\n"
        "    what it holds\n"
        "mazur-printed  mazur\n"
        "    The error after the first update and the outputs after 10,000 updates, as the page prints them.\n"
    )


@pytest.mark.parametrize("name", [*bundle.names(), *bundle.sheet_names()])
def test_each_is_printed_as_it_is(name: str) -> None:
    path = bundle.path(name) or bundle.sheet_path(name)
    assert path is not None
    assert nntrace_run("examples", name).out == Path(path).read_text(encoding="utf-8")


def test_a_sheet_is_no_config_and_a_config_no_sheet() -> None:
    assert not set(bundle.names()) & set(bundle.sheet_names())
    assert bundle.path("mazur-printed") is None
    assert bundle.sheet_path("mazur") is None


def test_each_sheet_says_which_config_it_is_for() -> None:
    from nntrace.answers.heading import heading

    for name in bundle.sheet_names():
        said = heading(name)
        assert said.config in bundle.names()
        assert said.title
        assert f"nntrace check {said.config} {name}" in said.notes
