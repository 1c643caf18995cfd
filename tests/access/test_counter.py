"""At the counter: who somebody is, by a sure number or a whole name and birth date, and the visit that begins."""

from __future__ import annotations

import pytest
from tests.access.test_telling import since
from tests.security.ward import DOCTOR, FOREIGN, NOW, SHOWN, Caller, asked_by, staff, ward

from hoso.access import Actor, Errand, Records, Scopes
from hoso.access.audit import PlainJournal
from hoso.access.counter import Counter
from hoso.core.errors import Refused
from hoso.store.record_store import RecordStore


@pytest.fixture
def doctor(store: RecordStore) -> Caller:
    return ward(store, [*SHOWN, *FOREIGN])


@pytest.fixture
def counter(doctor: Caller, store: RecordStore) -> Counter:
    return Counter(store, Records(store, lambda: NOW), PlainJournal(store))


def errand(actor: Actor = DOCTOR) -> Errand:
    return Errand(actor, "TREAT", channel="screen")


def test_a_sure_number_says_who_it_is_and_no_more(counter: Counter, doctor: Caller, store: RecordStore) -> None:
    assert doctor("GET", "Patient/p2").status == 404
    (one,) = counter.by_number(errand(), ["001180000002"])
    assert (one.record, one.name, one.sex, one.born) == ("p2", "Binh", one.sex, one.born)
    assert "001180000002" not in repr(one) and doctor("GET", "Patient/p2").status == 404
    assert counter.by_number(errand(), ["001180000009"]) == []


def test_a_name_counts_only_whole_and_with_the_whole_birth_date(counter: Counter) -> None:
    (one,) = counter.by_number(errand(), ["001180000002"])
    assert [found.record for found in counter.by_name(errand(), "bình", one.born)] == ["p2"]
    assert counter.by_name(errand(), "Bin", one.born) == []
    assert counter.by_name(errand(), "Binh", "1901-01-01") == []


def test_every_time_it_is_told(counter: Counter, store: RecordStore) -> None:
    (event,) = since(store, lambda: counter.by_number(errand(), ["001180000002"]))
    assert (event.kind, event.what, event.actor) == ("identify", "identifier=001180000002", DOCTOR.id)
    assert event.patient == store.people.rids(["p2"])["p2"]
    (none,) = since(store, lambda: counter.by_number(errand(), ["001180000009"]))
    assert none.patient == 0


def test_a_visit_begun_here_is_the_relationship(counter: Counter, doctor: Caller, store: RecordStore) -> None:
    told = since(store, lambda: counter.receive(errand(), "p2"))
    assert [(one.kind, one.reason) for one in told] == [("create", "visit begun by doctor")]
    assert doctor("GET", "Patient/p2").status == 200
    assert doctor("GET", "Observation?patient=p2&_summary=count").json["total"] == 7
    elsewhere = asked_by(doctor, store, Actor("user/d9", DOCTOR.scopes, "doctor", "f9", assurance="single"))
    assert elsewhere("GET", "Patient/p2").status == 404


@pytest.mark.parametrize(
    ("actor", "status"),
    [
        (staff("a", "auditor"), 403),
        (staff("n", "national-health"), 403),
        (staff("p", "pharmacist"), 403),
        (Actor("client/x", Scopes.parse("system/*.cruds")), 403),
        (Actor("user/d3", DOCTOR.scopes, "doctor", "", assurance="single"), 422),
    ],
)
def test_only_who_receives_people_begins_a_visit(counter: Counter, actor: Actor, status: int) -> None:
    with pytest.raises(Refused) as refused:
        counter.receive(errand(actor), "p2")
    assert refused.value.status == status


def test_nobody_is_received_who_is_not_there(counter: Counter) -> None:
    with pytest.raises(Refused) as refused:
        counter.receive(errand(), "nobody")
    assert refused.value.status == 404


@pytest.mark.parametrize("typed", ["", ",", "$", "|", "\\", "a" * 600, "'; DROP TABLE key; --"])
def test_nonsense_names_nobody(counter: Counter, typed: str) -> None:
    assert counter.by_name(errand(), typed or "x", "1980-01-01") == []
    if typed:
        assert counter.by_number(errand(), [typed]) == []
