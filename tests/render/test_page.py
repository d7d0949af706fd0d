"""The page in a real browser: its numbers, its arithmetic, its links and keys."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Opened, chromium
from command import nntrace_run
from reading import VALUES, plain_number, python_of

from nntrace import Config, bundle, load, trace
from nntrace.formula.entry import entry
from nntrace.formula.plain import plain
from nntrace.formula.tree import Entry, Formula
from nntrace.formula.walking import nodes
from nntrace.maths import functions
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.render import FORMS, html
from nntrace.render.excerpt import Excerpts
from nntrace.render.numbers import alone, format_for, typed
from nntrace.render.view import View
from nntrace.render.work import worked_entry
from nntrace.selecting import Chosen

LIMIT = 200_000
"""Bytes of a page without its numbers."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def export(folder: Path, *arguments: str) -> Path:
    path = folder / "page.html"
    ran = nntrace_run("export", *arguments, "-o", str(path))
    assert ran.status in (0, 1), ran.err
    return path


def written(folder: Path, config: Config) -> Path:
    """The page of a config that is no file."""
    run = trace(config)
    view = View(run, run.equations, run, run.equations.quantities, Chosen(1, config.iterations), len(run))
    path = folder / "page.html"
    path.write_text("".join(map(str, FORMS["html"].render(view))), encoding="utf-8")
    return path


# The page as a file


def test_it_is_one_file_of_its_own(tmp_path: Path) -> None:
    text = export(tmp_path, "article").read_text(encoding="utf-8")
    numbers = re.search(r'<script type="application/json" id="trace">.*?</script>', text, re.DOTALL)
    assert numbers
    assert len(text.encode()) - len(numbers[0].encode()) < LIMIT
    assert not re.search(r'(?:src|href)="(?!#)|@import|url\(|https?://(?!www\.w3\.org)', text.replace(numbers[0], ""))


def test_it_holds_the_json_form(tmp_path: Path) -> None:
    text = export(tmp_path, "xor", "--iteration", "1..3").read_text(encoding="utf-8")
    numbers = re.search(r'<script type="application/json" id="trace">(.*?)</script>', text, re.DOTALL)
    assert numbers
    assert json.loads(numbers[1]) == json.loads(nntrace_run("run", "xor", "--iteration", "1..3", "--to", "json").out)


def test_every_function_can_be_computed_in_a_page() -> None:
    """A row of the tables either says how, or is written out in others that do."""
    found = [value for value in vars(functions).values() if isinstance(value, functions.Function)]
    assert len(found) > 10
    for function in [*found, functions.rounding(4)]:
        assert function.javascript or function.written_out, function.plain


# Its numbers


def test_numbers_look_as_everywhere(browser: Any, tmp_path: Path) -> None:
    """The page formats numbers itself: digit for digit as the other forms do, halves too."""
    rng = np.random.default_rng(7)
    values = [
        *(rng.integers(-4096, 4096, 500) / 2.0 ** rng.integers(0, 15, 500)).tolist(),
        *(rng.normal(size=500) * 10.0 ** rng.integers(-12, 10, 500)).tolist(),
        *np.round(rng.normal(size=300), 3).tolist(),
        *(0.0, 5e-5, -5e-5, 0.03125, 999999.5, 1e6, 1e16, 1e21, 5.0, 100.0, 1e-300),
    ]
    cases = []
    for value in values:
        decimals, extra = int(rng.integers(0, 16)), int(rng.integers(0, 12))
        finest = None if rng.random() < 0.5 else int(rng.integers(0, 8))
        largest = abs(value) * float(rng.choice([1, 3, 100]))
        texts = [
            format_for(largest, decimals, finest)(value),
            alone(value, decimals, extra, min(decimals, 4)),
            typed(value, 6 + extra),
        ]
        cases.append(([value, decimals, extra, finest, largest], texts))
    with Opened(browser, export(tmp_path, "article")) as page:
        shown_there = page.evaluate(
            "cases => cases.map(([value, decimals, extra, finest, largest]) => "
            "[formatFor(largest, decimals, finest)(value), alone(value, decimals, extra, Math.min(decimals, 4)), "
            "typed(value, 6 + extra)])",
            [case for case, _ in cases],
        )
    for (case, texts), there in zip(cases, shown_there, strict=True):
        assert there == texts, case


