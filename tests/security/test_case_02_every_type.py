"""Case 2: a citizen's token at every type of the CapabilityStatement: the own record, and nothing else of anybody."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from tests.security.apps import Site
from tests.security.citizens import Somebody
from tests.security.scene import FOREIGN_NUMBER, OWN_NUMBER, Scene, bearer, patient

OPEN = {
    "Organization", "Location", "Practitioner", "PractitionerRole", "HealthcareService", "OrganizationAffiliation",
    "Medication", "Substance", "ValueSet", "CodeSystem", "ConceptMap", "Questionnaire", "PlanDefinition",
}  # fmt: skip
"""About no person: catalogues and places of care."""
WITHOUT_A_RULE = ("Group", "Schedule", "MessageHeader", "StructureDefinition", "Subscription", "Parameters", "Bundle")


@pytest.fixture(scope="module")
def citizen(peopled: Site) -> tuple[str, set[str]]:
    """A token, and the ids of the citizen's own records."""
    mark = secrets.token_hex(4)
    number = f"0{secrets.randbelow(10**11):011}"
    own = [patient(f"c-{mark}", f"Dan {mark}", number)]
    own += [one(f"{kind}-{mark}", f"c-{mark}") for kind, one in MADE.items()]
    scene = Scene(peopled, peopled.token)
    scene.put(*own, *(one(f"far-{kind}", "s-far") for kind, one in MADE.items()))
    somebody = Somebody(peopled, f"Dan {mark}", f"c-{mark}", number)
    token = bearer(peopled, somebody.enrolled(), "user/*.rs")
    return token, {one["id"] for one in own}


def about(type: str, key: str, **members: Any) -> Any:
    return lambda id, of: {"resourceType": type, "id": id, key: {"reference": f"Patient/{of}"}, **members}


CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
MADE = {
    "team": about("CareTeam", "subject", status="active"),
    "problem": about("Condition", "subject"),
    "allergy": about(
        "AllergyIntolerance", "patient", clinicalStatus={"coding": [{"system": CLINICAL, "code": "active"}]}
    ),
    "paper": about("DocumentReference", "subject", status="current", content=[{"attachment": {"title": "x"}}]),
    "cover": about("Coverage", "beneficiary", status="active", payor=[{"display": "x"}]),
    "account": lambda id, of: {
        "resourceType": "Account",
        "id": id,
        "status": "active",
        "subject": [{"reference": f"Patient/{of}"}],
    },
    "task": about("Task", "for", status="requested", intent="order"),
    "shot": about(
        "Immunization", "patient", status="completed", vaccineCode={"text": "x"}, occurrenceDateTime="2026-01-01"
    ),
    "related": about("RelatedPerson", "patient"),
    "order": about("ServiceRequest", "subject", status="active", intent="order"),
}


def types(site: Site) -> list[str]:
    told = site.ask("GET", "/fhir/metadata").json
    return [one["type"] for one in told["rest"][0]["resource"]]


def test_case_02_no_search_without_parameters_shows_anybody_else(peopled: Site, citizen: tuple[str, set[str]]) -> None:
    token, own = citizen
    listed = types(peopled)
    assert len(listed) > 100
    for type in listed:
        answer = peopled.fhir_get(f"{type}?_count=1000", token)
        assert answer.status in (200, 403), (type, answer.body)
        for entry in answer.json.get("entry", []) if answer.status == 200 else []:
            shown = entry["resource"]
            assert shown["resourceType"] in OPEN or shown["id"] in own or own_golden(shown, own), (type, shown)


def own_golden(shown: dict[str, Any], own: set[str]) -> bool:
    """The person's record, made of the facility's; a mention of anybody else makes it none."""
    text = json.dumps(shown)
    strangers = (OWN_NUMBER, FOREIGN_NUMBER, "s-far", "s-own", "Patient/p1", "Patient/p2")
    return shown["resourceType"] in ("Patient", "AuditEvent") and not any(word in text for word in strangers)


@pytest.mark.parametrize("query", ["", "_type=", "_summary=count", "_total=accurate&_count=0"])
def test_case_02_nor_does_a_search_over_all_types(peopled: Site, citizen: tuple[str, set[str]], query: str) -> None:
    token, own = citizen
    if query == "_type=":
        query = "_type=CareTeam,Condition,Coverage,Account,Immunization,DocumentReference"
    answer = peopled.fhir_get(f"?{query}", token)
    assert answer.status in (200, 400, 403)
    for word in ("s-far", "s-own", FOREIGN_NUMBER, OWN_NUMBER, "far-"):
        assert word.encode() not in answer.body, query
    assert own


@pytest.mark.parametrize("kind", MADE)
def test_case_02_the_own_is_found_and_the_foreign_one_is_not(
    peopled: Site, citizen: tuple[str, set[str]], kind: str
) -> None:
    token, own = citizen
    type = MADE[kind]("", "")["resourceType"]
    found = peopled.fhir_get(f"{type}?_count=1000", token)
    assert peopled.fhir_get(f"{type}/far-{kind}", token).status in (403, 404)
    if type == "Task":  # the ledger is closed to citizens
        assert found.status == 403 or "entry" not in found.json
    else:
        ids = {entry["resource"]["id"] for entry in found.json["entry"]}
        assert ids == {id for id in own if id.startswith(f"{kind}-")}


@pytest.mark.parametrize("type", WITHOUT_A_RULE)
def test_case_02_a_type_without_a_rule_is_there_for_nobody_with_a_role(
    peopled: Site, citizen: tuple[str, set[str]], scene: Scene, type: str
) -> None:
    for token in (citizen[0], scene.doctor):
        answer = peopled.fhir_get(type, token)
        assert answer.status in (403, 404), (type, answer.body)
        assert peopled.fhir_get(f"{type}/x", token).status in (403, 404)
