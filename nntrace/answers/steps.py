"""From what a source holds, as mappings and lists, to numbers that each belong to an update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any, Protocol

from msgspec import Struct
from numpy import integer

from nntrace import selecting
from nntrace.answers.sheet import Update
from nntrace.answers.written import NumberError, Numbers, Written, numbers, said
from nntrace.config.document import INDEX, Path
from nntrace.config.expected import WHERE
from nntrace.config.model import Config
from nntrace.config.model import Written as ConfigKeys
from nntrace.errors import ConfigError, SelectionError
from nntrace.suggest import called_here, shortened

WHICH = ("iteration", "example", "batch", "examples")
"""The keys of a step that say which update it is."""
APART = frozenset({"format", "title", "config", "classes", "stopped", "source", "notes"})
"""The keys of a trace or of a sheet that are no quantities."""
_EXAMPLE = 'For example: {"Z1": [[1.5], [1.5]], "loss": 0.0187}'


class Origin(Protocol):
    """Where values come from, which knows the place of each."""

    def error(self, path: Path, problem: str, hint: str = "", *, key: bool = False) -> ConfigError:
        """The error for the value at `path`, or its key."""

    def place(self, path: Path) -> str:
        """Where the value at `path` stands, for messages."""


class Found(Struct, frozen=True, eq=False):
    """Numbers under a name, of an update; `refuse` makes the error for them."""

    name: str
    update: Update
    numbers: Numbers
    place: str
    refuse: Callable[..., ConfigError]
    tolerance: float | None = None


class Updates:
    """The updates of a run, what a source says of their examples, and what a report says of how they were named."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.examples: dict[Update, tuple[int, ...]] = {}
        self.remarks: list[str] = []

    def numbered(self, number: int) -> Update:
        """The update of that number, from 0. Raises `SelectionError` beyond the last."""
        iteration, batch = divmod(number, self.config.batches)
        selecting.iteration(self.config, iteration + 1)
        return iteration + 1, batch + 1

    def place(self, update: Update) -> str:
        """`iteration 2, example 1`, as the steps of the trace say it."""
        if self.config.batch_size > 1:
            return "iteration {}, batch {}".format(*update)
        return f"iteration {update[0]}, example {selecting.examples_of(self.config, *update)[0] + 1}"

    def named(
        self, iteration: int | None, example: int | None, batch: int | None, examples: Sequence[int] = ()
    ) -> Update:
        """The update that is named by what is said of it. Raises `SelectionError` where there is none or several."""
        config = self.config
        number = selecting.iteration(config, 1 if iteration is None else iteration)
        if example is None and batch is not None and config.batches < batch <= config.examples:
            return number, batch  # where batches are cut smaller there are more of them
        found = selecting.batch(config, number, example, batch)
        for each in examples:
            selecting.check_batch(config, each)
        if found is None and examples and config.batches > 1:
            within = {selecting.batch(config, number, each) for each in examples}
            found = within.pop() if len(within) == 1 else None
        if found is None and config.batches > 1:
            kind = "example" if config.batch_size == 1 else "batch"
            raise SelectionError(f"an iteration has {config.batches:,} updates: say which, such as `{kind}: 1`")
        update = (number, found or 1)
        if examples:
            self.examples[update] = tuple(examples)
        return update


def found(tree: Any, origin: Origin, updates: Updates, *, entries: bool = False) -> Iterator[Found]:
    """Every quantity in a tree of mappings and lists: a trace, a list of steps, a step, quantities of the first step.

    `entries` says that a list is one as in `expect`: an entry that names no iteration is of the first.
    Raises `ConfigError` with the place of what cannot be read.
    """
    if isinstance(tree, list | tuple):
        yield from _listed(tree, (), origin, updates, entries)
        return
    tree = _as_mapping(tree)
    if not isinstance(tree, Mapping):
        raise origin.error((), f"there should be quantities by their names, not {said(tree)}", _EXAMPLE)
    for key, ordered in (("steps", True), ("expect", False)):
        if key in tree:
            if not isinstance(tree[key], list | tuple):
                raise origin.error((key,), f"`{key}` should be a list, not {said(tree[key])}")
            yield from _listed(tree[key], (key,), origin, updates, not ordered)
    rest = {key: value for key, value in tree.items() if key not in ("steps", "expect")}
    if "architecture" in rest:
        if "expect" not in tree:
            raise origin.error((), "this is a config, and there is no `expect` in it")
        rest = {key: value for key, value in rest.items() if key not in ConfigKeys.__struct_fields__}
    if "steps" not in tree or any(_is_quantity(key) for key in rest):
        yield from _step(_Stood(rest, (), origin), updates, None if rest.keys() & set(WHICH) else 0)


