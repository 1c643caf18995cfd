"""Words of the vaccination pages that are no template's: catalogue keys by what the engine answers."""

from __future__ import annotations

from collections.abc import Callable

_: Callable[[str], str] = str
"""Marks a text for the catalogue; it is put into words where it is shown."""

AGES = {
    "0 days": _("At birth"),
    "2 months": _("2 months"),
    "3 months": _("3 months"),
    "4 months": _("4 months"),
    "5 months": _("5 months"),
    "9 months": _("9 months"),
    "12 months": _("12 months"),
    "18 months": _("18 months"),
    "24 months": _("24 months"),
    "7 years": _("7 years"),
    "11 years": _("11 years"),
}
STATUSES = {
    "given": _("Given"),
    "due": _("Due"),
    "late": _("Late"),
    "early": _("Later"),
    "contraindicated": _("Must not be given"),
    "closed": _("Too late to give"),
    "elsewhere": _("Not in this area yet"),
}
DOUBTS = {
    "too-young": _("does not count: given too young"),
    "too-soon": _("does not count: too soon after the dose before"),
    "live-gap": _("does not count: less than 28 days after another live vaccine"),
    "same-day": _("the same protection was given by another vaccine that day"),
    "extra": _("more than the schedule asks for"),
    "unknown": _("a vaccine that the schedule does not know: check what it was"),
    "other": _("not of the children's schedule"),
}
WHY = {
    "anaphylaxis": _("Anaphylaxis after a vaccine with the same component"),
    "allergy:gelatin": _("Severe allergy: gelatin"),
    "allergy:neomycin": _("Severe allergy: neomycin"),
    "allergy:yeast": _("Severe allergy: yeast"),
    "allergy:egg": _("Severe allergy: egg"),
}
SITE_TITLES = {
    "left-arm": _("Left arm"),
    "right-arm": _("Right arm"),
    "left-thigh": _("Left thigh"),
    "right-thigh": _("Right thigh"),
    "mouth": _("By mouth"),
}
REACTION_TITLES = {
    "fever": _("Fever below 39 °C"),
    "high-fever": _("Fever of 39 °C or more"),
    "swelling": _("Pain, redness or swelling where it was given"),
    "abscess": _("Abscess where it was given"),
    "rash": _("Rash"),
    "crying": _("Crying for more than 3 hours"),
    "convulsion": _("Convulsion"),
    "anaphylaxis": _("Anaphylaxis"),
    "other": _("Something else"),
}
