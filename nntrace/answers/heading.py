"""What a bundled sheet says of itself."""

from __future__ import annotations

from msgspec import Struct

from nntrace import bundle
from nntrace.config.document import parse
from nntrace.loading import read


class Heading(Struct, frozen=True):
    """The config that a sheet goes with, its title and its notes."""

    config: str
    title: str
    notes: str


def heading(name: str) -> Heading:
    """The heading of the bundled sheet of that name."""
    data = parse(*read(str(bundle.sheet_path(name)))).data
    return Heading(*(" ".join(str(data.get(key, "")).split()) for key in Heading.__struct_fields__))
