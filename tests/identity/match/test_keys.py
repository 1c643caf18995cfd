"""A record is found again under at least one key after any single slip, and made-up values make no key."""

from __future__ import annotations

from typing import Any

import pytest
from tests.identity.match.people import BA_DINH, CAN_THO, person

from hoso.identity.match import keys, probes, shareable
from hoso.identity.match.keys import Key

AN: dict[str, Any] = {
    "name": "Nguyễn Văn An",
    "birth": "1980-03-15",
    "sex": "male",
    "cccd": "001080123456",
    "phone": "0914273658",
    "place": BA_DINH,
}

SLIPS: dict[str, dict[str, Any]] = {
    "no number, no phone": {"cccd": "", "phone": ""},
    "moved": {"cccd": "", "phone": "", "place": CAN_THO},
    "without tones": {"cccd": "", "phone": "", "name": "NGUYEN VAN AN"},
    "given name first": {"cccd": "", "phone": "", "place": None, "name": "An Nguyễn Văn"},
    "middle name left out, only the year known": {"cccd": "", "phone": "", "name": "Nguyễn An", "birth": "1980"},
    "another given name": {"cccd": "", "phone": "", "place": None, "name": "Nguyễn Văn Bình"},
    "another family name": {"cccd": "", "phone": "", "place": None, "name": "Trần Văn An"},
    "no birth date": {"cccd": "", "phone": "", "birth": ""},
    "filler date": {"cccd": "", "phone": "", "place": None, "birth": "1980-01-01"},
    "year one off": {"cccd": "", "phone": "", "place": None, "birth": "1981-03-15"},
    "given name mistyped, only the year known": {"cccd": "", "phone": "", "birth": "1980", "name": "Nguyễn Văn Ang"},
    "phone and nothing else": {"cccd": "", "name": "Ẩn danh", "birth": "", "place": None},
    "number and nothing else": {"phone": "", "name": "", "birth": "", "place": None},
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_record_is_found_after(slip: str) -> None:
    stored = set(keys(person(**AN)))
    assert stored & set(probes(person(**(AN | SLIPS[slip]))))


def test_day_and_month_may_be_swapped() -> None:
    stored = set(keys(person("Nguyễn Văn An", "1980-05-03")))
    found = stored & set(probes(person("Nguyễn Văn An", "1980-03-05")))
    assert {key.kind for key in found} >= {"birth-given"}


def test_a_newborn_is_found_by_mother_and_birthday() -> None:
    newborn = person("CB Trần Thị Hoa", "2026-03-01")
    named = person("Nguyễn Minh Khôi", "2026-03-01", mother="TRAN THI HOA")
    assert "mother-birth" in {key.kind for key in set(keys(newborn)) & set(keys(named))}


def test_placeholders_fillers_and_dummies_make_no_keys() -> None:
    made_up = person("Vô danh", "1980-01-01", "male", cccd="999999999999", bhxh="0000000000", phone="0000000000")
    assert keys(made_up) == ()
    assert not {"birth-given", "birth-family"} & {key.kind for key in keys(person("Nguyễn Văn An", "1980-01-01"))}


def test_there_are_about_ten_keys_each_once() -> None:
    found = keys(person(**AN))
    assert 8 <= len(found) <= 12
    assert len(set(found)) == len(found)
    assert set(found) <= set(probes(person(**AN)))


def test_a_key_is_the_same_on_every_machine() -> None:
    assert Key(6546103363695387641, "birth-given") in keys(person("Nguyễn Văn An", "1980-03-15"))
    assert all(-(1 << 63) <= key.value < 1 << 63 for key in keys(person(**AN)))


def test_phones_and_numbers_are_named_so_that_those_who_share_them_can_be_counted() -> None:
    found = shareable(person(cccd="001080123456", phone="0914 273 658", local="7"))
    assert set(found.values()) >= {914273658, (0, 1080123456)}
    assert set(found) <= {key.value for key in keys(person(cccd="001080123456", phone="0914 273 658", local="7"))}
