"""A Dask cluster of this machine: a scheduler and two workers, each a process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self


class Cluster:
    """Use it as a context; `address` is that of the scheduler, `workers` can be killed."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._folder = folder

    def __enter__(self) -> Self:
        self._log.touch()
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._said("Scheduler at:", 1)[0].split()[-1]
        for _ in range(2):
            self._start("worker", self.address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
        self._said("Register worker", 2)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    @property
    def workers(self) -> list[subprocess.Popen[bytes]]:
        return self.processes[1:]

    def _start(self, what: str, *options: str) -> None:
        command: list[Any] = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options]
        with self._log.open("a") as log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder))

    def _said(self, text: str, times: int) -> list[str]:
        """The lines of the log that have a text, when there are so many."""
        for _ in range(600):
            lines = [line for line in self._log.read_text().splitlines() if text in line]
            if len(lines) >= times:
                return lines
            time.sleep(0.1)
        raise AssertionError(self._log.read_text())
