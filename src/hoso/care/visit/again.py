"""A visit that was signed, back in the form: each field as it would be typed to write the same record again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hoso.care.elements import Resource, codings, concept_text, concepts, day, has_code, key_of, labelled
from hoso.care.visit.vitals import Vital, vitals
from hoso.care.visit.write import ORDERS, PROGRESS, part_id
from hoso.fhir import systems


def fields(encounter: Resource, parts: Iterable[Resource]) -> dict[str, str]:
    """`parts`: living resources of the visit that this page wrote."""
    by_key = {key_of(one): one for one in parts}
    found = {
        "template": _template(encounter),
        "reason": next((text for c in encounter.get("reasonCode", ()) if (text := concept_text(c))), ""),
        **_diagnoses(encounter, by_key),
        **_texts(_part(encounter, by_key, "DocumentReference", "note")),
        **_repeated(by_key),
        "next": _next(_part(encounter, by_key, "Appointment", "next")),
    }
    for one in vitals():
        if observation := _part(encounter, by_key, "Observation", f"vital:{one.key}"):
            found[one.key] = _value(one, observation)
    return {name: text for name, text in found.items() if text}


def _part(encounter: Resource, by_key: Mapping[str, Resource], type: str, name: str) -> Resource:
    return by_key.get(f"{type}/{part_id(str(encounter['id']), name)}", {})


def _template(encounter: Resource) -> str:
    coded = (one for c in encounter.get("type", ()) for one in c.get("coding", ()))
    return next((str(one["code"]) for one in coded if one.get("system") == systems.VISIT_TEMPLATE), "")


def _diagnoses(encounter: Resource, by_key: Mapping[str, Resource]) -> dict[str, str]:
    listed = [one.get("condition", {}).get("reference", "") for one in encounter.get("diagnosis", ())]
    found = [by_key[key] for key in listed if key in by_key]
    if not found:
        return {}
    suspected = "yes" if has_code(found[0].get("verificationStatus"), "provisional") else ""
    return {
        "main": _line(found[0]),
        "as_words": "" if _coded(found[0]) else "yes",
        "suspected": suspected,
        "lasting": "yes"
        if any(has_code(one, "problem-list-item") for one in concepts(found[0].get("category")))
        else "",
        "others": "\n".join(map(_line, found[1:])),
    }


def _line(condition: Resource) -> str:
    text = concept_text(condition.get("code"))
    code = _coded(condition)
    return f"{code} {'' if text == code else text}".strip()


def _coded(condition: Resource) -> str:
    return next((code for system, code in codings(condition.get("code")) if system == "icd10"), "")


def _texts(document: Resource) -> dict[str, str]:
    found = labelled(document, (PROGRESS, ORDERS))
    findings = [*found.get("", ()), *found.get(PROGRESS, ())]
    return {"findings": "\n".join(findings), "plan": "\n".join(found.get(ORDERS, ()))}


def _repeated(by_key: Mapping[str, Resource]) -> dict[str, str]:
    requests = [one for one in by_key.values() if one["resourceType"] == "MedicationRequest"]
    former = [str(one.get("priorPrescription", {}).get("reference", "")).partition("/")[2] for one in requests]
    days = [one.get("dispenseRequest", {}).get("expectedSupplyDuration", {}).get("value") for one in requests]
    return {"repeat": " ".join(filter(None, former)), "repeat_days": f"{days[0]:g}" if days and days[0] else ""}


def _next(appointment: Resource) -> str:
    start = next((one.get("start", "") for one in appointment.get("requestedPeriod", ())), "")
    at = day(start)
    return f"{at:%d/%m/%Y}" if at else ""


def _value(one: Vital, observation: Resource) -> str:
    if not one.paired:
        return _number(observation.get("valueQuantity", {}))
    by_code = {
        code: part.get("valueQuantity", {})
        for part in observation.get("component", ())
        for _, code in codings(part.get("code"))
    }
    return "/".join(_number(by_code.get(part.loinc, {})) for part in one.parts)


def _number(quantity: Mapping[str, Any]) -> str:
    return f"{quantity['value']:g}" if "value" in quantity else ""
