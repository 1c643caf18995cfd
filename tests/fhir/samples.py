"""Small resources for tests to start from; each is valid as it stands."""

from __future__ import annotations

from typing import Any

Resource = dict[str, Any]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"


def patient(**more: Any) -> Resource:
    return {"resourceType": "Patient"} | more


def observation(**more: Any) -> Resource:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Cân nặng"}} | more


def condition(**more: Any) -> Resource:
    return {"resourceType": "Condition", "subject": {"reference": "Patient/1"}} | more


def narrative(inner: str) -> Resource:
    return patient(text={"status": "generated", "div": DIV.format(inner)})


def bundle(kind: str, *entries: Resource, **more: Any) -> Resource:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)} | more


def coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}
