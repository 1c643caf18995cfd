"""The counter: who somebody is, and the visit that begins, before there is any relationship to the person.

Only what prevents a mix-up is told, only for a sure number or for a full name with a full birth date, and each time it
is told to the audit log. A visit that begins here is the relationship; it belongs to the facility of who began it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from hoso.access.actor import Actor
from hoso.access.audit import Journal
from hoso.access.errand import Errand
from hoso.access.policy.matrix import Role, role
from hoso.access.records import Records
from hoso.access.scope import Scopes
from hoso.access.telling import Teller
from hoso.core import citizen_code, fold
from hoso.core.errors import Refused
from hoso.fhir.search import Query, parse
from hoso.fhir.search.values import escape
from hoso.fhir.systems import FACILITY_CODE
from hoso.store.contract import Store, Version
from hoso.store.visible import Visible

MOST = 20
_SHOWN_DIGITS = 3
_AMBULATORY = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
_PATIENTS = Visible(frozenset({"Patient"}))


@dataclass(frozen=True, slots=True)
class Outline:
    """As much of a person as keeps two apart. `record` is the Patient that was met, `person` the one it belongs to;

    of the citizen code the last digits are told.
    """

    record: str
    person: str
    name: str
    sex: str
    born: str
    place: str
    code: str


class Counter:
    def __init__(self, store: Store, records: Records, journal: Journal) -> None:
        self._store, self._records = store, records
        self._teller = Teller(journal, records.clock)

    def by_number(self, errand: Errand, numbers: Sequence[str]) -> list[Outline]:
        """Whoever has one of these numbers. Raises Refused for a role that does not receive people."""
        values = ",".join(map(escape, filter(None, numbers)))
        if not values:
            return []
        return self._outlines(errand, parse("Patient", [("identifier", values), ("_count", str(MOST))]))

    def by_name(self, errand: Errand, name: str, born: str) -> list[Outline]:
        """Whoever has this whole name, accents apart, and was born on this day (yyyy-mm-dd)."""
        if not fold(name):
            return []
        query = parse("Patient", [("name", escape(name)), ("birthdate", born), ("_count", str(MOST * 5))])
        found = self._outlines(errand, query, lambda one: one.born == born and fold(one.name) == fold(name))
        return found[:MOST]

    def outline(self, errand: Errand, id: str) -> Outline | None:
        found = self._outlines(errand, parse("Patient", [("_id", id)]))
        return found[0] if found else None

    def receive(self, errand: Errand, record: str) -> str:
        """Begins a visit of the Patient `record` at the caller's facility; answers with the id of the Encounter.

        Raises Refused: 403 for a role that receives nobody, 422 for an account without a facility, 404 for nobody.
        """
        row = _receiving(errand)
        if not row.covers("write", "Encounter"):
            raise Refused.because(403, "forbidden", "counter.role")
        if not errand.actor.facility:
            raise Refused.because(422, "business-rule", "counter.facility")
        head = self._store.read("Patient", record)
        if head is None or head.deleted:
            raise Refused.because(404, "not-found", "rest.not-found", type="Patient", id=record[:64])
        patient = orjson.loads(head.body)
        visit = arrived(record, errand.actor.facility, self._records.clock())
        if tags := _synthetic(patient):
            visit["meta"] = {"tag": tags}
        bare = Actor(errand.actor.id, Scopes.parse("system/Encounter.c"), facility=errand.actor.facility)
        beginning = replace(errand, actor=bare, reason=f"visit begun by {errand.actor.role}")
        return self._records.create(beginning, "Encounter", orjson.dumps(visit)).saved.id

    def _outlines(self, errand: Errand, query: Query, fits: Any = lambda one: True) -> list[Outline]:
        """One for each person, however many records of theirs match."""
        _receiving(errand)
        met = [version for version in self._store.search(query, _PATIENTS).matches if not version.deleted]
        persons = self._persons(met)
        found: dict[str, Outline] = {}
        told: list[Version] = []
        for version in met:
            person = persons.get(version.rid, version)
            one = _outline(version, person)
            if person.id not in found and fits(one):
                found[person.id] = one
                told.append(person)
        self._teller.shown(replace(errand, notes=None), "identify", _asked(query), told)
        return list(found.values())

    def _persons(self, met: Sequence[Version]) -> dict[int, Version]:
        people = self._store.people
        theirs = people.persons_of([version.rid for version in met])
        ids = people.ids(set(theirs.values()))
        heads = self._store.heads([("Patient", id) for id in ids.values()])
        living = {rid: heads.get(("Patient", id)) for rid, id in ids.items()}
        return {record: head for record, rid in theirs.items() if (head := living.get(rid)) and not head.deleted}


def arrived(record: str, facility: str, now: datetime) -> dict[str, Any]:
    """The Encounter of a Patient who is here and waits; it ties the person to the facility."""
    return {
        "resourceType": "Encounter",
        "status": "arrived",
        "class": _AMBULATORY,
        "subject": {"reference": f"Patient/{record}"},
        "serviceProvider": {"identifier": {"system": FACILITY_CODE, "value": facility}},
        "period": {"start": now.isoformat(timespec="seconds")},
    }


def _receiving(errand: Errand) -> Role:
    row = role(errand.actor.role)
    if row is None or not row.identify:
        raise Refused.because(403, "forbidden", "counter.role")
    return row


def _asked(query: Query) -> str:
    return "&".join(f"{name}={value}" for name, value in query.self_pairs if not name.startswith("_c"))


def _outline(record: Version, person: Version) -> Outline:
    shown = orjson.loads(person.body)
    own = orjson.loads(record.body)
    names = shown.get("name") or own.get("name") or [{}]
    home: dict[str, Any] = next(iter(shown.get("address") or own.get("address") or ()), {})
    return Outline(
        record=record.id,
        person=person.id,
        name=names[0].get("text") or " ".join(filter(None, [names[0].get("family"), *names[0].get("given", ())])),
        sex=shown.get("gender", ""),
        born=shown.get("birthDate", ""),
        place=", ".join(part for part in (home.get("city"), home.get("state")) if part) or home.get("text", ""),
        code=_code(shown),
    )


def _code(person: dict[str, Any]) -> str:
    codes = (i.get("value", "") for i in person.get("identifier", ()) if i.get("system") == citizen_code.SYSTEM)
    code = next(codes, "")
    return f"…{code[-_SHOWN_DIGITS:]}" if code else ""


def _synthetic(patient: dict[str, Any]) -> list[Any]:
    return [tag for tag in patient.get("meta", {}).get("tag", ()) if tag.get("code") == "HTEST"]
