"""What a run comes to: the loss of each iteration, the network as it ends, its predictions."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property

from nntrace.tracing import Evaluation, Step, Trace


class Summary:
    """Reads the steps of a whole run as they go by, or goes on with what another has read."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.losses = array("d")
        """The loss of each finished iteration: the mean of its examples' losses, each before its own update."""
        self.last: Step | None = None
        self.total = 0.0
        """The sum of the losses of the iteration that is not finished."""

    def reading(self, steps: Iterable[Step]) -> Iterator[Step]:
        """`steps`, each taken note of."""
        for step in steps:
            self.take(step)
            yield step

    def take(self, step: Step) -> None:
        """Take note of the next step, of which the `loss_names` are enough."""
        config = self.trace.config
        self.total += step.examples_loss
        if step.batch == config.batches and not step.stopped:
            self.losses.append(self.total / config.examples)
            self.total = 0.0
        self.last = step

    @cached_property
    def evaluation(self) -> Evaluation | None:
        """The network as it ends; None where it stopped on a number that is not finite."""
        if self.last is None or self.last.stopped:
            return None
        return self.trace.evaluate(self.last)
