"""Training on a Dask cluster: `distributed` is an extra, imported here alone."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from uuid import uuid4

from nntrace import __version__
from nntrace.config.model import Config
from nntrace.errors import NntraceError
from nntrace.sweeping.outcome import Examples, Outcome, Task, parted, trained

PATIENCE = 10
"""Seconds to wait for the scheduler, and for its first worker."""


class ClusterError(NntraceError):
    """A cluster that cannot be reached, or cannot train."""


def outcomes(configs: Sequence[Config], address: str) -> Iterator[tuple[int, Outcome]]:
    """What each config comes to, with its place among them, as they come.

    What a worker was at when it is lost the scheduler gives to another, and what it had made and nobody
    had fetched as well; each place is given once.
    """
    with _client(address) as (client, as_completed):
        _check_workers(client)
        tasks, examples = parted(configs)
        sweep = uuid4().hex
        # Sent as what makes them, not as what they are: so they can be made again where a worker is lost.
        sent = [
            client.submit(pickle.loads, pickle.dumps(each), key=f"nntrace-{sweep}-examples-{number}")
            for number, each in enumerate(examples)
        ]
        futures = {
            client.submit(_trained, pickle.dumps(task), sent[task.examples], key=f"nntrace-{sweep}-{place}"): place
            for place, task in enumerate(tasks)
        }
        try:
            for future in as_completed(list(futures), loop=client.loop):
                yield futures[future], _result(client, future, futures[future])
        finally:
            client.cancel([*futures, *sent], force=True)


def _trained(task: bytes, examples: Examples) -> Outcome:
    made: Task = pickle.loads(task)  # noqa: S301  # our own
    return trained(made, examples)


def _result(client: Any, future: Any, place: int) -> Outcome:
    from distributed.scheduler import KilledWorker

    try:
        made: Outcome = future.result()
    except KilledWorker:
        raise ClusterError(f"run {place + 1}: the workers that train it die each time, out of memory perhaps") from None
    return made


@contextmanager
def _client(address: str) -> Iterator[tuple[Any, Any]]:
    """A client of the scheduler, quiet about what it is told in a message of ours."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ClusterError("a cluster takes distributed: pip install 'nntrace[dask]'") from None
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of versions that differ, and of large data
        try:
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise ClusterError(f"--scheduler {address}: there is no scheduler that answers ({_said(error)})") from None
        try:
            yield client, distributed.as_completed
        finally:
            client.close()


def _check_workers(client: Any) -> None:
    """Raise `ClusterError` where there are no workers, or some that do not have this nntrace."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise ClusterError("the scheduler has no workers") from None
    found = client.run(_version, on_error="return")
    for worker, version in found.items():
        if version != __version__:
            has = f"has nntrace {version}" if isinstance(version, str) else "has no nntrace"
            raise ClusterError(f"the worker {worker} {has}: all need nntrace {__version__}, as here")


def _version() -> str:
    import nntrace

    return nntrace.__version__


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
