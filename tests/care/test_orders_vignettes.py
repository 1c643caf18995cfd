"""The checks before an order, by clinical vignettes: each says what is on record, what is wanted and what is found."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from hoso.care.chart import Chart
from hoso.care.orders import LANGUAGES, Finding, Wanted, check_order, told
from hoso.care.orders.words import LONGEST
from hoso.care.rules import table
from hoso.fhir import systems

TODAY = date(2026, 11, 28)
Resource = dict[str, Any]
VIGNETTES = tomllib.loads((Path(__file__).parent / "vignettes_orders.toml").read_text("utf-8"))["vignette"]
SERVICE = "https://hoso.vn/CodeSystem/service"
VERIFIED = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
FLAGS = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
SYSTEMS = {"loinc": systems.LOINC, "atc": systems.ATC, "service": SERVICE}


def concept(entry: Resource) -> Resource:
    coding = [{"system": SYSTEMS[name], "code": entry[name]} for name in SYSTEMS if name in entry]
    made: Resource = {"text": entry["name"]}
    return made | {"coding": coding} if coding else made


def at(entry: Resource) -> str:
    return (TODAY - timedelta(days=entry.get("days", 3))).isoformat()


def result(entry: Resource, type: str = "Observation") -> Resource:
    value: Resource = {"valueQuantity": {"value": entry["value"], "unit": entry["unit"]}} if "value" in entry else {}
    value |= {"valueString": entry["text"]} if "text" in entry else {}
    value |= {"conclusion": entry["conclusion"]} if "conclusion" in entry else {}
    value |= {"interpretation": [{"coding": [{"system": FLAGS, "code": entry["flag"]}]}]} if "flag" in entry else {}
    status = entry.get("status", "final")
    return {"resourceType": type, "status": status, "code": concept(entry), "effectiveDateTime": at(entry), **value}


def order(entry: Resource) -> Resource:
    status = entry.get("status", "active")
    return {"resourceType": "ServiceRequest", "status": status, "code": concept(entry), "authoredOn": at(entry)}


def medicine(entry: Resource) -> Resource:
    supply = {"value": entry.get("length", 30), "code": "d"}
    return {
        "resourceType": "MedicationRequest", "status": entry.get("status", "active"), "authoredOn": at(entry),
        "medicationCodeableConcept": concept(entry), "dispenseRequest": {"expectedSupplyDuration": supply},
    }  # fmt: skip


def allergy(entry: Resource) -> Resource:
    sign: Resource = {"coding": [{"system": systems.SNOMED, "code": entry["snomed"]}]} if "snomed" in entry else {}
    sign |= {"text": entry["reaction"]} if "reaction" in entry else {}
    verified = {"coding": [{"system": VERIFIED, "code": entry.get("verified", "confirmed")}]}
    return {
        "resourceType": "AllergyIntolerance", "code": concept(entry), "verificationStatus": verified,
        "reaction": [{"manifestation": [sign]}], "recordedDate": at(entry),
    }  # fmt: skip


NONE_KNOWN = {
    "resourceType": "AllergyIntolerance", "code": {"coding": [{"system": systems.SNOMED, "code": "716186003"}]},
}  # fmt: skip


def record(vignette: Resource) -> Chart:
    made = [result(one) for one in vignette.get("tests", ())]
    made += [result(one, "DiagnosticReport") for one in vignette.get("reports", ())]
    made += [order(one) for one in vignette.get("orders", ())]
    made += [medicine(one) for one in vignette.get("medicines", ())]
    made += [allergy(one) for one in vignette["allergies"]] if "allergies" in vignette else [NONE_KNOWN]
    return Chart.of({"id": f"r{number}", **one} for number, one in enumerate(made))


def wanted(entry: Resource) -> Wanted:
    kind: Literal["test", "medicine"] = "test" if "test" in entry else "medicine"
    codes = tuple((name if name != "service" else SERVICE, entry[name]) for name in SYSTEMS if name in entry)
    return Wanted(kind, entry[kind], codes)


def found(vignette: Resource) -> list[Finding]:
    beside = [wanted(one) for one in vignette.get("beside", ())]
    return check_order(record(vignette), wanted(vignette["wanted"]), TODAY, beside=beside)


def short(finding: Finding) -> str:
    return f"{finding.severity} {finding.kind} {finding.rule}" + (" STOP" if finding.hard_stop else "")


def test_there_are_enough_vignettes_and_no_two_say_the_same() -> None:
    assert len(VIGNETTES) >= 60
    assert len({one["says"] for one in VIGNETTES}) == len(VIGNETTES)


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: one["says"])
def test_a_vignette_finds_what_it_says_and_nothing_else(vignette: Resource) -> None:
    assert [short(one) for one in found(vignette)] == vignette["expect"]


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda one: one["says"])
def test_whatever_is_found_can_be_told_in_both_languages_and_fits_a_card(vignette: Resource) -> None:
    for finding in found(vignette):
        for language in LANGUAGES:
            words = told(finding, language)
            assert 0 < len(words.summary) <= LONGEST and "{" not in words.summary + words.detail
            assert words.detail and words.reasons


def test_the_last_result_is_told_with_value_date_facility_and_window() -> None:
    performer = [{"display": "Bệnh viện Bạch Mai"}]
    resource = result({"name": "HbA1c", "loinc": "4548-4", "days": 12, "value": 6.8, "unit": "%"})
    chart = Chart.of([resource | {"id": "o", "performer": [{"reference": "Organization/bm", **performer[0]}]}])
    (finding,) = check_order(chart, Wanted("test", "HbA1c", (("loinc", "4548-4"),)), TODAY)
    assert finding.evidence == "Observation/o" and finding.last is not None
    assert (finding.last.days, finding.last.window, finding.last.abnormal) == (12, 87, False)
    assert told(finding, "vi").summary == "HbA1c: đã làm 12 ngày trước (6,8 %)"
    assert told(finding, "en").detail == (
        "Last result 6.8 %, 16/11/2026, Bệnh viện Bạch Mai. It stands for 87 days."
        " Use that result, or say why the test is repeated."
    )


def test_refused_allergies_are_said_to_be_refused() -> None:
    found = check_order(Chart.of([]), Wanted("medicine", "Amoxicilin 500 mg"), TODAY, refused=["AllergyIntolerance"])
    assert [short(one) for one in found] == ["info allergy-unknown allergy-refused"]


def test_a_long_name_is_cut_to_the_length_of_a_card() -> None:
    name = "Diclofenac " + "rất dài " * 60
    chart = record({"medicines": [{"name": "Sintrom 4 mg", "atc": "B01AA07"}]})
    (finding,) = check_order(chart, Wanted("medicine", name, (("atc", "M01AB05"),)), TODAY)
    summary = told(finding, "vi").summary
    assert LONGEST - 10 < len(summary) <= LONGEST and summary.endswith("…")


def test_every_rule_names_known_groups_reasons_and_a_source() -> None:
    groups, reasons = table("order_groups")["group"], table("order_words")["reason"]
    for row in table("order_interactions")["interaction"]:
        assert set(row["pair"]) <= set(groups) and row["source"] and row["severity"] in {"critical", "warning", "info"}
        assert set(row["effect"]) == set(row["advice"]) == set(LANGUAGES)
    for row in table("order_allergies")["cross"]:
        assert {row["from"], row["to"]} <= set(groups) and row["source"]
    for row in table("order_tests")["test"]:
        assert set(row.get("reasons", ())) <= set(reasons) and row["days"] >= 0
    for listed in table("order_words")["reasons"].values():
        assert set(listed) <= set(reasons)


def test_no_pair_of_groups_stands_in_two_rows() -> None:
    pairs = [frozenset(row["pair"]) for row in table("order_interactions")["interaction"]]
    assert len(set(pairs)) == len(pairs)
