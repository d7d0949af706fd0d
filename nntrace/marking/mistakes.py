"""The mistakes that people make, one row each: a rewriting of formulas or of the schedule.

A row says how the numbers come about; whoever has these numbers has made that mistake. Rows stand in the order
in which a simpler explanation comes before a stranger one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, permutations
from math import log

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from nntrace.config.model import Config
from nntrace.equations import L2, ExampleLoss, M, Phase, example_loss
from nntrace.formula.derive import negative, over, times, whole
from nntrace.formula.tree import (
    Add,
    Apply,
    Divide,
    Formula,
    Greater,
    Less,
    MatrixProduct,
    Multiply,
    Negative,
    Number,
    Power,
    Quantity,
    Subtract,
    Sum,
    Transpose,
    Where,
)
from nntrace.formula.walking import nodes, rewritten
from nntrace.marking.following import Plan, plan_of
from nntrace.marking.variants import (
    Change,
    Net,
    Rewriting,
    Variant,
    begun,
    changed,
    formulas,
    loss_as,
    of_config,
    of_output,
    put,
    reversed_error,
    ruled,
    uses,
    variants,
    without,
)
from nntrace.maths.activations import ACTIVATIONS
from nntrace.maths.functions import ABS, LN, SOFTMAX, SQRT, rounding
from nntrace.maths.losses import LOSSES
from nntrace.maths.optimizers import ALPHA, OPTIMIZERS, T


class Kind(StrEnum):
    """What a difference is."""

    MISTAKE = "mistake"
    CONVENTION = "convention"


class Mistake(Struct, frozen=True, kw_only=True, eq=False):
    """`says` is the sentence, with gaps in braces for the words of a variant; `rewriting` makes the variants.

    What is `far_fetched` comes after all that fits as well: it tries a whole table.
    """

    name: str
    says: str
    rewriting: Rewriting
    kind: Kind = Kind.MISTAKE
    far_fetched: bool = False


NEW = "W_new b_new"
"""The parameters after the update."""


def _each(*rewritings: Rewriting) -> Rewriting:
    return lambda plan: chain.from_iterable(rewriting(plan) for rewriting in rewritings)


# Forward


def _activation(net: Net, q: Quantity, name: str) -> Formula:
    other, layer = ACTIVATIONS[name], net.layer(q)
    return other.formula(layer.Z, **other.defaults)


def _another_activation(plan: Plan) -> Iterator[Variant]:
    """Forward alone, and with the derivative that belongs to it."""
    net = Net(plan)
    for name in ACTIVATIONS:
        forward = ruled(plan, ["A"], lambda net, q, own, name=name: _activation(net, q, name))  # type: ignore[misc]
        back = ruled(plan, ["dZ"], lambda net, q, own, name=name: _derivative_of(net, q, own, name))  # type: ignore[misc]
        hidden = [layer for layer in net.layers if layer is not net.last]
        for layers in (hidden, *([layer] for layer in net.layers)):
            a = {layer.A.name: forward[layer.A.name] for layer in layers if layer.A.name in forward}
            d = {f"d{layer.Z.name}": back[f"d{layer.Z.name}"] for layer in layers if f"d{layer.Z.name}" in back}
            for lines in ({**a, **d}, a):
                yield from variants(plan, lines, alone=False, other=name)


def _activation_left_out(plan: Plan) -> Iterator[Variant]:
    """With the derivative that is written in A, and with the one in Z."""
    lines = ruled(plan, ["A"], lambda net, q, own: None if net.is_last(q) else net.layer(q).Z)
    derivatives = {f"d{layer.Z.name}": layer.A.name for layer in plan.listing.layers}
    for names in (list(lines), *([name] for name in lines)):
        taken = {name: lines[name] for name in names}
        in_z = {dZ: plan.ways[dZ][0] for dZ, a in derivatives.items() if a in taken and dZ in plan.ways}
        yield from variants(plan, taken, alone=False)
        yield from variants(plan, {**taken, **in_z}, alone=False)


def _derivative_of(net: Net, q: Quantity, own: Formula, name: str) -> Formula | None:
    layer = net.layer(q)
    dA = layer.A.variant(prefix="d")
    return net.through(layer, dA, name) if uses(own, dA) else None


def _input_passed_on(net: Net, q: Quantity, own: Formula) -> Formula | None:
    layer = net.layer(q)
    return put(own, **{layer.before.name: net.layers[layer.index - 2].before}) if layer.index > 1 else None


def _across_batch(net: Net, q: Quantity, own: Formula) -> Formula | None:
    softmax = isinstance(own, Apply) and own.function is SOFTMAX and net.config.batch_size > 1
    return SOFTMAX(net.layer(q).Z.T).T if softmax else None


def _broadcast_bias(net: Net, q: Quantity, own: Formula) -> Formula | None:
    layer = net.layer(q)
    return None if layer.b is None else net.sized(layer.W @ layer.before) + layer.b.T


FORWARD = [
    Mistake(
        name="bias-left-out",
        says="the bias is left out in the forward pass",
        rewriting=formulas("Z", lambda net, q, own: net.layer(q).W @ net.layer(q).before),
    ),
    Mistake(
        name="activation-left-out",
        says="the activation is left out: Z is passed on for A",
        rewriting=_activation_left_out,
    ),
    Mistake(
        name="another-activation",
        says="another activation is used: {other}",
        far_fetched=True,
        rewriting=_another_activation,
    ),
    Mistake(
        name="layer-input-passed-on",
        says="a layer passes on what came in, not its own activation",
        rewriting=formulas("Z", _input_passed_on),
    ),
    Mistake(
        name="forward-transposed",
        says="W is transposed in the forward pass",
        rewriting=formulas("Z", lambda net, q, own: put(own, **{f"W{q.layer}": net.layer(q).W.T})),
    ),
    Mistake(
        name="softmax-across-batch",
        says="the softmax runs across the examples of the batch, not over the nodes of each",
        rewriting=formulas("A", _across_batch),
    ),
    Mistake(
        name="bias-broadcast",
        says="the bias is added along the wrong axis, to each example rather than to each node",
        rewriting=formulas("Z", _broadcast_bias),
    ),
]


# Loss


def _only(condition: Callable[[Formula], bool], change: Change, where: str) -> Rewriting:
    """`loss_as` where the loss has a node of that kind."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        y, a = plan.listing.data[1], plan.listing.layers[-1].A
        if any(map(condition, nodes(example_loss(plan.config)(y, a, Sum)))):
            yield from loss_as(change, where)(plan)

    return rewriting


