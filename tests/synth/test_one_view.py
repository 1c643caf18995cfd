"""Whatever software a facility has, the citizen sees the same: each dialect is loaded by the real command and compared.

What a dialect cannot say is listed here; all else that FHIR says must be there, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.cli.serving import hoso

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.care.chart import Chart
from hoso.care.elements import codings, concept_text, key_of, reference_key, when
from hoso.care.medicines import drug_name
from hoso.care.timeline import timeline_page
from hoso.cli import synth
from hoso.synth import hl7v2, insurance
from hoso.synth.population import TODAY, truths
from hoso.web.persons import Persons

CITIZENS, SEED = 7, 3
READER = Errand(Actor("client/reader", Scopes.parse("system/*.rs")), "TREAT")
Fact = tuple[str, ...]
Seen = dict[str, set[Fact]]

SIGNS = {"8867-4", "8310-5", "9279-1", "2708-6", "85354-9", "29463-7"}
"""Of vital signs, what the insurance XML has place for: CSST<…> and CAN_NANG."""
FIRST_UNITS = "2024-07-01"
"""Results of visits that ended before had no unit (QĐ 4210)."""


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What each citizen's record says after the load of each dialect alone."""
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(insurance, "FAULTY", 0)
        patch.setattr(hl7v2, "FAULTY", 0)
        return {form: loaded(folder / form, form) for form in ("fhir", "insurance-xml", "hl7v2")}


def loaded(folder: Path, form: str) -> Seen:
    (folder / "sent").mkdir(parents=True)
    if form == "fhir":
        synth.write(folder / "sent", CITIZENS, SEED, TODAY)
    else:
        synth.WRITERS[form](folder / "sent", truths(CITIZENS, SEED), SEED, TODAY)
    compose.create(folder / "node")
    done = hoso("load", "--data", folder / "node", "--json", folder / "sent")
    assert done.returncode == 0, done.stdout + done.stderr
    node = compose.open(folder / "node")
    try:
        return {truth["name"]: facts(node.records, truth) for truth in (one.truth for one in truths(CITIZENS, SEED))}
    finally:
        node.close()


def facts(records: Any, truth: dict[str, Any]) -> set[Fact]:
    """Of the one person this citizen is: two would be a fault."""
    from hoso.fhir.search import parse

    found = records.scan(READER, parse("Patient", [("birthdate", truth["birthDate"])]))
    named = [one for one in (orjson.loads(v.body) for v in found) if one["name"][0].get("text") == truth["name"]]
    [home] = set(Persons(records, READER).homes([one["id"] for one in named]).values())
    resources = [orjson.loads(version.body) for version in records.everything(READER, home)]
    chart = Chart.of(resources)
    return {fact for of in (_visits, _diagnoses, _given, _found) for fact in of(chart)} | set(_story(resources))


def _visits(chart: Chart) -> Iterator[Fact]:
    for one in chart.all("Encounter"):
        yield "visit", one["period"]["start"][:16], one["period"].get("end", "")[:16], one["class"]["code"]


def _diagnoses(chart: Chart) -> Iterator[Fact]:
    for one in chart.all("Condition"):
        yield from (("diagnosis", code) for system, code in codings(one.get("code")) if "icd" in system)


def _given(chart: Chart) -> Iterator[Fact]:
    for one in chart.all("MedicationRequest"):
        yield "medicine", one["authoredOn"][:16], drug_name(one, chart)
    for one in chart.all("Immunization"):
        yield "vaccine", one["occurrenceDateTime"][:10], concept_text(one["vaccineCode"])
    for one in chart.all("Procedure"):
        yield "procedure", when(one)[:10], concept_text(one["code"])
    for one in chart.all("AllergyIntolerance"):
        yield "allergy", concept_text(one["code"])


def _found(chart: Chart) -> Iterator[Fact]:
    reported = {reference_key(one) for report in chart.all("DiagnosticReport") for one in report.get("result", ())}
    for one in chart.all("Observation"):
        signs = {code for system, code in codings(one["code"]) if system == "loinc"} & SIGNS
        kind = "result" if key_of(one) in reported else "sign" if signs else "other"
        values = [part.get("valueQuantity", {}) for part in (one, *one.get("component", ()))]
        for quantity in (value for value in values if value):
            yield kind, when(one)[:10], concept_text(one["code"]), str(quantity["value"]), quantity.get("unit", "")
    for one in chart.all("DiagnosticReport"):
        yield "report", when(one)[:10], concept_text(one["code"]), one.get("conclusion", "")


def _story(resources: list[dict[str, Any]]) -> Iterator[Fact]:
    """The days and kinds of the timeline, as its page shows them."""
    page = timeline_page(resources, limit=100_000)
    for _year, items in page.years:
        yield from (("story", item.kind, item.source.when[:10]) for item in items if item.kind in ("visit", "medicine"))


def compared(views: dict[str, Seen], form: str, said: Callable[[Fact], Fact | None], more: set[Fact]) -> None:
    for name, wanted in views["fhir"].items():
        expected = {fact for one in wanted if (fact := said(one)) is not None}
        got = {fact for one in views[form][name] if (fact := said(one)) is not None} - more
        assert got == expected - more, (name, sorted(got ^ expected)[:6])
        assert len(expected) > 10


def test_hl7_v2_says_all_that_the_record_says(views: dict[str, Seen]) -> None:
    """But for the words under a report, which its software sends as papers."""

    def said(fact: Fact) -> Fact | None:
        if fact[0] == "report":
            return fact[:3]
        return ("other", *fact[1:]) if fact[0] in ("sign", "other") else fact

    compared(views, "hl7v2", said, set())


def test_insurance_xml_says_all_but_what_it_has_no_place_for(views: dict[str, Seen]) -> None:
    """No vaccines and allergies, of other findings only vital signs, each once a visit, and a coarser kind of visit."""

    def said(fact: Fact) -> Fact | None:
        kind = fact[0]
        if kind in ("vaccine", "allergy", "other"):
            return None
        if kind in ("visit", "sign"):
            return fact[:3]
        return fact[:4] if kind == "result" and fact[1] < FIRST_UNITS else fact

    compared(views, "insurance-xml", said, {("diagnosis", "Z00.0")})
