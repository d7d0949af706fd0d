"""What a form is given to write: the trace, the steps chosen from it, and how much of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.formula.tree import Quantity
from nntrace.render import Detail
from nntrace.tracing import Step, Trace


class Style(Struct, frozen=True):
    """How text forms write: width in columns, colours, and signs that the stream lacks."""

    width: int = 100
    colour: bool = False
    signs: dict[int, str] = {}


class View(Struct, frozen=True):
    """`steps` are made on demand and read once.

    `once`: each quantity is shown where it is the result, not beside what is made of it as well.
    `whole`: the steps are the whole run, so that it ends with the losses and the predictions.
    """

    trace: Trace
    steps: Iterable[Step]
    quantities: Sequence[Quantity]
    detail: Detail = Detail.VALUES
    once: bool = False
    whole: bool = False
    style: Style = Style()

    @property
    def config(self) -> Config:
        return self.trace.config
