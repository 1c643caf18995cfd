"""From the records of a period to figures: each is the list of the lines it counts, so that a number can be opened.

A line is the key of a record: of a visit, a dose, a referral; or of a person, for whom is under care.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hoso.care.elements import Resource, classification, codings, day, is_void, key_of, moment, reference_key, when
from hoso.care.immunization.reading import given_of
from hoso.care.referrals.paper import reason_of
from hoso.care.rules import table
from hoso.care.who import insurance_of

Figures = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Facts:
    """`homes`: by "Patient/id" the person; `people` by id; `parts`: Conditions and Observations of the visits."""

    visits: Sequence[Resource] = ()
    parts: Sequence[Resource] = ()
    doses: Sequence[Resource] = ()
    sent: Sequence[Resource] = ()
    received: Sequence[Resource] = ()
    people: Mapping[str, Resource] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)

    def person(self, resource: Resource) -> str:
        return self.homes.get(reference_key(resource.get("subject") or resource.get("patient")), "")


def figures(facts: Facts) -> Figures:
    """By key, in the order in which a report shows them; a figure that counts nothing is not there."""
    found: Figures = defaultdict(list)
    of_visit: dict[str, list[Resource]] = defaultdict(list)
    for one in facts.parts:
        if not is_void(one):
            of_visit[reference_key(one.get("encounter"))].append(one)
    for visit in facts.visits:
        _visit(found, visit, of_visit[key_of(visit)], facts)
    for name in ("hypertension", "diabetes"):
        _care(found, name, facts, of_visit)
    for dose in facts.doses:
        _dose(found, dose)
    for side, requests in (("sent", facts.sent), ("received", facts.received)):
        for one in requests:
            found[f"referral.{side}"].append(key_of(one))
            if reason := reason_of(one):
                found[f"referral.{side}.{reason}"].append(key_of(one))
    return dict(found)


def _visit(found: Figures, visit: Resource, parts: Sequence[Resource], facts: Facts) -> None:
    key, person = key_of(visit), facts.people.get(facts.person(visit), {})
    found["visit"].append(key)
    sex = str(person.get("gender", "")) or "unknown"
    found[f"visit.sex.{sex}"].append(key)
    if band := band_of(str(person.get("birthDate", "")), day(str(visit.get("period", {}).get("start", "")))):
        found[f"visit.age.{band}"].append(key)
        found[f"visit.age.{band}.{sex}"].append(key)
    else:
        found["visit.age.unknown"].append(key)
    found["visit.insured" if insurance_of(person) else "visit.uninsured"].append(key)
    codes = {classification(one.get("code")) for one in parts if one["resourceType"] == "Condition"} - {""}
    for chapter in sorted({chapter_of(code) for code in codes} - {""}):
        found[f"chapter.{chapter}"].append(key)
    if any(one.get("code") == "antenatal" for kind in visit.get("type", ()) for one in kind.get("coding", ())):
        found["antenatal"].append(key)
    if any(_is_of(code, name) for code in codes for name in ("hypertension", "diabetes")):
        found["chronic"].append(key)


def _care(found: Figures, name: str, facts: Facts, of_visit: Mapping[str, Sequence[Resource]]) -> None:
    """Who had a visit here for it, of whom it was measured, and for whom the last value is below the target."""
    treated: dict[str, list[Resource]] = defaultdict(list)
    measured: dict[str, list[Resource]] = defaultdict(list)
    for visit in facts.visits:
        person, parts = facts.person(visit), of_visit.get(key_of(visit), ())
        measured[person] += [one for one in parts if one["resourceType"] == "Observation"]
        if any(_is_of(classification(one.get("code")), name) for one in parts if one["resourceType"] == "Condition"):
            treated[person].append(visit)
    for person in treated:
        key = f"Patient/{person}"
        found[f"care.{name}"].append(key)
        controlled = _CONTROL[name](sorted(measured[person], key=lambda one: moment(when(one)) or 0, reverse=True))
        if controlled is not None:
            found[f"care.{name}.measured"].append(key)
        if controlled:
            found[f"care.{name}.controlled"].append(key)


def _pressure(observations: Sequence[Resource]) -> bool | None:
    target = table("reports")["hypertension"]
    for one in observations:
        values = {code: _number(part) for part in one.get("component", ()) for _, code in codings(part.get("code"))}
        upper, lower = values.get("8480-6"), values.get("8462-4")
        if upper is not None and lower is not None:
            return bool(upper < target["systolic"] and lower < target["diastolic"])
    return None


def _sugar(observations: Sequence[Resource]) -> bool | None:
    target = table("reports")["diabetes"]
    for wanted, unit, most in ((_HBA1C, "%", target["hba1c"]), (_GLUCOSE, "mmol/L", target["glucose"])):
        for one in observations:
            value, quantity = _number(one), one.get("valueQuantity", {})
            right = (quantity.get("code") or quantity.get("unit")) == unit
            if value is not None and right and any(code in wanted for _, code in codings(one.get("code"))):
                return bool(value < most if unit == "%" else value <= most)
    return None


_CONTROL: dict[str, Any] = {"hypertension": _pressure, "diabetes": _sugar}
_HBA1C, _GLUCOSE = frozenset({"4548-4"}), frozenset({"15074-8", "1558-6", "14749-6", "14771-0"})


def _dose(found: Figures, dose: Resource) -> None:
    key, given = key_of(dose), given_of(dose)
    found["dose"].append(key)
    vaccine = given.vaccine if given and given.vaccine else "other"
    found[f"dose.{vaccine}"].append(key)
    if number := dose_number(dose):
        found[f"dose.{vaccine}.{number}"].append(key)


def dose_number(dose: Resource) -> int:
    numbers = (one.get("doseNumberPositiveInt", 0) for one in dose.get("protocolApplied", ()))
    return max((int(one) for one in numbers), default=0)


def band_of(born: str, on: date | None) -> str:
    """The band of age at a visit; "" when the birth date is not known."""
    if on is None or not born:
        return ""
    year, month, date_ = (int(part) for part in [*born.split("-"), "1", "1"][:3])
    years = on.year - year - ((on.month, on.day) < (month, date_))
    return next((str(one["key"]) for one in table("reports")["age"] if one["from"] <= years <= one["to"]), "")


def chapter_of(code: str) -> str:
    """The chapter of ICD-10 of a code, "IX"; "" for what is no code of it."""
    category = code[:3].upper()
    chapters = table("reports")["chapter"].items()
    return next((str(name) for name, one in chapters if one["first"] <= category <= one["last"]), "")


def late(now: Iterable[str], closed: Iterable[str]) -> tuple[set[str], set[str]]:
    """Lines that came since a report was closed, and those that went."""
    after, before = set(now), set(closed)
    return after - before, before - after


def _is_of(code: str, name: str) -> bool:
    return code[:3].upper() in table("reports")[name]["icd"]


def _number(resource: Resource) -> float | None:
    value = resource.get("valueQuantity", {}).get("value")
    return float(value) if value is not None else None
