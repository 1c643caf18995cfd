"""Amber alerts: facts about the person that change first aid, found by the rule table rules/alerts.toml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hoso.care.card import Alert, Measure, Medicines, Source
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, day, status, when
from hoso.care.measures import measure, observed
from hoso.care.medicines import drug_codes, in_use
from hoso.care.rules import table
from hoso.core import fold

_GESTATION = 280
_LONGEST = 44 * 7
_OVER = {"inactive", "remission", "resolved"}

Found = tuple[str, Source]


def alerts(chart: Chart, taken: Medicines, today: date) -> tuple[Alert, ...]:
    """In the order of the table, pregnancy where obstetrics would look: after immunity, before implants."""
    found: list[Alert] = []
    drugs = [(fold(line.name), drug_codes(record, chart), line) for record, line in in_use(chart, taken)]
    for rule in table("alerts")["alert"]:
        if rule["key"] == "implant" and (pregnant := pregnancy(chart, today)) is not None:
            found.append(pregnant)
        matches = [
            (line.name, line.source) for name, codes, line in drugs if _matches(rule.get("medicine", {}), codes, name)
        ]
        matches += list(_recorded(rule, chart, today))
        if matches:
            found.append(_alert(rule, matches, chart, today))
    return tuple(found)


def _alert(rule: dict[str, Any], matches: list[Found], chart: Chart, today: date) -> Alert:
    names = "; ".join(dict.fromkeys(name for name, _ in matches))
    last: Measure | None = measure(chart, rule["measure"], today) if "measure" in rule else None
    return Alert(rule["key"], rule["title"], names, matches[0][1], last)


def _recorded(rule: dict[str, Any], chart: Chart, today: date) -> Iterator[Found]:
    """Conditions, procedures and devices that match."""
    for condition in active_conditions(chart):
        wanted = rule.get("condition", {})
        began = day(when(condition))
        recent = "days" not in wanted or (began is not None and (today - began).days <= wanted["days"])
        if recent and _concept_matches(wanted, condition.get("code")):
            yield concept_text(condition.get("code")), chart.source(condition)
    for procedure in chart.all("Procedure"):
        if _concept_matches(rule.get("procedure", {}), procedure.get("code")):
            yield concept_text(procedure.get("code")), chart.source(procedure)
    for device in chart.all("Device"):
        if status(device) != "inactive" and _concept_matches(rule.get("device", {}), device.get("type")):
            yield concept_text(device.get("type")), chart.source(device)


def active_conditions(chart: Chart) -> list[Resource]:
    """Not resolved, without an end, and not a mere visit diagnosis that was ruled out."""
    return [
        c
        for c in chart.all("Condition")
        if status(c) not in _OVER and not c.get("abatementDateTime") and not c.get("abatementPeriod", {}).get("end")
    ]


def _concept_matches(wanted: dict[str, Any], concept: Resource | None) -> bool:
    return bool(wanted) and _matches(wanted, list(codings(concept)), fold(concept_text(concept)))


def _matches(wanted: dict[str, Any], codes: list[tuple[str, str]], folded: str) -> bool:
    if any(fold(word) in folded for word in wanted.get("not_words", ())):
        return False
    if any(code.startswith(tuple(wanted.get(system, ()))) for system, code in codes if system in _BY_PREFIX):
        return True
    if any(code in wanted.get(system, ()) for system, code in codes if system not in _BY_PREFIX):
        return True
    return any(fold(word) in folded for word in wanted.get("words", ()))


_BY_PREFIX = {"atc", "icd10", "icd9"}


def pregnancy(chart: Chart, today: date) -> Alert | None:
    """With completed weeks and days when a due date, last period or measured age lets them be counted."""
    rule = table("measures")["pregnancy"]
    found = _pregnancy_found(rule, chart, today)
    if found is None or _ended(rule, chart, day(found[1].when), today):
        return None
    began = _began(rule, chart, today)
    days = (today - began).days if began is not None else None
    weeks = divmod(days, 7) if days is not None and 0 <= days <= _LONGEST else None
    if days is not None and weeks is None:
        return None
    return Alert("pregnancy", "Pregnancy", found[0], found[1], None, weeks)


def _pregnancy_found(rule: dict[str, Any], chart: Chart, today: date) -> Found | None:
    wanted = {"icd10": rule["icd10"], "snomed": rule["snomed"]}
    for condition in active_conditions(chart):
        began = day(when(condition))
        if _concept_matches(wanted, condition.get("code")) and began and 0 <= (today - began).days <= _LONGEST:
            return concept_text(condition.get("code")), chart.source(condition)
    stated = observed(chart, rule["status"], today, _LONGEST)
    if stated is not None and any(c in rule["pregnant"] for _, c in codings(stated.get("valueCodeableConcept"))):
        return concept_text(stated.get("valueCodeableConcept")), chart.source(stated)
    return None


def _ended(rule: dict[str, Any], chart: Chart, since: date | None, today: date) -> bool:
    """A birth, or an end of pregnancy, recorded after the pregnancy was."""
    wanted = {"icd10": rule["ended_icd10"], "snomed": rule["ended_snomed"]}
    for event in chart.all("Condition", "Procedure"):
        at = day(when(event))
        if at is None or at > today or (since is not None and at < since):
            continue
        if _concept_matches(wanted, event.get("code")):
            return True
    return False


def _began(rule: dict[str, Any], chart: Chart, today: date) -> date | None:
    """First day of the pregnancy by the obstetric count."""
    for name, back in (("due", _GESTATION), ("last_period", 0)):
        observation = observed(chart, rule[name], today, _LONGEST)
        at = day((observation or {}).get("valueDateTime", ""))
        if at is not None:
            return at - timedelta(days=back)
    measured = observed(chart, rule["weeks"], today, _LONGEST)
    at = day(when(measured or {}))
    weeks = (measured or {}).get("valueQuantity", {}).get("value")
    return at - timedelta(days=round(weeks * 7)) if at is not None and weeks is not None else None
