"""The bundled examples and answer sheets: where they are, and finding one by its name."""

from __future__ import annotations

import os

DEFAULT = "article"
"""What runs where no config is named."""


def folder() -> str:
    """The folder of the bundled configs: inside the installed package, or beside it in a checkout."""
    package = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(package, "configs")
    return installed if os.path.isdir(installed) else os.path.join(os.path.dirname(package), "configs")


def names() -> list[str]:
    """The names of the bundled examples, the article first."""
    found = sorted(file.removesuffix(".yaml") for file in os.listdir(folder()) if file.endswith(".yaml"))
    return sorted(found, key=lambda name: name != DEFAULT)


def path(name: str) -> str | None:
    """The file of a bundled example; None if there is none of that name."""
    return os.path.join(folder(), f"{name}.yaml") if name in names() else None


def sheet_names() -> list[str]:
    """The names of the bundled answer sheets, for `nntrace check`."""
    return sorted(file.removesuffix(".yaml") for file in os.listdir(_sheets()) if file.endswith(".yaml"))


def sheet_path(name: str) -> str | None:
    """The file of a bundled answer sheet; None if there is none of that name."""
    return os.path.join(_sheets(), f"{name}.yaml") if name in sheet_names() else None


def _sheets() -> str:
    return os.path.join(folder(), "answers")
