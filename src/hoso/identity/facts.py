"""What cannot be true of one body: two blood groups, two sexes, births years apart, two beds at once, a visit
after death.

Pure over FHIR JSON; what a person's records say comes in as facts, each with the record it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any, Literal

from hoso.core.text import fold
from hoso.fhir.blood import coded
from hoso.fhir.systems import LOINC

Kind = Literal["blood-group", "rhesus", "sex", "birth", "two-places", "after-death"]
FactKind = Literal["blood-group", "rhesus", "sex", "birth", "stay", "visit", "death"]

BLOOD: Mapping[str, Sequence[FactKind]] = {
    "882-1": ("blood-group", "rhesus"),
    "883-9": ("blood-group",),
    "10331-7": ("rhesus",),
}
"""LOINC codes by what their answers tell: ABO and Rh together, ABO, Rh."""

YEARS_APART = 2
"""Years between two births that no slip of one digit at the end explains."""

TRANSFER = timedelta(hours=12)
"""How long a bed may still be booked in one hospital when the patient lies in the next."""

_ABO = re.compile(r"(?<![a-z])(ab|a|b|o)(?![a-z])")
_NEGATIVE = re.compile(r"neg|(?<![a-z])am(?![a-z])|[-−–]\s*$|260385009|la6577-6")
_POSITIVE = re.compile(r"pos|duong|\+|10828004|la6576-8")

Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """`source` is the reference of the record that says so. A stay has a facility, a start and an end."""

    kind: FactKind
    value: str
    source: str
    facility: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`values` and `sources` side by side."""

    kind: Kind
    values: tuple[str, ...]
    sources: tuple[str, ...]


def of_patients(patients: Iterable[Resource]) -> list[Fact]:
    found = []
    for patient in patients:
        source = f"Patient/{patient['id']}"
        if patient.get("gender") in ("male", "female"):
            found.append(Fact("sex", patient["gender"], source))
        if patient.get("birthDate"):
            found.append(Fact("birth", patient["birthDate"], source))
        if died := patient.get("deceasedDateTime"):
            found.append(Fact("death", died, source, start=_moment(died)))
    return found


def of_observation(observation: Resource) -> list[Fact]:
    """The blood group that a finished observation tells, if it tells one."""
    if observation.get("status") in ("entered-in-error", "cancelled", "unknown"):
        return []
    codes = [c.get("code") for c in observation["code"].get("coding", ()) if c.get("system") == LOINC]
    kinds = dict.fromkeys(kind for code in codes for kind in BLOOD.get(code, ()))
    said, code = _answer(observation), coded(observation.get("valueCodeableConcept"))
    source = f"Observation/{observation['id']}"
    by_words = {"blood-group": code.abo or _group(said), "rhesus": code.rhesus or _rhesus(said)}
    values = {kind: by_words[kind] for kind in kinds}
    return [Fact(kind, value, source) for kind, value in values.items() if value]


def of_encounter(encounter: Resource) -> list[Fact]:
    """A visit; also a stay when it was one with a beginning and an end."""
    if encounter.get("status") in ("entered-in-error", "cancelled", "planned"):
        return []
    period, source = encounter.get("period", {}), f"Encounter/{encounter['id']}"
    start, end = (_moment(period.get(name, "")) for name in ("start", "end"))
    if start is None:
        return []
    facility = str(encounter.get("serviceProvider", {}).get("reference", ""))
    found = [Fact("visit", period["start"], source, facility, start, end)]
    if encounter.get("class", {}).get("code") in ("IMP", "ACUTE", "NONAC") and end is not None and facility:
        found.append(Fact("stay", f"{period['start']}/{period['end']}", source, facility, start, end))
    return found


def contradictions(facts: Iterable[Fact]) -> list[Contradiction]:
    """What the facts cannot all be, if they are of one person; the same in whatever order they come."""
    by: dict[FactKind, list[Fact]] = {}
    for fact in sorted(set(facts), key=lambda fact: (fact.kind, fact.value, fact.source)):
        by.setdefault(fact.kind, []).append(fact)
    found: list[Contradiction | None] = [
        _differing(kind, by.get(kind, ())) for kind in ("blood-group", "rhesus", "sex")
    ]
    found.append(_births(by.get("birth", ())))
    found += _places(by.get("stay", ()))
    found.append(_after_death(by.get("death", ()), by.get("visit", ())))
    return [one for one in found if one is not None]


def _differing(kind: Literal["blood-group", "rhesus", "sex"], facts: Sequence[Fact]) -> Contradiction | None:
    values: dict[str, Fact] = {}
    for fact in facts:
        values.setdefault(fact.value, fact)
    return _told(kind, list(values.values())) if len(values) > 1 else None


def _births(facts: Sequence[Fact]) -> Contradiction | None:
    if not facts:
        return None
    first, last = facts[0], facts[-1]  # they come by value, so by date
    apart = int(last.value[:4]) - int(first.value[:4]) >= YEARS_APART
    return _told("birth", [first, last]) if apart else None


def _places(stays: Sequence[Fact]) -> list[Contradiction]:
    return [_told("two-places", [a, b]) for a, b in combinations(stays, 2) if _overlap(a, b)]


def _overlap(one: Fact, other: Fact) -> bool:
    if one.facility == other.facility or not (one.start and one.end and other.start and other.end):
        return False
    return min(one.end, other.end) - max(one.start, other.start) > TRANSFER


def _after_death(deaths: Sequence[Fact], visits: Sequence[Fact]) -> Contradiction | None:
    """A day's grace: who dies at night is written down in the morning."""
    pairs = [(death, visit) for death in deaths for visit in visits if _is_after(visit, death)]
    if not pairs:
        return None
    death, visit = max(pairs, key=lambda pair: (pair[1].value, pair[0].value))
    return _told("after-death", [death, visit])


def _is_after(visit: Fact, death: Fact) -> bool:
    if visit.start is None or death.start is None:
        return False
    grace = {4: timedelta(days=366), 7: timedelta(days=31)}.get(len(death.value), timedelta(days=1))
    return visit.start - death.start > grace


def _told(kind: Kind, facts: Sequence[Fact]) -> Contradiction:
    return Contradiction(kind, tuple(fact.value for fact in facts), tuple(fact.source for fact in facts))


def _answer(observation: Resource) -> str:
    concept = observation.get("valueCodeableConcept", {})
    said = [str(observation.get("valueString", "")), str(concept.get("text", ""))]
    for coding in concept.get("coding", ()):
        said += [str(coding.get("display", "")), str(coding.get("code", ""))]
    return next((fold(text) for text in said if text.strip()), "")


def _group(said: str) -> str:
    match = _ABO.search(said)
    return match[1].upper() if match else ""


def _rhesus(said: str) -> str:
    return "−" if _NEGATIVE.search(said) else "+" if _POSITIVE.search(said) else ""


def _moment(text: str) -> datetime | None:
    """The beginning of what a FHIR date tells, in UTC; None for one that a calendar does not have."""
    padded = text + {4: "-01-01", 7: "-01"}.get(len(text), "")
    try:
        moment = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
