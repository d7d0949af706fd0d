"""Programs that train the same network: in numpy, bit for bit; and beside it in PyTorch, with autograd.

The step in them is the very function that the trace computes with.
"""

from __future__ import annotations

import textwrap
from base64 import b64encode
from collections.abc import Iterator, Sequence
from string import Template
from typing import TYPE_CHECKING

import numpy as np

from nntrace import __version__
from nntrace.config.model import Config, Schedule, chosen
from nntrace.equations import Phase
from nntrace.errors import SelectionError
from nntrace.formula.numpy_source import Note, function_source
from nntrace.formula.torch_source import TORCH
from nntrace.formula.tree import EXAMPLES
from nntrace.maths.initial import INITIALIZERS
from nntrace.maths.optimizers import OPTIMIZERS
from nntrace.render.view import View
from nntrace.render.words import about, title

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

WIDE = 100
"""Lines break there."""
READABLE = 2000
"""An array of more numbers is written in base64: nobody reads them, and so they take half the room."""


def numpy_script(view: View) -> Iterator[str]:
    """A program that needs nothing but numpy, and prints or saves the numbers that are chosen."""
    yield from _opening(view, ["python FILE            prints them", "python FILE out.npz    saves them"])
    yield from _training(view)
    yield from _showing(view)


def torch_script(view: View) -> Iterator[str]:
    """The same training, and beside it PyTorch's: the loss, every gradient and every new parameter must agree.

    Raises `SelectionError` for a run that rounds, which autograd cannot follow.
    """
    if view.config.round is not None:
        raise SelectionError("--to torch: autograd cannot follow a run that rounds (`round` in the config)")
    yield from _opening(view, ["python FILE    trains once more in PyTorch, and checks that both agree"], "torch")
    yield from _training(view)
    yield from _comparing(view)


def _opening(view: View, does: Sequence[str], library: str = "") -> Iterator[str]:
    """What it is, in comments: a text of the user's cannot end them."""
    listed = [f"{label}: {text}" for label, text in about(view.config, view.listing, view.quantities)]
    written = f"Written by nntrace {__version__}: the same numbers as its trace, bit for bit."
    for text in [title(view.config) or "A network", "", *listed, "", written, "", *does]:
        for part in text.splitlines() or [""]:
            lines = textwrap.wrap(part, WIDE - 2, break_on_hyphens=False) or [""]
            yield from (f"# {line}".rstrip() + "\n" for line in lines)
    arrays = [view.config.x, view.config.y, *view.trace.start.values()]
    used = {
        "base64": any(array.size > READABLE for array in arrays),
        "math": "math." in view.trace.source,
        "sys": not library,
    }
    needed = [f"import {name}\n" for name in used if used[name]]
    yield "\n" + "".join(needed) + ("\n" if needed else "")
    yield "import numpy as np\n" + (f"import {library}\n" if library else "")


def _training(view: View) -> Iterator[str]:
    """The examples, what the first step starts from, the step, and the loop around it."""
    config, listing = view.config, view.listing
    yield f"\n# The examples, a row each.\nx = {_literal(config.x)}\ny = {_literal(config.y)}\n"
    yield "\n# The weights and biases before the first step.\n"
    yield from _start(view)
    kept = [old for old, _ in listing.state[len(listing.parameters) :]]
    if kept:
        yield "\n# What the optimizer keeps from step to step.\n"
        yield from (f"{q.name} = np.zeros({q.of})\n" for q in kept)
    yield f"\nITERATIONS = {view.chosen.last if view.chosen else config.iterations}\n"
    yield f"BATCH = {min(config.batch_size, config.examples)}\n"
    yield f"NAMES = {_tuple([q.name for q in listing.quantities])}\n"
    yield '"""What a step gives, in this order."""\n'
    yield f"STATE = {_tuple([new.name for _, new in listing.state])}\n"
    yield '"""What it hands on to the next."""\n'
    yield f"\n\n{view.trace.source}"
    constants = list(_constants(view))
    yield _TRAIN.substitute(
        state=", ".join(old.name for old, _ in listing.state),
        alpha=_alpha(config),
        order=_order(config),
        constants="".join(f", {constant}" for constant in constants),
        before="    updates = 0\n" if "updates" in constants else "",
        count="            updates += 1\n" if "updates" in constants else "",
    )


def _start(view: View) -> Iterator[str]:
    """The lines that give each W and b: the rule that draws them, or the numbers."""
    config = view.config
    if config.drawn is None:
        yield from (f"{q.name} = {_literal(view.trace.start[q.name])}\n" for q in view.listing.parameters)
        return
    rule = chosen(config.drawn, INITIALIZERS)
    row = INITIALIZERS[rule.name]
    made = "RandomState" if config.drawn.generator == "legacy" else "default_rng"
    yield f"rng = np.random.{made}({config.drawn.seed})\n"
    for name, shape in config.shapes:
        if row.biases or name.startswith("W"):
            method, first, second = row.distribution(shape, **rule.parameters)
            yield f"{name} = rng.{method}({first!r}, {second!r}, {shape})\n"
        else:
            yield f"{name} = np.zeros({shape})\n"


