"""The equations of one training step: forward written down, backward derived, update from its table.

The list is decided once by the network and its options; everything else reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import overload

from msgspec import Struct

from nntrace.config.model import Config
from nntrace.formula.derive import gradients, times, whole
from nntrace.formula.tree import EXAMPLES, Apply, Formula, Function, Number, Quantity, Shape, Sum, nodes
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.losses import FUSED, LOSSES
from nntrace.maths.optimizers import ALPHA, OPTIMIZERS, Parameter
from nntrace.maths.table import Choice

M = Quantity("m")
"""The number of examples in the batch, as a constant of the formulas."""


class Phase(StrEnum):
    """The parts of a step, in their order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


class Equation(Struct, frozen=True, eq=False):
    """target = formula.

    `shown` is the definition that people know, where what is computed is written differently.
    `stated` are derivatives (of one example's loss) that are not derived but known to be exact.
    """

    target: Quantity
    formula: Formula
    phase: Phase
    shown: Formula | None = None
    stated: Mapping[Quantity, Formula] = {}

    def __post_init__(self) -> None:
        if self.formula.shape != self.target.shape:
            raise ValueError(f"{self.target.name} is {self.target.shape}, its formula {self.formula.shape}")

    @property
    def layer(self) -> int | None:
        return self.target.layer


class Layer(Struct, frozen=True):
    """A layer as the equations see it: its number (from 1), its activation and its quantities."""

    index: int
    activation: Choice
    before: Quantity
    W: Quantity
    b: Quantity | None
    Z: Quantity
    A: Quantity

    @property
    def nodes(self) -> int:
        return self.W.rows

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        return (self.W,) if self.b is None else (self.W, self.b)


class Equations(Sequence[Equation]):
    """The list of one run, and what it starts from.

    `data` are A0 and y; `state` is what one step hands to the next, as pairs of old and new: W, b
    and what the optimizer keeps; `constants` are the named numbers of the formulas.
    """

    def __init__(
        self,
        layers: tuple[Layer, ...],
        equations: tuple[Equation, ...],
        data: tuple[Quantity, ...],
        state: tuple[tuple[Quantity, Quantity], ...],
        constants: tuple[Quantity, ...],
    ) -> None:
        self.layers = layers
        self.equations = equations
        self.data = data
        self.state = state
        self.constants = constants

    def __len__(self) -> int:
        return len(self.equations)

    @overload
    def __getitem__(self, index: int) -> Equation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Equation]: ...
    def __getitem__(self, index: int | slice) -> Equation | Sequence[Equation]:
        return self.equations[index]

    @cached_property
    def inputs(self) -> tuple[Quantity, ...]:
        """What a step starts from, in order: data, state, constants."""
        return (*self.data, *(old for old, _ in self.state), *self.constants)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every quantity of a step in its order: data, state, the targets, the constants."""
        start = (*self.data, *(old for old, _ in self.state))
        return (*start, *(equation.target for equation in self.equations), *self.constants)

    @cached_property
    def by_name(self) -> Mapping[str, Quantity]:
        return {quantity.name: quantity for quantity in self.quantities}

    @cached_property
    def by_target(self) -> Mapping[str, Equation]:
        return {equation.target.name: equation for equation in self.equations}

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions whose definition is worth saying, in order of appearance."""
        shown = [part for equation in self.equations for part in (equation.shown, equation.formula) if part]
        applied = [node.function for part in shown for node in nodes(part) if isinstance(node, Apply)]
        return tuple(dict.fromkeys(function for function in applied if function.definition))


def equations(config: Config) -> Equations:
    """The list of a training step of `config`."""
    layers = _layers(config)
    y = Quantity("y", None, layers[-1].A.shape)
    forward = (*_forward(layers), *_loss(config, layers[-1], y))
    parameters = [q for layer in layers for q in layer.parameters]
    trained = [q for q in parameters if q.base == "W" or config.architecture.biases != "fixed"]
    derived = tuple(backward(forward, trained))
    update = tuple(_update(config, parameters, trained))
    whole = (*forward, *derived, *update)
    used = {node.name for equation in whole for node in nodes(equation.formula) if isinstance(node, Quantity)}
    return Equations(
        layers=layers,
        equations=whole,
        data=(layers[0].before, y),
        state=tuple((q, q.variant(suffix="new")) for q in parameters),
        constants=tuple(q for q in (M, ALPHA) if q.name in used),
    )


