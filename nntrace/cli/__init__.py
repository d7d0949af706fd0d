"""The command line: options in, one call, output. The only place that prints."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any, TextIO

import click

from nntrace import __version__
from nntrace.cli import interrupts
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


@contextmanager
def _unwritten() -> Iterator[None]:
    """That stdout takes no more is a `StreamError`; click would make a failure of a closed pipe."""
    try:
        yield
    except OSError as error:
        if error.filename is not None:  # of a file, not of a stream
            raise
        raise StreamError(error) from None


class Commands(click.Group):
    """Commands that are imported when they are called, so that `--help` stays quick."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        with _unwritten():  # --help
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _unwritten():
            return super().invoke(ctx)

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
        click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit status."""
    gc.set_threshold(100_000)  # start-up makes much and drops little: the collector would only look in vain
    interrupts.listen()
    open_every_stream()
    speak_every_encoding()
    status = execute(list(sys.argv[1:] if arguments is None else arguments))
    interrupts.ignore()
    gc.freeze()  # the interpreter need not look once more through what goes with it
    sys.exit(status)


def execute(arguments: list[str]) -> int:
    """Run one command line; every error becomes its message and its exit status (see `ExitStatus`)."""
    since = _size_of_stdout()
    status = int(ExitStatus.DONE)
    try:
        with _unwritten():
            status = _status(arguments)
            interrupts.hold(True)  # for good: what comes now comes too late
            sys.stdout.flush()
    except StreamError as error:
        status = max(status, _broken(error.error, since))
    interrupts.calm()
    return status


def _status(arguments: list[str]) -> int:
    try:
        status = nntrace.main(arguments, prog_name="nntrace", standalone_mode=False)
        return int(status or ExitStatus.DONE)
    except click.ClickException as error:
        with _heard_or_not():
            error.show()
        return ExitStatus.UNUSABLE
    except NntraceError as error:
        first = "" if isinstance(error, ConfigError) else "nntrace: "
        _say(f"{first}{error}")
        return ExitStatus.UNUSABLE
    except StreamError:
        raise
    except (KeyboardInterrupt, click.Abort) as error:
        interrupts.hurry()  # what is still in the buffer is whole lines, and goes out if somebody reads it
        return getattr(error.__cause__ or error, "status", ExitStatus.INTERRUPTED)  # click makes an Abort of it
    except Exception as error:
        if "--debug" in arguments:
            raise
        _say(
            f"nntrace: an error in nntrace itself ({type(error).__name__}: {error}). Please report it with the config "
            f"and what the same command prints with --debug."
        )
        return ExitStatus.BUG


def _say(message: str) -> None:
    with _heard_or_not():
        click.echo(message, err=True)


@contextmanager
def _heard_or_not() -> Iterator[None]:
    """A message; where nobody hears it the exit status says it."""
    try:
        yield
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """What it still holds goes nowhere: the interpreter would try it once more at its end, and complain of it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _broken(error: OSError, since: int) -> int:
    """Stdout takes no more: that is said, but not of a reader who has enough (`| head`); returns the exit status."""
    from nntrace.cli import output

    output.cut(since)
    _drop(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return ExitStatus.DONE
    _say(f"nntrace: standard output: it cannot be written: {error.strerror or error}")
    return ExitStatus.UNUSABLE


def _size_of_stdout() -> int:
    """What is in the file already that stdout goes to."""
    try:
        return os.fstat(sys.stdout.fileno()).st_size
    except (OSError, ValueError):  # it is no file
        return 0


def open_every_stream() -> None:
    """A stream that was closed for us (`>&-`) is one that goes nowhere."""
    for name, mode in {"stdin": "r", "stdout": "w", "stderr": "w"}.items():
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # it is for the whole run


def speak_every_encoding() -> None:
    """Signs that a stream cannot encode get their ASCII spelling instead of an error."""
    import codecs

    from nntrace.render.signs import replace_signs

    codecs.register_error("nntrace", replace_signs)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="nntrace")