def _order(config: Config) -> str:
    if config.shuffle is None:
        return "np.arange(len(x))"
    return f"np.random.default_rng([{config.shuffle.seed}, iteration]).permutation(len(x))"


def _alpha(config: Config) -> str:
    alpha = config.alpha
    if isinstance(alpha, Schedule):
        return f"{alpha.start!r} * {alpha.decay!r} ** ((iteration - 1) // {alpha.every})"
    if isinstance(alpha, list):
        return f"{[float(each) for each in alpha]}[iteration - 1]"
    return repr(float(alpha))


def _constants(view: View) -> Iterator[str]:
    """The constants of the formulas, in the order in which the step takes them."""
    config = view.config
    moving = {"m": "len(examples)", "alpha": "alpha", "t": "updates"}
    known = {"l2": config.l2, "clip_norm": config.clip_norm, **config.chosen_optimizer.parameters}
    for q in view.listing.constants:
        yield moving.get(q.name) or repr(known[q.name])


def _showing(view: View) -> Iterator[str]:
    """Printing and saving the chosen numbers of the chosen steps."""
    config = view.config
    yield f"\n\nSHOWN = {_tuple([q.name for q in view.quantities])}\n"
    wide = [q.name for q in view.quantities if EXAMPLES in q.shape]
    smaller = config.examples % config.batch_size if config.batch_size < config.examples else 0
    yield _SHOW.substitute(
        chosen=_chosen(view),
        padded=_PADDED.substitute(names=_tuple(wide)) if smaller and wide else "",
    )


def _chosen(view: View) -> str:
    """The lines that give the chosen steps."""
    condition = " and ".join(_conditions(view))
    which = view.chosen
    if which is not None and (which.every or which.final):
        last = [f"number == {which.named(view.config)}"] if which.final else []
        thinned = " or ".join([*([f"number % {which.every} == 0"] if which.every else []), *last])
        passing = f"            if not ({condition}):\n                continue\n" if condition else ""
        return _THINNED.substitute(passing=passing, thinned=thinned)
    return _CHOSEN.substitute(condition=condition) if condition else "        yield from train()\n"


def _conditions(view: View) -> Iterator[str]:
    """What holds for a step that is chosen."""
    which = view.chosen
    if which is None:
        return
    if which.first > 1:
        yield f"iteration >= {which.first}"
    if which.batch is not None and view.config.batches > 1:
        yield f"batch == {which.batch}"
    if which.example is not None:
        yield f"{which.example} in examples"


def _comparing(view: View) -> Iterator[str]:
    """The forward half in PyTorch, and what its autograd and its optimizer make of it."""
    config, listing = view.config, view.listing
    forward = [equation for equation in listing if equation.phase in (Phase.FORWARD, Phase.LOSS)]
    inputs = [q.name for q in (*listing.data, *listing.parameters, *listing.constants)]
    targets = [equation.target.name for equation in forward]
    yield "\n\n" + function_source(
        "forward",
        inputs,
        [(equation.target.name, equation.formula) for equation in forward],
        targets,
        to=TORCH,
        notes={name: Note(above=note.above) for name, note in listing.notes.items()},
    )
    row = OPTIMIZERS[config.chosen_optimizer.name]
    settings = {name: repr(value) for name, value in config.chosen_optimizer.parameters.items()}
    trained = [q.name for q in listing.parameters if q.variant(prefix="d").name in listing.by_target]
    clip = f"        torch.nn.utils.clip_grad_norm_(parameters, {config.clip_norm!r})\n" if config.clip_norm else ""
    yield _CHECK.substitute(
        inputs=_tuple(inputs),
        targets=_tuple(targets),
        parameters=_tuple([q.name for q in listing.parameters]),
        trained=_tuple(trained),
        gradients=_tuple([equation.target.name for equation in listing if equation.phase is Phase.BACKWARD]),
        optimizer=row.torch.format(**settings),
        clip=clip,
    )


def _tuple(names: Sequence[str]) -> str:
    """A tuple of names, broken where it would be too long."""
    text = ", ".join(f'"{name}"' for name in names) + ("," if len(names) == 1 else "")
    if len(text) < WIDE - len("GRADIENTS = ()"):
        return f"({text})"
    return "(\n" + "".join(f"    {line}\n" for line in textwrap.wrap(text + ",", WIDE - 4)) + ")"


def _literal(array: Array) -> str:
    """An array as source that gives it back bit for bit."""
    if array.size > READABLE:
        text = b64encode(np.ascontiguousarray(array, dtype="<f8").tobytes()).decode()
        lines = "".join(f'    "{text[first : first + WIDE]}"\n' for first in range(0, len(text), WIDE))
        return f'np.frombuffer(base64.b64decode(\n{lines}), dtype="<f8").reshape({array.shape}).copy()'
    first = float(array.flat[0])
    if array.size > 1 and (array == first).all() and first:
        return f"np.full({array.shape}, {first!r})"
    rows = [str(row) for row in array.tolist()]
    if sum(map(len, rows)) < WIDE - len("W1_new = np.array([])") - 2 * len(rows):
        return f"np.array([{', '.join(rows)}])"
    return "np.array([\n" + "".join(f"    {row},\n" for row in rows) + "])"