def _square(node: Formula) -> bool:
    return isinstance(node, Power)


def _logarithm(node: Formula) -> bool:
    return isinstance(node, Apply) and node.function is LN


def _halved(node: Formula) -> bool:
    return isinstance(node, Number) and node.value == 0.5


def _scaled(factor: Callable[[Net], float]) -> Change:
    """The loss times a factor that the network decides."""

    def change(own: ExampleLoss, net: Net) -> ExampleLoss:
        return lambda y, a, total: times(Number(factor(net)), own(y, a, total))

    return change


def _shared_out(own: ExampleLoss, net: Net) -> ExampleLoss:
    return lambda y, a, total: over(own(y, a, total), Number(net.last.nodes))


def _unsquared(absolute: bool) -> Change:
    def rule(node: Formula) -> Formula | None:
        if not isinstance(node, Power):
            return None
        return ABS(node.left) if absolute else node.left

    return lambda own, net: lambda y, a, total: rewritten(own(y, a, total), rule)


def _instead(formula: Callable[..., Formula]) -> Change:
    return lambda own, net: formula


def _another_loss(plan: Plan) -> Iterator[Variant]:
    """A row of the table that is not this one times a factor."""
    net = Net(plan)
    squares = [_is_square(name) for name in LOSSES]
    own = plan.config.chosen_loss.name
    for (name, row), square in zip(LOSSES.items(), squares, strict=True):
        fits = not row.outputs or net.last.activation.name in row.outputs
        in_range = row.targets is None or bool(
            ((plan.config.y >= row.targets[0]) & (plan.config.y <= row.targets[1])).all()
        )
        if name == own or (square and _is_square(own)) or not fits or not in_range:
            continue

        def formula(y: Formula, a: Formula, total: Callable[[Formula], Formula], row=row) -> Formula:  # type: ignore[no-untyped-def]  # noqa: ANN001
            made: Formula = (row.computed or row.formula)(y, a, total, **row.defaults)
            return made

        for where, part in (("both", ""), ("loss", ", in the loss alone"), ("gradient", ", in the gradient alone")):
            for made in loss_as(_instead(formula), where)(plan):
                yield replace(made, words={"other": name + part})


def _is_square(name: str) -> bool:
    y, a = Quantity("y", None, (1, 1)), Quantity("A", 1, (1, 1))
    made = list(nodes(LOSSES[name].formula(y, a, Sum, **LOSSES[name].defaults)))
    return any(map(_square, made)) and not any(isinstance(node, Where) for node in made)


def _reduced(kind: str) -> Callable[[Config], Config | None]:
    def other(config: Config) -> Config | None:
        return replace(config, reduction=kind) if config.batch_size > 1 else None

    return other


