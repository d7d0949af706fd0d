"""Whatever is fed in, a config or its message comes out; and what loads can be written and read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nntrace import ConfigError, bundle, load, trace
from nntrace.config.document import parse
from nntrace.config.expected import written_precision
from nntrace.config.model import Written
from nntrace.config.schema import schema
from nntrace.loading import loads
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.maths.table import Row

TEXTS = [Path(str(bundle.path(name))).read_text(encoding="utf-8") for name in bundle.names()]
LARGEST = 2000
"""Configs with more numbers than this load but are not run here."""

RELAXED = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def loads_or_says_why(text: str) -> None:
    """Nothing but a config or a `ConfigError`; what loads makes a first step."""
    try:
        config = loads(text, "fuzzed.yaml")
    except ConfigError as error:
        assert str(error).startswith("fuzzed.yaml")
        return
    numbers = sum(rows * columns for _, (rows, columns) in config.shapes) + config.examples
    if numbers * config.batch_size < LARGEST:
        step = next(iter(trace(config)))
        assert step.iteration == 1


SIGNS = ["", "-", "[", "]", "{", "}", ":", "null", "true", ".inf", "1e400", "-1", "0", "'", '"', "&a ", "*a", "!!int "]
PIECES = ["<<: ", "\t", "9" * 20, "1e-3", "[[]]", "{a: b}", "softmax", "\x00", "é", "漢", "\r\n", "# ", "|\n", "---\n"]
WORDS = st.sampled_from([*SIGNS, *PIECES])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A bundled config with lines and characters deleted, doubled, moved and replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        lines = text.splitlines(keepends=True)
        kind = draw(st.sampled_from(["delete line", "double line", "swap lines", "delete", "insert", "replace word"]))
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        place = draw(st.integers(0, max(0, len(text) - 1)))
        if kind == "delete line":
            text = "".join(lines[:at] + lines[at + 1 :])
        elif kind == "double line":
            text = "".join(lines[: at + 1] + lines[at:])
        elif kind == "swap lines" and len(lines) > 1:
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
            text = "".join(lines)
        elif kind == "delete":
            text = text[:place] + text[place + draw(st.integers(1, 8)) :]
        elif kind == "insert":
            text = text[:place] + draw(WORDS) + text[place:]
        else:
            words = text.split(" ")
            words[draw(st.integers(0, len(words) - 1))] = draw(WORDS)
            text = " ".join(words)
    return text


@RELAXED
@given(mutated())
def test_mutated_configs(text: str) -> None:
    loads_or_says_why(text)


NAMES = st.sampled_from(["sigmoid", "softmax", "adam", "all", "sum", "normal", "none", "fixed", "shared"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 5), st.floats(-2, 2), st.text(max_size=5), NAMES)
KEYS = st.sampled_from(
    ["nodes", "activation", "name", "x", "y", "labels", "file", "W1", "b1", "init", "seed", "inputs", "layers", "start"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)
CHANGES = st.lists(st.tuples(st.sampled_from(Written.__struct_fields__), VALUES), min_size=1, max_size=3)


@RELAXED
@given(st.sampled_from(TEXTS), CHANGES)
def test_random_values_at_random_keys(text: str, changes: list[tuple[str, Any]]) -> None:
    data = parse(text, "bundled").data | dict(changes)
    loads_or_says_why(yaml.safe_dump(data, allow_unicode=True))


@RELAXED
@given(st.text(max_size=60))
def test_random_text(text: str) -> None:
    loads_or_says_why(text)


@RELAXED
@given(st.sampled_from(bundle.names()), st.text(st.characters(codec="utf-8"), max_size=20), VALUES)
def test_random_overrides(name: str, path: str, value: Any) -> None:
    try:
        load(str(bundle.path(name)), [f"{path}={json.dumps(value)}", f"alpha={json.dumps(value)}"])
    except ConfigError as error:
        assert str(error)


def settings_of(draw: st.DrawFn, row: Row) -> Any:
    """A row as one writes it: its name, or a mapping with some of its numbers."""
    chosen = {}
    for name, setting in row.settings.items():
        if draw(st.booleans()):
            chosen[name] = draw(st.floats(max(setting.bounds.get("ge", 0.125), 0.0), 0.875))
    return {"name": row.name, **chosen} if chosen or draw(st.booleans()) else row.name


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Right configs, over the whole language but for files."""
    inputs = draw(st.integers(1, 3))
    depth = draw(st.integers(1, 3))
    loss = LOSSES[draw(st.sampled_from(sorted(LOSSES)))]
    names = [draw(st.sampled_from(sorted(ACTIVATIONS))) for _ in range(depth)]
    if loss.outputs:
        names[-1] = draw(st.sampled_from(loss.outputs))
    layers = [
        {"nodes": draw(st.integers(ACTIVATIONS[name].least, 3)), "activation": settings_of(draw, ACTIVATIONS[name])}
        for name in names
    ]
    outputs = layers[-1]["nodes"]
    examples = draw(st.integers(1, 4))
    iterations = draw(st.integers(1, 3))
    number = st.floats(-2, 2, allow_subnormal=False)
    target = st.floats(0, 1, allow_subnormal=False)
    rate = st.floats(0, 1)
    seed = draw(st.integers(0, 99))
    rule = {"init": draw(st.sampled_from(sorted(INITIALIZERS))), "seed": seed}
    targets: dict[str, Any] = {"y": [[draw(target) for _ in range(outputs)] for _ in range(examples)]}
    if loss.distribution or (outputs > 1 and draw(st.booleans())):
        targets = {"labels": [draw(st.integers(0, outputs - 1)) for _ in range(examples)]}
    return {
        "title": draw(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)),
        "architecture": {
            "inputs": inputs,
            "layers": layers,
            "biases": draw(st.sampled_from(["trained", "shared", "fixed", "none"])),
        },
        "weights": draw(st.one_of(number, st.just(rule))),
        "data": {"x": [[draw(number) for _ in range(inputs)] for _ in range(examples)], **targets},
        "loss": settings_of(draw, loss),
        "alpha": draw(
            st.one_of(
                rate,
                st.lists(rate, min_size=iterations, max_size=iterations),
                st.fixed_dictionaries({"start": rate, "decay": st.floats(0.1, 1.5), "every": st.integers(1, 3)}),
            )
        ),
        "iterations": iterations,
        "batch": draw(st.one_of(st.integers(1, 5), st.just("all"))),
        "reduction": draw(st.sampled_from(["mean", "sum"])),
        "optimizer": settings_of(draw, OPTIMIZERS[draw(st.sampled_from(sorted(OPTIMIZERS)))]),
        "l2": draw(st.sampled_from([0, 0.1])),
        "clip_norm": draw(st.sampled_from([None, 0.5])),
        "shuffle": draw(st.sampled_from([None, {"seed": 3}])),
        "round": draw(st.sampled_from([None, 4])),
        "decimals": draw(st.integers(0, 12)),
        "expect": [{"iteration": 1, "batch": 1, "loss": round(draw(number), 9)}],
    }


