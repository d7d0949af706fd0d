"""`nntrace examples`: the bundled configs."""

from __future__ import annotations

import click

from nntrace.cli import options


@click.command("examples")
@click.argument("name", required=False, type=options.BundledName())
@options.debug
def command(name: str | None) -> int:
    """List the bundled examples, or print one.

    \b
    Examples:
      nntrace examples
      nntrace examples article > my.yaml
    """
    from nntrace import bundle
    from nntrace.cli import output
    from nntrace.errors import SelectionError
    from nntrace.suggest import listed, nearest

    if name is None:
        output.show([_listing()], pager=False, coloured=False)
        output.hint("\nNext: nntrace run NAME, or nntrace examples NAME > my.yaml")
        return 0
    path = bundle.path(name)
    if path is None:
        near = nearest(name, bundle.names())
        hint = f"Did you mean `{near}`? " if near else ""
        raise SelectionError(f"there is no bundled example `{name}`\n{hint}There are {listed(bundle.names())}.")
    with open(path, encoding="utf-8") as file:
        output.show([file.read()], pager=False, coloured=False)
    return 0


def _listing() -> str:
    """A line for each example: its name, its title, its network."""
    from nntrace import bundle
    from nntrace.cli import output
    from nntrace.loading import load
    from nntrace.render.words import network

    configs = {name: load(str(bundle.path(name))) for name in bundle.names()}
    width = max(map(len, configs))
    signs = output.style("never").signs
    lines = [
        f"{name.ljust(width)}  {config.title}\n{' ' * width}  {network(config)}\n" for name, config in configs.items()
    ]
    return "".join(lines).translate(signs)
