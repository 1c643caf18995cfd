"""A test that was done lately: the last result, how old it is, and how long it stands by rules/order_tests.toml.

Only final results count. One that was abnormal is told as such and weighs less against repeating.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, day, key_of, status, when
from hoso.care.measures import flag_of, value_of
from hoso.care.orders.finding import Finding, Last, Value
from hoso.care.orders.substances import mentions, plain
from hoso.care.orders.wanted import Wanted
from hoso.care.rules import table

_FINAL = {"final", "amended", "corrected"}
_MOST_VALUES = 4
_LONGEST = 60

Rule = dict[str, Any]


def repeats(chart: Chart, wanted: Wanted, today: date) -> list[Finding]:
    """At most one: the last result within the window, else an order whose result is still awaited."""
    rule = rule_of(wanted.codes, wanted.name) or _alone(wanted)
    results = [one for one in _results(chart, rule, wanted) if (age := _age(one, today)) is not None and age >= 0]
    newest = next(iter(results), None)
    age = _age(newest, today) if newest else None
    if newest is not None and age is not None and age <= rule["days"]:
        return [_done(chart, wanted, rule, newest, results, age)]
    return _awaited(chart, wanted, rule, newest, today)


def rule_of(codes: Iterable[tuple[str, str]], name: str) -> Rule | None:
    """By code where one is known, else by the words of the name; the first row that fits."""
    listed = list(codes)
    tests: list[Rule] = table("order_tests")["test"]
    by_code = next((rule for rule in tests if _coded(rule, listed)), None)
    return by_code or next((rule for rule in tests if _named(rule, name)), None)


def _coded(rule: Rule, codes: list[tuple[str, str]]) -> bool:
    services = tuple(rule.get("services", ()))
    return any(
        code in rule["loinc"] if system == "loinc" else bool(services) and code.startswith(services)
        for system, code in codes
    )


def _named(rule: Rule, name: str) -> bool:
    return mentions(name, rule["words"]) and not mentions(name, rule.get("not_words", ()))


def _alone(wanted: Wanted) -> Rule:
    """A test that no row knows: the same code or the same name, for the few days of `unknown`."""
    loinc = [code for system, code in wanted.codes if system == "loinc"]
    unknown = table("order_tests")["unknown"]
    return {"key": "unknown", "loinc": loinc, "words": [], "days": unknown["days"], "each": True}


def _results(chart: Chart, rule: Rule, wanted: Wanted) -> list[Resource]:
    """Final results of this test, newest first."""
    found = [one for one in chart.all("Observation", "DiagnosticReport") if status(one) in _FINAL]
    return [one for one in found if _is_of(rule, one.get("code"), wanted)]


def _is_of(rule: Rule, concept: Resource | None, wanted: Wanted) -> bool:
    listed, name = list(codings(concept)), concept_text(concept)
    if rule.get("each"):  # rows of several tests, each of which stands alone
        shared = set(listed) & set(wanted.codes)
        return bool(shared) or (bool(name) and plain(name) == plain(wanted.name))
    if _coded(rule, listed):
        return True
    known = any(system == "loinc" for system, _ in listed)
    return not known and _named(rule, name)


def _age(resource: Resource, today: date) -> int | None:
    at = day(when(resource))
    return None if at is None else (today - at).days


def _done(chart: Chart, wanted: Wanted, rule: Rule, newest: Resource, results: list[Resource], age: int) -> Finding:
    of_that_day = [one for one in results if day(when(one)) == day(when(newest))]
    abnormal = any(flag_of(one) for one in of_that_day if one["resourceType"] == "Observation")
    last = Last(tuple(_values(rule, of_that_day)), _conclusion(of_that_day), abnormal, age, rule["days"])
    return Finding(
        kind="duplicate-test",
        severity="info" if abnormal or rule["key"] == "unknown" else "warning",
        rule=rule["key"],
        wanted=wanted.name,
        other=concept_text(newest.get("code")),
        seen=chart.source(newest),
        source=_source(rule),
        reasons=_reasons(rule, abnormal),
        variant="abnormal" if abnormal else "",
        last=last,
        evidence=key_of(newest),
    )


def _values(rule: Rule, results: list[Resource]) -> Iterator[Value]:
    order = {code: place for place, code in enumerate(rule.get("show", ()))}
    measured = [one for one in results if one["resourceType"] == "Observation" and value_of(one)[0]]

    def place(one: Resource) -> int:
        return min((order[code] for _, code in codings(one.get("code")) if code in order), default=len(order))

    for one in sorted(measured, key=place)[:_MOST_VALUES]:
        value, unit = value_of(one)
        yield Value(concept_text(one.get("code"))[:_LONGEST], value[:_LONGEST], unit)


def _conclusion(results: list[Resource]) -> str:
    return next((str(one["conclusion"]) for one in results if one.get("conclusion")), "")


def _awaited(chart: Chart, wanted: Wanted, rule: Rule, newest: Resource | None, today: date) -> list[Finding]:
    """An open order of the same test, made lately and after the last result."""
    since = day(when(newest)) if newest else None
    for order in chart.all("ServiceRequest"):
        at, age = day(when(order)), _age(order, today)
        if status(order) != "active" or key_of(order) == wanted.key or at is None or age is None:
            continue
        if not 0 <= age <= table("order_tests")["unknown"]["pending"] or (since is not None and at <= since):
            continue
        if _is_of(rule, order.get("code"), wanted):
            reasons = tuple(table("order_words")["reasons"]["pending-test"])
            last = Last((), "", False, age, rule["days"])
            return [
                Finding(
                    "pending-test", "warning", rule["key"], wanted.name, concept_text(order.get("code")),
                    chart.source(order), _source(rule), reasons, last=last, evidence=key_of(order),
                )
            ]  # fmt: skip
    return []


def _reasons(rule: Rule, abnormal: bool) -> tuple[str, ...]:
    always = table("order_tests")["reasons"]["always"]
    listed = [*always, *rule.get("reasons", ())]
    return tuple(key for key in listed if abnormal or key != "previous-abnormal")


def _source(rule: Rule) -> str:
    return str(rule.get("source") or table("order_tests")["source"])
