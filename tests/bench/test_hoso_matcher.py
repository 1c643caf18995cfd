"""HoSo's own matcher behind the seam of the evaluation."""

from __future__ import annotations

from tests.identity.match.people import BA_DINH, patient

from bench.hoso_matcher import HosoMatcher

AN = patient("Nguyễn Văn An", "1980-03-15", "male", cccd="001080123456", place=BA_DINH) | {"id": "an"}
HOA = patient("Trần Thị Hoa", "1971-02-03", "female", phone="0914273658", place=BA_DINH) | {"id": "hoa"}


def test_it_finds_an_enrolled_person_and_takes_a_stranger_for_new() -> None:
    with HosoMatcher() as matcher:
        matcher.enrol([AN, HOA])
        arrival = patient("NGUYEN VAN AN", "1980-03-15", cccd="001080123456") | {"id": "x"}
        (found,) = matcher.match(arrival)
        assert (found.id, found.grade) == ("an", "certain")
        assert matcher.candidates(arrival) == ["an"]
        assert matcher.match(patient("Lê Văn Bưởi", "1999-09-09") | {"id": "y"}) == []


def test_doubtful_matches_are_possible() -> None:
    with HosoMatcher() as matcher:
        matcher.enrol([AN, HOA])
        (found,) = matcher.match(patient("Nguyễn Văn An", "1980-03-15") | {"id": "x"})
        assert (found.id, found.grade) == ("an", "possible")


def test_pairs_within_a_list_and_between_two() -> None:
    again = AN | {"id": "again"}
    with HosoMatcher() as matcher:
        (pair,) = matcher.dedupe([AN, HOA, again])
        assert {pair.a, pair.b} == {"an", "again"}
    with HosoMatcher() as matcher:
        (pair,) = matcher.link([AN, HOA], [again])
        assert (pair.a, pair.b) == ("an", "again")
        assert pair.bits > 0
