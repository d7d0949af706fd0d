"""Everything measured, in one table: `python benchmarks` (about three minutes; nothing else should run)."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version

import checking
import memory
import reading
import rendering
import startup
import steps
from timing import Ratio

LINE = "{:<47} {:>10} {:>10} {:>7} {:>15} {:>7}"


def row(what: str, ratio: Ratio, target: float) -> None:
    spread = f"{ratio.least:.2f}–{ratio.greatest:.2f}"
    print(
        LINE.format(what, _time(ratio.ours), _time(ratio.theirs), f"{ratio.median:.2f}", spread, f"≤ {target}"),
        flush=True,
    )


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def main() -> None:
    names = ("numpy", "click", "rich", "pyyaml", "msgspec", "nntrace")
    print(platform.platform(), f"· Python {platform.python_version()} ·", ", ".join(f"{n} {version(n)}" for n in names))
    print(f"{os.cpu_count()} processors · medians of pairs run in turn\n")
    print(LINE.format("", "nntrace", "against", "ratio", "least–greatest", "aim"))
    for arguments, target in startup.CASES.items():
        row(f"nntrace {' '.join(arguments)}, bare imports", startup.measure(arguments), target)
    for name, (_, target) in steps.CASES.items():
        row(f"a step, {name}, numpy by hand", steps.measure(name), target)
    for form, target in rendering.TARGETS.items():
        row(f"1,000 steps as {form}, f-strings", rendering.measure(form), target)
    for form in rendering.OTHERS:
        row(f"1,000 steps as {form}, as JSON", rendering.measure_against_json(form), rendering.AGAINST_JSON)
    row("check of an article trace, run --to json", checking.measure(), checking.ARTICLE)
    search = checking.measure_search()
    cells = (_time(search.ours), _time(search.theirs), f"{search.median:.1f}", "", f"≤ {checking.MINUTE:g} s")
    print(LINE.format("all mistakes, 784-128-64-10, nothing wrong", *cells), flush=True)
    for form in memory.STREAMED:
        few, many = memory.measure(form, 1_000), memory.measure(form, 100_000)
        cells = (f"{many // 1024} MiB", f"{few // 1024} MiB", f"{many / few:.2f}", "", "flat")
        print(LINE.format(f"peak of 100,000 steps as {form}, of 1,000", *cells), flush=True)
    time, added, arrays = reading.measure()
    row("a CSV of 1,000,000 rows, csv and float", time, 1.5)
    cells = (f"{added // 1024} MiB", f"{arrays // 1024} MiB", f"{added / arrays:.2f}", "", "≤ 2.0")
    print(LINE.format("memory that it adds, its arrays", *cells))


if __name__ == "__main__":
    sys.exit(main())
