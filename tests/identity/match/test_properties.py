"""What must hold for any two records: symmetry, no dependence on order, more agreement never less evidence."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.identity.match.people import BA_DINH, CAN_THO, HOAN_KIEM, MILLION, judged, patient, record

from hoso.identity.match import (
    Candidate,
    Packed,
    Policy,
    compare,
    decide,
    default_model,
    keys,
    pack,
    packed,
    probes,
    unpack,
)
from hoso.identity.match.compare import hopeless
from hoso.identity.match.packed import PackedName, encode
from hoso.identity.match.score import score_person
from hoso.identity.match.writing import writing
from hoso.identity.normalise import normalise

NAMES = st.sampled_from(
    ["", "Nguyễn Văn An", "NGUYEN VAN AN", "An Nguyễn Văn", "Nguyễn An", "Nguyễn Văn Ân", "Trần Thị Hoa", "Trần Hoa",
     "Tran Thi Hoa", "Con bà Trần Thị Hoa", "Huỳnh Quốc Bảo", "Hoàng Quốc Bảo", "Y Khoa Niê Kđăm", "Nguyễn Văn",
     "Nguyễn Văn Ang", "Lê Sương", "Lê Xương", "Đặng", "Smith John"]
)  # fmt: skip
BIRTHS = st.sampled_from(
    ["", "1980", "1980-01-01", "1980-03-15", "1980-03-05", "1980-05-03", "1981-03-15", "1980-03", "2004-02-29"]
)
NUMBERS = st.sampled_from(["", "001080123456", "001080123457", "001180123456", "031204000001", "999999999999"])
PATIENTS = st.builds(
    patient,
    NAMES,
    BIRTHS,
    st.sampled_from(["", "male", "female"]),
    cccd=NUMBERS,
    verified=st.booleans(),
    bhxh=st.sampled_from(["", "0112345678", "0112345687", "7912300000"]),
    phone=st.sampled_from(["", "0914273658", "0914273685", "0387000111"]),
    place=st.sampled_from([None, BA_DINH, HOAN_KIEM, CAN_THO]),
    mother=st.sampled_from(["", "Trần Thị Hoa", "TRAN THI HOA", "Lê Mai"]),
    twin=st.sampled_from([0, 1, 2]),
    local=st.sampled_from(["", "A1", "A2"]),
    other_names=st.sampled_from([(), ("Nguyễn Văn Bình",)]),
)
RECORDS = PATIENTS.map(normalise).map(packed)


@settings(deadline=None)
@given(RECORDS, RECORDS)
def test_comparing_is_symmetric(a: Packed, b: Packed) -> None:
    assert compare(a, b) == compare(b, a)
    assert hopeless(a, b) == hopeless(b, a)
    model = default_model()
    assert score_person(a, [b], model, {}) == score_person(b, [a], model, {})
    assert writing(a, [b], model.rarity) == writing(b, [a], model.rarity)


@given(RECORDS, st.lists(st.lists(RECORDS, min_size=1, max_size=3), max_size=5), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_of_candidates_and_of_their_records_does_not_matter(
    arrival: Packed, people: list[list[Packed]], random: Random
) -> None:
    candidates = [Candidate(f"p{number}", tuple(records)) for number, records in enumerate(people)]
    mixed = [Candidate(name, tuple(random.sample(records, len(records)))) for name, records in candidates]
    random.shuffle(mixed)
    first, second = (decide(arrival, some, MILLION, default_model(), Policy()) for some in (candidates, mixed))
    assert (first.outcome, first.person, first.vetoes, first.settling) == (
        second.outcome,
        second.person,
        second.vetoes,
        second.settling,
    )
    assert first.bits == second.bits or abs(first.bits - second.bits) < 1e-9


@settings(deadline=None)
@given(RECORDS, RECORDS)
def test_packing_loses_nothing(a: Packed, b: Packed) -> None:
    assert unpack(encode(a)) == a
    assert compare(unpack(encode(a)), b) == compare(a, b)


AGREEING: dict[str, Any] = {
    "sex": "male",
    "cccd": "001080123456",
    "bhxh": "0112345678",
    "phone": "0914273658",
    "place": BA_DINH,
    "mother": "Trần Thị Hoa",
}


@settings(deadline=None)
@given(st.sets(st.sampled_from(sorted(AGREEING))), st.sampled_from(sorted(AGREEING)))
def test_one_more_agreeing_fact_never_weighs_less(known: set[str], more: str) -> None:
    base = {"name": "Nguyễn Văn An", "birth": "1980-03-15"}
    fewer = record(**base, **{key: AGREEING[key] for key in known})
    further = record(**base, **{key: AGREEING[key] for key in known | {more}})
    held = record(**base, **AGREEING)
    assert judged(further, held).bits >= judged(fewer, held).bits


@settings(deadline=None)
@given(RECORDS, RECORDS)
def test_name_and_birth_date_alone_never_link(a: Packed, b: Packed) -> None:
    bare = [_bare(record) for record in (a, b)]
    assert judged(bare[0], bare[1], population=1).outcome != "certain"


def _bare(record: Packed) -> Packed:
    return Packed(record.shape, record.names, record.birth, record.sex)


@settings(deadline=None)
@given(RECORDS, RECORDS)
def test_a_link_is_never_made_across_a_veto(a: Packed, b: Packed) -> None:
    decision = judged(a, b, population=1)
    if decision.outcome == "certain":
        assert decision.vetoes == ()
    assert judged(a, b, population=1, apart={"p0"}).outcome == "new"
    assert judged(a, b, population=1, doubts={"p0": ("deceased",)}).outcome != "certain"


@settings(deadline=None)
@given(RECORDS, RECORDS, st.integers(1, 200_000_000), st.integers(1, 200_000_000))
def test_more_people_never_make_a_link_easier(a: Packed, b: Packed, few: int, many: int) -> None:
    few, many = sorted((few, many))
    if judged(a, b, population=many).outcome == "certain":
        assert judged(a, b, population=few).outcome == "certain"


TEXTS = st.sampled_from(["", "An", "con bà", "\u0301", "0", "1980-13-45", "⁰¹²", "x" * 300, "Ñinh", "\u200b", "0914"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["text", "family", "given", "value"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PARTS = st.sampled_from(["name", "birthDate", "identifier", "telecom", "address", "gender", "contact", "extension"])


@given(st.dictionaries(PARTS, JSON, max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_patient_however_odd_stops_the_matcher(odd: dict[str, Any]) -> None:
    person = normalise(odd)
    found = unpack(pack(person))
    assert set(keys(person)) <= set(probes(person))
    judged(found, found, record("Nguyễn Văn An", "1980-03-15"))


def test_a_name_of_lone_surrogates_or_of_great_length_is_borne() -> None:
    for text in ("\ud800 An", "An " * 5000, "\x00"):
        person = normalise({"name": [{"text": text}]})
        unpack(pack(person))
        probes(person)


def test_packed_names_are_what_the_test_of_order_thinks() -> None:
    name = record("Nguyễn Văn An").names[0]
    assert isinstance(name, PackedName)
    assert (name.family, name.middle, name.given) == ("nguyễn", "văn", "an")
