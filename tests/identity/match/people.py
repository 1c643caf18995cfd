"""Patients as facilities write them, in one line each: the hand-made cases of the matcher's tests."""

from __future__ import annotations

from typing import Any

from hoso.fhir import systems
from hoso.identity.match import Candidate, Decision, Packed, Policy, decide, default_model, packed
from hoso.identity.normalise import Person, normalise

BA_DINH, HOAN_KIEM, CAN_THO = ("01", "00004"), ("01", "00070"), ("92", "31120")
MILLION = 1_000_000


def patient(
    name: str = "",
    birth: str = "",
    sex: str = "",
    *,
    cccd: str = "",
    verified: bool = False,
    bhxh: str = "",
    phone: str = "",
    place: tuple[str, str] | None = None,
    hamlet: str = "",
    mother: str = "",
    twin: int = 0,
    local: str = "",
    other_names: tuple[str, ...] = (),
) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Patient"}
    if name:
        found["name"] = [{"text": text} for text in (name, *other_names)]
    if birth:
        found["birthDate"] = birth
    if sex:
        found["gender"] = sex
    identifiers = []
    if cccd:
        number: dict[str, Any] = {"system": systems.PERSONAL_NUMBER, "value": cccd}
        if verified:
            number["extension"] = [{"url": systems.CLAIM_STATUS, "valueCode": "verified"}]
        identifiers.append(number)
    if bhxh:
        identifiers.append({"system": systems.SOCIAL_NUMBER, "value": bhxh})
    if local:
        identifiers.append({"system": "https://hoso.vn/sid/facility/01001/patient", "value": local})
    if identifiers:
        found["identifier"] = identifiers
    if phone:
        found["telecom"] = [{"system": "phone", "value": phone}]
    if place:
        found["address"] = [{"extension": [{"url": "unit", "valueCoding": {"code": code}} for code in place]}]
        if hamlet:
            found["address"][0]["line"] = [hamlet]
    if mother:
        relationship = [{"coding": [{"code": "MTH"}]}]
        found["contact"] = [{"relationship": relationship, "name": {"text": mother}}]
    if twin:
        found["multipleBirthInteger"] = twin
    return found


def person(*args: Any, **kwargs: Any) -> Person:
    return normalise(patient(*args, **kwargs))


def record(*args: Any, **kwargs: Any) -> Packed:
    return packed(person(*args, **kwargs))


def judged(arrival: Packed, *people: Packed, population: int = MILLION, **kwargs: Any) -> Decision:
    """The decision when each of `people` is a person with one record, called "p0", "p1", …"""
    candidates = [Candidate(f"p{number}", (held,)) for number, held in enumerate(people)]
    return decide(arrival, candidates, population, default_model(), Policy(year=2026), **kwargs)
