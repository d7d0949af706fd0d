"""What a run comes to, trained alone: a pure function of its config, so that anyone may train it, and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from nntrace.config.model import Config
from nntrace.tracing import Trace


class Stopped(Struct, frozen=True):
    """Where a number stopped being finite, and which; iteration and batch count from 1."""

    iteration: int
    batch: int
    place: str
    quantity: str


class Outcome(Struct, frozen=True):
    """The mean loss of all examples as the network ends, or where it stopped."""

    loss: float | None
    stopped: Stopped | None = None


class Task(Struct, frozen=True):
    """A config without its examples, and which examples these are."""

    config: Config
    examples: int


Examples = tuple[Any, Any]
"""x and y of a config."""


def outcome(config: Config) -> Outcome:
    """Train, and look at the end."""
    trace = Trace(config)
    (last,) = trace.over([range(len(trace) - 1, len(trace))], names=())
    if last.stopped:
        assert last.iteration is not None
        assert last.batch is not None
        return Outcome(None, Stopped(last.iteration, last.batch, last.place, last.stopped))
    return Outcome(trace.evaluate(last).loss)


def parted(configs: Sequence[Config]) -> tuple[list[Task], list[Examples]]:
    """The configs as tasks, and the examples apart, each once: they may be large, and go to whoever trains once."""
    examples: dict[tuple[int, int], int] = {}
    kept: list[Examples] = []
    tasks = []
    for config in configs:
        key = id(config.x), id(config.y)
        if key not in examples:
            examples[key] = len(kept)
            kept.append((config.x, config.y))
        tasks.append(Task(replace(config, x=None, y=None), examples[key]))
    return tasks, kept


def trained(task: Task, examples: Examples) -> Outcome:
    """What a task comes to."""
    return outcome(replace(task.config, x=examples[0], y=examples[1]))
