"""Colours: what each part of a text form looks like on a terminal, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Mapping

STYLES: Mapping[str, str] = {
    "title": "bold",
    "step": "bold magenta",
    "phase": "bold cyan",
    "heading": "bold",
    "name": "bold",
    "formula": "green",
    "quiet": "dim",
    "alarm": "bold red",
    "good": "green",
    "curve": "cyan",
}


class Palette:
    """`palette("phase", text)` is `text` in that style. Lengths are measured before painting."""

    def __init__(self, colour: bool) -> None:
        self._around: dict[str, tuple[str, str]] = {}
        if colour:
            from rich.color import ColorSystem
            from rich.style import Style

            for name, style in STYLES.items():
                before, _, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
                self._around[name] = (before, after)

    def __call__(self, style: str, text: str) -> str:
        before, after = self._around.get(style, ("", ""))
        return f"{before}{text}{after}" if text else text
