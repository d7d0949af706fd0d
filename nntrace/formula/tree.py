"""A formula as data: a small tree, built with Python's own operators.

Matrices are written as in a textbook: ``@`` is the matrix product, ``*`` the product entry by
entry, ``.T`` the transpose. Every node knows its shape: ``(rows, columns)`` for a matrix, where
columns may be `EXAMPLES`, the number of examples in the batch; ``()`` for a single number.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import ClassVar, Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import force_setattr, replace

EXAMPLES: Final = "m"
"""Stands in a shape for the number of examples in the batch."""

Shape = tuple[int | str, ...]


class ShapeError(ValueError):
    """Two operands do not fit together."""


class Formula(Struct, frozen=True, eq=False):
    """A node of the tree. `shape` follows from the operands."""

    @property
    def shape(self) -> Shape:
        return ()

    @property
    def operands(self) -> tuple[Formula, ...]:
        return ()

    def made_of(self, *operands: Formula) -> Formula:
        """The same kind of node with other operands, in the order of `operands`."""
        return self

    @property
    def T(self) -> Formula:  # the transpose, as numpy and the textbook have it
        return Transpose(self)

    def __add__(self, other: Formula | float) -> Formula:
        return Add(self, formula(other))

    def __radd__(self, other: float) -> Formula:
        return Add(formula(other), self)

    def __sub__(self, other: Formula | float) -> Formula:
        return Subtract(self, formula(other))

    def __rsub__(self, other: float) -> Formula:
        return Subtract(formula(other), self)

    def __mul__(self, other: Formula | float) -> Formula:
        return Multiply(self, formula(other))

    def __rmul__(self, other: float) -> Formula:
        return Multiply(formula(other), self)

    def __truediv__(self, other: Formula | float) -> Formula:
        return Divide(self, formula(other))

    def __rtruediv__(self, other: float) -> Formula:
        return Divide(formula(other), self)

    def __pow__(self, exponent: Formula | float) -> Formula:
        return Power(self, formula(exponent))

    def __rpow__(self, base: float) -> Formula:
        return Power(formula(base), self)

    def __matmul__(self, other: Formula) -> Formula:
        return MatrixProduct(self, other)

    def __neg__(self) -> Formula:
        return Negative(self)

    def __gt__(self, other: Formula | float) -> Formula:
        return Greater(self, formula(other))

    def __lt__(self, other: Formula | float) -> Formula:
        return Less(self, formula(other))


class Number(Formula, frozen=True, eq=False):
    """A number that stands in the formula itself, such as the 2 of a square.

    `symbol` is the letter by which people know it, where its digits would be in the way.
    """

    value: float
    symbol: str = ""


class Quantity(Formula, frozen=True, eq=True):
    """A named quantity: ``d`` + ``W`` + ``2`` is `dW2`, ``W`` + ``1`` + ``new`` is `W1_new`.

    `prefix` is ``d`` for a gradient or the letter of an optimizer's state, `suffix` is what
    follows the underscore. Constants such as `alpha` have no layer and no shape.
    """

    base: str
    layer: int | None = None
    of: Shape = ()
    prefix: str = ""
    suffix: str = ""
    name: str = ""
    """Follows from the others."""

    def __post_init__(self) -> None:
        layer = "" if self.layer is None else str(self.layer)
        force_setattr(self, "name", f"{self.prefix}{self.base}{layer}{self._ending}")

    @property
    def _ending(self) -> str:
        return f"_{self.suffix}" if self.suffix else ""

    @property
    def kind(self) -> str:
        """The name without its layer: `dW` for `dW2`, `W_new` for `W1_new`."""
        return f"{self.prefix}{self.base}{self._ending}"

    @property
    def shape(self) -> Shape:
        return self.of

    @property
    def rows(self) -> int:
        rows = self.of[0]
        assert isinstance(rows, int)
        return rows

    def size(self, examples: int) -> int:
        """How many entries it has with so many examples in the batch."""
        return prod(examples if extent == EXAMPLES else int(extent) for extent in self.of)

    @property
    def before(self) -> Quantity:
        """What `W1_new` was before the update: `W1`."""
        return self.variant(prefix=self.prefix)

    def variant(self, *, prefix: str = "", suffix: str = "") -> Quantity:
        """A quantity of the same layer and shape: its gradient, its new value, its moment."""
        return Quantity(self.base, self.layer, self.of, prefix, suffix)


class Entry(Formula, frozen=True, eq=False):
    """One entry of a quantity; `row` and `column` count from 0, None for a single number."""

    quantity: Quantity
    row: int | None = None
    column: int | None = None


class AnyEntry(Formula, frozen=True, eq=False):
    """The same with a letter for a row or a column that may be any, 0 where there is but one."""

    quantity: Quantity
    row: int | str
    column: int | str


class Unary(Formula, frozen=True, eq=False):
    """A node with one operand, of its shape unless it says otherwise."""

    operand: Formula

    @property
    def operands(self) -> tuple[Formula, ...]:
        return (self.operand,)

    def made_of(self, *operands: Formula) -> Formula:
        (operand,) = operands
        return replace(self, operand=operand)

    @property
    def shape(self) -> Shape:
        return self.operand.shape


class Binary(Formula, frozen=True, eq=False):
    """A node with two operands, stretched over each other as numpy does."""

    left: Formula
    right: Formula

    def __post_init__(self) -> None:
        broadcast(self.left.shape, self.right.shape)

    @property
    def operands(self) -> tuple[Formula, ...]:
        return (self.left, self.right)

    def made_of(self, *operands: Formula) -> Formula:
        left, right = operands
        return replace(self, left=left, right=right)

    @property
    def shape(self) -> Shape:
        return broadcast(self.left.shape, self.right.shape)


class Negative(Unary, frozen=True, eq=False):
    """−x"""


class Add(Binary, frozen=True, eq=False):
    """a + b"""


class Subtract(Binary, frozen=True, eq=False):
    """a − b"""


class Multiply(Binary, frozen=True, eq=False):
    """a ⊙ b, entry by entry; a number times every entry"""


class Divide(Binary, frozen=True, eq=False):
    """a / b, entry by entry"""


class Power(Binary, frozen=True, eq=False):
    """a to the power of a single number"""


class Comparison(Binary, frozen=True, eq=False):
    """1 where it holds, else 0; `sign` is the same in Python and on paper"""

    sign: ClassVar[str]


class Greater(Comparison, frozen=True, eq=False):
    """a > b"""

    sign = ">"


class Less(Comparison, frozen=True, eq=False):
    """a < b"""

    sign = "<"


class Maximum(Binary, frozen=True, eq=False):
    """The larger of both, entry by entry"""


class Minimum(Binary, frozen=True, eq=False):
    """The smaller of both, entry by entry"""


class MatrixProduct(Binary, frozen=True, eq=False):
    """a·b: rows of a times columns of b"""

    def __post_init__(self) -> None:
        if not self.left.shape or not self.right.shape or self.left.shape[1] != self.right.shape[0]:
            raise ShapeError(f"no matrix product of {self.left.shape} and {self.right.shape}")

    @property
    def shape(self) -> Shape:
        return (self.left.shape[0], self.right.shape[1])


class Transpose(Unary, frozen=True, eq=False):
    """Rows and columns exchanged"""

    def __post_init__(self) -> None:
        if not self.operand.shape:
            raise ShapeError("a single number has no transpose")

    @property
    def shape(self) -> Shape:
        rows, columns = self.operand.shape
        return (columns, rows)


class Ones(Unary, frozen=True, eq=False):
    """1 for each entry of the operand"""


class Where(Formula, frozen=True, eq=False):
    """`yes` where the condition (a comparison) is true, else `no`, entry by entry.

    Both are computed, one is chosen: an infinity in the other does no harm.
    """

    condition: Formula
    yes: Formula
    no: Formula

    def __post_init__(self) -> None:
        broadcast(self.condition.shape, broadcast(self.yes.shape, self.no.shape))

    @property
    def operands(self) -> tuple[Formula, ...]:
        return (self.yes, self.condition, self.no)

    def made_of(self, *operands: Formula) -> Formula:
        yes, condition, no = operands
        return Where(condition, yes, no)

    @property
    def shape(self) -> Shape:
        return broadcast(self.condition.shape, broadcast(self.yes.shape, self.no.shape))


Axis = Literal["rows", "columns"] | None


class Sum(Unary, frozen=True, eq=False):
    """The sum over the rows (one number a column), over the columns, or (None) over all entries."""

    over: Axis = None

    def __post_init__(self) -> None:
        if self.over and not self.operand.shape:
            raise ShapeError(f"a single number has no {self.over}")

    @property
    def shape(self) -> Shape:
        if self.over is None:
            return ()
        rows, columns = self.operand.shape
        return (1, columns) if self.over == "rows" else (rows, 1)


class Series(Formula, frozen=True, eq=False):
    """Terms added from left to right: what a sum or a matrix product is, entry by entry."""

    terms: tuple[Formula, ...]

    @property
    def operands(self) -> tuple[Formula, ...]:
        return self.terms

    def made_of(self, *operands: Formula) -> Formula:
        return Series(operands)


class Each(Unary, frozen=True, eq=False):
    """The sum of a term over all values of some letters in it: a `Series` that is not written out.

    `over` are the letters and how many values each has, from 0, the last letter the quickest.
    """

    over: tuple[tuple[str, int | str], ...]


class Rest(Formula, frozen=True, eq=False):
    """Stands in a `Series` for the terms that are too many to write; `value` is what they add up to."""

    count: int
    value: float


class Switch(NamedTuple):
    """A part of a formula that has a kink or a jump.

    `side` is constant but for the places where it has one; `held(s)` is the part as it goes on from
    the side s beyond them.
    """

    part: Formula
    side: Formula
    held: Callable[[Formula], Formula]


class Function(Struct, frozen=True, eq=False):
    """A function of one argument that is a row of a table: how it is written and derived.

    `numpy` is the computed spelling, right for every input, with ``{any}`` for the argument where
    any expression may stand, ``{atom}`` where it needs parentheses unless it is a name or a call.
    `plain` and `latex` are a name, or a pattern with ``{any}`` or ``{atom}`` too; `mathml` is such
    a pattern where `plain` is one. `helper` is the source of a Python function that the numpy
    spelling calls. `torch` is the spelling for PyTorch, empty where autograd has nothing to derive.
    `javascript` and `javascript_helper` are the same for a page, which computes single numbers; a
    function that is `written_out` needs none. `definition` is the shown spelling of f(z).
    `backward(g, x, y)` is the gradient that reaches x, given the gradient g that reaches y = f(x).
    `written_out(x)` is f(x) in other nodes, for a function that mixes the entries of a column.
    `switch(node)` says where f, applied in that node, is not smooth. `loose` says that the shown
    pattern is a sum, in parentheses beside a product; `odd` that f(−x) = −f(x), bit for bit.
    """

    plain: str
    latex: str
    numpy: str
    backward: Callable[[Formula, Formula, Formula], Formula]
    mathml: str = ""
    definition: str = ""
    helper: str = ""
    torch: str = ""
    javascript: str = ""
    javascript_helper: str = ""
    written_out: Callable[[Formula], Formula] | None = None
    switch: Callable[[Apply], Switch] | None = None
    loose: bool = False
    odd: bool = False

    def __call__(self, operand: Formula) -> Formula:
        return Apply(operand, self)


class Apply(Unary, frozen=True, eq=False):
    """f(x), entry by entry unless the function says otherwise"""

    function: Function


def formula(value: Formula | float) -> Formula:
    """`value` as a node: a Python number becomes a `Number`."""
    return value if isinstance(value, Formula) else Number(value)


def broadcast(a: Shape, b: Shape) -> Shape:
    """The shape of an operation entry by entry, as numpy has it: 1 stretches to any number."""
    if not a or not b:
        return a or b
    stretched = tuple(q if p == 1 else p for p, q in zip(a, b, strict=True))
    if any(p not in (1, s) or q not in (1, s) for p, q, s in zip(a, b, stretched, strict=True)):
        raise ShapeError(f"the shapes {a} and {b} do not fit together")
    return stretched
