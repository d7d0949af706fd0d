"""A checkpoint in a file: states of a run, and how far it is shown, so that it can be gone on with."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from msgspec import MsgspecError, Struct, json, to_builtins
from msgspec.structs import replace

from nntrace.errors import ConfigError, SelectionError
from nntrace.files.npz_file import NpzFile
from nntrace.tracing import Trace

FORMAT = "nntrace-checkpoint/1"


class Shown(Struct):
    """How far a run is shown: the steps before number `position`, as `what` says.

    `losses` and `total` are what a `Summary` has of them, `size` is how many bytes of a file they are.
    """

    what: str
    position: int
    size: int = 0
    total: float = 0.0
    losses: Sequence[float] = ()


class _About(Struct):
    """What is in the file beside its arrays."""

    format: str
    of: dict[str, Any]
    shown: Shown | None


def packed(trace: Trace, of: dict[str, Any], shown: Shown | None) -> bytes:
    """The checkpoints of a trace, what `matters` of it, and how far it is shown, as an NPZ file.

    Arrays: `numbers` of the steps (from 0) that the states are those before; a state's quantities, each
    stacked over these (`W1` is numbers × rows × columns); `losses`; `about`, a text in JSON.
    """
    states = dict(sorted(trace.checkpoints.states.items()))
    if shown is not None:
        states[shown.position] = trace.state(shown.position)
    names = [old.name for old, _ in trace.equations.state]
    arrays: dict[str, Any] = dict(zip(names, map(np.stack, zip(*states.values(), strict=True)), strict=True))
    about = _About(FORMAT, of, shown and replace(shown, losses=()))
    losses = np.array(shown.losses if shown else (), dtype=np.float64)
    written = io.BytesIO()
    np.savez(
        written, about=np.array(json.encode(about).decode()), numbers=np.array(list(states)), losses=losses, **arrays
    )
    return written.getvalue()


def unpacked(path: str, trace: Trace, of: dict[str, Any]) -> Shown | None:
    """How far the run is shown; its states become checkpoints of the trace.

    Raises `SelectionError` where the file is no checkpoint, or one of a run of which something else `matters`.
    """
    about, arrays = _read(path)
    differing = list(_differing(about.of, of))
    if differing:
        raise SelectionError(
            f"{path}: it is the checkpoint of another run: {', '.join(differing)}\n"
            "Take another file for this one, or remove it to start anew."
        )
    stacked = [arrays[old.name] for old, _ in trace.equations.state]
    numbers = arrays["numbers"].tolist()
    trace.checkpoints.add({number: tuple(array[k] for array in stacked) for k, number in enumerate(numbers)})
    if about.shown is not None:
        about.shown.losses = array("d", arrays["losses"].tolist())
    return about.shown


def _read(path: str) -> tuple[_About, dict[str, Any]]:
    try:
        arrays = NpzFile(path).arrays
        about = json.decode(str(arrays["about"]), type=_About)
    except ConfigError as error:
        raise SelectionError(f"{path}: {error.problem}, so that it cannot be a checkpoint") from None
    except (KeyError, MsgspecError):
        about = None
    if about is None or about.format != FORMAT:
        raise SelectionError(f"{path}: it is no checkpoint of a run, and would be overwritten: name another file")
    return about, arrays


def matters(trace: Trace) -> dict[str, Any]:
    """Everything that a step of a run depends on, by the keys of the config; arrays by their digest.

    How many iterations there are is none of it: a run may be made longer.
    """
    config = trace.config
    architecture = config.architecture
    return to_builtins(  # type: ignore[no-any-return]
        {
            "architecture": [
                architecture.inputs,
                [[layer.nodes, layer.chosen] for layer in architecture.layers],
                architecture.biases,
            ],
            "weights": _digest(*(trace.start[q.name] for q in trace.equations.parameters)),
            "data": _digest(config.x, config.y),
            "loss": config.chosen_loss,
            "alpha": config.alpha,
            "batch": min(config.batch_size, config.examples),
            "reduction": config.reduction,
            "optimizer": config.chosen_optimizer,
            "l2": config.l2,
            "clip_norm": config.clip_norm,
            "shuffle": config.shuffle,
            "round": config.round,
        }
    )


def _digest(*arrays: Any) -> str:
    made = sha256()
    for each in arrays:
        made.update(repr(each.shape).encode())
        made.update(np.ascontiguousarray(each, dtype="<f8").data)
    return made.hexdigest()


def _differing(theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    """The keys that differ, with both values where they are short."""
    for key, here in ours.items():
        there = theirs.get(key)
        if there == here:
            continue
        if all(isinstance(value, int | float | None) for value in (there, here)):
            yield f"`{key}` is {json.encode(there).decode()} there and {json.encode(here).decode()} here"
        else:
            yield f"`{key}` differs"
