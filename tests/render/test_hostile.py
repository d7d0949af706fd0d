"""What the user writes (title, source, notes, names of classes) stays text in every form."""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from command import nntrace_run

from nntrace.render import EXPLANATIONS, FORMS

SIGNS = (
    """</script><script>alert(1)</script> <b>"q"</b> & &lt; 'x' ''' `c` $x$ a|b_c_d """
    """\\n \\end{document} %s {0} ŷ 日本 🙂 é"""
)
TITLES = [SIGNS, f"{'very ' * 300}long {SIGNS}", "x" * 5000]
CLASSES = ['<i>a</i>|*b*"', "$c_1$ `d` \\x"]


@pytest.fixture(params=TITLES, ids=["signs", "long", "one word"])
def title(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def config(title: str, tmp_path: Path) -> str:
    """A config whose every text is hostile; JSON is YAML."""
    data = {
        "title": title,
        "source": title,
        "notes": f"{title}\nand {title}",
        "architecture": {"inputs": 1, "layers": [{"nodes": 2, "activation": "softmax"}]},
        "loss": "cross_entropy",
        "weights": 0.5,
        "data": {"x": [1, 2, 3], "labels": [CLASSES[0], CLASSES[1], CLASSES[0]]},
        "alpha": 0.1,
        "iterations": 2,
    }
    path = tmp_path / "hostile.yaml"
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return str(path)


class Texts(HTMLParser):
    """The texts of a page, by the element that they stand in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)


def in_html(out: str, title: str) -> None:
    page = Texts(out)
    assert "".join(page.texts["h1"]) == title
    assert title in "".join(page.texts["title"])
    assert "alert(1)</script>" not in out
    assert not any(element in out for element in ("<i>a</i>", '<b>"q"</b>'))


def in_markdown(out: str, title: str) -> None:
    first = out.splitlines()[0]
    assert html.unescape(first.removeprefix("# ")) == title
    assert not re.search(r"[<`$|]", first)
    assert "<i>" not in out


def in_json(out: str, title: str) -> None:
    assert json.loads(out)["title"] == title


def in_json_lines(out: str, title: str) -> None:
    assert json.loads(out.split("\n", maxsplit=1)[0])["title"] == title


def in_a_script(out: str, title: str) -> None:
    tree = ast.parse(out)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and "alert" in str(node.value)]
    assert title[:20] in out


def in_text(out: str, title: str) -> None:
    assert "".join(title.split()) in "".join(out.split())


def in_latex(out: str, title: str) -> None:
    """Compiled in test_latex.py; here: no command of the user's, and nothing that ends the document early."""
    assert out.count(r"\end{document}") == 1
    assert r"\textbackslash{}end\{document\}" in out or "x" * 20 in title


def without_texts(out: str, title: str) -> None:
    """A form that has no texts of the user's."""
    assert title[:30] not in out


SAYS: dict[str, Callable[[str, str], None]] = {
    "terminal": in_text,
    "markdown": in_markdown,
    "json": in_json,
    "jsonl": in_json_lines,
    "html": in_html,
    "latex": in_latex,
    "csv": without_texts,
    "numpy": in_a_script,
    "torch": in_a_script,
}


@pytest.mark.parametrize("form", [name for name, form in FORMS.items() if not form.binary])
def test_in_every_form_of_a_trace(form: str, config: str, title: str) -> None:
    ran = nntrace_run("run", config, "--to", form)
    assert ran.status == 0
    SAYS[form](ran.out, title)


@pytest.mark.parametrize("form", EXPLANATIONS)
def test_in_every_form_of_an_explanation(form: str, config: str, title: str) -> None:
    ran = nntrace_run("explain", config, "loss", "--to", form)
    assert ran.status == 0
    SAYS[form](ran.out, title) if form != "json" else json.loads(ran.out)


def test_names_of_classes(config: str) -> None:
    """In the tables at the end they are text too."""
    page = Texts(nntrace_run("run", config, "--to", "html").out)
    assert CLASSES[0] in page.texts["td"]
    assert CLASSES[1] in page.texts["td"]
    rows = nntrace_run("run", config, "--to", "markdown").out.partition("Predictions")[2].splitlines()
    table = [line for line in rows if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    assert html.unescape(table[2].split("|")[-2]).strip() in CLASSES
