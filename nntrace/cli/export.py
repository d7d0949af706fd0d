"""`nntrace export`: a run to a file."""

from __future__ import annotations

import os
from typing import Any

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("export", cls=Command)
@options.config
@click.option("-o", "--output", "path", required=True, metavar="FILE", help="The file to write.")
@options.steps
@options.thinned
@options.checkpoint
@options.shown
@options.to()
@options.debug
def command(
    path: str,
    iterations: options.Iterations | None,
    example: int | None,
    batch: int | None,
    every: int | None,
    final: bool,
    to: str | None,
    **shown: Any,
) -> int:
    """Write a run to a file; its suffix says the form, unless --to does.

    \b
      .html        a page to look at and to play with
      .md .txt     the tables, as Markdown or as on the screen
      .tex         a LaTeX document (--fragment: its body alone)
      .json .jsonl every number in full
      .csv .npz    a line for each number; an array for each quantity
      .py          a program in numpy that gives the same numbers

    The file is written beside its target and moved into place: what was there stays until all is done.
    CONFIG is a YAML file, the name of a bundled example, or - for standard input; left out, it is the
    bundled article.

    \b
    Examples:
      nntrace export xor -o xor.html
      nntrace export mazur --iteration 1 -o handout.tex
      nntrace export my.yaml --only W,dW -o arrays.npz
      nntrace export my.yaml --to torch -o check.py   the same in PyTorch
      nntrace export xor --to weights -o w.npz        the trained weights
    """
    from nntrace.cli import output
    from nntrace.cli.tracing import Showing
    from nntrace.render import FORMS

    suffix = os.path.splitext(path)[1].lower()
    form = FORMS[to] if to else next((form for form in FORMS.values() if suffix in form.suffixes), None)
    if form is None:
        known = ", ".join(suffix for form in FORMS.values() for suffix in form.suffixes)
        raise click.UsageError(
            f"'{suffix or path}' does not say a form: use one of {known}, or say it with --to ({', '.join(FORMS)})."
        )
    showing = Showing(**shown)
    showing.run(iterations, example, batch, every, final)
    status = showing.save(path, form)
    output.hint(f"Written: {path}")
    return status
