"""`nntrace check`: the trace against published figures, or against somebody's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

import click

from nntrace.cli import options
from nntrace.cli.streams import Command

if TYPE_CHECKING:
    from nntrace.errors import ExitStatus
    from nntrace.tracing import Trace


@click.command("check", cls=Command)
@options.required_config
@click.argument("answers", nargs=-1, type=options.Answers())
@click.option(
    "--tolerance",
    type=float,
    metavar="X",
    help="Numbers of ANSWERS may be off by so much; without it by half a unit of the last digit that is written.",
)
@click.option(
    "--allow-conventions",
    is_flag=True,
    help="ANSWERS pass where all that differs is another convention, such as 1/m in dW rather than in dZ.",
)
@click.option("--to", type=click.Choice(["terminal", "json"]), default="terminal", help="The form to write.")
@options.screen
@options.debug
def command(
    config: str,
    answers: Sequence[str],
    settings: Sequence[str],
    tolerance: float | None,
    allow_conventions: bool,
    to: str,
    color: str,
    pager: bool,
) -> int:
    """Check somebody's numbers, and name the likely mistake; without ANSWERS the figures of the config's `expect`.

    CONFIG is a YAML file, the name of a bundled example, or - for standard input. ANSWERS are JSON, JSON Lines, NPZ or
    CSV as `run --to` writes them (any part; {"Z1": [[...]]} is the first step), YAML as in `expect`, an NPZ of one
    step, or a folder of .npy or .csv files named by quantity; several of them give a table, one line each. The exit
    status is 1 if something differs.

    \b
    Examples:
      nntrace check mazur                          its published figures
      nntrace check my.yaml mine.json              your numbers
      nntrace check my.yaml class/*.json           a class
      nntrace check mazur mazur-printed --set iterations=10001
    """
    from nntrace.cli.source import load_config
    from nntrace.tracing import Trace

    if tolerance is not None and not (isfinite(tolerance) and tolerance > 0):
        raise click.BadParameter("it should be a number above 0", param_hint="'--tolerance'")
    if config == "-" and "-" in answers:
        raise click.UsageError("standard input is the config or the answers, not both: name a file for one of them.")
    if not answers and (tolerance is not None or allow_conventions or to == "json"):
        raise click.UsageError("--tolerance, --allow-conventions and --to are for ANSWERS: name a file of them.")
    trace = Trace(load_config(config, settings))
    if not answers:
        return _published(trace, config, color, pager)
    return _answers(trace, answers, tolerance, allow_conventions, to, color, pager)


def _published(trace: Trace, config: str, color: str, pager: bool) -> ExitStatus:
    """The figures of `expect`."""
    from nntrace.checking import expected
    from nntrace.cli import output
    from nntrace.errors import ConfigError, ExitStatus
    from nntrace.render.reports import check_report

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


def _answers(
    trace: Trace,
    answers: Sequence[str],
    tolerance: float | None,
    allow_conventions: bool,
    to: str,
    color: str,
    pager: bool,
) -> ExitStatus:
    """Somebody's numbers: a report on one sheet, a table of several, or all of it as JSON."""
    from msgspec import json

    from nntrace.cli import output
    from nntrace.cli.marking import Class

    marked = Class(trace, answers, tolerance, allow_conventions)
    style = output.style(color)
    if to == "json":
        output.show([json.format(json.encode(marked.as_data()), indent=2) + b"\n"], pager=False, coloured=False)
    else:
        output.show(marked.report(style), pager=pager, coloured=style.colour)
    return marked.status
