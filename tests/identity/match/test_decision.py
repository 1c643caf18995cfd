"""Persons with several records, thresholds, what would settle a doubt, and the words of an explanation."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
from tests.identity.match.people import BA_DINH, CAN_THO, HOAN_KIEM, MILLION, judged, record

from hoso.identity.match import Candidate, Policy, decide, default_model, explain
from hoso.identity.match.explain import _catalogue
from hoso.identity.match.levels import FIELDS
from hoso.identity.match.vetoes import CURES

AN: dict[str, Any] = {"name": "Nguyễn Văn An", "birth": "1980-03-15", "sex": "male"}


def of_person(arrival: Any, *records: Any) -> Any:
    return decide(arrival, [Candidate("p", records)], MILLION, default_model(), Policy())


def test_the_threshold_rises_by_one_bit_with_each_doubling_of_the_population() -> None:
    arrival = record(**AN, phone="0914273658")
    needed = [judged(arrival, arrival, population=n).needed for n in (1_000_000, 2_000_000, 100_000_000)]
    assert needed[1] - needed[0] == pytest.approx(1)
    assert needed[2] - needed[0] == pytest.approx(6.64, abs=0.01)


def test_every_record_of_a_person_helps() -> None:
    """The old record knows the phone, the new one the commune; the arrival has both."""
    arrival = record(**AN, phone="0914273658", place=HOAN_KIEM)
    old, new = record(**AN, phone="0914273658", place=CAN_THO), record(**AN, phone="0387000111", place=HOAN_KIEM)
    both = of_person(arrival, old, new)
    assert both.bits > max(of_person(arrival, old).bits, of_person(arrival, new).bits)
    assert both.outcome == "certain"


def test_a_record_that_contradicts_takes_bits_off_its_person() -> None:
    arrival = record(**AN, phone="0914273658")
    stranger = record("Lê Thị Bưởi", "1971-02-03", "female", phone="0914273658")
    alone, mixed = of_person(arrival, arrival), of_person(arrival, arrival, stranger, arrival)
    assert mixed.bits < alone.bits or mixed.standings[0].penalty == 0
    half = record("Nguyễn Văn An", "1962-11-09", "male", phone="0914273658")
    doubted = of_person(arrival, arrival, half)
    assert doubted.standings[0].penalty > 0
    assert doubted.bits < alone.bits


def test_two_records_cannot_lend_each_other_halves_of_a_name() -> None:
    arrival = record("Nguyễn Văn An", "1980-03-15", "male", phone="0914273658")
    halves = record("Nguyễn Thị Mai", "1980-03-15", "male"), record("Khổng Tiểu An", "1980-03-15", "male")
    decision = of_person(arrival, *halves)
    assert decision.standings[0].levels["middle"] == "different"


def test_nobody_to_compare_with_is_a_new_person() -> None:
    decision = decide(record(**AN), [], MILLION, default_model())
    assert (decision.outcome, decision.person, decision.bits, decision.standings) == ("new", None, -inf, ())


def test_a_person_set_apart_is_neither_offered_nor_a_rival() -> None:
    arrival = record(**AN, phone="0914273658", place=BA_DINH)
    decision = judged(arrival, arrival, arrival, apart={"p0"})
    assert (decision.outcome, decision.person, decision.margin) == ("certain", "p1", inf)
    assert decision.standings[-1].vetoes == ("apart",)


def test_a_person_deceased_before_the_visit_is_only_offered() -> None:
    arrival = record(**AN, phone="0914273658", place=BA_DINH)
    decision = judged(arrival, arrival, doubts={"p0": ("deceased",)})
    assert (decision.outcome, decision.vetoes, decision.settling) == ("possible", ("deceased",), ())


def test_the_facts_that_would_settle_a_doubt_are_named() -> None:
    bare, known = record(**AN), record(**AN, cccd="001080123456", phone="0914273658", place=BA_DINH)
    decision = judged(bare, known)
    assert decision.outcome == "possible"
    assert decision.settling[:2] == ("citizen", "insurance")
    assert {"phone", "place"} <= set(decision.settling)
    for field, fact in {"cccd": "001080123456", "phone": "0914273658", "place": BA_DINH}.items():
        assert judged(record(**AN, **{field: fact}), known).outcome == "certain"


def test_an_explanation_tells_bits_and_reasons_and_no_value_of_anybody() -> None:
    arrival = record("Nguyễn Văn An", "1980-07-21", "male", phone="0914273658", place=BA_DINH)
    decision = judged(arrival, record(**AN, phone="0914273658", place=BA_DINH))
    english, vietnamese = explain(decision, "en"), explain(decision, "vi")
    assert len(english) == len(vietnamese)
    assert any("the same birth year, another day and month (−" in line for line in english)
    assert any("cùng năm sinh, khác ngày và tháng (−" in line and "," in line for line in vietnamese)
    for value in ("An:", "Nguyễn", "nguyễn", "0914", "1980"):
        assert not any(value in line for line in (*english, *vietnamese))


def test_a_link_by_number_and_a_new_person_have_their_own_words() -> None:
    arrival = record(**AN, cccd="001080123456", verified=True)
    assert explain(judged(arrival, arrival), "en")[0].startswith("The same person: a verified number agrees")
    assert explain(judged(arrival), "vi") == ("Người mới: không có người nào đã biết đủ giống.",)


def test_everything_that_can_be_said_has_words_in_both_languages() -> None:
    catalogue = _catalogue()
    for field, levels in FIELDS.items():
        assert set(catalogue["fields"][field]) == set(levels[1:])
    assert set(CURES) <= set(catalogue["vetoes"])
    entries = [
        catalogue["line"],
        *(text for part in ("outcome", "facts", "vetoes") for text in catalogue[part].values()),
        *(text for field in catalogue["fields"].values() for text in field.values()),
    ]
    assert all(entry["en"] and entry["vi"] for entry in entries)


def test_a_number_that_many_persons_carry_is_nobodys_but_one_of_many_records_is() -> None:
    one = record(**AN, local="00000001")
    of_one = decide(one, [Candidate("p", (one,) * 50)], MILLION, default_model())
    assert (of_one.outcome, of_one.person) == ("certain", "p")
    others = [Candidate(f"q{n}", (record("Lê Thị Bưởi", f"197{n}-02-03", local="00000001"),)) for n in range(5)]
    of_many = decide(one, [Candidate("p", (one,)), *others], MILLION, default_model())
    assert "paper" not in of_many.fields
    assert of_many.outcome != "certain"
