"""The emergency card of one person from their resources: pure, and the same for screen, print and export.

What was ruled out or entered in error never appears; what the reader may not see is said to be refused, not empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Literal, TypeVar

from hoso.care.alerts import active_conditions, alerts
from hoso.care.card import Allergy, EmergencyCard, Medicines, Problem, Section, Source, Trust
from hoso.care.chart import Chart
from hoso.care.elements import (
    Resource,
    classification,
    concept_text,
    concepts,
    has_code,
    key_of,
    moment,
    reference_key,
    status,
    when,
)
from hoso.care.measures import blood_group, measures, reports
from hoso.care.medicines import TYPES as MEDICINE_TYPES
from hoso.care.medicines import medicines
from hoso.care.sources import differences, facility_of, origins
from hoso.care.visits import operations, stays, visits
from hoso.care.who import contacts, who
from hoso.core import fold
from hoso.fhir.negations import NO_PROBLEM, NONE_KNOWN

T = TypeVar("T")

CARD_TYPES = (
    "AllergyIntolerance",
    "Condition",
    *MEDICINE_TYPES,
    "Observation",
    "Procedure",
    "Device",
    "Encounter",
    "DiagnosticReport",
    "RelatedPerson",
)

_RANK: tuple[Literal["", "mild", "moderate", "severe"], ...] = ("", "mild", "moderate", "severe")


def emergency_card(
    patient: Resource,
    resources: Iterable[Resource],
    today: date,
    refused: Collection[str] = (),
    *,
    sources: Sequence[Resource] = (),
    young: Mapping[str, str] = MappingProxyType({}),
) -> EmergencyCard:
    """`resources`: of the types CARD_TYPES, plus Organization, Practitioner, Medication for names.

    `refused`: types the reader may not see; their sections say so. `sources`: the facilities' own Patients, when
    `patient` is drawn from several; `young`: since when those among them belong to it whose link is young.
    """
    chart = Chart.of([*resources, *sources])
    chart.origins.update(origins(sources, young, chart))
    shown = Shown(refused)
    taken = medicines(chart, today)
    return EmergencyCard(
        who=who(patient, chart, today, sources),
        allergies=shown.unless("AllergyIntolerance", allergies(chart)),
        alerts=shown.unless("Condition", _section(alerts(chart, taken, today))),
        blood_group=blood_group(chart),
        problems=shown.unless("Condition", problems(chart)),
        medicines=Medicines("refused") if "MedicationRequest" in refused else taken,
        measures=shown.unless("Observation", _section(measures(chart, today))),
        reports=reports(chart),
        visits=shown.unless("Encounter", _section(visits(chart))),
        stays=stays(chart, today),
        operations=operations(chart, today),
        contacts=contacts(sources or (patient,), chart, today),
        trust=_trust(chart),
        differences=differences(sources, chart),
    )


class Shown:
    """Puts "refused" in the place of sections whose type the reader may not see."""

    def __init__(self, refused: Collection[str]) -> None:
        self.refused = frozenset(refused)

    def unless(self, type: str, section: Section[T]) -> Section[T]:
        return Section("refused") if type in self.refused else section


def _section(items: tuple[T, ...]) -> Section[T]:
    return Section("listed" if items else "unrecorded", items)


def allergies(chart: Chart) -> Section[Allergy]:
    """Worst first. A statement that none is known counts only while no allergy is listed."""
    listed: dict[str, Allergy] = {}
    none_known: list[Resource] = []
    for record in chart.all("AllergyIntolerance"):
        if any(has_code(record.get("code"), code) for code in NONE_KNOWN):
            none_known.append(record)
        elif status(record) not in {"inactive", "resolved"}:
            found = _allergy(record, chart)
            listed.setdefault(fold(found.substance), found)
    if listed:
        worst = sorted(listed.values(), key=lambda a: (not a.high_risk, -_RANK.index(a.severity)))
        return Section("listed", tuple(worst), denied=_denials(none_known, worst, chart))
    return Section("known-none", (), when(none_known[0])) if none_known else Section("unrecorded")


def _denials(none_known: Sequence[Resource], listed: Sequence[Allergy], chart: Chart) -> tuple[Source, ...]:
    """Statements that there is no allergy, but for those made before any was found."""
    known = [moment(a.source.when) for a in listed]
    first = min((at for at in known if at is not None), default=None)
    contradicting = [r for r in none_known if first is None or (at := moment(when(r))) is None or at >= first]
    return tuple(_with_facility(chart.source(record), record, chart) for record in contradicting)


def _with_facility(source: Source, record: Resource, chart: Chart) -> Source:
    """A statement that names no facility is that of the facility whose record of the person it stands in."""
    if source.facility:
        return source
    key = reference_key(record.get("patient"))
    patient = next((one for one in chart.by_type.get("Patient", ()) if key_of(one) == key), None)
    return replace(source, facility=facility_of(patient, chart)) if patient else source


def _allergy(record: Resource, chart: Chart) -> Allergy:
    reactions = record.get("reaction", ())
    severity = max((s for r in reactions for s in _RANK if s == r.get("severity")), key=_RANK.index, default=_RANK[0])
    substance = concept_text(record.get("code")) or next(
        (t for r in reactions if (t := concept_text(r.get("substance")))), ""
    )
    verified = record.get("verificationStatus")
    return Allergy(
        substance=substance,
        reactions=tuple(
            dict.fromkeys(t for r in reactions for m in r.get("manifestation", ()) if (t := concept_text(m)))
        ),
        severity=severity,
        high_risk=record.get("criticality") == "high" or severity == "severe",
        confirmed=True if has_code(verified, "confirmed") else False if verified else None,
        source=chart.source(record),
    )


def problems(chart: Chart) -> Section[Problem]:
    """Lasting problems before passing ones; the same name, and a visit's diagnosis with a code listed already, is one
    line."""
    found: dict[str, Problem] = {}
    none_known: list[Resource] = []
    for condition in sorted(active_conditions(chart), key=_is_visit_diagnosis):
        name = concept_text(condition.get("code"))
        if any(has_code(condition.get("code"), code) for code in NO_PROBLEM):
            none_known.append(condition)
        elif name and not is_past_visit(condition):
            verified = condition.get("verificationStatus")
            certain = not (has_code(verified, "provisional") or has_code(verified, "differential"))
            line = Problem(
                name, classification(condition.get("code")), certain and not has_code(verified, "unconfirmed"),
                chart.source(condition),
            )  # fmt: skip
            if not (_is_visit_diagnosis(condition) and line.code and line.code in {p.code for p in found.values()}):
                found.setdefault(fold(name), line)
    if found:
        return Section("listed", tuple(found.values()))
    return Section("known-none", (), when(none_known[0])) if none_known else Section("unrecorded")


def _is_visit_diagnosis(condition: Resource) -> bool:
    return any(has_code(c, "encounter-diagnosis") for c in concepts(condition.get("category")))


def is_past_visit(condition: Resource) -> bool:
    """A visit's diagnosis without a status says nothing about today."""
    return _is_visit_diagnosis(condition) and not status(condition)


def _trust(chart: Chart) -> Trust:
    everything = [r for type in CARD_TYPES for r in chart.by_type.get(type, ())]
    facilities = tuple(dict.fromkeys(name for r in everything if (name := chart.facility(r))))
    stamps = {str(r.get("meta", {}).get("lastUpdated", "")) for r in everything}
    newest = max(stamps, key=lambda text: moment(text) or 0, default="")
    return Trust(facilities, newest, len(everything))
