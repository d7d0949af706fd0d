"""`nntrace export`: a run to a file."""

from __future__ import annotations

import os
from typing import Any

import click

from nntrace.cli import options


@click.command("export")
@options.config
@click.option("-o", "--output", "path", required=True, metavar="FILE", help="The file to write.")
@options.steps
@options.shown
@options.to()
@options.debug
def command(
    path: str,
    iterations: options.Iterations | None,
    example: int | None,
    batch: int | None,
    to: str | None,
    **shown: Any,
) -> int:
    """Write a run to a file; its suffix (.md, .json, .jsonl, .csv, .npz, .txt) or --to says the form.

    An .npz has an array for each quantity, stacked over the steps; a .csv has a line for each number. The
    file is written beside its target and moved into place: what was there stays until all is done.
    CONFIG is a YAML file, the name of a bundled example, or - for standard input; left out, it is the
    bundled article.

    \b
    Examples:
      nntrace export -o trace.md
      nntrace export mazur -o mazur.json
      nntrace export my.yaml --only loss -o loss.csv
      nntrace export my.yaml --only W,dW -o arrays.npz
      nntrace export xor --to weights -o w.npz     the trained weights
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
    showing.run(iterations, example, batch)
    status = showing.save(path, form)
    output.hint(f"Written: {path}")
    return status
