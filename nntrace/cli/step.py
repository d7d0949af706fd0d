"""`nntrace step`: one step."""

from __future__ import annotations

from typing import Any

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("step", cls=Command)
@options.config
@click.option("--iteration", type=int, default=1, show_default=True, metavar="N", help="The iteration, counted from 1.")
@click.option("--example", type=int, metavar="J", help="The example (with batches: the batch that holds it).")
@click.option("--batch", type=int, metavar="K", help="The update of the iteration, counted from 1.")
@options.checkpoint
@options.shown
@options.to("outcome")
@options.screen
@options.debug
def command(
    iteration: int, example: int | None, batch: int | None, to: str | None, color: str, pager: bool, **shown: Any
) -> int:
    """Show one step: one update, with every number of it.

    Named by its iteration and example, or batch; without them it is the first. CONFIG is a YAML file,
    the name of a bundled example, or - for standard input; left out, it is the bundled article.

    \b
    Examples:
      nntrace step --iteration 1 --example 2
      nntrace step mazur --only dW --detail entries    the arithmetic of every dW
      nntrace step my.yaml --layer 2 --to markdown
    """
    from nntrace.cli.tracing import Showing

    showing = Showing(**shown)
    showing.step(iteration, example, batch)
    return showing.show(to, color, pager)
