"""Formulas as Python source for arrays: what runs, and what an exported script says.

The function that `function_source` writes is the whole computation of a step; `loop_source` writes the
same lines in a loop, which the engine compiles once for what is to be kept of each step. What is said
differently in another library of arrays is a `Dialect`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import singledispatch
from textwrap import wrap
from types import MappingProxyType
from typing import NamedTuple

from nntrace.formula.tree import (
    Add,
    Apply,
    Axis,
    Comparison,
    Divide,
    Formula,
    Function,
    MatrixProduct,
    Maximum,
    Minimum,
    Multiply,
    Negative,
    Number,
    Ones,
    Power,
    Quantity,
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes

SUM, PRODUCT, SIGN, POWER, ATOM = range(5)
"""Python's own precedence, as far as it is needed."""

Spelled = tuple[str, int]
_CALL = re.compile(r"[\w.]+\([^()]*\)")
"""A template that is one call holds together; anything else is an expression."""


WIDE = 90
"""The names that a function returns are broken there."""


class Dialect(NamedTuple):
    """How a library spells what is no operator of Python's: patterns for two operands, or for three.

    `sums` are the arguments of the method `sum` over an axis; `function` is the spelling of a
    function of a table, `helper` what that calls.
    """

    maximum: str
    minimum: str
    where: str
    ones: str
    sums: Mapping[Axis, str]
    function: Callable[[Function], str]
    helper: Callable[[Function], str]


NUMPY = Dialect(
    maximum="np.maximum({}, {})",
    minimum="np.minimum({}, {})",
    where="np.where({}, {}, {})",
    ones="np.ones_like({})",
    sums={None: "", "rows": "axis=0, keepdims=True", "columns": "axis=1, keepdims=True"},
    function=lambda function: function.numpy,
    helper=lambda function: function.helper,
)


def numpy_source(node: Formula) -> str:
    """`node` as an expression in Python and numpy (`np`), the quantities by their names."""
    return array_source(node, NUMPY)


def array_source(node: Formula, to: Dialect) -> str:
    """The same in a dialect."""
    return _spell(node, to)[0]


class Note(NamedTuple):
    """Comments of a line of source: on a line of its own above, and beside it."""

    above: str = ""
    beside: str = ""


def function_source(
    name: str,
    inputs: Sequence[str],
    lines: Iterable[tuple[str, Formula]],
    outputs: Sequence[str],
    *,
    to: Dialect = NUMPY,
    notes: Mapping[str, Note] = MappingProxyType({}),
) -> str:
    """A Python function: a line ``target = formula`` each, returning the tuple of `outputs`.

    Before it stand the helpers that its formulas call; it needs `np`, and `math` if a helper says so.
    `notes` are comments, by the target of the line.
    """
    lines = list(lines)
    body = "".join(_line(target, array_source(node, to), notes.get(target, Note())) for target, node in lines)
    returned = wrap(", ".join(outputs) + ("," if len(outputs) == 1 else ""), WIDE)
    result = f"({returned[0] if returned else ''})"
    if len(returned) > 1:
        result = "(\n" + "".join(f"        {line}\n" for line in returned) + "    )"
    return f"{_helpers(lines, to)}def {name}({', '.join(inputs)}):\n{body}    return {result}\n"


def loop_source(
    name: str,
    each: Sequence[str],
    fixed: Sequence[str],
    state: Sequence[tuple[str, str]],
    lines: Iterable[tuple[str, Formula]],
    summed: str,
    kept: Sequence[str] | None,
) -> str:
    """A Python function that goes through the lines again and again, handing what is new on as what is old.

    Called as ``name(rounds, state, *fixed, keep)``: each of `rounds` is a tuple of `each`, `state` the
    values of the first names of the pairs (old, new). It returns the sum of `summed` over the rounds and
    the state after the last. In each round `keep` is called with the tuple of the `kept`, if that is
    not None. Lines that nothing of this needs are left out.
    """
    wanted = [summed, *(kept or ()), *(new for _, new in state)]
    needed = list(_needed(list(lines), wanted))
    body = "".join(f"        {target} = {numpy_source(node)}\n" for target, node in needed)
    keeping = "" if kept is None else f"        keep(({''.join(f'{name}, ' for name in kept)}))\n"
    old, new = ("".join(f"{names[place]}, " for names in state) for place in (0, 1))
    return (
        f"{_helpers(needed, NUMPY)}def {name}({', '.join(['rounds', 'state', *fixed, 'keep'])}):\n"
        f"    {old}= state\n"
        "    total = 0.0\n"
        f"    for {', '.join(each)} in rounds:\n"
        f"{body}{keeping}"
        f"        total += {summed}\n"
        f"        {old}= {new}\n"
        f"    return total, ({old})\n"
    )


def _needed(lines: Sequence[tuple[str, Formula]], wanted: Iterable[str]) -> Iterator[tuple[str, Formula]]:
    """The lines that `wanted` are or are made of, in their order."""
    names = set(wanted)
    for target, node in reversed(lines):
        if target in names:
            names.update(each.name for each in nodes(node) if isinstance(each, Quantity))
    return ((target, node) for target, node in lines if target in names)