def _broadcast(where: str) -> Rewriting:
    """(m,) against (m, 1): every target with every output."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        net, m = Net(plan), M
        if net.last.nodes > 1 or plan.config.batch_size == 1:
            return
        pairs = Sum(example_loss(plan.config)(net.y.T, net.last.A, lambda x: x)) / m
        total = pairs / m if plan.config.reduction == "mean" else pairs
        loss = net.forward[-1]
        whole = total + Quantity("penalty") if plan.config.l2 else total
        forward = (*net.forward[:-1], replace(loss, formula=whole))
        lines = {loss.target.name: whole} if where != "gradient" else {}
        yield from variants(plan, lines | begun(net, forward), alone=False)

    return rewriting


LOSS = [
    Mistake(
        name="half-in-the-loss",
        says="the loss has its ½, so that its derivative has no 2",
        kind=Kind.CONVENTION,
        rewriting=_only(_square, _scaled(lambda net: 0.5), "both"),
    ),
    Mistake(
        name="half-left-out-of-the-loss",
        says="the loss is without its ½, so that its derivative has a 2",
        kind=Kind.CONVENTION,
        rewriting=_only(_halved, _scaled(lambda net: 2.0), "both"),
    ),
    Mistake(
        name="loss-with-half",
        says="the loss has a ½ that belongs to another definition",
        rewriting=_only(_square, _scaled(lambda net: 0.5), "loss"),
    ),
    Mistake(
        name="loss-without-half",
        says="the ½ of the loss is forgotten",
        rewriting=_only(_halved, _scaled(lambda net: 2.0), "loss"),
    ),
    Mistake(
        name="loss-without-square",
        says="the loss is without its square",
        rewriting=_each(*(_only(_square, _unsquared(absolute), "loss") for absolute in (False, True))),
    ),
    Mistake(
        name="loss-without-minus",
        says="the minus of the cross entropy is forgotten",
        rewriting=_only(_logarithm, _scaled(lambda net: -1.0), "loss"),
    ),
    Mistake(
        name="log-base-2",
        says="the logarithm is to base 2, not the natural one",
        rewriting=_only(_logarithm, _scaled(lambda net: 1 / log(2)), "loss"),
    ),
    Mistake(
        name="log-base-10",
        says="the logarithm is to base 10, not the natural one",
        rewriting=_only(_logarithm, _scaled(lambda net: 1 / log(10)), "loss"),
    ),
    Mistake(
        name="y-and-prediction-exchanged",
        says="the target y and the output ŷ are exchanged in the cross entropy",
        rewriting=_only(_logarithm, lambda own, net: lambda y, a, total: own(a, y, total), "loss"),
    ),
    Mistake(
        name="loss-broadcast",
        says="every target is compared with every output: a row of m is broadcast against a column",
        rewriting=_each(_broadcast("both"), _broadcast("gradient")),
    ),
    Mistake(
        name="softmax-twice",
        says="the softmax is applied twice: the loss applies it to what is one already",
        rewriting=_only(_logarithm, lambda own, net: lambda y, a, total: own(y, SOFTMAX(a), total), "loss"),
    ),
    Mistake(
        name="mean-over-outputs",
        says="the mean over the outputs is taken where the loss adds them up",
        rewriting=loss_as(_shared_out, "both"),
    ),
    Mistake(
        name="mean-over-outputs-in-loss",
        says="the loss is the mean over the outputs, its gradient that of their sum",
        rewriting=loss_as(_shared_out, "loss"),
    ),
    Mistake(
        name="sum-over-outputs",
        says="the outputs are added up where the loss takes their mean",
        rewriting=_each(*(loss_as(_scaled(lambda net: net.last.nodes), where) for where in ("both", "loss"))),
    ),
    *(
        Mistake(
            name=f"{kind}-over-batch{part}",
            says=f"{says} over the examples of the batch {but}{where}",
            rewriting=of_config(_reduced(kind), *phases),
        )
        for kind, says, but in (
            ("sum", "the sum", "is taken where the loss is their mean"),
            ("mean", "the mean", "is taken where the loss is their sum"),
        )
        for part, where, phases in (
            ("", "", (Phase.LOSS, Phase.BACKWARD)),
            ("-in-gradient", ", in the gradients alone", (Phase.BACKWARD,)),
            ("-in-loss", ", in the loss alone", (Phase.LOSS,)),
        )
    ),
    Mistake(name="another-loss", says="another loss is used: {other}", rewriting=_another_loss, far_fetched=True),
]


# The penalty


def _penalty(change: Callable[[Net, Formula], Formula]) -> Rewriting:
    """Another penalty, and the gradients derived from it."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        if "penalty" not in plan.lines:
            return
        net = Net(plan)
        forward = [replace(e, formula=change(net, e.formula)) if e.target.name == "penalty" else e for e in net.forward]
        derived = net.derived(forward)
        kinds = ("dW", "db")
        lines = {name: f for name, f in derived.items() if plan.quantities[name].kind in kinds}
        penalty = next(e.formula for e in forward if e.target.name == "penalty")
        yield from variants(plan, {"penalty": penalty, **lines}, alone=False)
        yield from variants(plan, lines, alone=False)

    return rewriting


def _with_biases(net: Net, own: Formula) -> Formula:
    return own + 0.5 * L2 * _sum_of(Sum(layer.b**2) for layer in net.layers if layer.b is not None)


def _sum_of(terms: Iterator[Formula]) -> Formula:
    total = next(terms)
    for term in terms:
        total += term
    return total


def _no_penalty(net: Net, q: Quantity, own: Formula) -> Formula | None:
    return own.left if isinstance(own, Add) else None


PENALTY = [
    Mistake(
        name="penalty-without-half",
        says="the penalty is without its ½: its gradient is 2·l2·W",
        rewriting=_penalty(lambda net, own: without(own, 0.5) or own * 2),
    ),
    Mistake(
        name="penalty-over-m",
        says="the penalty is divided by the number of examples",
        rewriting=_penalty(lambda net, own: over(own, M)),
    ),
    Mistake(
        name="penalty-of-biases",
        says="the biases are penalised too",
        rewriting=lambda plan: _penalty(_with_biases)(plan) if "b1" in plan.quantities else iter(()),
    ),
    Mistake(
        name="penalty-in-loss-only",
        says="the penalty is in the loss but not in the gradient",
        rewriting=formulas("dW", lambda net, q, own: _no_penalty(net, q, own) if net.config.l2 else None),
    ),
    Mistake(
        name="penalty-in-gradient-only",
        says="the penalty is in the gradient but not in the loss",
        rewriting=lambda plan: chain(
            variants(plan, {"penalty": Number(0), **ruled(plan, ["loss"], _no_penalty)} if plan.config.l2 else {}),
        ),
    ),
]


# Backward


def _other_sign(net: Net, q: Quantity, own: Formula) -> Formula:
    turned = rewritten(own, lambda node: reversed_error(node, net))
    return negative(own) if turned is own else turned


def _no_two(net: Net, q: Quantity, own: Formula) -> Formula | None:
    other = rewritten(own, lambda node: without(node, 2))
    return None if other is own else other


def _gradient_of_output(plan: Plan) -> Iterator[Variant]:
    """As a numeric check gives it that moves a weight and looks at ŷ."""
    net = Net(plan)
    dA, dZ = (q.variant(prefix="d") for q in (net.last.A, net.last.Z))
    lines: dict[str, Formula] = {dA.name: whole(Number(1), net.last.A)}
    if dA.name not in plan.listing.by_name:
        lines[dZ.name] = net.through(net.last, dA)
    yield from variants(plan, lines, alone=False)


def _two_more(net: Net, q: Quantity, own: Formula) -> Formula | None:
    return None if _no_two(net, q, own) is not None else times(Number(2), own)


