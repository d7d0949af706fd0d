"""The words around the numbers, the same in every text form."""

from __future__ import annotations

from collections.abc import Sequence

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.formula.plain import plain
from nntrace.maths.table import Choice
from nntrace.render.excerpt import Excerpts, excerpt_of
from nntrace.render.layout import Item
from nntrace.render.numbers import format_of, shown
from nntrace.render.tables import Group, group
from nntrace.summary import Summary
from nntrace.tracing import Step, examples

PHASES = {"start": "Start", "forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}
SIGNS = {"·": "product", "⊙": "entry by entry", "ᵀ": "transposed", "Σ": "sum"}


def about(config: Config, listing: Equations) -> list[tuple[str, str]]:
    """What a header says, as pairs of a label and a text."""
    where = "; ".join(function.definition for function in listing.functions)
    lines = [
        ("source", config.source),
        ("notes", config.notes),
        ("network", network(config)),
        ("training", training(config)),
        ("where", where),
        ("signs", signs(listing)),
    ]
    return [(label, text.strip()) for label, text in lines if text.strip()]


def signs(listing: Equations) -> str:
    """What the signs of these formulas mean: `⊙ entry by entry, ᵀ transposed, dW1 = ∂loss/∂W1`"""
    formulas = "".join(plain(equation.shown or equation.formula) for equation in listing)
    weights = listing.layers[0].W.name
    return ", ".join(
        [f"{sign} {said}" for sign, said in SIGNS.items() if sign in formulas] + [f"d{weights} = ∂loss/∂{weights}"]
    )


def network(config: Config) -> str:
    """`1-4-3-1 · sigmoid in every layer · squared_error`"""
    sizes = "-".join(
        str(n) for n in (config.architecture.inputs, *(layer.nodes for layer in config.architecture.layers))
    )
    activations = [_choice(layer.chosen) for layer in config.architecture.layers]
    same = len(set(activations)) == 1 and len(activations) > 1
    said = f"{activations[0]} in every layer" if same else ", ".join(activations)
    biases = {"trained": [], "fixed": ["biases fixed"], "none": ["no biases"]}[config.architecture.biases]
    return " · ".join([sizes, said, *biases, _choice(config.chosen_loss)])


def training(config: Config) -> str:
    """`gradient_descent, alpha 1 · 2 iterations of 2 examples · one example per update`"""
    per_update = "one example per update"
    if config.batch_size > 1:
        per_update = f"{config.batch_size:,} examples per update ({config.reduction})"
    passes = f"{_count(config.iterations, 'iteration')} of {_count(config.examples, 'example')}"
    return " · ".join([f"{_choice(config.chosen_optimizer)}, alpha {config.alpha:g}", passes, per_update])


def step_title(config: Config, step: Step) -> str:
    """`Iteration 2 · example 1`, `Iteration 2 · batch 3 · examples 9–12`"""
    first, last = step.examples[0], step.examples[-1]
    if config.batch_size == 1:
        which = f"example {first}"
    else:
        which = f"batch {step.batch} · " + (f"examples {first}–{last}" if first != last else f"example {first}")
    return f"Iteration {step.iteration} · {which}"


def stopped(step: Step) -> str:
    """Why a trace ended before its time."""
    return f"The trace stops here: in {step.place}, {step.stopped} is the first quantity that is not finite."


def _choice(choice: Choice) -> str:
    settings = ", ".join(f"{name} {value:g}" for name, value in choice.parameters.items())
    return f"{choice.name} ({settings})" if settings else choice.name


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def number(item: Item, numbers: Excerpts) -> str:
    """A single number; a constant of the formulas as one types it."""
    if item.constant:
        return f"{numbers.step[item.quantity.name]:.6g}"
    return numbers[item.quantity].cells[0][0]


def row_label(row: int | None) -> str:
    """A row or an example, counted from 1; the sign for those left out."""
    return "⋮" if row is None else f"{row + 1:,}"


def column_labels(columns: Sequence[int | None]) -> tuple[str, ...]:
    """`[·,1]`, `[·,2]` …: how the entries of a column are addressed."""
    return tuple("…" if column is None else f"[·,{column + 1}]" for column in columns)


Table = tuple[str, tuple[str, ...], list[Group]]
"""A title, the stub (heading and row labels), and the groups of columns."""


def losses(summary: Summary) -> Table:
    """The mean loss of each iteration's examples as trained, and of all examples as the network ends."""
    trained = summary.losses
    rows: list[tuple[str, float | None]] = [
        (row_label(index), None if index is None else trained[index]) for index in shown(len(trained))
    ]
    evaluation = summary.evaluation
    if evaluation is not None:
        rows.append(("as it ends", evaluation.loss))
    title = "Loss of each iteration"
    if not rows:
        return title, (), []
    form = format_of([[value for _, value in rows if value is not None]], summary.trace.config.decimals)
    cells = [["⋮" if value is None else form(value)] for _, value in rows]
    return title, ("iteration", *(label for label, _ in rows)), [group("loss", "", ("mean",), cells)]


def predictions(summary: Summary) -> Table:
    """Inputs, targets and outputs of the network as it ends, an example a row."""
    config = summary.trace.config
    title = "Predictions after training"
    evaluation = summary.evaluation
    if evaluation is None:
        return title, (), []
    x, y = examples(config)
    groups = []
    for heading, array in (("x", x), ("y", y), ("ŷ", evaluation.outputs)):
        part = excerpt_of(array, config.decimals)
        groups.append(group(heading, f"{heading} …", column_labels(part.columns), part.cells))
    return title, ("example", *map(row_label, shown(len(x)))), groups
