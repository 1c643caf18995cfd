"""The index in memory: finds, counts who shares a phone, and keeps candidates few and in a fixed order."""

from __future__ import annotations

import pytest
from tests.identity.match.people import BA_DINH, person

from hoso.identity.match import MemoryIndex, Policy, default_model, pack, packed, rank, unpack


def test_a_person_with_two_records_is_one_candidate_with_both() -> None:
    index = MemoryIndex()
    index.add("a", person("Nguyễn Văn An", "1980-03-15", phone="0914273658"))
    index.add("a", person("Nguyễn Văn An", "1980", place=BA_DINH))
    index.add("b", person("Lê Thị Bưởi", "1971-02-03"))
    (found,) = index.candidates(person("Nguyễn Văn An", "1980-03-15"))
    assert (found.person, len(found.records), index.population) == ("a", 2, 2)


def test_an_arrival_is_linked_to_whom_it_belongs() -> None:
    index = MemoryIndex()
    index.add("a", person("Nguyễn Văn An", "1980-03-15", phone="0914273658", place=BA_DINH))
    index.add("b", person("Nguyễn Văn An", "1980-03-15", phone="0387000111"))
    arrival = person("NGUYEN VAN AN", "1980-03-15", phone="0914273658", place=BA_DINH)
    assert index.match(arrival, default_model(), Policy()).person == "a"
    assert index.match(arrival, default_model(), Policy(), apart={"a", "b"}).outcome == "new"


def test_people_who_share_a_phone_are_counted_and_a_crowd_is_no_key() -> None:
    index = MemoryIndex()
    for number in range(100):
        name = "Nguyễn Văn An" if number % 2 else "Nguyễn Văn Bình"
        index.add(str(number), person(name, f"19{number:02d}", phone="0914273658"))
    arrival = person("Lê Thị Bưởi", "2001-02-03", phone="0914273658")
    assert index.crowd(arrival) == {914273658: 100}
    assert index.candidates(arrival) == []


def test_at_most_a_hundred_are_compared_those_with_the_most_telling_keys() -> None:
    hits = [("name-year", range(150)), ("number", [149]), ("phone", [148, 149]), ("phone", [148])]
    found = rank(hits)
    assert len(found) == 100
    assert {148, 149} <= set(found)
    assert found == rank(reversed(hits))
    assert rank([("phone", [2]), ("phone", [2]), ("name-year", [1])], most=1) == [2]


def test_a_packed_record_is_small_and_another_shape_is_refused() -> None:
    full = person(
        "Nguyễn Thị Thanh Phương", "1980-03-15", "female", cccd="001180123456", bhxh="0112345678", phone="0914273658",
        place=BA_DINH, mother="Trần Thị Hoàng Oanh",
    )  # fmt: skip
    body = pack(full)
    assert len(body) <= 150
    assert unpack(body) == packed(full)
    with pytest.raises(ValueError, match="shape 9"):
        unpack(b"\x91\x09")
    with pytest.raises(ValueError, match="array"):
        unpack(b"not packed")
