"""The command line: options in, one call, output. The only place that prints."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from nntrace import __version__
from nntrace.cli import interrupts, streams
from nntrace.cli.streams import Command
from nntrace.errors import ConfigError, ExitStatus, NntraceError, StreamError

COMMANDS = {
    "run": "Show every step of a training run.",
    "step": "Show one step.",
    "export": "Write a run to a file: a page, LaTeX, Markdown, JSON ...",
    "predict": "Show what the trained network makes of an input.",
    "sweep": "Train with many settings and seeds, and compare the losses.",
    "plot": "Draw the loss, the gradients and the weights of a run.",
    "explain": "Explain how a number comes about, down to the inputs.",
    "check": "Check somebody's numbers, and name the mistake.",
    "verify": "Prove every gradient by finite differences.",
    "examples": "List the bundled examples, or print one.",
    "schema": "Print the JSON Schema of the config, for editors.",
}
"""The commands in the order of the help; each is the module of its name in this package."""


class Commands(Command, click.Group):
    """Commands that are imported when they are called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"nntrace.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from nntrace.suggest import nearest

            near = nearest(args[0], COMMANDS)
            hint = f"Did you mean '{near}'?" if near else f"There are {', '.join(COMMANDS)}."
            raise click.UsageError(f"No such command '{args[0]}'. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    epilog="`nntrace COMMAND --help` says more. CONFIG left out is the bundled article.",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="nntrace", message="%(prog)s %(version)s")
@click.pass_context
def nntrace(ctx: click.Context) -> None:
    """Every number of a network's training, with its formula, checked and proved.

    \b
    Examples:
      nntrace run                               the bundled article, every step
      nntrace explain "dW2[1,3]"                where that number comes from
      nntrace examples article > my.yaml        a config to start from
      nntrace export my.yaml -o trace.html      a page to play with
      nntrace check my.yaml mine.json           your numbers, and the likely mistake
      nntrace verify my.yaml                    its gradients, proved
    """
    if ctx.invoked_subcommand is None:
        with streams.to_stdout():
            click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status."""
    gc.set_threshold(100_000)  # start-up makes much and drops little: the collector would only look in vain
    interrupts.listen()
    streams.prepare()
    status = execute(list(sys.argv[1:] if arguments is None else arguments))
    interrupts.ignore()
    gc.freeze()  # the interpreter need not look once more through what goes with it
    sys.exit(status)


def execute(arguments: list[str]) -> int:
    """Run one command line; every error becomes its message and its exit status (see `ExitStatus`)."""
    since = streams.size_of_stdout()
    status = int(ExitStatus.DONE)
    try:
        status = _status(arguments)
        interrupts.hold(True)  # for good: what comes now comes too late
        with streams.to_stdout():
            sys.stdout.flush()
    except StreamError as error:
        status = max(status, streams.give_up(error.error, since))
    interrupts.calm()
    return status


def _status(arguments: list[str]) -> int:
    try:
        status = nntrace.main(arguments, prog_name="nntrace", standalone_mode=False)
        return int(status or ExitStatus.DONE)
    except click.ClickException as error:
        with streams.to_stderr():
            error.show()
        return ExitStatus.UNUSABLE
    except NntraceError as error:
        first = "" if isinstance(error, ConfigError) else "nntrace: "
        streams.say(f"{first}{error}")
        return ExitStatus.UNUSABLE
    except StreamError:
        raise
    except (KeyboardInterrupt, click.Abort) as error:
        interrupts.hurry()  # what is still in the buffer is whole lines, and goes out if somebody reads it
        return getattr(error.__cause__ or error, "status", ExitStatus.INTERRUPTED)  # click makes an Abort of it
    except Exception as error:
        if "--debug" in arguments:
            raise
        streams.say(
            f"nntrace: an error in nntrace itself ({type(error).__name__}: {error}). Please report it with the config "
            f"and what the same command prints with --debug."
        )
        return ExitStatus.BUG
