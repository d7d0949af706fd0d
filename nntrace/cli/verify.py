"""`nntrace verify`: every gradient against finite differences."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("verify", cls=Command)
@options.config
@options.steps
@options.screen
@options.debug
def command(
    config: str | None,
    settings: Sequence[str],
    iterations: options.Iterations | None,
    example: int | None,
    batch: int | None,
    color: str,
    pager: bool,
) -> int:
    """Prove every gradient: each entry of each dA, dZ, dW and db against central differences of the loss.

    Without a choice of steps it takes the first, the last that it reaches and as many evenly between
    as about five seconds allow. An entry holds if derivative and difference agree to 1e-6 of the larger, and to
    1e-9 of the loss (of 1, if that is larger). The exit status is 1 if one does not.

    \b
    Examples:
      nntrace verify
      nntrace verify mazur --iteration 1
      nntrace verify my.yaml --set loss=huber
    """
    from nntrace.cli import output
    from nntrace.cli.source import LEFT_OUT, load_config
    from nntrace.errors import ExitStatus
    from nntrace.render.reports import verify_report
    from nntrace.selecting import Chosen
    from nntrace.tracing import Trace
    from nntrace.verifying import Verification

    trace = Trace(load_config(config, settings))
    found = Verification(trace)
    total: int | None = None
    if iterations is None and example is None and batch is None:
        entries = found.over_some()
    else:
        first, last = iterations or (1, trace.config.iterations)
        chosen = Chosen(first, last, batch, example)
        chosen.check(trace.config)
        entries, total = found.over(trace.over(chosen.spans(trace.config))), chosen.count(trace.config) * found.size
    for _ in output.progress(entries, total, "entries", to_file=True):
        pass
    style = output.style(color)
    left_out = [f"{LEFT_OUT}\n\n"] if config is None else []
    output.show([*left_out, *verify_report(found, style)], pager=pager, coloured=style.colour)
    return ExitStatus.DONE if found.holds else ExitStatus.DOES_NOT_HOLD
