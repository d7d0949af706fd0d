"""Formulas as PyTorch source: the same forward half, for autograd to derive."""

from __future__ import annotations

from nntrace.formula.numpy_source import Dialect

TORCH = Dialect(
    # Not torch.maximum, which shares the gradient where both are equal: at a kink it is that of the left one.
    maximum="torch.where({1} > {0}, {1}, {0})",
    minimum="torch.where({1} < {0}, {1}, {0})",
    where="torch.where({}, {}, {})",
    ones="torch.ones_like({})",
    sums={None: "", "rows": "dim=0, keepdim=True", "columns": "dim=1, keepdim=True"},
    function=lambda function: function.torch,
    helper=lambda function: "",
)