@pytest.mark.parametrize("name", ["article", "unequal", "adam-by-hand", "softmax-cross-entropy", "rounded-by-hand"])
def test_the_numbers_shown_are_those_of_the_trace(browser: Any, tmp_path: Path, name: str) -> None:
    """Every matrix of every equation of two steps, as it stands on the page."""
    config = load(str(bundle.path(name)))
    steps = list(trace(config))[:2]
    with Opened(browser, export(tmp_path, name)) as page:
        for place, step in enumerate(steps):
            excerpts = Excerpts(step, config)
            for equation in step.equations:
                page.evaluate(
                    "([place, name]) => { location.hash = address(place, name); }", [place, equation.target.name]
                )
                page.wait_for_function("name => ITEMS[here.item].target === name", arg=equation.target.name)
                cells = page.eval_on_selector_all(
                    "#matrices .result tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
                )
                assert [[plain_number(cell) for cell in row] for row in cells] == excerpts[equation.target].cells


def read_back(drawn: str) -> float:
    text = python_of(ET.fromstring(drawn))
    return float(eval(text, dict(VALUES)))


def last_digit(text: str) -> float:
    exponent = Decimal(text).as_tuple().exponent
    assert isinstance(exponent, int)
    return 10.0**exponent


def _leaves(formula: Formula) -> list[Entry]:
    return [node for node in nodes(formula) if isinstance(node, Entry)]


def every_network() -> Iterator[Config]:
    """One for each activation, loss and optimizer, small, with a batch of two, signs both ways and large inputs."""
    rng = np.random.default_rng(3)

    def network(hidden: str, loss: str, optimizer: str, **more: Any) -> Config:
        row = LOSSES[loss]
        output = min(row.outputs) if row.outputs else "identity"
        y = [[0.25, 0.75], [1.0, 0.0]] if row.targets or row.distribution else rng.normal(size=(2, 2)).tolist()
        return load(
            {
                "architecture": {
                    "inputs": 2,
                    "layers": [{"nodes": 3, "activation": hidden}, {"nodes": 2, "activation": output}],
                },
                "weights": {"init": "normal", "seed": 5},
                "data": {"x": rng.normal(0, 2, (2, 2)).tolist(), "y": y},
                "loss": loss,
                "optimizer": optimizer,
                "alpha": 0.1,
                "iterations": 2,
                "batch": 2,
                **more,
            }
        )

    for name in ACTIVATIONS:
        yield network(name, "squared_error", "gradient_descent")
    for name in LOSSES:
        yield network("tanh", name, "gradient_descent")
    for name in OPTIMIZERS:
        yield network("tanh", "half_squared_error", name, l2=0.01, clip_norm=0.5)
    yield network("gelu", "squared_error", "gradient_descent", round=3)


def test_the_arithmetic_is_that_of_the_other_forms(browser: Any, tmp_path: Path) -> None:
    """For every entry: the same formula, the same numbers put in, the same result, and whether they add up.

    What is drawn is read back, so that its parentheses count.
    """
    compared = read = 0
    for config in every_network():
        with Opened(browser, written(tmp_path, config)) as page:
            there = page.evaluate("""() => STEPS.map(step => Object.fromEntries(
              ITEMS.filter(item => item.formulas.length).flatMap(item => {
                const [rows, columns] = shape(step, item.target);
                return [...places([rows, columns])].map(([i, j]) => {
                  const made = worked(step, item, i, j);
                  const numbers = numbersPutIn(step, item, made, [i, j], () => null);
                  const leaves = [...numbers.querySelectorAll("[data-q][data-row] > mtext > *")];
                  return [label(step, item.target, i, j), [made.number, made.result, made.addsUp,
                    leaves.map(leaf => leaf.title + " " + made.written.number(...placeOf(leaf))), numbers.outerHTML]];
                });
              })))""")
        for step, entries in zip(trace(config), there, strict=True):
            excerpts = Excerpts(step, config)
            for equation in step.equations:
                for i, j in np.ndindex(step.shape(equation.target.name)):
                    target = Entry(equation.target, i, j) if equation.target.shape else Entry(equation.target)
                    number, result, adds_up, leaves, drawn = entries[plain(target)]
                    formulas = [part for part in (equation.shown, equation.formula) if part]
                    whole = entry(formulas[number], i, j, len(step.examples))
                    cell = excerpts[equation.target].cells[i][j]
                    made = worked_entry(whole, target, excerpts, cell)
                    expected = [f"{plain(leaf)} {made.number(leaf)}" for leaf in _leaves(made.formula)]
                    where = plain(target)
                    assert (result, adds_up, sorted(leaves)) == (made.result, made.adds_up, sorted(expected)), where
                    if adds_up and "<mtable" not in drawn:
                        assert read_back(drawn) == pytest.approx(float(result), abs=0.51 * last_digit(result)), drawn
                        read += 1
                    compared += 1
    assert compared > 2000
    assert read > 1800