@RELAXED
@given(configs())
def test_a_config_written_out_and_read_again_is_the_same(data: dict[str, Any]) -> None:
    config = load(data)
    assert load(config.as_data()) == config
    as_json = msgspec.json.encode(config.as_data()).decode()
    assert loads(as_json) == config
    again = trace(loads(as_json))
    for one, other in zip(trace(config), again, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_the_precision_of_a_figure_survives_writing_and_reading() -> None:
    config = load(str(bundle.path("mazur")))
    again = loads(msgspec.json.encode(config.as_data()).decode())
    assert again == config
    texts = [figure.text for expectation in again.expect for figure in expectation.figures.values()]
    assert "0.511301270" in texts  # nine decimals, though a float would drop the last


@pytest.mark.parametrize(
    ("written", "in_json", "precision"),
    [
        # RFC 8259, section 6: no sign but a minus, no zero before another digit, a digit on each side of the point
        (".5", "0.5", 0.05),
        ("+0.5", "0.5", 0.05),
        ("-.50", "-0.50", 0.005),
        ("5.", "5", 0.5),
        ("00.5", "0.5", 0.05),
        ("+1e-3", "1e-3", 0.0005),
        ("1.20E+3", "1.20e+3", 5.0),
        ("5.e2", "5e2", 50.0),
        ("007", "7", 0.5),
        ("0", "0", 0.5),
        ("-0.0", "-0.0", 0.05),
        ("1e3", "1e3", 500.0),
        ("0.99680", "0.99680", 5e-6),
        ("12345678901234567890123", "12345678901234567890123", 0.5),
    ],
)
@pytest.mark.parametrize("set_here", [False, True])
def test_a_figure_is_kept_as_json_with_its_digits(written: str, in_json: str, precision: float, set_here: bool) -> None:
    text = Path(str(bundle.path("article"))).read_text(encoding="utf-8")
    setting = f"expect=[{{iteration: 1, example: 1, A3: {written}, tolerance: 1e9}}]"
    config = loads(text, overrides=[setting])
    if not set_here:
        config = loads(text[: text.index("expect:")] + setting.replace("=", ": ", 1))
    (expectation,) = config.expect
    assert expectation.figures["A3"].text == in_json
    assert written_precision(in_json) == written_precision(written) == precision
    encoded = msgspec.json.encode(config.as_data())
    assert f'"A3":{in_json}'.encode() in encoded
    assert float(json.loads(encoded)["expect"][0]["A3"]) == float(written)
    assert load(config.as_data()) == config


@pytest.mark.parametrize("name", bundle.names())
def test_every_example_is_the_same_after_its_plain_data(name: str) -> None:
    config = load(str(bundle.path(name)))
    if config.data.file is None and not isinstance(config.weights, dict | None):
        assert load(config.as_data()) == config


def test_overrides_keep_the_expectations_that_can_still_be_reached() -> None:
    config = load(str(bundle.path("article")), ["iterations=1"])
    assert [expectation.iteration for expectation in config.expect] == [1, 1]


def test_a_mapping_may_hold_numpy_arrays() -> None:
    data = parse(TEXTS[0], "article").data
    arrays = {"x": np.array([[2.0], [3.0]]), "y": np.array([1, 0])}
    assert load(data | {"data": arrays}).data.x == [[2.0], [3.0]]
    with pytest.raises(ConfigError, match="a set has no place in a config"):
        load(data | {"data": {1, 2}})


ENDLESS: dict[str, Any] = {}
ENDLESS["weights"] = ENDLESS
DEEP: list[Any] = []
for _ in range(3000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({(1, 2): 3}, "a key of the config should be text, not (1, 2)"),
        ({"weights": {1: 2}}, "a key of the config should be text, not 1"),
        ({"weights": ENDLESS}, "nested deeper than 100 levels"),
        ({"weights": DEEP}, "nested deeper than 100 levels"),
        ({"weights": 10**5000}, "`1.00e+5000` is too large for a float64"),
        ({"weights": -(10**309)}, "`-1.00e+309` is too large for a float64"),
        ({"alpha": float("nan")}, "`.nan` is not a finite number"),
        ({"data": {"x": np.array([2.0, np.inf]), "y": [1, 0]}}, "`.inf` is not a finite number"),
        ({"alpha": -np.inf}, "`-.inf` is not a finite number"),
        ({"title": "\ud800"}, "a character that is no Unicode"),
        ({"\ud800": 1}, "a character that is no Unicode"),
        ({"alpha": 1j}, "a complex has no place in a config"),
        ({"alpha": b"1"}, "a bytes has no place in a config"),
    ],
)
def test_what_cannot_stand_in_a_mapping(change: dict[Any, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(parse(TEXTS[0], "article").data | change)
    assert caught.value.problem == expected


ANYTHING = st.recursive(
    st.one_of(SCALARS, st.integers(), st.floats(), st.binary(max_size=3), st.text(st.characters(), max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(KEYS, st.text(st.characters(), max_size=3), st.integers()), inner, max_size=4),
    ),
    max_leaves=8,
)


@RELAXED
@given(st.sampled_from(Written.__struct_fields__), ANYTHING)
def test_whatever_stands_in_a_mapping(key: str, value: Any) -> None:
    data = {**parse(TEXTS[0], "article").data, "decimals": 3}
    try:
        config = load({**data, key: value})
    except ConfigError as error:
        assert str(error)
    else:
        assert load(config.as_data()) == config


@RELAXED
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_a_text_is_kept_sign_for_sign(text: str) -> None:
    config = load({**parse(TEXTS[0], "article").data, "title": text})
    assert config.title == text
    assert load(config.as_data()) == config


def test_a_mapping_and_a_file_give_the_same_config() -> None:
    path = str(bundle.path("unequal"))
    with open(path, encoding="utf-8") as file:
        assert load(yaml.safe_load(file)).data == load(path).data


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("1E3", 1000), (".5", 0.5), ("5.", 5.0), ("+1", 1), ("010", 10), ("-0.0", 0.0), ("1e3", 1000)],
)
def test_numbers_are_what_they_are(text: str, value: float) -> None:
    assert parse(f"a: {text}", "x").data == {"a": value}


