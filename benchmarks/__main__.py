"""Everything measured, in one run: `python benchmarks` writes docs/speed.md. Nothing else should run meanwhile.

`python benchmarks nets` and so on prints a part of it, and writes nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import checking
import contenders
import memory
import reading
import rendering
import startup
import streaming
from nets import NETS
from report import Report, size, span

PACKAGES = ("numpy", "click", "rich", "pyyaml", "msgspec", "nntrace", "torch")


def nets(report: Report) -> None:
    """Each network, and in it each contender."""
    report.heading("nntrace beside numpy and PyTorch")
    report.text(
        "All train the same network from the same weights on the same examples, to the same losses (numpy bit for "
        "bit), with sigmoid in every layer and squared error, in turn, each in processes of its own. The ratio is the "
        f"median over {contenders.ROUNDS} rounds of the time of a step of nntrace with everything recorded to that of "
        "the other. The first line is that of `nntrace run`, or the first loss that a script prints."
    )
    for net in NETS.values():
        found = contenders.measure(net)
        rows = []
        for name, said in contenders.CONTENDERS.items():
            if name not in found:
                rows.append([said, "not installed", "", "", "", ""])
                continue
            figures = found[name]
            ratio = "" if name.startswith("nntrace") else f"{contenders.ratio(found['nntrace'], figures).median:.2f}"
            seek = "" if figures.seek is None else span(figures.seek)
            rows.append([said, span(figures.step), ratio, size(figures.memory), span(figures.first), seek])
        report.table(net.name, ["", "a step", "nntrace / it", "peak memory", "first line", "to step 10,000"], rows)
        recorded, alone = found["nntrace"], found["nntrace alone"]
        report.aim(
            f"{net.name}: everything recorded, numpy that keeps the same",
            contenders.ratio(recorded, found["numpy keeping"]),
            contenders.aim(net, found),
        )
        against = contenders.ratio(alone, found["numpy nothing"])
        report.aim(f"{net.name}: training alone, numpy that keeps nothing", against, 1.3)
        if net.name == "1-4-3-1" and "PyTorch keeping" in found:
            report.aim(
                f"{net.name}: everything recorded, PyTorch with hooks",
                contenders.ratio(recorded, found["PyTorch keeping"]),
                0.1,
            )


def starting(report: Report) -> None:
    """From the command to its end."""
    for arguments, target in startup.CASES.items():
        report.aim(f"`nntrace {' '.join(arguments)}`, bare imports", startup.measure(arguments), target)


def long(report: Report) -> None:
    """Long runs and large ones."""
    for form in ("jsonl", "csv"):
        few, many = (streaming.memory(steps, "--to", form) for steps in (1_000, 100_000))
        report.flat(f"peak of 100,000 article steps as {form}, of 1,000", many, few)
    few, many = (streaming.memory(steps, "--only", "loss", "--to", "jsonl") for steps in (1_000, 1_000_000))
    report.flat("peak of 1,000,000 with `--only loss`, of 1,000", many, few)
    for form in ("jsonl", "csv"):
        report.aim(
            f"{streaming.STEPS:,} article steps, `--only loss` as {form}, training alone",
            streaming.only_the_loss(form),
            1.2,
        )
    with streaming.large() as path:
        found = streaming.one_iteration(path)
        report.aim("784-128-64-10, 60,000 examples, `--only loss`, numpy that keeps nothing", found, 1.3)
        found = streaming.shown(path)
        report.aim("its last step on the screen, training to it", found, (found.theirs + 1) / found.theirs)


def forms(report: Report) -> None:
    """Writing 1,000 steps in each form."""
    for form, target in rendering.TARGETS.items():
        report.aim(f"1,000 steps as {form}, f-strings", rendering.measure(form), target)
    for form in rendering.OTHERS:
        report.aim(f"1,000 steps as {form}, as JSON", rendering.measure_against_json(form), rendering.AGAINST_JSON)
    for form in memory.STREAMED:
        few, many = memory.measure(form, 1_000), memory.measure(form, 100_000)
        report.flat(f"peak of 100,000 steps as {form}, of 1,000", many, few)


def others(report: Report) -> None:
    """Checking, and reading a large file."""
    report.aim("`check` of an article trace, `run --to json`", checking.measure(), checking.ARTICLE)
    search = checking.measure_search()
    within = search.ours <= checking.MINUTE
    report.line("all mistakes, 784-128-64-10, nothing wrong", search, f"≤ {checking.MINUTE:g} s", within)
    time, added, arrays = reading.measure()
    report.aim("a CSV of 1,000,000 rows, csv and float", time, 1.5)
    report.flat("the memory that it adds, its arrays", added, arrays, 2.0)


SECTIONS: dict[str, Callable[[Report], None]] = {
    "nets": nets,
    "start": starting,
    "long": long,
    "forms": forms,
    "others": others,
}


def machine() -> str:
    """What it was measured on."""
    names = [f"{name} {_version(name)}" for name in PACKAGES]
    return (
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}, {', '.join(names)}; "
        f"{dt.datetime.now(tz=dt.UTC).date()}"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="only these, and nothing is written")
    parser.add_argument("-o", "--output", default=os.path.join(os.path.dirname(__file__), "..", "docs", "speed.md"))
    chosen = parser.parse_args()
    report = Report(machine())
    for name, section in SECTIONS.items():
        if not chosen.sections or name in chosen.sections:
            section(report)
    report.end()
    if not chosen.sections:
        report.save(chosen.output)


if __name__ == "__main__":
    main()
