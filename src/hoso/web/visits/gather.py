"""The person, the visit and all that the form shows beside the fields, read once for a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest
from django.utils.translation import get_language, gettext

from hoso.access.scope import Right
from hoso.care import EmergencyCard, emergency_card
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, day, reference_key, when
from hoso.care.medicines import in_use
from hoso.care.visit.note import Setting
from hoso.care.visit.templates import templates
from hoso.care.visit.vitals import Last, Vital, months_at, vitals
from hoso.care.visit.write import Writing, is_void, part_id, part_names
from hoso.core.dates import VIETNAM
from hoso.fhir.json import exact
from hoso.web.door import Door
from hoso.web.here import is_at
from hoso.web.oauth.identity import practitioner
from hoso.web.persons import Person

OPEN = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave"})
OF_A_VISIT = ("Condition", "Observation", "MedicationRequest", "Procedure", "DiagnosticReport", "ServiceRequest",
              "DocumentReference", "CarePlan")  # fmt: skip
_MOST_OF_A_VISIT = 1_000
_LONGEST_BEGUN = timedelta(hours=18)
"""A visit that somebody began longer ago than this and did not write in is not the one that begins now."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """`former`: prescriptions that can be repeated, by id, as FHIR; `parts`: what this page wrote into the visit."""

    person: Person
    encounter: Resource
    version: str
    card: EmergencyCard
    setting: Setting
    former: Mapping[str, Resource]
    parts: list[Resource]
    known: frozenset[str]
    """Ids of this visit and of its parts that there are, also of those that were taken back."""
    writing: Writing

    @property
    def id(self) -> str:
        return str(self.encounter["id"])

    @property
    def signed(self) -> bool:
        return self.encounter.get("status") not in OPEN

    @property
    def today(self) -> bool:
        """Whether it is of this day: then a change is a correction, later it is an amendment with a reason."""
        began = day(str(self.encounter.get("period", {}).get("start", "")))
        return began == self.setting.today


def writes(reach: Door, type: str) -> bool:
    rights: tuple[Right, ...] = ("c", "u")
    return all(reach.errand.actor.scopes.permits(type, right) for right in rights)


def writes_visits(reach: Door) -> bool:
    return writes(reach, "Encounter") and writes(reach, "Observation")


def visit_at(reach: Door, person: Person, id: str) -> tuple[Resource, str]:
    """The visit and its version. Raises Http404 for one that is not this person's, or not for this reader."""
    head = reach.records.heads(reach.errand, [("Encounter", id)]).get(("Encounter", id)) if len(id) <= 64 else None
    encounter: Resource | None = exact(head.body) if head is not None and not head.deleted else None
    if head is None or encounter is None:
        raise Http404
    if reference_key(encounter.get("subject")) not in {f"Patient/{one}" for one in person.members}:
        raise Http404
    return encounter, head.version


def parts_of(reach: Door, id: str) -> list[Resource]:
    """All that belongs to a visit, as far as its reader may see it."""
    found: list[Resource] = []
    for type in OF_A_VISIT:
        if reach.may(type):
            found += reach.search(type, [("encounter", f"Encounter/{id}"), ("_count", str(_MOST_OF_A_VISIT))])
    return found


def is_ours(reach: Door, encounter: Resource) -> bool:
    """Whether it was written here; one that came from other software has numbers, and is corrected there."""
    return not encounter.get("identifier") and is_at(reach, encounter)


def begun(reach: Door, person: Person) -> Resource | None:
    """A visit here that has begun and that nobody signed: the newest of the last hours."""
    pairs = [("patient", person.id), ("status", "arrived,triaged,in-progress"), ("_sort", "-date"), ("_count", "20")]
    since = reach.records.clock() - _LONGEST_BEGUN
    pairs.append(("date", f"ge{since.astimezone(VIETNAM).isoformat(timespec='seconds')}"))
    return next((one for one in reach.search("Encounter", pairs) if is_ours(reach, one)), None)