def _listed(steps: Sequence[Any], path: Path, origin: Origin, updates: Updates, entries: bool) -> Iterator[Found]:
    """Steps, in their order where none says which update it is."""
    stood = []
    for index, each in enumerate(steps):
        if not isinstance(each, Mapping):
            hint = "For example: {iteration: 1, example: 1, A3: 0.9968}"
            raise origin.error((*path, index), f"a step should be a mapping, not {said(each)}", hint)
        step = _Stood(_as_mapping(each), (*path, index), origin)
        if step.keys:
            stood.append(step)
    ordered = not entries and not any(step.which for step in stood)
    if ordered and len(stood) > 1:
        updates.remarks.append("No step says which update it is: they are read in order, from the first.")
    for number, step in enumerate(stood):
        yield from _step(step, updates, number if ordered else None)


def _as_mapping(step: Any) -> Any:
    """A step of a trace says in attributes which update it is."""
    if getattr(step, "iteration", None) is None or not hasattr(step, "batch"):
        return step
    return {"iteration": step.iteration, "batch": step.batch, "examples": list(step.examples), "values": step}


def _is_quantity(key: Any) -> bool:
    return key not in APART and key not in WHICH and key != "tolerance"


class _Stood:
    """A step as it stands: which update it says to be, and its quantities."""

    def __init__(self, step: Mapping[Any, Any], path: Path, origin: Origin) -> None:
        self.step = step
        self.path = path
        self.origin = origin
        self.which = step.keys() & set(WHICH)
        self.keys = [key for key in step if _is_quantity(key)]
        for key in self.keys:
            here = called_here(key, WHERE) if isinstance(key, str) else None
            if here:
                raise origin.error((*path, key), f"`{shortened(key)}`: here it is `{here}`", key=True)

    def quantities(self) -> Iterator[tuple[str, Any, Path]]:
        for key in self.keys:
            value, path = self.step[key], (*self.path, key)
            if key != "values":
                yield self._named(key), value, path
                continue
            if not isinstance(value, Mapping):
                raise self.origin.error(path, f"`values` should be a mapping, not {said(value)}", _EXAMPLE)
            for name, inner in value.items():
                yield self._named(name), inner, (*path, name)

    def _named(self, key: Any) -> str:
        if not isinstance(key, str):
            raise self.origin.error(self.path, f"the name of a quantity should be text, not {said(key)}")
        return key

    def number(self, key: str) -> int | None:
        return None if key not in self.step else self._whole(self.step[key], key, (*self.path, key))

    def examples(self) -> list[int]:
        given = self.step.get("examples", ())
        path = (*self.path, "examples")
        if hasattr(given, "tolist"):
            given = given.tolist()
        if not isinstance(given, list | tuple | range):
            raise self.origin.error(path, f"`examples` should be a list of their numbers, not {said(given)}")
        return [self._whole(each, "examples", (*path, index)) for index, each in enumerate(given)]

    def tolerance(self) -> float | None:
        if "tolerance" not in self.step:
            return None
        path = (*self.path, "tolerance")
        try:
            value = numbers(self.step["tolerance"]).values
        except NumberError as error:
            raise self.origin.error(path, f"`tolerance` {error.problem}") from None
        if value.shape or not 0 < value < float("inf"):
            raise self.origin.error(path, "`tolerance` should be a number above 0")
        return float(value)

    def _whole(self, value: Any, key: str, path: Path) -> int:
        if isinstance(value, Written) and len(value) < INDEX and isfinite(float(value)) and float(value).is_integer():
            return int(float(value))
        if isinstance(value, int | integer) and not isinstance(value, bool):
            return int(value)
        of = f"`{key}`" if key != "examples" else "an entry of `examples`"
        raise self.origin.error(path, f"{of} should be a whole number, not {said(value)}")


def _step(step: _Stood, updates: Updates, number: int | None) -> Iterator[Found]:
    """The quantities of a step that says which update it is, or is the one of that number (from 0)."""
    if not step.keys:
        return
    try:
        if number is not None:
            update = updates.numbered(number)
        else:
            iteration, example, batch = map(step.number, ("iteration", "example", "batch"))
            update = updates.named(iteration, example, batch, step.examples())
    except SelectionError as error:
        raise step.origin.error(_blamed(step), str(error)) from None
    tolerance = step.tolerance()
    for name, value, path in step.quantities():
        yield Found(
            name,
            update,
            read_numbers(value, name, path, step.origin),
            step.origin.place(path),
            partial(step.origin.error, path),
            tolerance,
        )


def _blamed(step: _Stood) -> Path:
    """The key that most likely names an update that is not there."""
    key = next((key for key in reversed(WHICH[:3]) if key in step.step), None)
    return step.path if key is None or len(step.which) > 1 else (*step.path, key)


def read_numbers(value: Any, name: str, path: Path, origin: Origin) -> Numbers:
    """The numbers at `path`."""
    try:
        return numbers(value)
    except NumberError as error:
        entry = ",".join(str(index + 1) for index in error.path) if error.entry else ""
        said_of = shortened(name) + (f"[{entry}]" if entry else "")
        raise origin.error((*path, *error.path), f"`{said_of}` {error.problem}") from None
