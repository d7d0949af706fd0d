"""`nntrace schema`: the JSON Schema of the config."""

from __future__ import annotations

import click

from nntrace.cli import options
from nntrace.cli.streams import Command


@click.command("schema", cls=Command)
@options.debug
def command() -> int:
    """Print the JSON Schema of the config language, for editors that complete and check YAML.

    \b
    Examples:
      nntrace schema > nntrace.schema.json
      # then, as the first line of a config, for editors that use yaml-language-server:
      # yaml-language-server: $schema=nntrace.schema.json
    """
    from nntrace.cli import output
    from nntrace.config.schema import schema

    output.show([schema()], pager=False, coloured=False)
    return 0