def _layers(config: Config) -> tuple[Layer, ...]:
    columns: int | str = 1 if config.batch_size == 1 else EXAMPLES
    layers: list[Layer] = []
    before = Quantity("A", 0, (config.architecture.inputs, columns))
    for index, described in enumerate(config.architecture.layers, start=1):
        shape: Shape = (described.nodes, columns)
        layer = Layer(
            index=index,
            activation=described.chosen,
            before=before,
            W=Quantity("W", index, (described.nodes, before.rows)),
            b=None if config.architecture.biases == "none" else Quantity("b", index, (described.nodes, 1)),
            Z=Quantity("Z", index, shape),
            A=Quantity("A", index, shape),
        )
        layers.append(layer)
        before = layer.A
    return tuple(layers)


def _forward(layers: Sequence[Layer]) -> Iterator[Equation]:
    for layer in layers:
        product = layer.W @ layer.before
        yield Equation(layer.Z, product if layer.b is None else product + layer.b, Phase.FORWARD)
        activation = ACTIVATIONS[layer.activation.name].formula(layer.Z, **layer.activation.parameters)
        yield Equation(layer.A, activation, Phase.FORWARD)


def _loss(config: Config, last: Layer, y: Quantity) -> Iterator[Equation]:
    """`loss`, and with a batch first `losses`: one example's loss each."""
    chosen = config.chosen_loss
    batch = config.batch_size > 1
    fused = FUSED.get((last.activation.name, chosen.name))

    def total(x: Formula) -> Formula:
        return Sum(x, "rows" if batch else None)

    of_each = LOSSES[chosen.name].formula(y, last.A, total, **chosen.parameters)
    computed = fused.computed(y, last.Z, total) if fused else of_each
    stated = {last.Z: fused.gradient(y, last.A)} if fused else {}
    target = Quantity("losses", None, (1, EXAMPLES)) if batch else Quantity("loss")
    yield Equation(target, computed, Phase.LOSS, shown=of_each if fused else None, stated=stated)
    if batch:
        whole = Sum(target)
        yield Equation(Quantity("loss"), whole / M if config.reduction == "mean" else whole, Phase.LOSS)


def backward(forward: Sequence[Equation], trained: Sequence[Quantity]) -> Iterator[Equation]:
    """∂loss/∂Q for every computed quantity of the layers and every trained parameter.

    Against the order of `forward`: when an equation is reached, all that came back to its target
    has come. A parameter's gradient follows the first equation that uses it.
    """
    incoming: dict[Quantity, Formula] = {forward[-1].target: Number(1)}
    first_use: dict[Quantity, Equation] = {}
    needed = {forward[-1].target}
    for equation in reversed(forward):
        if equation.target in needed:
            used = {q for q in nodes(equation.formula) if isinstance(q, Quantity)}
            needed |= used
            first_use.update({q: equation for q in used if q in trained})
    for equation in reversed(forward):
        if equation.target not in incoming:
            continue
        g = incoming[equation.target]
        if equation.phase is Phase.FORWARD:  # the parts of the loss have no gradient of their own
            d = equation.target.variant(prefix="d")
            yield Equation(d, whole(g, equation.target), Phase.BACKWARD)
            g = d
        if equation.stated:
            reached = [(q, times(g, factor)) for q, factor in equation.stated.items()]
        else:
            reached = list(gradients(equation.formula, g, equation.target))
        for q, part in reached:
            incoming[q] = part + incoming[q] if q in incoming else part
        for q in trained:
            if first_use.get(q) is equation:
                yield Equation(q.variant(prefix="d"), whole(incoming[q], q), Phase.BACKWARD)


def _update(config: Config, parameters: Sequence[Quantity], trained: Sequence[Quantity]) -> Iterator[Equation]:
    chosen = config.chosen_optimizer
    for q in parameters:
        if q in trained:
            parameter = Parameter(old=q, gradient=q.variant(prefix="d"))
            update = OPTIMIZERS[chosen.name].update(parameter, **chosen.parameters)
        else:
            update = {q.variant(suffix="new"): q}
        for target, formula in update.items():
            yield Equation(target, formula, Phase.UPDATE)
