"""The page that says of which facilities' records a person is made, how each came to it, and what was decided since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from hoso.care.chart import Chart
from hoso.care.elements import Resource, human_name
from hoso.care.sources import differences, facility_of, local_number
from hoso.care.who import who
from hoso.identity.ledger import Event
from hoso.identity.match.explain import explain
from hoso.identity.matching import retold
from hoso.identity.portrait import is_person
from hoso.web.citizens.papers import sees_papers
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person, last_of_each
from hoso.web.record import is_synthetic, person_at

HOW: Mapping[str, str] = {
    "founded": "The first record of this person",
    "machine": "Linked by comparison when it arrived",
    "bridge": "Came with another person, whom a later record showed to be the same",
    "link": "Linked by a person",
    "merge": "Came with another person who was merged into this one",
    "unmerge": "Came back when a merge was undone",
    "split": "Set apart from another person",
}
EVENTS: Mapping[str, str] = {
    "founded": "New person",
    "machine": "Record linked by comparison",
    "bridge": "Two persons shown to be one by a later record",
    "link": "Record linked by a person",
    "unlink": "Record taken away",
    "merge": "Two persons merged",
    "unmerge": "Merge undone",
    "split": "Records set apart as another person",
    "same": "Said to be possibly the same after all",
    "different": "Said to be two different people",
    "policy": "Rules of linking changed",
}
REASONS: Mapping[str, str] = {
    "turned": "the record turned into somebody else",
    "deleted": "the facility deleted the record",
    "bridged": "a later record fits both",
}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One facility's record. `how` is a catalogue key; `why` says the evidence, one sentence each."""

    id: str
    facility: str
    number: str
    name: str
    sex: str
    born: str
    received: str
    linked: str
    how: str
    by: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the ledger."""

    time: str
    title: str
    reason: str
    by: str
    records: int
    why: tuple[str, ...]
    other: str
    """The person merged away, when the merge can be undone from here."""


@signed_in
def sources(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    patients = reach.persons.sources(person).patients
    chart = Chart.of([*patients, *reach.named_in(patients)])
    events = reach.persons.history(person)
    latest = last_of_each(events)
    return page(
        request,
        "sources.html",
        who=who(person.patient, chart, reach.today, patients),
        joined=len(person.records),
        rows=[row(one, chart, latest.get(one["id"])) for one in patients],
        events=_lines(events, person),
        parted="parted" in request.GET,
        differences=differences(patients, chart),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        hands_out=sees_papers(request) and is_person(person.patient),
    )


def row(patient: Resource, chart: Chart, event: Event | None) -> SourceRow:
    return SourceRow(
        id=patient["id"],
        facility=facility_of(patient, chart),
        number=local_number(patient),
        name=human_name(patient.get("name")),
        sex=patient.get("gender", ""),
        born=patient.get("birthDate", ""),
        received=patient.get("meta", {}).get("lastUpdated", ""),
        linked=event.time if event else "",
        how=HOW.get(way(event), "") if event else "",
        by=event.actor if event else "",
        why=reasons(event.evidence) if event else (),
    )


def _lines(events: Sequence[Event], person: Person) -> list[Line]:
    """The newest first; the last merge of somebody can be undone while any of what it brought is here."""
    told: list[Line] = []
    settled: set[str] = set()
    for event in events:
        undoable = event.kind == "merge" and event.other not in settled and set(event.records) & set(person.records)
        settled |= {event.other} if event.kind == "merge" else {event.person} if event.kind == "unmerge" else set()
        told.append(
            Line(
                time=event.time,
                title=EVENTS[way(event)],
                reason=REASONS.get(event.reason, event.reason),
                by=event.actor,
                records=len(event.records),
                why=reasons(event.evidence),
                other=event.other if undoable else "",
            )
        )
    return told


def way(event: Event) -> str:
    """What a link or merge was: made by comparison, or by a human, or the first of all."""
    if event.kind == "link":
        outcome = event.evidence.get("outcome")
        return "link" if outcome is None else "machine" if outcome == "certain" else "founded"
    return "bridge" if event.kind == "merge" and event.reason == "bridged" else event.kind


def reasons(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    """The bits of an automatic decision in the reader's language."""
    decision = retold(evidence)
    return () if decision is None else explain(decision, "en" if get_language() == "en" else "vi")
