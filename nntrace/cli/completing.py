"""What the shell completes that depends on the config or on what is bundled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from nntrace import bundle
from nntrace.errors import NntraceError

if TYPE_CHECKING:
    from nntrace.equations import Equations


def examples(incomplete: str) -> list[CompletionItem]:
    """The bundled examples."""
    return [CompletionItem(name) for name in bundle.names() if name.startswith(incomplete)]


def bundled(incomplete: str) -> list[CompletionItem]:
    """The bundled examples and answer sheets."""
    sheets = [CompletionItem(name) for name in bundle.sheet_names() if name.startswith(incomplete)]
    return [*examples(incomplete), *sheets]


def answers(incomplete: str) -> list[CompletionItem]:
    """The bundled answer sheets, and files."""
    sheets = [CompletionItem(name) for name in bundle.sheet_names() if name.startswith(incomplete)]
    return [*sheets, CompletionItem(incomplete, type="file")]


def configs(incomplete: str) -> list[CompletionItem]:
    """The bundled examples, and files."""
    return [*examples(incomplete), CompletionItem(incomplete, type="file")]


def names(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Names of the quantities of the config on the line, or of the bundled article."""
    return [CompletionItem(q.name) for q in _listing(ctx).quantities if q.name.startswith(incomplete)]


def quantities(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Kinds and names of the quantities of the config on the line, or of the bundled article."""
    before, comma, last = incomplete.rpartition(",")
    names = dict.fromkeys(word for q in _listing(ctx).quantities for word in (q.kind, q.name))
    return [CompletionItem(before + comma + name) for name in names if name.startswith(last)]


def _listing(ctx: click.Context) -> Equations:
    from nntrace.cli.source import load_config
    from nntrace.equations import equations

    try:
        config = load_config(ctx.params.get("config"), ctx.params.get("settings") or ())
    except NntraceError:
        config = load_config(None, ())
    return equations(config)