def _other_delta(plan: Plan) -> Iterator[Variant]:
    """δ = −∂loss/∂Z, and an update that adds."""
    net = Net(plan)
    lines = ruled(plan, ["dA", "dZ"], lambda net, q, own: negative(own) if uses(own, net.y) else None)
    if plan.config.l2:  # the penalty does not come by way of δ
        lines |= ruled(plan, ["dW"], lambda net, q, own: own.left - own.right if isinstance(own, Add) else None)
    for q, gradient in net.trained:
        lines |= {name: rewritten(f, _added) for name, f in net.updated(q, negative(gradient)).items()}
    yield from variants(plan, lines, alone=False)


def _added(node: Formula) -> Formula | None:
    """w + αg for w − α·(−g)."""
    step = node.right if isinstance(node, Subtract) else None
    if isinstance(step, Multiply) and isinstance(step.right, Negative):
        return node.operands[0] + step.left * step.right.operand
    return None


def _divided(formula: Formula) -> Formula:
    """1/m at the sum over the examples."""
    return rewritten(
        formula,
        lambda node: (
            over(node, M)
            if isinstance(node, MatrixProduct | Sum) or (isinstance(node, Quantity) and node.base == "Z")
            else None
        ),
    )


def _m_in_dw(plan: Plan) -> Iterator[Variant]:
    if plan.config.batch_size == 1 or plan.config.reduction == "sum":
        return
    for summed in of_config(_reduced("sum"), Phase.BACKWARD)(plan):
        lines = ruled(summed.plan, ["dW", "db"], lambda net, q, own: _divided(own))
        yield from variants(summed.plan, lines, alone=False)


def _left_out(net: Net, q: Quantity, own: Formula) -> Formula | None:
    return net.layer(q).A.variant(prefix="d")


def _derivative(net: Net, q: Quantity) -> Formula:
    """dZ by way of dA, also for a pair of output and loss."""
    layer = net.layer(q)
    return net.through(layer, layer.A.variant(prefix="d"))


def _kept(net: Net, q: Quantity, own: Formula) -> Formula | None:
    dA = net.last.A.variant(prefix="d")
    fused = net.is_last(q) and uses(own, net.y) and dA.name not in net.plan.listing.by_name
    return net.through(net.last, own) if fused else None


def _of_output(net: Net, q: Quantity, own: Formula) -> Formula:
    layer = net.layer(q)
    f = ACTIVATIONS[layer.activation.name].formula(layer.A, **layer.activation.parameters)
    return put(_derivative(net, q), **{layer.Z.name: layer.A, layer.A.name: f})


def _at_z(net: Net, q: Quantity, own: Formula) -> Formula:
    layer = net.layer(q)
    return put(_derivative(net, q), **{layer.A.name: layer.Z})


def _of_error(sign: int) -> Callable[[Net, Quantity, Formula], Formula | None]:
    def rule(net: Net, q: Quantity, own: Formula) -> Formula | None:
        e = net.last.A - net.y if sign > 0 else net.y - net.last.A
        return put(_derivative(net, q), **{net.last.A.name: e}) if net.is_last(q) else None

    return rule


def _another_derivative(plan: Plan) -> Iterator[Variant]:
    for name in ACTIVATIONS:

        def rule(net: Net, q: Quantity, own: Formula, name: str = name) -> Formula | None:
            softmax = net.layer(q).activation.name == "softmax" and name == "sigmoid"
            if softmax or name == "identity":
                return None  # mistakes of their own
            return _derivative_of(net, q, own, name)

        for made in formulas("dZ", rule)(plan):
            yield replace(made, words={"other": name})


def _without_one(net: Net, q: Quantity, own: Formula) -> Formula | None:
    def rule(node: Formula) -> Formula | None:
        if isinstance(node, Multiply) and isinstance(node.right, Subtract) and isinstance(node.right.left, Number):
            return node.left
        return None

    return rewritten(_derivative(net, q), rule)


def _softmax(change: Callable[[Net, Quantity], Formula]) -> Rewriting:
    """At the output, by way of its dA."""

    def rule(net: Net, q: Quantity, own: Formula) -> Formula | None:
        return change(net, q) if net.layer(q).activation.name == "softmax" else None

    return formulas("dZ", rule)


def _sent_back(change: Callable[[Net, Quantity, Formula], Formula]) -> Rewriting:
    """Another formula for what a layer sends back to the one before it; the input has no use for it."""
    return formulas("dA", lambda net, q, own: None if net.is_last(q) or not q.layer else change(net, q, own))


def _not_transposed(node: Formula) -> Formula | None:
    return node.operand if isinstance(node, Transpose) else None


def _one_path(plan: Plan) -> Iterator[Variant]:
    net = Net(plan)
    for q in (layer.A for layer in net.layers[:-1]):
        after = net.after(q)
        for k in range(min(after.nodes, 8) if after.nodes > 1 else 0):
            path = Quantity("path", after.index, (after.nodes, 1))
            one = np.zeros((after.nodes, 1))
            one[k] = 1.0
            d, dZ = q.variant(prefix="d"), after.Z.variant(prefix="d")
            made = changed(plan, {d.name: (after.W * path).T @ dZ})
            if made is not None:
                theirs = f"{d.name} = {after.W.name}[{k + 1},·]ᵀ·{dZ.name}[{k + 1},·]"
                right = f"{d.name} = {after.W.name}ᵀ·{dZ.name}"
                yield Variant(replace(made, fixed={**plan.fixed, path.name: one}), {}, theirs, right)


def _other_dA(net: Net, q: Quantity, own: Formula) -> Formula | None:
    layer = net.layer(q)
    if net.is_last(q):
        return None
    dA, other = layer.A.variant(prefix="d"), net.after(q).A.variant(prefix="d")
    return put(own, **{dA.name: other})


def _product(net: Net, q: Quantity, own: Formula) -> Formula | None:
    layer = net.layer(q)
    derivative = net.through(layer, Number(1))
    return net.sized(layer.A.variant(prefix="d")) @ net.sized(derivative)


