"""Small records for the store's tests, and drafts of them."""

from __future__ import annotations

import json
from typing import Any

from hoso.store.contract import Draft, Method, Origin

WHO = Origin("user/test", "TREAT")


def patient(name: str = "Đặng Thị Hoà", born: str = "1990-01-02", number: str = "001190000001") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:test:number", "value": number}],
        "name": [{"text": name}],
        "birthDate": born,
    }


def observation(subject: str | None = "Patient/p", value: float = 120.5, day: str = "2026-01-02") -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "effectiveDateTime": day,
        "valueQuantity": {
            "value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]",
        },
    }  # fmt: skip
    if subject is not None:
        found["subject"] = {"reference": subject}
    return found


def put(resource: dict[str, Any], id: str, base: str | None = "any", method: Method = "PUT") -> Draft:
    body = json.dumps(resource, ensure_ascii=False).encode()
    return Draft(method, resource["resourceType"], id, body, resource, base)


def delete(type: str, id: str, base: str | None = "any") -> Draft:
    return Draft("DELETE", type, id, b"", None, base)
