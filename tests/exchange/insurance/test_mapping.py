"""A visit as FHIR: every resource is valid, every text is somewhere, and what is read is what was meant."""

from __future__ import annotations

import base64
import io
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.insurance.insurance_files import SUMMARY, Tables, envelope, visit

from hoso.exchange.insurance import Mapped, map_visit, read
from hoso.exchange.insurance import dose as doses
from hoso.exchange.insurance import result as results
from hoso.exchange.insurance.definitions import fields, tables
from hoso.exchange.insurance.mapping import KEPT, KEYS, lines
from hoso.fhir import json
from hoso.fhir.systems import UCUM
from hoso.fhir.validate import validate

HIV = {"system": "https://hoso.vn/CodeSystem/label", "code": "HIV"}
SAMPLES = {
    "text": ["chữ", " x y ", "HIV", "<5", "1,000", "0" * 30],
    "number": ["3", "2.50", "-1", "x", "1e9", "999999999999999"],
    "day": ["20260715", "20260231", "2026", "hôm qua"],
    "moment": ["202607150900", "20260715", "202600000000", "209913310000", "x"],
    "birth": ["199003120000", "199003121530", "199000000000", "0", "203001010000"],
    "list": ["A1;B2", ";;", "GD4010123456789", "J18.9; i10"],
    "days": ["20260715;20250101", "20260715", "x;y"],
}


UNREADABLE = ("x", "hôm qua", "1e9", "20260231", "x;y")


def mapped(tables: Tables, *, facility: str = "01001") -> Mapped:
    [one] = read(io.BytesIO(envelope(visit(tables), facility=facility)), "a.xml")
    return map_visit(one)


def made(tables: Tables, type: str) -> list[dict[str, Any]]:
    return [one for one in mapped(tables).resources if one["resourceType"] == type]


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "data":
                yield base64.b64decode(value).decode()
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    else:
        yield str(node)


def assert_valid(found: Mapped) -> None:
    for resource in found.resources:
        issues = validate(json.parse(json.encode(resource)))
        assert issues == [], (resource["resourceType"], issues)


def every_field(number: int) -> dict[str, list[dict[str, str]]]:
    """All tables with all fields, each text its own."""
    rows: dict[str, dict[str, str]] = {}
    for at, ((table, name), field) in enumerate(sorted(fields("1931").items())):
        choices = SAMPLES[field.kind]
        rows.setdefault(table, {})[name] = choices[(at + number) % len(choices)]
    rows["XML1"].update({name: SUMMARY[name] for name in ("MA_LK", "MA_BN", "MA_CSKCB")})
    rows["XML0"].update(rows["XML1"])
    return {
        table: [{**row, "MA_NHOM": group, "STT": group} for group in ("1", "8", "10")] if table == "XML3" else [row]
        for table, row in rows.items()
    }


@pytest.mark.parametrize("number", range(12))
def test_whatever_stands_in_the_fields_the_resources_are_valid_and_no_text_is_lost(number: int) -> None:
    given = every_field(number)
    found = mapped(given)
    assert_valid(found)
    assert len({(one["resourceType"], one["id"]) for one in found.resources}) == len(found.resources)
    kept = set(strings(found.resources))
    for table, rows in given.items():
        for name, text in itertools.chain.from_iterable(row.items() for row in rows):
            read_as_it_is = text in UNREADABLE or name not in lines().get(table, {})
            if table != "XML0" and name not in KEYS and read_as_it_is:
                assert text.strip() in kept or not text.strip(), (table, name, text)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_text_in_any_field_gives_valid_resources(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(tables())))
    names = sorted(name for of, name in fields("1931") if of == table)
    text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=12)
    row = data.draw(st.dictionaries(st.sampled_from(names), text, max_size=12))
    given: dict[str, list[dict[str, str]]] = {"XML1": [dict(SUMMARY)]}
    given[table] = (
        [{**given["XML1"][0], **row, "MA_LK": "1", "MA_BN": "2", "MA_CSKCB": "01001"}]
        if table in ("XML0", "XML1")
        else [row]
    )
    assert_valid(mapped(given))


def test_the_same_visit_has_the_same_ids_also_under_another_number_and_another_has_others() -> None:
    ids = [
        {one["id"] for one in mapped({"XML1": [row]}).resources}
        for row in (SUMMARY, {**SUMMARY, "MA_LK": "2"}, {**SUMMARY, "MA_HSBA": "2"})
    ]
    assert ids[0] == ids[1]
    assert len(ids[0] & ids[2]) == 1  # the patient


