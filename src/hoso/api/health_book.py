"""Patient/[id]/$health-book: the record in the four groups of QĐ 31/QĐ-BYT (2026), as the citizen's page shows it.

Of a facility's Patient or of the person, the answer is the same: the union over all their records, as far as the
caller may read them. Whatever the caller may not read is said to be refused, never to be empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hoso.access import Version
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import Form, given
from hoso.api.reading import live
from hoso.api.summarising import may, named_in, person_with
from hoso.care import CARD_TYPES, emergency_card
from hoso.care.book import BookVisit, Given, HealthBook, health_book
from hoso.care.elements import Resource, key_of, reference_key
from hoso.care.timeline import Row
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.fhir.json import encode, exact
from hoso.identity.portrait import is_person

ID = "hoso-patient-health-book"
FORMS = {"visits": Form("integer")}
USUAL, MOST = 50, 500
_TYPES = tuple(dict.fromkeys((*CARD_TYPES, "Immunization", "Appointment", "Patient")))
_APART = "Device"
"""Not a member of the patient compartment in R4."""
Part = dict[str, Any]


def of_patient(doors: Doors, request: Request) -> Response:
    check_format(request)
    asked = given(request, FORMS)
    most = asked.one("visits")
    if most is not None and not 0 <= most <= MOST:
        raise Refused.because(400, "value", "health-book.visits", asked.place("visits"), most=str(MOST))
    id = request.path[1]
    patient = live(doors.records.read(request.errand, "Patient", id), "Patient", id)
    with doors.long.entered():
        book, more = _book(doors, request, patient, USUAL if most is None else most)
    return Response(200, [CONTENT], encode({"resourceType": "Parameters", "parameter": list(_groups(book, more))}))


def _book(doors: Doors, request: Request, patient: Version, most: int) -> tuple[HealthBook, int]:
    """And how many older visits there are."""
    types = [type for type in _TYPES if type != _APART and may(request, type)]
    person = exact(patient.body)
    if not is_person(person):
        person = person_with(doors, request, patient.id) or person
    read = doors.records.everything(request.errand, person["id"], types=types)
    found = [exact(one.body) for one in read if not one.deleted]
    theirs = {f"Patient/{person['id']}", *(reference_key(one["other"]) for one in person.get("link", ()))}
    known = [one for one in found if _is_of(one, theirs)]
    sources = [one for one in found if one["resourceType"] == "Patient" and not is_person(one)]
    named = named_in(doors, request, [*known, *sources])
    today = doors.records.clock().astimezone(VIETNAM).date()
    refused = {type for type in _TYPES if type != _APART and type not in types}
    card = emergency_card(person, [*known, *named], today, refused, sources=sources)
    visits = sorted((one for one in known if one["resourceType"] == "Encounter"), key=_start, reverse=True)
    rest = [one for one in known if one["resourceType"] != "Encounter"]
    shown = [*visits[:most], *rest, *named, *sources]
    once = list({key_of(one): one for one in shown}.values())
    return health_book(person, card, once, refused, today), max(0, len(visits) - most)


def _is_of(resource: Resource, theirs: set[str]) -> bool:
    """A compartment also holds what the person only said or did about somebody else."""
    if resource["resourceType"] == "Appointment":
        return True
    return reference_key(resource.get("subject") or resource.get("patient") or {}) in theirs


def _start(encounter: Resource) -> str:
    return str(encounter.get("period", {}).get("start", ""))


# As Parameters


def _groups(book: HealthBook, more: int) -> Iterator[Part]:
    yield _part("administrative", [*_rows(book.person), *_representatives(book)])
    yield _part("history", list(_history(book)))
    for visit in book.visits:
        yield _part("visit", list(_visit(visit)))
    if more:
        yield {"name": "older-visits", "valueInteger": more}
    yield _part("summary", list(_summary(book)))


def _rows(rows: Sequence[Row]) -> Iterator[Part]:
    yield from (_said(row.title.lower().replace(" ", "-"), row.value) for row in rows if row.value)


def _representatives(book: HealthBook) -> Iterator[Part]:
    for one in book.representatives:
        yield _part("representative", _all(name=one.name, relation=one.relation, phone=one.phone))


def _history(book: HealthBook) -> Iterator[Part]:
    card = book.card
    yield _code("allergies", card.allergies.state)
    for one in card.allergies.items:
        sure = "" if one.confirmed is None else "confirmed" if one.confirmed else "unconfirmed"
        said = _all(substance=one.substance, reaction="; ".join(one.reactions), severity=one.severity, certainty=sure)
        yield _part("allergy", [*said, *_all(when=one.source.when, facility=one.source.facility)])
    yield _code("problems", card.problems.state)
    for problem in card.problems.items:
        certainty = "" if problem.certain else "suspected"
        said = _all(name=problem.name, code=problem.code, certainty=certainty, since=problem.source.when)
        yield _part("problem", [*said, *_all(facility=problem.source.facility)])
    yield _code("vaccines", book.vaccines.state)
    yield from (_given("vaccine", one) for one in book.vaccines.items)


def _visit(visit: BookVisit) -> Iterator[Part]:
    yield {"name": "encounter", "valueReference": {"reference": f"Encounter/{visit.id}"}}
    yield from _all(
        start=visit.start, end=visit.end, facility=visit.facility, doctor=visit.doctor, care=visit.care,
        reason=visit.reason, outcome=visit.outcome,
    )  # fmt: skip
    yield from (_said("diagnosis", one) for one in visit.diagnoses if one)
    yield from (_measured("body", row) for row in visit.body)
    yield from (_measured("result", row) for row in visit.results)
    yield from (_given("medicine", one) for one in visit.medicines)
    yield from (_given("procedure", one) for one in visit.procedures)


def _summary(book: HealthBook) -> Iterator[Part]:
    """Where things stand: what the last visit came to, what is taken, and what comes next."""
    if last := book.last:
        yield {"name": "last-visit", "valueReference": {"reference": f"Encounter/{last.id}"}}
        yield from (_said("diagnosis", one) for one in last.diagnoses if one)
    yield from (_said("blood-group", one) for one in dict.fromkeys(m.value for m in book.card.blood_group.values))
    yield _code("medicines", book.card.medicines.state)
    for one in book.card.medicines.active:
        yield _part("medicine-in-use", _all(name=one.name, dose=one.dose.text, until=one.supply_end))
    if book.next:
        yield _said("next-appointment", book.next)


def _given(name: str, one: Given) -> Part:
    return _part(name, _all(name=one.name, when=one.when, note=one.note))


def _measured(name: str, row: Row) -> Part:
    return _part(name, _all(name=row.title, value=row.value, unit=row.unit, flag=row.flag, range=row.limits))


def _all(**texts: str) -> list[Part]:
    return [_said(name, text) for name, text in texts.items() if text and text.strip()]


def _part(name: str, parts: list[Part]) -> Part:
    return {"name": name, "part": parts} if parts else {"name": name, "valueCode": "unrecorded"}


def _said(name: str, text: str) -> Part:
    return {"name": name, "valueString": text}


def _code(name: str, code: str) -> Part:
    return {"name": name, "valueCode": code}


def definition(url: str, date: str) -> dict[str, Any]:
    """The OperationDefinition."""
    words = f"How many visits, the newest first; {USUAL} when left out, {MOST} at most."
    return {
        "resourceType": "OperationDefinition", "id": ID, "url": f"{url}{ID}", "name": "HosoPatientHealthBook",
        "title": "The health book of a person", "status": "active", "kind": "operation", "experimental": False,
        "date": date,
        "description": "The record in the four groups of Viet Nam's decision 31/QĐ-BYT (2026): administrative, history,"
        " visit (each) and summary, over all facilities, as far as the caller may read it. Texts are as recorded.",
        "affectsState": False, "code": "health-book", "resource": ["Patient"], "system": False, "type": False,
        "instance": True,
        "parameter": [
            {"name": "visits", "use": "in", "min": 0, "max": "1", "type": "integer", "documentation": words},
            {"name": "return", "use": "out", "min": 1, "max": "1", "type": "Parameters"},
        ],
    }  # fmt: skip


def read_definition(url: str, date: str) -> Response:
    return Response(200, [CONTENT], encode(definition(url, date)))
