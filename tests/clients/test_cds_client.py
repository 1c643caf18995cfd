"""A hospital's software as it is written elsewhere, over real HTTP: discovers the services, fills the prefetch, asks.

It knows the CDS Hooks 2.0 text only, nothing of HoSo, and checks every card against what that text demands.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
from tests.security.apps import Site

Resource = dict[str, Any]
LOINC = "http://loinc.org"


class Client:
    """Discovery, prefetch through the FHIR server that it knows, the call, and feedback."""

    def __init__(self, base: str, fhir: str, token: str, language: str) -> None:
        self.base, self.fhir = base, fhir
        self.session = requests.Session()
        self.session.headers["Accept-Language"] = language
        self.services = {one["id"]: one for one in self.session.get(f"{base}/cds-services").json()["services"]}
        self.session.headers["Authorization"] = f"Bearer {token}"

    def prefetch(self, service: str, context: Resource) -> Resource:
        def filled(template: str) -> str:
            return re.sub(r"\{\{context\.(\w+)\}\}", lambda found: str(context[found[1]]), template)

        templates = self.services[service].get("prefetch", {})
        return {key: self.session.get(f"{self.fhir}/{filled(one)}").json() for key, one in templates.items()}

    def call(self, service: str, context: Resource, *, prefetch: bool = True) -> list[Resource]:
        body: Resource = {
            "hook": self.services[service]["hook"], "hookInstance": str(uuid4()), "fhirServer": self.fhir,
            "context": {"userId": "Practitioner/123", **context},
        }  # fmt: skip
        if prefetch:
            body["prefetch"] = self.prefetch(service, context)
        answer = self.session.post(f"{self.base}/cds-services/{service}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("application/json")
        cards: list[Resource] = answer.json()["cards"]
        for card in cards:
            check(card)
        return cards

    def feedback(self, service: str, card: Resource, reason: Resource) -> int:
        entry = {
            "card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": datetime.now(UTC).isoformat(),
            "overrideReason": {"reason": {"code": reason["code"], "system": reason["system"]}},
        }  # fmt: skip
        return self.session.post(f"{self.base}/cds-services/{service}/feedback", json={"feedback": [entry]}).status_code


def check(card: Resource) -> None:
    """What CDS Hooks 2.0 demands of a card."""
    assert 0 < len(card["summary"]) <= 140
    assert card["indicator"] in {"info", "warning", "critical"}
    assert card["source"]["label"]
    assert UUID(card["uuid"])
    if "suggestions" in card:
        assert card["selectionBehavior"] in {"at-most-one", "any"}
    for suggestion in card.get("suggestions", ()):
        assert suggestion["label"]
        for action in suggestion["actions"]:
            assert action["type"] in {"create", "update", "delete"} and action["description"]
            assert action["type"] != "delete" or re.fullmatch(r"[A-Z]\w+/[\w.-]+", action["resourceId"])
    for link in card.get("links", ()):
        assert link["label"] and link["url"].startswith("http") and link["type"] in {"absolute", "smart"}
    for reason in card.get("overrideReasons", ()):
        assert reason["code"] and reason["system"] and reason["display"]


def draft(type: str, id: str, subject: str, **more: Any) -> Resource:
    about = {"reference": f"Patient/{subject}"}
    return {"resourceType": type, "id": id, "status": "draft", "intent": "order", "subject": about, **more}


def signing(patient: str, *drafts: Resource) -> Resource:
    return {
        "patientId": patient, "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": one} for one in drafts]},
    }  # fmt: skip


@pytest.fixture(scope="module")
def patient(site: Site) -> str:
    """Somebody whose HbA1c was done elsewhere, who takes acenocoumarol and once had anaphylaxis from penicillin."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {site.token}"

    def create(type: str, **body: Any) -> str:
        answer = session.post(f"{site.fhir}/{type}", json={"resourceType": type, **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def back(days: int) -> str:
        return (datetime.now(UTC) - timedelta(days=days)).date().isoformat()

    id = create("Patient", name=[{"text": "Phạm Thị Kê Đơn"}], birthDate="1958-02-01", gender="female")
    about = {"reference": f"Patient/{id}"}
    create(
        "Observation", status="final", subject=about, effectiveDateTime=back(30),
        code={"text": "HbA1c", "coding": [{"system": LOINC, "code": "4548-4"}]},
        category=[{"coding": [{"code": "laboratory",
                               "system": "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
        valueQuantity={"value": 6.4, "unit": "%"},
    )  # fmt: skip
    create(
        "MedicationRequest", status="active", intent="order", subject=about, authoredOn=back(5),
        medicationCodeableConcept={"text": "Acenocoumarol 4 mg"},
    )  # fmt: skip
    create(
        "AllergyIntolerance", patient=about, code={"text": "Penicillin"},
        clinicalStatus={"coding": [{"code": "active",
                        "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"}]},
        reaction=[{"manifestation": [{"text": "Sốc phản vệ"}]}],
    )  # fmt: skip
    return id


@pytest.mark.parametrize("prefetch", [True, False], ids=["with prefetch", "without"])
def test_an_independent_client_orders_with_advice(site: Site, patient: str, prefetch: bool) -> None:
    client = Client(site.address, site.fhir, site.token, "en")
    assert {"patient-view", "order-select", "order-sign"} <= client.services.keys()

    (view,) = client.call("patient-view", {"patientId": patient}, prefetch=prefetch)
    assert view["summary"] == "Allergies: Penicillin; Anticoagulant"

    hba1c = draft("ServiceRequest", "t1", patient, code={"coding": [{"system": LOINC, "code": "4548-4"}]})
    pills = draft("MedicationRequest", "m1", patient, medicationCodeableConcept={"text": "Diclofenac 50 mg"})
    capsules = draft("MedicationRequest", "m2", patient, medicationCodeableConcept={"text": "Amoxicillin 500 mg"})
    chosen = {**signing(patient, hba1c, pills), "selections": ["ServiceRequest/t1"]}
    (done,) = client.call("order-select", chosen, prefetch=prefetch)
    assert done["summary"] == "4548-4: done 30 days ago (6.4 %)" and done["indicator"] == "warning"

    cards = client.call("order-sign", signing(patient, hba1c, pills, capsules), prefetch=prefetch)
    told = {one["source"]["topic"]["code"]: one for one in cards}
    assert told.keys() == {"duplicate-test", "interaction", "allergy"}
    assert told["interaction"]["indicator"] == told["allergy"]["indicator"] == "critical"
    assert told["allergy"]["suggestions"][0]["actions"][0]["resourceId"] == "MedicationRequest/m2"
    assert client.feedback("order-sign", told["interaction"], told["interaction"]["overrideReasons"][0]) == 200


def test_the_same_client_in_vietnamese(site: Site, patient: str) -> None:
    client = Client(site.address, site.fhir, site.token, "vi")
    (view,) = client.call("patient-view", {"patientId": patient})
    assert view["summary"] == "Dị ứng: Penicillin; Đang dùng thuốc chống đông"


def test_a_stranger_is_sent_away_and_an_unknown_patient_too(site: Site) -> None:
    client = Client(site.address, site.fhir, site.token, "en")
    context = {"userId": "x", "patientId": "nobody"}
    body: Resource = {"hook": "patient-view", "hookInstance": str(uuid4()), "context": context}
    assert client.session.post(f"{site.address}/cds-services/patient-view", json=body).status_code == 412
    assert requests.post(f"{site.address}/cds-services/patient-view", json=body).status_code == 401
