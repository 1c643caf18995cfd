"""The record in the four groups of QĐ 31/QĐ-BYT (2026): who it is, what was before, each visit, and where things stand.

Dates stay as recorded and words untranslated; a row without a value was not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from hoso.care.card import Contact, EmergencyCard, Section, State, Who
from hoso.care.chart import Chart
from hoso.care.elements import Resource, concept_text, concepts, has_code, is_vital, key_of, reference_key, when
from hoso.care.medicines import drug_name
from hoso.care.timeline import CARE_TITLES, Row, rows_of
from hoso.care.visits import care_of
from hoso.fhir import systems

_VN_CORE = "http://fhir.ehealth.gov.vn/core/StructureDefinition"
_WEIGHT, _HEIGHT = "29463-7", "8302-2"


@dataclass(frozen=True, slots=True)
class Given:
    """Something done or given: a vaccine, a medicine, a procedure, with what is said of it."""

    name: str
    when: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class BookVisit:
    """`care` is a catalogue key."""

    id: str
    start: str
    end: str
    facility: str
    doctor: str
    care: str
    reason: str
    outcome: str
    diagnoses: tuple[str, ...]
    body: tuple[Row, ...]
    results: tuple[Row, ...]
    medicines: tuple[Given, ...]
    procedures: tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class HealthBook:
    """`person` are catalogue keys with values. `card` has the history: allergies and problems with their states."""

    who: Who
    person: tuple[Row, ...]
    representatives: tuple[Contact, ...]
    card: EmergencyCard
    vaccines: Section[Given]
    visits: tuple[BookVisit, ...]
    next: str
    """When the next appointment is, if one was made."""

    @property
    def last(self) -> BookVisit | None:
        """Where things stood when the person was last seen."""
        return self.visits[0] if self.visits else None


def health_book(
    patient: Resource, card: EmergencyCard, resources: Iterable[Resource], refused: Iterable[str], today: date
) -> HealthBook:
    """`resources`: Encounters, newest first in the book, with what belongs to them, and all Immunizations; plus records
    for names. `refused`: types that the reader may not see."""
    chart = Chart.of(resources)
    given = [
        Given(concept_text(one.get("vaccineCode")), when(one), str(one.get("lotNumber", "")))
        for one in chart.all("Immunization")
    ]
    state: State = "refused" if "Immunization" in set(refused) else "listed" if given else "unrecorded"
    inside = _by_visit(chart)
    visits = tuple(_visit(one, inside.get(key_of(one), ()), chart) for one in chart.all("Encounter"))
    person = tuple(_person(patient, card.who))
    return HealthBook(card.who, person, card.contacts, card, Section(state, tuple(given)), visits, _next(chart, today))


def _next(chart: Chart, today: date) -> str:
    """Of an appointment, made or asked for, from today on."""
    starts = [
        str(one.get("start") or period.get("start", ""))
        for one in chart.all("Appointment")
        if one.get("status") not in ("cancelled", "noshow", "fulfilled")
        for period in one.get("requestedPeriod") or [{}]
    ]
    return min((start for start in starts if start[:10] >= today.isoformat()), default="")


def _person(patient: Resource, who: Who) -> Iterable[Row]:
    numbers = {one.kind: one.value for one in reversed(who.identifiers)}
    extended = {
        str(one["url"]).rpartition("/")[2].removeprefix("extension-"): concept_text(one.get("valueCodeableConcept"))
        for one in patient.get("extension", ())
        if str(one.get("url", "")).startswith(_VN_CORE)
    }
    card: Resource = next((i for i in patient.get("identifier", ()) if i.get("system") == systems.INSURANCE_NUMBER), {})
    period = card.get("period", {})
    yield Row("Name", who.name)
    yield Row("Birth date", who.born)
    yield Row("Sex", who.sex)
    yield Row("Ethnic group", extended.get("race", ""))
    yield Row("Nationality", extended.get("nationality", ""))
    yield Row("Occupation", extended.get("occupation", ""))
    yield Row("Personal number", numbers.get("personal-number", ""))
    yield Row("Phone", who.phone)
    yield Row("Insurance card", who.insurance)
    yield Row("Registered with", who.station)
    yield Row("Card valid", "/".join(part for part in (period.get("start", ""), period.get("end", "")) if part))
    yield Row("Address", who.address)


def _by_visit(chart: Chart) -> Mapping[str, Sequence[Resource]]:
    found: dict[str, list[Resource]] = {}
    for some in chart.by_type.values():
        for one in some:
            for reference in (one.get("encounter"), one.get("context")):
                if isinstance(reference, dict) and "reference" in reference:
                    found.setdefault(reference_key(reference), []).append(one)
    return found


def _visit(encounter: Resource, inside: Sequence[Resource], chart: Chart) -> BookVisit:
    of: dict[str, list[Resource]] = {}
    for one in inside:
        of.setdefault(one["resourceType"], []).append(one)
    source, period = chart.source(encounter), encounter.get("period", {})
    measured = of.get("Observation", [])
    results = [one for one in measured if not is_vital(one)]
    return BookVisit(
        id=str(encounter.get("id", "")),
        start=period.get("start", ""),
        end=period.get("end", ""),
        facility=source.facility,
        doctor=source.author,
        care=CARE_TITLES[care_of(encounter)],
        reason="; ".join(text for one in encounter.get("reasonCode", ()) if (text := concept_text(one))),
        outcome=concept_text(encounter.get("hospitalization", {}).get("dischargeDisposition")),
        diagnoses=tuple(dict.fromkeys(concept_text(one.get("code")) for one in of.get("Condition", ()))),
        body=tuple(row for code in (_HEIGHT, _WEIGHT) for one in measured if _is(one, code) for row in rows_of(one)),
        results=tuple(row for one in results for row in rows_of(one)),
        medicines=tuple(_medicine(one, chart) for one in of.get("MedicationRequest", ())),
        procedures=tuple(Given(concept_text(one.get("code")), when(one)) for one in of.get("Procedure", ())),
    )


def _medicine(one: Resource, chart: Chart) -> Given:
    dose = "; ".join(str(i["text"]) for i in concepts(one.get("dosageInstruction")) if i.get("text"))
    return Given(drug_name(one, chart), when(one), dose)


def _is(one: Resource, code: str) -> bool:
    return has_code(one.get("code"), code)
