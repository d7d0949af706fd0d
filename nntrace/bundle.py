"""The bundled examples: where they are, and finding one by its name."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The folder of the bundled configs: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def names() -> list[str]:
    """The names of the bundled examples, the article first."""
    found = sorted(path.stem for path in folder().glob("*.yaml"))
    return sorted(found, key=lambda name: name != DEFAULT)


def path(name: str) -> Path | None:
    """The file of a bundled example; None if there is none of that name."""
    file = folder() / f"{name}.yaml"
    return file if name in names() else None


DEFAULT = "article"
"""What runs where no config is named."""
