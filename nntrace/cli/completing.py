"""What the shell completes that depends on the config or on what is bundled."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from nntrace import bundle
from nntrace.errors import NntraceError


def examples(incomplete: str) -> list[CompletionItem]:
    """The bundled examples."""
    return [CompletionItem(name) for name in bundle.names() if name.startswith(incomplete)]


def configs(incomplete: str) -> list[CompletionItem]:
    """The bundled examples, and files."""
    return [*examples(incomplete), CompletionItem(incomplete, type="file")]


def quantities(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Kinds and names of the quantities of the config on the line, or of the bundled article."""
    from nntrace.cli.source import load_config
    from nntrace.equations import equations

    try:
        config = load_config(ctx.params.get("config"), ctx.params.get("settings") or ())
    except NntraceError:
        config = load_config(None, ())
    before, comma, last = incomplete.rpartition(",")
    names = dict.fromkeys(word for q in equations(config).quantities for word in (q.kind, q.name))
    return [CompletionItem(before + comma + name) for name in names if name.startswith(last)]