def _at_zero(net: Net, q: Quantity, own: Formula) -> Formula | None:
    def rule(node: Formula) -> Formula | None:
        return 1 - Less(node.left, node.right) if isinstance(node, Greater) else None

    return rewritten(own, rule)


def _mask_of_gradient(net: Net, q: Quantity, own: Formula) -> Formula | None:
    layer = net.layer(q)

    def rule(node: Formula) -> Formula | None:
        return put(node, **{layer.Z.name: layer.A.variant(prefix="d")}) if isinstance(node, Greater) else None

    return rewritten(own, rule)


def _stale(plan: Plan) -> Iterator[Variant]:
    """A of the step before in the derivative."""
    net = Net(plan)
    for layers in (net.layers[:-1], *([layer] for layer in net.layers)):
        old = {layer.A.name: layer.A.variant(suffix="before") for layer in layers}
        lines = {f"d{layer.Z.name}": put(plan.lines[f"d{layer.Z.name}"], **old) for layer in layers}
        made = changed(plan, lines)
        if made is not None:
            known = {**plan.quantities, **{q.name: q for q in old.values()}}
            handed = {**plan.handed, **{q.name: name for name, q in old.items()}}
            yield Variant(replace(made, quantities=known, handed=handed))


def _dW_from(operand: Callable[[Net, Quantity], Quantity | None]) -> Rewriting:
    """dW with another second factor."""

    def rule(net: Net, q: Quantity, own: Formula) -> Formula | None:
        other = operand(net, q)
        return None if other is None else put(own, **{net.layer(q).before.name: other})

    return formulas("dW", rule)


BACKWARD = [
    Mistake(
        name="factor-2-forgotten",
        says="the factor 2 of the square is forgotten in its derivative",
        rewriting=of_output(_no_two),
    ),
    Mistake(
        name="factor-2-with-half",
        says="the derivative has a factor 2 that this loss does not give",
        rewriting=of_output(_two_more),
    ),
    Mistake(
        name="mean-over-outputs-in-gradient",
        says="the gradient is that of the mean over the outputs, the loss their sum",
        rewriting=loss_as(_shared_out, "gradient"),
    ),
    Mistake(
        name="delta-with-other-sign",
        says="δ is written with the other sign, and added in the update",
        kind=Kind.CONVENTION,
        rewriting=_other_delta,
    ),
    Mistake(
        name="gradient-of-output",
        says="the gradient is that of the output ŷ, not of the loss",
        rewriting=_gradient_of_output,
    ),
    Mistake(
        name="error-reversed",
        says="the error is reversed, y − ŷ for ŷ − y, so that the loss would grow",
        rewriting=of_output(_other_sign),
    ),
    Mistake(
        name="m-only-in-dW",
        says="1/m stands in dW and db rather than in dZ",
        kind=Kind.CONVENTION,
        rewriting=_m_in_dw,
    ),
    Mistake(
        name="m-divided-twice",
        says="the gradients are divided by m twice: dZ has its 1/m already",
        rewriting=formulas("dW db", lambda net, q, own: over(own, M)),
    ),
    Mistake(
        name="m-divided-in-every-layer",
        says="every layer divides by m again",
        rewriting=formulas("dZ", lambda net, q, own: None if net.is_last(q) else over(own, M)),
    ),
    Mistake(
        name="cross-entropy-term-sign",
        says="a sign inside the derivative of the cross entropy is wrong: −(y/ŷ + (1 − y)/(1 − ŷ))",
        rewriting=_only(
            _logarithm,
            _instead(lambda y, a, total: -total(y * LN(a) - (1 - y) * LN(1 - a))),
            "gradient",
        ),
    ),
    Mistake(
        name="derivative-left-out-at-output",
        says="the derivative of the activation is left out at the output",
        rewriting=formulas("dZ", lambda net, q, own: _left_out(net, q, own) if net.is_last(q) else None),
    ),
    Mistake(
        name="derivative-left-out",
        says="the derivative of the activation is left out in a hidden layer",
        rewriting=formulas("dZ", lambda net, q, own: None if net.is_last(q) else _left_out(net, q, own)),
    ),
    Mistake(
        name="derivative-kept",
        says="the derivative of the activation is multiplied in once more: with this loss it has cancelled",
        rewriting=formulas("dZ", _kept),
    ),
    Mistake(
        name="derivative-of-output",
        says="the derivative of the activation is taken at A, not at Z",
        rewriting=formulas("dZ", _of_output),
    ),
    Mistake(
        name="derivative-at-z",
        says="the derivative that is written in A is computed with Z",
        rewriting=formulas("dZ", _at_z),
    ),
    Mistake(
        name="derivative-of-error",
        says="the derivative of the activation is taken of the error, not of the output",
        rewriting=_each(formulas("dZ", _of_error(1)), formulas("dZ", _of_error(-1))),
    ),
    Mistake(
        name="derivative-without-one",
        says="of the derivative A ⊙ (1 − A) the second factor is missing",
        rewriting=formulas("dZ", _without_one),
    ),
    Mistake(
        name="another-derivative",
        says="the derivative is that of another activation: {other}",
        far_fetched=True,
        rewriting=_another_derivative,
    ),
    Mistake(
        name="softmax-diagonal",
        says="of the softmax's derivative only the diagonal is used: each output depends on every Z",
        rewriting=_softmax(lambda net, q: net.through(net.layer(q), net.layer(q).A.variant(prefix="d"), "sigmoid")),
    ),
    Mistake(
        name="softmax-from-z",
        says="the softmax's derivative is computed from Z, not from A",
        rewriting=_softmax(
            lambda net, q: put(_derivative(net, q), **{net.layer(q).A.name: net.layer(q).Z}),
        ),
    ),
    Mistake(
        name="updated-weights",
        says="the backward pass uses the already updated W",
        rewriting=_sent_back(
            lambda net, q, own: put(own, **{net.after(q).W.name: net.after(q).W.variant(suffix="new")})
        ),
    ),
    Mistake(
        name="weights-not-transposed",
        says="W is not transposed on the way back",
        rewriting=_sent_back(lambda net, q, own: rewritten(own, _not_transposed)),
    ),
    Mistake(
        name="dW-for-W",
        says="the error is sent back through dW in place of W",
        rewriting=_sent_back(lambda net, q, own: put(own, **{net.after(q).W.name: net.after(q).W.variant(prefix="d")})),
    ),
    Mistake(
        name="dA-sent-back",
        says="dA is sent back in place of dZ: the derivative of the layer above is left out there",
        rewriting=_sent_back(
            lambda net, q, own: put(
                own, **{net.after(q).Z.variant(prefix="d").name: net.after(q).A.variant(prefix="d")}
            )
        ),
    ),
    Mistake(
        name="output-sent-back",
        says="the next layer's output is sent back, not its error",
        rewriting=_sent_back(lambda net, q, own: put(own, **{net.after(q).Z.variant(prefix="d").name: net.after(q).A})),
    ),
    Mistake(
        name="one-path-only",
        says="only the path through one node of the next layer is counted: the paths add up",
        rewriting=_one_path,
    ),
    Mistake(
        name="another-layers-dA",
        says="the dA of another layer is used",
        rewriting=formulas("dZ", _other_dA),
    ),
    Mistake(
        name="product-for-elementwise",
        says="a matrix product stands where entries are multiplied one by one",
        rewriting=formulas("dZ", _product),
    ),
    Mistake(
        name="times-z",
        says="the derivative is multiplied by Z: f′(Z) is a function of Z, not a product",
        rewriting=formulas("dZ", lambda net, q, own: times(own, net.layer(q).Z)),
    ),
    Mistake(
        name="relu-at-zero",
        says="the derivative at 0 is taken to be that of the right branch: ≥ for >",
        rewriting=formulas("dZ", _at_zero),
    ),
    Mistake(
        name="mask-from-gradient",
        says="the mask is made of dA, not of Z",
        rewriting=formulas("dZ", _mask_of_gradient),
    ),
    Mistake(
        name="stale-activation",
        says="the derivative uses the A of the step before",
        rewriting=_stale,
    ),
    Mistake(
        name="dW-from-z",
        says="dW is made with Z of the layer before, not with its A",
        rewriting=_dW_from(lambda net, q: net.layers[net.layer(q).index - 2].Z if net.layer(q).index > 1 else None),
    ),
    Mistake(
        name="dW-from-own-output",
        says="dW is made with the layer's own A, not with that of the layer before",
        rewriting=_dW_from(lambda net, q: net.layer(q).A),
    ),
    Mistake(
        name="dW-transposed",
        says="dW is transposed",
        kind=Kind.CONVENTION,
        rewriting=formulas("dW", lambda net, q, own: own.T),
    ),
    Mistake(
        name="db-averaged",
        says="db is averaged over the examples: dZ has its 1/m already",
        rewriting=formulas("db", lambda net, q, own: over(own, M)),
    ),
]


