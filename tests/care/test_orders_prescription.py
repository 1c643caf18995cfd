"""A prescription keeps to TT 26/2025: code, kind, days, a small child's weight and guardian; and what words find."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from hoso.care.orders import Wanted
from hoso.care.orders.catalogue import chosen, search
from hoso.care.orders.prescription import CODE, Line, Sheet, code_of, faults, kind_of

AMLODIPINE = Line(
    Wanted("medicine", "Amlodipin 5 mg", (("atc", "C08CA01"),)), "1 viên × 1 lần/ngày", 30, Decimal(30), "viên"
)
ADULT = Sheet([AMLODIPINE], 700, "Tăng huyết áp")


def told(sheet: Sheet) -> list[tuple[str, str]]:
    return [(one.key, one.place) for one in faults(sheet)]


def test_a_whole_prescription_has_no_fault() -> None:
    assert told(ADULT) == []


def test_a_prescription_says_what_it_is_for() -> None:
    assert told(replace(ADULT, diagnosis=" ")) == [("diagnosis", "diagnosis")]


def test_what_is_missing_is_named_by_its_field() -> None:
    bare = replace(AMLODIPINE, dose=" ", days=None, quantity=None)
    assert told(replace(ADULT, lines=[AMLODIPINE, bare])) == [
        ("dose", "dose-1"), ("quantity", "quantity-1"), ("days", "days-1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "atc", "days", "longer", "expected"),
    [
        ("Amlodipin", "C08CA01", 30, False, []),
        ("Amlodipin", "C08CA01", 31, False, [("longer", "longer")]),
        ("Amlodipin", "C08CA01", 90, True, []),
        ("Amlodipin", "C08CA01", 91, True, [("longest", "days-0")]),
        ("Morphin", "N02AA01", 7, False, []),
        ("Morphin", "N02AA01", 8, False, [("longer", "longer")]),
        ("Morphin", "N02AA01", 31, True, [("longest", "days-0")]),
        ("Diazepam", "N05BA01", 10, False, []),
        ("Diazepam", "N05BA01", 11, False, [("longer", "longer")]),
        ("Amlodipin", "C08CA01", 0, False, [("days", "days-0")]),
    ],
)
def test_the_days_of_supply_are_those_of_the_kind(
    name: str, atc: str, days: int, longer: bool, expected: list[tuple[str, str]]
) -> None:
    line = replace(AMLODIPINE, wanted=Wanted("medicine", name, (("atc", atc),)), days=days)
    assert told(replace(ADULT, lines=[line], longer=longer)) == expected


@pytest.mark.parametrize(("months", "expected"), [(71, [("weight", "weight"), ("guardian", "guardian")]), (72, [])])
def test_a_child_under_72_months_needs_weight_and_guardian(months: int, expected: list[tuple[str, str]]) -> None:
    assert told(replace(ADULT, months=months)) == expected
    assert told(replace(ADULT, months=months, weight=Decimal("12.5"), guardian="Trần Thị Na")) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Morphin 30 mg", "narcotic"),
        ("Tramadol 50 mg", "narcotic"),
        ("Seduxen", "ordinary"),  # a brand that no list knows is not guessed at
        ("Diazepam 5 mg", "psychotropic"),
        ("Phenobarbital 100 mg", "psychotropic"),
        ("Paracetamol 500 mg", "ordinary"),
    ],
)
def test_the_kind_is_known_by_the_name_too(name: str, kind: str) -> None:
    assert kind_of(Wanted("medicine", name)) == kind


def test_the_code_has_facility_seven_signs_and_the_letter_and_the_same_seed_gives_the_same() -> None:
    code = code_of("35001", "ordinary", "seed")
    assert CODE.match(code) and len(code) == 14 and code.startswith("35001") and code.endswith("-C")
    assert code == code_of("35001", "ordinary", "seed") != code_of("35001", "ordinary", "other")
    assert code_of("35001", "narcotic", "seed")[-2:] == "-N" and code_of("35001", "psychotropic", "s")[-1] == "H"
    many = {code_of("35001", "ordinary", str(n)) for n in range(5_000)}
    assert len(many) == 5_000


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("công thức máu", "58410-2"),
        ("cong thuc mau", "58410-2"),
        ("hba1c", "4548-4"),
        ("đường huyết", "14771-0"),
        ("mo mau", "24331-1"),
        ("x quang nguc", "36643-5"),
        ("amoxi", "J01CA04"),
        ("paracetamol", "N02BE01"),
        ("cotrimoxazol", "J01EE01"),
    ],
)
def test_words_of_the_clinic_find_what_is_meant(typed: str, first: str) -> None:
    assert search(typed)[0].code == first


def test_nothing_is_found_by_nothing_and_a_code_finds_its_own() -> None:
    assert search("  ") == [] == search("xyzxyz")
    assert all(one.code != "8480-6" for one in search("huyết áp"))  # that is measured, not ordered
    choice = chosen("medicine", "J01CA04")
    assert choice is not None and choice.wanted().codes == (("atc", "J01CA04"),)
    assert chosen("medicine", "nothing") is None
