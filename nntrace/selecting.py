"""Naming things: a step of the run, a quantity or an entry of it, a part of the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.errors import SelectionError
from nntrace.formula.tree import EXAMPLES, Entry, Quantity
from nntrace.suggest import listed, nearest, shortened

_ENTRY = re.compile(r"\s*(\w+)\s*(?:\[\s*(\d{1,18})\s*,\s*(\d{1,18})\s*\])?\s*")


def examples_of(config: Config, iteration: int, batch: int) -> Sequence[int]:
    """The examples (from 0) of a batch in an iteration (both from 1), in their order there."""
    first = (batch - 1) * config.batch_size
    places = range(first, min(first + config.batch_size, config.examples))
    if config.shuffle is None:
        return places
    return _order(config.shuffle.seed, iteration, config.examples)[places.start : places.stop]


@lru_cache(maxsize=1)
def _order(seed: int, iteration: int, examples: int) -> list[int]:
    """The order of the examples in an iteration; its steps follow each other, so one is remembered."""
    from numpy.random import default_rng

    order: list[int] = default_rng([seed, iteration]).permutation(examples).tolist()
    return order


def iteration(config: Config, number: int) -> int:
    """`number`, if the run has that iteration."""
    if not 1 <= number <= config.iterations:
        there = "there is 1" if config.iterations == 1 else f"there are 1 to {config.iterations:,}"
        raise SelectionError(f"there is no iteration {number}: {there}")
    return number


def check_batch(config: Config, example: int | None = None, batch: int | None = None) -> None:
    """Raise `SelectionError` for an example or a batch that the run does not have, and for both at once."""
    if example is not None and batch is not None:
        raise SelectionError("say the example or the batch, not both")
    if example is not None and not 1 <= example <= config.examples:
        raise SelectionError(f"there is no example {example}: there are 1 to {config.examples:,}")
    if batch is not None and not 1 <= batch <= config.batches:
        raise SelectionError(f"there is no batch {batch}: there are 1 to {config.batches:,}")


def batch(config: Config, iteration: int, example: int | None = None, batch: int | None = None) -> int | None:
    """The batch of an iteration that is named by its number or by an example in it; None where neither is said."""
    check_batch(config, example, batch)
    if example is None:
        return batch
    place = example - 1
    if config.shuffle is not None:
        place = _order(config.shuffle.seed, iteration, config.examples).index(place)
    return place // config.batch_size + 1


def entry(equations: Equations, text: str, examples: int) -> Entry:
    """The entry that `text` names: `dW2[1,3]`, or `loss`; a quantity of one entry needs no index.

    `examples` is the number of columns of the batch. Raises `SelectionError` with what there is.
    """
    match = _ENTRY.fullmatch(text)
    quantity = equations.by_name.get(match[1]) if match else None
    known = text.partition("[")[0].strip()
    if match is None and known in equations.by_name:
        raise SelectionError(f"`{shortened(text)}` is no entry: it is written `{known}[1,1]`, row and column")
    if match is None or quantity is None:
        raise _unknown(text, [q.name for q in equations.quantities])
    if not quantity.shape:
        if match[2]:
            raise SelectionError(f"`{quantity.name}` is a single number: it has no entry")
        return Entry(quantity)
    rows, columns = (examples if size == EXAMPLES else int(size) for size in quantity.shape)
    if match[2] is None:
        if rows * columns != 1:
            raise SelectionError(
                f"`{quantity.name}` is {rows} × {columns}: name an entry, such as `{quantity.name}[1,1]`"
            )
        return Entry(quantity, 0, 0)
    row, column = int(match[2]), int(match[3])
    if not (1 <= row <= rows and 1 <= column <= columns):
        shape = f"`{quantity.name}` is {rows} × {columns}, counted from 1"
        raise SelectionError(f"there is no entry `{text.strip()}`: {shape}")
    return Entry(quantity, row - 1, column - 1)


def select(equations: Equations, layer: int | None = None, only: Iterable[str] = ()) -> Sequence[Quantity]:
    """The quantities of a layer, or by name (`dZ2`) or kind (`dZ`: in every layer), in their order."""
    chosen: Sequence[Quantity] = equations.quantities
    if layer is not None:
        if not 1 <= layer <= len(equations.layers):
            raise SelectionError(f"there is no layer {layer}: there are 1 to {len(equations.layers)}")
        chosen = [q for q in chosen if q.layer == layer]
    names = list(only)
    if names:
        known = [word for q in equations.quantities for word in (q.kind, q.name)]
        for name in names:
            if name not in known:
                raise _unknown(name, [q.name for q in equations.quantities], known)
        absent = [name for name in names if not any(name in (q.name, q.kind) for q in chosen)]
        if absent:
            raise SelectionError(f"there is no {listed(absent)} in layer {layer}")
        chosen = [q for q in chosen if q.name in names or q.kind in names]
    return chosen


def _unknown(text: str, quantities: Sequence[str], words: Sequence[str] = ()) -> SelectionError:
    """The error for a name that no quantity has; what was meant is one of `words`, if other than `quantities`."""
    name = text.partition("[")[0].strip()
    meant = nearest(name, words or quantities)
    hint = f"Did you mean `{meant}`? " if meant and meant != name else ""
    return SelectionError(f"there is no quantity `{shortened(text)}`\n{hint}There are {listed(quantities)}.")