# Update


def _updates(plan: Plan, lines: Mapping[str, Formula], kept: Mapping[str, Quantity]) -> Plan | None:
    """`plan` with updates that may keep more than the list does."""
    made = changed(plan, lines)
    if made is None:
        return None
    handed = {q.before.name: name for name, q in kept.items()}
    known = {**plan.quantities, **kept, **{q.before.name: q.before for q in kept.values()}}
    return replace(made, handed={**plan.handed, **handed}, quantities=known)


def _fixed_updated(plan: Plan) -> Iterator[Variant]:
    net = Net(plan)
    if plan.config.architecture.biases != "fixed":
        return
    row = OPTIMIZERS[plan.config.chosen_optimizer.name]
    lines: dict[str, Formula] = {}
    kept: dict[str, Quantity] = {}
    for b in (layer.b for layer in net.layers if layer.b is not None):
        lines |= net.updated(b, b.variant(prefix="d"))
        for letter in row.kept:
            for suffix in ("new", "hat"):
                q = b.variant(prefix=letter, suffix=suffix)
                if q.name in lines and suffix == "new":
                    kept[q.name] = q
    made = _updates(plan, lines, kept)
    if made is not None:
        yield Variant(made)


def _shared_bias(plan: Plan) -> Iterator[Variant]:
    net = Net(plan)
    lines: dict[str, Formula] = {}
    for q, gradient in net.trained:
        if q.base == "b" and q.rows > 1:
            lines |= net.updated(q, whole(Sum(gradient, "rows"), q))
    yield from variants(plan, lines, alone=False)


def _running_sums(plan: Plan) -> Iterator[Variant]:
    """dW of all steps so far."""
    net = Net(plan)
    before = {f"d{q.name}": Quantity(q.base, q.layer, q.of, "d", "before") for q, _ in net.trained}
    lines = {name: q + plan.lines[name] for name, q in before.items()}
    made = changed(plan, lines)
    if made is not None:
        known = {**plan.quantities, **{q.name: q for q in before.values()}}
        handed = {**plan.handed, **{q.name: name for name, q in before.items()}}
        yield Variant(replace(made, quantities=known, handed=handed))


def _upwards(net: Net, q: Quantity, own: Formula) -> Formula | None:
    return own.left + own.right if isinstance(own, Subtract) else None


def _no_alpha(node: Formula) -> Formula | None:
    return node.right if isinstance(node, Multiply) and node.left == ALPHA else None


