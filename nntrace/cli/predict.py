"""`nntrace predict`: what the trained network makes of an input."""

from __future__ import annotations

from typing import Any

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("predict", cls=Command)
@options.config
@click.option(
    "--x",
    "given",
    type=options.Numbers(),
    multiple=True,
    help="An input: its numbers separated by commas (--x 0.05,0.10; --x=-1 for a negative one). Repeatable.",
)
@click.option(
    "--data",
    "file",
    metavar="FILE",
    help="Inputs from a CSV file (the columns that the config names, else all; - for standard input) or an NPZ file "
    "(its x).",
)
@options.checkpoint
@options.shown
@options.to("outcome", "program")
@options.screen
@options.debug
def command(
    given: tuple[tuple[float, ...], ...], file: str | None, to: str | None, color: str, pager: bool, **shown: Any
) -> int:
    """Train, then show the forward pass of inputs of your own, and the predictions.

    CONFIG is a YAML file, the name of a bundled example, or - for standard input; left out, it is the
    bundled article.

    \b
    Examples:
      nntrace predict --x 4 --x 5
      nntrace predict mazur --x 0.05,0.10 --only A
      nntrace predict my.yaml --data new.csv --to json
    """
    from nntrace.cli.tracing import Showing

    if shown["config"] == file == "-":
        raise click.UsageError("standard input is the config or the data, not both: name a file for one of them.")
    showing = Showing(**shown)
    showing.predict(given, file)
    return showing.show(to, color, pager)
