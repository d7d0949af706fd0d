"""`nntrace sweep`: many runs, and what each comes to."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("sweep", cls=Command)
@options.config
@click.option(
    "--grid",
    "grid",
    type=options.Values(),
    multiple=True,
    help="A key of the config, as --set takes it, and the values that it is to have. Repeatable: each with each.",
)
@click.option("--seeds", type=options.Seeds(), help="Each run with each of these seeds: weights.seed and shuffle.seed.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Train in so many processes; as many as there are processors.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Train on the Dask cluster of this scheduler (tcp://HOST:8786).")
@options.to_sweep
@options.screen
@options.debug
def command(
    config: str | None,
    settings: Sequence[str],
    grid: Sequence[tuple[str, Sequence[str]]],
    seeds: Sequence[int] | None,
    jobs: int | None,
    scheduler: str | None,
    to: str | None,
    color: str,
    pager: bool,
) -> int:
    """Train a network with each combination of some settings, and show the loss that each ends with.

    And where a number stopped being finite, the step at which it did. The runs are shared out among processes
    of this machine, or among the workers of a Dask cluster, and come to the same. CONFIG is a YAML file, the name of a
    bundled example, or - for standard input; left out, it is the bundled article.

    \b
    Examples:
      nntrace sweep xor --grid alpha=0.1,0.5,1 --seeds 1..10
      nntrace sweep my.yaml --grid optimizer=adam,momentum --grid architecture.layers.1.nodes=4,8
      nntrace sweep my.yaml --grid "optimizer={name: adam, beta1: 0.8},adam" --to csv
    """
    from nntrace.cli import output
    from nntrace.cli.sweeping import Sweeping

    sweeping = Sweeping(config, settings, grid, seeds or ())
    return sweeping.show(sweeping.trained(jobs, scheduler), to, output.style(color), pager=pager)
