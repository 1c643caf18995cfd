"""The search box understands what people type and what scanners type for them."""

from __future__ import annotations

import pytest

from hoso.core import citizen_code
from hoso.web.box import asked

CODE = citizen_code.make(42)


@pytest.mark.parametrize(
    ("typed", "numbers", "phones"),
    [
        (citizen_code.show(CODE), (CODE,), ()),
        ("001 167 012 345", ("001167012345",), ()),
        ("167012345", ("167012345",), ()),
        ("gd 4 01 01167 01234", ("GD4010116701234", "0116701234"), ()),
        ("0912.345.678", ("0912345678", "000912345678"), ("0912345678", "+84912345678")),
        ("+84 912 345 678", ("0912345678", "000912345678"), ("0912345678", "+84912345678")),
        ("01167012345", ("01167012345", "001167012345"), ()),
    ],
)
def test_numbers_are_known_by_their_form(typed: str, numbers: tuple[str, ...], phones: tuple[str, ...]) -> None:
    found = asked(typed)
    assert (found.numbers, found.phones, found.problem) == (numbers, phones, "")


@pytest.mark.parametrize(
    ("typed", "name", "born"),
    [
        ("nguyen van an 1967", "nguyen van an", "1967"),
        ("1967 Nguyễn Văn An", "Nguyễn Văn An", "1967"),
        ("lê thị hoa 5/3/1990", "lê thị hoa", "1990-03-05"),
        ("le thi hoa 05031990", "le thi hoa", "1990-03-05"),
        ("y blă", "y blă", ""),
    ],
)
def test_a_name_may_carry_a_birth_date(typed: str, name: str, born: str) -> None:
    assert (asked(typed).name, asked(typed).born) == (name, born)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("9000000000422", "check-digits"), ("12345", "length"), ("1967", "too-short"), ("a", "too-short")],
)
def test_what_cannot_be_searched_for_says_why(typed: str, problem: str) -> None:
    assert asked(typed).problem == problem


def test_a_scanned_chip_card_may_lack_parts() -> None:
    whole = asked("001167012345|012345678|Nguyễn Thị Hạnh|12031967|Nữ|12 Đinh Tiên Hoàng, Ninh Bình|01012022")
    assert (whole.numbers, whole.name, whole.born) == (("001167012345", "012345678"), "Nguyễn Thị Hạnh", "1967-03-12")
    sparse = asked("001167012345||Nguyễn Thị Hạnh|||")
    assert (sparse.numbers, sparse.name, sparse.born) == (("001167012345",), "Nguyễn Thị Hạnh", "")


def test_a_scanned_insurance_card_writes_the_name_in_hex() -> None:
    found = asked(f"GD4010116701234|{'Nguyễn Thị Hạnh'.encode().hex()}|12/03/1967|2|")
    assert (found.numbers, found.name) == (("GD4010116701234", "0116701234"), "Nguyễn Thị Hạnh")


@pytest.mark.parametrize(
    "typed", ["", "   ", "|", "|||", "\x00", "%", "a" * 100_000, "'; DROP TABLE--", "٣٤٥", "1" * 400]
)
def test_hostile_text_is_only_text(typed: str) -> None:
    asked(typed)
