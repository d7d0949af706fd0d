"""`nntrace plot`: what the loss, the gradients and the weights do over a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from nntrace.cli import options
from nntrace.cli.streams import Command

if TYPE_CHECKING:
    from nntrace.render import Part


@click.command("plot", cls=Command)
@options.config
@click.option("-o", "--output", "path", metavar="FILE", help="The picture to write: .svg, .png or .pdf.")
@options.drawn
@click.option(
    "--iteration", "iterations", type=options.IterationRange(), help="Only this iteration, or a range such as 2..4."
)
@click.option("--layer", type=int, metavar="L", help="Only the gradients and weights of this layer, counted from 1.")
@click.option(
    "--only",
    type=options.Names(),
    multiple=True,
    help="Only these gradients and weights: dW in every layer, W2 in one (--only dW,W2). Repeatable.",
)
@options.screen
@options.debug
def command(
    config: str | None,
    settings: Sequence[str],
    path: str | None,
    parts: Sequence[Part] | None,
    iterations: options.Iterations | None,
    layer: int | None,
    only: Sequence[Sequence[str]],
    scale: str,
    color: str,
    pager: bool,
) -> int:
    """Draw a run: the loss on the screen, or into a picture the loss, the size of each gradient, and the weights.

    A picture takes matplotlib: pip install 'nntrace[plot]'. CONFIG is a YAML file, the name of a bundled
    example, or - for standard input; left out, it is the bundled article.

    \b
    Examples:
      nntrace plot xor                                  the loss, on the screen
      nntrace plot my.yaml -o run.svg
      nntrace plot my.yaml -o dW.png --what gradients --only dW
    """
    from nntrace.cli.plotting import Plotting
    from nntrace.render import Part, Scale

    plotting = Plotting(config, settings, iterations)
    if path is None:
        if parts or only or layer is not None:
            raise click.UsageError("On the screen there is the loss alone: name a picture with -o for the rest.")
        return plotting.show(Scale(scale), color, pager)
    return plotting.save(path, parts or list(Part), layer, [name for group in only for name in group], Scale(scale))