def sitting(request: HttpRequest, reach: Door, person: Person, id: str) -> Sitting:
    encounter, version = visit_at(reach, person, id)
    if not is_ours(reach, encounter) or not writes_visits(reach):
        raise Http404
    sources = reach.persons.sources(person)
    resources, refused = reach.card(person, sources)
    shown = emergency_card(
        person.patient, resources, reach.today, refused, sources=sources.patients, young=sources.young
    )
    parts, known, former = _own(reach, encounter, shown, resources)
    return Sitting(
        person=person,
        encounter=encounter,
        version=version,
        card=shown,
        setting=Setting(
            today=reach.today,
            months=months_at(shown.who.born, reach.today),
            sex=shown.who.sex,
            born=day(shown.who.born) if len(shown.who.born) == len("2026-11-28") else None,
            last=_last(reach, person, id),
            known=frozenset(former),
            prompts=frozenset(gettext(line) for one in templates().values() for line in one.prompts),
        ),
        former=former,
        parts=parts,
        known=known,
        writing=_writing(request, reach, encounter),
    )


def _writing(request: HttpRequest, reach: Door, encounter: Resource) -> Writing:
    user: Any = request.user
    writer: Resource = {"display": user.name or user.username}
    if own := practitioner(user):
        writer = {"reference": f"Practitioner/{own}", **writer}
    types = ("Condition", "Observation", "DocumentReference", "MedicationRequest", "Appointment")
    may = frozenset(type for type in types if writes(reach, type))
    code = reach.errand.actor.facility
    place = reach.facility(code)
    name = place if place != code else ""
    return Writing(encounter, reach.records.clock(), writer, may, name, code, get_language() or "vi")


def _own(
    reach: Door, encounter: Resource, shown: EmergencyCard, resources: Iterable[Resource]
) -> tuple[list[Resource], frozenset[str], dict[str, Resource]]:
    """What this page wrote into the visit before, what there is of it, and the prescriptions that can be repeated."""
    id = str(encounter["id"])
    chart = Chart.of(resources)
    usual = [one for one, _ in in_use(chart, shown.medicines) if one["resourceType"] == "MedicationRequest"]
    of_visit = (
        reach.search("MedicationRequest", [("encounter", f"Encounter/{id}")]) if reach.may("MedicationRequest") else []
    )
    repeated = [str(one.get("priorPrescription", {}).get("reference", "")).partition("/")[2] for one in of_visit]
    wanted = dict.fromkeys([*(str(one["id"]) for one in usual if not _is_of(one, id)), *filter(None, repeated)])
    keys = [("MedicationRequest", one) for one in wanted]
    names = part_names(wanted)
    keys += [(type, part_id(id, name)) for name, type in names.items() if reach.may(type)]
    heads = reach.records.heads(reach.errand, keys)
    living = {key: exact(head.body) for key, head in heads.items() if not head.deleted}
    former = {one: living["MedicationRequest", one] for one in wanted if ("MedicationRequest", one) in living}
    own_ids = {part_id(id, name) for name in names}
    there = {key: one for (_, key), one in living.items() if key in own_ids}
    return [one for one in there.values() if not is_void(one)], frozenset((id, *there)), former


def _is_of(prescription: Resource, encounter: str) -> bool:
    return reference_key(prescription.get("encounter")) == f"Encounter/{encounter}"


def _last(reach: Door, person: Person, id: str) -> dict[str, Last]:
    """What was measured before this visit."""
    if not reach.may("Observation"):
        return {}
    codes = {code: one for one in vitals() for code in (one.loinc, *(part.loinc for part in one.parts))}
    wanted = ",".join(f"http://loinc.org|{code}" for code in codes)
    pairs = [("patient", person.id), ("code", wanted), ("_sort", "-date"), ("_count", "100")]
    found: dict[str, Last] = {}
    for observation in reach.search("Observation", pairs):
        if reference_key(observation.get("encounter")) == f"Encounter/{id}" or is_void(observation):
            continue
        for _, code in codings(observation.get("code")):
            one = codes.get(code)
            if one and one.key not in found and (last := _measured(one, observation)):
                found[one.key] = last
    return found


def _measured(one: Vital, observation: Resource) -> Last | None:
    on = day(when(observation))
    by_code = {
        code: part.get("valueQuantity", {})
        for part in (observation, *observation.get("component", ()))
        for _, code in codings(part.get("code"))
    }
    quantities = [by_code.get(part.loinc, {}) for part in one.parts]
    if on is None or not all("value" in q and _same_unit(q, one) for q in quantities):
        return None
    return Last(tuple(Decimal(str(q["value"])) for q in quantities), on)


def _same_unit(quantity: Resource, one: Vital) -> bool:
    """A weight in grams is not shown beside a field in kilograms."""
    return (quantity.get("code") or quantity.get("unit")) in (one.ucum, one.unit)
