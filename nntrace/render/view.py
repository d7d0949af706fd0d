"""What a form is given to write: the trace, the steps chosen from it, and how much of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.equations import Equations
from nntrace.formula.tree import Quantity
from nntrace.render import Detail
from nntrace.render.tables import EndTable
from nntrace.selecting import Chosen
from nntrace.tracing import Step, Trace


class Style(Struct, frozen=True):
    """How text forms write: width in columns, colours, and signs that the stream lacks."""

    width: int = 100
    colour: bool = False
    signs: dict[int, str] = {}


def ignore(remark: str) -> None:
    """Where nobody reads remarks."""


class View(Struct, frozen=True):
    """`steps` are made on demand and read once; they are `chosen`, `count` of them unless the trace stops before.

    In a prediction nothing of the run is `chosen`.

    `listing` has the equations of the steps: those of training, or of a prediction. `once`: each
    quantity is shown where it is the result, not beside what is made of it as well. `ending` gives
    the tables that come after the steps, under the title `ends_with`. `fragment`: without the document
    around it, for the forms that have one. `remark` is told what the reader should know of the form itself.
    """

    trace: Trace
    listing: Equations
    steps: Iterable[Step]
    quantities: Sequence[Quantity]
    chosen: Chosen | None = None
    count: int = 1
    detail: Detail = Detail.VALUES
    once: bool = False
    ending: Callable[[], Sequence[EndTable]] = list
    ends_with: str = "After training"
    fragment: bool = False
    remark: Callable[[str], None] = ignore
    style: Style = Style()

    @property
    def config(self) -> Config:
        return self.trace.config
