"""Training in processes of this machine; one that dies costs nothing but what it was at."""

from __future__ import annotations

import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from nntrace.config.model import Config
from nntrace.errors import NntraceError
from nntrace.sweeping.outcome import Examples, Outcome, Task, outcome, parted, trained

ATTEMPTS = 3
"""So often a run is tried whose process dies of it, or beside it."""


class LostError(NntraceError):
    """A run that nobody survives."""


def outcomes(configs: Sequence[Config], jobs: int) -> Iterator[tuple[int, Outcome]]:
    """What each config comes to, with its place among them, as they come."""
    if jobs == 1 or len(configs) == 1:
        yield from ((place, outcome(config)) for place, config in enumerate(configs))
        return
    tasks, examples = parted(configs)
    left, lost = deque(range(len(tasks))), Counter[int]()
    workers = [_Worker(examples) for _ in range(min(jobs, len(tasks)))]
    try:
        while left or any(worker.busy for worker in workers):
            for worker in workers:
                if left and not worker.busy:
                    worker.begin(left[0], tasks[left.popleft()])
            for number in _ready(workers):
                place, made = workers[number].end()
                if made is not None:
                    yield place, made
                    continue
                lost[place] += 1
                if lost[place] == ATTEMPTS:
                    raise LostError(
                        f"run {place + 1}: the process that trains it dies each time, out of memory perhaps\n"
                        "With --jobs 1 it has the machine for itself."
                    )
                left.append(place)
                workers[number].bury()
                workers[number] = _Worker(examples)
    finally:
        for worker in workers:
            worker.bury()


class _Worker:
    """A process that trains what it is given, one run at a time."""

    def __init__(self, examples: Sequence[Examples]) -> None:
        context = get_context("spawn")  # the same on every system, and no copy of threads that it knows nothing of
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, examples), daemon=True)
        self.process.start()
        theirs.close()  # so that its end is noticed here
        self.place: int | None = None

    @property
    def busy(self) -> bool:
        return self.place is not None

    def begin(self, place: int, task: Task) -> None:
        """Give it a run; that it is not there to take it shows at the end."""
        self.place = place
        with suppress(OSError):
            self.connection.send(task)

    def end(self) -> tuple[int, Outcome | None]:
        """What its run comes to; None if it has died."""
        assert self.place is not None
        place, self.place = self.place, None
        try:
            made = self.connection.recv()
        except (EOFError, OSError):
            return place, None
        if isinstance(made, BaseException):
            raise made
        return place, made

    def bury(self) -> None:
        """It ends, and nothing of it stays: its connection may be at an end before the process is."""
        self.process.kill()
        self.process.join()


def _ready(workers: Sequence[_Worker]) -> list[int]:
    """Which of the workers have something to say, or have died; waits for one."""
    ready = wait([worker.connection for worker in workers if worker.busy])
    return [number for number, worker in enumerate(workers) if worker.connection in ready]


def _serve(connection: Connection, examples: Sequence[Examples]) -> None:
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits, who ends it
    while True:
        try:
            task = connection.recv()
            made: Outcome | Exception = trained(task, examples[task.examples])
        except EOFError:  # the one who waits is gone
            return
        except Exception as error:  # noqa: BLE001  # it is raised where somebody reads it
            made = error
        connection.send(made)
