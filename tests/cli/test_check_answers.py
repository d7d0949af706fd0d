"""`nntrace check CONFIG ANSWERS`: the report, the table of a class, JSON for graders, statuses and messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command import nntrace_run
from mistaken import learner

from nntrace import bundle, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def write(name: str, *mistakes: str, config: str = "unequal", decimals: int | None = None) -> str:
    """A file with the numbers of a network from scratch that has these mistakes."""
    steps = learner(load(bundle.path(config) or ""), *mistakes)

    def figures(value: Any) -> Any:
        if isinstance(value, list):
            return [figures(each) for each in value]
        return value if decimals is None else round(value, decimals)

    for step in steps:
        step["values"] = {key: figures(value) for key, value in step["values"].items()}
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps({"steps": steps}), encoding="utf-8")
    return name


def test_the_report_on_one_sheet() -> None:
    ran = nntrace_run("check", "unequal", write("mine.json", "derivative-left-out"))
    assert (ran.status, ran.err) == (1, "")
    # -0.5566 = W3[·,3]ᵀ·dZ3 where Z2[3,1] is negative, so that relu lets nothing through.
    assert ran.out.startswith(
        "No two weights alike\n"
        "answers   mine.json: 670 numbers of 4 steps\n"
        "\n"
        "184 of 670 numbers are right; 29 are wrong in themselves, 457 differ only as a consequence.\n"
        "\n"
        "LIKELY MISTAKE\n"
        "\n"
        "  The derivative of the activation is left out in a hidden layer.\n"
        "    yours      dZ2 = dA2\n"
        "    should be  dZ2 = dA2 ⊙ (Z2 > 0)\n"
        "    yours      dZ1 = dA1\n"
        "    should be  dZ1 = dA1 ⊙ (1 − A1²)\n"
        "\n"
        "  dZ2 in iteration 1, batch 1 · 3 of 8 entries\n"
        "    dZ2 = dA2 ⊙ (Z2 > 0)\n"
        "    entry       yours   right\n"
    )
    assert "    dZ2[3,1]  -0.5566  0.0000\n" in ran.out


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("mistakes", [("derivative-left-out",), ("m-only-in-dW",), ("updated-weights", "ascent")])
def test_no_line_is_wider_than_the_screen(width: int, mistakes: tuple[str, ...], monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = nntrace_run("check", "unequal", write("mine.json", *mistakes)).out
    assert max(map(len, out.splitlines())) <= width
    sheets = [write(f"class/{name}.json", *mistakes) for name in ("ada", "carl")]
    assert max(map(len, nntrace_run("check", "unequal", *sheets).out.splitlines())) <= width


def test_a_stream_without_the_signs_gets_their_spelling() -> None:
    ran = nntrace_run("check", "unequal", write("mine.json", "factor-2-forgotten"), encoding="ascii")
    assert "should be  dA3 = 2 (A3 - y)/m" in ran.out


def test_a_right_sheet_and_one_to_four_decimals() -> None:
    for name in (write("full.json", config="article"), write("four.json", config="article", decimals=4)):
        ran = nntrace_run("check", "article", name)
        assert ran.status == 0
        assert "\nAll 464 numbers are right.\n" in ran.out


def test_what_run_writes_is_right(tmp_path: Path) -> None:
    for form in ("json", "jsonl"):
        Path(f"trace.{form}").write_text(nntrace_run("run", "xor", "--to", form).out, encoding="utf-8")
        assert nntrace_run("check", "xor", f"trace.{form}").status == 0
    out = nntrace_run("run", "article", "--to", "json").out
    assert nntrace_run("check", "article", "-", stdin=out).status == 0


def test_a_convention_passes_where_it_is_allowed() -> None:
    name = write("mine.json", "m-only-in-dW")
    assert nntrace_run("check", "unequal", name).status == 1
    ran = nntrace_run("check", "unequal", name, "--allow-conventions")
    assert ran.status == 0
    assert "CONVENTION\n\n  1/m stands in dW and db rather than in dZ.\n" in ran.out
    wrong = write("wrong.json", "error-reversed")
    assert nntrace_run("check", "unequal", wrong, "--allow-conventions").status == 1


def test_a_tolerance() -> None:
    Path("mine.json").write_text('{"loss": 0.02100}', encoding="utf-8")
    assert nntrace_run("check", "article", "mine.json").status == 1
    assert nntrace_run("check", "article", "mine.json", "--tolerance", "0.003").status == 0


def test_a_class_is_a_table_of_a_line_each() -> None:
    write("class/ada.json")
    write("class/bob.json", "factor-2-forgotten")
    write("class/carl.json", "updated-weights")
    write("class/dora.json", "factor-2-forgotten", "bias-not-updated")
    write("class/emil.json", "m-only-in-dW")
    Path("class/fay.json").write_text("{", encoding="utf-8")
    ran = nntrace_run("check", "unequal", "class/*.json")  # the pattern as Windows leaves it
    assert ran.status == 2
    lines = ran.out.splitlines()
    assert lines[2].split() == ["answers", "numbers", "right", "wrong", "follow", "first", "wrong", "likely", "mistake"]
    assert lines[3].split() == ["ada.json", "670", "670", "0", "0"]
    names = ["ada", "bob", "carl", "dora", "emil", "fay"]
    assert [line.split()[0] for line in lines[3:9]] == [f"{name}.json" for name in names]
    for line, said in zip(lines[4:9], ["factor-2-forgotten", "updated-weights", "factor-2-forgotten, bias-not",
                                       "m-only-in-dW (convention)", "cannot be used"], strict=True):  # fmt: skip
        assert said in line
    assert "1 of 6 answer sheets agrees." in lines
    assert "        2  factor-2-forgotten: The factor 2 of the square is forgotten in its derivative." in lines
    Path("class/fay.json").unlink()
    assert nntrace_run("check", "unequal", "class/*.json").status == 1
    assert nntrace_run("check", "unequal", "class/ada.json", "class/ada.json").status == 0


def test_json_for_graders() -> None:
    data = json.loads(nntrace_run("check", "unequal", write("bob.json", "factor-2-forgotten"), "--to", "json").out)
    assert data["format"] == "nntrace-check/1"
    assert data["answers"] == "bob.json"
    assert data["agrees"] is False
    assert data["compared"] == 670
    fits = data["mistakes"][0]["fits"]
    assert fits[0] == {
        "name": "factor-2-forgotten",
        "kind": "mistake",
        "says": "The factor 2 of the square is forgotten in its derivative.",
        "lines": [{"theirs": "dA3 = (A3 − y)/m", "right": "dA3 = 2 (A3 − y)/m"}],
    }
    assert data["mistakes"][0]["explains"][0] == {"iteration": 1, "batch": 1, "quantity": "dA3"}
    equation = data["equations"][0]
    # dA3 = 2 (A3 − y)/m with m = 2; theirs is half of it.
    assert equation["entries"][0]["theirs"] == pytest.approx(equation["entries"][0]["right"] / 2)
    both = json.loads(nntrace_run("check", "unequal", "bob.json", write("ada.json"), "--to", "json").out)
    assert [sheet["agrees"] for sheet in both["sheets"]] == [False, True]


def test_every_entry_that_is_off_is_shown_or_counted() -> None:
    ran = nntrace_run("check", "unequal", write("mine.json", "bias-left-out"))
    data = json.loads(nntrace_run("check", "unequal", "mine.json", "--to", "json").out)
    first = data["equations"][0]
    for each in first["entries"]:
        assert f"{first['quantity']}[{each['row']},{each['column']}]" in ran.out
    assert "…" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing.json",), "nothing.json: there is no such file\n"),
        (("bad.json",), "bad.json: there is no quantity `lss`\nDid you mean `loss`?"),
        (("late.json",), "late.json: there is no iteration 9: there are 1 to 2\n"),
        (("bad.json", "--tolerance", "0"), "Invalid value for '--tolerance': it should be a number above 0"),
        (("--tolerance", "1"), "--tolerance, --allow-conventions and --to are for ANSWERS"),
        (("mazur-printd",), "mazur-printd: there is no such file\nDid you mean the bundled sheet `mazur-printed`?"),
    ],
)
def test_what_cannot_be_used_is_a_message_and_status_2(arguments: tuple[str, ...], said: str) -> None:
    Path("bad.json").write_text('{"lss": 1}', encoding="utf-8")
    Path("late.json").write_text('{"iteration": 9, "example": 1, "loss": 1}', encoding="utf-8")
    ran = nntrace_run("check", "article", *arguments)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""


def test_the_bundled_sheet_of_mazurs_page() -> None:
    ran = nntrace_run("check", "mazur", "mazur-printed", "--set", "iterations=10001")
    assert ran.status == 1
    assert "  The backward pass uses the already updated W.\n    yours      dA1 = W2_newᵀ·dZ2\n" in ran.out
    assert "0.291027924  0.291027774" in ran.out
    assert "mazur-printed" in nntrace_run("examples").out
