"""Results in words: a sentence first, then the number, its range as a bar, what came before, and what it means."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import get_language

from hoso.care.chart import Chart
from hoso.care.results import Series, Value, by_test, newest_day
from hoso.care.rules import table
from hoso.web import charts
from hoso.web.citizens.own import own
from hoso.web.citizens.titles import STANDINGS
from hoso.web.door import Door
from hoso.web.pages import page
from hoso.web.persons import Person
from hoso.web.present import date_text, number

MOST = "500"
"""Observations that are looked at, the newest."""
_LITTLE = 0.1


@own
def results(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    """One line a test, that with the newest value first."""
    found = sorted(results_of(reach, person), key=newest_day, reverse=True)
    return page(request, "citizen/results.html", tests=[shown(one) for one in found], standings=STANDINGS)


@own
def result(request: HttpRequest, reach: Door, person: Person, test: str) -> HttpResponse:
    found = next((one for one in results_of(reach, person) if one.key == test), None)
    if found is None:
        raise Http404
    return page(
        request,
        "citizen/result.html",
        one=shown(found),
        test=found,
        trend=charts.trend(found.trend),
        standings=STANDINGS,
        report=_report(found),
        source=table("results")["source"]["en" if get_language() == "en" else "vi"],
    )


def results_of(reach: Door, person: Person) -> tuple[Series, ...]:
    asked = [("patient", person.id), ("_sort", "-date"), ("_count", MOST)]
    found = reach.search("Observation", asked)
    return by_test(Chart.of([*found, *reach.named_in(found)]))


def shown(test: Series) -> dict[str, Any]:
    """`sentence`: a key of the catalogue, or ""; the words of the rule table are in the reader's language."""
    language = "en" if get_language() == "en" else "vi"
    words = {part: said[language] for part, said in test.words.items()}
    last = test.last
    return {
        "test": test,
        "name": words.get("name") or test.name,
        "words": words,
        "meaning": words.get({"above": "high", "below": "low"}.get(last.standing, ""), ""),
        "sentence": _sentence(last),
        "bar": charts.bar(last),
    }


def _sentence(value: Value) -> str:
    """Nothing for words without a range, such as a blood group: they are not compared with anything."""
    if value.standing == "unknown" and value.number is None:
        return ""
    return "little" if _is_little(value) else value.standing


def _is_little(value: Value) -> bool:
    """Outside by no more than a tenth of the end that it passed."""
    end = {"above": value.high, "below": value.low}.get(value.standing)
    return bool(end and value.number is not None and abs(value.number - end) <= abs(end) * _LITTLE)


def _report(test: Series) -> str:
    """Where a mistake is told, with the line it is about."""
    last = test.last
    words = f"{test.name}: {number(last.value)} {last.unit}, {date_text(last.source.when[:10])}: "
    return "/me/cases/new?" + urlencode({"kind": "correction", "words": words})
