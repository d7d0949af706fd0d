"""The legend above a trace: it explains each sign and name that is shown, truly, and no other."""

from __future__ import annotations

import pytest

from nntrace import bundle, load, trace
from nntrace.formula.plain import plain
from nntrace.maths.activations import ACTIVATIONS
from nntrace.render.signs import ASCII
from nntrace.render.words import about
from nntrace.selecting import select


def legend(name: str, *settings: str, only: tuple[str, ...] = ()) -> dict[str, str]:
    run = trace(load(str(bundle.path(name)), [*settings, "expect=[]"]))
    return dict(about(run.config, run.equations, select(run.equations, only=only)))


@pytest.mark.parametrize(
    ("name", "settings", "sums"),
    [
        # By hand, from the formulas. One output: nothing is added up for an example.
        ("xor", (), "the examples"),
        ("unequal", (), "the nodes (losses) and the examples (loss, db)"),
        ("mazur", (), "the nodes"),
        ("unequal", ("l2=0.1",), "the nodes (losses), all entries (penalty) and the examples (loss, db)"),
        ("article", ("clip_norm=1",), "all entries"),
        ("unequal", ("architecture.biases=shared",), "the nodes (losses), the examples (loss) and all entries (db)"),
    ],
)
def test_what_a_sum_goes_over(name: str, settings: tuple[str, ...], sums: str) -> None:
    weights = ("weights=0.5",) if "architecture.biases=shared" in settings else ()
    assert legend(name, *settings, *weights)["signs"].endswith(f"Σ adds up over {sums}")


def test_only_what_is_shown_is_explained() -> None:
    whole = legend("unequal")
    assert "where" in whole
    assert "⊙ entry by entry" in whole["signs"]
    part = legend("unequal", only=("dA1",))
    assert "where" not in part
    assert part["signs"] == "· product; ᵀ transposed"
    assert part["names"] == "dA1 = ∂loss/∂A1"


def test_a_comparison_that_is_a_factor_is_explained() -> None:
    assert "(Z2 > 0) 1 where it holds, else 0" in legend("unequal")["signs"]


def test_the_letters_of_selu_are_explained() -> None:
    """The constants of Klambauer et al., 2017, as PyTorch has them."""
    where = legend("article", "architecture.layers.1.activation=selu")["where"]
    assert "λ = 1.0507009873554805" in where
    assert "α = 1.6732632423543772" in where


def test_what_an_optimizer_keeps_is_explained() -> None:
    assert legend("adam-by-hand")["names"] == (
        "alpha learning rate; t count of updates; dW1 = ∂loss/∂W1; mW1 running mean of dW1; "
        "mW1_hat corrected for its start at 0; sW1 running mean of dW1²; sW1_hat corrected for its start at 0"
    )
    assert "vW1 velocity, what is left of earlier dW1" in legend("article", "optimizer=momentum")["names"]
    assert "sW1 sum of dW1² so far" in legend("article", "optimizer=adagrad")["names"]
    assert "sW1 running mean of (clip·dW1)²" in legend("adam-by-hand", "clip_norm=1")["names"]
    assert "W1 " not in legend("article")["names"]


def test_every_sign_of_every_formula_and_definition_has_a_spelling_in_ascii() -> None:
    signs = set()
    for activation in ACTIVATIONS:
        for settings in (
            (),
            ("loss=huber",),
            ("loss=absolute_error", "l2=0.1", "batch=2"),
            ("optimizer=adamw", "clip_norm=1"),
        ):
            path = bundle.path("unequal")
            run = trace(load(str(path), [f"architecture.layers.1.activation={activation}", *settings, "expect=[]"]))
            texts = [text for _, text in about(run.config, run.equations, run.equations.quantities)]
            texts += [plain(part) for e in run.equations for part in (e.shown, e.formula) if part]
            signs |= {sign for text in texts for sign in text if not sign.isascii()}
    assert signs <= set(ASCII)
    assert {"λ", "Φ", "Σ"} <= signs
