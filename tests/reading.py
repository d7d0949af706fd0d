"""MathML with numbers in it, read as the expression that it draws, in Python and by Python's precedence."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

SIGNS = {"−": "-", "·": "*", "⊙": "*"}
NAMES = {"σ": "sigma", "Φ": "Phi", "φ": "phi"}
VALUES: dict[str, Callable[..., Any]] = {
    "sigma": lambda z: 1 / (1 + math.exp(-z)),
    "Phi": lambda z: math.erfc(-z / math.sqrt(2)) / 2,
    "phi": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "sign": lambda z: (z > 0) - (z < 0),
    "round": lambda n: lambda x: math.copysign(math.floor(abs(x) * 10**n * (1 + 1e-12) + 0.5) / 10**n, x),
    "tanh": math.tanh,
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
    "max": max,
    "min": min,
    "abs": abs,
}


def python_of(element: ET.Element) -> str:
    """The expression that the elements draw; what a page makes of a number is a number."""
    parts = [python_of(child) for child in element]
    text = element.text or ""
    if element.tag == "mfrac":
        return f"(({parts[0]})/({parts[1]}))"
    if element.tag == "msup":
        return f"{parts[0]}**({parts[1]})"
    if element.tag in {"msub", "msqrt"}:
        return f"{parts[0]}({parts[1]})" if element.tag == "msub" else f"sqrt({''.join(parts)})"
    if element.tag == "mspace":
        return "*"
    if element.tag in {"mi", "mn", "mo"}:
        return {"mi": NAMES, "mo": SIGNS}.get(element.tag, {}).get(text, text)
    if element.tag in {"a", "span"}:
        return plain_number(text)
    if element.tag == "mrow" and parts[:1] == ["|"]:
        return f"abs({''.join(parts[1:-1])})"
    return "".join(parts)


def plain_number(text: str) -> str:
    """A number as the other forms write it: `1·10⁻⁸` is 1e-8."""
    return text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")).replace("·10", "e")
