"""One contender on one network, in a process of its own: `python contender.py CONTENDER FOLDER NET WHAT STEPS`.

`time` prints the seconds of a step, the fastest of some runs; `seek` those of a run to the end, of which
only that counts; `train` does it once, for its memory; `first` prints the loss of the first update; `losses`
those of all.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from nets import NETS, Net

RUNS = 5
ENOUGH = 2.0
"""Or as many as begin within so many seconds."""


def nntrace(folder: str, steps: int) -> Iterator[Any]:
    """Everything recorded."""
    from nntrace import Trace, load

    return iter(Trace(load(os.path.join(folder, "net.yaml"), [f"iterations={steps // 2}"])))


def nntrace_alone(folder: str, steps: int) -> Iterator[Any]:
    """Nothing recorded but the last step."""
    from nntrace import Trace, load

    run = Trace(load(os.path.join(folder, "net.yaml"), [f"iterations={steps // 2}"]))
    return run.over([range(steps - 1, steps)])


def _given(folder: str, net: Net) -> tuple[Any, ...]:
    with np.load(os.path.join(folder, "data.npz")) as data, np.load(os.path.join(folder, "weights.npz")) as weights:
        return data["x"], data["y"], [weights[name] for name in weights.files], net.alpha, net.batch


def _runner(contender: str, folder: str, net: Net) -> Callable[[int], Iterator[Any]]:
    """What trains so many steps, one after the other, from the start."""
    if contender.startswith("nntrace"):
        start = nntrace if contender == "nntrace" else nntrace_alone
        return lambda steps: start(folder, steps)
    given = _given(folder, net)
    if contender.startswith("numpy"):
        import by_hand

        run = getattr(by_hand, contender.removeprefix("numpy "))
    else:
        import in_pytorch

        run = getattr(in_pytorch, contender.removeprefix("PyTorch "))
    return lambda steps: run(*given, steps)


def _last(steps: Iterator[Any]) -> float:
    """Seconds to the last of the steps."""
    start = time.perf_counter()
    deque(steps, maxlen=1)
    return time.perf_counter() - start


def _loss(step: Any) -> float:
    return float(step["loss"] if not isinstance(step, float) else step)


def main(contender: str, folder: str, net: Net, what: str, steps: int) -> None:
    run = _runner(contender, folder, net)
    if what == "time":
        _last(run(2))
        times: list[float] = []
        while len(times) < RUNS and sum(times) < ENOUGH:
            times.append(_last(run(steps)))
        print(min(times) / steps)
    elif what in ("seek", "train"):
        print(_last(run(steps)))
    else:
        for step in run(2 if what == "first" else steps):
            print(repr(_loss(step)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], NETS[sys.argv[3]], sys.argv[4], int(sys.argv[5]))
