"""The resources of one citizen while they are being written, with ids that depend on seed and citizen alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from hoso.synth import identifiers
from hoso.synth.identifiers import Keys

Resource = dict[str, Any]

BASE = "https://synthetic.hoso.vn/fhir"
TEST_DATA = {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]}


class Record:
    """Collects resources; `add` gives each its id and answers with the reference to it."""

    def __init__(self, keys: Keys, number: int) -> None:
        self._keys = keys
        self._number = number
        self.patient_id = identifiers.resource_id(keys, f"citizen/{number}")
        self.subject = {"reference": f"Patient/{self.patient_id}"}
        self.resources: list[Resource] = []

    def add(self, resource: Resource) -> dict[str, str]:
        if "id" not in resource:
            name = f"citizen/{self._number}/{len(self.resources)}"
            resource = {
                "resourceType": resource["resourceType"],
                "id": identifiers.resource_id(self._keys, name),
                **{key: value for key, value in resource.items() if key != "resourceType"},
            }
        self.resources.append(resource)
        return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def transaction(resources: Iterable[Resource]) -> Resource:
    """A transaction Bundle that puts every resource at its own id, so that sending it twice changes nothing."""
    entries = [
        {
            "fullUrl": f"{BASE}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def moment(at: datetime) -> str:
    """A local time in Viet Nam as FHIR writes it."""
    return at.isoformat(timespec="seconds") + "+07:00"


def day(at: date) -> str:
    return at.isoformat()[:10]


def coded(system: str, code: str, english: str, vietnamese: str | None = None) -> Resource:
    """A CodeableConcept: the code with its English display, the Vietnamese words as text."""
    return {"coding": [{"system": system, "code": code, "display": english}], "text": vietnamese or english}


def terminology(name: str, code: str) -> Resource:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code}]}
