"""Words in messages: what was meant by one that is misspelt or comes from elsewhere; lists and long texts cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Also = Mapping[str, Iterable[str]]
"""Valid words, each with the other names that it goes by."""

ALIKE = 0.8
"""How near a word must come to another name: less, and it would be a guess at a guess."""


def called_here(word: str, valid: Also) -> str | None:
    """The valid word of which `word` is another name or another way of writing."""
    folded = _folded(word)
    return next((name for name, also in valid.items() if folded in map(_folded, (name, *also))), None)


def nearest(word: str, valid: Iterable[str] | Also) -> str | None:
    """The valid word that was probably meant."""
    from difflib import SequenceMatcher, get_close_matches  # only errors need it

    also = valid if isinstance(valid, Mapping) else dict.fromkeys(valid, ())
    meanings = {_folded(other): name for name, others in also.items() for other in others}
    meanings.update({_folded(name): name for name in also})
    own = {_folded(name) for name in also}
    folded = _folded(word)
    for match in get_close_matches(folded, meanings, n=len(own), cutoff=0.6) if len(word) > 1 else ():
        if match in own or SequenceMatcher(None, match, folded).ratio() >= ALIKE:
            return meanings[match]
    return None


def shortened(text: str, most: int = 40) -> str:
    """A text of the user's for a message: on one line, and no longer than `most`."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def listed(words: Iterable[str], last: str = "and", most: int = 60) -> str:
    """The words for a message: `a`, `b` and `c`; a long list is cut."""
    return _in_a_row([f"`{word}`" for word in words], last, most)


def listed_with(words: Mapping[str, str], last: str = "and", most: int = 60) -> str:
    """The words for a message, each with what is said of it."""
    return _in_a_row([f"`{word}`{said}" for word, said in words.items()], last, most)


def _in_a_row(quoted: list[str], last: str, most: int) -> str:
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" {last} {len(quoted) - most} more"
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def _folded(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")
