"""What the shell completes that depends on the config."""

from __future__ import annotations

import click

from nntrace.errors import NntraceError


def quantities(ctx: click.Context) -> list[str]:
    """Kinds and names of the quantities of the config on the line, or of the bundled article."""
    from nntrace.cli.source import load_config
    from nntrace.equations import equations

    try:
        config = load_config(ctx.params.get("config"), ctx.params.get("settings") or ())
    except NntraceError:
        config = load_config(None, ())
    listing = equations(config)
    return list(dict.fromkeys(word for q in listing.quantities for word in (q.kind, q.name)))
