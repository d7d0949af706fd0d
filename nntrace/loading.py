"""From a file to a config that can be run, or to the error that says why not."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from msgspec import Raw, ValidationError, convert
from msgspec.structs import replace

from nntrace import selecting
from nntrace.config import checks
from nntrace.config.document import DEPTH, Document, Path, described, located, override, parse
from nntrace.config.expected import with_figures
from nntrace.config.model import Config, Expectation, Written
from nntrace.equations import equations
from nntrace.errors import ConfigError, SelectionError
from nntrace.examples import examples, weights

BYTES_PER_NUMBER = 8
LARGEST = 1024
"""An integer of more bits is too large for a float64."""
_ALTERED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML refuses or takes for the end of a line, though JSON does not mind."""


def load(source: str | os.PathLike[str] | Mapping[str, Any], overrides: Sequence[str] = ()) -> Config:
    """The config in the file `source` (``-``: standard input), or in a mapping of its keys.

    `overrides` are texts like ``alpha=0.5``: a dotted key, list indices from 1, and a value in YAML.
    Raises `ConfigError`, whose text says the place, what is wrong and what would be right.
    """
    if isinstance(source, Mapping):
        return loads(_as_text(source), "config", overrides)
    return loads(*read(source), overrides)


def loads(text: str, file: str = "config", overrides: Sequence[str] = ()) -> Config:
    """The config in `text`; `file` is its name in messages, and files that it names are beside it.

    Otherwise as `load`.
    """
    if isinstance(overrides, str):
        raise TypeError('overrides are a list of texts: ["alpha=0.5"]')
    document = parse(text, file)
    if not overrides:
        return _expecting(_config(document), document)
    reachable = _reachable_as_written(document)
    document = override(document, overrides)
    return _expecting(_config(document), document, drop_unreachable=reachable)


def _reachable_as_written(document: Document) -> bool:
    """Whether all of `expect` is there without overrides, so that these are what puts it out of reach."""
    if not isinstance(document.data, dict) or not document.data.get("expect"):
        return False
    try:
        config = _config(document)
    except ConfigError:
        return False  # the overrides may be what mends it
    _expecting(config, document)
    return True


def _as_text(data: Mapping[str, Any]) -> str:
    """A mapping of the config's keys as JSON, which is YAML, a line for each; numpy's arrays as lists."""
    return "{\n" + ",\n".join(f" {_key(key)}: {_json(value)}" for key, value in data.items()) + "\n}"


def _json(value: Any, depth: int = 2) -> str:
    """A value as JSON; what JSON has no number for as YAML has it, to be refused where it stands."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, float | int | str):
        return _scalar(value)
    if isinstance(value, Raw):  # a figure of `Config.as_data`
        return bytes(value).decode()
    if depth > DEPTH:
        raise ConfigError(f"nested deeper than {DEPTH} levels")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_json(child, depth + 1) for child in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_json(child, depth + 1)}" for key, child in value.items()) + "}"
    raise ConfigError(f"a {type(value).__name__} has no place in a config")


def _scalar(value: float | str | None) -> str:
    if isinstance(value, float):
        text = float.__repr__(value)
        return text if isfinite(value) else text.replace("inf", ".inf").replace("nan", ".nan")
    import json

    if isinstance(value, int) and value.bit_length() > LARGEST:
        from decimal import Decimal

        return f"{Decimal(value):.2e}"
    text = json.dumps(value, ensure_ascii=False)
    return _ALTERED.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text) if isinstance(value, str) else text


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ConfigError(f"a key of the config should be text, not {described(key)}")
    return _json(key)


def read(source: str | os.PathLike[str]) -> tuple[str, str]:
    """The text of a file (``-``: standard input), and its name in messages."""
    file = os.fspath(source)
    try:
        if file == "-":
            raw = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as opened:
                raw = opened.read()
    except FileNotFoundError:
        raise ConfigError("there is no such file", file=file) from None
    except IsADirectoryError:
        raise ConfigError("this is a directory, not a file", file=file) from None
    except OSError as error:
        raise ConfigError(f"it cannot be read: {error.strerror or error}", file=file) from None
    except ValueError as error:  # a NUL in the name
        raise ConfigError(f"it cannot be read: {error}", file=file) from None
    try:
        return raw.decode("utf-8-sig"), file
    except UnicodeDecodeError as error:
        good = raw[: error.start].decode("utf-8-sig", "replace")
        line = good.count("\n")
        column = len(good) - (good.rfind("\n") + 1)
        problem = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise located(file, good, line, column, problem, "Save the file as UTF-8.") from None


def _config(document: Document) -> Config:
    document.check_mapping()
    base: Path = ()
    try:
        written = convert(with_figures(document), Written)
        base = ("weights",)
        _ = written.drawn
    except ValidationError as error:
        from nntrace.config.messages import explained  # only errors need it

        raise explained(error, document, base) from None
    checks.check(written, document)
    keys = {key: getattr(written, key) for key in Written.__struct_fields__}
    config = Config(**keys, **examples(written, document)._asdict(), initial=weights(written, document))
    _check_memory(config, document)
    return config


def _check_memory(config: Config, document: Document) -> None:
    """A network whose matrices would not fit is refused before any of them is built."""
    listing = equations(config)
    columns = min(config.batch_size, config.examples)
    numbers = sum(q.size(columns) for q in listing.quantities)
    needed = numbers * BYTES_PER_NUMBER
    available = _physical_memory()
    if available is not None and needed > available:
        raise document.error(
            ("architecture", "layers"),
            f"one step of this network takes {_size(needed)}; this machine has {_size(available)}",
            "Make the layers or the batch smaller.",
        )


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} PiB"


def _expecting(config: Config, document: Document, *, drop_unreachable: bool = False) -> Config:
    """`config` with every entry of `expect` found in its trace.

    With `drop_unreachable` those that stand in the file are dropped where the trace does not have them.
    """
    listing = equations(config)
    kept = []
    for index, expectation in enumerate(config.expect):
        path: Path = ("expect", index)
        try:
            count = _examples_expected(config, expectation)
            for name in expectation.figures:
                path = ("expect", index, name)
                selecting.entry(listing, name, count)
        except SelectionError as error:
            if drop_unreachable and not document.set_at(("expect", index)):
                continue
            problem, _, hint = str(error).partition("\n")
            raise document.error(path, problem, hint, key=len(path) == 3) from None
        kept.append(expectation)
    return replace(config, expect=tuple(kept), unreachable=len(config.expect) - len(kept))


def _examples_expected(config: Config, expectation: Expectation) -> int:
    selecting.iteration(config, expectation.iteration)
    batch = selecting.batch(config, expectation.iteration, expectation.example, expectation.batch)
    if batch is None and config.batches > 1:
        kind = "example" if config.batch_size == 1 else "batch"
        raise SelectionError(f"an iteration has {config.batches:,} updates: say which, such as `{kind}: 1`")
    return len(selecting.examples_of(config, expectation.iteration, batch or 1))