@pytest.mark.parametrize("text", ["no", "yes", "on", "1:30", "0x10", "1_000", "2020-01-01", "'1'", '"1"', "1 000"])
def test_words_stay_words(text: str) -> None:
    assert parse(f"a: {text}", "x").data == {"a": text.strip("'\"")}


def test_the_schema_describes_every_key() -> None:
    whole = json.loads(schema())
    keys = whole["$defs"]["Config"]["properties"]
    assert set(keys) == set(Written.__struct_fields__)
    assert all(key.get("description") for key in keys.values())


@pytest.mark.parametrize("name", bundle.names())
def test_the_schema_accepts_the_bundled_examples(name: str) -> None:
    with open(str(bundle.path(name)), encoding="utf-8") as file:
        jsonschema.validate(yaml.safe_load(file), json.loads(schema()))


@pytest.mark.parametrize(
    "setting",
    [
        {"lr": 1},
        {"alpha": "fast"},
        {"loss": "mse"},
        {"weights": {"init": "normal"}},
        {"iterations": 0},
        {"data": {"x": [1]}},
        {"optimizer": {"name": "adam", "beta1": 1}},
    ],
)
def test_the_schema_refuses_what_is_wrong(setting: dict[str, Any]) -> None:
    wrong = parse(TEXTS[0], "article").data | setting
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json.loads(schema()))
