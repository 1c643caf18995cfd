"""What a signed visit leaves in the record: the visit itself, what was measured, found, decided and prescribed.

Every resource of a visit has an id made of the visit's, so that signing twice writes the same ones and a later change
is their next version; what a change takes away is marked as entered in error, never deleted.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, key_of
from hoso.care.orders import wanted_of
from hoso.care.orders.prescription import code_of, kind_of
from hoso.care.visit.diagnoses import Diagnosis
from hoso.care.visit.note import Note
from hoso.care.visit.vitals import Part, Vital, vital, vitals
from hoso.core.dates import VIETNAM
from hoso.fhir import systems

HL7 = "http://terminology.hl7.org/CodeSystem/"
PROGRESS, ORDERS = "Diễn biến lâm sàng", "Phương pháp điều trị"
"""Labels of the two texts, those under which insurance XML knows them."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Who writes down which visit, when. `writer`: a reference to the practitioner, or a name alone; `may`: the types
    that the writer's role writes; `place`: the facility's name, `facility` its
    code; `language`: of the names of diagnoses."""

    encounter: Resource
    now: datetime
    writer: Resource
    may: frozenset[str]
    place: str = ""
    facility: str = ""
    language: str = "vi"

    @property
    def subject(self) -> Resource:
        return dict(self.encounter["subject"])

    @property
    def visit(self) -> Resource:
        return {"reference": key_of(self.encounter)}

    @property
    def stamp(self) -> str:
        return self.now.astimezone(VIETNAM).isoformat(timespec="seconds")

    @property
    def began(self) -> str:
        """What is measured in a visit is of its beginning, also when it is changed on a later day."""
        return str(self.encounter.get("period", {}).get("start") or self.stamp)

    def id(self, name: str) -> str:
        return part_id(str(self.encounter["id"]), name)


def part_id(encounter: str, name: str) -> str:
    """Of the part of a visit that has this name: main, note, vital:pulse, repeat:(id of the former prescription)."""
    return str(uuid5(NAMESPACE_URL, f"https://hoso.vn/visit/{encounter}/{name}"))


def written(note: Note, former: Mapping[str, Resource], writing: Writing) -> list[Resource]:
    """The visit first, then its parts. `former`: the prescriptions that may be repeated, by id."""
    parts = [one for one in _parts(note, former, writing) if one["resourceType"] in writing.may]
    conditions = [one for one in parts if one["resourceType"] == "Condition"]
    tags = writing.encounter.get("meta", {}).get("tag")
    marked = [{**one, "meta": {"tag": tags}} if tags else one for one in parts]
    return [_encounter(note, conditions, writing), *marked]


def withdrawn(before: Iterable[Resource], after: Sequence[Resource]) -> list[Resource]:
    """What the visit had and has no more, as entered in error. `before`: of this page's own parts only."""
    kept = {key_of(one) for one in after}
    return [_void(one) for one in before if key_of(one) not in kept]


def part_names(former: Iterable[str]) -> dict[str, str]:
    """Every name a part can have, with its type; `former`: prescriptions that may have been repeated."""
    return {
        **{f"vital:{one.key}": "Observation" for one in vitals()},
        "main": "Condition",
        **{f"other:{n}": "Condition" for n in range(1, 12)},
        "note": "DocumentReference",
        "next": "Appointment",
        **{f"repeat:{id}": "MedicationRequest" for id in former},
    }


def _encounter(note: Note, conditions: Sequence[Resource], writing: Writing) -> Resource:
    given = ("reasonCode", *(("diagnosis",) if "Condition" in writing.may else ()))
    before = {k: v for k, v in writing.encounter.items() if k not in given}
    meta = {k: v for k, v in before.pop("meta", {}).items() if k in ("tag", "profile")}
    period = before.get("period", {})
    if writing.place and "serviceProvider" in before:
        before["serviceProvider"] = {**before["serviceProvider"], "display": writing.place}
    made: Resource = {
        **before,
        **({"meta": meta} if meta else {}),
        "status": "finished",
        "period": {"start": writing.began, "end": period.get("end") or writing.stamp},
        "participant": _participants(before.get("participant", ()), writing.writer),
        "reasonCode": [{"text": note.reason}],
    }
    if conditions:
        made["diagnosis"] = [
            {
                "condition": {"reference": key_of(one)},
                "use": _coded("diagnosis-role", "DD" if number == 1 else "CM"),
                "rank": number,
            }
            for number, one in enumerate(conditions, 1)
        ]
    if note.template:
        made["type"] = [*(t for t in before.get("type", ()) if not _is_template(t)), _template(note.template.key)]
    return made


