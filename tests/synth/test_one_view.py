"""Whatever software a facility has, the citizen sees the same: each dialect is loaded by the real command and compared.

What a dialect cannot say is listed here; all else that FHIR says must be there, and nothing besides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
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
from hoso.cli import synth, synth_ksk
from hoso.cli.main import main
from hoso.synth import health_checks, hl7v2, insurance, sheets
from hoso.synth.population import TODAY, Citizen, truths
from hoso.web.persons import Persons

CITIZENS, SEED = 7, 3
READER = Errand(Actor("client/reader", Scopes.parse("system/*.rs")), "TREAT")
Fact = tuple[str, ...]
Seen = dict[str, set[Fact]]

SIGNS = {"8867-4", "8310-5", "9279-1", "2708-6", "85354-9", "29463-7"}
"""Of vital signs, what the insurance XML has place for: CSST<…> and CAN_NANG."""
COLUMNS = {"Mạch", "Cân nặng", "Huyết áp", "Nhịp tim"}
"""Of vital signs, what a sheet of visits has."""
FIRST_UNITS = "2024-07-01"
"""Results of visits that ended before had no unit (QĐ 4210)."""


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    """What each citizen's record says after the load of each dialect alone."""
    folder = tmp_path_factory.mktemp("views")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(insurance, "FAULTY", 0)
        patch.setattr(hl7v2, "FAULTY", 0)
        patch.setattr(sheets, "FAULTY", 0)
        patch.setattr(health_checks, "FAULTY", 0)
        patch.setattr(health_checks, "UNKNOWN", 0)
        found = {form: loaded(folder / form, form) for form in ("fhir", "insurance-xml", "hl7v2", "csv")}
        packed, listed = health_checks_loaded(folder / "ksk")
        return {**found, "ksk-package": packed, "ksk-sheet": listed}


def loaded(folder: Path, form: str) -> Seen:
    (folder / "sent").mkdir(parents=True)
    compose.create(folder / "node")
    if form == "fhir":
        synth.write(folder / "sent", CITIZENS, SEED, TODAY)
    else:
        synth.WRITERS[form](folder / "sent", truths(CITIZENS, SEED), SEED, TODAY)
    if form == "csv":
        _sheets(folder)
    else:
        done = hoso("load", "--data", folder / "node", "--json", folder / "sent")
        assert done.returncode == 0, done.stdout + done.stderr
    return seen(folder, apart=form == "csv")


def seen(folder: Path, *, apart: bool = False) -> Seen:
    node = compose.open(folder / "node")
    try:
        return {
            truth["name"]: facts(node.records, truth, apart=apart)
            for truth in (one.truth for one in truths(CITIZENS, SEED))
        }
    finally:
        node.close()


def _sheets(folder: Path) -> None:
    """Each as its office brings it, who has looked at what its columns mean."""
    files = [*folder.glob("sent/*/*.csv"), *folder.glob("sent/*/*.xlsx")]
    _facilities(folder, {file.stem.rpartition("-")[0] for file in files})
    order = ("persons", "visits", "results", "immunizations", "problems", "allergies")
    for file in sorted(files, key=lambda file: order.index(file.stem.rpartition("-")[2])):
        facility, _, kind = file.stem.rpartition("-")
        asked = ["--facility", facility, "--kind", kind, "--yes"]
        assert main(["sheet", "load", "--data", str(folder / "node"), *asked, str(file)]) == 0, file


def _facilities(folder: Path, codes: set[str]) -> None:
    """These alone: a node takes a minute for all of the country."""
    entries = orjson.loads((folder / "sent/facilities.json").read_bytes())["entry"]
    wanted = [
        entry["resource"]
        for entry in entries
        if codes & {str(one.get("value")) for one in entry["resource"].get("identifier", ())}
        and entry["resource"]["resourceType"] == "Organization"
    ]
    file = folder / "facilities.ndjson"
    lines = [orjson.dumps({name: value for name, value in one.items() if name != "partOf"}) for one in wanted]
    file.write_bytes(b"\n".join(lines) + b"\n")
    assert main(["load", "--data", str(folder / "node"), str(file)]) == 0


def health_checks_loaded(folder: Path) -> tuple[Seen, Seen]:
    """Of people whom the node knows: after the checks came as packages, and after the same came as sheets, too."""
    folder.mkdir()
    compose.create(folder / "node")
    synth.WRITERS["ksk"](folder, truths(CITIZENS, SEED), SEED, TODAY)
    known = [str(folder / "facilities.json"), *map(str, folder.glob("known-*"))]
    assert main(["load", "--data", str(folder / "node"), *known]) == 0
    checks: dict[str, list[health_checks.Check]] = {}
    for _citizen, check in checked():
        checks.setdefault(check.facility, []).append(check)
    found = []
    for kind in ("package", "class"):
        (folder / kind).mkdir()
        for at, (facility, some) in enumerate(sorted(checks.items()), start=1):
            synth_ksk._file(folder / kind / facility, kind, at, some, facility, TODAY)
        assert main(["load", "--data", str(folder / "node"), str(folder / kind)]) == 0
        found.append(seen(folder))
    return found[0], found[1]


def checked() -> list[tuple[Citizen, health_checks.Check]]:
    households = groupby(truths(CITIZENS, SEED), lambda one: one.truth["household"])
    return [one for _, some in households for one in health_checks.checks(list(some), SEED, TODAY)]


