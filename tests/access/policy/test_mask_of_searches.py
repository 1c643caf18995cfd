"""A role from which elements are masked asks for them by no way that a search has."""

from __future__ import annotations

import pytest

from hoso.access.policy.mask import refuse_masked
from hoso.core.errors import Refused
from hoso.fhir.added import Definition
from hoso.fhir.search import parse
from hoso.fhir.search.offered import Offer

MASKS = {"Patient": ("telecom", "managingOrganization")}
KEPT = {"_content": "words", "_display": "words", "own": "token"}
OWN = {
    type: {code: Offer(Definition(code, kind).param(1)) for code, kind in KEPT.items()}
    for type in ("Patient", "Observation")
}
REFUSED = [
    ("Patient", "telecom", "phone|1"),
    ("Patient", "phone:missing", "true"),
    ("Patient", "_sort", "phone"),
    ("Patient", "_include", "Patient:organization"),
    ("Observation", "subject:Patient.phone", "1"),
    ("Observation", "_include:iterate", "Patient:organization"),
    ("Organization", "_revinclude", "Patient:organization"),
    ("Patient", "_content", "an"),
    ("Observation", "_content", "an"),
    ("Observation", "subject:text", "an"),
    ("Observation", "own", "a"),
    ("Observation", "subject:Patient.own:missing", "true"),
    ("Patient", "_has:Observation:subject:_content", "an"),
    ("Patient", "_sort", "own"),
    ("Patient", "_filter", "own eq a or gender eq male"),
]


@pytest.mark.parametrize(("type", "name", "value"), REFUSED)
def test_what_is_masked_is_not_searched_by(type: str, name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        refuse_masked(parse(type, [(name, value)], added=OWN), MASKS)
    (issue,) = refused.value.issues
    assert (refused.value.status, issue.key) == (400, "search.unknown-parameter")
    assert issue.values["name"].lstrip("-_") in name + value and "#" not in "".join(issue.values.values())


def test_what_is_shown_is_searched_by() -> None:
    for type, name, value in (("Patient", "gender", "male"), ("Observation", "subject:Patient.name", "an")):
        refuse_masked(parse(type, [(name, value)], added=OWN), MASKS)