def test_a_visit_of_nobody_is_refused_with_its_place() -> None:
    for wrong, key, place in (
        ({"XML2": [{"STT": "1"}]}, "insurance.no-summary", "HOSO[1]"),
        ({"XML1": [{**SUMMARY, "MA_BN": " "}]}, "insurance.no-key", "HOSO[1].XML1[1].MA_BN"),
        ({"XML1": [{**SUMMARY, "MA_LK": ""}]}, "insurance.no-key", "HOSO[1].XML1[1].MA_LK"),
        ({"XML1": [{**SUMMARY, "MA_CSKCB": "a b"}]}, "insurance.no-facility", "HOSO[1].XML1[1].MA_CSKCB"),
    ):
        found = mapped(wrong)
        assert found.resources == []
        assert [(one.key, one.expression) for one in found.issues if one.severity == "error"] == [(key, place)]


def test_the_patient_has_the_numbers_the_visit_says() -> None:
    row = {
        **SUMMARY,
        "MA_THE_BHYT": "GD4010123456789;TE1010123456789",
        "GT_THE_TU": "20250101;20260101",
        "GT_THE_DEN": "20251231;20261231",
    }
    [patient] = made({"XML1": [row]}, "Patient")
    assert [
        (one["system"].rpartition("/")[2], one["value"], one.get("period", {}).get("start"))
        for one in patient["identifier"]
    ] == [
        ("patient", "BN01", None),
        ("national_id", "001185012345", None),
        ("insurance_number", "GD4010123456789", "2025-01-01"),
        ("insurance_number", "TE1010123456789", "2026-01-01"),
    ]
    assert (patient["name"], patient["gender"], patient["birthDate"]) == (
        [{"text": SUMMARY["HO_TEN"]}],
        "female",
        "1985-03-12",
    )
    assert len(made({"XML1": [row]}, "Coverage")) == 2


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("198503120000", "1985-03-12", None),
        ("198500000000", "1985", None),
        ("198503000000", "1985-03", None),
        ("202607150312", "2026-07-15", "2026-07-15T03:12:00+07:00"),
        ("19850312", "1985-03-12", None),
    ],
)
def test_a_birth_is_as_exact_as_it_is_known(text: str, date: str, time: str | None) -> None:
    [patient] = made({"XML1": [{**SUMMARY, "NGAY_SINH": text}]}, "Patient")
    assert patient["birthDate"] == date
    assert patient.get("_birthDate", {}).get("extension", [{}])[0].get("valueDateTime") == time


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("1185012345", "national_id"),
        ("012345678", "citizen_id"),
        ("B1234567", "passport_number"),
        ("VNM-X9", "national_id"),
    ],
)
def test_an_identity_number_is_kept_as_written_under_what_it_looks_like(text: str, system: str) -> None:
    [patient] = made({"XML1": [{**SUMMARY, "SO_CCCD": text}]}, "Patient")
    assert patient["identifier"][1]["value"] == text
    assert patient["identifier"][1]["system"].endswith(system)


def test_places_of_before_and_of_today_are_told_apart() -> None:
    row = {**SUMMARY, "MATINH_CU_TRU": "1", "MAHUYEN_CU_TRU": "1", "MAXA_CU_TRU": "1"}
    [patient] = made({"XML1": [row]}, "Patient")
    codes = [one["valueCoding"] for one in patient["address"][0]["extension"]]
    assert [(one["code"], one["version"]) for one in codes] == [
        ("01", "2025-07"),
        ("001", "before-2025-07"),
        ("00001", "before-2025-07"),
    ]


def test_diagnoses_are_main_and_others_and_unknown_ones_only_warned_of() -> None:
    found = mapped({"XML1": [{**SUMMARY, "MA_BENH_KT": "I10;ZZZ.9"}]})
    codes = [
        one["code"]["coding"][0]["code"]
        for one in found.resources
        if one["resourceType"] == "Condition" and "coding" in one["code"]
    ]
    assert codes == ["J18.9", "I10", "ZZZ.9"]
    assert [one.expression for one in found.issues] == ["HOSO[1].XML1[1].MA_BENH_KT"]
    [encounter] = [one for one in found.resources if one["resourceType"] == "Encounter"]
    assert [one["use"]["coding"][0]["code"] for one in encounter["diagnosis"]] == ["AD", "DD", "CM", "CM"]


def test_an_end_before_the_beginning_is_kept_but_is_no_period() -> None:
    [encounter] = made({"XML1": [{**SUMMARY, "NGAY_RA": "202607010000"}]}, "Encounter")
    assert encounter["period"] == {"start": "2026-07-15T08:30:00+07:00"}
    assert "2026-07-01T00:00:00+07:00" in set(strings(encounter))


