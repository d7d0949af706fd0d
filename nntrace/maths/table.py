"""What every row of every table has, and how a name is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct


class Setting(Struct, frozen=True):
    """A number that a row takes: its default, its bounds, and the names it goes by elsewhere.

    `bounds` are msgspec's: ``ge``, ``gt``, ``le``, ``lt``.
    """

    default: float
    also: tuple[str, ...] = ()
    bounds: Mapping[str, float] = {}


class Row(Struct, frozen=True, kw_only=True, eq=False):
    """A row of a table.

    `name` is what one types; `also` are the names it goes by elsewhere, used only in messages;
    `settings` are the numbers it takes.
    """

    name: str
    also: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = {}

    @property
    def defaults(self) -> dict[str, float]:
        return {name: setting.default for name, setting in self.settings.items()}


class Choice(Struct, frozen=True):
    """A row as a config chose it: its name and the numbers it was given."""

    name: str
    parameters: Mapping[str, float] = {}


R = TypeVar("R", bound=Row)


def table(rows: Iterable[R]) -> Mapping[str, R]:
    """The rows by their names, in order."""
    return {row.name: row for row in rows}
