"""Emergency access: one user, one patient, hours; what it may not open stays closed, and somebody looks at each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from tests.access.organisation.test_overseers import officer, overseers, place, save
from tests.access.test_telling import events
from tests.security.ward import DOCTOR, FOREIGN, NOW, SHOWN, Caller, asked_by, patient, staff, ward

from hoso.access import Actor, Scopes, Unavailable
from hoso.access.audit import PlainJournal
from hoso.access.audit.event import Event
from hoso.access.break_glass import LONGEST, BreakGlass, deadline
from hoso.access.errand import Errand
from hoso.access.grants import Grants
from hoso.access.policy.grounds import grounds
from hoso.access.policy.sight import Sight
from hoso.core.errors import Refused
from hoso.fhir.labels import bits, sealed
from hoso.store.audit import AuditRow
from hoso.store.grants import GrantTable
from hoso.store.record_store import RecordStore

WORDS = "bất tỉnh, không có người nhà đi cùng"
OFFICER = Errand(staff("po", "privacy-officer"), "HOPERAT", channel="screen")


FAMILY = (
    patient("p3", "Chi", "001180000003", "f2"),
    {
        "resourceType": "CareTeam", "id": "t3", "status": "active", "subject": {"reference": "Patient/p3"},
        "participant": [{"member": {"reference": "Practitioner/d1"}}],
    },
)  # fmt: skip
"""Somebody whom the doctor treats and the house does not."""


class Full(PlainJournal):
    """Of a disk that takes no more events."""

    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        raise Unavailable("the disk is full")


class Clockwork:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def doctor(store: RecordStore) -> Caller:
    made = ward(store, [*SHOWN, *FOREIGN])
    save(store, *officer("po", "f1"), *officer("po2", "f2"))
    return made


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork()


@pytest.fixture
def glass(doctor: Caller, store: RecordStore, clock: Clockwork) -> Iterator[BreakGlass]:
    numbers = count(1)
    yield BreakGlass(store, GrantTable(store.engine), clock, lambda: f"g{next(numbers)}", overseers(store, clock))


def errand(actor: Actor = DOCTOR) -> Errand:
    return Errand(actor, "TREAT", channel="screen")


def status(refused: pytest.ExceptionInfo[Refused]) -> int:
    return refused.value.status


def test_case_31_it_opens_one_patient_to_one_user_and_ends(
    glass: BreakGlass, doctor: Caller, store: RecordStore
) -> None:
    assert doctor("GET", "Patient/p2").status == 404
    opened = glass.open(errand(), "p2", "unconscious", WORDS)
    assert doctor("GET", "Patient/p2").status == 200
    assert doctor("GET", "Observation?patient=p2&_summary=count").json["total"] == 7
    colleague = asked_by(doctor, store, staff("d2", "doctor"))
    assert colleague("GET", "Patient/p2").status == 404
    late = asked_by(doctor, store, DOCTOR, NOW + LONGEST)
    assert late("GET", "Patient/p2").status == 404
    assert glass.close(errand(), opened.grant)
    assert doctor("GET", "Patient/p2").status == 404
    assert not glass.close(errand(), opened.grant)


def test_case_31_it_is_open_only_where_and_in_what_role_it_was_opened(
    glass: BreakGlass, doctor: Caller, store: RecordStore
) -> None:
    glass.open(errand(), "p2", "unconscious", WORDS)
    others = staff("d1", "pharmacist", practitioner="d1"), staff("d1", "doctor", "35009", practitioner="d1")
    for actor in others:
        assert glass.running(errand(actor), "p2") is None, "no page would say that it is open"
        assert asked_by(doctor, store, actor)("GET", "Patient/p2").status == 404
        found = asked_by(doctor, store, actor)("GET", "Patient?_summary=count").json["total"]
        assert found == (1 if actor.facility == "35001" else 0)
    assert glass.running(errand(), "p2") and doctor("GET", "Patient?_summary=count").json["total"] == 2


def test_an_emergency_is_opened_decided_and_closed_together_with_its_event(
    doctor: Caller, store: RecordStore, clock: Clockwork
) -> None:
    table = GrantTable(store.engine)
    glass = BreakGlass(store, table, clock, lambda: "g1", overseers(store, clock))
    before = len(events(store))
    glass.open(errand(), "p2", "unconscious", WORDS)
    assert glass.decide(OFFICER, "g1", "justified", WORDS) and not glass.decide(OFFICER, "g1", "referred", WORDS)
    assert glass.close(errand(), "g1") and not glass.close(errand(), "g1")
    told = [(one.kind, one.grant) for one in events(store)[before:]]
    assert told == [(f"break-glass{what}", "g1") for what in ("", "-decided", "-closed")]
    full = BreakGlass(store, table, clock, lambda: "g2", overseers(store, clock), Full(store))
    for act in (
        lambda: full.open(errand(), "p2", "unconscious", WORDS),
        lambda: full.decide(OFFICER, "g1", "referred", WORDS),
    ):
        with pytest.raises(Unavailable):
            act()
    assert table.grant("g2") is None and doctor("GET", "Patient/p2").status == 404


@pytest.mark.parametrize(
    ("asked", "reason", "words", "lasts", "expected"),
    [
        (errand(staff("r", "receptionist")), "unconscious", WORDS, LONGEST, 403),
        (errand(staff("p", "pharmacist")), "unconscious", WORDS, LONGEST, 403),
        (errand(Actor("client/x", Scopes.parse("system/*.cruds"))), "unconscious", WORDS, LONGEST, 403),
        (replace(errand(), channel="api", purpose="ETREAT"), "unconscious", WORDS, LONGEST, 403),
        (errand(), "because", WORDS, LONGEST, 422),
        (errand(), "unconscious", "  cấp cứu  ", LONGEST, 422),
        (errand(), "unconscious", " " * 40, LONGEST, 422),
        (errand(), "unconscious", WORDS, LONGEST + timedelta(seconds=1), 422),
        (errand(), "unconscious", WORDS, timedelta(0), 422),
    ],
    ids=["clerk", "pharmacist", "system", "api", "reason", "short", "blank", "long", "nothing"],
)
def test_case_31_what_does_not_open_it(
    glass: BreakGlass, doctor: Caller, asked: Errand, reason: str, words: str, lasts: timedelta, expected: int
) -> None:
    with pytest.raises(Refused) as refused:
        glass.open(asked, "p2", reason, words, lasts)
    assert status(refused) == expected
    assert doctor("GET", "Patient/p2").status == 404


def test_case_31_nobody_is_not_found(glass: BreakGlass) -> None:
    with pytest.raises(Refused) as refused:
        glass.open(errand(), "nobody", "unconscious", WORDS)
    assert status(refused) == 404


def test_case_31_what_is_sealed_is_opened_by_no_emergency(glass: BreakGlass, store: RecordStore) -> None:
    glass.open(errand(), "p2", "unconscious", WORDS)
    ask = Sight(store, errand(), NOW).ask("view")
    assert ask is not None
    opened = next(ground for ground in grounds(ask) if ground.name == "emergency")
    assert opened.cleared == set(bits()) - sealed()
    assert {"ART_DONOR", "HIV_SURVEILLANCE", "FETAL_SEX", "PRIVATE_NOTE"} == sealed()


def test_every_use_is_marked_and_the_officer_decides(glass: BreakGlass, clock: Clockwork, store: RecordStore) -> None:
    first = glass.open(errand(), "p2", "unconscious", WORDS)
    second = glass.open(errand(), "p1", "other", WORDS)
    glass.used(first.grant, "req", "Observation")
    glass.used(first.grant, "req", "Observation")
    assert GrantTable(store.engine).uses(first.grant) == [(int(NOW.timestamp() * 1000), "req", "Observation")]
    assert [(one.grant.id, one.overdue) for one in glass.queue(OFFICER)] == [("g2", False), ("g1", False)]
    clock.now = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    assert [one.overdue for one in glass.queue(OFFICER)] == [True, True]
    assert glass.decide(OFFICER, first.grant, "justified", "Bệnh nhân hôn mê, đã xác minh")
    assert not glass.decide(OFFICER, first.grant, "unjustified", "Bệnh nhân hôn mê, đã xác minh")
    assert [one.grant.id for one in glass.queue(OFFICER)] == [second.grant]
    month = glass.months(OFFICER, 2026, 11)["35001"]
    assert (month.opened, month.decided, month.late) == (2, 1, 2)
    assert month.by_reason == {"unconscious": 1, "other": 1} and month.by_outcome == {"justified": 1}
    assert glass.months(OFFICER, 2026, 12)["35001"].opened == 0


def test_only_the_officer_of_the_facility_looks_and_never_at_an_own_one(glass: BreakGlass) -> None:
    opened = glass.open(errand(), "p2", "unconscious", WORDS)
    elsewhere = replace(OFFICER, actor=staff("po2", "privacy-officer", "35002"))
    assert glass.queue(elsewhere) == []
    with pytest.raises(Refused) as refused:
        glass.decide(elsewhere, opened.grant, "justified", WORDS)
    assert status(refused) == 404
    with pytest.raises(Refused):
        glass.queue(errand())
    with pytest.raises(Refused):
        glass.queue(replace(OFFICER, actor=replace(OFFICER.actor, assurance="single")))
    with pytest.raises(Refused) as refused:
        glass.decide(replace(OFFICER, actor=replace(OFFICER.actor, id=DOCTOR.id)), opened.grant, "justified", WORDS)
    assert status(refused) == 403


def test_an_emergency_where_no_officer_can_sign_in_goes_up_the_tree(
    glass: BreakGlass, store: RecordStore, clock: Clockwork
) -> None:
    above = replace(OFFICER, actor=staff("po9", "privacy-officer", "SYT35"))
    save(store, place("SYT35"), *officer("po9", "SYT35"), {**place("35001", "SYT35"), "id": "f1"})
    opened = glass.open(errand(), "p2", "unconscious", WORDS)
    assert glass.queue(above) == [] and len(glass.queue(OFFICER)) == 1
    closed = BreakGlass(store, GrantTable(store.engine), clock, lambda: "g9", overseers(store, clock, shut={"po"}))
    assert [one.grant.id for one in closed.queue(above)] == [opened.grant]
    assert list(closed.months(above, 2026, 11)) == ["SYT35", "35001"]
    assert closed.delay(above, opened.grant, "domestic-violence") and len(closed.delayed(above)) == 1
    assert closed.decide(above, opened.grant, "justified", WORDS) and closed.queue(above) == []


def test_the_citizen_is_told_or_later_for_a_coded_reason_only(glass: BreakGlass) -> None:
    first, second = (glass.open(errand(), one, "unconscious", WORDS) for one in ("p1", "p2"))
    one, two = (Errand(staff("c", "citizen", "", person=person), "PATRQT") for person in ("p1", "p2"))

    def unread(citizen: Errand) -> list[str]:
        return [grant.id for grant, _ in glass.unread(citizen)]

    assert (unread(one), unread(two), unread(errand())) == ([first.grant], [second.grant], [])
    with pytest.raises(Refused):
        glass.delay(OFFICER, first.grant, "busy")
    assert glass.delay(OFFICER, first.grant, "domestic-violence")
    assert unread(one) == [] and not glass.read(one, first.grant)
    assert not glass.read(one, second.grant) and not glass.read(errand(), second.grant)
    assert glass.read(two, second.grant) and not glass.read(two, second.grant) and unread(two) == []
    assert not glass.delay(OFFICER, second.grant, "domestic-violence")
    elsewhere = replace(OFFICER, actor=staff("po2", "privacy-officer", "35002"))
    assert [grant.id for grant, _ in glass.delayed(OFFICER)] == [first.grant] and glass.delayed(elsewhere) == []
    with pytest.raises(Refused) as refused:
        glass.release(elsewhere, first.grant)
    assert status(refused) == 404
    assert glass.release(OFFICER, first.grant) and unread(one) == [first.grant] and glass.delayed(OFFICER) == []
    assert glass.read(one, first.grant)


@pytest.mark.parametrize(
    ("opened", "ends"),
    [
        (datetime(2026, 11, 26, 3, tzinfo=UTC), datetime(2026, 12, 1, 17, tzinfo=UTC)),  # Thursday: Fri, Mon, Tue
        (datetime(2026, 11, 27, 18, tzinfo=UTC), datetime(2026, 12, 2, 17, tzinfo=UTC)),  # Saturday in Vietnam
    ],
    ids=["over-a-weekend", "on-a-saturday"],
)
def test_the_deadline_is_the_end_of_the_third_working_day(opened: datetime, ends: datetime) -> None:
    assert deadline(opened) == ends


def test_a_code_is_used_once_and_in_time(doctor: Caller, store: RecordStore, clock: Clockwork) -> None:
    numbers, table = count(1), GrantTable(store.engine)
    grants = Grants(store, table, clock, lambda: f"c{next(numbers)}", lambda: f"secret-{next(numbers)}")
    citizen = Errand(staff("c", "citizen", "", person="p2"), "PATRQT")
    offered = grants.offer(citizen, "grant", timedelta(days=1))
    grant = grants.redeem(errand(), offered.code)
    assert doctor("GET", "Patient/p2").status == 200
    for code in (offered.code, "secret-99", ""):
        with pytest.raises(Refused) as refused:
            grants.redeem(errand(), code)
        assert status(refused) == 404
    assert not grants.take_back(errand(staff("d2", "doctor")), grant.id)
    assert grants.take_back(citizen, grant.id)
    assert doctor("GET", "Patient/p2").status == 404
    late = grants.offer(citizen, "grant", timedelta(days=1))
    clock.now = NOW + timedelta(minutes=15)
    with pytest.raises(Refused):
        grants.redeem(errand(), late.code)
    with pytest.raises(Refused):
        grants.offer(errand(), "grant", timedelta(days=1))


def test_a_colleague_is_handed_only_whom_one_is_tied_to(doctor: Caller, store: RecordStore, clock: Clockwork) -> None:
    numbers = count(1)
    grants = Grants(store, GrantTable(store.engine), clock, lambda: f"c{next(numbers)}", lambda: "unused")
    save(store, *FAMILY)
    other, moved = (asked_by(doctor, store, staff("d3", "doctor", facility)) for facility in ("35001", "35002"))
    assert doctor("GET", "Patient/p3").status == 200
    assert (other("GET", "Patient/p3").status, moved("GET", "Patient/p3").status) == (404, 404)
    grants.delegate(errand(), "p3", "user/d3")
    assert (other("GET", "Patient/p3").status, moved("GET", "Patient/p3").status) == (200, 404)
    for stranger in ("p2", "nobody"):
        with pytest.raises(Refused) as refused:
            grants.delegate(errand(), stranger, "user/d3")
        assert status(refused) == 404
