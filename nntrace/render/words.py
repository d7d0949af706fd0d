"""The words around the numbers, the same in every text form."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.errors import harmless
from nntrace.formula.plain import plain
from nntrace.maths.table import Choice
from nntrace.render.excerpt import excerpt_of
from nntrace.render.numbers import shown, written
from nntrace.render.tables import Group, heading
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
    return [(label, harmless(text).strip()) for label, text in lines if text.strip()]


def title(config: Config) -> str:
    """The title on one line."""
    return harmless(" ".join(config.title.split()))


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


@lru_cache
def row_stub(heading: str, rows: tuple[int | None, ...]) -> tuple[str, ...]:
    """The column at the left of a table: its heading, then the rows counted from 1."""
    return (heading, *("⋮" if row is None else f"{row + 1:,}" for row in rows))


@lru_cache
def column_labels(columns: tuple[int | None, ...]) -> tuple[str, ...]:
    """`[·,1]`, `[·,2]` …: how the entries of a column are addressed."""
    return tuple("…" if column is None else f"[·,{column + 1}]" for column in columns)


class EndTable(Struct, frozen=True):
    """A table at the end of a run: its title, the column at the left, the groups of columns."""

    title: str
    stub: tuple[str, ...]
    groups: list[Group]


def end_tables(summary: Summary) -> list[EndTable]:
    """What a run comes to; less where it stopped."""
    return [made for made in (_losses(summary), _predictions(summary)) if made is not None]


def _losses(summary: Summary) -> EndTable | None:
    """The mean loss of each iteration's examples as trained, and of all examples as the network ends."""
    indices = shown(len(summary.losses))
    values = [summary.losses[index] for index in indices if index is not None]
    stub = row_stub("iteration", indices)
    if summary.evaluation is not None:
        values.append(summary.evaluation.loss)
        stub = (*stub, "as it ends")
    if not values:
        return None
    cells = written(values, summary.trace.config.decimals)[1]
    if None in indices:
        cells.insert(indices.index(None), "⋮")
    groups: list[Group] = [(heading("loss", "", ("",), max(map(len, cells))), [[cell] for cell in cells])]
    return EndTable("Loss of each iteration", stub, groups)


def _predictions(summary: Summary) -> EndTable | None:
    """Inputs, targets and outputs of the network as it ends, an example a row."""
    if summary.evaluation is None:
        return None
    config = summary.trace.config
    groups: list[Group] = []
    x, y = examples(config)
    for name, array in (("x", x), ("y", y), ("ŷ", summary.evaluation.outputs)):
        part = excerpt_of(array, config.decimals)
        labels = column_labels(part.columns) if array.shape[1] > 1 else ("",)
        groups.append((heading(name, f"{name} …", labels, part.width), part.cells))
    return EndTable("Predictions after training", row_stub("example", shown(len(x))), groups)