def _velocity(change: Callable[[Formula, Formula], Formula]) -> Rewriting:
    """Another formula for the velocity, given what is left of the old one and the gradient."""
    return formulas(
        "vW_new vb_new",
        lambda net, q, own: change(own.left, own.right) if isinstance(own, Add) else None,
        alone=False,
    )


def _alpha_inside(plan: Plan) -> Iterator[Variant]:
    """The velocity has its alpha: v ← βv + αg, w ← w − v."""
    net = Net(plan)
    lines: dict[str, Formula] = {}
    for q, gradient in net.trained:
        velocity = q.variant(prefix="v", suffix="new").name
        if velocity not in plan.lines:
            return
        own = net.updated(q, ALPHA * gradient)
        lines |= {name: rewritten(f, _no_outer_alpha) for name, f in own.items()}
    yield from variants(plan, lines, alone=False)


def _no_outer_alpha(node: Formula) -> Formula | None:
    """w − α(…) without its alpha; the alphas inside stay."""
    inner = _no_alpha(node.right) if isinstance(node, Subtract) else None
    return None if inner is None else node.operands[0] - inner


def _another_optimizer(plan: Plan) -> Iterator[Variant]:
    """A row that takes no other numbers and keeps nothing else."""
    net = Net(plan)
    own = plan.config.chosen_optimizer
    for name, row in OPTIMIZERS.items():
        if name == own.name or not row.settings.keys() <= own.parameters.keys():
            continue
        lines: dict[str, Formula] = {}
        for q, gradient in net.trained:
            lines |= net.updated(q, gradient, name)
        if lines.keys() <= plan.lines.keys():
            yield from variants(plan, lines, alone=False, other=name)


def _decay_through_gradient(plan: Plan) -> Iterator[Variant]:
    if plan.config.chosen_optimizer.name != "adamw":
        return
    net = Net(plan)
    lines: dict[str, Formula] = {}
    for q, gradient in net.trained:
        lines |= net.updated(q, gradient + Quantity("weight_decay") * q, "adam")
    yield from variants(plan, lines, alone=False)


def _in_root(node: Formula) -> Formula | None:
    root = node.left if isinstance(node, Add) else None
    return SQRT(root.operand + node.operands[1]) if isinstance(root, Apply) and root.function is SQRT else None


def _uncorrected(*letters: str) -> Rewriting:
    """What is kept, without the correction for its start at 0."""
    kinds = " ".join(f"{letter}{base}_hat" for letter in letters for base in "Wb")
    return formulas(kinds, lambda net, q, own: own.left if isinstance(own, Divide) else None, alone=False)


def _before_correction(plan: Plan) -> Iterator[Variant]:
    """α √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√s + ε), the shorter form of the paper's section 2."""
    net = Net(plan)
    lines: dict[str, Formula] = {}
    for q, _ in net.trained:
        s, s_hat = (q.variant(prefix="s", suffix=suffix) for suffix in ("new", "hat"))
        if s_hat.name not in plan.lines:
            return

        def rule(node: Formula, s: Quantity = s, s_hat: Quantity = s_hat) -> Formula | None:
            if isinstance(node, Add) and isinstance(node.left, Apply) and node.left.operand == s_hat:
                return (SQRT(s) + node.right) / SQRT(1 - Quantity("beta2") ** T)
            return None

        new = q.variant(suffix="new").name
        lines[new] = rewritten(plan.lines[new], rule)
    yield from variants(plan, lines, alone=False)


def _not_squared(absolute: bool) -> Rewriting:
    def rule(node: Formula) -> Formula | None:
        if isinstance(node, Power) and isinstance(node.right, Number) and node.right.value == 2:
            return ABS(node.left) if absolute else node.left
        return None

    return formulas("sW_new sb_new", lambda net, q, own: rewritten(own, rule), alone=False)


def _counting(count: Callable[[int], float], theirs: str) -> Rewriting:
    """Another count of updates, where a formula uses it."""

    def rewriting(plan: Plan) -> Iterator[Variant]:
        if any(uses(f, T) for f in plan.lines.values()):
            yield Variant(replace(plan, count=count), {}, theirs, "t = 1, 2, 3 …")

    return rewriting


def _rounded_weights(plan: Plan) -> Iterator[Variant]:
    for decimals in range(1, 7):
        for made in formulas(NEW, lambda net, q, own, n=decimals: rounding(n)(own), alone=False)(plan):  # type: ignore[misc]
            yield replace(made, words={"decimals": f"{decimals}"})