@pytest.mark.parametrize(
    ("text", "dose", "unit", "times", "days"),
    [
        ("1 viên * 2 lần * 5 ngày [2 viên/ngày]", "1", "viên", 2, 5),
        ("0,5 viên/lần * 3 lần/ngày * 7 ngày", "0.5", "viên", 3, 7),
        ("1/2 viên*1*30", "0.5", "viên", 1, 30),
        ("10 ml x 3 lần x 5 ngày", "10", "ml", 3, 5),
        ("Sáng 1 viên, tối 2 viên", None, None, None, None),
        ("1/3 viên * 1 lần * 2 ngày", None, None, None, None),
        ("1 viên * 0 lần * 5 ngày", None, None, None, None),
    ],
)
def test_a_dose_is_read_where_it_is_written_by_the_rule(
    text: str, dose: str | None, unit: str | None, times: int | None, days: int | None
) -> None:
    found = doses.read(text)
    if dose is None:
        assert found is None
        return
    assert found is not None
    assert found["doseAndRate"][0]["doseQuantity"] == {"value": Decimal(dose), "unit": unit}
    repeat = found["timing"]["repeat"]
    assert (repeat["frequency"], repeat["boundsDuration"]["value"]) == (times, days)
    [request] = made({"XML1": [SUMMARY], "XML2": [{"STT": "1", "LIEU_DUNG": text}]}, "MedicationRequest")
    assert request["dosageInstruction"][0]["text"] == text


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("5.60", "%", {"valueQuantity": {"value": Decimal("5.60"), "unit": "%", "system": UCUM, "code": "%"}}),
        ("<0.5", "que", {"valueQuantity": {"value": Decimal("0.5"), "unit": "que", "comparator": "<"}}),
        ("≥ 100", "", {"valueQuantity": {"value": Decimal(100), "comparator": ">="}}),
        ("5-10", "", {"valueRange": {"low": {"value": Decimal(5)}, "high": {"value": Decimal(10)}}}),
        ("10-5", "", {"valueString": "10-5"}),
        ("1/160", "", {"valueString": "1/160"}),
        ("12 (cao)", "", {"valueString": "12 (cao)"}),
    ],
)  # fmt: skip
def test_a_result_is_a_number_a_range_a_word_or_its_text(text: str, unit: str, expected: dict[str, Any]) -> None:
    assert results.read(text, unit)[0] == expected


def test_words_of_a_result_are_coded_and_keep_their_words() -> None:
    value, whole = results.read("ÂM TÍNH", "")
    assert whole
    assert value["valueCodeableConcept"]["text"] == "ÂM TÍNH"
    assert value["valueCodeableConcept"]["coding"][0]["code"] == "260385009"


def test_results_stand_in_one_report_for_each_service_and_late_ones_are_still_to_come() -> None:
    rows = [
        {"STT": "1", "MA_DICH_VU": "23.1", "TEN_CHI_SO": "Glucose", "GIA_TRI": "5.6", "NGAY_KQ": "202607150900"},
        {"STT": "2", "MA_DICH_VU": "23.1", "TEN_CHI_SO": "Ure", "GIA_TRI": ""},
        {
            "STT": "3",
            "MA_DICH_VU": "18.2",
            "TEN_CHI_SO": "X quang",
            "MO_TA": "Mờ đáy phổi phải",
            "KET_LUAN": "Viêm phổi",
        },
    ]
    order = {"STT": "1", "MA_DICH_VU": "23.1", "TEN_DICH_VU": "Sinh hóa máu", "MA_NHOM": "1"}
    given = {"XML1": [SUMMARY], "XML3": [order], "XML4": rows}
    assert_valid(mapped(given))
    first, second = made(given, "DiagnosticReport")
    assert (first["status"], len(first["result"]), first["code"]["text"]) == ("partial", 2, "Sinh hóa máu")
    assert first["basedOn"][0]["reference"] == "ServiceRequest/" + made(given, "ServiceRequest")[0]["id"]
    assert (second["status"], second["conclusion"]) == ("final", "Viêm phổi")
    assert {one["status"] for one in made(given, "Observation") if one["code"].get("text") == "Ure"} == {"registered"}


