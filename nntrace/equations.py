"""The equations of one training step: forward written down, backward derived, update from its table.

The list is decided once by the network and its options; everything else reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property, partial, reduce
from operator import add
from types import MappingProxyType
from typing import overload

from msgspec import Struct
from msgspec.structs import replace

from nntrace.config.model import Config
from nntrace.formula.derive import reached, times, whole
from nntrace.formula.numpy_source import Note
from nntrace.formula.plain import plain
from nntrace.formula.tree import EXAMPLES, Apply, Formula, Function, Minimum, Number, Quantity, Shape, Sum
from nntrace.formula.walking import nodes
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.functions import SQRT, rounding
from nntrace.maths.losses import FUSED, LOSSES, Total
from nntrace.maths.optimizers import ALPHA, OPTIMIZERS, Parameter, T
from nntrace.maths.table import Choice

M = Quantity("m")
"""The number of examples in the batch, as a constant of the formulas."""
L2 = Quantity("l2")
CLIP_NORM = Quantity("clip_norm")


class Phase(StrEnum):
    """The parts of a step, in their order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


Stated = Mapping[Quantity, Formula | None]


class Equation(Struct, frozen=True, eq=False):
    """target = formula.

    `shown` is the definition that people know, where what is computed is written differently.
    `stated` are derivatives (of one example's loss) that are not derived but known to be exact; None
    stands for a way that they cover.
    """

    target: Quantity
    formula: Formula
    phase: Phase
    shown: Formula | None = None
    stated: Stated = {}

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

    `data` are A0 and y; `state` is what one step hands to the next, as pairs of old and new: every
    W and b, then what the optimizer keeps; `constants` are the named numbers of the formulas;
    `kept` says what the optimizer keeps under each letter, with ``{}`` for the parameter.
    """

    def __init__(
        self,
        layers: tuple[Layer, ...],
        equations: tuple[Equation, ...],
        data: tuple[Quantity, ...],
        state: tuple[tuple[Quantity, Quantity], ...],
        constants: tuple[Quantity, ...] = (),
        kept: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.layers = layers
        self.equations = equations
        self.data = data
        self.state = state
        self.constants = constants
        self.kept = kept

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
    def parameters(self) -> tuple[Quantity, ...]:
        """Every W and b in order."""
        return tuple(q for layer in self.layers for q in layer.parameters)

    @cached_property
    def notes(self) -> Mapping[str, Note]:
        """Comments for the source that computes the list: where a phase and a layer begin, and what a function is."""
        notes: dict[str, Note] = {}
        last: tuple[Phase, int | None] | None = None
        for equation in self.equations:
            place = (equation.phase, equation.layer)
            begins = equation.phase.value + ("" if equation.layer is None else f", layer {equation.layer}")
            applies = any(isinstance(node, Apply) for node in nodes(equation.formula))
            notes[equation.target.name] = Note(
                above=begins if place != last else "",
                beside=plain(equation.shown or equation.formula) if applies else "",
            )
            last = place
        return notes

    @cached_property
    def forward(self) -> Equations:
        """The forward half alone: what the network makes of an input."""
        half = tuple(equation for equation in self.equations if equation.phase is Phase.FORWARD)
        unchanged = tuple((q, q) for q in self.parameters)
        return Equations(self.layers, half, (self.layers[0].before,), unchanged)


def equations(config: Config) -> Equations:
    """The list of a training step of `config`."""
    layers = _layers(config)
    y = _target(layers)
    forward = (*_forward(layers), *_loss(config, layers, y))
    parameters = [q for layer in layers for q in layer.parameters]
    trained = [q for q in parameters if q.base == "W" or config.architecture.biases != "fixed"]
    derived = tuple(backward(forward, trained))
    update = tuple(_update(config, parameters, trained))
    listed = (*forward, *derived, *update)
    if config.round is not None:
        function = rounding(config.round)
        listed = tuple(_rounded(equation, function) for equation in listed)
    row = OPTIMIZERS[config.chosen_optimizer.name]
    gradient = "d{}" if config.clip_norm is None else "(clip·d{})"
    used = {node for equation in listed for node in nodes(equation.formula) if isinstance(node, Quantity)}
    kept = [q for equation in update if (q := equation.target).suffix == "new" and q.prefix]
    return Equations(
        layers=layers,
        equations=listed,
        data=(layers[0].before, y),
        state=tuple((q.before, q) for q in [*(q.variant(suffix="new") for q in parameters), *kept]),
        constants=tuple(q for q in (M, ALPHA, T, L2, CLIP_NORM, *_settings(config).values()) if q in used),
        kept={letter: meaning.format(g=gradient) for letter, meaning in row.kept.items()},
    )


def complete(config: Config) -> tuple[Equation, ...]:
    """The list with the gradients that it leaves out, in their places, as somebody may have them.

    Of the input, of biases that are not trained, of the output of a fused pair (from the loss in ŷ).
    """
    listing = equations(config)
    whole_backward = [
        listing.by_target.get(equation.target.name, equation)
        for equation in backward(forward_half(config), (listing.data[0], *listing.parameters))
    ]
    own = {phase: [e for e in listing if e.phase is phase] for phase in Phase}
    return (*own[Phase.FORWARD], *own[Phase.LOSS], *whole_backward, *own[Phase.UPDATE])


ExampleLoss = Callable[[Formula, Formula, Total], Formula]
"""The loss of one example for targets and outputs, as `Loss.formula` has it, its settings filled in."""


def example_loss(config: Config) -> ExampleLoss:
    """The loss of one example in ŷ, with a value wherever it has one."""
    row = LOSSES[config.chosen_loss.name]
    return partial(row.computed or row.formula, **config.chosen_loss.parameters)


def forward_half(config: Config, loss: ExampleLoss | None = None) -> tuple[Equation, ...]:
    """The equations up to the loss, all in ŷ: a pair of output and loss is none. With another `loss` if given."""
    layers = _layers(config)
    y = _target(layers)
    return (*_forward(layers), *_total(config, (loss or example_loss(config))(y, layers[-1].A, _adding(config))))


def _settings(config: Config) -> dict[str, Quantity]:
    """The optimizer's numbers, as named constants of the formulas."""
    return {name: Quantity(name) for name in config.chosen_optimizer.parameters}


