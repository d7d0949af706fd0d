"""The signs beyond ASCII that the program writes, and how each is spelled where it cannot be written."""

from __future__ import annotations

from collections.abc import Mapping

BRAILLE = 0x2800
"""The first of the signs that are eight dots: each dot adds a bit."""
_UPPER, _LOWER = 0x1B, 0xE4
"""The dots of the upper and of the lower half."""
ASCII: Mapping[str, str] = {
    "−": "-", "·": "*", "×": "x", "⊙": "(*)", "ᵀ": "^T", "Σ": "sum", "σ": "sigma", "ŷ": "yhat",
    "λ": "lambda", "α": "alpha", "β": "beta", "δ": "delta", "′": "'", "←": "<-",
    "√": "sqrt ", "Φ": "Phi", "φ": "phi", "π": "pi", "±": "+-",
    "½": "1/2", "²": "^2", "³": "^3", "…": "...", "⋮": ":", "→": "->", "≈": "~=", "≥": ">=", "≤": "<=",
    "∂": "d", "─": "-", "━": "=", "│": "|", "⎡": "[", "⎢": "[", "⎣": "[", "⎤": "]", "⎥": "]", "⎦": "]",
    "–": "-", "—": "--", "“": '"', "”": '"', "‘": "'", "’": "'", "█": "#", "▏": "|", "┤": "+", "└": "+",
    **{chr(BRAILLE + dots): "'" if not dots & _LOWER else ":" if dots & _UPPER else "." for dots in range(1, 256)},
}  # fmt: skip


BETWEEN = " · "
"""Stands between words; the same sign between factors has no spaces."""


def spellings(encoding: str) -> dict[int, str]:
    """The signs that `encoding` lacks, in ASCII; for `spelled`."""
    return {ord(sign): spelled for sign, spelled in ASCII.items() if not _has(encoding, sign)}


def spelled(text: str, signs: dict[int, str]) -> str:
    """`text` in the signs that there are."""
    if not signs:
        return text
    return (text.replace(BETWEEN, " | ") if ord("·") in signs else text).translate(signs)


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def replace_signs(error: UnicodeError) -> tuple[str, int]:
    """An error handler for codecs: a sign in its ASCII spelling, anything else as `?`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(ASCII.get(sign, "?") for sign in error.object[error.start : error.end]), error.end