def test_vital_signs_come_out_of_the_note_as_far_as_they_can_be() -> None:
    note = {
        "STT": "1",
        "DIEN_BIEN_LS": "Tỉnh. CSST<M75_T375_HA120/70_NT18_SP98_HL2> Đỡ ho",
        "THOI_DIEM_DBLS": "202607160700",
    }
    given = {"XML1": [SUMMARY], "XML5": [note]}
    found = mapped(given)
    assert_valid(found)
    signs = {one["code"]["coding"][0]["code"]: one for one in made(given, "Observation")}
    assert set(signs) == {"29463-7", "8867-4", "85354-9", "9279-1", "2708-6"}
    assert signs["8867-4"]["effectiveDateTime"] == "2026-07-16T07:00:00+07:00"
    assert [one["valueQuantity"]["value"] for one in signs["85354-9"]["component"]] == [120, 70]
    assert any("CSST<M75" in text for text in strings(made(given, "DocumentReference")))


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("XML2", {"STT": "1", "TEN_THUOC": "Tenofovir/Lamivudin/Dolutegravir"}),
        ("XML4", {"STT": "1", "TEN_CHI_SO": "HIV Ab test nhanh", "GIA_TRI": "Dương tính"}),
        ("XML5", {"STT": "1", "DIEN_BIEN_LS": "Nhiễm HIV giai đoạn 3"}),
        ("XML7", {"CHAN_DOAN_RV": "Điều trị ARV"}),
    ],
)
def test_words_that_tell_of_hiv_close_their_record_and_no_other(table: str, row: dict[str, str]) -> None:
    found = mapped({"XML1": [SUMMARY], table: [row]})
    closed = {one["resourceType"] for one in found.resources if HIV in one.get("meta", {}).get("security", ())}
    home = {"XML2": "MedicationRequest", "XML4": "Observation"}.get(table, "DocumentReference")
    assert closed == ({home, "Claim"} if table == "XML2" else {home})


def test_the_table_of_hiv_care_says_its_label_by_its_code() -> None:
    [document] = made({"XML1": [SUMMARY], "XML6": [{"GIAI_DOAN_LAM_SANG": "1"}]}, "DocumentReference")
    assert document["type"]["coding"][0]["code"] == "XML6"


def test_a_visit_of_4210_gives_the_same_resources_as_one_of_today() -> None:
    old = {
        "MA_LK": "1",
        "MA_BN": "2",
        "HO_TEN": "Trần Văn Hùng",
        "NGAY_SINH": "19850312",
        "GIOI_TINH": "1",
        "MA_THE": "GD4010123456789",
        "TEN_BENH": "Viêm phổi",
        "MA_BENH": "J18.9",
        "MA_BENHKHAC": "I10",
        "NGAY_VAO": "202001010800",
        "NGAY_RA": "202001010900",
        "TINH_TRANG_RV": "1",
        "MA_LOAI_KCB": "1",
        "MA_CSKCB": "01001",
    }
    note = {"STT": "1", "DIEN_BIEN": "CSST<M75>", "NGAY_YL": "202001010830"}
    found = mapped({"XML1": [old], "XML5": [note]})
    assert_valid(found)
    counted = sorted(one["resourceType"] for one in found.resources)
    assert counted == ["Condition", "Condition", "Coverage", "DocumentReference", "Encounter", "Observation", "Patient"]
    assert KEPT not in set(strings(found.resources))


def test_check_in_alone_is_a_visit_in_progress() -> None:
    row = {
        name: SUMMARY[name]
        for name in ("MA_LK", "MA_BN", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "NGAY_VAO", "MA_CSKCB", "MA_LOAI_KCB")
    }
    [encounter] = made({"XML0": [row]}, "Encounter")
    assert encounter["status"] == "in-progress"
    whole = mapped({"XML0": [row], "XML1": [SUMMARY]})
    assert [one["status"] for one in whole.resources if one["resourceType"] == "Encounter"] == ["finished"]


def test_a_referral_and_a_council_are_papers_that_say_all_that_a_person_reads() -> None:
    referral = {"SO_HOSO": "H7", "MA_NOI_DEN": "01001", "PP_DIEU_TRI": "Thở oxy", "HOTEN_NGUOI_HT": "Lê Thị Hà"}
    council = {
        "NGUOI_CHU_TRI": "Phạm Văn Dũng",
        "NGAY_CHUNG_TU": "20260720",
        "TONG_TYLE_TTCT": "45",
        "SO_BIEN_BAN": "BB9",
    }
    papers = made({"XML1": [SUMMARY], "XML12": [council], "XML13": [referral]}, "DocumentReference")
    shown = {one["type"]["text"]: "\n".join(strings(one["content"])) for one in papers}
    assert all(text in shown["Giấy chuyển tuyến"] for text in ("H7", "Thở oxy", "Lê Thị Hà"))
    assert all(text in shown["Giám định y khoa"] for text in ("45", "BB9"))
    [paper] = [one for one in papers if one["type"]["text"] == "Giám định y khoa"]
    assert paper["date"].startswith("2026-07-20") and paper["author"][0]["display"] == "Phạm Văn Dũng"


@pytest.mark.parametrize(
    ("number", "told"), [("1185012345", True), ("79085012345", True), ("001185012345", False), ("012345678", False)]
)
def test_a_number_that_lost_its_zeros_is_taken_and_told(number: str, told: bool) -> None:
    found = mapped({"XML1": [{**SUMMARY, "SO_CCCD": number}]})
    issues = [issue for issue in found.issues if issue.key == "insurance.lost-zeros"]
    assert [issue.expression for issue in issues] == (["HOSO[1].XML1[1].SO_CCCD"] if told else [])
    assert all(issue.severity == "warning" for issue in issues)
