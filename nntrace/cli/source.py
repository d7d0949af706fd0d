"""From CONFIG on the command line to a config."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from nntrace import bundle
from nntrace.config.model import Config
from nntrace.errors import ConfigError
from nntrace.loading import load
from nntrace.suggest import listed, nearest

LEFT_OUT = f"CONFIG left out: this is the bundled `{bundle.DEFAULT}`."


def load_config(source: str | None, settings: Sequence[str]) -> Config:
    """The config in a file, of a bundled name, on standard input (`-`), or the bundled article."""
    return load(file_of(source), settings)


def file_of(source: str | None) -> str:
    """The file of a config that is named so; of the bundled article where it is left out."""
    if source is None:
        source = bundle.DEFAULT
    if source == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise ConfigError(
                "standard input is the terminal: there is nothing to read",
                file="-",
                hint="Pipe a config in (nntrace examples article | nntrace run -), or name a file.",
            )
        return source
    bundled = bundle.path(source)
    if bundled is not None and not os.path.isfile(source):
        return bundled
    if not os.path.exists(source) and os.sep not in source:
        near = nearest(source.removesuffix(".yaml"), bundle.names())
        hint = f"Did you mean the bundled `{near}`? " if near else ""
        raise ConfigError("there is no such file", file=source, hint=f"{hint}Bundled are {listed(bundle.names())}.")
    return source