def facts(records: Any, truth: dict[str, Any], *, apart: bool = False) -> set[Fact]:
    """Of the one person this citizen is: two would be a fault. `apart`: but where a row says too little to link."""
    from hoso.fhir.search import parse

    found = records.scan(READER, parse("Patient", [("birthdate", truth["birthDate"])]))
    named = [one for one in (orjson.loads(v.body) for v in found) if one["name"][0].get("text") == truth["name"]]
    homes = set(Persons(records, READER).homes([one["id"] for one in named]).values())
    assert len(homes) == 1 or apart, homes
    resources = [orjson.loads(version.body) for home in homes for version in records.everything(READER, home)]
    chart = Chart.of(resources)
    return {fact for of in (_visits, _diagnoses, _given, _found) for fact in of(chart)} | set(_story(resources))


def _visits(chart: Chart) -> Iterator[Fact]:
    for one in chart.all("Encounter"):
        yield "visit", one["period"]["start"][:16], one["period"].get("end", "")[:16], one["class"]["code"]


def _diagnoses(chart: Chart) -> Iterator[Fact]:
    """With the kind of visit that they were made in."""
    of = _kinds(chart)
    for one in chart.all("Condition"):
        kind = of.get(reference_key(one.get("encounter", {})), "")
        yield from (("diagnosis", code, kind) for system, code in codings(one.get("code")) if "icd" in system)


def _kinds(chart: Chart) -> dict[str, str]:
    return {key_of(one): one["class"]["code"] for one in chart.all("Encounter")}


def _given(chart: Chart) -> Iterator[Fact]:
    for one in chart.all("MedicationRequest"):
        yield "medicine", one["authoredOn"][:16], drug_name(one, chart)
    for one in chart.all("Immunization"):
        yield "vaccine", when(one)[:10], concept_text(one["vaccineCode"])
    for one in chart.all("Procedure"):
        yield "procedure", when(one)[:10], concept_text(one["code"])
    for one in chart.all("AllergyIntolerance"):
        yield "allergy", concept_text(one["code"])


def _found(chart: Chart) -> Iterator[Fact]:
    of = _kinds(chart)
    reported = {reference_key(one) for report in chart.all("DiagnosticReport") for one in report.get("result", ())}
    for one in chart.all("Observation"):
        signs = {code for system, code in codings(one["code"]) if system == "loinc"} & SIGNS
        kind = "result" if key_of(one) in reported else "sign" if signs else "other"
        values = [part.get("valueQuantity", {}) for part in (one, *one.get("component", ()))]
        for quantity in (value for value in values if value):
            said = str(quantity["value"]), quantity.get("unit", "")
            yield (
                kind,
                when(one)[:10],
                concept_text(one["code"]),
                *said,
                of.get(reference_key(one.get("encounter", {})), ""),
            )
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


def plain(fact: Fact) -> Fact:
    """Without the kind of visit behind it."""
    return fact[:-1] if fact[0] in ("diagnosis", "result", "sign", "other") else fact


def test_hl7_v2_says_all_that_the_record_says(views: dict[str, Seen]) -> None:
    """But for the words under a report, which its software sends as papers."""

    def said(fact: Fact) -> Fact | None:
        if fact[0] == "report":
            return fact[:3]
        fact = plain(fact)
        return ("other", *fact[1:]) if fact[0] in ("sign", "other") else fact

    compared(views, "hl7v2", said, set())


def test_insurance_xml_says_all_but_what_it_has_no_place_for(views: dict[str, Seen]) -> None:
    """No vaccines and allergies, of other findings only vital signs, each once a visit, and a coarser kind of visit."""

    def said(fact: Fact) -> Fact | None:
        kind, fact = fact[0], plain(fact)
        if kind in ("vaccine", "allergy", "other"):
            return None
        if kind in ("visit", "sign"):
            return fact[:3]
        return fact[:4] if kind == "result" and fact[1] < FIRST_UNITS else fact

    compared(views, "insurance-xml", said, {("diagnosis", "Z00.0")})


def test_spreadsheets_say_what_their_kinds_have_columns_for(views: dict[str, Seen]) -> None:
    """Visits of a day with when they began, their diagnoses and some signs; results; vaccines and allergies."""
    for name, wanted in views["fhir"].items():
        got = views["csv"][name]
        for kind in ("vaccine", "allergy"):
            assert {one for one in got if one[0] == kind} == {one for one in wanted if one[0] == kind}, name
        of_a_day = {one for one in wanted if one[-1] in ("AMB", "")}
        assert _parts(got, "visit", 2) == _parts({one for one in wanted if one[-1] == "AMB"}, "visit", 2), name
        assert _parts(got, "diagnosis", 2) == _parts(of_a_day, "diagnosis", 2), name
        signs = _parts(got, "sign", 4)
        days = {one[1] for one in signs}  # some offices' sheets have no columns for them
        assert signs == {one for one in _parts(of_a_day, "sign", 4) if one[2] in COLUMNS and one[1] in days}, name
        assert _parts(got, "other", 4) == {("other", *one[1:]) for one in _parts(of_a_day, "result", 4)}, name


def _parts(facts: set[Fact], kind: str, length: int) -> set[Fact]:
    return {one[:length] for one in facts if one[0] == kind}


def test_a_health_check_comes_beside_what_was_there_and_is_the_same_as_package_and_as_sheet(
    views: dict[str, Seen],
) -> None:
    checks = {str(citizen.truth["name"]): check for citizen, check in checked()}
    assert len(checks) > 2
    for name, wanted in views["fhir"].items():
        packed, listed = views["ksk-package"][name], views["ksk-sheet"][name]
        assert packed == listed, (name, sorted(packed ^ listed)[:6])
        assert wanted <= packed, (name, sorted(wanted - packed)[:6])
        days = {fact[1][:10] for fact in packed - wanted if fact[0] == "visit"}
        day = checks[name].cells["NGAY_VAO"][:8] if name in checks else ""
        assert days == ({f"{day[:4]}-{day[4:6]}-{day[6:]}"} if day else set()), name