def _template(key: str) -> Resource:
    return {"coding": [{"system": systems.VISIT_TEMPLATE, "code": key}]}


def _is_template(concept: Resource) -> bool:
    return any(one.get("system") == systems.VISIT_TEMPLATE for one in concept.get("coding", ()))


def _participants(before: Iterable[Resource], writer: Resource) -> list[Resource]:
    listed = [one for one in before if one.get("individual", {}).get("reference") != writer.get("reference")]
    role = {"coding": [{"system": f"{HL7}v3-ParticipationType", "code": "PPRF", "display": "primary performer"}]}
    others = [one for one in listed if one.get("individual", {}).get("reference") or not writer.get("reference")]
    return [{"type": [role], "individual": writer}, *others]


def _parts(note: Note, former: Mapping[str, Resource], writing: Writing) -> Iterable[Resource]:
    diagnoses = [*((note.main,) if note.main else ()), *note.others]
    for number, one in enumerate(diagnoses):
        main = number == 0
        name = "main" if main else f"other:{number}"
        yield _condition(name, one, writing, suspected=note.suspected and main, lasting=note.lasting and main)
    for key, values in note.measured.items():
        yield _observation(vital(key), values, writing)
    if note.findings or note.plan:
        yield _document(note, writing)
    for id in note.repeat:
        yield _prescription(id, former[id], note, writing)
    if note.next:
        yield _appointment(note.next, writing)


def _condition(name: str, one: Diagnosis, writing: Writing, *, suspected: bool, lasting: bool) -> Resource:
    """A diagnosis of the visit; only one that lasts says that it is there today."""
    categories = ["encounter-diagnosis", *(["problem-list-item"] if lasting else ())]
    return {
        "resourceType": "Condition",
        "id": writing.id(name),
        **({"clinicalStatus": _coded("condition-clinical", "active")} if lasting else {}),
        "verificationStatus": _coded("condition-ver-status", "provisional" if suspected else "confirmed"),
        "category": [_coded("condition-category", category) for category in categories],
        "code": _concept(one, writing),
        "subject": writing.subject,
        "encounter": writing.visit,
        "recordedDate": writing.began,
        "recorder": writing.writer,
    }


def _concept(one: Diagnosis, writing: Writing) -> Resource:
    text = one.name(writing.language) or one.code
    coding = [{"system": systems.ICD10, "code": one.code, "display": text}]
    return {"coding": coding, "text": text} if one.code else {"text": text}


def _observation(one: Vital, values: tuple[Decimal, ...], writing: Writing) -> Resource:
    made: Resource = {
        "resourceType": "Observation",
        "id": writing.id(f"vital:{one.key}"),
        "status": "final",
        "category": [_coded("observation-category", "vital-signs")],
        "code": _measured(one),
        "subject": writing.subject,
        "encounter": writing.visit,
        "effectiveDateTime": writing.began,
        "performer": [writing.writer],
    }
    quantities = [{"value": value, "unit": one.unit, "system": systems.UCUM, "code": one.ucum} for value in values]
    if one.paired:
        pairs = zip(one.parts, quantities, strict=True)
        return {**made, "component": [{"code": _measured(part), "valueQuantity": value} for part, value in pairs]}
    return {**made, "valueQuantity": quantities[0]}


def _measured(one: Vital | Part) -> Resource:
    return {"coding": [{"system": systems.LOINC, "code": one.loinc, "display": one.display}], "text": one.vi}


def _document(note: Note, writing: Writing) -> Resource:
    """In the shape in which insurance XML brings and takes the progress note (XML5)."""
    text = "\n".join(f"{label}: {said}" for label, said in ((PROGRESS, note.findings), (ORDERS, note.plan)) if said)
    return {
        "resourceType": "DocumentReference",
        "id": writing.id("note"),
        "status": "current",
        "type": {
            "coding": [{"system": systems.XML_TABLE, "code": "XML5", "display": "Clinical progress"}],
            "text": PROGRESS,
        },
        "subject": writing.subject,
        "date": writing.stamp,
        "author": [writing.writer],
        "description": "\n".join(filter(None, (note.findings, note.plan)))[:1_000],
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "language": "vi",
                    "title": PROGRESS,
                    "data": base64.b64encode(text.encode()).decode(),
                }
            }
        ],
        "context": {"encounter": [writing.visit], "period": {"start": writing.began}},
    }


