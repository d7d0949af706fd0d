"""Formulas, equations and entries as `<math>` elements of a page, each with its plain text beside it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from nntrace.equations import Equation
from nntrace.formula.mathml import mathml, name
from nntrace.formula.plain import plain
from nntrace.formula.tree import Formula
from nntrace.reasons import Part, Spot
from nntrace.render.explained import equality, spelled_part


def math(formula: Formula) -> str:
    """A formula, a quantity or an entry."""
    return element(mathml(formula), plain(formula))


def equation_math(equation: Equation, formula: Formula | None = None) -> str:
    """`dW2 = dZ2·A1ᵀ`, as people write it, or with the formula that is given."""
    shown = formula or equation.shown or equation.formula
    text = equality(equation) if formula is None else f"{equation.target.name} = {plain(formula)}"
    return element(f"{name(equation.target)}<mo>=</mo>{mathml(shown)}", text)


def sentence_math(parts: Sequence[Part]) -> str:
    """A sentence with its formulas."""
    return "".join(escape(part) if isinstance(part, str) else _part(part) for part in parts)


def element(markup: str, text: str) -> str:
    """MathML as an element, with what it says in plain text."""
    return f'<math alttext="{escape(text)}">{markup}</math>'


def _part(part: Formula | Equation | Spot) -> str:
    if isinstance(part, Equation):
        return equation_math(part)
    if isinstance(part, Spot):
        own = name(part.quantity)
        index = "<mo>,</mo>".join(_index(place) for place in (part.row, part.column))
        entry = f"<msub><mrow>{own}</mrow><mrow>{index}</mrow></msub>" if part.quantity.shape else own
        return element(entry, spelled_part(part))
    return math(part)


def _index(place: str) -> str:
    return f"<mn>{place}</mn>" if place.isdecimal() else f"<mi>{place}</mi>"
