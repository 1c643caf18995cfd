"""What the QR of a card says, alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core import citizen_code
from hoso.identity.code import BadCard, Card, born_of, initials_of, is_card
from hoso.identity.code.card import USE, message, text, verify_card
from hoso.identity.code.signing import Signer, key_id, key_text, read_key

SIGNER = Signer(b"s" * 32)
KEYS = [Signer(b"t" * 32).public, SIGNER.public]


def signed(code: str, initials: str = "", born: str = "") -> str:
    card = Card(code, key_id(SIGNER.public), initials, born)
    return text(card, SIGNER.sign(USE, message(card)))


WHOLE = signed(citizen_code.make(42), "NVA", "1967")


def fault(scanned: str) -> str:
    with pytest.raises(BadCard) as caught:
        verify_card(scanned, KEYS)
    return caught.value.fault


@given(
    st.integers(0, 10**10 - 1),
    st.from_regex(r"\A[A-Z]{0,4}\Z"),
    st.one_of(st.just(""), st.integers(1000, 2999).map(str)),
)
def test_what_is_written_is_read(payload: int, initials: str, born: str) -> None:
    code = citizen_code.make(payload)
    scanned = signed(code, initials, born)
    assert len(scanned) == 186 and is_card(scanned)
    assert verify_card(scanned, KEYS) == Card(code, key_id(SIGNER.public), initials, born)


@given(st.integers(0, 185), st.integers(1, 9))
def test_no_single_digit_can_be_changed(place: int, by: int) -> None:
    wrong = WHOLE[:place] + str((int(WHOLE[place]) + by) % 10) + WHOLE[place + 1 :]
    assert fault(wrong) in ("form", "check-digits", "key", "signature")


def test_each_fault_is_told_apart() -> None:
    other = citizen_code.make(43)
    assert fault("") == fault(WHOLE[:-1]) == fault(WHOLE + "0") == fault("2" + WHOLE[1:]) == "form"
    assert fault(WHOLE[:1] + "9000000000000" + WHOLE[14:]) == "check-digits"
    assert fault(WHOLE[:1] + other + WHOLE[14:]) == "signature"
    assert fault(WHOLE[:14] + "00000" + WHOLE[19:]) == "key"
    assert fault(WHOLE[:27] + "1968" + WHOLE[31:]) == "signature"
    assert fault(WHOLE[:31] + "9" * 155) == "signature"
    assert fault(WHOLE[:19] + "99" + WHOLE[21:]) == fault(WHOLE[:27] + "3000" + WHOLE[31:]) == "form"


def test_a_signature_for_something_else_signs_no_card() -> None:
    card = Card(citizen_code.make(42), key_id(SIGNER.public))
    assert fault(text(card, SIGNER.sign(b"hoso code lease 1\n", message(card)))) == "signature"


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Nguyễn Thị Ánh", "NTA"),
        ("Đặng Văn Ấu", "DVA"),
        ("Tôn Nữ Thị Ngọc Ánh", "TTNA"),
        ("Y Blă", "YB"),
        ("", ""),
        ("李 小龙", ""),
    ],
)
def test_initials_are_plain_letters(name: str, initials: str) -> None:
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("date", "year"), [("1967-03-12", "1967"), ("1967", "1967"), ("", ""), ("67", ""), ("19671", "")]
)
def test_the_birth_year_of_a_date(date: str, year: str) -> None:
    assert born_of(date) == year


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_passed_on_as_text_and_typing_errors_are_found(secret: bytes) -> None:
    public = Signer(secret).public
    written = key_text(public)
    assert read_key(f" {written}\n") == public
    for wrong in (written[:-1], written[1:], written.swapcase(), "", "12345.", "x"):
        with pytest.raises(ValueError):
            read_key(wrong)
