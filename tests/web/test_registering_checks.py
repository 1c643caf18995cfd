"""What was typed is judged field by field: names, dates, numbers, phones; and what is made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.access.intake import accept
from hoso.core import citizen_code
from hoso.core.card_scan import card_scan
from hoso.fhir import systems
from hoso.identity.code import Card
from hoso.identity.normalise import normalise
from hoso.web.box import Asked, asked
from hoso.web.registering.checks import Kin, check
from hoso.web.registering.resources import Place, known_as, patient, related
from hoso.web.registering.typed import LONGEST, Kind, Typed, empty, of_search, sent

TODAY, NOW = date(2026, 11, 28), datetime(2026, 11, 28, 0, 42, tzinfo=UTC)
STATION = Place("35001", "Trạm Y tế phường Hoa Lư")
GOOD = {"name": "Đinh Thị Tuyết", "day": "14", "month": "2", "year": "1985", "sex": "female", "number": "035185000101"}
SCAN = "035185000101|161234567|Đinh Thị Tuyết|14021985|Nữ|Thôn Đông, Hoa Lư|05062021"


def nobody(scanned: str) -> Card:
    raise AssertionError(scanned)


def typed(**fields: str) -> Typed:
    return empty() | GOOD | fields


def wrong(kind: Kind, /, **fields: str) -> list[str]:
    return list(check(kind, typed(**fields), set(), TODAY)[1])


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({}, []),
        ({"day": "", "month": ""}, []),
        ({"day": ""}, []),
        ({"name": "Y"}, ["name"]),
        ({"name": "<script>"}, ["name"]),
        ({"name": "Nguyễn Văn 7"}, ["name"]),
        ({"name": "H'Hen Niê Kđăm"}, []),
        ({"year": ""}, ["year"]),
        ({"year": "85"}, ["year"]),
        ({"year": "١٩٨٥"}, ["year"]),
        ({"year": "2027"}, ["year"]),
        ({"day": "29", "month": "11", "year": "2026", "number": ""}, ["day"]),
        ({"day": "", "month": "12", "year": "2026", "number": ""}, ["month"]),
        ({"year": "1890", "number": ""}, ["year"]),
        ({"month": ""}, ["month"]),
        ({"day": "31", "month": "2"}, ["day"]),
        ({"month": "13", "day": ""}, ["month"]),
        ({"sex": ""}, ["sex"]),
        ({"sex": "robot"}, ["sex"]),
        ({"number": "0351850001"}, ["number"]),
        ({"number": "035085000101"}, ["number"]),
        ({"number": "035085000101", "sure": "1"}, []),
        ({"number": "035060000101"}, ["number"]),
        ({"number": "111111111111", "sure": "1"}, ["number"]),
        ({"insurance": "GD 4 01 01167 01234"}, []),
        ({"insurance": "123"}, ["insurance"]),
        ({"phone": "0986 111 222"}, []),
        ({"phone": "chưa có"}, ["phone"]),
        ({"guardian_phone": "0986111222"}, ["guardian"]),
        ({"guardian": "Đinh Văn Cha"}, ["relation"]),
        ({"guardian": "Đinh Văn Cha", "relation": "FTH"}, []),
        ({"guardian": "Đinh Văn Cha", "relation": "KING"}, ["relation"]),
    ],
)
def test_each_fault_is_named_with_its_field(fields: dict[str, str], faulty: list[str]) -> None:
    assert wrong("known", **fields) == faulty


def test_a_newborn_has_a_whole_and_recent_birth_date_and_a_mother() -> None:
    born = {"day": "20", "month": "11", "year": "2026", "number": ""}
    assert wrong("newborn", **born) == ["mother_name"]
    assert wrong("newborn", **born, mother_name="Đinh Thị Mẹ") == []
    assert wrong("newborn", **born | {"day": ""}, mother_name="Đinh Thị Mẹ") == ["day"]
    assert wrong("newborn", **born | {"month": "8"}, mother_name="Đinh Thị Mẹ") == ["day"]
    assert wrong("newborn", **born, mother_name="Đinh Thị Mẹ", order="x") == ["order"]


def test_of_somebody_unknown_only_the_looks_are_asked_for() -> None:
    assert list(check("unknown", empty(), set(), TODAY)[1]) == ["known_as"]
    assert not check("unknown", empty() | {"known_as": "áo xanh"}, set(), TODAY)[1]


@given(st.dictionaries(st.sampled_from(sorted(LONGEST)), st.text(max_size=900)), st.sampled_from(["known", "newborn"]))
def test_anything_typed_is_a_fault_or_a_valid_record_and_never_an_error(form: dict[str, str], kind: Kind) -> None:
    fields, long = sent(form)
    assert all(len(text) <= LONGEST[name] for name, text in fields.items())
    entered, faults = check(kind, fields, long, TODAY)
    if not faults:
        accept(orjson.dumps(patient("a", entered, STATION, NOW)), "Patient", "a")


def made(kind: Kind = "known", fields: Typed | None = None, **more: object) -> dict[str, object]:
    entered, faults = check(kind, fields or typed(), set(), TODAY)
    assert not faults
    return patient("a", entered, STATION, NOW, **more)  # type: ignore[arg-type]


def test_a_number_that_stood_on_the_scanned_card_is_verified_and_a_typed_one_is_not() -> None:
    scanned = normalise(made(scan=card_scan(SCAN)))
    assert [(n.kind, n.verified) for n in scanned.numbers] == [("cccd", True), ("cmnd", False)]
    assert [n.verified for n in normalise(made()).numbers] == [False]
    renamed = made(fields=typed(name="Đinh Thị Khác"), scan=card_scan(SCAN))
    assert not any(n.verified for n in normalise(renamed).numbers)


def test_a_name_for_the_time_being_is_none_that_a_matcher_compares() -> None:
    child = typed(day="20", month="11", year="2026", number="", mother_name="Đinh Thị Mẹ", order="2")
    person = normalise(made("newborn", child))
    assert person.names[0].placeholder and person.mother == "đinh thị mẹ" and person.twin == 2
    unknown = made("unknown", empty() | {"known_as": "áo xanh, chợ Rồng"})
    assert normalise(unknown).names[0].placeholder and known_as(unknown) == "áo xanh, chợ Rồng"
    assert unknown["gender"] == "unknown" and "birthDate" not in unknown


def test_only_a_mother_whose_record_was_chosen_acts_for_the_child() -> None:
    code = citizen_code.make(7)
    chosen = related("r", "a", Kin("Đinh Thị Mẹ", "MTH", "0986111222", code))
    assert chosen["identifier"] == [{"system": systems.CITIZEN_CODE, "value": code}]
    named = related("r", "a", Kin("Đinh Thị Mẹ", "MTH"))
    assert "identifier" not in named
    for one in (chosen, named):
        accept(orjson.dumps(one), "RelatedPerson", "r")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (SCAN, GOOD | {"month": "02", "address": "Thôn Đông, Hoa Lư"}),
        ("đinh thị tuyết 1985", {"name": "Đinh Thị Tuyết", "year": "1985"}),
        ("Đinh Thị Tuyết, thôn đông", {"name": "Đinh Thị Tuyết", "address": "thôn đông"}),
        ("035185000101", {"number": "035185000101"}),
        ("0986 111 222", {"phone": "0986111222"}),
        ("GD4010116701234", {"insurance": "GD4010116701234"}),
    ],
)
def test_the_search_fills_in_the_form(text: str, fields: dict[str, str]) -> None:
    question: Asked = asked(text, nobody)
    assert {name: value for name, value in of_search(question).items() if value} == fields


def test_a_card_that_was_scanned_into_a_field_fills_the_form_and_leaves_the_rest() -> None:
    fields, long = sent({"name": SCAN, "phone": "0986111222", "year": "1"})
    assert (fields["name"], fields["year"], fields["phone"]) == ("Đinh Thị Tuyết", "1985", "0986111222") and not long


def test_a_field_that_holds_too_much_is_cut_and_named() -> None:
    fields, long = sent({"address": "a" * 1_000_000})
    assert long == {"address"} and len(fields["address"]) == LONGEST["address"]
