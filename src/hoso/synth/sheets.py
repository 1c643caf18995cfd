"""The records of a synthetic citizen as offices keep them in spreadsheets: rows of several kinds, with faults.

Beside every row stands the truth: whose it is, what it says, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from hoso.fhir import systems
from hoso.synth.record import Resource

KINDS = ("persons", "visits", "results", "immunizations", "problems", "allergies")
FAULTS = ("impossible-date", "lost-digits", "no-name", "future-date", "sent-twice", "broken-cell")
FAULTY = 0.03
REFUSED = frozenset(FAULTS) - {"sent-twice"}
"""Faults for which a row must not go in."""
_SEVERITIES = {"mild": "Nhẹ", "moderate": "Vừa", "severe": "Nặng"}
_SEXES = {"male": "Nam", "female": "Nữ"}
_SIGNS = {"8867-4": "pulse", "29463-7": "weight"}

Values = dict[str, str]


class Line(NamedTuple):
    """One row: its texts by field, and the truth about it."""

    facility: str
    kind: str
    values: Values
    truth: Resource


def lines(bundle: Resource, truth: Resource, codes: Mapping[str, str], rng: Random) -> Iterator[Line]:
    """Every row of a citizen; `codes` are the codes of facilities by the ids of their organisations."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    patients = {one["id"]: one for one in resources if one["resourceType"] == "Patient"}
    main = patients[truth["patient"]]
    home = codes.get(main["managingOrganization"]["reference"].partition("/")[2], "")
    for facility, kind, values, of in _rows(resources, patients, main, home):
        if not facility:
            continue
        name = values["name"]
        fault = rng.choice(FAULTS) if rng.random() < FAULTY else ""
        fault = _spoil(values, kind, fault, rng)
        told = {"kind": kind, "facility": facility, "citizen": truth["number"], "code": truth["code"], "resource": of}
        told["name"] = name
        line = Line(facility, kind, values, {**told, "fault": fault})
        yield line
        if fault == "sent-twice":
            yield Line(facility, kind, dict(values), dict(line.truth))


def _rows(
    resources: Sequence[Resource], patients: Mapping[str, Resource], main: Resource, home: str
) -> Iterator[tuple[str, str, Values, str]]:
    person = _person(main, home)
    yield home, "persons", dict(person), f"Patient/{main['id']}"
    children = _by_encounter(resources)
    for one in resources:
        type = one["resourceType"]
        name = f"{type}/{one['id']}"
        if type == "Encounter" and one["class"]["code"] == "AMB" and (facility := _facility_of(one)):
            owner = patients.get(one["subject"]["reference"].partition("/")[2])
            if owner is None:
                continue
            values = _visit(one, children.get(one["id"], ()))
            if "diagnosis" in values or "reason" in values:
                yield facility, "visits", {**_person(owner, facility), **values}, name
            for result in children.get(one["id"], ()):
                if values := _result(result):
                    known = _person(owner, facility)
                    yield facility, "results", {**known, **values}, f"Observation/{result['id']}"
        elif type == "Immunization":
            yield home, "immunizations", {**person, **_vaccination(one)}, name
        elif type == "Condition" and one["category"][0]["coding"][0]["code"] == "problem-list-item":
            since = {"since": one["onsetDateTime"][:4]} if "onsetDateTime" in one else {}
            yield home, "problems", {**person, **_diagnosis(one), **since}, name
        elif type == "AllergyIntolerance":
            yield home, "allergies", {**person, **_allergy(one)}, name


def _by_encounter(resources: Sequence[Resource]) -> dict[str, list[Resource]]:
    found: dict[str, list[Resource]] = {}
    for one in resources:
        if reference := one.get("encounter", {}).get("reference"):
            found.setdefault(reference.partition("/")[2], []).append(one)
    return found


def _facility_of(encounter: Resource) -> str:
    """Out of the number that the facility gave to the visit."""
    systems_ = [one["system"] for one in encounter.get("identifier", ())]
    return next((one.split("/")[5] for one in systems_ if one.startswith("https://hoso.vn/sid/facility/")), "")


