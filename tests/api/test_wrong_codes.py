"""A citizen code with a typing error is refused at the systems' door, wherever it stands."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.caller import Caller

from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE

GOOD = citizen_code.make(1234567890)
BAD = [GOOD[:-1] + str((int(GOOD[-1]) + 1) % 10), GOOD[:-2], citizen_code.show(GOOD), "8" + GOOD[1:], "x", GOOD + "0"]


def patient(value: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"value": "local"}, {"system": CITIZEN_CODE, "value": value}]}


@pytest.mark.parametrize("bad", BAD)
def test_a_write_names_the_element(call: Caller, bad: str) -> None:
    refused = call("POST", "Patient", patient(bad))
    assert refused.status == 422
    (issue,) = refused.json["issue"]
    assert (issue["code"], issue["expression"]) == ("value", ["Patient.identifier[1].value"])
    assert "citizen code" in issue["details"]["text"]
    assert "mã người dân" in str(issue["details"]["_text"])
    assert call("GET", "Patient?_summary=count").json["total"] == 0


def test_it_is_noticed_however_often_right_ones_came_before(call: Caller) -> None:
    for _ in range(12):
        assert call("POST", "Patient", patient(GOOD)).status == 201
    assert call("POST", "Patient", patient(BAD[0])).status == 422


def test_every_way_to_write_is_the_same_door(call: Caller) -> None:
    body, bad = patient(GOOD) | {"id": "p"}, patient(BAD[0]) | {"id": "p"}
    assert call("PUT", "Patient/p", body).status == 201
    assert call("PUT", "Patient/p", bad).status == 422
    patch = [{"op": "replace", "path": "/identifier/1/value", "value": BAD[0]}]
    assert call("PATCH", "Patient/p", patch, Content_Type="application/json-patch+json").status == 422
    entry = {"resource": bad, "request": {"method": "PUT", "url": "Patient/p"}}
    refused = call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert refused.status == 422
    assert refused.json["issue"][0]["expression"] == ["Bundle.entry[0].resource.identifier[1].value"]
    assert call("POST", "Patient/$validate", bad).json["issue"][0]["code"] == "value"
    assert call("GET", "Patient/p").json["identifier"][1]["value"] == GOOD


def test_a_reference_by_identifier_is_held_to_it_too(call: Caller) -> None:
    subject = {"identifier": {"system": CITIZEN_CODE, "value": BAD[0]}}
    refused = call("POST", "Observation", {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                                           "subject": subject})  # fmt: skip
    assert refused.status == 422
    assert refused.json["issue"][0]["expression"] == ["Observation.subject.identifier.value"]


def test_other_numbers_and_codes_without_a_value_are_left_alone(call: Caller) -> None:
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}
    identifiers = [
        {"system": "urn:other", "value": BAD[0]},
        {"system": CITIZEN_CODE, "_value": {"extension": [absent]}},
    ]
    assert call("POST", "Patient", {"resourceType": "Patient", "identifier": identifiers}).status == 201


@pytest.mark.parametrize("query", ["identifier={}", "identifier=local,{}", "identifier:not={}"])
def test_a_search_says_that_nobody_can_have_the_code(call: Caller, query: str) -> None:
    call("POST", "Patient", patient(GOOD))
    assert call("GET", f"Patient?identifier={CITIZEN_CODE}|{GOOD}").json["total"] == 1
    refused = call("GET", "Patient?" + query.format(f"{CITIZEN_CODE}|{BAD[0]}"))
    assert refused.status == 400
    assert "typing error" in refused.json["issue"][0]["details"]["text"]
    assert call("GET", f"Observation?patient:Patient.identifier={CITIZEN_CODE}|{BAD[0]}").status == 400
    assert call("GET", f"Observation?subject:identifier={CITIZEN_CODE}|{BAD[0]}").status == 400


def test_a_conditional_create_with_a_bad_code_makes_nobody(call: Caller) -> None:
    refused = call("POST", "Patient", patient(GOOD), If_None_Exist=f"identifier={CITIZEN_CODE}|{BAD[0]}")
    assert refused.status == 400
    assert call("GET", "Patient?_summary=count").json["total"] == 0
