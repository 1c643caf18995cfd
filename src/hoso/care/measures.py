"""The last value of the few measurements that change what one does next; which ones is a rule table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from hoso.care.card import BloodGroup, Measure, Operation
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, concepts, day, when
from hoso.care.rules import table
from hoso.core import fold
from hoso.fhir import blood

_FINE = 30
"""Below this a decimal is worth saying even when it is 0: potassium 4.0, HbA1c 8.0."""
_PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?\Z")
Flag = Literal["", "high", "low", "abnormal"]

_FLAGS: dict[str, Flag] = {"H": "high", "HH": "high", "HU": "high", "L": "low", "LL": "low", "LU": "low"}
_FLAGS |= {"A": "abnormal", "AA": "abnormal", "POS": "abnormal"}


def measures(chart: Chart, today: date) -> tuple[Measure, ...]:
    rules = table("measures")["measure"]
    return tuple(m for rule in rules if (m := _latest(rule, chart, today)) is not None)


def measure(chart: Chart, key: str, today: date) -> Measure | None:
    """The last value of one measure, by its key in the table."""
    rule = next(rule for rule in table("measures")["measure"] if rule["key"] == key)
    return _latest(rule, chart, today)


def measure_codes() -> tuple[str, ...]:
    """Every LOINC code the card looks at, so that only these need to be read."""
    rules = table("measures")
    listed = [code for rule in (*rules["measure"], *rules["blood"]) for code in rule["loinc"]]
    pregnancy = rules["pregnancy"]
    for name in ("status", "due", "last_period", "weeks"):
        listed += pregnancy[name]
    return tuple(dict.fromkeys(listed))


def blood_group(chart: Chart) -> BloodGroup:
    """ABO with Rh when typed together; else the two parts put together. Whatever differs stands there as well."""
    whole, abo, rhesus = (_blood(rule, chart) for rule in table("measures")["blood"])
    if whole:
        said = {word for m in whole for word in m.value.split()}
        return BloodGroup((*whole, *(part for part in (*abo, *rhesus) if part.value not in said)))
    if len({m.value for m in abo}) > 1 or len({m.value for m in rhesus}) > 1:
        return BloodGroup((*abo, *rhesus))
    known = [*abo[:1], *rhesus[:1]]
    if not known:
        return BloodGroup(())
    return BloodGroup((replace(known[0], title="Blood group", value=" ".join(part.value for part in known)),))


def _blood(rule: dict[str, Any], chart: Chart) -> list[Measure]:
    found = [(o, _measure(o, "blood", rule["title"], chart)) for o in chart.observations(rule["loinc"])]
    return [replace(m, value=value) for o, m in found if m is not None for value in _said(o, m.value)]


def _said(observation: Resource, value: str) -> list[str]:
    """What the answer's code says; its words too when they are others, for then one of the two is wrong."""
    answer = observation.get("valueCodeableConcept")
    by_code, by_words = str(blood.coded(answer)), short_group(blood.words(answer))
    if not by_code:
        return [short_group(value)]
    same = not by_words or by_words in (by_code, *by_code.split())
    return [by_code] if same else [by_code, by_words]


_ABO = re.compile(r"(?<![A-Za-zÀ-ỹ])(AB|A|B|O)(?![A-Za-zÀ-ỹ0-9])")
_RHESUS = (
    ("Rh+", re.compile(r"\+|dương|positive|\bpos\b", re.IGNORECASE)),
    ("Rh−", re.compile(r"[-−–]\s*\)?\s*$|âm|negative|\bneg\b", re.IGNORECASE)),
)


def short_group(text: str) -> str:
    """ "Nhóm AB Dương tính (Rh+)" as "AB Rh+". Words that do not say one thing clearly stay as written."""
    letters = set(_ABO.findall(unicodedata.normalize("NFC", text)))
    factors = [short for short, form in _RHESUS if form.search(text)]
    if len(letters) > 1 or len(factors) > 1 or not (letters or factors):
        return text
    return " ".join([*letters, *factors])


def reports(chart: Chart, limit: int = 2) -> tuple[Operation, ...]:
    """Newest conclusions of ECG and imaging."""
    rule = table("measures")["reports"]
    found: list[Operation] = []
    for report in chart.all("DiagnosticReport"):
        title = concept_text(report.get("code"))
        conclusion = report.get("conclusion") or "; ".join(
            text for c in report.get("conclusionCode", ()) if (text := concept_text(c))
        )
        if conclusion and (_in_category(report, rule["categories"]) or _mentions(title, rule["words"])):
            found.append(Operation(f"{title}: {conclusion}" if title else conclusion, chart.source(report)))
    return tuple(found[:limit])


def _latest(rule: dict[str, Any], chart: Chart, today: date) -> Measure | None:
    for observation in chart.observations(rule["loinc"]):
        at = day(when(observation))
        if "days" in rule and (at is None or (today - at).days > rule["days"]):
            return None
        found = (
            _pressure(observation, rule, chart)
            if "systolic" in rule
            else _measure(observation, rule["key"], rule["title"], chart)
        )
        if found is not None and found.value:
            return found
    return None


