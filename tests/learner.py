"""A learner's network, from scratch in numpy, with the mistakes that learners make built in by hand.

It shares nothing with nntrace but the config and the initial weights, so its numbers are somebody
else's. Columns are examples, every dQ is ∂loss/∂Q: the convention of the trace. What each mistake is
stands in `mistaken.MISTAKES`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from scipy.special import erf, xlogy

from nntrace import Config
from nntrace.running import initial_parameters

Array: TypeAlias = Any
"""A matrix of numpy, float32 where that is the mistake, else float64."""

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al., 2017, appendix
FUSED = {("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")}
SWAPPED = {"sigmoid": "tanh", "tanh": "sigmoid", "relu": "tanh"}
"""The activation that is taken for another one."""


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def softmax(z: Array, axis: int = 0) -> Array:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def normal_distribution(z: Array) -> Array:
    return 0.5 * (1 + erf(z / math.sqrt(2)))


def activation(name: str, z: Array, slope: float = 0.01, alpha: float = 1.0) -> Array:
    match name:
        case "identity":
            return z
        case "sigmoid":
            return sigmoid(z)
        case "tanh":
            return np.tanh(z)
        case "relu":
            return np.where(z > 0, z, 0.0)
        case "leaky_relu":
            return np.where(z > 0, z, slope * z)
        case "elu":
            return np.where(z > 0, z, alpha * (np.exp(z) - 1))
        case "selu":
            return SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * (np.exp(z) - 1))
        case "softplus":
            return np.log(1 + np.exp(z))
        case "silu":
            return z * sigmoid(z)
        case "gelu":
            return z * normal_distribution(z)
        case "softmax":
            return softmax(z)
    raise ValueError(name)


def derivative(name: str, z: Array, slope: float = 0.01, alpha: float = 1.0) -> Array:
    """f′(z), entry by entry; a softmax has none."""
    match name:
        case "identity":
            return np.ones_like(z)
        case "sigmoid":
            return sigmoid(z) * (1 - sigmoid(z))
        case "tanh":
            return 1 - np.tanh(z) ** 2
        case "relu":
            return np.where(z > 0, 1.0, 0.0)
        case "leaky_relu":
            return np.where(z > 0, 1.0, slope)
        case "elu":
            return np.where(z > 0, 1.0, alpha * np.exp(z))
        case "selu":
            return SELU_SCALE * np.where(z > 0, 1.0, SELU_ALPHA * np.exp(z))
        case "softplus":
            return sigmoid(z)
        case "silu":
            return sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z))
        case "gelu":
            return normal_distribution(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    raise ValueError(name)


def example_losses(name: str, y: Array, a: Array, delta: float = 1.0) -> Array:
    """One loss for each example (1 × m)."""
    e = y - a
    match name:
        case "squared_error":
            each = e**2
        case "half_squared_error":
            each = e**2 / 2
        case "mean_squared_error":
            each = e**2 / len(y)
        case "absolute_error":
            each = np.abs(e)
        case "huber":
            each = np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))
        case "binary_cross_entropy":
            each = -(xlogy(y, a) + xlogy(1 - y, 1 - a))
        case "cross_entropy":
            each = -xlogy(y, a)
        case _:
            raise ValueError(name)
    return each.sum(axis=0, keepdims=True)


def loss_gradient(name: str, y: Array, a: Array, delta: float = 1.0) -> Array:
    """∂(loss of an example)/∂ŷ (n × m)."""
    match name:
        case "squared_error":
            return 2 * (a - y)
        case "half_squared_error":
            return a - y
        case "mean_squared_error":
            return 2 * (a - y) / len(y)
        case "absolute_error":
            return np.sign(a - y)
        case "huber":
            return np.clip(a - y, -delta, delta)
        case "binary_cross_entropy":
            return -(y / a - (1 - y) / (1 - a))
        case "cross_entropy":
            return -(y / a)
    raise ValueError(name)


def rounded(x: Array, decimals: int) -> Array:
    """Half away from zero, as by hand."""
    return np.sign(x) * np.floor(np.abs(x) * 10**decimals + 0.5) / 10**decimals


class Learner:
    """The training of `config` with mistakes: each by its name, with the layers in which it is made."""

    def __init__(self, config: Config, mistakes: Mapping[str, Collection[int]]) -> None:
        self.config = config
        self.mistakes = mistakes
        self.float: Any = np.float32 if "float32" in mistakes else np.float64
        layers = config.architecture.layers
        self.L = len(layers)
        self.functions = [("", {}), *((layer.chosen.name, layer.chosen.parameters) for layer in layers)]
        self.loss_name, self.loss_numbers = config.chosen_loss.name, config.chosen_loss.parameters
        self.fused = (self.functions[-1][0], self.loss_name) in FUSED
        self.biases = config.architecture.biases
        names = [name for name, _ in config.shapes]
        start = zip(names, initial_parameters(config), strict=True)
        self.parameters: dict[str, Array] = {name: np.array(value, dtype=self.float) for name, value in start}
        letters = {"momentum": "v", "nesterov": "v", "adagrad": "s", "rmsprop": "s", "adam": "ms", "adamw": "ms"}
        kept = letters.get(config.chosen_optimizer.name, "")
        self.state: dict[str, Array] = {
            letter + name: np.zeros_like(value)
            for name, value in self.parameters.items()
            if name[0] == "W" or self.biases != "fixed"
            for letter in kept
        }
        self.sums: dict[str, Array] = {}  # of gradients that are never reset
        self.activations_before: dict[int, Array] = {}

    def makes(self, mistake: str, layer: int | None = None) -> bool:
        """Whether he makes this mistake (in this layer)."""
        return mistake in self.mistakes and (layer is None or layer in self.mistakes[mistake])

    def figure(self, x: Any) -> Any:
        """A result as he writes it down and goes on with."""
        x = np.asarray(x)
        if self.makes("rounded-by-hand"):
            x = rounded(x, 4)
        return x.astype(self.float)

    # The training.

    def steps(self) -> Iterator[dict[str, Any]]:
        """Each update in order."""
        number = 0
        for iteration in range(1, self.config.iterations + 1):
            for batch, examples in enumerate(self.batches(iteration), start=1):
                number += 1
                x = np.array(self.config.x[examples].T, dtype=self.float)
                y = np.array(self.config.y[examples].T, dtype=self.float)
                values = self.step(x, y, self.config.alpha_in(iteration), number)
                numbers = [int(example) + 1 for example in examples]
                yield {"iteration": iteration, "batch": batch, "examples": numbers, "values": values}

    def batches(self, iteration: int) -> Iterator[Array]:
        """The examples (from 0) of each update."""
        count = self.config.examples
        order = np.arange(count)
        if self.config.shuffle is not None:
            order = np.random.default_rng([self.config.shuffle.seed, iteration]).permutation(count)
        if self.makes("examples-reordered"):
            order = order[::-1]
        size = self.config.batch_size
        if self.makes("batches-cut-elsewhere"):
            size = size + 1 if size < count else count - 1
        for first in range(0, count, size):
            yield order[first : first + size]

    def step(self, x: Array, y: Array, alpha: float, t: int) -> dict[str, Array]:
        """One update: every number of it, by its name and in its order."""
        if self.makes("state-reset"):
            self.state = {name: np.zeros_like(value) for name, value in self.state.items()}
        values = {"A0": x, "y": y, **self.parameters, **self.state}
        Z, A = self.forward(x)
        for layer in range(1, self.L + 1):
            values |= {f"Z{layer}": Z[layer], f"A{layer}": A[layer]}
        values |= self.loss(y, A[self.L])
        values |= self.backward(y, Z, A, alpha, t)
        self.activations_before = A
        for name in (*self.parameters, *self.state):
            kept = self.parameters if name in self.parameters else self.state
            kept[name] = values[f"{name}_new"]
        return values

    # Forward.

    def function(self, layer: int) -> tuple[str, Mapping[str, float]]:
        """The activation of a layer, and its parameters."""
        name, numbers = self.functions[layer]
        return (SWAPPED[name], {}) if self.makes("another-activation", layer) else (name, numbers)

    def forward(self, x: Array) -> tuple[dict[int, Array], dict[int, Array]]:
        Z, A = {}, {0: x}
        for layer in range(1, self.L + 1):
            W, b = self.parameters[f"W{layer}"], self.parameters.get(f"b{layer}", 0.0)
            before = A[layer - 2] if self.makes("layer-input-passed-on", layer) else A[layer - 1]
            z = W.T @ before if self.makes("forward-transposed", layer) else W @ before
            if self.makes("bias-broadcast", layer) and z.shape[0] == z.shape[1]:
                z = z + b.T
            elif not self.makes("bias-left-out", layer):
                z = z + b
            Z[layer] = self.figure(z)
            name, numbers = self.function(layer)
            if self.makes("activation-left-out", layer):
                a = Z[layer]
            elif self.makes("softmax-across-batch", layer):
                a = softmax(Z[layer], axis=1)
            else:
                a = activation(name, Z[layer], **numbers)
            A[layer] = self.figure(a)
        return Z, A

    # Loss.

    def means(self, what: str) -> bool:
        """Whether he divides the `loss` or the `gradient` by the number of examples."""
        if self.config.reduction == "mean":
            return not (self.makes("sum-over-batch") or self.makes(f"sum-over-batch-in-{what}"))
        return self.makes("mean-over-batch")

    def loss(self, y: Array, a: Array) -> dict[str, Array]:
        values = {}
        losses = self.figure(self.losses(y, a))
        if self.config.batch_size > 1:
            values["losses"] = losses
        loss = losses.sum() / y.shape[1] if self.means("loss") else losses.sum()
        if self.config.l2:
            values["penalty"] = self.figure(self.penalty(y.shape[1]))
            loss = loss + values["penalty"]
        values["loss"] = self.figure(loss)
        return values

    def losses(self, y: Array, a: Array) -> Array:
        if self.makes("softmax-twice"):
            a = softmax(a)
        if self.makes("y-and-prediction-exchanged"):
            y, a = a, y
        losses = example_losses(self.loss_name, y, a, **self.loss_numbers)
        if self.makes("loss-without-square"):
            factor = {"half_squared_error": 1 / 2, "mean_squared_error": 1 / len(y)}.get(self.loss_name, 1.0)
            losses = factor * (y - a).sum(axis=0, keepdims=True)
        if self.makes("loss-with-half"):
            losses = losses / 2
        if self.makes("loss-without-half"):
            losses = losses * 2
        if self.makes("log-base-2"):
            losses = losses / math.log(2)
        if self.makes("log-base-10"):
            losses = losses / math.log(10)
        if self.makes("loss-without-minus"):
            losses = -losses
        if self.makes("mean-over-outputs") or self.makes("mean-over-outputs-in-loss"):
            losses = losses / len(y)
        return losses

    def penalty(self, m: int) -> Any:
        penalised = "Wb" if self.makes("penalty-of-biases") else "W"
        squares = sum((value**2).sum() for name, value in self.parameters.items() if name[0] in penalised)
        penalty = self.config.l2 / 2 * squares
        if self.makes("penalty-without-half"):
            penalty = penalty * 2
        if self.makes("penalty-over-m"):
            penalty = penalty / m
        return 0.0 if self.makes("penalty-in-gradient-only") else penalty

    # Backward.

    def backward(self, y: Array, Z: dict[int, Array], A: dict[int, Array], alpha: float, t: int) -> dict[str, Array]:
        """The gradients from the last layer to the first, then the update from the first to the last."""
        values: dict[str, Array] = {}
        updates: dict[int, dict[str, Array]] = {}
        last = self.output_gradient(y, A[self.L])
        if last is not None:
            values[f"dA{self.L}"] = self.figure(last)
        for layer in range(self.L, 0, -1):
            if layer == self.L and last is None:
                dZ = self.fused_gradient(y, Z[layer], A[layer])
            else:
                dZ = self.through_activation(layer, values, Z[layer], A[layer], y)
            dZ = values[f"dZ{layer}"] = self.figure(dZ)
            gradients = self.parameter_gradients(layer, dZ, Z, A)
            values |= gradients
            updates[layer] = self.update(layer, gradients, dZ, alpha, t)
            if layer > 1:
                new = updates[layer][f"W{layer}_new"]
                values[f"dA{layer - 1}"] = self.figure(self.sent_back(layer, values, A[layer], new))
        for layer in range(1, self.L + 1):
            values |= updates[layer]
        return values

    def shared_out(self, gradient: Array, m: int) -> Array:
        """The gradient at the output, with its sign and its share of the mean."""
        if self.makes("error-reversed"):
            gradient = -gradient
        return gradient / m if self.means("gradient") and not self.makes("m-only-in-dW") else gradient

    def output_gradient(self, y: Array, a: Array) -> Array | None:
        """dA of the output layer; None where dZ follows at once."""
        if self.makes("cross-entropy-term-sign"):
            return self.shared_out(-(y / a + (1 - y) / (1 - a)), y.shape[1])
        if self.fused and not (self.makes("softmax-diagonal") or self.makes("softmax-from-z")):
            return None
        gradient = loss_gradient(self.loss_name, y, a, **self.loss_numbers)
        if self.makes("factor-2-forgotten"):
            gradient = gradient / 2
        if self.makes("factor-2-with-half"):
            gradient = gradient * 2
        if self.makes("mean-over-outputs"):
            gradient = gradient / len(y)
        return self.shared_out(gradient, y.shape[1])

    def fused_gradient(self, y: Array, z: Array, a: Array) -> Array:
        error = a - y
        if self.makes("derivative-kept"):
            error = error * derivative("sigmoid", z)
        return self.shared_out(error, y.shape[1])

    def through_activation(self, layer: int, values: Mapping[str, Array], z: Array, a: Array, y: Array) -> Array:
        """dZ from dA."""
        dA = values[f"dA{layer}"]
        name, _ = self.function(layer)
        if self.makes("another-layers-dA", layer):
            dA = values[f"dA{layer + 1}"]
        if self.makes("derivative-left-out", layer) or self.makes("derivative-left-out-at-output", layer):
            dZ = dA
        elif self.makes("softmax-diagonal", layer):
            dZ = dA * a * (1 - a)
        elif self.makes("softmax-from-z", layer):
            dZ = z * (dA - (dA * z).sum(axis=0, keepdims=True))
        elif name == "softmax":
            dZ = a * (dA - (dA * a).sum(axis=0, keepdims=True))
        elif self.makes("derivative-of-error", layer):
            dZ = dA * (a - y) * (1 - (a - y))
        elif self.makes("mask-from-gradient", layer):
            dZ = dA * (dA > 0)
        elif self.makes("product-for-elementwise", layer) and z.shape[0] == z.shape[1]:
            dZ = dA @ self.slope(layer, z, a)
        else:
            dZ = dA * self.slope(layer, z, a)
        return dZ / z.shape[1] if self.makes("m-divided-in-every-layer", layer) else dZ

    def slope(self, layer: int, z: Array, a: Array) -> Array:
        """f′(Z)"""
        name, numbers = self.function(layer)
        written_in_a = {"sigmoid": lambda v: v * (1 - v), "tanh": lambda v: 1 - v**2}
        if self.makes("stale-activation", layer):
            slope = written_in_a[name](self.activations_before.get(layer, np.zeros_like(a)))
        elif self.makes("another-derivative", layer):
            slope = written_in_a[SWAPPED[name]](a)
        elif self.makes("derivative-at-z", layer):
            slope = written_in_a[name](z)
        elif self.makes("derivative-without-one", layer):
            slope = a
        elif self.makes("derivative-of-output", layer):
            slope = derivative(name, a, **numbers)
        elif self.makes("relu-at-zero", layer):
            slope = np.where(z >= 0, 1.0, 0.0)
        else:
            slope = derivative(name, z, **numbers)
        return slope * z if self.makes("times-z", layer) else slope

    def sent_back(self, layer: int, values: Mapping[str, Array], a: Array, new: Array) -> Array:
        """dA of the layer before this one; a mistake in it is a mistake of that layer."""
        target = layer - 1
        W, dZ = self.parameters[f"W{layer}"], values[f"dZ{layer}"]
        if self.makes("updated-weights", target):
            return new.T @ dZ
        if self.makes("weights-not-transposed", target):
            return W @ dZ
        if self.makes("dW-for-W", target):
            return values[f"dW{layer}"].T @ dZ
        if self.makes("dA-sent-back", target):
            return W.T @ values[f"dA{layer}"]
        if self.makes("output-sent-back", target):
            return W.T @ a
        if self.makes("one-path-only", target):
            return W[:1].T @ dZ[:1]
        return W.T @ dZ

    def parameter_gradients(self, layer: int, dZ: Array, Z: dict[int, Array], A: dict[int, Array]) -> dict[str, Array]:
        """dW, and db where the biases are trained."""
        m = dZ.shape[1]
        W, b = self.parameters[f"W{layer}"], self.parameters.get(f"b{layer}")
        divided = self.makes("m-only-in-dW") and self.means("gradient")
        divided = divided or self.makes("m-divided-twice", layer)
        before = A[layer - 1]
        if self.makes("dW-from-z", layer):
            before = Z[layer - 1]
        if self.makes("dW-from-own-output", layer):
            before = A[layer]
        dW = dZ @ before.T
        if self.makes("dW-transposed", layer):
            dW = dW.T
        dW = dW / m if divided else dW
        if self.config.l2 and not self.makes("penalty-in-loss-only", layer):
            factor = 2.0 if self.makes("penalty-without-half") else 1.0
            dW = dW + self.config.l2 * factor / (m if self.makes("penalty-over-m") else 1) * W
        gradients = {f"dW{layer}": dW}
        if b is not None and self.biases != "fixed":
            axis = None if self.biases == "shared" else 1
            db = dZ if self.makes("db-not-summed", layer) else dZ.sum(axis=axis, keepdims=True)
            db = db / m if divided or self.makes("db-averaged", layer) else db
            gradients[f"db{layer}"] = db + self.config.l2 * b if self.makes("penalty-of-biases") else db
        if self.makes("gradients-not-reset"):
            gradients = {name: self.sums.get(name, 0.0) + gradient for name, gradient in gradients.items()}
            self.sums |= gradients
        return {name: self.figure(gradient) for name, gradient in gradients.items()}

    # Update.

    def update(self, layer: int, gradients: Mapping[str, Array], dZ: Array, alpha: float, t: int) -> dict[str, Array]:
        """W_new and b_new, before each of them what the optimizer keeps."""
        values = self.trained(f"W{layer}", layer, gradients[f"dW{layer}"], alpha, t)
        name = f"b{layer}"
        b = self.parameters.get(name)
        if b is None:
            return values
        if self.biases == "fixed":
            moved = b - alpha * dZ.sum(axis=1, keepdims=True)
            return {**values, f"{name}_new": self.figure(moved) if self.makes("fixed-bias-updated", layer) else b}
        g = gradients[f"d{name}"]
        if self.makes("db-not-summed", layer):
            g = g.sum(axis=1, keepdims=True)
        if self.makes("bias-shared", layer):
            g = np.full_like(g, g.sum())
        values |= self.trained(name, layer, g, alpha, t)
        if self.makes("bias-not-updated", layer):
            values[f"{name}_new"] = b
        return values

    def trained(self, name: str, layer: int, g: Array, alpha: float, t: int) -> dict[str, Array]:
        """The new value of one W or b, before it what the optimizer keeps of it."""
        optimizer, numbers = self.config.chosen_optimizer.name, self.config.chosen_optimizer.parameters
        w = self.parameters[name]
        start = w
        kept: dict[str, Array]
        if optimizer == "adamw":
            if self.makes("decay-through-gradient", layer):
                g = g + numbers["weight_decay"] * w
            else:
                start = w * (1 - alpha * numbers["weight_decay"])
        if optimizer == "gradient_descent":
            kept, direction = {}, g
        elif optimizer in ("momentum", "nesterov"):
            kept, direction = self.with_velocity(name, layer, g, alpha)
        elif optimizer in ("adagrad", "rmsprop"):
            kept, direction = self.scaled(name, layer, g)
        else:
            kept, direction = self.with_moments(name, layer, g, t)
        rate = 1.0 if self.makes("alpha-in-velocity", layer) or self.makes("alpha-left-out", layer) else alpha
        if self.makes("alpha-twice", layer):
            rate = rate * alpha
        if self.makes("ascent", layer):
            rate = -rate
        new = self.figure(start - rate * direction)
        if self.makes("weights-rounded", layer):
            new = rounded(new, 3).astype(self.float)
        return {**kept, f"{name}_new": new}

    def with_velocity(self, name: str, layer: int, g: Array, alpha: float) -> tuple[dict[str, Array], Array]:
        optimizer, beta = self.config.chosen_optimizer.name, self.config.chosen_optimizer.parameters["beta"]
        old = self.state[f"v{name}"]
        if self.makes("alpha-in-velocity", layer):
            g = alpha * g
        v = self.figure(beta * old + ((1 - beta) * g if self.makes("velocity-averaged", layer) else g))
        ahead = optimizer == "nesterov"
        if self.makes("nesterov-for-momentum", layer) or self.makes("momentum-for-nesterov", layer):
            ahead = not ahead
        if self.makes("velocity-before-update", layer):
            return {f"v{name}_new": v}, old
        return {f"v{name}_new": v}, g + beta * v if ahead else v

    def scaled(self, name: str, layer: int, g: Array) -> tuple[dict[str, Array], Array]:
        optimizer, numbers = self.config.chosen_optimizer.name, self.config.chosen_optimizer.parameters
        old, square = self.state[f"s{name}"], self.squared(layer, g)
        if optimizer == "adagrad":
            s = self.figure(old + square)
        else:
            s = self.figure(numbers["beta"] * old + (1 - numbers["beta"]) * square)
        return {f"s{name}_new": s}, g / self.root(layer, s)

    def with_moments(self, name: str, layer: int, g: Array, t: int) -> tuple[dict[str, Array], Array]:
        numbers = self.config.chosen_optimizer.parameters
        beta1, beta2, epsilon = numbers["beta1"], numbers["beta2"], numbers["epsilon"]
        if self.makes("betas-swapped", layer):
            beta1, beta2 = beta2, beta1
        if self.makes("t-from-zero") or (self.makes("t-one-behind") and t > 1):
            t = t - 1
        m = self.figure(beta1 * self.state[f"m{name}"] + (1 - beta1) * g)
        s = self.figure(beta2 * self.state[f"s{name}"] + (1 - beta2) * self.squared(layer, g))
        first, second = 1 - beta1**t, 1 - beta2**t
        if t == 0 or self.makes("no-bias-correction", layer):
            first = second = 1.0
        if self.makes("first-moment-uncorrected", layer):
            first = 1.0
        if self.makes("second-moment-uncorrected", layer):
            second = 1.0
        m_hat, s_hat = self.figure(m / first), self.figure(s / second)
        kept = {f"m{name}_new": m, f"s{name}_new": s, f"m{name}_hat": m_hat, f"s{name}_hat": s_hat}
        if self.makes("epsilon-before-correction", layer):
            return kept, math.sqrt(second) / first * m / (np.sqrt(s) + epsilon)
        return kept, m_hat / self.root(layer, s_hat)

    def squared(self, layer: int, g: Array) -> Array:
        return np.abs(g) if self.makes("gradient-not-squared", layer) else g**2

    def root(self, layer: int, s: Array) -> Array:
        """What the step is divided by."""
        epsilon = self.config.chosen_optimizer.parameters["epsilon"]
        if self.makes("root-left-out", layer):
            return s + epsilon
        return np.sqrt(s + epsilon) if self.makes("epsilon-in-root", layer) else np.sqrt(s) + epsilon
