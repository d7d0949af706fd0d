"""What `explain` does: the step that is named, the quantity in it, a form."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from math import inf

from nntrace import bundle, selecting
from nntrace.cli import output, streams
from nntrace.cli.source import LEFT_OUT, load_config
from nntrace.cli.tracing import check_fragment
from nntrace.errors import ExitStatus, SelectionError
from nntrace.explaining import MOST, explain
from nntrace.render import EXPLANATIONS, TERMINAL
from nntrace.render.explained import Explained
from nntrace.render.words import stopped
from nntrace.suggest import shortened
from nntrace.tracing import Step, Trace


class Explaining:
    """A trace, the step and the quantity of it that is explained, and what is to be said before."""

    def __init__(self, config: str | None, settings: Sequence[str], quantity: str) -> None:
        if config is None and (bundle.path(quantity) is not None or os.path.isfile(quantity)):
            raise SelectionError(f'name what to explain: nntrace explain {quantity} "dW1[1,1]"')
        if config is None and (os.sep in quantity or quantity.endswith((".yaml", ".yml"))):
            raise SelectionError(f"{shortened(quantity)}: there is no such file, and no such quantity")
        self.quantity = quantity
        self.trace = Trace(load_config(config, settings))
        self.notes = [LEFT_OUT] if config is None else []
        self.chosen: Step

    def step(self, iteration: int | None, example: int | None, batch: int | None) -> None:
        """Choose the step; where none is named, it is the first."""
        self.chosen = self.trace.step(1 if iteration is None else iteration, example, batch)
        config = self.trace.config
        batch_open = example is batch is None and config.batches > 1
        iteration_open = iteration is None and config.iterations > 1
        if iteration_open or batch_open:
            update = "example" if config.batch_size == 1 else "batch"
            what = f"No {update}" if not iteration_open else "No step" if example is batch is None else "No iteration"
            self.notes.append(f"{what} named: this is {self.chosen.place}.")

    def show(self, depth: float, most: int | None, to: str | None, fragment: bool, color: str, pager: bool) -> int:
        """Write to stdout; returns the exit status."""
        target = selecting.entry_or_quantity(self.trace.equations, self.quantity, len(self.chosen.examples))
        levels = None if depth == inf else int(depth)
        found = explain(self.trace, self.chosen, target, levels, MOST if most is None else most)
        form = EXPLANATIONS[to or TERMINAL.name]
        check_fragment(form, fragment)
        style = output.style(color)
        pieces: Iterable[str | bytes] = form.render(Explained(found, style, fragment))
        notes = " ".join(self.notes)
        if notes and form.name != TERMINAL.name:
            streams.say(notes)
        elif notes:
            pieces = (textwrap.fill(notes, style.width) + "\n\n", *pieces)
        output.show(pieces, pager=pager, coloured=style.colour)
        if self.chosen.stopped:
            streams.say(stopped(self.chosen))
            return ExitStatus.DOES_NOT_HOLD
        return ExitStatus.DONE
