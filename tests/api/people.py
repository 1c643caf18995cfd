"""Patients as facilities write them, and what tests of identity ask about them."""

from __future__ import annotations

from typing import Any

from tests.api.caller import Caller

NATIONAL = "http://fhir.ehealth.gov.vn/core/sid/national_id"
HOSPITAL, STATION = "https://hoso.vn/sid/facility/79001/patient", "https://hoso.vn/sid/facility/79002/patient"
PERSON = "https://hoso.vn/CodeSystem/record-kind|person"
NUMBER, PHONE = "001184004711", "0912345678"


def patient(name: str = "Nguyễn Thị Minh Hạnh", born: str = "1984-03-17", sex: str = "female", number: str = "",
            phone: str = "", local: tuple[str, str] | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
    made: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": name}], "gender": sex, "birthDate": born}
    identifiers = [{"system": NATIONAL, "value": number}] if number else []
    identifiers += [{"system": local[0], "value": local[1]}] if local else []
    if identifiers:
        made["identifier"] = identifiers
    if phone:
        made["telecom"] = [{"system": "phone", "value": phone}]
    return {**made, **more}


def put(call: Caller, id: str, body: dict[str, Any]) -> None:
    answer = call("PUT", f"Patient/{id}", {**body, "id": id})
    assert answer.status in (200, 201), answer.body


def persons_of(call: Caller) -> list[dict[str, Any]]:
    """Golden Patients that were not merged away."""
    found: list[dict[str, Any]] = call("GET", f"Patient?_tag={PERSON}&_count=1000").resources
    return [one for one in found if one["active"]]


def records_of(person: dict[str, Any]) -> list[str]:
    links = person.get("link", ())
    return sorted(one["other"]["reference"].removeprefix("Patient/") for one in links if one["type"] == "seealso")


def groups(call: Caller) -> list[list[str]]:
    return sorted(found for person in persons_of(call) if (found := records_of(person)))


def counted(call: Caller) -> dict[str, int]:
    """How many records there are of the types that identity writes."""
    queries = {"Patient": f"Patient?_tag={PERSON}&_summary=count", "Linkage": "Linkage?_summary=count"}
    queries |= {"Task": "Task?_summary=count", "record": "Patient?_summary=count"}
    return {name: int(call("GET", query).json["total"]) for name, query in queries.items()}


def parameters(**values: Any) -> dict[str, Any]:
    """Parameters with one value of a name each, or a list of them; `_` in a name stands for a hyphen."""
    parts = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            parts.append({"name": name.replace("_", "-"), **_typed(one)})
    return {"resourceType": "Parameters", "parameter": parts}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int):
        return {"valueInteger": value}
    if isinstance(value, str):
        return {"valueString": value}
    if "resourceType" in value:
        return {"resource": value}
    return {"valueReference": value} if "reference" in value else {"valueIdentifier": value}
