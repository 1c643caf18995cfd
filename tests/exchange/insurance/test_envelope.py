"""Insurance XML in every form software writes it in comes out as the same visits, tables and texts."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.insurance.insurance_files import SIGNATURE, SUMMARY, envelope, filed, inner, visit

from hoso.exchange.insurance import Reading, Visit, check, decision_of, read

DRUG = {
    "MA_LK": "LK001",
    "STT": "1",
    "TEN_THUOC": "Amoxicillin & <acid>",
    "LIEU_DUNG": "1 viên * 2 lần * 5 ngày [2 viên/ngày]",
}
TABLES = {"XML1": [SUMMARY], "XML2": [DRUG, {**DRUG, "STT": "2"}]}


def visits(data: bytes) -> list[Visit]:
    return list(read(io.BytesIO(data), "a.xml"))


def texts(one: Visit) -> dict[str, list[dict[str, str]]]:
    return {table: [dict(row.values) for row in rows] for table, rows in one.tables.items()}


BARE = "".join(inner(table, rows) for table, rows in TABLES.items())
ESCAPED = "".join(filed(table, f"<![CDATA[{inner(table, rows)}]]>", plain=True) for table, rows in TABLES.items())


@pytest.mark.parametrize(
    "data",
    [
        envelope(visit(TABLES)),
        envelope(visit(TABLES, plain=True)),
        envelope(visit(TABLES), signature=""),
        envelope(f"<HS>{BARE}</HS>"),
        envelope(f"<HOSO>{ESCAPED}</HOSO>"),
        f"<HS>{BARE}</HS>".encode(),
        f"<HS><HOSO>{BARE}</HOSO></HS>".encode(),
        b"\xef\xbb\xbf" + envelope(visit(TABLES)),
        envelope(visit(TABLES, plain=True)).decode().encode("utf-16"),
        envelope(visit(TABLES, plain=True)).decode().encode("utf-16-be"),
        envelope(visit(TABLES)).replace(b"NOIDUNGFILE>", b"NOIDUNGFILE>\r\n  "),
        envelope(visit(TABLES)).replace(b"<HOSO>", b"<HOSO><GHICHU>x</GHICHU><!-- y --><?z?>"),
    ],
)
def test_every_dialect_gives_the_same_tables(data: bytes) -> None:
    found = visits(data)
    assert [texts(one) for one in found] == [{table: [dict(row) for row in rows] for table, rows in TABLES.items()}]
    assert found[0].issues == []


def test_a_bare_table_is_one_visit() -> None:
    [found] = visits(inner("XML1", [SUMMARY]).encode())
    assert texts(found) == {"XML1": [dict(SUMMARY)]}


def test_the_envelope_tells_its_sender_its_count_and_its_signature() -> None:
    reading: Reading = read(io.BytesIO(envelope(visit(TABLES), visit(TABLES))), "a.xml")
    assert [(one.facility, one.place.visit) for one in reading] == [("01001", 1), ("01001", 2)]
    assert (reading.facility, reading.made, reading.stated, reading.visits) == ("01001", "20260719", 2, 2)
    assert reading.signature == "whole"


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("", "none"),
        (SIGNATURE, "whole"),
        ("<CHUKYDONVI/>", "broken"),
        ("<CHUKYDONVI>xyz</CHUKYDONVI>", "broken"),
        (SIGNATURE.replace("<ds:SignatureValue>AAAA", "<ds:SignatureValue>"), "broken"),
        (SIGNATURE.replace("<ds:KeyInfo>", "<!--").replace("</ds:KeyInfo>", "-->"), "broken"),
    ],
)
def test_half_a_signature_is_told_from_a_whole_one(signature: str, expected: str) -> None:
    reading = read(io.BytesIO(envelope(visit(TABLES), signature=signature)))
    assert len(list(reading)) == 1
    assert reading.signature == expected


def test_a_place_names_visit_table_row_and_field() -> None:
    second = visits(envelope(visit(TABLES), visit(TABLES)))[1]
    place = second.rows("XML2")[1].at("LIEU_DUNG")
    assert str(place) == "HOSO[2].XML2[2].LIEU_DUNG"
    assert place.source == "a.xml"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("NguyÔn ThÞ Hång ¸nh", "Nguyễn Thị Hồng ánh"),  # TCVN3, whose capital Á is the small one
        ("TraÀn Vaên Huøng", "Trần Văn Hùng"),  # VNI
        ("Nguyá»…n VÄƒn BÃ¬nh", "Nguyễn Văn Bình"),  # UTF-8 read as Latin
    ],
)
def test_an_old_encoding_is_mended_and_the_original_kept(written: str, read_as: str) -> None:
    summary = {**SUMMARY, "HO_TEN": written}
    [row] = visits(envelope(visit({"XML1": [summary]})))[0].rows("XML1")
    assert row.values["HO_TEN"].casefold() == read_as.casefold()
    assert row.originals == {"HO_TEN": written}


def test_encodings_may_differ_within_one_file() -> None:
    short = {"MA_LK": "LK001", "HO_TEN": "NguyÔn ThÞ Hång"}
    legacy = inner("XML1", [short])
    files = filed("XML1", legacy.encode("latin-1")) + filed("XML2", inner("XML2", [DRUG]))
    [found] = visits(envelope(f"<HOSO>{files}</HOSO>"))
    assert found.rows("XML1")[0].get("HO_TEN") == "Nguyễn Thị Hồng"
    assert found.rows("XML2")[0].get("LIEU_DUNG") == DRUG["LIEU_DUNG"]
    plain = f"<GIAMDINHHS><HOSO>{inner('XML2', [DRUG])}".encode() + legacy.encode("latin-1") + b"</HOSO></GIAMDINHHS>"
    [mixed] = visits(plain)
    assert texts(mixed)["XML2"] == texts(found)["XML2"]
    assert mixed.rows("XML1")[0].get("HO_TEN") == "Nguyễn Thị Hồng"


def test_units_and_values_are_left_alone() -> None:
    row = {"TEN_CHI_SO": "Hạt 5 µm", "GIA_TRI": "µm", "DON_VI_DO": "µm"}
    [found] = visits(envelope(visit({"XML4": [row]})))
    assert texts(found) == {"XML4": [row]}


def test_what_nobody_knows_is_kept() -> None:
    row = {**DRUG, "SL_MOI_NGAY": "2", "THANH_TIEN": "1000"}
    body = inner("XML2", [row]).replace("<STT>", "<NHOM><A>1</A><B>2</B></NHOM><STT>7</STT><STT>")
    [found] = visits(envelope(f"<HOSO>{filed('XML2', body)}</HOSO>"))
    assert texts(found)["XML2"] == [{**row, "NHOM.A": "1", "NHOM.B": "2", "STT": "7", "STT#2": "1"}]
    assert [(one.key, one.expression) for one in found.issues] == [("insurance.twice", "HOSO[1].XML2[1].STT")]
    unknown = {one.expression for one in check(found) if one.key == "insurance.unknown-field"}
    assert {f"HOSO[1].XML2[1].{name}" for name in ("SL_MOI_NGAY", "NHOM.A", "STT#2")} <= unknown


LETTERS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"), max_size=20
)


@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["GIA_TRI", "DON_VI_DO", "STT"]), LETTERS, min_size=1), max_size=4)
)
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_as_it_was_written(rows: list[dict[str, str]]) -> None:
    for plain in (False, True):
        [found] = visits(envelope(visit({"XML4": rows}, plain=plain)))
        kept = [
            {name: row.originals.get(name, text) for name, text in row.values.items()} for row in found.rows("XML4")
        ]
        assert kept == rows


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("202406300900", "130"),
        ("202407010900", "4750"),
        ("202412312359", "4750"),
        ("202501010000", "3176"),
        ("202606302359", "3176"),
        ("202607010000", "1931"),
        ("not a date", "1931"),
    ],
)
def test_the_end_of_the_visit_says_which_decision_it_follows(ended: str, expected: str) -> None:
    [found] = visits(envelope(visit({"XML1": [{**SUMMARY, "NGAY_RA": ended, "NGAY_VAO": ended}]})))
    assert decision_of(found).number == expected


def test_the_names_of_4210_are_known_at_any_date() -> None:
    old = {
        "MA_LK": "1",
        "MA_BN": "2",
        "HO_TEN": "A",
        "MA_THE": "GD4010123456789",
        "MA_BENH": "J18",
        "NGAY_RA": "202608010000",
    }
    [found] = visits(envelope(visit({"XML1": [old]})))
    assert decision_of(found).number == "4210"
    assert check(found) == []


def test_a_correct_visit_has_nothing_odd() -> None:
    [found] = visits(envelope(visit({"XML1": [SUMMARY]})))
    assert check(found) == []


@pytest.mark.parametrize(
    ("field", "text", "key"),
    [
        ("NGAY_VAO", "202602300830", "insurance.no-date"),
        ("NGAY_VAO", "hôm qua", "insurance.no-date"),
        ("NGAY_SINH", "202613010000", "insurance.no-date"),
        ("GT_THE_TU", "20260101;2026", None),
        ("GT_THE_TU", "20260101;x", "insurance.no-date"),
        ("T_THUOC", "1,000", "insurance.no-number"),
        ("T_THUOC", "1000,5", None),
        ("MA_BENH_CHINH", "J18.9" * 30, "insurance.too-long"),
        ("HO_TEN", " ", "insurance.missing"),
        ("NGAY_RA", "202607140830", "insurance.before"),
        ("NGAY_SINH", "203003120000", "insurance.before"),
        ("NGAY_SINH", "198500000000", None),
    ],
)
def test_what_is_odd_is_told_with_its_place_and_refused_nowhere(field: str, text: str, key: str | None) -> None:
    [found] = visits(envelope(visit({"XML1": [{**SUMMARY, field: text}]})))
    odd = [(one.key, one.severity) for one in check(found)]
    assert odd == ([(key, "warning")] if key else [])
