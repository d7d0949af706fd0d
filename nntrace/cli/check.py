"""`nntrace check`: the trace against published figures."""

from __future__ import annotations

from collections.abc import Sequence

import click

from nntrace.cli import options


@click.command("check")
@options.required_config
@options.screen
@options.debug
def command(config: str, settings: Sequence[str], color: str, pager: bool) -> int:
    """Compare the trace with the figures of the config's `expect`, to the precision in which they are written.

    CONFIG is a YAML file, the name of a bundled example, or - for standard input. The exit status is 1
    if a figure does not hold.

    \b
    Examples:
      nntrace check mazur
      nntrace check my.yaml --set iterations=1    skips what is out of reach
    """
    from nntrace.checking import expected
    from nntrace.cli import output
    from nntrace.cli.source import load_config
    from nntrace.errors import ConfigError, ExitStatus
    from nntrace.render.reports import check_report
    from nntrace.tracing import Trace

    trace = Trace(load_config(config, settings))
    found = list(expected(trace))
    if not found:
        out_of_reach = (
            "--set put all of `expect` out of reach" if trace.config.unreachable else "there is no `expect` in it"
        )
        hint = "For example: expect: [{iteration: 1, example: 1, A3: 0.9968}]"
        raise ConfigError(f"{out_of_reach}: nothing to check", file=config, hint=hint)
    style = output.style(color)
    output.show(check_report(trace.config, found, style), pager=pager, coloured=style.colour)
    return ExitStatus.DONE if all(each.holds for each in found) else ExitStatus.DOES_NOT_HOLD
