"""A health check is the same records from every kind of file, every answer is kept, and no number is borrowed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.health_checks.check_files import PUPIL, Cells, dossier, package, sections, sheet
from tests.exchange.insurance.insurance_files import SIGNATURE

from hoso.core import Refused
from hoso.exchange import formats
from hoso.exchange.documents import Document
from hoso.exchange.health_checks.definitions import lines, listed, rules
from hoso.exchange.health_checks.reading import dossiers
from hoso.exchange.health_checks.resources import Mapped, map_dossier
from hoso.fhir import json
from hoso.fhir.outcome import text
from hoso.fhir.validate import validate

KSK = formats.FORMATS["ksk"]


def mapped(data: bytes) -> list[Mapped]:
    assert formats.known(data[: formats.HEAD]) is KSK
    found = []
    for piece in KSK.split(io.BytesIO(data)):
        assert piece.data is not None
        found += [map_dossier(one) for one in dossiers(piece.data, piece.number)]
    return found


def one(cells: Cells, results: Sequence[Cells] = ()) -> list[dict[str, Any]]:
    [found] = mapped(package(dossier(cells, results)))
    assert not [issue for issue in found.issues if issue.severity == "error"], found.issues
    for resource in found.resources:
        body = json.encode(resource)
        assert [i for i in validate(json.parse(body)) if i.severity in ("error", "fatal")] == [], body
    return found.resources


def only(resources: list[dict[str, Any]], type: str) -> list[dict[str, Any]]:
    return [resource for resource in resources if resource["resourceType"] == type]


def answers(resources: list[dict[str, Any]]) -> dict[str, Any]:
    [form] = only(resources, "QuestionnaireResponse")
    return {item["linkId"]: item["answer"][0] for group in form["item"] for item in group["item"]}


def keys(found: Sequence[Mapped]) -> list[list[tuple[str, str | None]]]:
    return [[(issue.key, issue.expression) for issue in one.issues] for one in found]


BARE = "".join(sections(PUPIL).values())


@pytest.mark.parametrize(
    "data",
    [
        package(dossier(PUPIL)),
        package(dossier(PUPIL, plain=True)),
        package(dossier(PUPIL), signature=SIGNATURE),
        package(
            f"<HOSO><FILEHOSO><LOAIHOSO>KSK</LOAIHOSO><NOIDUNGFILE><GOI>{BARE}</GOI></NOIDUNGFILE></FILEHOSO></HOSO>"
        ),
        package(f"<HOSO>{BARE}</HOSO>"),
        package(dossier(PUPIL, plain=True)).decode().encode("utf-16"),
        sheet(PUPIL),
        sheet(PUPIL, titles=False),
        b"\xef\xbb\xbf" + sheet(PUPIL).replace(b",", b","),
    ],
)
def test_every_kind_of_file_gives_the_same_records(data: bytes) -> None:
    [found], [expected] = mapped(data), mapped(package(dossier(PUPIL)))
    assert found.issues == []

    def form_apart(one: Mapped) -> list[dict[str, Any]]:
        return [resource for resource in one.resources if resource["resourceType"] != "QuestionnaireResponse"]

    assert sorted(form_apart(found), key=lambda r: r["id"]) == sorted(form_apart(expected), key=lambda r: r["id"])
    assert answers(found.resources) == answers(expected.resources)


def test_every_answer_is_kept_and_a_no_is_no_disease() -> None:
    resources = one({**PUPIL, "KHOA_LA": "gì đó", "CKDT_MAT": "BS Hà", "CAN_NANG": "ba mươi"})
    said = answers(resources)
    assert set(said) == {*PUPIL, "KHOA_LA", "CKDT_MAT"}
    assert said["TSBT_MAC_BENH"] == {"valueBoolean": False}
    assert said["TIEM_CHUNG_SOI"]["valueCoding"]["display"] == "Không nhớ"
    assert said["CAN_NANG"] == {"valueString": "ba mươi"}
    assert [c["code"]["coding"][0]["code"] for c in only(resources, "Condition")] == ["H52.1"]
    assert [i["vaccineCode"]["coding"][0]["code"] for i in only(resources, "Immunization")] == ["19"]
    [family] = only(resources, "FamilyMemberHistory")
    assert [c["code"]["coding"][0]["code"] for c in family["condition"]] == ["I10", "E11.9"]


def test_measures_classes_and_the_conclusion_are_where_others_look() -> None:
    resources = one(PUPIL)
    found = {o["code"]["coding"][0]["code"]: o for o in only(resources, "Observation")}
    assert found["8302-2"]["valueQuantity"]["code"] == "cm"
    assert [str(c["valueQuantity"]["value"]) for c in found["85354-9"]["component"]] == ["100", "60"]
    assert found["visual-acuity-right"]["valueString"] == "7/10"
    assert found["11390-2"]["valueString"] == "Bình thường"
    [report] = only(resources, "DiagnosticReport")
    assert report["conclusionCode"][0]["coding"] == [{"system": "https://hoso.vn/CodeSystem/health-class", "code": "2"}]
    assert report["conclusion"] == "Loại II: khỏe"


def test_an_adult_who_says_yes_has_it_as_unconfirmed_history() -> None:
    adult = {
        **{
            name: text for name, text in PUPIL.items() if "NGH" not in name.replace("NGHIEP", "") and "TIEM" not in name
        },
        "NGAY_SINH": "19800512",
        "SO_CCCD": "001080012345",
        "TYPE": "Adult",
        "TSBT_TANG_HUYET_AP": "1",
        "TSBT_DAI_THAO_DUONG": "0",
        "TSBT_BENH_TAM_THAN": "1",
        "NOI_KHOA_TUAN_HOAN": "Tiếng thổi",
        "NOI_KHOA_TUAN_HOAN_PL": "3",
    }
    resources = one(adult)
    history = [c for c in only(resources, "Condition") if "verificationStatus" in c and c["code"].get("text")]
    assert [c["code"]["text"] for c in history] == ["Tăng huyết áp", "Bệnh tâm thần"]
    assert {c["verificationStatus"]["coding"][0]["code"] for c in history} == {"unconfirmed"}
    assert [c.get("meta", {}).get("security", [{}])[0].get("code") for c in history] == [None, "PSY"]
    [form] = only(resources, "QuestionnaireResponse")
    assert [one["code"] for one in form["meta"]["security"]] == ["PSY"]  # the form closes with what it says
    heart = next(o for o in only(resources, "Observation") if o["code"]["coding"][0]["code"] == "11390-2")
    assert heart["component"][0]["valueCodeableConcept"]["text"] == "Loại III: trung bình"


def test_results_in_elements_of_their_own_are_rows_whatever_they_lack() -> None:
    rows = [
        {"MA_DICH_VU": "22.1", "MA_CHI_SO": "WBC", "GIA_TRI": "7.10"},
        {"MA_DICH_VU": "22.1", "MA_CHI_SO": "HGB", "GIA_TRI": "120", "DON_VI_DO": "g/L", "KET_LUAN": "Bình thường"},
        {"MA_DICH_VU": "18.1", "MO_TA": "Tim phổi bình thường"},
    ]
    resources = one(PUPIL, rows)
    results = [o for o in only(resources, "Observation") if o["code"]["coding"][0]["code"] in ("WBC", "HGB", "18.1")]
    assert [str(o.get("valueQuantity", {}).get("value", o.get("valueString"))) for o in results] == [
        "7.10", "120", "Tim phổi bình thường",
    ]  # fmt: skip
    assert "unit" not in results[0]["valueQuantity"]
    reports = [r for r in only(resources, "DiagnosticReport") if "result" in r]
    assert [len(r["result"]) for r in reports] == [2, 1]


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({}, True),
        ({"SO_CCCD": "1215012345"}, True),  # two zeros lost, and the year fits
        ({"SO_CCCD": "001185054321"}, False),  # the guardian's, and said so
        ({"SO_CCCD": "001185054321", "SO_CCCD_NGH": ""}, False),  # of another year
        ({"SO_CCCD": "1185054321", "SO_CCCD_NGH": ""}, False),  # the same without its zeros
        ({"SO_CCCD": "001315012345"}, True),  # of the year, of the other sex: a slip in the sex
        ({"SO_CCCD": "012345678"}, False),  # an old card, which no child has
        ({"SO_CCCD": "C1234567"}, True),  # a passport
        ({"SO_CCCD": "001185054321", "SO_CCCD_NGH": "", "NGAY_SINH": ""}, False),
        ({"SO_CCCD": "001215012345", "NGAY_SINH": ""}, True),
        ({"SO_CCCD": "001185054321", "SO_CCCD_NGH": "", "TYPE": "Adult", "NGAY_SINH": "1985"}, True),
    ],
)
def test_a_guardians_number_never_becomes_the_childs(change: Cells, own: bool) -> None:
    resources = one({**PUPIL, **change})
    [patient], related = only(resources, "Patient"), only(resources, "RelatedPerson")
    written = {**PUPIL, **change}["SO_CCCD"]
    assert [i["value"] for i in patient.get("identifier", ())] == ([written] if own else [])
    theirs = [i["value"] for one in related for i in one.get("identifier", ())]
    assert theirs == (
        [] if own and not {**PUPIL, **change}["SO_CCCD_NGH"] else [{**PUPIL, **change}["SO_CCCD_NGH"] or written]
    )


def test_the_form_of_a_child_has_who_came_along() -> None:
    without = ("SO_CCCD_NGH", "DIEN_THOAI_NGH", "NGUOI_GIAM_HO")
    child = {
        **{name: text for name, text in PUPIL.items() if name not in without},
        "TYPE": "ChildUnder",
        "NGAY_SINH": "20230512",
        "SO_CCCD": "001185054321",
        "HO_TEN_NGUOI_DI_CUNG": "Trần Thị Bình",
        "SO_CCCD_NGUOI_DI_CUNG": "001185054321",
        "MOI_QUAN_HE_VOI_TRE": "2",
        "DIEN_THOAI_NGUOI_DI_CUNG": "0987654321",
        "NHIET_DO": "36.8",
        "DGDHST_NHIET_DO": "Bình thường",
        "PT_VDBT_THEO_DO_TUOI": "0",
        "TIEM_CHUNG_BCG_SS": "1",
    }
    resources = one(child)
    [patient], [related] = only(resources, "Patient"), only(resources, "RelatedPerson")
    assert "identifier" not in patient
    assert patient["contact"][0]["name"]["text"] == "Trần Thị Bình"
    assert [c["code"] for c in patient["contact"][0]["relationship"][0]["coding"]] == ["N", "MTH"]
    assert related["identifier"][0]["value"] == "001185054321"
    found = {o["code"]["coding"][0]["code"]: o for o in only(resources, "Observation")}
    assert found["8310-5"]["interpretation"] == [{"text": "Bình thường"}]
    assert found["32452-5"]["valueBoolean"] is False
    assert only(resources, "Immunization")[0]["occurrenceString"] == "Sơ sinh"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"HO_TEN": " "}, "ksk.no-name"),
        ({"NGAY_VAO": "20260231"}, "ksk.no-day"),
        ({"NGAY_VAO": ""}, "ksk.no-day"),
        ({"NGAY_SINH": "20270101"}, "ksk.born-later"),
        ({"MA_CSKCB": "01 <x>"}, "ksk.no-facility"),
    ],
)
def test_a_check_of_nobody_or_no_day_is_refused_with_its_place(change: Cells, key: str) -> None:
    for data in (
        package(dossier({**PUPIL, **change}), dossier(PUPIL)),
        sheet({**PUPIL, **change}, {**PUPIL, "MA_LK": "K2"}),
    ):
        bad, good = mapped(data)
        errors = [issue for issue in bad.issues if issue.severity == "error"]
        assert [issue.key for issue in errors] == [key]
        assert bad.resources == []
        assert good.resources
        place = str(errors[0].values["place"])
        assert place in (f"HOSO[1].{next(iter(change))}", f"CSV!3.{next(iter(change))}")
        assert place in text(errors[0], "vi")
        assert place in text(errors[0], "en")


def test_odd_fields_warn_and_stay() -> None:
    [found] = mapped(sheet({**PUPIL, "PHAN_LOAI_SK": "6", "CHIEU_CAO": "cao", "TYPE": "Adult", "GIOI_TINH": "x"}))
    assert {key for key, _ in keys([found])[0]} == {"ksk.no-class", "ksk.no-number", "ksk.other-form", "ksk.no-sex"}
    assert found.resources


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"<KHAMSUCKHOE><!DOCTYPE a [<!ENTITY b 'c'>]>", "insurance.malformed"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><KHAMSUCKHOE>&b;</KHAMSUCKHOE>", "insurance.doctype"),
        (b"<KHAMSUCKHOE><HOSO>", "insurance.malformed"),
        (b"<GIAMDINHHS/>", "ksk.root"),
        (b"<KHAMSUCKHOE><HOSO>" + b"<A>" * 100, "insurance.too-deep"),
        (b"a,b\n1,2\n", "ksk.no-keys"),
        (b"PK\x03\x04nothing", "sheet.damaged"),
    ],
)
def test_a_file_that_is_no_package_says_why(data: bytes, key: str) -> None:
    with pytest.raises(Refused) as refused:
        list(KSK.split(io.BytesIO(data)))
    assert [issue.key for issue in refused.value.issues] == [key]
    assert "{" not in text(refused.value.issues[0], "en") + text(refused.value.issues[0], "vi")


def test_a_broken_section_refuses_its_dossier_alone() -> None:
    broken = dossier(PUPIL).replace("<NOIDUNGFILE>", "<NOIDUNGFILE>@", 1)
    bad, good = mapped(package(broken, dossier(PUPIL)))
    assert ("insurance.base64", "HOSO[1]") in [(i.key, i.expression) for i in bad.issues]
    assert bad.resources == []
    assert good.issues == []


def test_the_same_row_twice_is_one_check_and_another_of_the_same_person_and_day_is_asked_about() -> None:
    row = {**PUPIL, "MA_LK": ""}
    first, same, other = mapped(sheet(row, row, {**row, "CAN_NANG": "40"}))
    assert first.resources == same.resources
    assert ("ksk.twice", "CSV!5") in keys([other])[0]
    twins = mapped(sheet({**row, "HO_TEN": "Lê Phương"}, {**row, "HO_TEN": "Lê Phượng"}))
    assert twins[0].resources[0]["id"] != twins[1].resources[0]["id"]


def test_days_as_people_type_them_and_sums_below_a_table() -> None:
    row = {**PUPIL, "NGAY_SINH": "2/5/2015", "NGAY_VAO": "5/9/2026", "GIOI_TINH": "Nữ", "SO_CCCD": ""}
    [found] = mapped(sheet(row, {"MA_DAN_TOC": "Tổng: 1"}))
    assert found.resources[0]["birthDate"] == "2015-05-02"
    assert found.resources[0]["gender"] == "female"
    assert found.resources[1]["period"]["start"] == "2026-09-05"


def test_every_field_of_the_list_is_a_field_of_a_form_and_every_line_goes_to_one_that_is_listed() -> None:
    names = {field.name for field in listed()}
    assert set(lines()) <= names
    assert set(rules()["required"]["all"]) <= names
    assert set(rules()["vaccine"]) <= names


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from(sorted({f.name for f in listed()} - {"HO_TEN", "NGAY_VAO"})), st.text(max_size=30)),
)
def test_no_text_in_any_field_breaks_a_check_or_gets_lost(cells: dict[str, str]) -> None:
    printable = {name: "".join(ch for ch in text if ch.isprintable()) for name, text in cells.items()}
    row = {"HO_TEN": "Lê An", "NGAY_VAO": "20260915", **printable, "MA_CSKCB": "01234"}
    data = b'{"ksk":' + json.encode({"sheet": "A", "row": 1, "facility": "", "cells": row}).replace(b"{", b"1,", 1)
    [found] = [map_dossier(one) for one in dossiers(data, 1)]
    if any(issue.severity == "error" for issue in found.issues):
        assert {issue.key for issue in found.issues if issue.severity == "error"} == {"ksk.born-later"}
        return
    for resource in found.resources:
        assert [i for i in validate(json.parse(json.encode(resource))) if i.severity in ("error", "fatal")] == []
    said = {name.partition("#")[0] for name in answers(found.resources)}
    assert {name for name, text in row.items() if text.strip()} <= said


def test_a_sheet_of_something_else_is_not_taken_for_health_checks_unless_one_says_so() -> None:
    summary = {"HO_TEN": "Lê An", "NGAY_SINH": "1980", "GIOI_TINH": "1", "NGAY_VAO": "20260915", "MA_CSKCB": "01234"}
    assert formats.known(sheet(summary)) is None
    [piece] = KSK.split(io.BytesIO(sheet(summary)))
    assert piece.data is not None and dossiers(piece.data, 1)[0].get("HO_TEN") == "Lê An"


def test_what_is_no_row_is_refused() -> None:
    document: Document = KSK.read(b'{"ksk":1}', 1, None)  # type: ignore[arg-type]
    assert [issue.key for issue in document.faults[0].issues] == ["ksk.no-row"]