def test_it_computes_what_the_trace_has(browser: Any, tmp_path: Path) -> None:
    """The JavaScript of every formula on the numbers of the trace, for every row of the tables."""
    for config in every_network():
        with Opened(browser, written(tmp_path, config)) as page:
            worst = page.evaluate("""() => Math.max(...STEPS.flatMap(step => ITEMS.filter(item => item.formulas.length)
              .flatMap(item => [...places(shape(step, item.target))].map(([i, j]) => {
                const v = (name, row, column) => entry(step, name, row, column);
                const value = compute(ENTRIES[item.target].at(-1), step, v, i, j).value;
                const exact = entry(step, item.target, i, j);
                return Math.abs(value - exact) / Math.max(1e-3, Math.abs(exact));
              }))))""")
            assert worst < 1e-9


# Playing with it


def _where(page: Any) -> str:
    return str(page.evaluate("ITEMS[here.item].target + ' ' + stepTitle(STEPS[here.place])"))


def test_keys_move_between_equations_and_steps(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article")) as page:
        assert _where(page) == "Z1 Iteration 1 · example 1"
        for key, place in [
            ("ArrowRight", "A1 Iteration 1 · example 1"),
            ("ArrowLeft", "Z1 Iteration 1 · example 1"),
            ("ArrowDown", "Z1 Iteration 1 · example 2"),
            ("End", "Z1 Iteration 2 · example 2"),
            ("ArrowDown", "Z1 Iteration 2 · example 2"),
            ("ArrowUp", "Z1 Iteration 2 · example 1"),
            ("Home", "Z1 Iteration 1 · example 1"),
        ]:
            page.keyboard.press(key)
            page.wait_for_function(
                "place => ITEMS[here.item].target + ' ' + stepTitle(STEPS[here.place]) === place", arg=place
            )
        for key in ("End", "ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        assert _where(page) == "Z2 Iteration 2 · example 1", "no key is lost, however quick they come"
        page.keyboard.press("Home")
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("ArrowRight")
        assert _where(page) == "Z2 Iteration 1 · example 1", "keys rest while the help is open"


def test_one_finds_a_quantity_or_an_entry(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article")) as page:
        page.keyboard.press("/")
        page.keyboard.type("dw2[1,3]")
        page.keyboard.press("Enter")
        page.wait_for_function("ITEMS[here.item].target === 'dW2' && here.column === 2")
        assert page.locator("#matrices .result .chosen").get_attribute("title") == "dW2[1,3] = -0.00125"
        for wanted, answer in [("dW9", "no dW9 here"), ("dW2[9,9]", "dW2 is 3 × 4"), ("", "no name here")]:
            page.keyboard.press("/")
            page.locator("#wanted").fill(wanted)
            page.keyboard.press("Enter")
            assert page.locator("#unknown").text_content() == answer
            page.keyboard.press("Escape")


def test_the_address_holds_the_place(browser: Any, tmp_path: Path) -> None:
    path = export(tmp_path, "article")
    place = "#iteration=2&example=1&quantity=dW2&entry=3,2"
    with Opened(browser, path, place) as page:
        assert _where(page) == "dW2 Iteration 2 · example 1"
        assert page.locator("#matrices .result .chosen").get_attribute("title").startswith("dW2[3,2] = ")
        page.locator("#later").click()
        page.wait_for_function("here.place === 3")
        assert page.url.endswith("#iteration=2&example=2&quantity=dW2&entry=3,2")
    with Opened(browser, path, "#iteration=77&quantity=nothing&entry=x") as page:
        assert _where(page) == "Z1 Iteration 1 · example 1", "what is not there is the beginning"


def test_a_number_leads_to_where_it_comes_from_also_into_the_step_before(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article"), "#iteration=1&example=2&quantity=Z2&entry=2,1") as page:
        page.locator("#arithmetic .numbers a[title='W2[2,3]']").click()
        page.wait_for_function("ITEMS[here.item].target === 'W2_new'")
        assert page.url.endswith("#iteration=1&example=1&quantity=W2_new&entry=2,3")
        page.locator("#arithmetic .numbers a[title='dW2[2,3]']").click()
        page.wait_for_function("ITEMS[here.item].target === 'dW2'")
        page.locator("#arithmetic .numbers a[title='A1[3,1]']").click()
        page.wait_for_function("ITEMS[here.item].target === 'A1'")
        page.go_back()
        page.wait_for_function("ITEMS[here.item].target === 'dW2'")


def test_every_link_leads_to_the_number_that_it_shows(browser: Any, tmp_path: Path) -> None:
    """In every equation: what a link in the arithmetic leads to has the value that stands there."""
    with Opened(browser, export(tmp_path, "xor", "--iteration", "1..3")) as page:
        followed = page.evaluate("""() => {
          let followed = 0;
          STEPS.forEach((step, place) => ITEMS.filter(item => item.formulas.length).forEach(item => {
            for (const [name, i, j] of madeOf(step, item, 0, 0)) {
              const { to } = origin(place, name, i, j);
              const there = addressed(address(...to));
              const value = entry(STEPS[there.place], ITEMS[there.item].target, there.row, there.column);
              if (value !== entry(step, name, i, j)) throw new Error(`${name} of ${item.target}`);
              followed++;
            }
          }));
          return followed;
        }""")
        assert followed > 100


def test_pointing_at_an_entry_marks_what_it_is_made_of(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article"), "#quantity=Z2") as page:
        page.locator("#matrices .result [data-row='1']").hover()
        marked = page.eval_on_selector_all("#matrices .hover-of", "all => all.map(one => one.title.split(' ')[0])")
        assert marked == [*(f"W2[2,{j}]" for j in range(1, 5)), *(f"A1[{i},1]" for i in range(1, 5)), "b2[2,1]"]
        edges = page.eval_on_selector_all("#drawing .hover-of", "all => all.map(one => placeOf(one).join(' '))")
        assert set(edges) >= {"W2 1 0", "W2 1 3", "A1 0 0", "A1 3 0"}
        page.locator("#matrices [data-of='A1'] [data-row='0']").hover()
        made = page.eval_on_selector_all("#matrices .hover-of", "all => all.map(one => one.title.split(' ')[0])")
        assert made == ["Z2[1,1]", "Z2[2,1]", "Z2[3,1]"], "pointing at an operand marks what is made of it"


def test_clicking_an_entry_shows_its_arithmetic(browser: Any, tmp_path: Path) -> None:
    """By hand: Z2[2,1] of the first step is 4 · 0.5 · σ(1.5) + 0.5 = 2.1351, σ(1.5) = 0.81757."""
    with Opened(browser, export(tmp_path, "article"), "#quantity=Z2") as page:
        page.locator("#matrices .result a[data-row='1']").click()
        page.wait_for_function("here.row === 1")
        line = page.locator("#arithmetic .numbers").text_content()
        assert line == "Z2[2,1]=" + "+".join(["0.5000·0.81757"] * 4) + "+0.5000=2.1351"


def test_a_click_on_the_curve_goes_to_that_step(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "xor")) as page:
        box = page.locator(".track").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.5025, box["y"] + 10)
        page.wait_for_function("here.place === 100")
        assert _where(page) == "Z1 Iteration 101 · batch 1 · examples 1–4"
        assert page.locator(".track").get_attribute("aria-valuenow") == "101"


def test_a_prediction_and_a_single_step_are_pages_too(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(nntrace_run("predict", "article", "--x", "4", "--to", "html").out, encoding="utf-8")
    with Opened(browser, path) as page:
        assert _where(page) == "Z1 After 2 iterations · 1 example"
        assert not page.locator("#timeline").is_visible()
        assert "trained weight" in page.locator("#arithmetic").text_content()
    path.write_text(nntrace_run("step", "article", "--to", "html", "--iteration", "2").out, encoding="utf-8")
    with Opened(browser, path) as page:
        assert "which is not in this page" in page.locator("#arithmetic").text_content()


def test_a_selection_is_all_that_is_listed(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article", "--only", "dW", "--layer", "2")) as page:
        assert page.eval_on_selector_all("#list a", "all => all.map(one => one.dataset.item)") == ["dW2"]
        assert page.locator("#arithmetic .numbers").text_content().startswith("dW2[1,1]=")
    with Opened(browser, export(tmp_path, "article", "--only", "loss,W1")) as page:
        assert page.eval_on_selector_all("#list a", "all => all.map(one => one.dataset.item)") == ["W1", "loss"]


def test_a_trace_that_stops_says_so(browser: Any, tmp_path: Path) -> None:
    arguments = ("d2l-gd-diverging", "--set", "alpha=1e200", "--set", "iterations=9")
    with Opened(browser, export(tmp_path, *arguments), "#iteration=2&quantity=loss") as page:
        assert "is the first quantity that is not finite" in page.locator("#remark").text_content()
        page.keyboard.press("End")
        for _ in range(30):
            page.keyboard.press("ArrowRight")
        assert "not finite" in page.locator("#matrices").text_content()


EVERYWHERE = """() => STEPS.slice(0, 2).flatMap((step, place) => ITEMS.flatMap(item => {
  const [rows, columns] = shape(step, item.target);
  location.replace(address(place, item.target, rows - 1, columns - 1));
  show();
  const complaints = [];
  for (const link of document.querySelectorAll("main a[href]")) {
    const there = addressed(link.getAttribute("href"));
    const value = entry(STEPS[there.place], ITEMS[there.item].target, there.row, there.column);
    if (value === undefined) complaints.push(link.href);
  }
  if (/undefined|NaN/.test(document.querySelector("main").textContent)) complaints.push(item.target);
  for (const text of document.querySelectorAll(".network .value"))
    if (text.getBBox().width > 2 * RADIUS) complaints.push(`${item.target}: ${text.textContent} is too wide`);
  return complaints;
}))"""
UNUSUAL = {
    "shared biases": lambda: network(biases="shared"),
    "fixed biases": lambda: network(biases="fixed"),
    "no biases": lambda: network(biases="none"),
    "one node in each": lambda: network((1, 1), inputs=1),
    "a smaller last batch, shuffled, clipped": lambda: network(batch=2, shuffle={"seed": 1}, clip_norm=0.1, l2=0.1),
    "adamw": lambda: network(optimizer="adamw", batch="all"),
    "huge and tiny": lambda: network(weights=1e-9, alpha=1e9),
}


def network(nodes: tuple[int, int] = (3, 2), inputs: int = 2, biases: str = "trained", **keys: Any) -> Config:
    rng = np.random.default_rng(4)
    layers = [{"nodes": n, "activation": f} for n, f in zip(nodes, ("tanh", "sigmoid"), strict=True)]
    return load(
        {
            "architecture": {"inputs": inputs, "layers": layers, "biases": biases},
            "weights": {"init": "normal", "seed": 1},
            "data": {"x": rng.normal(size=(3, inputs)).tolist(), "y": rng.uniform(size=(3, nodes[1])).tolist()},
            "alpha": 0.1,
            "iterations": 2,
            **keys,
        }
    )


def test_every_place_of_every_page_can_be_shown(browser: Any, tmp_path: Path) -> None:
    """All equations of two steps: no error, no dead link, no number that does not fit."""
    for name in bundle.names():
        config = load(str(bundle.path(name)))
        iterations = () if isinstance(config.alpha, list) else ("--set", "iterations=2")
        with Opened(browser, export(tmp_path, name, *iterations)) as page:
            assert page.evaluate(EVERYWHERE) == [], name
    for name, made in UNUSUAL.items():
        with Opened(browser, written(tmp_path, made())) as page:
            assert page.evaluate(EVERYWHERE) == [], name


# For everyone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser: Any, tmp_path: Path, scheme: str) -> None:
    """WCAG 2: a contrast of 4.5 for text; the colours of the page's own variables, in both themes."""
    with Opened(browser, export(tmp_path, "article"), color_scheme=scheme) as page:
        contrasts = page.evaluate("""() => {
          const probe = document.body.appendChild(document.createElement("i"));
          const channel = (part) => ((part /= 255) <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
          const light = (name) => {
            probe.style.color = `var(${name})`;
            const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number).map(channel);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
          return ["--ink", "--quiet", "--link", "--negative"].flatMap(text =>
            ["--paper", "--sheet"].map(behind => contrast(text, behind))).concat(contrast("--ink", "--mark"));
        }""")
        assert min(contrasts) >= 4.5


def test_everything_to_press_has_a_name(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article")) as page:
        nameless = page.eval_on_selector_all(
            "button, input, select, a:not([tabindex='-1']), [role=slider]",
            "all => all.map(one => one.getAttribute('aria-label') || one.textContent.trim() || one.outerHTML)"
            ".filter(name => name.startsWith('<'))",
        )
        assert nameless == []
        assert page.locator("html").get_attribute("lang") == "en"
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.getElementById('live').textContent.includes('Equation')")


def test_one_gets_everywhere_by_keyboard(browser: Any, tmp_path: Path) -> None:
    """Past the list in two keys; a number that is followed leaves the focus in the equation, where keys go on."""
    with Opened(browser, export(tmp_path, "article"), "#iteration=1&example=2&quantity=Z2") as page:
        for key in ("Tab", "Enter"):
            page.keyboard.press(key)
        focused = "document.activeElement.id || document.activeElement.getAttribute('aria-label')"
        assert page.evaluate(focused) == "card"
        reached = []
        for _ in range(20):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(focused))
        assert reached[:2] == ["previous", "next"]
        entries = [name for name in reached if name and "=" in name]
        assert entries[:3] == [
            f"Z2[{i},1] = {page.evaluate('n => cell(STEPS[1], `Z2`, n, 0)', i - 1)}" for i in (1, 2, 3)
        ]
        page.locator("#arithmetic .numbers a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("ITEMS[here.item].target === 'W2_new'")
        assert page.evaluate(focused) == "card"


def test_signs_are_told_by_more_than_colour(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "xor"), "#iteration=100&quantity=Z2") as page:
        dashes = page.eval_on_selector_all(
            "#drawing .edge",
            "all => all.map(one => [one.classList.contains('negative'), getComputedStyle(one).strokeDasharray])",
        )
        assert {(negative, dash != "none") for negative, dash in dashes} == {(True, True), (False, False)}


def test_it_fits_a_phone(browser: Any, tmp_path: Path) -> None:
    for name in ("article", "xor"):
        with Opened(browser, export(tmp_path, name), viewport={"width": 360, "height": 740}, has_touch=True) as page:
            for target in ("Z2", "loss", "dW1", "W2_new"):
                page.evaluate("name => { location.hash = address(0, name); }", target)
                page.wait_for_function("name => ITEMS[here.item].target === name", arg=target)
                assert page.evaluate("document.scrollingElement.scrollWidth") <= 360


def test_a_print_has_the_whole_trace(browser: Any, tmp_path: Path) -> None:
    config = load(str(bundle.path("article")))
    run = trace(config)
    with Opened(browser, export(tmp_path, "article", "--detail", "entries")) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")
        assert page.locator("#print h2").all_text_contents() == [
            f"Iteration {step.iteration} · example {step.examples[0]}" for step in run
        ]
        items = len(run.equations.quantities)
        assert page.locator("#print .item").count() == items * len(run)
        entries = sum(equation.target.size(1) for equation in run.equations)
        assert page.locator("#print .entry").count() == entries * len(run)
        assert page.locator("#print").is_visible()
        assert not page.locator("#page").is_visible()
        assert page.locator("#ending").is_visible()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("#print *").count() == 0


# Texts of the user's, and much of everything

HOSTILE = """</script><script>alert(1)</script> <b>"q"</b> & &lt; 'x' `c` $x$ a|b_c \\n <!-- 日本 ŷ 🙂"""


def test_hostile_texts_stay_text(browser: Any, tmp_path: Path) -> None:
    data = json.loads(json.dumps(load(str(bundle.path("article"))).as_data(), default=lambda raw: None))
    config = load({**data, "title": HOSTILE, "notes": HOSTILE * 3, "source": HOSTILE, "expect": []})
    with Opened(browser, written(tmp_path, config)) as page:
        assert page.locator("h1").text_content() == HOSTILE
        assert page.title() == HOSTILE
        assert HOSTILE in page.locator("#about").text_content()
        assert page.locator("#about b, h1 b").count() == 0


def test_a_long_title_stays_in_its_place(browser: Any, tmp_path: Path) -> None:
    path = export(tmp_path, "article", "--set", f"title={'very ' * 400}long", "--set", f"notes={'x' * 3000}")
    with Opened(browser, path) as page:
        assert page.locator(".top").bounding_box()["height"] < 200
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1400


def wide(examples: int = 4) -> Config:
    rng = np.random.default_rng(0)
    layers = [{"nodes": n, "activation": f} for n, f in ((40, "relu"), (20, "sigmoid"), (10, "softmax"))]
    return load(
        {
            "architecture": {"inputs": 100, "layers": layers},
            "weights": {"init": "he_normal", "seed": 1},
            "data": {"x": rng.uniform(0, 1, (examples, 100)).tolist(), "labels": [i % 10 for i in range(examples)]},
            "loss": "cross_entropy",
            "alpha": 0.1,
            "iterations": 3,
            "batch": 2,
        }
    )


def test_large_matrices_are_shown_by_their_ends_and_long_sums_by_their_largest_terms(
    browser: Any, tmp_path: Path
) -> None:
    config = wide()
    step = next(iter(trace(config)))
    excerpts = Excerpts(step, config)
    Z1 = step.equations.by_name["Z1"]
    with Opened(browser, written(tmp_path, config), "#quantity=Z1&entry=20,2") as page:
        cells = page.eval_on_selector_all("#matrices [data-of='W1'] tr", "rows => rows.map(row => row.cells.length)")
        assert cells == [7] * 9, "six of each, what is left out, and the row of the entry"
        assert page.locator("#matrices .result .size").last.text_content().replace("−", "-") == excerpts[Z1].note
        made = worked_entry(entry(step.equations.by_target["Z1"].formula, 19, 1, 2), Entry(Z1, 19, 1), excerpts)
        line = plain_number(page.locator("#arithmetic .numbers").text_content())
        assert re.findall(r"-?\d+\.\d+", line) == re.findall(r"-?\d+\.\d+", f"{made.terms} = {made.result}")
        assert "The sum has 100 terms: shown are the 5 largest." in page.locator("#arithmetic").text_content()
        assert page.locator("#drawing .gap").count() == 4  # 100, 40 (twice, around the chosen node) and 20 nodes


def test_the_steps_of_a_long_run_are_thinned_with_a_note(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "BUDGET", 60_000)
    monkeypatch.setattr(html, "MOST_POINTS", 100)
    ran = nntrace_run("export", "article", "--set", "iterations=300", "-o", str(tmp_path / "page.html"))
    note = re.search(r"The page holds (\d+) of 600 steps, spread evenly; its loss curve has them all\.", ran.err)
    assert note
    with Opened(browser, tmp_path / "page.html") as page:
        assert note[0] in page.locator("#remark").text_content()
        kept = page.evaluate("CURVE.kept")
        assert len(kept) == int(note[1]) == page.evaluate("STEPS.length")
        assert [kept[0], kept[-1]] == [0, 599]
        gaps = np.diff(kept)
        assert gaps.max() - gaps.min() <= 1
        losses = [step["loss"] for step in trace(load(str(bundle.path("article")), ["iterations=300"]))]
        curve = page.evaluate("CURVE")
        assert len(curve["places"]) <= 102
        assert [losses[place] for place in curve["places"]] == pytest.approx(curve["losses"])
        assert max(curve["losses"]) == pytest.approx(max(losses))
        page.keyboard.press("End")
        page.wait_for_function("stepTitle(STEPS[here.place]) === 'Iteration 300 · example 2'")


def test_a_page_that_is_too_large_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "LARGE", 100_000)
    ran = nntrace_run("export", "article", "-o", str(tmp_path / "page.html"))
    assert "--only make it smaller" in ran.err
    monkeypatch.undo()
    assert nntrace_run("export", "article", "-o", str(tmp_path / "page.html")).err == ""


def test_the_theme_can_be_chosen(browser: Any, tmp_path: Path) -> None:
    with Opened(browser, export(tmp_path, "article"), color_scheme="light") as page:
        paper = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(paper)
        page.locator("#theme").click()
        assert page.evaluate(paper) != light
        page.reload()
        assert page.evaluate(paper) != light, "it is remembered"
        page.locator("#theme").click()
        assert page.evaluate(paper) == light
