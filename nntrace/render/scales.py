"""Whether what is drawn is spaced evenly or by its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nntrace.curves import Curve
from nntrace.render import Scale

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

DECADES = 2


def logarithmic(curves: Sequence[Curve], scale: Scale) -> bool:
    """Whether to space by the logarithm: as asked, where there is one, or where what is above 0 spans decades."""
    if scale is Scale.LINEAR:
        return False
    above = [values[values > 0] for values in map(finite, curves)]
    found = np.concatenate([*above, np.empty(0)])
    if not found.size:
        return False
    return scale is Scale.LOG or bool(np.log10(found.max()) - np.log10(found.min()) > DECADES)


def has_zero(curves: Sequence[Curve]) -> bool:
    """Whether something is drawn that has no logarithm."""
    return any((finite(curve) <= 0).any() for curve in curves)


def above_zero(curve: Curve) -> Curve:
    """What of a curve has a logarithm; nan for the rest."""
    low, high = (np.where(values > 0, values, np.nan) for values in (curve.low, curve.high))
    return Curve(curve.x, np.where(np.isnan(low), high, low), high, curve.ends)


def finite(curve: Curve) -> Array:
    """All numbers that there are."""
    values: Array = np.concatenate([curve.low, curve.high])
    return values[np.isfinite(values)]
