"""The options that commands share: one decorator for a group of them, one object made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from nntrace.suggest import shortened

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from nntrace.render import Part

F = TypeVar("F", bound=Callable[..., Any])

RANGE = re.compile(r"\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?")
DIGITS = 18
"""No run has an iteration of more digits, and of thousands Python would not read them."""
MOST_RUNS = 100_000
"""More nobody waits for, nor reads."""


class Iterations(NamedTuple):
    """A range of iterations, both ends included."""

    first: int
    last: int


class IterationRange(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`3`, or `2..4`."""

    name = "N|A..B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Iterations:
        if isinstance(value, Iterations):
            return value
        match = RANGE.fullmatch(str(value))
        if match is None:
            self.fail(f"{shortened(str(value))!r} is not a number or a range such as 2..4", param, ctx)
        if max(map(len, match.groups(""))) > DIGITS:
            self.fail(f"{shortened(str(value))!r} is beyond every iteration", param, ctx)
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return Iterations(first, last)


class Names(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`dZ,dW`: names separated by commas."""

    name = "NAMES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        if "[" in str(value):
            self.fail(f"{value!r}: it takes whole quantities, such as dW2", param, ctx)
        names = tuple(name.strip() for name in str(value).split(",") if name.strip())
        return names or self.fail("it is empty: name a quantity, such as dZ or dW2", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return completing.quantities(ctx, incomplete)


class ConfigSource(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """A file, the name of a bundled example, or `-`."""

    name = "CONFIG"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return completing.configs(incomplete)


class Answers(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """A file or folder of somebody's numbers, or the name of a bundled sheet."""

    name = "ANSWERS"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return completing.answers(incomplete)


class BundledName(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """The name of a bundled example or answer sheet."""

    name = "NAME"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return completing.bundled(incomplete)


class Numbers(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`0.05,0.10`: numbers separated by commas."""

    name = "NUMBERS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        text = str(value)
        try:
            numbers = tuple(map(float, text.split(",")))
        except ValueError:
            numbers = ()
        if not numbers or "_" in text or not text.isascii():  # such numbers Python alone reads
            self.fail(f"{value!r} should be numbers separated by commas, such as 0.05,0.10", param, ctx)
        if not all(map(isfinite, numbers)):
            self.fail(f"{value!r} is not finite", param, ctx)
        return numbers


class Parts(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`loss,gradients`: what is drawn."""

    name = "PARTS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Part]:
        from nntrace.render import Part

        if isinstance(value, list):
            return value
        names = [name.strip() for name in str(value).split(",") if name.strip()]
        for name in names:
            if name not in list(Part):
                self.fail(f"{shortened(name)!r} is none of {', '.join(Part)}", param, ctx)
        return [Part(name) for name in names] or self.fail(f"it is empty: name some of {', '.join(Part)}", param, ctx)


class Values(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`alpha=0.1,0.5,1`: a key, and the values that it is to have, as a pair."""

    name = "KEY=V1,V2…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Sequence[str]]:
        from nntrace.sweeping.grid import values

        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).partition("=")
        if not key.strip() or not equals:
            self.fail(f"{shortened(str(value))!r} should be a key and its values, such as alpha=0.1,0.5", param, ctx)
        try:
            return key.strip(), values(text)
        except ValueError as error:
            self.fail(f"{shortened(str(value))!r} {error}, such as {key.strip()}=0.1,0.5", param, ctx)


class Seeds(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """`1..10`, or `1,5,9`."""

    name = "A..B|A,B…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sequence[int]:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        parts = [RANGE.fullmatch(part) for part in value.split(",")]
        found: list[int] = []
        for match in parts:
            if match is None or max(map(len, match.groups(""))) > DIGITS:
                self.fail(f"{shortened(value)!r} should be seeds such as 1..10, or 1,5,9", param, ctx)
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first:
                self.fail(f"{shortened(value)!r} ends before it begins", param, ctx)
            if last - first >= MOST_RUNS:
                self.fail(f"{shortened(value)!r} is more than {MOST_RUNS:,} runs", param, ctx)
            found.extend(range(first, last + 1))
        return list(dict.fromkeys(found))


def config(function: F) -> F:
    """CONFIG and `--set`: passed on as `config` and `settings`."""
    return click.argument("config", required=False, type=ConfigSource())(settings(function))


def required_config(function: F) -> F:
    """The same where CONFIG must be said."""
    return click.argument("config", type=ConfigSource())(settings(function))


def settings(function: F) -> F:
    """`--set`: passed on as `settings`."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a key of the config: a dotted path, list indices from 1, the value in YAML "
        "(--set alpha=0.5 --set architecture.layers.1.activation=tanh). Repeatable.",
    )(function)


def shown(function: F) -> F:
    """What is shown of a step: passed on as `layer`, `only`, `detail` and `fragment`."""
    from nntrace.render import Detail

    for option in (
        fragment,
        click.option(
            "--detail",
            type=click.Choice([str(detail) for detail in Detail]),
            help="Of each equation: its values (the default); the operands put in as well (work, the default of "
            "latex); the arithmetic of each entry. Numbers are shown rounded, results computed from the full ones.",
        ),
        click.option(
            "--only",
            type=Names(),
            multiple=True,
            help="Only these quantities: dZ in every layer, dZ2 in one (--only dZ,dW). Repeatable.",
        ),
        click.option("--layer", type=int, metavar="L", help="Only this layer, counted from 1."),
    ):
        function = option(function)
    return function


def steps(function: F) -> F:
    """Which steps: passed on as `iterations`, `example` and `batch`."""
    function = click.option("--batch", type=int, metavar="K", help="Only the K-th update of each iteration.")(function)
    function = click.option(
        "--example", type=int, metavar="J", help="Only this example (with batches: the batch that holds it)."
    )(function)
    return click.option(
        "--iteration", "iterations", type=IterationRange(), help="Only this iteration, or a range such as 2..4."
    )(function)


def thinned(function: F) -> F:
    """Some of the steps: passed on as `every` and `final`."""
    function = click.option(
        "--last", "final", is_flag=True, help="Of the chosen steps the last (with --every: that one as well)."
    )(function)
    return click.option(
        "--every", type=click.IntRange(min=1), metavar="N", help="Of the chosen steps every N-th: N, 2N, 3N ..."
    )(function)


def checkpoint(function: F) -> F:
    """`--checkpoint`: passed on as `checkpoint`."""
    return click.option(
        "--checkpoint",
        metavar="FILE",
        help="Save training there now and then, at the end and on Ctrl-C; the same command goes on where it was left, "
        "and any other of the same run starts from what is known.",
    )(function)


def to(*without: str) -> Callable[[F], F]:
    """The form: passed on as `to`, its name or None; not the forms that are `without`: outcome, program."""
    from nntrace.render import FORMS

    names = [form.name for form in FORMS.values() if not any(getattr(form, kind) for kind in without)]
    return click.option("--to", type=click.Choice(names), help="The form to write.")


def to_sweep(function: F) -> F:
    """The form of a sweep: passed on as `to`, its name or None."""
    from nntrace.render import SWEEPS

    return click.option("--to", type=click.Choice(list(SWEEPS)), help="The form to write.")(function)


def to_explain(function: F) -> F:
    """The form of an explanation: passed on as `to`, its name or None."""
    from nntrace.render import EXPLANATIONS

    return click.option("--to", type=click.Choice(list(EXPLANATIONS)), help="The form to write.")(function)


def fragment(function: F) -> F:
    """`--fragment`: passed on as `fragment`."""
    return click.option(
        "--fragment", is_flag=True, help="In latex: the body alone, to be put into a document of your own."
    )(function)


def drawn(function: F) -> F:
    """What is drawn, and how: passed on as `parts` and `scale`."""
    from nntrace.render import Part, Scale

    function = click.option(
        "--scale",
        type=click.Choice([str(scale) for scale in Scale]),
        default="auto",
        show_default=True,
        help="How the loss and the gradients are spaced; auto: log where they span more than two decades.",
    )(function)
    return click.option("--what", "parts", type=Parts(), help=f"Only these: some of {', '.join(Part)}.")(function)


def screen(function: F) -> F:
    """What every command that prints takes: passed on as `color` and `pager`."""
    function = click.option("--no-pager", "pager", flag_value=False, default=True, help="Do not page on a terminal.")(
        function
    )
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; auto: on a terminal, unless NO_COLOR is set.",
    )(function)


def debug(function: F) -> F:
    """`--debug`: read by `nntrace.cli.execute`."""
    return click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error.")(
        function
    )