def _helpers(lines: Iterable[tuple[str, Formula]], to: Dialect) -> str:
    """The functions that the formulas of the lines call."""
    applied = [node.function for _, line in lines for node in nodes(line) if isinstance(node, Apply)]
    return "".join(f"{text}\n\n" for text in dict.fromkeys(map(to.helper, applied)) if text)


def _line(target: str, source: str, note: Note) -> str:
    above = f"    # {note.above}\n" if note.above else ""
    return f"{above}    {target} = {source}{f'  # {note.beside}' if note.beside else ''}\n"


def _inner(node: Formula, to: Dialect, at_least: int) -> str:
    text, hold = _spell(node, to)
    return text if hold >= at_least else f"({text})"


@singledispatch
def _spell(node: Formula, to: Dialect) -> Spelled:
    raise TypeError(f"no numpy source for {type(node).__name__}")


@_spell.register(Quantity)
def _(node: Quantity, to: Dialect) -> Spelled:
    return node.name, ATOM


@_spell.register(Number)
def _(node: Number, to: Dialect) -> Spelled:
    value = int(node.value) if node.value == int(node.value) else node.value
    return repr(value), ATOM if node.value >= 0 else SIGN


@_spell.register(Negative)
def _(node: Negative, to: Dialect) -> Spelled:
    return "-" + _inner(node.operand, to, SIGN), SIGN


@_spell.register(Add)
def _(node: Add, to: Dialect) -> Spelled:
    return f"{_inner(node.left, to, SUM)} + {_inner(node.right, to, PRODUCT)}", SUM


@_spell.register(Subtract)
def _(node: Subtract, to: Dialect) -> Spelled:
    return f"{_inner(node.left, to, SUM)} - {_inner(node.right, to, PRODUCT)}", SUM


@_spell.register(Multiply)
def _(node: Multiply, to: Dialect) -> Spelled:
    # numpy multiplies by True and False as by 1 and 0, unless both are; alone they are no numbers.
    gates = [isinstance(operand, Comparison) for operand in node.operands]
    left = f"({_comparison(node.left, to)})" if gates == [True, False] else _inner(node.left, to, PRODUCT)
    right = f"({_comparison(node.right, to)})" if gates == [False, True] else _inner(node.right, to, SIGN)
    return f"{left} * {right}", PRODUCT


@_spell.register(MatrixProduct)
def _(node: MatrixProduct, to: Dialect) -> Spelled:
    return f"{_inner(node.left, to, PRODUCT)} @ {_inner(node.right, to, SIGN)}", PRODUCT


@_spell.register(Divide)
def _(node: Divide, to: Dialect) -> Spelled:
    return f"{_inner(node.left, to, PRODUCT)} / {_inner(node.right, to, SIGN)}", PRODUCT


@_spell.register(Power)
def _(node: Power, to: Dialect) -> Spelled:
    return f"{_inner(node.left, to, ATOM)} ** {_inner(node.right, to, SIGN)}", POWER


@_spell.register(Comparison)
def _(node: Comparison, to: Dialect) -> Spelled:
    return f"1.0 * ({_comparison(node, to)})", PRODUCT


def _comparison(node: Formula, to: Dialect) -> str:
    assert isinstance(node, Comparison)
    return f"{_inner(node.left, to, SUM)} {node.sign} {_inner(node.right, to, SUM)}"


@_spell.register(Maximum)
def _(node: Maximum, to: Dialect) -> Spelled:
    return to.maximum.format(array_source(node.left, to), array_source(node.right, to)), ATOM


@_spell.register(Minimum)
def _(node: Minimum, to: Dialect) -> Spelled:
    return to.minimum.format(array_source(node.left, to), array_source(node.right, to)), ATOM


@_spell.register(Where)
def _(node: Where, to: Dialect) -> Spelled:
    # A whole number stays a float: two of them would make an array of integers.
    chosen = (
        repr(float(part.value)) if isinstance(part, Number) else array_source(part, to) for part in (node.yes, node.no)
    )
    condition = node.condition
    chooses = _comparison(condition, to) if isinstance(condition, Comparison) else array_source(condition, to)
    return to.where.format(chooses, *chosen), ATOM


@_spell.register(Transpose)
def _(node: Transpose, to: Dialect) -> Spelled:
    return _inner(node.operand, to, ATOM) + ".T", ATOM


@_spell.register(Ones)
def _(node: Ones, to: Dialect) -> Spelled:
    return to.ones.format(array_source(node.operand, to)), ATOM


@_spell.register(Sum)
def _(node: Sum, to: Dialect) -> Spelled:
    return f"{_inner(node.operand, to, ATOM)}.sum({to.sums[node.over]})", ATOM


@_spell.register(Apply)
def _(node: Apply, to: Dialect) -> Spelled:
    template = to.function(node.function)
    inner, hold = _spell(node.operand, to)
    text = template.format(any=inner, atom=inner if hold >= ATOM else f"({inner})")
    return text, ATOM if _CALL.fullmatch(template) else SUM
