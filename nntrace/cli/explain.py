"""`nntrace explain`: how a number comes about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from nntrace.cli import options
from nntrace.cli.streams import Command


class Depth(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """How many levels: a number, or `all` (None)."""

    name = "N|all"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        if value == "all":
            return float("inf")
        if isinstance(value, int | float):
            return value
        if not str(value).isdecimal() or len(str(value)) > options.DIGITS:
            self.fail(f"{value!r} is not a number of levels, from 0, or all", param, ctx)
        return int(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem("all")] if "all".startswith(incomplete) else []


class ConfigOrQuantity(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """What stands first: a config, or a quantity of the bundled article."""

    name = "CONFIG"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return [*completing.configs(incomplete), *completing.names(ctx, incomplete)]


class QuantityName(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """A quantity of the config on the line."""

    name = "QUANTITY"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from nntrace.cli import completing

        return completing.names(ctx, incomplete)


@click.command("explain", cls=Command)
@click.argument("config", type=ConfigOrQuantity(), required=False, metavar="[CONFIG]")
@click.argument("quantity", type=QuantityName(), required=False, metavar="QUANTITY")
@options.settings
@click.option("--iteration", type=int, metavar="N", help="The iteration, counted from 1; by default the first.")
@click.option("--example", type=int, metavar="J", help="The example (with batches: the batch that holds it).")
@click.option("--batch", type=int, metavar="K", help="The update of the iteration, counted from 1.")
@click.option(
    "--depth",
    type=Depth(),
    default=0,
    show_default=True,
    help="Explain what it is made of as well, so many levels down; all: down to the inputs and the initial weights. "
    "The state that an earlier step left is a level like any other.",
)
@click.option(
    "--most", type=click.IntRange(min=1), metavar="N", help="Explain at most so many numbers, the nearest first."
)
@options.to_explain
@options.fragment
@options.screen
@options.debug
def command(
    config: str | None,
    quantity: str | None,
    settings: Sequence[str],
    iteration: int | None,
    example: int | None,
    batch: int | None,
    depth: float,
    most: int | None,
    to: str | None,
    fragment: bool,
    color: str,
    pager: bool,
) -> int:
    """Explain how a number comes about: its formula, the numbers put in, and why the formula is so.

    QUANTITY is an entry (dW2[1,3]), a single number (loss) or a whole matrix (dZ2), as `nntrace step`
    shows them. CONFIG is a YAML file, the name of a bundled example, or - for standard input; left
    out, it is the bundled article.

    \b
    Examples:
      nntrace explain "dW2[1,3]" --iteration 1 --example 2
      nntrace explain mazur loss --depth all            down to the inputs
      nntrace explain article "W1_new[2,1]" --depth 2 --to markdown
    """
    from nntrace.cli.explaining import Explaining

    if config is None:
        raise click.UsageError("Missing argument 'QUANTITY', such as \"dW2[1,3]\" or loss.")
    source, name = (None, config) if quantity is None else (config, quantity)
    explaining = Explaining(source, settings, name)
    explaining.step(iteration, example, batch)
    return explaining.show(depth, most, to, fragment, color, pager)
