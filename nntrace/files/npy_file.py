"""NPY files: one array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nntrace.errors import ConfigError
from nntrace.files.opening import opener, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray


def npy(path: str) -> NDArray[Any]:
    """The array in a file, as numpy.save writes it. Raises `ConfigError` for what is none."""
    try:
        with reading(path), opener(path)() as opened:
            made = np.load(opened, allow_pickle=False)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001  # numpy has an error of its own for each way to be broken
        if "allow_pickle" in str(error) and opened_as_array(path):
            raise ConfigError("it is an array of objects", file=path, hint="Save it as numbers.") from None
        raise ConfigError("it is not an NPY file", file=path, hint="Write it with numpy.save.") from None
    if not isinstance(made, np.ndarray):
        raise ConfigError("it is not an NPY file", file=path, hint="Write it with numpy.save.")
    return made


MAGIC = b"\x93NUMPY"
"""How an NPY file begins."""


def opened_as_array(path: str) -> bool:
    """Whether a file begins as an NPY file does."""
    return beginning(path).startswith(MAGIC)


def beginning(path: str) -> bytes:
    """The first bytes of a file, which tell its kind."""
    with reading(path), opener(path)() as opened:
        return opened.read(len(MAGIC))
