"""The names of quantities: those of this run, those of the language, and what people say elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from nntrace.equations import CLIP_NORM, L2, Equations, M
from nntrace.formula.tree import Quantity
from nntrace.maths.optimizers import ALPHA, OPTIMIZERS, T
from nntrace.suggest import Also, called_here, listed, nearest, shortened

_CORRECTED = "hat"
_GRADIENT = r"(?:grad(?:ient)?s?|nabla|d(?:elta)?|∂|d[lje]_?d|d[lje]/d)"
_LAYER = r"[\s_.\[({^]*(\d{1,4})[\])}]*"
_NEW = r"(?:new|next|after|updated)"
_FOREIGN = (
    (rf"{_GRADIENT}[\s_.]*([wbaz]){_LAYER}", "d{}"),
    (rf"([wbaz]){_LAYER}[\s_.]*(?:grad(?:ient)?|_g)", "d{}"),
    (rf"(?:delta|δ|error|err){_LAYER}", "dZ"),
    (rf"([wb]){_LAYER}[\s_.]*{_NEW}", "{}_new"),
    (rf"{_NEW}[\s_.]*([wb]){_LAYER}", "{}_new"),
    (rf"([wbaz]){_LAYER}", "{}"),
    (rf"weights?{_LAYER}", "W"),
    (rf"bias(?:es)?{_LAYER}", "b"),
    (rf"(?:net|pre_?activations?|logits?|s|u){_LAYER}", "Z"),
    (rf"(?:out|h|o|activations?|hidden){_LAYER}", "A"),
)
"""What people call a quantity of a layer elsewhere, in any case, and its kind here."""


class UnknownNameError(Exception):
    """A name that the language does not have; `hint` says what it may be here."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint


class Names:
    """What may be named in answers to a run: `compared` are the list's quantities and further derived ones."""

    def __init__(self, listing: Equations, derived: Mapping[str, Quantity]) -> None:
        self.listing = listing
        self.compared: Mapping[str, Quantity] = {**listing.by_name, **derived}

    def quantity(self, name: str, said: str = "") -> Quantity | None:
        """The quantity of that name; None where the language knows the name and nothing here has it.

        Raises `UnknownNameError` for a name that the language does not know; `said` is what stands there.
        """
        found = self.compared.get(name)
        if found is None and name not in self._language:
            raise self._unknown(name, said or name)
        return found

    @cached_property
    def _language(self) -> frozenset[str]:
        return frozenset(self._all())

    def _all(self) -> Iterator[str]:
        """Every name that a network of these layers can have, whatever its options."""
        letters = {letter for row in OPTIMIZERS.values() for letter in row.kept}
        yield from ("A0", "dA0", "y", "losses", "penalty", "loss", "grad_norm", "clip")
        yield from (constant.name for constant in (M, ALPHA, T, L2, CLIP_NORM))
        yield from (setting for row in OPTIMIZERS.values() for setting in row.settings)
        for layer in range(1, len(self.listing.layers) + 1):
            for base in "ZAWb":
                yield f"{base}{layer}"
                yield f"d{base}{layer}"
            for base in "Wb":
                yield f"{base}{layer}_new"
                for letter in letters:
                    state = f"{letter}{base}{layer}"
                    yield from (state, f"{state}_new", f"{state}_{_CORRECTED}")

    def _unknown(self, name: str, said: str) -> UnknownNameError:
        word = shortened(said)
        here = self._here(said)
        if here:
            return UnknownNameError(f"`{word}`: here it is `{here}`", "")
        near = nearest(name, list(self.compared))
        hint = f"Did you mean `{near}`? " if near else ""
        there = f"{hint}There are {listed(self.compared)}."
        layers = len(self.listing.layers)
        of_layer = re.fullmatch(r"[a-z]?[ZAWb](\d{1,9})(_\w+)?", name)
        if of_layer and not 1 <= int(of_layer[1]) <= layers:
            there = "There is layer 1 only." if layers == 1 else f"There are layers 1 to {layers}."
        elif name.startswith("arr_"):
            there = "Give each array its name: numpy.savez(file, Z1=Z1, dW1=dW1)."
        return UnknownNameError(f"there is no quantity `{word}`", there)

    def _here(self, name: str) -> str | None:
        """What a name from elsewhere is here."""
        for pattern, kind in _FOREIGN:
            match = re.fullmatch(pattern, name.strip(), re.IGNORECASE)
            if match:
                *letter, layer = match.groups()
                base = "".join(each.upper() if each in "WAZwaz" else "b" for each in letter)
                stem, _, suffix = kind.format(base).partition("_")
                here = f"{stem}{int(layer)}" + (f"_{suffix}" if suffix else "")
                if here in self._language or here in self.compared:
                    return here
        return called_here(name, self._elsewhere)

    @property
    def _elsewhere(self) -> Also:
        output = self.listing.layers[-1].A.name
        return {
            **{name: () for name in self.compared if len(name) > 1},
            "loss": ("cost", "error", "L", "J", "E", "C", "total_loss", "total_error", "mse"),
            "y": ("target", "targets", "labels", "label", "y_true"),
            "A0": ("x", "input", "inputs", "X_batch"),
            output: ("y_hat", "yhat", "ŷ", "y_pred", "pred", "output", "outputs", "prediction", "predictions"),
            "alpha": ("lr", "learning_rate", "eta"),
        }
