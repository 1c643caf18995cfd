"""The search box understands what people type and what scanners type for them."""

from __future__ import annotations

import pytest

from hoso.core import citizen_code
from hoso.identity.code.card import USE, Card, message, text, verify_card
from hoso.identity.code.signing import Signer, key_id
from hoso.web.box import Asked
from hoso.web.box import asked as asked_with

CODE = citizen_code.make(42)
SIGNER = Signer(b"s" * 32)


def asked(typed: str) -> Asked:
    return asked_with(typed, lambda scanned: verify_card(scanned, [SIGNER.public]))


def card_text(signer: Signer = SIGNER, code: str = CODE) -> str:
    card = Card(code, key_id(signer.public), "NTH", "1967")
    return text(card, signer.sign(USE, message(card)))


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


def test_a_scanned_citizen_card_is_believed_with_its_signature() -> None:
    found = asked(f" {card_text()} ")
    assert (found.text, found.numbers, found.problem) == (citizen_code.show(CODE), (CODE,), "")
    assert found.card is not None and (found.card.initials, found.card.born) == ("NTH", "1967")


@pytest.mark.parametrize(
    ("scanned", "problem"),
    [
        (card_text()[:-1], "card-form"),
        (card_text()[:100], "card-form"),
        ("2" + card_text()[1:], "card-form"),
        ("19000000000000" + card_text()[14:], "card-check-digits"),
        (card_text(Signer(b"t" * 32)), "card-key"),
        (card_text()[:1] + citizen_code.make(43) + card_text()[14:], "card-signature"),
        (card_text()[:-1] + str((int(card_text()[-1]) + 1) % 10), "card-signature"),
    ],
)
def test_a_citizen_card_that_is_not_right_finds_nobody_and_says_why(scanned: str, problem: str) -> None:
    found = asked(scanned)
    assert (found.numbers, found.name, found.problem) == ((), "", problem)


@pytest.mark.parametrize(
    "typed", ["", "   ", "|", "|||", "\x00", "%", "a" * 100_000, "'; DROP TABLE--", "٣٤٥", "1" * 400]
)
def test_hostile_text_is_only_text(typed: str) -> None:
    asked(typed)


@pytest.mark.parametrize(
    ("typed", "name", "born", "place"),
    [
        ("lê thị hoa, thôn đông", "lê thị hoa", "", "thôn đông"),
        ("le thi hoa 1990 thon dong", "le thi hoa", "1990", "thon dong"),
        ("xóm 3", "", "", "xóm 3"),
        ("nguyễn ấp", "nguyễn ấp", "", ""),
    ],
)
def test_a_hamlet_may_follow_the_name_or_stand_alone(typed: str, name: str, born: str, place: str) -> None:
    found = asked(typed)
    assert (found.name, found.born, found.place, found.problem) == (name, born, place, "")


def test_what_a_card_said_is_kept_for_whoever_registers() -> None:
    found = asked("001167012345||Nguyễn Thị Hạnh|12031967|Nữ|Thôn Đông, Hoa Lư|01012022")
    assert found.scan is not None
    assert (found.scan.sex, found.scan.address, found.scan.issued) == ("female", "Thôn Đông, Hoa Lư", "2022-01-01")
