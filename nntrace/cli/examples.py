"""`nntrace examples`: the bundled configs and answer sheets."""

from __future__ import annotations

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("examples", cls=Command)
@click.argument("name", required=False, type=options.BundledName())
@options.screen
@options.debug
def command(name: str | None, color: str, pager: bool) -> int:
    """List the bundled examples and the answer sheets for `nntrace check`, or print one.

    \b
    Examples:
      nntrace examples
      nntrace examples article > my.yaml
      nntrace examples mazur-printed
    """
    from nntrace import bundle
    from nntrace.cli import output
    from nntrace.errors import SelectionError
    from nntrace.suggest import listed, nearest

    if name is None:
        from nntrace.answers.heading import heading
        from nntrace.loading import load
        from nntrace.render.reports import examples_report

        style = output.style(color)
        configs = {each: load(str(bundle.path(each))) for each in bundle.names()}
        sheets = {each: heading(each) for each in bundle.sheet_names()}
        output.show(examples_report(configs, sheets, style), pager=pager, coloured=style.colour)
        output.hint("\nNext: nntrace run NAME, or nntrace examples NAME > my.yaml")
        return 0
    path = bundle.path(name) or bundle.sheet_path(name)
    if path is None:
        names = [*bundle.names(), *bundle.sheet_names()]
        near = nearest(name, names)
        hint = f"Did you mean `{near}`? " if near else ""
        raise SelectionError(f"there is no bundled example `{name}`\n{hint}There are {listed(names)}.")
    with open(path, encoding="utf-8") as file:
        output.show([file.read()], pager=False, coloured=False)
    return 0
