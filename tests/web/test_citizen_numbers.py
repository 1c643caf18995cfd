"""What citizens sign in with, however they write it."""

from __future__ import annotations

import pytest

from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE, INSURANCE_NUMBER, PERSONAL_NUMBER
from hoso.web.citizens.numbers import number, numbers

CODE = citizen_code.make(1234567890)


@pytest.mark.parametrize("typed", [CODE, citizen_code.show(CODE), f" {CODE[:4]}-{CODE[4:8]}.{CODE[8:]} "])
def test_a_citizen_code_is_known_in_groups_and_without(typed: str) -> None:
    assert number(typed) == CODE


@pytest.mark.parametrize("typed", ["001167012345", "001 167 012 345", "001-167-012-345"])
def test_a_personal_number_is_known_in_groups_and_without(typed: str) -> None:
    assert number(typed) == "001167012345"


@pytest.mark.parametrize(
    "typed", ["", "lan", "12345", "00116701234", f"{CODE[:-1]}1", "0" * 70, "٠٠١١٦٧٠١٢٣٤٥", "00116701234x"]
)
def test_anything_else_is_no_number(typed: str) -> None:
    assert number(typed) == ""


def test_a_persons_numbers_are_those_in_use_and_no_cards_of_insurance() -> None:
    identifiers = [
        {"system": PERSONAL_NUMBER, "value": "001167012345"},
        {"system": PERSONAL_NUMBER, "value": "001167054321", "use": "old"},
        {"system": INSURANCE_NUMBER, "value": "GD4010116701234"},
        {"system": CITIZEN_CODE, "value": CODE},
        {"system": PERSONAL_NUMBER, "value": "x"},
        {"value": "001167099999"},
    ]
    assert numbers({"identifier": identifiers}) == ["001167012345", CODE]
