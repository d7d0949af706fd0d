"""The configuration language as typed structs: its keys, their types, bounds and defaults.

The names that one may type for an activation, a loss, an optimizer or a rule come from the tables.
`also` are the names that a key goes by elsewhere, used only in messages.
"""

# No postponed annotations here: msgspec would evaluate each of them from its text at start-up.
from collections.abc import Iterator, Mapping
from functools import reduce
from math import inf
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from msgspec import Meta, Raw, Struct, convert, defstruct, to_builtins
from msgspec.structs import asdict

from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.maths.table import Choice, Row, Setting


class Mapped(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping of the config file, in which an unknown key is an error."""


def _key(description: str, *also: str, **bounds: Any) -> Meta:
    return Meta(description=description, extra={"also": also}, **bounds)


def _rows(table: Mapping[str, Row], tag: str, *required: Any) -> Any:
    """The type of a mapping that chooses a row by `tag` and sets its parameters."""
    structs = (
        defstruct(
            row.name,
            [*required, *((name, _bounded(setting), setting.default) for name, setting in row.settings.items())],
            bases=(Mapped,),
            tag_field=tag,
            tag=row.name,
            kw_only=True,
        )
        for row in table.values()
    )
    return reduce(or_, structs)


def _bounded(setting: Setting) -> Any:
    bounds: dict[str, Any] = dict(setting.bounds)
    return Annotated[float, Meta(extra={"also": setting.also}, **bounds)]


def _choice(table: Mapping[str, Row]) -> Any:
    """The type of a key that takes a row: its name, or a mapping with `name` and its parameters."""
    return Literal[tuple(table)] | _rows(table, "name")


if TYPE_CHECKING:
    ActivationChoice: TypeAlias = Any
    LossChoice: TypeAlias = Any
    OptimizerChoice: TypeAlias = Any
    Drawn: TypeAlias = Any
else:
    ActivationChoice = _choice(ACTIVATIONS)
    LossChoice = _choice(LOSSES)
    OptimizerChoice = _choice(OPTIMIZERS)
    Drawn = _rows(
        INITIALIZERS,
        "init",
        ("seed", Annotated[int, _key("of the draw", "random_state", "random_seed", ge=0)]),
        ("generator", Literal["default", "legacy"], "default"),
    )


RULE = frozenset({"init"}.union(*(struct.__struct_fields__ for struct in get_args(Drawn))))
"""The keys of a rule."""


def chosen(choice: Any, table: Mapping[str, Row]) -> Choice:
    """The row's name and all its parameters, whichever way it was written."""
    if isinstance(choice, str):
        return Choice(choice, table[choice].defaults)
    name = choice.__struct_config__.tag
    return Choice(name, {setting: getattr(choice, setting) for setting in table[name].settings})


class Layer(Mapped, frozen=True, kw_only=True):
    """A layer: its nodes and their activation."""

    nodes: Annotated[int, _key("number of nodes", "units", "neurons", "size", "width", "out_features", ge=1)]
    activation: Annotated[ActivationChoice, _key("f in A = f(Z)", "act", "function", "nonlinearity", "transfer")]

    @property
    def chosen(self) -> Choice:
        return chosen(self.activation, ACTIVATIONS)


class Architecture(Mapped, frozen=True, kw_only=True):
    """The network."""

    inputs: Annotated[int, _key("number of input features", "input", "input_size", "in_features", "features", ge=1)]
    layers: Annotated[
        list[Layer],
        _key("first hidden layer ... output layer", "hidden", "hidden_layers", "layer", min_length=1),
    ]
    biases: Annotated[
        Literal["trained", "shared", "fixed", "none"],
        _key("trained | shared (one number per layer) | fixed (added, never updated) | none", "bias", "use_bias"),
    ] = "trained"


Entries = Annotated[list[float | list[float] | str], Meta(min_length=1)]
"""One entry per example; from a file the names of its columns."""


class Data(Mapped, frozen=True, kw_only=True):
    """The examples: written out, or in a CSV or NPZ file; `labels` may stand in place of `y`."""

    file: Annotated[str | None, _key("a CSV or NPZ file, relative to the config", "path", "csv", "npz")] = None
    x: Annotated[
        Entries | None,
        _key("inputs, one entry per example; from a CSV file its columns", "X", "inputs", "features"),
    ] = None
    y: Annotated[
        Entries | None,
        _key(
            "targets, one entry per example; from a CSV file its columns",
            "Y",
            "target",
            "targets",
            "output",
            "outputs",
        ),
    ] = None
    labels: Annotated[
        list[int | str] | str | None,
        _key(
            "the class of each example, from 0 or as text, instead of y; from a CSV file its column",
            "label",
            "classes",
            "class",
        ),
    ] = None


class Schedule(Mapped, frozen=True, kw_only=True):
    """alpha = start · decay^⌊(iteration − 1)/every⌋"""

    start: Annotated[float, _key("alpha of the first iterations", "initial", "alpha", ge=0)]
    decay: Annotated[float, _key("the factor", "factor", "gamma", "rate", "drop", gt=0)]
    every: Annotated[int, _key("iterations between two changes", "step", "steps", "step_size", ge=1)]

    def at(self, iteration: int) -> float:
        """alpha of an iteration (from 1); infinity where it is too large for a float."""
        try:
            return float(self.start * self.decay ** ((iteration - 1) // self.every))
        except OverflowError:
            return inf


class Shuffle(Mapped, frozen=True, kw_only=True):
    """A new order of the examples in every iteration."""

    seed: Annotated[int, _key("of the orders", "random_state", "random_seed", ge=0)]


class Figure(Mapped, frozen=True, kw_only=True):
    """A published number: its value, and how it is written in JSON (which says how exact it is)."""

    value: float
    text: str


class Expectation(Mapped, frozen=True, kw_only=True):
    """What a source prints for one update."""

    figures: dict[str, Figure]
    iteration: Annotated[int, Meta(ge=1)] = 1
    example: Annotated[int, Meta(ge=1)] | None = None
    batch: Annotated[int, Meta(ge=1)] | None = None
    tolerance: Annotated[float, Meta(gt=0)] | None = None


class Written(Mapped, frozen=True, kw_only=True):
    """The keys of a config file."""

    title: Annotated[str, _key("shown in every header", "name")] = ""
    source: Annotated[str, _key("where the example was published", "url", "reference")] = ""
    notes: Annotated[str, _key("free text, shown once at the top", "description", "comment", "note")] = ""
    architecture: Annotated[
        Architecture,
        _key(
            "the network",
            *("network", "model", "net", "layers", "hidden", "hidden_layers", "hidden_layer_sizes", "layer_sizes"),
            *("inputs", "input_size", "in_features"),
        ),
    ]
    weights: Annotated[
        float | dict[str, Any],
        _key(
            "initial weights: one number, explicit matrices, or a rule with its seed",
            "initial_weights",
            "init",
            "initializer",
            "parameters",
            "W1",
            "b1",
            "initial_values",
        ),
    ]
    data: Annotated[
        Data,
        _key(
            "the examples",
            *("dataset", "examples", "training_data", "file", "csv"),
            *("x", "y", "labels", "targets", "target", "x_train", "y_train"),
        ),
    ]
    loss: Annotated[
        LossChoice,
        _key("loss of one example", "loss_function", "cost", "cost_function", "criterion", "error", "objective"),
    ] = "squared_error"
    alpha: Annotated[
        Annotated[float, Meta(ge=0)] | list[Annotated[float, Meta(ge=0)]] | Schedule,
        _key(
            "learning rate: a number, a list (one an iteration), or {start, decay, every}",
            "learning_rate",
            "lr",
            "eta",
            "rate",
            "step_size",
            "learningRate",
        ),
    ]
    iterations: Annotated[
        int,
        _key(
            "passes over all examples",
            *("epochs", "epoch", "num_epochs", "n_epochs", "max_epochs"),
            *("iteration", "n_iter", "max_iter", "num_iterations", "steps"),
            ge=1,
            le=10**12,
        ),
    ]
    batch: Annotated[
        Annotated[int, Meta(ge=1)] | Literal["all"],
        _key("examples per update: 1, n, or all", "batch_size", "batchsize", "minibatch", "mini_batch"),
    ] = 1
    reduction: Annotated[Literal["mean", "sum"], _key("over the examples of a batch: mean | sum", "reduce")] = "mean"
    optimizer: Annotated[OptimizerChoice, _key("how W and b are updated", "optimiser", "solver", "algorithm")] = (
        "gradient_descent"
    )
    l2: Annotated[
        float,
        _key("adds l2/2 times the sum of all W squared to the loss", "weight_decay", "regularization", "lambda", ge=0),
    ] = 0.0
    clip_norm: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        _key(
            "the gradient of all parameters together is scaled down to this norm",
            "clip",
            "gradient_clipping",
            *("max_norm", "clipnorm", "max_grad_norm", "grad_clip"),
        ),
    ] = None
    shuffle: Annotated[Shuffle | None, _key("{seed: n}: a new order every iteration", "random_order")] = None
    round: Annotated[
        Annotated[int, Meta(ge=0, le=15)] | None,
        _key("n: arithmetic as by hand, every result rounded to n decimals", "rounding", "precision"),
    ] = None
    expect: Annotated[
        tuple[Expectation, ...], _key("published figures that the trace must reproduce", "expected", "check")
    ] = ()
    decimals: Annotated[
        int, _key("how numbers are shown; never how they are computed", "digits", "precision", "places", ge=0, le=15)
    ] = 4

    @property
    def chosen_loss(self) -> Choice:
        return chosen(self.loss, LOSSES)

    @property
    def chosen_optimizer(self) -> Choice:
        return chosen(self.optimizer, OPTIMIZERS)

    @property
    def shapes(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Every W and b in order, with its shape."""
        before = self.architecture.inputs
        for index, layer in enumerate(self.architecture.layers, start=1):
            yield f"W{index}", (layer.nodes, before)
            if self.architecture.biases != "none":
                yield f"b{index}", (1 if self.architecture.biases == "shared" else layer.nodes, 1)
            before = layer.nodes

    @property
    def drawn(self) -> Any:
        """The rule that draws the initial weights, None where they are given."""
        weights = self.weights if isinstance(self.weights, dict) else {}
        ruled = "init" in weights or ("file" not in weights and not RULE.isdisjoint(weights))
        return convert(weights, Drawn) if ruled else None

    def alpha_in(self, iteration: int) -> float:
        """The learning rate of an iteration, from 1."""
        if isinstance(self.alpha, Schedule):
            return self.alpha.at(iteration)
        return float(self.alpha[iteration - 1] if isinstance(self.alpha, list) else self.alpha)


class Config(Written, frozen=True, kw_only=True, eq=False):
    """Everything a trace depends on: what the file says, and what it refers to. Made by `nntrace.load`.

    `x` (examples × inputs) and `y` (examples × outputs) are read-only float64 arrays; `labelled` says
    that y comes from class labels, `classes` are the names of text labels in the order of the
    outputs, `initial` the arrays of a weights file.
    `unreachable` counts the entries of `expect` that overrides put out of reach.
    """

    x: Any
    y: Any
    labelled: bool = False
    classes: tuple[str, ...] = ()
    initial: Mapping[str, Any] | None = None
    unreachable: int = 0

    def __eq__(self, other: object) -> bool:
        """The same keys, and the same numbers."""
        if not isinstance(other, Config):
            return NotImplemented
        ours, theirs = ({"x": each.x, "y": each.y, **(each.initial or {})} for each in (self, other))
        return (
            all(getattr(self, key) == getattr(other, key) for key in (*Written.__struct_fields__, "classes"))
            and ours.keys() == theirs.keys()
            and all(ours[key].shape == theirs[key].shape and bool((ours[key] == theirs[key]).all()) for key in ours)
        )

    __hash__ = None  # type: ignore[assignment]  # it holds arrays

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, as plain data: what a row of a table was given is a class that no module has."""
        written = {key: getattr(self, key) for key in Written.__struct_fields__}
        found = {key: getattr(self, key) for key in self.__struct_fields__ if key not in written}
        found["expect"] = written.pop("expect")
        return _unpickled, (to_builtins(Written(**written)), found)

    @property
    def examples(self) -> int:
        """How many examples there are."""
        return len(self.x)

    @property
    def batch_size(self) -> int:
        """Examples per update as configured; the last batch of an iteration may be smaller."""
        return self.examples if self.batch == "all" else self.batch

    @property
    def batches(self) -> int:
        """Updates in one iteration."""
        return -(-self.examples // self.batch_size)

    def as_data(self) -> dict[str, Any]:
        """The config as plain data that `load` reads back to the same config; what has its default is left out.

        Files that it names stay named: they are read back where they are found beside.

        A figure of `expect` is a `msgspec.Raw` with the digits of its source, for msgspec's encoders.
        """
        written = Written(**{key: getattr(self, key) for key in Written.__struct_fields__})
        data: dict[str, Any] = to_builtins(written)
        if self.expect:
            data["expect"] = [_as_written(expectation) for expectation in self.expect]
        return data


def _unpickled(data: dict[str, Any], found: dict[str, Any]) -> Config:
    written = convert(data, Written)
    for array in (found["x"], found["y"]):
        if array is not None:  # a config may be sent without its examples
            array.flags.writeable = False  # which does not survive
    return Config(**{key: getattr(written, key) for key in Written.__struct_fields__} | found)


def _as_written(expectation: Expectation) -> dict[str, Any]:
    where = {key: value for key, value in asdict(expectation).items() if key != "figures" and value is not None}
    return where | {name: Raw(figure.text.encode()) for name, figure in expectation.figures.items()}
