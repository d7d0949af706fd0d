"""What was measured, printed as it comes and written as one page in the end."""

from __future__ import annotations

import os
from collections.abc import Sequence

from timing import Ratio

LINE = "{:<78} {:>9} {:>9} {:>6} {:>13} {:>8}"


class Report:
    """Tables, then every ratio that has an aim."""

    def __init__(self, machine: str) -> None:
        self.machine = machine
        self._pieces: list[str] = []
        self._aims: list[list[str]] = []
        print(machine, flush=True)

    def heading(self, text: str) -> None:
        self._pieces.append(f"## {text}\n")
        print(f"\n{text}", flush=True)

    def text(self, text: str) -> None:
        self._pieces.append(text + "\n")

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self._pieces.append(f"### {title}\n")
        self._pieces.append(_markdown(headings, rows))
        print(f"\n{title}")
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        for first, *row in (headings, *rows):
            cells = [first.ljust(widths[0]), *map(str.rjust, row, widths[1:])]
            print("  ".join(cells), flush=True)

    def aim(self, what: str, found: Ratio, target: float) -> None:
        """A ratio that is to be `target` at most."""
        self.line(what, found, f"≤ {target:.3g}", found.median <= target)

    def flat(self, what: str, ours: int, theirs: int, target: float = 1.1) -> None:
        """Memory, in KiB."""
        self._row([what, size(ours), size(theirs), f"{ours / theirs:.2f}", "", f"≤ {target}"], ours / theirs <= target)

    def line(self, what: str, found: Ratio, target: str, holds: bool) -> None:
        spread = f"{found.least:.2f}–{found.greatest:.2f}"
        self._row([what, span(found.ours), span(found.theirs), f"{found.median:.2f}", spread, target], holds)

    def _row(self, cells: list[str], holds: bool) -> None:
        row = [*cells, "" if holds else "missed"]
        if not self._aims:
            print("\n" + LINE.format("what, against what", "nntrace", "against", "ratio", "of the rounds", "aim"))
        self._aims.append(row)
        print(LINE.format(*cells), row[-1], flush=True)

    def end(self) -> None:
        missed = sum(bool(row[-1]) for row in self._aims)
        print(f"\n{len(self._aims) - missed} of {len(self._aims)} are as they should be.")

    def save(self, path: str) -> None:
        """Write the page, beside its place and then into it."""
        headings = ["what, against what", "nntrace", "against", "ratio", "of the rounds", "aim", ""]
        about = (
            "Written by `python benchmarks`; [benchmarks/README.md](../benchmarks/README.md) says what is compared and "
            "how, [profile.md](profile.md) where the time goes."
        )
        spread = "Medians of pairs that run in turn, with the least and the greatest ratio of the rounds."
        measured = ["# How fast it is", about, f"Measured on {self.machine}."]
        aims = ["## What is aimed at", spread, _markdown(headings, self._aims)]
        page = "\n\n".join(text.rstrip("\n") for text in [*measured, *self._pieces, *aims]) + "\n"
        with open(f"{path}.part", "w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        os.replace(f"{path}.part", path)
        print(f"Written: {os.path.relpath(path)}")


def span(seconds: float) -> str:
    for unit, least in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= least:
            return f"{seconds / least:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def size(kib: int) -> str:
    return f"{kib // 1024} MiB"


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "".join("| " + " | ".join(row) + " |\n" for row in (headings, rule, *rows))
