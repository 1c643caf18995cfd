"""What differs between two people is found to the word and the digit, and weighed by how little it takes to slip so."""

from __future__ import annotations

import pytest

from hoso.web.compare import compared, line


@pytest.mark.parametrize(
    ("value", "other", "mark"),
    [
        ("Trần Thị Mai", "Trần Thị Mai", "same"),
        ("TRAN THI MAI", "Trần Thị Mai", "tone"),
        ("Trần Thị Mai", "Trần Thị Mại", "tone"),
        ("Trần Thị Mai", "Trần Thị Mao", "edit"),
        ("Nguyễn Thị Huong", "Nguyễn Thị Huogn", "edit"),
        ("Trần Thị Mai", "Trần Thị Bưởi", "other"),
        ("001 184 004 711", "001 184 004 717", "edit"),
        ("001 184 004 711", "036 184 009 123", "other"),
        ("12/03/1967", "03/12/1967", "edit"),
        ("1967", "12/03/1967", "part"),
        ("12/03/1967", "03/1967", "part"),
        ("12/03/1967", "30/11/1951", "other"),
        ("Nam", "Nữ", "other"),
    ],
)
def test_a_difference_is_as_grave_as_it_is(value: str, other: str, mark: str) -> None:
    found = compared(value, [other])
    assert found.mark == mark
    assert "".join(text for text, _ in found.parts) == value


def test_only_what_differs_is_marked() -> None:
    assert compared("Trần Thị Mai", ["Tran Thị Mai"]).parts[0] == ("Trần", "tone")
    assert compared("0911222333", ["0911222338"]).parts == (("091122233", "same"), ("3", "edit"))


def test_a_value_is_held_against_the_nearest() -> None:
    assert compared("Trần Thị Mai", ["Lê Văn Tám", "Trần Thị Mại"]).mark == "tone"


def test_nothing_to_compare_with_is_no_difference() -> None:
    shown = line("Phone", ["0911222333"], [])
    assert shown.cells[0][0].mark is None and not shown.differs
    assert not line("Facilities", ["A"], ["B"], telling=False).differs
    assert line("Name", ["A"], ["B"]).differs
