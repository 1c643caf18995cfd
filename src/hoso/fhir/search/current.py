"""R4's current lists (`_list=$current-problems`): what is in force now, by the states that say so."""

from __future__ import annotations

from collections.abc import Mapping

Pairs = tuple[tuple[str, str], ...]

_STANDS = ("verification-status:not", "refuted,entered-in-error")
_ALLERGIES: Pairs = (("clinical-status", "active"), _STANDS)

CURRENT: Mapping[tuple[str, str], Pairs] = {
    ("Condition", "$current-problems"): (("clinical-status", "active,recurrence,relapse"), _STANDS),
    ("AllergyIntolerance", "$current-allergies"): _ALLERGIES,
    ("AllergyIntolerance", "$current-drug-allergies"): (*_ALLERGIES, ("category", "medication")),
    ("MedicationRequest", "$current-medications"): (("status", "active"),),
    ("MedicationStatement", "$current-medications"): (("status", "active"),),
}
"""By type and name: the parameters that must all hold."""


def offered(type: str) -> list[str]:
    return [name for about, name in CURRENT if about == type]
