"""The words around the numbers, the same in every text form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from nntrace.config.model import Config, Schedule
from nntrace.equations import Equations
from nntrace.errors import harmless
from nntrace.formula.plain import plain
from nntrace.formula.tree import Sum, nodes, summed
from nntrace.maths.table import Choice
from nntrace.render.excerpt import excerpt_of_rows
from nntrace.render.numbers import shown, written
from nntrace.render.tables import EndTable, Group, heading
from nntrace.summary import Summary
from nntrace.tracing import Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PHASES = {"start": "Start", "forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}
SIGNS = {"·": "product", "⊙": "entry by entry", "ᵀ": "transposed"}


def about(config: Config, listing: Equations) -> list[tuple[str, str]]:
    """What a header says, as pairs of a label and a text."""
    where = "; ".join(function.definition for function in listing.functions)
    lines = [
        ("source", config.source),
        ("notes", config.notes),
        ("network", network(config)),
        ("training", training(config)),
        ("classes", classes(config)),
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
    said = [f"{sign} {meaning}" for sign, meaning in SIGNS.items() if sign in formulas]
    said += [f"Σ sum over {over}" for over in [_sums(listing)] if over]
    weights = listing.layers[0].W.name
    return ", ".join(said + ([f"d{weights} = ∂loss/∂{weights}"] if f"d{weights}" in listing.by_name else []))


def _sums(listing: Equations) -> str:
    """What the sums go over: `the examples`, or `the nodes (losses), the examples (loss, db)`."""
    found: dict[str, dict[str, None]] = {}
    for equation in listing:
        sums = [node for node in nodes(equation.shown or equation.formula) if isinstance(node, Sum)]
        inner = [node.operand for node in sums]
        for node in sums:
            if any(node is other for other in inner):
                continue  # part of a sum over both
            rows, columns = (size != 1 for size in summed(node).shape)
            over = "all entries" if rows and columns and node.shape in {(), (1, 1)} else ""
            over = over or ("the nodes" if rows and node.over != "columns" else "the examples" if columns else "")
            found.setdefault(over, {})[equation.target.kind] = None
    found.pop("", None)  # the sum of one entry
    if len(found) == 1:
        return next(iter(found))
    *others, last = [f"{over} ({', '.join(kinds)})" for over, kinds in found.items()] or [""]
    return f"{', '.join(others)} and {last}" if others else last


def teaches(config: Config) -> str:
    """The first sentence of the notes."""
    text = " ".join(harmless(config.notes).split())
    return text.partition(". ")[0].removesuffix(".") + "." if text else ""


def network(config: Config) -> str:
    """`1-4-3-1 · sigmoid in every layer · squared_error`"""
    biases = {
        "trained": [],
        "shared": ["one bias for each layer"],
        "fixed": ["biases fixed"],
        "none": ["no biases"],
    }[config.architecture.biases]
    loss = choice(config.chosen_loss) + (f" + l2 {config.l2:g}" if config.l2 else "")
    return " · ".join([sizes(config), activations(config), *biases, loss])


def sizes(config: Config) -> str:
    """`1-4-3-1`"""
    layers = config.architecture.layers
    return "-".join(str(count) for count in (config.architecture.inputs, *(layer.nodes for layer in layers)))


def activations(config: Config) -> str:
    """`sigmoid in every layer`, or the activation of each"""
    said = [choice(layer.chosen) for layer in config.architecture.layers]
    return f"{said[0]} in every layer" if len(set(said)) == 1 and len(said) > 1 else ", ".join(said)


def training(config: Config) -> str:
    """`gradient_descent, alpha 1 · 2 iterations of 2 examples · one example per update`"""
    size = min(config.batch_size, config.examples)
    per_update = "one example per update"
    if config.batch_size > 1:
        per_update = f"{size:,} examples per update ({config.reduction})"
    said = [
        f"{choice(config.chosen_optimizer)}, alpha {_alpha(config)}",
        f"{_count(config.iterations, 'iteration')} of {_count(config.examples, 'example')}",
        per_update,
    ]
    if config.shuffle is not None:
        said.append(f"shuffled (seed {config.shuffle.seed})")
    if config.clip_norm is not None:
        said.append(f"gradients clipped to norm {config.clip_norm:g}")
    if config.round is not None:
        said.append(f"rounded to {config.round} decimals")
    return " · ".join(said)


def _alpha(config: Config) -> str:
    alpha = config.alpha
    if isinstance(alpha, Schedule):
        every = "iteration" if alpha.every == 1 else f"{alpha.every:,} iterations"
        return f"{alpha.start:g}, times {alpha.decay:g} every {every}"
    if isinstance(alpha, list):
        return ", ".join("…" if index is None else f"{alpha[index]:g}" for index in shown(len(alpha)))
    return f"{alpha:g}"


def classes(config: Config) -> str:
    """`0 = setosa, 1 = versicolor`: which output stands for which text label."""
    named = config.classes
    return ", ".join("…" if index is None else f"{index} = {named[index]}" for index in shown(len(named)))


def step_title(config: Config, step: Step) -> str:
    """`Iteration 2 · example 1`, `Iteration 2 · batch 3 · examples 9–12`"""
    if step.iteration is None:
        return f"After {_count(config.iterations, 'iteration')} · {_count(len(step.examples), 'example')}"
    if config.batch_size == 1:
        which = f"example {step.examples[0]}"
    else:
        which = f"batch {step.batch} · {_numbered(step.examples)}"
    return f"Iteration {step.iteration} · {which}"


def _numbered(examples: Sequence[int]) -> str:
    """`example 3`, `examples 9–12`, `examples 4, 1, 7`"""
    if len(examples) == 1:
        return f"example {examples[0]}"
    if isinstance(examples, range):
        return f"examples {examples[0]}–{examples[-1]}"
    return "examples " + ", ".join("…" if index is None else str(examples[index]) for index in shown(len(examples)))


def stopped(step: Step) -> str:
    """Why a trace ended before its time."""
    return f"The trace stops here: in {step.place}, {step.stopped} is the first quantity that is not finite."


def choice(chosen: Choice) -> str:
    """`huber (delta 1)`"""
    settings = ", ".join(f"{name} {value:g}" for name, value in chosen.parameters.items())
    return f"{chosen.name} ({settings})" if settings else chosen.name


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
    config = summary.trace.config
    cells = written(values, config.decimals)[1]
    if None in indices:
        cells.insert(indices.index(None), "⋮")
    groups: list[Group] = [(heading("loss", "", ("",), max(map(len, cells))), [[cell] for cell in cells])]
    title = "Loss of each iteration" + (" (without the penalty)" if config.l2 else "")
    return EndTable(title, stub, groups)


def _predictions(summary: Summary) -> EndTable | None:
    """Inputs, targets and outputs of the network as it ends, an example a row."""
    if summary.evaluation is None:
        return None
    config = summary.trace.config
    rows = shown(len(config.x))
    columns = {"x": config.x, "y": config.y, "ŷ": summary.evaluation.outputs}
    return predictions("Predictions after training", config, columns, rows)


def predictions(
    title: str, config: Config, columns: Mapping[str, Array], rows: tuple[int | None, ...] | None = None
) -> EndTable:
    """Matrices (examples × numbers) side by side, an example a row; `rows` if not all of them.

    Where the examples have labels, the class with the largest output stands at the end.
    """
    count = len(next(iter(columns.values())))
    chosen = tuple(range(count)) if rows is None else rows
    kept = [index for index in chosen if index is not None]
    groups: list[Group] = []

    def add(name: str, labels: tuple[str, ...], cells: list[list[str]]) -> None:
        if len(kept) < len(chosen):
            cells.insert(chosen.index(None), ["⋮"] * len(labels))
        groups.append((heading(name, f"{name} …", labels, max(len(cell) for row in cells for cell in row)), cells))

    for name, array in columns.items():
        part = excerpt_of_rows(array, kept, config.decimals)
        add(name, column_labels(shown(array.shape[1])) if array.shape[1] > 1 else ("",), part)
    if config.labelled:
        best = np.argmax(list(columns.values())[-1][kept], axis=1).tolist()
        add("class", ("",), [[harmless(config.classes[place]) if config.classes else str(place)] for place in best])
    return EndTable(title, row_stub("example", chosen), groups)
