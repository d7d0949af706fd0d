"""nntrace: every number of a neural network's training, seen, explained and checked.

>>> from nntrace import load, trace
>>> for step in trace(load("config.yaml")):
...     print(step["loss"], step["dW2"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nntrace.config.model import Config
    from nntrace.errors import ConfigError, NntraceError
    from nntrace.grading import Report, check
    from nntrace.loading import load
    from nntrace.tracing import Step, Trace, trace

__version__ = "0.1.0"
__all__ = ["Config", "ConfigError", "NntraceError", "Report", "Step", "Trace", "check", "load", "trace"]

_HOMES = {
    "Config": "nntrace.config.model",
    "ConfigError": "nntrace.errors",
    "NntraceError": "nntrace.errors",
    "Report": "nntrace.grading",
    "Step": "nntrace.tracing",
    "Trace": "nntrace.tracing",
    "check": "nntrace.grading",
    "load": "nntrace.loading",
    "trace": "nntrace.tracing",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: `nntrace --help` needs no numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nntrace' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