def _prescription(id: str, before: Resource, note: Note, writing: Writing) -> Resource:
    """The same medicine in the same dose for so many days from now on, with its code by TT 26/2025/TT-BYT."""
    days = note.repeat_days
    medicine = {k: v for k, v in before.items() if k.startswith("medication") or k in ("contained", "reasonCode")}
    if note.main:
        medicine["reasonCode"] = [_concept(note.main, writing)]
    if writing.facility and (wanted := wanted_of({**before, "status": "active"}, Chart.of([before]))):
        code = code_of(writing.facility, kind_of(wanted), f"visit {writing.encounter['id']}")
        number = {"system": systems.PRESCRIPTION_CODE, "value": code}
        medicine |= {"identifier": [number], "groupIdentifier": number}
    start = _day(writing.began)
    supply: Resource = {
        "validityPeriod": {"start": start.isoformat(), "end": (start + timedelta(days=days)).isoformat()},
        "expectedSupplyDuration": {"value": days, "unit": "ngày", "system": systems.UCUM, "code": "d"},
    }
    if quantity := _quantity(before, days):
        supply["quantity"] = quantity
    return {
        "resourceType": "MedicationRequest",
        "id": writing.id(f"repeat:{id}"),
        "status": "active",
        "intent": "order",
        **medicine,
        "subject": writing.subject,
        "encounter": writing.visit,
        "authoredOn": writing.stamp,
        "requester": writing.writer,
        **{k: [_undated(one) for one in before[k]] for k in ("dosageInstruction",) if k in before},
        "dispenseRequest": supply,
        "priorPrescription": {"reference": f"MedicationRequest/{id}"},
    }


def _undated(instruction: Resource) -> Resource:
    """How it is taken, without the days of the former course."""
    timing = instruction.get("timing", {})
    repeat = {k: v for k, v in timing.get("repeat", {}).items() if not k.startswith("bounds")}
    kept = {k: v for k, v in instruction.items() if k != "timing"}
    timing = {k: v for k, v in timing.items() if k not in ("repeat", "event")} | ({"repeat": repeat} if repeat else {})
    return {**kept, "timing": timing} if timing else kept


def _quantity(before: Resource, days: int) -> Resource | None:
    """As many as the former prescription gave for a day; None when it does not say."""
    asked = before.get("dispenseRequest", {})
    quantity, lasted = asked.get("quantity"), asked.get("expectedSupplyDuration", {})
    if not quantity or "value" not in quantity or not lasted.get("value") or lasted.get("code") != "d":
        return None
    exact = Decimal(str(quantity["value"])) * days / Decimal(str(lasted["value"]))
    return {**quantity, "value": exact.quantize(Decimal("0.1")) if exact % 1 else exact.quantize(Decimal(1))}


def _appointment(day: date, writing: Writing) -> Resource:
    start = datetime(day.year, day.month, day.day, 7, tzinfo=VIETNAM)
    period = {"start": start.isoformat(), "end": start.replace(hour=17).isoformat()}
    return {
        "resourceType": "Appointment",
        "id": writing.id("next"),
        "status": "proposed",
        "requestedPeriod": [period],
        **period,  # R4 finds an appointment by its start alone
        "supportingInformation": [writing.visit],
        "created": writing.stamp,
        "participant": [{"actor": writing.subject, "status": "accepted"}],
    }


def is_void(resource: Resource) -> bool:
    """Whether a change took it away."""
    wrong = {code for _, code in codings(resource.get("verificationStatus"))} | {resource.get("status")}
    return bool(wrong & {"entered-in-error", "cancelled"})


def _void(resource: Resource) -> Resource:
    if resource["resourceType"] == "Condition":
        wrong = _coded("condition-ver-status", "entered-in-error")
        return {**{k: v for k, v in resource.items() if k != "clinicalStatus"}, "verificationStatus": wrong}
    # app-3: an appointment without a fixed hour has few states, and being a mistake is none of them
    return {**resource, "status": "cancelled" if resource["resourceType"] == "Appointment" else "entered-in-error"}


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{HL7}{system}", "code": code}]}


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])
