"""Somebody's numbers: read from what people have, brought into the layout of the trace, with the precision of each."""

from __future__ import annotations

from nntrace.answers.reading import read
from nntrace.answers.sheet import Given, Group, Misfit, Sheet, Update

__all__ = ["Given", "Group", "Misfit", "Sheet", "Update", "read"]
