"""Did you mean: the nearest valid word for a misspelt one, or for what people call it elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def _folded(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def nearest(word: str, valid: Iterable[str], also: Mapping[str, Iterable[str]] | None = None) -> str | None:
    """The word of `valid` that was probably meant; `also` gives the other names of a valid word."""
    from difflib import get_close_matches  # only errors need it

    meanings = {_folded(other): name for name, others in (also or {}).items() for other in others}
    meanings.update({_folded(name): name for name in valid})
    match = get_close_matches(_folded(word), meanings, n=1, cutoff=0.6)
    return meanings[match[0]] if match else None


def listed(words: Iterable[str], most: int = 24) -> str:
    """The words for a message: `a`, `b` and `c`; a long list is cut."""
    quoted = [f"`{word}`" for word in words]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
