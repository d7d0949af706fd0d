"""What a wrong config gets: one message, whole, in the user's words, with the place marked.

Each case is an edit of a right config. The messages stand in tests/golden/messages.txt: read them
aloud after `pytest tests/config --refresh`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from command import nntrace_run
from msgspec import inspect

from nntrace.config.document import parse
from nntrace.config.hints import EXAMPLES, KEYS, ROWS, VALUES
from nntrace.config.messages import TABLES
from nntrace.config.messages import _keys as keys_at
from nntrace.config.model import Written
from nntrace.errors import ConfigError
from nntrace.loading import load, loads

RIGHT = """\
architecture:
  inputs: 1
  layers:
    - {nodes: 2, activation: tanh}
    - {nodes: 1, activation: sigmoid}
weights: 0.5
data:
  x: [2, 3]
  y: [1, 0]
alpha: 1.0
iterations: 2
"""
THREE = """\
architecture: {inputs: 1, layers: [{nodes: 3, activation: softmax}]}
weights: 0.5
data:
  x: [2, 3]
  y: [[1, 0, 0], [0, 1, 0]]
loss: cross_entropy
alpha: 1.0
iterations: 2
"""
LAYERS = RIGHT[RIGHT.index("layers:") : RIGHT.index("weights:")]
EXPECT = "iterations: 2\nexpect:\n  - {iteration: 1, example: 1, "

EDITS: dict[str, tuple[str, str]] = {
    # what is not YAML
    "a tab": ("  inputs", "\tinputs"),
    "a bracket that is not closed": ("[2, 3]", "[2, 3"),
    "a brace that is not closed": ("tanh}", "tanh"),
    "no colon": ("alpha: 1.0", "alpha 1.0"),
    "no space after the colon": ("alpha: 1.0", "alpha:1.0"),
    "a colon in a text": ("architecture:", "title: Part 1: neural\narchitecture:"),
    "a key out of line": ("  inputs", "   inputs"),
    "a quote that is not closed": ("architecture:", "title: 'abc\narchitecture:"),
    "a sign that no value begins with": ("architecture:", "title: @abc\narchitecture:"),
    "a second document": ("iterations: 2\n", "iterations: 2\n---\nalpha: 1\n"),
    "a tag": ("1.0", "!!float 1.0"),
    "a dangerous tag": ("1.0", "!!python/object/apply:os.system ['true']"),
    "an alias to nothing": ("1.0", "*a"),
    "an alias that contains itself": ("0.5", "&w [*w]"),
    "a merge key": ("alpha: 1.0", "<<: {alpha: 1}"),
    "a key twice": ("iterations: 2", "iterations: 2\nalpha: 2"),
    "nested too deep": ("0.5", "[" * 101 + "]" * 101),
    "not a mapping": (RIGHT, "- 1\n- 2\n"),
    "only a comment": (RIGHT, "# nothing yet\n"),
    # keys
    "a misspelt key": ("alpha", "alhpa"),
    "an unknown key": ("alpha", "foo: 1\nalpha"),
    "a key that goes by another name elsewhere": ("alpha", "learning_rate"),
    "a key in capitals": ("iterations", "Iterations"),
    "a key of a layer by another name": ("nodes: 2", "units: 2"),
    "a missing key": ("alpha: 1.0\n", ""),
    "a missing key of a layer": (", activation: tanh", ""),
    "a missing target": ("  y: [1, 0]\n", ""),
    "a parameter that an activation does not take": ("tanh", "{name: tanh, slope: 0.1}"),
    "a key with a space after it": ("alpha: 1.0", '"alpha ": 1.0'),
    "a key with a place in it": ("alpha", "'a - at `$.b': 1\nalpha"),
    "a key with a place in it, further in": ("tanh", "{name: elu, 'a - at `$.b': 1}"),
    "a number of an optimizer": ("alpha", "momentum: 0.9\nalpha"),
    "a number of an optimizer by another name": ("alpha", "betas: [0.9, 0.999]\nalpha"),
    "a schedule as a key": ("alpha", "lr_decay: 0.5\nalpha"),
    "one activation for all": ("alpha", "activation: relu\nalpha"),
    "a seed for all": ("alpha", "random_state: 1\nalpha"),
    "a key of the top level within another": ("alpha", "optimizer: {name: adam, learning_rate: 0.1}\nalpha"),
    "an activation without its name": ("tanh", "{slope: 0.1}"),
    "a loss without its name": ("alpha", "loss: {huber: 1}\nalpha"),
    # choices
    "a misspelt activation": ("tanh", "tahn"),
    "an activation that goes by another name": ("tanh", "linear"),
    "an activation in capitals": ("tanh", "Tanh"),
    "softmax with one node": ("sigmoid}", "softmax}"),
    "an activation by another name, in a mapping": ("tanh", "{name: swish}"),
    "a parameter by another name": ("tanh", "{name: leaky_relu, negative_slope: 0.1}"),
    "a parameter that is text": ("tanh", "{name: elu, alpha: big}"),
    "a loss by another name": ("alpha", "loss: mse\nalpha"),
    "a misspelt loss": ("alpha", "loss: hubber\nalpha"),
    "a parameter out of its range": ("alpha", "loss: {name: huber, delta: 0}\nalpha"),
    "a decay of one": ("alpha", "optimizer: {name: adam, beta2: 1}\nalpha"),
    "a pair of betas": ("alpha", "optimizer: {name: adam, betas: [0.9, 0.999]}\nalpha"),
    "a parameter of another optimizer": ("alpha", "optimizer: {name: momentum, beta2: 0.9}\nalpha"),
    "a number that is another optimizer": ("alpha", "optimizer: {name: gradient_descent, momentum: 0.9}\nalpha"),
    "an optimizer by another name": ("alpha", "optimizer: SGD\nalpha"),
    "an unknown kind of biases": ("  inputs", "  biases: free\n  inputs"),
    "biases switched off by false": ("  inputs", "  biases: false\n  inputs"),
    "an unknown reduction": ("alpha", "reduction: average\nalpha"),
    # the other keys
    "a negative l2": ("alpha", "l2: -0.1\nalpha"),
    "a norm of nothing": ("alpha", "clip_norm: 0\nalpha"),
    "shuffle without a seed": ("alpha", "shuffle: true\nalpha"),
    "shuffle with nothing": ("alpha", "shuffle: {}\nalpha"),
    "shuffle with a wrong key": ("alpha", "shuffle: {seed: 1, every: 2}\nalpha"),
    "too many decimals to round to": ("alpha", "round: 20\nalpha"),
    "half a decimal": ("alpha", "round: 2.5\nalpha"),
    "a list of rates that is too short": ("1.0", "[0.5]"),
    "a negative rate in a list": ("1.0", "[0.5, -0.1]"),
    "a schedule without its steps": ("1.0", "{start: 1, decay: 0.5}"),
    "a schedule by another name": ("1.0", "{start: 1, gamma: 0.5, every: 1}"),
    "a schedule that grows beyond all bounds": (
        "1.0\niterations: 2",
        "{start: 1, decay: 10, every: 1}\niterations: 1000",
    ),
    "a shared bias with two numbers": (
        RIGHT,
        RIGHT.replace("  layers", "  biases: shared\n  layers").replace(
            "0.5", "{W1: [[1], [2]], W2: [[1, 2]], b1: [1, 2]}"
        ),
    ),
    # types and bounds
    "text for a number": ("1.0", "fast"),
    "true for a number": ("1.0", "true"),
    "a number in quotes": ("1.0", "'0.5'"),
    "a decimal comma": ("1.0", "0,5"),
    "a time": ("1.0", "1:30"),
    "not a number": ("1.0", ".nan"),
    "infinity": ("1.0", "-.inf"),
    "a number beyond float64": ("1.0", "1e999"),
    "a fraction for a count": ("iterations: 2", "iterations: 1.5"),
    "no iterations": ("iterations: 2", "iterations: 0"),
    "a negative learning rate": ("1.0", "-1.0"),
    "an empty batch": ("alpha", "batch: 0\nalpha"),
    "an unknown batch": ("alpha", "batch: full\nalpha"),
    "layers as numbers": (LAYERS, "layers: [2, 1]\n"),
    "no layers": (LAYERS, "layers: []\n"),
    "too many decimals": ("alpha", "decimals: 20\nalpha"),
    "a title that is a number": ("architecture:", "title: 2020\narchitecture:"),
    # weights
    "weights as a word": ("0.5", "random"),
    "a missing matrix": ("0.5", "{W1: [[1], [2]]}"),
    "a matrix of the wrong shape": ("0.5", "{W1: [[1, 2]], W2: [[1, 2]]}"),
    "rows of unequal length": ("0.5", "{W1: [[1], [2, 3]], W2: [[1, 2]]}"),
    "a flat matrix": ("0.5", "{W1: [1, 2], W2: [[1, 2]]}"),
    "text in a matrix": ("0.5", "{W1: [[a], [2]], W2: [[1, 2]]}"),
    "a bias of the wrong length": ("0.5", "{W1: [[1], [2]], W2: [[1, 2]], b1: [1]}"),
    "a matrix that the network does not have": ("0.5", "{W1: [[1], [2]], W2: [[1, 2]], W3: [[1]]}"),
    "a rule without a seed": ("0.5", "{init: normal}"),
    "a rule without its name": ("0.5", "{seed: 1}"),
    "a rule by another key": ("0.5", "{method: normal, seed: 1}"),
    "a rule that is one number": ("0.5", "{init: zeros}"),
    "a generator that is null": ("0.5", "{init: normal, seed: 1, generator: null}"),
    "a misspelt rule": ("0.5", "{init: normall, seed: 1}"),
    "a rule by another name": ("0.5", "{init: glorot, seed: 1}"),
    "a rule that takes no bounds": ("0.5", "{init: he_normal, seed: 1, std: 2}"),
    "weights in a file that is not there": ("0.5", "{file: none.npz}"),
    "a matrix beside a file": ("0.5", "{file: none.npz, W1: [[1]]}"),
    "a file that is a number": ("0.5", "{file: 3}"),
    "an unknown parameter of a rule": ("0.5", "{init: normal, seed: 1, sigma: 2}"),
    "a negative deviation": ("0.5", "{init: normal, seed: 1, std: -1}"),
    "a range upside down": ("0.5", "{init: uniform, seed: 1, low: 1, high: 0}"),
    "a range upside down by little": ("0.5", "{init: uniform, seed: 1, low: 1.0000001, high: 1}"),
    # data
    "x and y of different lengths": ("[1, 0]", "[1, 0, 1]"),
    "labels for one node": ("y: [1, 0]", "labels: [1, 0]"),
    "y and labels": ("y: [1, 0]", "y: [1, 0]\n  labels: [1, 0]"),
    "labels and no output for one": (RIGHT, THREE.replace("y: [[1, 0, 0], [0, 1, 0]]", "labels: [1, 3]")),
    "labels of two kinds": (RIGHT, THREE.replace("y: [[1, 0, 0], [0, 1, 0]]", "labels: [1, cat]")),
    "too few classes for the nodes": (RIGHT, THREE.replace("y: [[1, 0, 0], [0, 1, 0]]", "labels: [cat, dog]")),
    "a column in place of labels": (RIGHT, THREE.replace("y: [[1, 0, 0], [0, 1, 0]]", "labels: species")),
    "targets that do not add up to 1": (RIGHT, THREE.replace("[1, 0, 0]", "[1, 0.5, 0]")),
    "columns without a file": ("[2, 3]", "[height, width]"),
    "data in a file that is not there": ("x: [2, 3]\n  y: [1, 0]", "{file: none.csv, x: [a], y: [b]}"),
    "an example too wide": ("[2, 3]", "[2, [3, 4]]"),
    "examples too narrow": ("inputs: 1", "inputs: 2"),
    "text among the inputs": ("[2, 3]", "[2, a]"),
    "no examples": ("[2, 3]", "[]"),
    "a loss that does not fit the output": ("sigmoid}\n", "tanh}\nloss: binary_cross_entropy\n"),
    "a target out of its range": ("[1, 0]\n", "[1, 2]\nloss: binary_cross_entropy\n"),
    # expect
    "a figure of a quantity that is not there": ("iterations: 2\n", EXPECT + "A3: 0.5}\n"),
    "a figure outside the matrix": ("iterations: 2\n", EXPECT + '"A1[3,1]": 0.5}\n'),
    "a figure without its index": ("iterations: 2\n", EXPECT + "A1: 0.5}\n"),
    "an index without quotes": ("iterations: 2\n", EXPECT + "A1[1,1]: 0.5}\n"),
    "a figure that is text": ("iterations: 2\n", EXPECT + "A2: '0.5'}\n"),
    "a key of an entry by another name": ("iterations: 2\n", EXPECT + "A2: 0.5, tol: 1}\n"),
    "a figure of a layer that is not there": ("iterations: 2\n", EXPECT + "dA9: 0.5}\n"),
    "a figure with no end": ("iterations: 2\n", EXPECT + "loss: 0e400}\n"),
    "an entry without a figure": ("iterations: 2\n", EXPECT + "tolerance: 1}\n"),
    "an iteration that is not there": ("iterations: 2", "iterations: 2\nexpect: [{iteration: 9, A2: 0.5}]"),
    "an entry that could be several updates": ("iterations: 2\n", "iterations: 2\nexpect: [{A2: 0.5}]\n"),
}  # fmt: skip


def edited(name: str) -> str:
    old, new = EDITS[name]
    assert old in RIGHT
    return RIGHT.replace(old, new, 1)


def message(text: str, *settings: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loads(text, "my.yaml", settings)
    return str(caught.value)


def test_the_config_that_the_edits_start_from_is_right() -> None:
    assert loads(RIGHT).iterations == 2


def test_whole_messages(golden: Callable[[str, str], None]) -> None:
    assert len(EDITS) >= 80
    golden("messages.txt", "\n".join(f"== {name}\n{message(edited(name))}\n" for name in EDITS))


@pytest.mark.parametrize("name", EDITS)
def test_every_message_begins_with_the_place(name: str) -> None:
    text = edited(name)
    with pytest.raises(ConfigError) as caught:
        loads(text, "my.yaml")
    error = caught.value
    first, *rest = str(error).splitlines()
    if error.line is None:
        assert first.startswith("my.yaml: ")
        return
    assert error.column is not None
    assert first.startswith(f"my.yaml:{error.line}:{error.column}: ")
    line = text.splitlines()[error.line - 1]
    assert rest[0].removeprefix("  | ") in (
        line.replace("\t", " "),
        rest[0].removeprefix("  | ") if len(line) > 90 else "",
    )
    assert rest[1].index("^") >= 4


def test_the_command_line_prints_it_and_leaves_with_2(tmp_path: Path) -> None:
    """The showpiece, whole."""
    path = tmp_path / "my.yaml"
    path.write_text(edited("a key that goes by another name elsewhere"), encoding="utf-8")
    ran = nntrace_run("run", str(path))
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        f"{path}:10:1: `learning_rate`: here it is `alpha`\n"
        "  | learning_rate: 1.0\n"
        "  | ^^^^^^^^^^^^^\n"
        "For example: alpha: 0.1\n"
    )


def also_names() -> list[tuple[str, str, str]]:
    """(key, other name, name here) of every row of every table."""
    return [(key, other, row.name) for key, table in TABLES.items() for row in table.values() for other in row.also]


def chosen(key: str, word: str) -> str:
    return {
        "activation": RIGHT.replace("tanh", word),
        "loss": f"{RIGHT}loss: {word}\n",
        "optimizer": f"{RIGHT}optimizer: {word}\n",
        "init": RIGHT.replace("0.5", f"{{init: {word}, seed: 1}}"),
        "biases": RIGHT.replace("  inputs", f"  biases: {word}\n  inputs"),
    }[key]


@pytest.mark.parametrize(("key", "other", "here"), also_names())
def test_what_a_row_is_called_elsewhere(key: str, other: str, here: str) -> None:
    assert f"`{other}`: here it is `{here}`" in message(chosen(key, other))


def setting_names() -> list[tuple[str, str, str, str]]:
    """(key, row, other name, setting) of every number that a row takes."""
    return [
        (key, row.name, other, name)
        for key, table in TABLES.items()
        for row in table.values()
        for name, setting in row.settings.items()
        for other in setting.also
        if other not in row.settings
    ]


@pytest.mark.parametrize(("key", "row", "other", "name"), setting_names())
def test_what_a_number_of_a_row_is_called_elsewhere(key: str, row: str, other: str, name: str) -> None:
    text = chosen(key, f"{{name: {row}, {other}: 0.5}}" if key != "init" else f"{row}, {other}: 0.5")
    assert f"`{other}`: here it is `{name}`" in message(text)


def keys_elsewhere() -> list[tuple[str, str]]:
    fields = inspect.type_info(Written).fields  # type: ignore[attr-defined]
    return [(other, field.name) for field in fields for other in (field.type.extra or {}).get("also", ())]


@pytest.mark.parametrize(("other", "key"), keys_elsewhere())
def test_what_a_key_is_called_elsewhere(other: str, key: str) -> None:
    found = message(f"{other}: 1\n{RIGHT}")
    assert ": here it is `" in found
    assert found.startswith("my.yaml:1:1: ")


def other_names(table: Mapping[str, Iterable[str]]) -> list[tuple[str, str]]:
    return [(word, phrase) for phrase, words in table.items() for word in words]


@pytest.mark.parametrize(("word", "phrase"), other_names(KEYS))
def test_what_is_a_key_elsewhere_and_none_here(word: str, phrase: str) -> None:
    assert f"`{word}`: here it is {phrase}" in message(f"{word}: 1\n{RIGHT}")


@pytest.mark.parametrize(
    ("key", "word", "phrase"), [(key, *pair) for key in VALUES for pair in other_names(VALUES[key])]
)
def test_what_is_a_value_elsewhere(key: str, word: str, phrase: str) -> None:
    text = {
        "batch": f"batch: '{word}'\n{RIGHT}",
        "reduction": f"reduction: '{word}'\n{RIGHT}",
        "generator": RIGHT.replace("0.5", f"{{init: normal, seed: 1, generator: '{word}'}}"),
    }
    assert f"`{word}`: here it is {phrase}" in message(text.get(key) or chosen(key, f"'{word}'"))


@pytest.mark.parametrize("table", [ROWS[key].format(row.name) for key in TABLES for row in TABLES[key].values()])
def test_a_row_in_a_message_is_written_right(table: str) -> None:
    network = THREE if "softmax" in table or "entropy" in table else RIGHT
    key, _, value = table.partition(": ")
    if key == "activation":
        network = network.replace("tanh", value)
    else:
        lines = [line for line in network.splitlines(keepends=True) if not line.startswith(f"{key}:")]
        network = "".join(lines) + table
    assert loads(network).iterations == 2


@pytest.mark.parametrize(("parent", "key"), EXAMPLES)
def test_an_example_in_a_message_is_of_a_key_that_there_is(parent: str, key: str) -> None:
    parents = {"": (), "layers": ("architecture", "layers", 0), "expect": ("expect", 0)}
    parents |= {"activation": (*parents["layers"], "activation")}
    where = parents.get(parent, (parent,))
    assert key in keys_at(parse(RIGHT, "x"), where)
    assert key in EXAMPLES[parent, key]
    for written in EXAMPLES[parent, key].partition(": a trace")[0].split(", or "):
        assert isinstance(parse(written, "x").data, dict)


@pytest.mark.parametrize(
    ("before", "line", "column"),
    [
        ("", 10, 8),
        ("# a comment\n", 11, 8),
        ("title: 漢字 and é\n", 11, 8),
        ("notes: |\n  two\n  lines\n", 13, 8),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_positions_hold_for_all_encodings(
    tmp_path: Path, before: str, line: int, column: int, newline: str, bom: str
) -> None:
    path = tmp_path / "my.yaml"
    text = bom + (before + RIGHT.replace("1.0", "fast")).replace("\n", newline)
    path.write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.excerpt == "  | alpha: fast\n  |        ^^^^"


def test_a_long_line_is_shown_around_the_place() -> None:
    found = message(RIGHT.replace("[2, 3]", "[" + "2, " * 500 + "a, " + "3, " * 100 + "4]"))
    _, excerpt, marker, _ = found.splitlines()
    assert len(excerpt) < 120
    assert excerpt[marker.index("^")] == "a"


def test_the_mark_stands_under_wide_signs() -> None:
    found = message(RIGHT.replace("{nodes: 2", "{nodes: 漢字, x: 1"))
    assert found.splitlines()[2].count("^") == 4  # each sign is two columns wide


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("alpha=fast", '--set alpha=fast: `alpha` should be a number, a list or a mapping, not the text "fast"'),
        ("alpha", "--set alpha: this is not KEY=VALUE"),
        ("alhpa=1", "--set alhpa=1: there is no key `alhpa`"),
        ("data.x.3=1", "--set data.x.3=1: `data.x` is a list of 2: `3` should be 1 to 2"),
        ("architecture.layers.1.nodes=x", "--set architecture.layers.1.nodes=x: `nodes` should be a whole number"),
        ("alpha.x=1", "--set alpha.x=1: `alpha` is 1.0: there is no `x` in it"),
        ("alpha=[1", "--set alpha=[1: this is not YAML: this `[` is not closed"),
        ("optimizer.beta1=0.5", "--set optimizer.beta1=0.5: `name` is missing in `optimizer`"),
        ("iterations=0", "--set iterations=0: `iterations` is 0: it must be at least 1"),
        ("title.x=1", '--set title.x=1: `title` is the text "a title": there is no `x` in it'),
        ("expect.1.A2=0.5", "--set expect.1.A2=0.5: `expect` is an empty list"),
        ("alpha=\udcff", "--set alpha=�: a character that is no Unicode"),
        ("\udcff=1", "--set �=1: the key has a character that is no Unicode"),
        ("data.x." + "1" * 5000 + "=1", f"--set data.x.{'1' * 92}…: `data.x` is a list of 2: `{'1' * 39}…` should be"),
        ("iterations=" + "1" * 5000, f"--set iterations={'1' * 88}…: `{'1' * 39}…` is too large for a float64"),
        ("a" + ".a" * 5000 + "=1", f"--set a{'.a' * 49}…: nested deeper than 100 levels"),
        ("expect=[{example: 1, losss: 1}]", "--set expect=[{example: 1, losss: 1}]: there is no quantity `losss`"),
        ("expect=[{example: 9, loss: 1}]", "--set expect=[{example: 9, loss: 1}]: there is no example 9"),
        ("expect=[{loss: 1}]", "--set expect=[{loss: 1}]: an iteration has 2 updates"),
        ("expect=[{loss: 0e400}]", "--set expect=[{loss: 0e400}]: `loss` is 0e400: half a unit of its last digit is"),
    ],
)  # fmt: skip
def test_a_wrong_override_is_blamed_on_itself(setting: str, expected: str) -> None:
    assert message(f"title: a title\nexpect: []\n{RIGHT}", setting).startswith(expected)


@pytest.mark.parametrize("root", ["hello", "3", "- 1", "[1, 2]", "null"])
@pytest.mark.parametrize("setting", ["alpha=1", "1=2", "1.alpha=3"])
def test_only_a_mapping_can_be_overridden(root: str, setting: str) -> None:
    assert message(root, setting) == "my.yaml: a config is a mapping of keys to values\nFor example: alpha: 0.5"


EXPECTING = (
    f"{RIGHT}expect: [{{iteration: 2, example: 1, A2: 0.5, tolerance: 9}}, {{example: 1, A2: 1, tolerance: 9}}]\n"
)


def test_what_is_expected_by_an_override_is_held_against_the_run() -> None:
    assert loads(EXPECTING, overrides=["iterations=1"]).unreachable == 1
    found = message(EXPECTING, "iterations=1", "expect.1.loss=0.25")
    assert found.startswith("--set expect.1.loss=0.25: there is no iteration 2: there is 1")
    config = loads(EXPECTING, overrides=["iterations=1", "expect.2.loss=0.250"])
    assert config.unreachable == 1
    assert config.expect[0].figures["loss"].text == "0.250"


def test_an_override_takes_the_place_of_those_within_it() -> None:
    found = message(RIGHT, "data.x.1=5", "data.x=[1, a]")
    assert found.startswith("--set data.x=[1, a]: an entry of `x` should be a number")
    config = loads(EXPECTING, overrides=["expect.2.A2=0.5", "expect.2={example: 1, A2: 0.250}"])
    assert config.expect[1].figures["A2"].text == "0.250"


@pytest.mark.parametrize(
    "text", ["0e400", "0e-400", "1e-99999999999999999999", "0.0e-99999999999999999999", "0E+" + "9" * 5000]
)
def test_a_figure_whose_last_digit_is_beyond_float64(text: str) -> None:
    found = message(f"{RIGHT}expect: [{{example: 1, iteration: 1, A2: {text}}}]\n")
    assert found.startswith("my.yaml:12:41: `A2` is ")
    assert ": half a unit of its last digit is beyond float64\n" in found
    assert len(found) < 400


def test_a_long_number_is_cut() -> None:
    assert message(RIGHT.replace("1.0", "1" * 5000)).startswith(f"my.yaml:10:8: `{'1' * 39}…` is too large")


def test_of_several_overrides_the_nearest_is_blamed() -> None:
    found = message(RIGHT, "optimizer=adam", "optimizer.beta1=1.5")
    assert found.startswith("--set optimizer.beta1=1.5: `beta1` is 1.5: it must be less than 1")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "there is nothing in it"),
        (b"alpha: \xff\n", "byte 0xff is not UTF-8"),
        (b"alpha: 1\x00\n", "a character that YAML does not allow"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, raw: bytes, expected: str) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(raw)
    with pytest.raises(ConfigError, match=expected):
        load(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match=r"this is a directory|cannot be read"):
        load(tmp_path)


def test_a_network_that_does_not_fit_in_memory_is_refused_before_it_is_built() -> None:
    found = message(RIGHT.replace("nodes: 2", "nodes: 1000000000000"))
    assert "my.yaml:4:5: one step of this network takes " in found
    assert "TiB; this machine has " in found


def test_an_alias_bomb_is_refused_quickly() -> None:
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{here}: &{here} [{', '.join(['*' + last] * 10)}]\n" for last, here in pairwise("abcdefgh")
    )
    assert "more than 1,000,000 values, aliases counted each time" in message(bomb)


@pytest.mark.parametrize("text", ["1" * 5000, "2.." + "1" * 5000, "1" * 19])
def test_an_iteration_of_many_digits_is_beyond_every_run(text: str) -> None:
    ran = nntrace_run("run", "article", "--iteration", text)
    assert ran.status == 2
    assert " is beyond every iteration" in ran.err
    assert len(ran.err) < 400
