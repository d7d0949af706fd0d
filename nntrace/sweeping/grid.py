"""What differs between the runs of a sweep: the values of some keys, each with each, and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
import yaml
from msgspec import Struct
from msgspec.structs import replace

from nntrace.config.model import Config
from nntrace.errors import ConfigError, SelectionError
from nntrace.loading import loads
from nntrace.suggest import listed, shortened

SEEDED = ("weights.seed", "shuffle.seed")
"""The keys that a seed is put into."""


class Point(Struct, frozen=True):
    """One run of a sweep: the value of each key of the grid, as it is typed, its seed, and its config."""

    values: Sequence[str]
    seed: int | None
    config: Config


def values(text: str) -> list[str]:
    """`adam,{name: momentum, beta: 0.8}`: the values, as they are typed; commas inside brackets do not part them.

    Raises `ValueError` where there is none, or where it is not YAML.
    """
    try:
        found = yaml.compose(f"[{text}]", Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        raise ValueError("should be values in YAML, separated by commas") from None
    if not isinstance(found, yaml.SequenceNode) or not found.value:
        raise ValueError("should be one value or more, separated by commas")
    if found.end_mark.index != len(text) + 2:
        raise ValueError("has a bracket too many")
    return [text[node.start_mark.index - 1 : node.end_mark.index - 1].strip() for node in found.value]


def points(
    text: str, file: str, settings: Sequence[str], grid: Mapping[str, Sequence[str]], seeds: Sequence[int]
) -> Iterator[Point]:
    """Every combination of the values, the last key the fastest, with each seed: all before the first is trained.

    Raises `ConfigError` for one that cannot be run, and `SelectionError` where a seed has no place.
    """
    shared: list[Config] = []
    for chosen in product(*grid.values()):
        own = [f"{key}={value}" for key, value in zip(grid, chosen, strict=True)]
        config = _loaded(text, file, settings, own)
        if seeds:  # the largest is read as if it were typed, which the others need not be
            keys = _seeded(config, grid, own)
            config = _loaded(text, file, settings, [*own, *(f"{key}={max(seeds)}" for key in keys)])
        config = _sharing(config, shared)
        yield from (Point(chosen, seed, _with_seed(config, seed)) for seed in seeds)
        if not seeds:
            yield Point(chosen, None, config)


def _loaded(text: str, file: str, settings: Sequence[str], own: Sequence[str]) -> Config:
    try:
        return loads(text, file, [*settings, *own])
    except ConfigError as error:
        if not own:
            raise
        raise SelectionError(f"with {' '.join(shortened(each) for each in own)}:\n{error}") from None


def _seeded(config: Config, grid: Iterable[str], own: Sequence[str]) -> list[str]:
    """The keys of a config that a seed is put into."""
    drawn = config.drawn is not None, config.shuffle is not None
    keys = [key for key, there in zip(SEEDED, drawn, strict=True) if there]
    taken = [key for key in keys if key in grid]
    if taken:
        raise SelectionError(f"--seeds sets {listed(taken)}, and so does --grid: leave one of them out")
    if not keys:
        where = f" with {' '.join(own)}" if own else ""
        raise SelectionError(
            f"--seeds: nothing is drawn{where}: the weights are given, and the examples keep their order\n"
            "A rule for the weights takes one: --set 'weights={init: normal, std: 1, seed: 1}'"
        )
    return keys


def _with_seed(config: Config, seed: int) -> Config:
    if isinstance(config.weights, dict) and config.drawn is not None:
        config = replace(config, weights={**config.weights, "seed": seed})
    if config.shuffle is not None:
        config = replace(config, shuffle=replace(config.shuffle, seed=seed))
    return config


def _sharing(config: Config, shared: list[Config]) -> Config:
    """`config` with the arrays of an earlier one where they are the same, so that large data are there once."""
    for other in shared:
        if np.array_equal(other.x, config.x) and np.array_equal(other.y, config.y):
            return replace(config, x=other.x, y=other.y)
    shared.append(config)
    return config
