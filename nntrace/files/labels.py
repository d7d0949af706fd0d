"""Class labels, as files and configs have them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Labels(Struct, frozen=True, eq=False):
    """A class for each example.

    `distinct` are the labels in the order in which they appear (whole numbers or text; from a CSV also other
    numbers, which are to be refused), `which` is for each example the place of its label there.
    """

    distinct: Sequence[float | str]
    which: NDArray[np.int32]

    @classmethod
    def of(cls, labels: Iterable[int | str]) -> Labels:
        places: dict[int | str, int] = {}
        which = array("i", (places.setdefault(label, len(places)) for label in labels))
        return cls(list(places), np.frombuffer(which, dtype=np.int32))

    def first(self, place: int) -> int:
        """The first example that has this one of the distinct labels."""
        return int((self.which == place).argmax())