def _coded(observations: Iterable[Resource], wanted: list[str]) -> list[Resource]:
    return [o for o in observations if any(s == "loinc" and c in wanted for s, c in codings(o.get("code")))]


def _measure(observation: Resource, key: str, title: str, chart: Chart) -> Measure | None:
    value, unit = value_of(observation)
    return Measure(key, title, value, unit, flag_of(observation), chart.source(observation)) if value else None


def _pressure(observation: Resource, rule: dict[str, Any], chart: Chart) -> Measure | None:
    found = pressure_of(observation)
    return Measure(rule["key"], rule["title"], *found, chart.source(observation)) if found else None


def pressure_of(observation: Resource) -> tuple[str, str, Flag] | None:
    """("148/92", unit, flag) when the observation carries both pressures."""
    parts = observation.get("component", ())
    if len(parts) < 2:
        return None
    rule = next(rule for rule in table("measures")["measure"] if "systolic" in rule)
    pair = [
        next((value_of(p) for p in _coded(parts, rule[side]) if value_of(p)[0]), None)
        for side in ("systolic", "diastolic")
    ]
    if pair[0] is None or pair[1] is None:
        return None
    flag = flag_of(observation) or next((f for p in parts if (f := flag_of(p))), "")
    return f"{_whole(pair[0][0])}/{_whole(pair[1][0])}", pair[0][1] or "mmHg", flag


def _whole(pressure: str) -> str:
    """A pressure is read in whole mmHg; a converted 164.04 is 164."""
    return str(round(float(pressure))) if _PLAIN_NUMBER.match(pressure) else pressure


def value_of(observation: Resource) -> tuple[str, str]:
    """(value, unit) as recorded, whatever its type; ("", "") when there is none."""
    if quantity := observation.get("valueQuantity"):
        return _quantity(quantity)
    if "valueCodeableConcept" in observation:
        return concept_text(observation["valueCodeableConcept"]), ""
    if value_range := observation.get("valueRange"):
        low, high = _quantity(value_range.get("low", {})), _quantity(value_range.get("high", {}))
        return f"{low[0]}–{high[0]}", low[1] or high[1]
    if "valueBoolean" in observation:
        return ("yes" if observation["valueBoolean"] else "no"), ""
    for name in ("valueString", "valueInteger", "valueDateTime", "valueTime"):
        if name in observation:
            return str(observation[name]), ""
    return "", ""


def _quantity(quantity: Resource) -> tuple[str, str]:
    if "value" not in quantity:
        return "", ""
    return f"{quantity.get('comparator', '')}{_plain(quantity['value'])}", (
        _unit(quantity.get("unit") or quantity.get("code") or "")
    )


def _unit(text: str) -> str:
    """As it is read at the bedside; machines write mm[Hg]."""
    return str(table("measures")["units"].get(text, text))


def _plain(number: float) -> str:
    """At most two decimals from 10 up and three below: a converted 77.13482 kg is 77.13 kg, a measured 4.0 is 4.0."""
    if isinstance(number, float) and number.is_integer() and abs(number) < _FINE:
        return f"{number:.1f}"
    text = f"{number:.2f}" if abs(number) >= 10 else f"{number:.3f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def flag_of(observation: Resource) -> Flag:
    """By interpretation; without one, by the first reference range that is meant for everybody."""
    for concept in concepts(observation.get("interpretation")):
        for _, code in codings(concept):
            if code in _FLAGS:
                return _FLAGS[code]
    if observation.get("interpretation"):
        return ""
    value = observation.get("valueQuantity", {}).get("value")
    for limits in observation.get("referenceRange", ())[:1]:
        low, high = limits.get("low", {}).get("value"), limits.get("high", {}).get("value")
        if value is not None and high is not None and value > high:
            return "high"
        if value is not None and low is not None and value < low:
            return "low"
    return ""


def range_of(observation: Resource) -> str:
    """The reference range in its own words or as "3.9–6.4"."""
    for limits in observation.get("referenceRange", ())[:1]:
        low, high = (limits.get(side, {}).get("value") for side in ("low", "high"))
        if limits.get("text"):
            return str(limits["text"])
        if low is not None and high is not None:
            return f"{_plain(low)}–{_plain(high)}"
        if low is not None or high is not None:
            return f"≥ {_plain(low)}" if high is None else f"≤ {_plain(high)}"
    return ""


def _in_category(resource: Resource, codes: list[str]) -> bool:
    return any(code in codes for concept in concepts(resource.get("category")) for _, code in codings(concept))


def _mentions(text: str, words: list[str]) -> bool:
    folded = fold(text) + " "
    return any(fold(word) in folded for word in words)


def observed(chart: Chart, codes: list[str], today: date, within: int) -> Resource | None:
    """The newest observation with one of these LOINC codes that is at most `within` days old."""
    for observation in chart.observations(codes):
        at = day(when(observation))
        if at is not None and 0 <= (today - at).days <= within:
            return observation
    return None
