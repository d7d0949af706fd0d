"""What every row of every table has, and how a name is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True, eq=False):
    """A row of a table.

    `name` is what one types; `also` are the names it goes by elsewhere, used only in messages;
    `parameters` are the numbers it takes, with their defaults.
    """

    name: str
    also: tuple[str, ...] = ()
    parameters: Mapping[str, float] = {}


class Choice(Struct, frozen=True):
    """A row as a config chose it: its name and the numbers it was given."""

    name: str
    parameters: Mapping[str, float] = {}


R = TypeVar("R", bound=Row)


def table(rows: Iterable[R]) -> Mapping[str, R]:
    """The rows by their names, in order."""
    return {row.name: row for row in rows}