UPDATE = [
    Mistake(
        name="ascent",
        says="the update goes uphill: the gradient is added",
        rewriting=formulas(NEW, _upwards),
    ),
    Mistake(
        name="alpha-left-out",
        says="the learning rate is left out",
        rewriting=formulas(NEW, lambda net, q, own: rewritten(own, _no_alpha)),
    ),
    Mistake(
        name="alpha-twice",
        says="the learning rate is applied twice",
        rewriting=formulas(NEW, lambda net, q, own: put(own, alpha=ALPHA * ALPHA)),
    ),
    Mistake(
        name="bias-not-updated",
        says="the bias is not updated",
        rewriting=formulas("b_new", lambda net, q, own: q.before),
    ),
    Mistake(
        name="fixed-bias-updated",
        says="the bias is updated, and it is fixed here",
        rewriting=_fixed_updated,
    ),
    Mistake(
        name="bias-shared",
        says="one bias is shared by the nodes of a layer: each is updated by the sum of their gradients",
        kind=Kind.CONVENTION,
        rewriting=_shared_bias,
    ),
    Mistake(
        name="gradients-not-reset",
        says="the gradients are not reset: those of earlier steps are still in them",
        rewriting=_running_sums,
    ),
    Mistake(
        name="alpha-in-velocity",
        says="the learning rate is inside the velocity: v ← βv + αg, w ← w − v",
        kind=Kind.CONVENTION,
        rewriting=_alpha_inside,
    ),
    Mistake(
        name="velocity-averaged",
        says="the velocity is a running mean: the gradient comes in times 1 − β",
        rewriting=_velocity(lambda old, g: old + (1 - Quantity("beta")) * g),
    ),
    Mistake(
        name="velocity-before-update",
        says="the update uses the velocity from before",
        rewriting=formulas(
            NEW, lambda net, q, own: put(own, **{f"v{q.before.name}_new": q.before.variant(prefix="v")}), alone=False
        ),
    ),
    Mistake(
        name="another-optimizer",
        says="another optimizer is used: {other}",
        far_fetched=True,
        rewriting=_another_optimizer,
    ),
    Mistake(
        name="no-bias-correction",
        says="the moments are not corrected for their start at 0",
        rewriting=_uncorrected("m", "s"),
    ),
    Mistake(
        name="first-moment-uncorrected",
        says="only the second moment is corrected for its start at 0",
        rewriting=_uncorrected("m"),
    ),
    Mistake(
        name="second-moment-uncorrected",
        says="only the first moment is corrected for its start at 0",
        rewriting=_uncorrected("s"),
    ),
    Mistake(
        name="t-from-zero",
        says="the updates are counted from 0",
        rewriting=_counting(lambda number: number or np.inf, "t = 0, 1, 2 …"),
    ),
    Mistake(
        name="t-one-behind",
        says="the count of updates is one behind from the second on",
        rewriting=_counting(lambda number: max(1, number), "t = 1, 1, 2 …"),
    ),
    Mistake(
        name="betas-swapped",
        says="beta1 and beta2 are exchanged",
        rewriting=formulas(
            "mW_new mb_new sW_new sb_new mW_hat mb_hat sW_hat sb_hat",
            lambda net, q, own: put(own, beta1=Quantity("beta2"), beta2=Quantity("beta1")),
            alone=False,
        ),
    ),
    Mistake(
        name="gradient-not-squared",
        says="the second moment is made of the gradient, not of its square",
        rewriting=_each(_not_squared(False), _not_squared(True)),
    ),
    Mistake(
        name="epsilon-in-root",
        says="epsilon is added inside the root",
        rewriting=formulas(NEW, lambda net, q, own: rewritten(own, _in_root), alone=False),
    ),
    Mistake(
        name="epsilon-before-correction",
        says="epsilon is added before the correction",
        rewriting=_before_correction,
    ),
    Mistake(
        name="root-left-out",
        says="the root of the second moment is left out",
        rewriting=formulas(
            NEW,
            lambda net, q, own: rewritten(
                own, lambda node: node.operand if isinstance(node, Apply) and node.function is SQRT else None
            ),
            alone=False,
        ),
    ),
    Mistake(
        name="decay-through-gradient",
        says="the weight decay goes through the gradient and its moments, as l2 does, not straight to the weights",
        rewriting=_decay_through_gradient,
    ),
    Mistake(
        name="weights-rounded",
        says="the weights are rounded between steps, to {decimals} decimals",
        rewriting=_rounded_weights,
    ),
]


# Schedule


def _reset(plan: Plan) -> Iterator[Variant]:
    parameters = {q.name for q in plan.listing.parameters}
    handed = {old: new for old, new in plan.handed.items() if old in parameters}
    if handed.keys() != plan.handed.keys():
        yield Variant(replace(plan, handed=handed), {}, "each step starts the optimizer at 0")


ORDERS = 4
"""Of up to so many examples every order is tried."""


def _reordered(plan: Plan) -> Iterator[Variant]:
    config = plan.config
    count = config.examples
    if config.batches == 1 and config.reduction == "mean" and config.shuffle is None and count < 2:
        return
    own = tuple(range(count))
    orders = list(permutations(own)) if count <= ORDERS else [own[::-1], (*own[1:], 0), (count - 1, *own[:-1])]
    for order in orders:
        if order != own:
            numbers = list(order)
            other = replace(config, x=config.x[numbers], y=config.y[numbers])
            said = ", ".join(str(number + 1) for number in order[:10]) + (" …" if count > 10 else "")
            yield Variant(replace(plan, config=other), {}, f"examples in the order {said}", "the order of the config")
    if config.shuffle is not None:
        yield Variant(
            replace(plan, config=replace(config, shuffle=None)), {}, "examples as they stand", "examples shuffled"
        )


def _cut_elsewhere(plan: Plan) -> Iterator[Variant]:
    config = plan.config
    own = config.batch_size
    for size in dict.fromkeys((config.examples, 1, own + 1, own - 1, own * 2, own // 2)):
        if 1 <= size <= config.examples and size != own:
            made = plan_of(replace(config, batch=size))
            yield Variant(made, {}, f"batch: {size}", f"batch: {own}")


def _behind(shift: int) -> Rewriting:
    return lambda plan: iter([Variant(replace(plan, shift=shift))])


SCHEDULE = [
    Mistake(
        name="examples-reordered",
        says="the examples come in another order",
        rewriting=_reordered,
    ),
    Mistake(
        name="batches-cut-elsewhere",
        says="the batches are cut elsewhere",
        rewriting=_cut_elsewhere,
    ),
    Mistake(
        name="state-reset",
        says="what the optimizer keeps is reset at each step",
        rewriting=_reset,
    ),
    Mistake(
        name="off-by-one-step",
        says="it is one step too many: these are the numbers of the step after",
        rewriting=_behind(1),
    ),
    Mistake(
        name="one-step-late",
        says="it is one step too few: these are the numbers of the step before",
        rewriting=_behind(-1),
    ),
]

MISTAKES: Mapping[str, Mistake] = {row.name: row for row in (*SCHEDULE, *FORWARD, *LOSS, *PENALTY, *BACKWARD, *UPDATE)}
