"""The last touch on the resources of a visit: whom and which visit they are about, what FHIR asks for, and labels.

Here is what no single field says: the diagnoses of the visit, reports over results, the claim over its items.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from hoso.exchange.hiv import labelled
from hoso.exchange.insurance import values, vitals
from hoso.exchange.insurance.convert import ACT_CODE, coded, facility
from hoso.exchange.insurance.definitions import tables
from hoso.exchange.insurance.draft import Draft, Made
from hoso.exchange.insurance.mapping import Resource, kept, put, template
from hoso.exchange.insurance.visit import Row
from hoso.fhir import systems

_DIAGNOSIS_ROLE = "http://terminology.hl7.org/CodeSystem/diagnosis-role"
_UNKNOWN = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
NAMELESS = "Không ghi tên"
COMES_AGAIN = "Hẹn khám lại"
_DATES_OF_PAPERS = ("NGAY_CT", "NGAY_CHUNG_TU", "THOI_DIEM_DBLS")
_ROLES = {"Condition:admission": "AD", "Condition:main": "DD", "Condition:other": "CM", "Condition:traditional": "CM"}
_TITLES = {
    "XML5": "Diễn biến lâm sàng",
    "XML6": "Hồ sơ chăm sóc và điều trị HIV/AIDS",
    "XML7": "Giấy ra viện",
    "XML8": "Tóm tắt hồ sơ bệnh án",
    "XML9": "Giấy chứng sinh",
    "XML10": "Giấy nghỉ dưỡng thai",
    "XML11": "Giấy chứng nhận nghỉ việc hưởng bảo hiểm xã hội",
    "XML12": "Giám định y khoa",
    "XML13": "Giấy chuyển tuyến",
    "XML15": "Điều trị bệnh lao",
}


def finished(draft: Draft, made: list[Made]) -> list[Resource]:
    """All resources, targets first."""
    shared = draft.shared
    for row, name, resource in made:
        _about(draft, resource)
        _straighten(resource)
        if finisher := _FINISHERS.get(resource["resourceType"]):
            finisher(row, name, resource, shared["Encounter"])
    _finish_encounter(draft)
    made += _vitals(draft)
    others = [one for _, name, one in made if name not in ("Patient", "Encounter", "Item", "Claim")]
    resources = [shared["Patient"], shared["Encounter"], *others, *_reports(draft, made), *_claim(draft, made)]
    return [labelled(one)[0] for one in resources]


def _reference(resource: Resource) -> Resource:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


_SUBJECT = {"Coverage": "beneficiary", "Claim": "patient"}


def _about(draft: Draft, resource: Resource) -> None:
    """Whom and which visit it is about."""
    type = resource["resourceType"]
    patient, encounter = _reference(draft.shared["Patient"]), _reference(draft.shared["Encounter"])
    if type in ("Patient", "Item"):
        return
    if type == "Appointment":
        resource["participant"] = [{"actor": patient, "status": "needs-action"}]
        return
    resource[_SUBJECT.get(type, "subject")] = patient
    if type == "DocumentReference":
        resource.setdefault("context", {})["encounter"] = [encounter]
    elif type == "MedicationDispense":
        resource["context"] = encounter
    elif type not in ("Encounter", "Coverage", "Claim"):
        resource["encounter"] = encounter


def _straighten(resource: Resource) -> None:
    """A period cannot end before it begins. Which of the two is wrong nobody can say: the end is only kept."""
    period = resource.get("period", {})
    start, end = period.get("start", ""), period.get("end", "")
    size = min(len(start), len(end))
    if end[:size] < start[:size]:
        put(resource, ("extension[]",), kept("period.end", period.pop("end")))


def _vitals(draft: Draft) -> list[Made]:
    """What the notes say in their token, each measurement once."""
    found: list[Made] = []
    for row, name, resource in [(row, *one) for row, own in draft.rows for one in own.items()]:
        if row.place.table != "XML5" or name != "DocumentReference":
            continue
        at = values.moment(row.get("THOI_DIEM_DBLS"))
        for sign, observation in vitals.read(row.get("DIEN_BIEN_LS")):
            id = draft.id("vital", resource["id"], sign)
            one = {"resourceType": "Observation", "id": id, **observation}
            if at:
                one["effectiveDateTime"] = at
            _about(draft, one)
            _observation(None, sign, one, draft.shared["Encounter"])
            found.append((None, "Observation", one))
    return found


def _document(row: Row | None, _: str, resource: Resource, encounter: Resource) -> None:
    assert row is not None
    table = row.place.table
    coding = {"system": systems.XML_TABLE, "code": table, "display": tables()[table].title}
    resource["type"] = {"coding": [coding], "text": _TITLES[table]}
    if len(ended := _ended(encounter)) > 10 and resource.setdefault("date", ended) == ended:
        _stated(resource, row, *_DATES_OF_PAPERS)
    text = "\n".join(resource.pop("lines", []))
    attachment = {"contentType": "text/plain; charset=utf-8", "language": "vi", "title": _TITLES[table]}
    if text:
        attachment["data"] = base64.b64encode(text.encode()).decode()
    resource["content"] = [{"attachment": attachment}]


def _ended(encounter: Resource) -> str:
    period = encounter.get("period", {})
    return str(period.get("end") or period.get("start") or "")


def _observation(row: Row | None, _: str, resource: Resource, encounter: Resource) -> None:
    """A result without a value is still to come, unless words were written in its place."""
    if row is not None and row.place.table == "XML4":
        category = "http://terminology.hl7.org/CodeSystem/observation-category"
        resource["category"] = [{"coding": [{"system": category, "code": "laboratory"}]}]
        resource.setdefault("code", {"text": NAMELESS})
        notes = "\n".join(note["text"] for note in resource.get("note", ()))
        if not any(name.startswith("value") for name in resource):
            resource.update({"valueString": notes} if notes else {"status": "registered"})
        elif notes and resource.get("valueString") == notes:
            _stated(resource, row, "GIA_TRI")
    start = encounter.get("period", {}).get("start")
    if start and resource.setdefault("effectiveDateTime", start) == start and row is not None:
        _stated(resource, row, "NGAY_KQ")


def _stated(resource: Resource, row: Row, *names: str) -> None:
    """What was written and is the same as what the record would say without it: else it would look filled in."""
    for name in names:
        if text := row.get(name):
            put(resource, ("extension[]",), kept(f"{row.place.table}.{name}", text))


def _condition(_: Row | None, __: str, resource: Resource, encounter: Resource) -> None:
    if "start" in encounter.get("period", {}):
        resource["recordedDate"] = encounter["period"]["start"]


def _medicine(_: Row | None, __: str, resource: Resource, ___: Resource) -> None:
    resource.setdefault("medicationCodeableConcept", {"text": NAMELESS})


def _dispense(row: Row | None, _: str, resource: Resource, __: Resource) -> None:
    assert row is not None
    resource["medicationCodeableConcept"] = {"text": row.get("TEN_THUOC") or NAMELESS}


def _appointment(_: Row | None, __: str, resource: Resource, ___: Resource) -> None:
    resource.setdefault("description", COMES_AGAIN)


_FINISHERS: dict[str, Callable[[Row | None, str, Resource, Resource], None]] = {
    "Appointment": _appointment,
    "Condition": _condition,
    "DocumentReference": _document,
    "MedicationDispense": _dispense,
    "MedicationRequest": _medicine,
    "Observation": _observation,
}


def _finish_encounter(draft: Draft) -> None:
    encounter = draft.shared["Encounter"]
    encounter.setdefault("serviceProvider", facility(draft.facility))
    encounter.setdefault("class", {"system": ACT_CODE, "code": "AMB"})
    key = {"system": systems.facility_visit_key(draft.facility), "value": draft.key}
    put(encounter, ("identifier[]",), key)
    if not draft.visit.rows("XML1"):
        encounter["status"] = "in-progress"
    found = []
    for name, resource in draft.shared.items():
        if role := _ROLES.get(name.partition("#")[0]):
            use = {"coding": [{"system": _DIAGNOSIS_ROLE, "code": role}]}
            found.append({"condition": _reference(resource), "use": use})
    if found:
        encounter["diagnosis"] = found


def _reports(draft: Draft, made: Iterable[Made]) -> list[Resource]:
    """One report for each service that has results, with the conclusions that its rows have."""
    groups: dict[str, list[tuple[Row, Resource]]] = {}
    orders: dict[str, Resource] = {}
    for row, name, resource in made:
        service = row.get("MA_DICH_VU") if row else ""
        if row is not None and service and name == "Observation":
            groups.setdefault(service, []).append((row, resource))
        elif service and name == "ServiceRequest":
            orders.setdefault(service, resource)
    return [_report(draft, service, members, orders.get(service)) for service, members in groups.items()]


def _report(draft: Draft, service: str, members: list[tuple[Row, Resource]], order: Resource | None) -> Resource:
    done = all(one["status"] == "final" for _, one in members)
    report: Resource = {
        "resourceType": "DiagnosticReport",
        "id": draft.id("report", service),
        "status": "final" if done else "partial",
        "code": order["code"] if order else {"coding": [coded("service", service)]},
        "subject": _reference(draft.shared["Patient"]),
        "encounter": _reference(draft.shared["Encounter"]),
        "performer": [facility(draft.facility)],
        "result": [_reference(one) for _, one in members],
    }
    if order:
        report["basedOn"] = [_reference(order)]
    times = [one["effectiveDateTime"] for _, one in members if "effectiveDateTime" in one]
    if times:
        report["effectiveDateTime"] = times[0]
    if words := dict.fromkeys(row.get("KET_LUAN") for row, _ in members if row.get("KET_LUAN")):
        report["conclusion"] = "\n".join(words)
    return report


def _claim(draft: Draft, made: Iterable[Made]) -> list[Resource]:
    """What the visit cost, over its cards; without one, the patient pays."""
    shared, items = draft.shared, [(row, resource) for row, name, resource in made if name == "Item"]
    if "Claim" not in shared and not items:
        return []
    patient = _reference(shared["Patient"])
    claim = shared.get("Claim") or {"resourceType": "Claim", **template("Claim")}
    claim |= {"id": draft.id("Claim"), "patient": patient, "provider": facility(draft.facility)}
    if period := shared["Encounter"].get("period"):
        claim["billablePeriod"] = period
        made = period.get("end") or period["start"]
        if claim.setdefault("created", made) == made and draft.visit.rows("XML1"):
            _stated(claim, draft.visit.rows("XML1")[0], "NGAY_TTOAN")
    if "created" not in claim:
        claim["_created"] = _UNKNOWN
    cards = [one for name, one in shared.items() if name.partition("#")[0] == "Coverage"]
    own = [] if cards else [_no_card(draft, patient)]
    claim["insurance"] = [
        {"sequence": at, "focal": at == 1, "coverage": _reference(card)} for at, card in enumerate(cards or own, 1)
    ]
    if items:
        claim["item"] = [_item(at, row, one, _reference(shared["Encounter"])) for at, (row, one) in enumerate(items, 1)]
    return [*own, claim]


def _no_card(draft: Draft, patient: Resource) -> Resource:
    named = {"resourceType": "Coverage", "id": draft.id("Coverage:none")}
    return {**named, **template("Coverage:none"), "beneficiary": patient, "payor": [patient]}


def _item(at: int, row: Row | None, item: Resource, encounter: Resource) -> Resource:
    """It has no id of its own, so it says which row it is."""
    if row is not None:
        put(item, ("extension[]",), kept(f"{row.place.table}.STT", row.get("STT") or f"#{row.place.row}"))
    content = {name: value for name, value in item.items() if name not in ("resourceType", "id")}
    content.setdefault("productOrService", {"text": NAMELESS})
    return {**content, "sequence": at, "encounter": [encounter]}