def _rounded(equation: Equation, function: Function) -> Equation:
    """`equation` as one works it by hand; what another quantity is, is not rounded again."""
    if isinstance(equation.formula, Quantity):
        return equation
    shown = equation.shown and function(equation.shown)
    return replace(equation, formula=function(equation.formula), shown=shown)


def _layers(config: Config) -> tuple[Layer, ...]:
    columns: int | str = 1 if config.batch_size == 1 else EXAMPLES
    biases = config.architecture.biases
    layers: list[Layer] = []
    before = Quantity("A", 0, (config.architecture.inputs, columns))
    for index, described in enumerate(config.architecture.layers, start=1):
        shape: Shape = (described.nodes, columns)
        layer = Layer(
            index=index,
            activation=described.chosen,
            before=before,
            W=Quantity("W", index, (described.nodes, before.rows)),
            b=None if biases == "none" else Quantity("b", index, (1 if biases == "shared" else described.nodes, 1)),
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


def _target(layers: Sequence[Layer]) -> Quantity:
    return Quantity("y", None, layers[-1].A.shape)


def _adding(config: Config) -> Total:
    """How the entries of an example are added up."""
    return lambda x: Sum(x, "rows" if config.batch_size > 1 else None)


def _loss(config: Config, layers: Sequence[Layer], y: Quantity) -> Iterator[Equation]:
    chosen = config.chosen_loss
    last, total = layers[-1], _adding(config)
    row = LOSSES[chosen.name]
    fused = FUSED.get((last.activation.name, chosen.name))
    definition = computed = row.formula(y, last.A, total, **chosen.parameters)
    if fused and config.round is None:  # by hand one goes on from the ŷ that is written down
        computed = fused.computed(y, last.Z, total)
    elif row.computed:
        computed = row.computed(y, last.A, total, **chosen.parameters)
    shown = None if computed is definition else definition
    stated: Stated = {last.Z: fused.gradient(y, last.A), last.A: None} if fused else {}
    yield from _total(config, computed, shown, stated)


def _total(
    config: Config, computed: Formula, shown: Formula | None = None, stated: Stated = MappingProxyType({})
) -> Iterator[Equation]:
    """`loss`; before it, with a batch, `losses`, one example's loss each, and with l2 the `penalty`."""
    if config.batch_size > 1:
        losses = Quantity("losses", None, (1, EXAMPLES))
        yield Equation(losses, computed, Phase.LOSS, shown, stated)
        computed = Sum(losses) / M if config.reduction == "mean" else Sum(losses)
        shown, stated = None, {}
    if config.l2:
        penalty = Quantity("penalty")
        squares = reduce(add, (Sum(layer.W**2) for layer in _layers(config)))
        yield Equation(penalty, 0.5 * L2 * squares, Phase.LOSS)
        computed, shown = computed + penalty, shown and shown + penalty
    yield Equation(Quantity("loss"), computed, Phase.LOSS, shown, stated)


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
        for q, part in _reached(equation, g).items():
            incoming[q] = part + incoming[q] if q in incoming else part
        for q in trained:
            if first_use.get(q) is equation:
                yield Equation(q.variant(prefix="d"), whole(incoming[q], q), Phase.BACKWARD)


def _reached(equation: Equation, g: Formula) -> dict[Quantity, Formula]:
    """What reaches each quantity of the formula; what is stated is not derived."""
    derived = reached(equation.formula, g, equation.target)
    stated = {q: times(g, factor) for q, factor in equation.stated.items() if factor is not None}
    return {q: part for q, part in derived.items() if q not in equation.stated} | stated


def _update(config: Config, parameters: Sequence[Quantity], trained: Sequence[Quantity]) -> Iterator[Equation]:
    chosen = config.chosen_optimizer
    clip = Quantity("clip") if config.clip_norm is not None else None
    if clip:
        norm = Quantity("grad_norm")
        yield Equation(norm, SQRT(reduce(add, (Sum(q.variant(prefix="d") ** 2) for q in trained))), Phase.UPDATE)
        # The 1e-6 is PyTorch's, in clip_grad_norm_.
        yield Equation(clip, Minimum(Number(1), CLIP_NORM / (norm + 1e-6)), Phase.UPDATE)
    for q in parameters:
        if q in trained:
            gradient = q.variant(prefix="d")
            parameter = Parameter(old=q, gradient=clip * gradient if clip else gradient)
            update = OPTIMIZERS[chosen.name].update(parameter, **_settings(config))
        else:
            update = {q.variant(suffix="new"): q}
        for target, formula in update.items():
            yield Equation(target, formula, Phase.UPDATE)
