"""Naming things: a step of the run, a quantity or an entry of it, a part of the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.errors import SelectionError
from nntrace.formula.tree import EXAMPLES, Entry, Quantity
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.suggest import listed, listed_with, nearest, shortened

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


class Chosen(Struct, frozen=True):
    """Which steps of a run are chosen: those of iterations `first` to `last`, both from 1.

    Of each the update `batch`, or the one that holds `example` (which differs between iterations under
    `shuffle`); all of them where neither is said. Of all these every `every`-th, and with `final` the last.
    """

    first: int
    last: int
    batch: int | None = None
    example: int | None = None
    every: int | None = None
    final: bool = False

    def check(self, config: Config) -> None:
        """Raise `SelectionError` where the run has no such steps."""
        check_batch(config, self.example, self.batch)
        iteration(config, self.first)
        iteration(config, self.last)
        if not self.count(config):
            named = self.named(config)
            raise SelectionError(f"--every {self.every}: there are {named:,} steps, so that it shows none of them")

    @property
    def whole(self) -> bool:
        """Whether each update of the iterations is chosen, but for `every` and `final`."""
        return self.batch is None and self.example is None

    def named(self, config: Config) -> int:
        """How many steps there are to choose `every` and `final` from."""
        return (self.last - self.first + 1) * (config.batches if self.whole else 1)

    def count(self, config: Config) -> int:
        """How many are chosen, if the run does not stop before."""
        named = self.named(config)
        if self.every is None:
            return 1 if self.final else named
        return named // self.every + (self.final and named % self.every > 0)

    def spans(self, config: Config) -> Iterator[range]:
        """The numbers of the steps (from 0): those that follow each other together."""
        named = self.named(config)
        if self.every is None and not self.final and (self.whole or config.batches == 1):
            start = self._number(config, 0)
            yield range(start, start + named)
            return
        step = self.every or (named if self.final else 1)
        for place in range(step - 1, named, step):
            number = self._number(config, place)
            yield range(number, number + 1)
        if self.final and named % step:
            number = self._number(config, named - 1)
            yield range(number, number + 1)

    def _number(self, config: Config, place: int) -> int:
        """The number of the step at a place (from 0) among those that are named."""
        if self.whole:
            return (self.first - 1) * config.batches + place
        number = self.first + place
        return (number - 1) * config.batches + (batch(config, number, self.example, self.batch) or 1) - 1


def entry(equations: Equations, text: str, examples: int, further: Mapping[str, Quantity] = {}) -> Entry:
    """The entry that `text` names: `dW2[1,3]`, or `loss`; a quantity of one entry needs no index.

    `examples` is the number of columns of the batch; `further` are quantities beside those of the list.
    Raises `SelectionError` with what there is.
    """
    match = _ENTRY.fullmatch(text)
    by_name = {**equations.by_name, **further} if further else equations.by_name
    quantity = by_name.get(match[1]) if match else None
    known = text.partition("[")[0].strip()
    if match is None and known in by_name:
        raise SelectionError(f"`{shortened(text)}` is no entry: it is written `{known}[1,1]`, row and column")
    if match is None or quantity is None:
        raise _unknown(equations, text)
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


def entry_or_quantity(equations: Equations, text: str, examples: int) -> Entry | Quantity:
    """What `text` names: the entry, or a whole quantity of more than one; see `entry`."""
    name = text.partition("[")[0].strip()
    quantity = equations.by_name.get(text.strip())
    if name not in equations.by_name:
        sizes = {q.name: _size(q, examples) for q in equations.quantities}
        raise _unknown(equations, text, sizes=sizes)
    whole = quantity is not None and quantity.size(examples) > 1
    return quantity if quantity is not None and whole else entry(equations, text, examples)


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
                raise _unknown(equations, name, known)
        missing = [name for name in names if not any(name in (q.name, q.kind) for q in chosen)]
        if missing:
            raise SelectionError(f"there is no {listed(missing)} in layer {layer}")
        chosen = [q for q in chosen if q.name in names or q.kind in names]
    return chosen


def _size(quantity: Quantity, examples: int) -> str:
    """` (3 × 4)`; nothing for a single number."""
    size = " × ".join(str(examples if extent == EXAMPLES else extent) for extent in quantity.shape)
    return f" ({size})" if size else ""


def _unknown(
    equations: Equations, text: str, words: Sequence[str] = (), sizes: Mapping[str, str] = MappingProxyType({})
) -> SelectionError:
    """The error for a name that no quantity has; what was meant is one of `words`, if other than the quantities."""
    quantities = [q.name for q in equations.quantities]
    name = text.partition("[")[0].strip()
    there = listed(quantities) if not sizes else listed_with(sizes)
    reason = absent(equations, name)
    if reason:
        return SelectionError(f"there is no quantity `{shortened(text)}`: {reason}\nThere are {there}.")
    meant = nearest(name, words or quantities)
    hint = f"Did you mean `{meant}`{sizes.get(meant, '')}? " if meant and meant != name else ""
    return SelectionError(f"there is no quantity `{shortened(text)}`\n{hint}There are {there}.")


def absent(equations: Equations, name: str) -> str:
    """Why a quantity that other networks have is not there; empty where that is not known."""
    missing = {
        "losses": "one example per update has one `loss`",
        "penalty": "there is no `l2` in the config",
        **dict.fromkeys(("clip", "grad_norm", "clip_norm"), "there is no `clip_norm` in the config"),
    }
    if name in missing:
        return missing[name]
    if name.startswith("d"):
        return _no_gradient(equations, name[1:])
    if name.removesuffix("_new") in _biases(equations):
        return NO_BIASES
    return _not_kept(equations, name)


NO_BIASES = "the config says `biases: none`"


def _biases(equations: Equations) -> list[str]:
    """The names that biases have, whether they are there or not."""
    return [f"b{layer.index}" for layer in equations.layers]


def _no_gradient(equations: Equations, name: str) -> str:
    """Why there is no gradient of a quantity."""
    if name in _biases(equations):
        return f"`{name}` is not trained (`biases: fixed`)" if name in equations.by_name else NO_BIASES
    for equation in equations:
        for q, factor in equation.stated.items():
            if q.name == name and factor is None:
                others = [f"`d{other.name}`" for other, known in equation.stated.items() if known is not None]
                together = f"the loss and the activation that makes `{name}` are derived in one step"
                return f"{together}, which gives {' and '.join(others)} at once"
    if name in equations.by_name:
        return f"`{name}` is not what a layer computes or trains"
    return ""


def _not_kept(equations: Equations, name: str) -> str:
    """Why there is no state of another optimizer."""
    parameter = name[1:].removesuffix("_new").removesuffix("_hat")
    keepers = [row.name for row in OPTIMIZERS.values() if name[:1] in row.kept]
    if not keepers or parameter not in [q.name for q in equations.parameters]:
        return ""
    if name[0] not in equations.kept:
        return (
            f"only {listed(keepers, 'and')} keep{'s' * (len(keepers) == 1)} it, and the config names another optimizer"
        )
    return "" if name.endswith("_hat") else f"`{parameter}` is not trained"