_TRAIN = Template('''

def train():
    """Every update: its iteration, its batch and its examples, all from 1, and its numbers by name."""
    state = [$state]
$before    for iteration in range(1, ITERATIONS + 1):
        alpha = $alpha
        order = $order
        for batch, first in enumerate(range(0, len(x), BATCH), start=1):
$count            examples = order[first:first + BATCH]
            columns = x[examples].T.copy(), y[examples].T.copy()
            values = dict(zip(NAMES, step(*columns, *state$constants)))
            yield iteration, batch, examples + 1, values
            state = [values[name] for name in STATE]
            if not all(np.isfinite(values[name]).all() for name in ("loss", *STATE)):
                return
''')
_SHOW = Template('''

def shown():
    """The updates that are shown; what overflows is inf or nan, without a warning."""
    with np.errstate(all="ignore"):
$chosen

def show():
    np.set_printoptions(precision=17, floatmode="unique", threshold=sys.maxsize, linewidth=100)
    for iteration, batch, examples, values in shown():
        print(f"iteration {iteration}, batch {batch}, examples {', '.join(map(str, examples))}")
        for name in SHOWN:
            text = str(values[name]) if np.ndim(values[name]) else repr(float(values[name]))
            print(f"{name} =", text.replace("\\n", "\\n" + " " * len(f"{name} = ")))
        print()


def save(file):
    """An array for each quantity, stacked over the steps."""
    iterations, batches, examples, values = zip(*shown())
    arrays = {name: [np.asarray(each[name], dtype=float) for each in values] for name in SHOWN}
    numbers = [np.pad(each, (0, BATCH - len(each))) for each in examples]
$padded    np.savez(file, iteration=iterations, batch=batches, examples=numbers, **arrays)


if __name__ == "__main__":
    if sys.argv[1:]:
        save(sys.argv[1])
    else:
        show()
''')
_CHOSEN = Template("""\
        for iteration, batch, examples, values in train():
            if $condition:
                yield iteration, batch, examples, values
""")
_THINNED = Template("""\
        number = 0
        for iteration, batch, examples, values in train():
$passing            number += 1
            if $thinned:
                yield iteration, batch, examples, values
""")
_PADDED = Template("""\
    for name in $names:
        lacking = [((0, 0), (0, BATCH - each.shape[1])) for each in arrays[name]]  # in a smaller last batch
        arrays[name] = [np.pad(each, pad, constant_values=np.nan) for each, pad in zip(arrays[name], lacking)]
""")
_CHECK = Template('''

INPUTS = $inputs
"""What the forward half takes."""
TARGETS = $targets
"""What it gives."""
PARAMETERS = $parameters
TRAINED = $trained
GRADIENTS = $gradients
TOLERANCE = 1e-10


def check():
    """Train in PyTorch as well, and compare each step; returns how many there were, and the largest difference."""
    tensors = {name: torch.tensor(globals()[name], requires_grad=name in TRAINED) for name in PARAMETERS}
    parameters = [tensors[name] for name in TRAINED]
    optimizer = torch.optim.$optimizer
    steps, largest = 0, 0.0
    for iteration, batch, examples, values in train():
        numbers = {name: torch.as_tensor(values[name], dtype=torch.float64) for name in INPUTS} | tensors
        found = dict(zip(TARGETS, forward(*[numbers[name] for name in INPUTS])))
        for tensor in found.values():
            tensor.retain_grad()
        optimizer.zero_grad()
        found["loss"].backward()
        theirs = {"loss": found["loss"]}
        theirs |= {name: (found | tensors)[name[1:]].grad.clone() for name in GRADIENTS}
$clip        for group in optimizer.param_groups:
            group["lr"] = float(values["alpha"])
        optimizer.step()
        theirs |= {f"{name}_new": tensors[name] for name in PARAMETERS}
        for name, tensor in theirs.items():
            off = difference(np.asarray(values[name]), tensor.detach().numpy())
            place = f"{name} in iteration {iteration}, batch {batch}"
            assert off <= TOLERANCE, f"{place}:\\n{values[name]}\\nin PyTorch\\n{tensor}"
            largest = max(largest, off)
        steps += 1
    return steps, largest


def difference(ours, theirs):
    """The largest one, relative to the largest entry where that is above 1; what neither has finite agrees."""
    known = np.isfinite(ours) | np.isfinite(theirs)
    return np.abs(ours - theirs)[known].max(initial=0.0) / np.abs(ours)[known].max(initial=1.0)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        steps, largest = check()
    print(f"PyTorch {torch.__version__} agrees: {steps} updates, no number differs by more than {largest:.1e}")
''')