def _person(patient: Resource, facility: str) -> Values:
    numbers = {one.get("system"): one["value"] for one in patient.get("identifier", ())}
    name = patient["name"][0]["text"]
    birth = patient.get("birthDate", "")
    sex = patient.get("gender", "")
    family, _, given = name.rpartition(" ")
    values = {
        "number": numbers.get(systems.facility_patient_number(facility), ""),
        "name": name,
        "family": family,
        "given": given,
        "birth": _shown(birth),
        f"birth-{sex}": birth[:4],
        "sex": _SEXES.get(sex, ""),
        "cccd": numbers.get(systems.PERSONAL_NUMBER, ""),
        "bhyt": numbers.get(systems.INSURANCE_NUMBER, ""),
        "phone": next((one["value"] for one in patient.get("telecom", ())), ""),
        "address": next((one.get("text", "") for one in patient.get("address", ())), ""),
        "ethnic": next(
            (e["valueCodeableConcept"]["text"] for e in patient.get("extension", ()) if e["url"].endswith("-race")), ""
        ),
        "guardian": next((one["name"]["text"] for one in patient.get("contact", ()) if "name" in one), ""),
    }
    return {field: value for field, value in values.items() if value}


def _shown(iso: str) -> str:
    """15/07/2026, with the time behind it when there is one."""
    return f"{'/'.join(reversed(iso[:10].split('-')))} {iso[11:16]}".strip()


def _visit(encounter: Resource, inside: Sequence[Resource]) -> Values:
    values = {
        "visit-number": encounter["identifier"][0]["value"],
        "date": _shown(encounter["period"]["start"]),
        "reason": encounter.get("reasonCode", [{}])[0].get("text", ""),
        "doctor": encounter.get("participant", [{}])[0].get("individual", {}).get("display", ""),
    }
    for one in inside:
        if one["resourceType"] == "Condition" and "icd" not in values:
            values |= _diagnosis(one)
        elif one["resourceType"] == "MedicationRequest":
            words = one.get("medicationCodeableConcept", {}).get("text", "")
            values["treatment"] = "; ".join(filter(None, (values.get("treatment", ""), words)))
        elif one["resourceType"] == "Observation":
            code = one["code"]["coding"][0]["code"]
            if code in _SIGNS and "valueQuantity" in one:
                values[_SIGNS[code]] = str(one["valueQuantity"]["value"])
            elif code == "85354-9":
                parts = [str(part["valueQuantity"]["value"]) for part in one["component"][:2]]
                values["pressure"] = "/".join(parts)
    return {field: value for field, value in values.items() if value}


def _diagnosis(condition: Resource) -> Values:
    return {"icd": condition["code"]["coding"][0]["code"], "diagnosis": condition["code"]["text"]}


def _result(one: Resource) -> Values:
    if one["resourceType"] != "Observation" or "valueQuantity" not in one:
        return {}
    if "laboratory" not in [coding["code"] for kind in one.get("category", ()) for coding in kind["coding"]]:
        return {}
    quantity = one["valueQuantity"]
    values = {
        "test": one["code"]["text"],
        "result": str(quantity["value"]).replace(".", ","),
        "unit": quantity.get("unit", ""),
        "date": _shown(one["effectiveDateTime"]),
        "sample": one["id"][:8].upper(),
    }
    if limits := one.get("referenceRange"):
        ends = [str(limits[0][end]["value"]) for end in ("low", "high") if end in limits[0]]
        values["range"] = " - ".join(ends).replace(".", ",") if len(ends) == 2 else ""
    return {field: value for field, value in values.items() if value}


def _vaccination(one: Resource) -> Values:
    number: Any = one.get("protocolApplied", [{}])[0].get("doseNumberPositiveInt", "")
    values = {
        "vaccine": one["vaccineCode"]["text"],
        "date": _shown(one["occurrenceDateTime"][:10]),
        "dose": str(number),
        "lot": one.get("lotNumber", ""),
    }
    return {field: value for field, value in values.items() if value}


def _allergy(one: Resource) -> Values:
    values = {"substance": one["code"]["text"], "date": _shown(one.get("recordedDate", "")[:10])}
    for reaction in one.get("reaction", ())[:1]:
        values["reaction"] = reaction["manifestation"][0].get("text", "")
        values["severity"] = _SEVERITIES.get(reaction.get("severity", ""), "")
    return {field: value for field, value in values.items() if value}


def _spoil(values: Values, kind: str, fault: str, rng: Random) -> str:
    """Puts the fault in; "" when the row has no place for it."""
    if fault == "lost-digits" and "cccd" not in values:
        return ""
    if fault in ("impossible-date", "future-date") and kind not in ("visits", "results", "immunizations"):
        return ""
    if fault == "impossible-date":
        values["date"] = f"{rng.choice((30, 31))}/02/{values['date'][6:10]}"
    elif fault == "future-date":
        values["date"] = f"{values['date'][:6]}2096"
    elif fault == "lost-digits":
        values["cccd"] = f"{int(values['cccd']):.2E}"
    elif fault == "no-name":
        for field in ("name", "family", "given", "number"):
            values.pop(field, None)
    elif fault == "broken-cell":
        values["name"] = values["given"] = f"{values['name']}\x00"
    return fault
