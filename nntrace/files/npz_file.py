"""NPZ files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nntrace.errors import ConfigError
from nntrace.files.labels import Labels
from nntrace.files.opening import opener, reading
from nntrace.suggest import listed, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class NpzFile:
    """An NPZ file, as numpy.savez writes it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.arrays: dict[str, NDArray[Any]] = {}
        try:
            with reading(path), opener(path)() as opened:  # a broken one would not be closed by numpy
                archive = np.load(opened, allow_pickle=False)
                if not isinstance(archive, np.ndarray):
                    self.arrays = {name: self._array(archive, name) for name in archive.files}
        except ConfigError:
            raise
        except Exception:  # noqa: BLE001  # zipfile, zlib and numpy have an error of their own for each way to be broken
            raise self.whole("it is not an NPZ file", "Write it with numpy.savez.") from None
        if not self.arrays:
            raise self.whole("there are no named arrays in it", "Write it with numpy.savez.")

    def _array(self, archive: Mapping[str, Any], name: str) -> NDArray[Any]:
        try:
            made = archive[name]
        except Exception as error:  # noqa: BLE001  # as above
            if "allow_pickle" in str(error):
                raise self.whole(f"`{shortened(name)}` is an array of objects", "Save it as numbers.") from None
            raise self.whole(f"`{shortened(name)}` is damaged", "Write it anew with numpy.savez.") from None
        if not isinstance(made, np.ndarray):  # numpy hands on as bytes what it does not know
            raise self.whole(f"`{shortened(name)}` is not an array", "Write it with numpy.savez.")
        return made

    def numbers(self, name: str) -> Array:
        """The array of that name as finite float64."""
        if name not in self.arrays:
            raise self.whole(f"there is no array `{name}`", f"It holds {listed(map(shortened, self.arrays))}.")
        found = self.arrays[name]
        if found.dtype.kind not in "iuf":
            raise self.whole(f"`{name}` should hold numbers; its type is {found.dtype}")
        with np.errstate(over="ignore"):  # a longdouble may be beyond every float64: not finite here
            made = found.astype(np.float64, copy=False)
        if not np.isfinite(made).all():
            place = ",".join(str(index + 1) for index in np.argwhere(~np.isfinite(made))[0])
            raise self.whole(f"`{name}[{place}]` is not a finite number")
        return made

    def columns(self, name: str, width: int) -> Array:
        """The array of that name, a row of `width` numbers for each example."""
        made = self.numbers(name)
        if made.ndim not in (1, 2):
            raise self.whole(f"`{name}` has {made.ndim} axes: it should be examples × numbers")
        made = made if made.ndim == 2 else made.reshape(-1, 1)
        if made.shape[1] != width:
            raise self.whole(f"`{name}` is {len(made)} × {made.shape[1]}: it should be examples × {width}")
        return made

    def inputs(self, width: int) -> Array:
        """`x`, of at least one example."""
        made = self.columns("x", width)
        if not len(made):
            raise self.whole("there is no example in it")
        return made

    def labels(self, name: str) -> Labels:
        """The classes: whole numbers or text."""
        found = self.arrays[name]
        if found.ndim != 1:
            raise self.whole(f"`{name}` has {found.ndim} axes: it should be one label for each example")
        if found.dtype.kind == "U":
            words = [word.strip() for word in found.tolist()]
            if "" in words:
                raise self.error([name], words.index(""), 0, f"`{name}` is empty")
            return Labels.of(words)
        if found.dtype.kind not in "iuf":
            raise self.whole(f"`{name}` should hold whole numbers or text; its type is {found.dtype}")
        made = self.numbers(name)
        if not (made == made.round()).all():
            raise self.whole(f"`{name}` should hold whole numbers or text")
        return Labels.of(map(int, made.tolist()))

    def error(self, names: Sequence[str], example: int, column: int, problem: str, hint: str = "") -> ConfigError:
        """The error for an entry of example number `example`, from 0."""
        return self.whole(f"example {example + 1}: {problem}", hint)

    def whole(self, problem: str, hint: str = "") -> ConfigError:
        """The error for the file as a whole."""
        return ConfigError(problem, file=self.path, hint=hint)
