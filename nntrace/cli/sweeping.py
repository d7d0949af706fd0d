"""What `sweep` does: the runs, trained here or on a cluster, and shown."""

from __future__ import annotations

import os
from collections.abc import Sequence
from math import prod

from nntrace import loading
from nntrace.cli import output, streams
from nntrace.cli.options import MOST_RUNS
from nntrace.cli.source import LEFT_OUT, file_of
from nntrace.errors import ExitStatus, SelectionError
from nntrace.render import SWEEPS
from nntrace.render.swept import SweptView
from nntrace.render.view import Style
from nntrace.sweeping import processes
from nntrace.sweeping.grid import points
from nntrace.sweeping.outcome import Outcome
from nntrace.sweeping.results import Swept


class Sweeping:
    """Every run of a sweep, its config read and found good."""

    def __init__(
        self,
        config: str | None,
        settings: Sequence[str],
        grid: Sequence[tuple[str, Sequence[str]]],
        seeds: Sequence[int],
    ) -> None:
        self.left_out = config is None
        self.keys = [key for key, _ in grid]
        twice = next((key for key in self.keys if self.keys.count(key) > 1), None)
        if twice:
            raise SelectionError(f"--grid {twice} is there twice: give all its values at once")
        if not grid and not seeds:
            raise SelectionError("nothing differs between the runs: say --grid alpha=0.1,0.5,1 or --seeds 1..10")
        count = prod(len(values) for _, values in grid) * max(1, len(seeds))
        if count > MOST_RUNS:
            raise SelectionError(f"these are {count:,} runs: {MOST_RUNS:,} at most")
        text, file = loading.read(file_of(config))
        self.config = loading.loads(text, file, settings)
        self.points = list(points(text, file, settings, dict(grid), seeds))

    def trained(self, jobs: int | None, scheduler: str | None) -> Swept:
        """Train all of them, in their processes or on a cluster."""
        configs = [point.config for point in self.points]
        if scheduler is None:
            made = processes.outcomes(configs, jobs or _processors())
        else:
            from nntrace.sweeping import cluster

            made = cluster.outcomes(configs, scheduler)
        found: dict[int, Outcome] = dict(output.progress(made, len(configs), "runs", to_file=True))
        return Swept(self.config, self.keys, self.points, [found[place] for place in range(len(configs))])

    def show(self, found: Swept, to: str | None, style: Style, *, pager: bool) -> int:
        """Write to stdout; returns the exit status."""
        form = SWEEPS[to or "terminal"]
        before = []
        if self.left_out and to in (None, "terminal"):
            before = [f"{LEFT_OUT}\n\n"]
        elif self.left_out:
            streams.say(LEFT_OUT)
        output.show([*before, *form.render(SweptView(found, style))], pager=pager, coloured=style.colour)
        return ExitStatus.DONE


def _processors() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
