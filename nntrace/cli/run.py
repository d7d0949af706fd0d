"""`nntrace run`: every step."""

from __future__ import annotations

from typing import Any

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("run", cls=Command)
@options.config
@options.steps
@options.thinned
@options.checkpoint
@options.shown
@options.to()
@options.screen
@options.debug
def command(
    iterations: options.Iterations | None,
    example: int | None,
    batch: int | None,
    every: int | None,
    final: bool,
    to: str | None,
    color: str,
    pager: bool,
    **shown: Any,
) -> int:
    """Show every step of a training run, then the loss of each iteration and the predictions.

    CONFIG is a YAML file, the name of a bundled example, or - for standard input; left out, it is the
    bundled article.

    \b
    Examples:
      nntrace run                                   the bundled article
      nntrace run xor --iteration 2..4 --only W,dW  some quantities of some steps
      nntrace run my.yaml --set alpha=0.5 --to json
      nntrace run my.yaml --every 1000 --last       of a long run
    """
    import shlex

    from nntrace.cli import output
    from nntrace.cli.tracing import Showing

    showing = Showing(**shown)
    showing.run(iterations, example, batch, every, final)
    status = showing.show(to, color, pager)
    if shown["config"] != "-":
        settings = [f"--set={setting}" for setting in shown["settings"]]
        named = shlex.join(filter(None, ["nntrace", "step", shown["config"], *settings]))
        output.hint(f"Next: {named} --iteration 1 --example 1 --detail entries")
    return status
