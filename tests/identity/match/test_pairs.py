"""Pairs of records as they are met in Viet Nam, each with the only acceptable outcome."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identity.match.people import BA_DINH, CAN_THO, HOAN_KIEM, judged, record

AN: dict[str, Any] = {
    "name": "Nguyễn Văn An",
    "birth": "1980-03-15",
    "sex": "male",
    "cccd": "001080123456",
    "bhxh": "0112345678",
    "phone": "0914273658",
    "place": BA_DINH,
}
CHILD: dict[str, Any] = {
    "name": "Nguyễn Minh Khôi",
    "birth": "2019-06-20",
    "sex": "male",
    "phone": "0914273658",
    "place": BA_DINH,
    "mother": "Trần Thị Hoa",
}


def without(source: dict[str, Any], *fields: str, **changed: Any) -> dict[str, Any]:
    return {key: value for key, value in source.items() if key not in fields} | changed


CERTAIN = {
    "the same in all": (AN, AN),
    "without tones, capitals": (AN, without(AN, name="NGUYEN VAN AN")),
    "typed in Telex": (AN, without(AN, "cccd", name="Nguyeenx Vawn An")),
    "number typed without its zeros": (AN, without(AN, "bhxh", "phone", cccd="1080123456")),
    "a given name that no language has": (
        without(AN, name="Nguyễn Văn Thanh"),
        without(AN, "cccd", "bhxh", name="Nguyễn Văn Thnah"),
    ),
    "year mistyped, so that the number is doubted": (
        without(AN, "bhxh", "phone"),
        without(AN, "bhxh", "phone", birth="1981-03-15"),
    ),
    "number one digit off": (AN, without(AN, "bhxh", cccd="001080123465")),
    "day and month swapped": (without(AN, birth="1980-03-05"), without(AN, "cccd", birth="1980-05-03")),
    "only the year, but the phone": (AN, without(AN, "cccd", "bhxh", birth="1980")),
    "filler date, but the insurance number": (AN, without(AN, "cccd", "phone", birth="1980-01-01")),
    "moved house and phone": (AN, without(AN, "bhxh", phone="0987654321", place=CAN_THO)),
    "married woman keeps her name": (
        without(AN, name="Trần Thị Bích Ngọc", sex="female", cccd="001180123456", place=BA_DINH),
        without(AN, "cccd", name="Trần Thị Bích Ngọc", sex="female", place=CAN_THO),
    ),
    "name without number, in the same commune": (AN, without(AN, "cccd", "bhxh", "phone")),
    "given name first": (AN, without(AN, "cccd", "bhxh", name="An Nguyễn Văn")),
    "middle name left out": (AN, without(AN, "cccd", "bhxh", name="Nguyễn An")),
    "regional spelling": (
        without(AN, name="Nguyễn Thị Sương", sex="female", cccd="001180123456"),
        without(AN, "cccd", name="Nguyễn Thị Xương", sex="female"),
    ),
    "Latin look-alikes from another script": (AN, without(AN, "cccd", name="Nguуễn Văn Аn")),
    "sex typed wrongly, all else right": (AN, without(AN, "cccd", sex="female")),
    "scanned number and name, nothing else": (
        without(AN, verified=True),
        without(AN, "birth", "bhxh", "phone", "place", "sex", verified=True),
    ),
    "newborn, then named, with the number of the birth certificate": (
        without(CHILD, name="CB Trần Thị Hoa", cccd="001219000123"),
        without(CHILD, cccd="001219000123", verified=True),
    ),
    "one year mistyped, in the same house": (
        without(AN, "cccd", "bhxh", "phone", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", birth="1990-03-15", hamlet="Tổ 5"),
    ),
    "a woman without her birth date, in the same house": (
        without(AN, "cccd", "bhxh", name="Trần Thị Bích Ngọc", sex="female", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", "birth", name="Trần Thị Bích Ngọc", sex="female", hamlet="Tổ 5"),
    ),
    "a given name with a tone that nobody's has": (
        without(AN, "cccd", "bhxh", "phone", name="Nguyễn Minh Tuấn"),
        without(AN, "cccd", "bhxh", "phone", name="Nguyễn Minh Tuẫn"),
    ),
    "a name without tones that is only one name for a son": (
        without(CHILD, name="Nguyễn Minh Thắng"),
        without(CHILD, name="NGUYEN MINH THANG"),
    ),
    "numbers of one province": (
        without(AN, "cccd", bhxh="0112345678"),
        without(AN, "bhxh", "phone", "place", cccd="001080123456"),
    ),
    "a name in capitals that has no other tones": (
        without(CHILD, name="Nguyễn Minh Khôi"),
        without(CHILD, name="NGUYEN MINH KHOI"),
    ),
    "a grown-up with a slip in the given name and a phone of one's own": (
        without(AN, "cccd", "bhxh", name="Nguyễn Văn Dũng"),
        without(AN, "cccd", "bhxh", name="Nguyễn Văn Dung"),
    ),
    "a grown-up's given name that lost its tone among others that have theirs": (
        without(AN, "cccd", "bhxh", "phone", name="Nguyễn Văn Phúc"),
        without(AN, "cccd", "bhxh", "phone", name="Nguyễn Văn Phuc"),
    ),
    "a grown-up with a slip in the given name, the year alone and a phone of one's own": (
        without(AN, "cccd", "bhxh", name="Nguyễn Văn Dũng"),
        without(AN, "cccd", "bhxh", name="Nguyễn Văn Dung", birth="1980"),
    ),
    "day and month swapped in the same house, without tones": (
        without(AN, "cccd", "bhxh", "phone", birth="1980-03-05", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", birth="1980-05-03", hamlet="Tổ 5", name="NGUYEN VAN AN"),
    ),
    "turned round about a middle name that is nobody's given name": (
        without(AN, "cccd", "bhxh", "phone", name="Nguyễn Văn Lý"),
        without(AN, "cccd", "bhxh", "phone", name="Lý Văn Nguyễn"),
    ),
    "one letter too much in a name without marks": (
        without(AN, "cccd", "bhxh", name="Lê Minh Toàn"),
        without(AN, "cccd", "bhxh", name="LE MINNH TOAN"),
    ),
    "the same record again from the same facility": (
        without(AN, "cccd", "bhxh", "phone", "place", local="BN-000123"),
        without(AN, "cccd", "bhxh", "phone", "place", local="BN-000123"),
    ),
}

NEVER_ALONE = {
    "name and birth date only": (AN, without(AN, "cccd", "bhxh", "phone", "place")),
    "rare name and birth date only": (
        without(AN, "cccd", "bhxh", name="Khổng Thục Quyên"),
        without(AN, "cccd", "bhxh", "phone", "place", name="Khổng Thục Quyên"),
    ),
    "name, year and commune": (AN, without(AN, "cccd", "bhxh", "phone", birth="1980")),
    "two filler dates and the commune": (
        without(AN, "cccd", "bhxh", "phone", birth="1980-01-01"),
        without(AN, "cccd", "bhxh", "phone", birth="1980-01-01"),
    ),
    "twin with another name": (without(CHILD, name="Nguyễn Minh Khang"), CHILD),
    "twin with another tone": (
        without(CHILD, name="Nguyễn Minh Tú", birth="2019-06-20"),
        without(CHILD, name="Nguyễn Minh Tư"),
    ),
    "twins by number": (without(CHILD, name="CB Trần Thị Hoa", twin=1), without(CHILD, name="CB Trần Thị Hoa", twin=2)),
    "brothers": (CHILD, without(CHILD, name="Nguyễn Minh Đăng", birth="2021-08-02")),
    "father and son of one name": (AN, without(AN, "cccd", "bhxh", birth="2005-07-09")),
    "father's number on the child": (AN, without(CHILD, cccd="001080123456", place=BA_DINH)),
    "father's scanned number on the child": (
        without(AN, verified=True),
        without(CHILD, cccd="001080123456", verified=True),
    ),
    "mother's number on the newborn": (
        without(AN, name="Trần Thị Hoa", sex="female", cccd="001190123456", birth="1990-02-03", verified=True),
        without(CHILD, name="CB Trần Thị Hoa", cccd="001190123456", verified=True),
    ),
    "two scanned numbers": (
        without(AN, "bhxh", verified=True),
        without(AN, "bhxh", cccd="001080999999", verified=True),
    ),
    "dummy numbers": (
        without(AN, cccd="999999999999", bhxh="0000000000", phone=""),
        without(AN, cccd="999999999999", bhxh="0000000000", phone="", name="Lê Thị Bưởi", birth="1971-02-03"),
    ),
    "nothing but a number that anybody may type": (without(AN, "name", "birth"), {"cccd": "001080123456"}),
    "empty records": ({}, {}),
    "names that say there is none": ({"name": "Vô danh", "sex": "male"}, {"name": "Vô danh", "sex": "male"}),
    "two newborns of one mother's name": (
        {"name": "CB Nguyễn Thị Lan", "birth": "2026-03-01", "place": BA_DINH},
        {"name": "CB Nguyễn Thị Lan", "birth": "2026-03-01", "place": BA_DINH},
    ),
    "namesakes of one commune with other years": (
        without(AN, "cccd", "bhxh", "phone"),
        without(AN, "cccd", "bhxh", "phone", birth="1983-03-15"),
    ),
    "cousins of one name, commune and month": (
        without(AN, "cccd", "bhxh", "phone"),
        without(AN, "cccd", "bhxh", "phone", birth="1980-03-28"),
    ),
    "child who may be the twin whose name differs by its tone": (
        without(CHILD, "cccd", "bhxh", name="Nguyễn Minh Phượng"),
        without(CHILD, "cccd", "bhxh", name="NGUYEN MINH PHUONG"),
    ),
    "child who may be the twin whose name is turned round": (
        without(CHILD, "cccd", "bhxh", name="Cao Ngọc Khuê"),
        without(CHILD, "cccd", "bhxh", name="Ngọc Khuê Cao"),
    ),
    "twin with a slip in the sex, which makes the number doubtful": (
        without(CHILD, "bhxh", cccd="001219000123"),
        without(CHILD, "bhxh", cccd="001219000987", sex="female"),
    ),
    "son of the father's name and phone, without a date": (
        without(AN, "cccd", "bhxh"),
        without(AN, "cccd", "bhxh", "birth"),
    ),
    "twin without tones, with another number": (
        without(CHILD, name="Nguyễn Minh Phượng", cccd="001219000123"),
        without(CHILD, name="NGUYEN MINH PHUONG", cccd="001219000987"),
    ),
    "twin whose name reads like a swapped one, with another number": (
        without(CHILD, name="Nguyễn Bích Trần", bhxh="0112345678"),
        without(CHILD, name="Trần Nguyễn Bích", bhxh="7912300001"),
    ),
    "twin whose mistyped name is the other's, with another number": (
        without(CHILD, cccd="001219000123"),
        without(CHILD, cccd="001219000987"),
    ),
    "twin without tones and with a slip": (
        without(CHILD, name="Trần Ngọc Ánh"),
        without(CHILD, name="Tran Noc Anh"),
    ),
    "sister of almost the same name, a year younger": (
        without(CHILD, name="Nông Việt Cường"),
        without(CHILD, name="Nông Việt Cương", birth="2018-03-02"),
    ),
    "cousins of one name and commune whose dates look swapped": (
        without(AN, "cccd", "bhxh", "phone", birth="1980-03-05"),
        without(AN, "cccd", "bhxh", "phone", birth="1980-05-03"),
    ),
    "cousins of one name and hamlet, one digit of the date apart": (
        without(AN, "cccd", "bhxh", "phone", birth="2019-11-20", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", birth="2019-11-30", hamlet="Tổ 5"),
    ),
    "grown-up sisters of almost one name, with one phone and one day of two years": (
        without(AN, "cccd", "bhxh", name="Lê Thị Như", sex="female", birth="2006-09-30"),
        without(AN, "cccd", "bhxh", name="Lê Thị Nha", sex="female", birth="2009-09-30"),
    ),
    "numbers of two provinces": (
        without(AN, "cccd", "place", bhxh="7912345678"),
        without(AN, "bhxh", "phone", "place", cccd="001080123456"),
    ),
    "child who may be the twin, of a name that is seldom a son's": (
        without(CHILD, name="Nguyễn Minh Phượng"),
        without(CHILD, name="NGUYEN MINH PHUONG"),
    ),
    "father and son born on one day of two years": (
        without(AN, "cccd", "bhxh", "phone", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", birth="2000-03-15", hamlet="Tổ 5"),
    ),
    "son with the father's phone and birthday": (
        without(AN, "cccd", "bhxh", birth="1974-03-15", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", birth="2012-03-15", hamlet="Tổ 5"),
    ),
    "father or son of one house, no birth date": (
        without(AN, "cccd", "bhxh", "phone", hamlet="Tổ 5"),
        without(AN, "cccd", "bhxh", "phone", "birth", name="NGUYEN VAN AN", hamlet="Tổ 5"),
    ),
    "another person altogether": (
        AN,
        {"name": "Lê Thị Bưởi", "birth": "1971-02-03", "sex": "female", "place": HOAN_KIEM},
    ),
}


@pytest.mark.parametrize("case", CERTAIN)
def test_one_person_is_linked(case: str) -> None:
    held, arrival = (record(**kwargs) for kwargs in CERTAIN[case])
    decision = judged(arrival, held)
    assert decision.outcome == "certain", decision
    assert decision.person == "p0"
    assert judged(held, arrival).outcome == "certain"


@pytest.mark.parametrize("case", NEVER_ALONE)
def test_what_may_be_two_people_is_never_linked_by_itself(case: str) -> None:
    held, arrival = (record(**kwargs) for kwargs in NEVER_ALONE[case])
    assert judged(arrival, held).outcome != "certain"
    assert judged(held, arrival).outcome != "certain"


def test_a_newborn_and_the_named_child_of_the_same_mother_and_day_go_to_review() -> None:
    newborn = record(**without(CHILD, name="Con bà Trần Thị Hoa"))
    assert judged(record(**CHILD), newborn).outcome == "possible"


def test_a_phone_of_a_thousand_people_says_nothing() -> None:
    held, arrival = record(**AN), record(**without(AN, "cccd", "bhxh", "place"))
    phone = arrival.phones[0]
    own, shared = judged(arrival, held, crowd={phone: 2}), judged(arrival, held, crowd={phone: 1000})
    assert own.fields["phone"] > 10
    assert shared.fields["phone"] == 0
    assert own.outcome == "certain"
    assert shared.outcome != "certain"


def test_the_child_is_chosen_and_not_the_father_whose_number_it_carries() -> None:
    arrival = record(**without(CHILD, cccd="001080123456"))
    decision = judged(arrival, record(**AN), record(**CHILD))
    assert decision.person == "p1"


def test_a_namesake_beside_the_person_keeps_the_link_back() -> None:
    arrival = record(**without(AN, "cccd", "bhxh", "phone"))
    held = record(**AN)
    twin_record = record(**without(AN, "cccd", bhxh="0187654321", phone="0987654321"))
    decision = judged(arrival, held, twin_record)
    assert decision.outcome == "possible"
    assert "margin" in decision.vetoes


def test_a_number_of_a_whole_facility_says_nothing() -> None:
    held, arrival = (record(**without(AN, "cccd", "bhxh", "phone", "place", local="00000001")) for _ in range(2))
    (number,) = arrival.numbers
    assert judged(arrival, held).outcome == "certain"
    assert judged(arrival, held, crowd={number[:2]: 50}).outcome != "certain"


def test_brothers_whose_names_are_each_other_turned_round_are_two() -> None:
    viet, tien = (record(**without(CHILD, name=f"Lê {name}")) for name in ("Tiến Việt", "Việt Tiến"))
    assert judged(viet, tien).outcome != "certain"


def test_the_house_of_almost_the_same_name_counts_once() -> None:
    held = record(**without(CHILD, name="Nguyễn Ngọc Khuê"))
    twin, same = (record(**without(CHILD, name=f"Nguyễn {rest}")) for rest in ("Khuê Ngọc", "Ngọc Khuê"))
    household = ("phone", "place", "mother")
    assert sum(judged(twin, held).fields[field] > 0 for field in household) == 1
    assert sum(judged(same, held).fields[field] > 0 for field in household) == 3


def test_names_that_changed_places_may_have_a_slip_in_one_of_them() -> None:
    held, arrival = record(**without(AN, name="Khổng Lauren")), record(**without(AN, name="Laurex Khổng"))
    assert judged(arrival, held).standings[0].levels["order"] == "swapped"


def test_a_space_lost_in_a_name_is_one_slip() -> None:
    held, arrival = record(**AN), record(**without(AN, "bhxh", name="Nguyễn VănAn"))
    assert judged(arrival, held).outcome == "certain"
    assert judged(arrival, held).standings[0].levels["given"] == "edit"
