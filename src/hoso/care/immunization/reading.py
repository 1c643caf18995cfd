"""From a person's records to what the forecast asks: the doses given, and what is on record that forbids a vaccine.

Only a dose with a day counts; one told of without a day is listed apart, so that a person asks for the paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from hoso.care.alerts import active_conditions, pregnancy
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, day, key_of, status, when
from hoso.care.immunization.counting import Given
from hoso.care.immunization.forecast import PREGNANCY, Forecast, forecast
from hoso.care.immunization.schedule import contraindications, vaccine_named
from hoso.care.rules import table
from hoso.core import fold
from hoso.core.places import provinces

_ANAPHYLAXIS = ("39579001", "T78.2", "T80.5", "T88.6")
_DAY = len("2026-01-15")
_UNIT = re.compile(r"^(?:thanh pho|tinh|tp\.?|t\.) ")


@dataclass(frozen=True, slots=True)
class Told:
    """Everything on record about a person's vaccinations. `undated` were given on a day nobody wrote down."""

    given: tuple[Given, ...]
    undated: tuple[Resource, ...]
    conditions: dict[str, date | None]


def told(chart: Chart, today: date) -> Told:
    doses = [one for one in chart.all("Immunization") if status(one) == "completed"]
    dated = [one for one in doses if len(when(one)) >= _DAY]
    given = sorted(found for one in dated if (found := given_of(one)) is not None)
    return Told(tuple(given), tuple(one for one in doses if len(when(one)) < _DAY), dict(_conditions(chart, today)))


def given_of(immunization: Resource) -> Given | None:
    on = day(when(immunization))
    if on is None:
        return None
    concept = immunization.get("vaccineCode")
    words = concept_text(concept)
    found = vaccine_named([code for system, code in codings(concept) if system == "cvx"], words)
    return Given(on, found.key if found else "", key_of(immunization), words, _anaphylaxis(immunization))


def _anaphylaxis(immunization: Resource) -> bool:
    """Of a reaction that is told in the dose itself, by code or by name."""
    inside = {f"#{one.get('id')}": one for one in immunization.get("contained", ())}
    for reaction in immunization.get("reaction", ()):
        detail = reaction.get("detail", {})
        found = inside.get(detail.get("reference", ""), {})
        concept = found.get("valueCodeableConcept") or found.get("code")
        words = fold(f"{concept_text(concept)} {detail.get('display', '')}")
        if any(code in _ANAPHYLAXIS for _, code in codings(concept)) or "phan ve" in words or "anaphyla" in words:
            return True
    return False


def _conditions(chart: Chart, today: date) -> Iterator[tuple[str, date | None]]:
    if (pregnant := pregnancy(chart, today)) is not None:
        yield PREGNANCY, day(pregnant.source.when)
    for rule in contraindications():
        for condition in active_conditions(chart):
            if any(
                (system == "icd10" and code.startswith(rule.icd10)) or (system == "snomed" and code in rule.snomed)
                for system, code in codings(condition.get("code"))
            ):
                yield rule.key, day(when(condition))
    for allergy in chart.all("AllergyIntolerance"):
        words = fold(concept_text(allergy.get("code")))
        for component in table("immunization")["component"]:
            if _severe(allergy) and any(f" {word} " in f" {words} " for word in component["words"]):
                yield f"allergy:{component['key']}", day(when(allergy))


def _severe(allergy: Resource) -> bool:
    """An allergy forbids a vaccine that holds the substance when it was, or may be, an anaphylaxis."""
    if allergy.get("criticality") == "high":
        return True
    return any(
        reaction.get("severity") == "severe"
        or any(c in _ANAPHYLAXIS for m in reaction.get("manifestation", ()) for _, c in codings(m))
        for reaction in allergy.get("reaction", ())
    )


def province_of(patient: Resource) -> str:
    """The code of the province where the person lives, by code or name in the address; "" when it is not said."""
    for address in patient.get("address", ()):
        said = [str(address.get(name, "")) for name in ("state", "city", "district")]
        said += [str(part) for part in address.get("line", ())] + str(address.get("text", "")).split(",")
        codes = {
            str(one.get("valueCoding", {}).get("code", ""))
            for one in address.get("extension", ())
            if "province" in str(one.get("url", ""))
        }
        named = {_plain(part) for part in said if part}
        for one in provinces():
            if one.code in codes or _plain(one.name) in named:
                return one.code
    return ""


def _plain(name: str) -> str:
    """Without the kind of unit in front: "TP. Hồ Chí Minh" and "Thành phố Hồ Chí Minh" are one."""
    return _UNIT.sub("", " ".join(fold(name).replace(".", ". ").split()))


def forecast_of(patient: Resource, known: Told, today: date) -> Forecast | None:
    """None when the day of birth is not on record: without it nothing can be said."""
    born = str(patient.get("birthDate", ""))
    if len(born) != _DAY or (on := day(born)) is None or on > today:
        return None
    return forecast(on, str(patient.get("gender", "")), province_of(patient), known.given, known.conditions, today)
