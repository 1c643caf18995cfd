"""Words of the growth page: what a score is called and what a slip looks like, as catalogue keys; figures as text."""

from __future__ import annotations

from collections.abc import Callable

from hoso.web import present

_: Callable[[str], str] = str
"""Marks a text for the catalogue; it is put into words where it is shown."""

BANDS = (
    _("severely underweight"),
    _("underweight"),
    _("normal"),
    _("heavy for the age: look at the weight for height"),
    _("severely stunted"),
    _("stunted"),
    _("very tall"),
    _("severely wasted"),
    _("wasted"),
    _("at risk of overweight"),
    _("overweight"),
    _("obese"),
    _("severe thinness"),
    _("thinness"),
    _("very small head"),
    _("small head"),
    _("large head"),
    _("very large head"),
)
DOUBTS = (_("no child of this age has this value: measure again"), _("less than before: measure again"))
KINDS = {"weight": _("Weight"), "height": _("Length or height"), "head": _("Head circumference")}
AXES = {"months": _("Age in months"), "years": _("Age in years"), "cm": _("Length or height in cm")}


def score(z: float) -> str:
    """Always with its sign: −1,35 or +0,20."""
    sign = "−" if z < 0 else "+"
    return sign + present.number(f"{abs(z):.2f}")


def figure(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return present.number(text)
