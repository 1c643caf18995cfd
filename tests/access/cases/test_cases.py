"""A case from the asking to the end, by the clock: whose it is, when it is late, and what granting it does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import orjson
import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, clock, sealer
from tests.access.organisation.test_overseers import officer, overseers, save
from tests.api.caller import Caller
from tests.security.ward import FOREIGN, NOW, SHOWN, patient, staff, ward

from hoso.access import Actor, Errand, Records
from hoso.access.audit.event import read
from hoso.access.audit.log import AuditLog
from hoso.access.cases.cases import COPY_LASTS, MOST_OPEN, RETAINED, Case, Cases
from hoso.access.citizen.looks import Looks
from hoso.access.citizen.wishes import Wishes
from hoso.access.policy.scopes import scopes
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.cases import CaseTable
from hoso.store.grants import GrantTable
from hoso.store.record_store import RecordStore

WORDS = "Tôi chưa từng đến cơ sở này"
ANSWER = "Chúng tôi đã xem lại và trả lời"
OFFICER = Errand(staff("po", "privacy-officer"), "HOPERAT", channel="screen")
AWAY = replace(OFFICER, actor=staff("po2", "privacy-officer", "35002"))
DAY = timedelta(days=1)


class Clockwork:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at() -> Clockwork:
    return Clockwork()


@pytest.fixture
def cases(store: RecordStore, at: Clockwork) -> Cases:
    ward(store, [*SHOWN, *FOREIGN])
    save(store, *officer("po", "f1"), *officer("po2", "f2"))
    log = AuditLog(store, SIGNER, clock())
    looks = Looks(store, store.engine, GrantTable(store.engine), log, at)
    records, numbers = Records(store, at), count(1)
    wishes = Wishes(store, records)
    return Cases(
        store,
        CaseTable(store.engine),
        records,
        looks,
        wishes,
        overseers(store, at),
        log.journal,
        at,
        lambda: f"case-{next(numbers)}",
    )


def citizen(person: str = "p1") -> Errand:
    return Errand(Actor(f"user/c-{person}", scopes("citizen"), "citizen", person=person, assurance="single"), "PATRQT")


@pytest.fixture
def look(store: RecordStore, cases: Cases) -> Callable[..., int]:
    def told(**fields: object) -> int:
        rid = store.people.rids(["p1"])["p1"]
        store.record(rows([event(1, rid, **{"actor": "user/d1", "facility": "35001", **fields})]))
        sealer(store).settle()
        return audit.size(store.engine.reader()) - 1

    return told


def status(call: Callable[[], object]) -> int:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.status


def states(cases: Cases, errand: Errand = OFFICER) -> list[tuple[str, str, bool]]:
    return [(case.row.id, case.state, case.overdue) for case in cases.queue(errand)]


def test_it_belongs_to_the_facility_that_looked_and_goes_late_by_the_clock(
    cases: Cases, look: Callable[..., int], at: Clockwork
) -> None:
    case = cases.ask_about(citizen(), look(), WORDS)
    assert states(cases) == [("case-1", "open", False)] and states(cases, AWAY) == []
    assert status(lambda: cases.case(AWAY, case.row.id)) == status(lambda: cases.case(OFFICER, "none")) == 404
    at.now = NOW + 8 * DAY
    assert states(cases) == [("case-1", "open", True)] and cases.queue(OFFICER)[0].unacknowledged
    assert status(lambda: cases.extend(OFFICER, "case-1", ANSWER)) == 409
    assert cases.answer(OFFICER, "case-1", "proper", ANSWER)
    assert not cases.answer(OFFICER, "case-1", "improper", ANSWER)
    assert states(cases) == [("case-1", "answered", False)]
    assert cases.close(OFFICER, "case-1") and not cases.close(OFFICER, "case-1") and states(cases) == []


def test_overdue_ones_come_first_and_those_of_no_facility_are_everybodys(cases: Cases, at: Clockwork) -> None:
    for kind, facility in (("erasure", ""), ("restriction", ""), ("access", "35001"), ("correction", "35002")):
        cases.request(citizen(), kind, facility, WORDS)
    assert [id for id, _, _ in states(cases)] == ["case-3", "case-2", "case-1"]
    assert [id for id, _, _ in states(cases, AWAY)] == ["case-4", "case-2", "case-1"]
    at.now = NOW + 12 * DAY
    assert states(cases)[0] == ("case-3", "open", True)


def test_it_is_extended_once_and_others_who_have_to_be_asked_take_longer(cases: Cases) -> None:
    plain = cases.request(citizen(), "access", "35001", WORDS)
    assert cases.acknowledge(OFFICER, plain.row.id, third=True) and not cases.acknowledge(OFFICER, plain.row.id)
    longer = cases.case(OFFICER, plain.row.id)
    assert longer.row.due - plain.row.due == 5 * 86_400_000
    assert cases.extend(OFFICER, plain.row.id, ANSWER) and not cases.extend(OFFICER, plain.row.id, ANSWER)
    last = cases.case(OFFICER, plain.row.id)
    assert last.row.due - longer.row.due == 15 * 86_400_000 and last.row.extension == ANSWER


@pytest.mark.parametrize(
    "errand",
    [
        Errand(staff("d1", "doctor"), "TREAT"), citizen(), Errand(Actor("node/x"), "SYSADMIN"),
        replace(OFFICER, actor=replace(OFFICER.actor, assurance="single")),
        replace(OFFICER, actor=replace(OFFICER.actor, facility="")),
    ],
)  # fmt: skip
def test_only_an_officer_with_two_factors_answers(cases: Cases, errand: Errand) -> None:
    id = cases.request(citizen(), "correction", "35001", WORDS).row.id
    for call in (
        lambda: cases.queue(errand),
        lambda: cases.acknowledge(errand, id),
        lambda: cases.extend(errand, id, ANSWER),
        lambda: cases.answer(errand, id, "fulfilled", ANSWER),
        lambda: cases.close(errand, id),
    ):
        assert status(call) == 403
    assert states(cases) == [(id, "open", False)]


def test_nobody_answers_for_a_look_of_their_own(cases: Cases, look: Callable[..., int]) -> None:
    cases.ask_about(citizen(), look(actor="user/po", role="privacy-officer"), WORDS)
    assert status(lambda: cases.answer(OFFICER, "case-1", "proper", ANSWER)) == 403
    colleague = replace(OFFICER, actor=staff("po9", "privacy-officer"))
    assert cases.answer(colleague, "case-1", "proper", ANSWER)


def test_of_two_answers_at_once_one_counts(cases: Cases) -> None:
    cases.request(citizen(), "correction", "35001", WORDS)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(cases.answer, OFFICER, "case-1", "fulfilled", f"{ANSWER} {n}") for n in range(4)]
    assert [one.result() for one in answers].count(True) == 1


def test_pressed_at_once_it_is_asked_once(cases: Cases, look: Callable[..., int]) -> None:
    seq = look()
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(cases.ask_about, citizen(), seq, WORDS) for _ in range(4)]
    assert len({one.result().row.id for one in made}) == 1 and len(cases.own(citizen())) == 1


def test_a_citizen_asks_no_more_than_can_be_answered(cases: Cases, look: Callable[..., int]) -> None:
    for _ in range(MOST_OPEN):
        cases.ask_about(citizen(), look(), WORDS)
    assert status(lambda: cases.request(citizen(), "access", "", WORDS)) == 422
    assert cases.end(citizen(), "case-1") and not cases.end(citizen(), "case-1")
    assert cases.request(citizen(), "access", "", WORDS).state == "open"


def test_a_copy_is_there_when_granted_and_for_a_while(cases: Cases, at: Clockwork) -> None:
    id = cases.request(citizen(), "access", "35001", WORDS).row.id
    assert status(lambda: cases.copy(citizen(), id)) == 404
    cases.answer(OFFICER, id, "fulfilled", ANSWER)
    names = {f"{one.type}/{one.id}" for one in cases.copy(citizen(), id)}
    assert {"Patient/p1", "Encounter/e1", "Observation/o1"} <= names and not {n for n in names if "x" in n or "p2" in n}
    assert status(lambda: cases.copy(citizen("p2"), id)) == 404
    at.now = NOW + COPY_LASTS
    assert status(lambda: cases.copy(citizen(), id)) == 404


def test_a_refused_copy_is_not_there(cases: Cases) -> None:
    id = cases.request(citizen(), "access", "35001", WORDS).row.id
    cases.answer(OFFICER, id, "refused", ANSWER)
    assert status(lambda: cases.copy(citizen(), id)) == 404


@pytest.mark.parametrize(
    ("died", "waits"), [(None, False), ("2020-03-04", False), ("1996", False), ("1995-12-31", True), ("1990", True)]
)
def test_erasing_is_refused_until_the_retention_is_over(
    cases: Cases, store: RecordStore, died: str | None, waits: bool
) -> None:
    body = patient("p1", "An", "001180000001") | ({"deceasedDateTime": died} if died else {})
    assert Caller(store)("PUT", "Patient/p1", body | {"birthDate": "1930-01-01"}).status == 200
    case = cases.request(citizen(), "erasure", "35001", WORDS)
    assert (case.state, case.row.answer) == (("open", None) if waits else ("answered", RETAINED))


def test_a_granted_restriction_is_a_consent(cases: Cases, store: RecordStore) -> None:
    id = cases.request(citizen(), "restriction", "35001", WORDS).row.id
    cases.answer(OFFICER, id, "fulfilled", ANSWER)
    (consent,) = (orjson.loads(v.body) for v in store.everything("p1", _everything(), types=("Consent",)))
    assert {one["code"] for one in consent["provision"]["purpose"]} == {"HRESCH", "PUBHLTH"}


def _everything() -> object:
    from hoso.store.visible import Visible

    return Visible(frozenset({"Consent"}))


def test_every_step_is_told_and_a_step_that_was_none_is_not(cases: Cases, store: RecordStore) -> None:
    before = _kinds(store)
    case: Case = cases.request(citizen(), "correction", "35001", WORDS)
    cases.acknowledge(OFFICER, case.row.id)
    cases.acknowledge(OFFICER, case.row.id)
    cases.extend(OFFICER, case.row.id, ANSWER)
    cases.answer(OFFICER, case.row.id, "fulfilled", ANSWER)
    cases.answer(OFFICER, case.row.id, "fulfilled", ANSWER)
    cases.close(OFFICER, case.row.id)
    cases.end(citizen(), case.row.id)
    told = _kinds(store)[len(before) :]
    assert [kind for kind in told if kind.startswith("case-")] == [
        "case-opened", "case-acknowledged", "case-extended", "case-answered", "case-closed",
    ]  # fmt: skip


def _kinds(store: RecordStore) -> list[str]:
    store.engine.gather()
    found = store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")
    return [read(bytes(text)).kind for (text,) in found]


def test_a_case_where_nobody_oversees_is_answered_by_who_does_above_or_anywhere(
    cases: Cases, store: RecordStore
) -> None:
    save(store, *officer("po", "f1", active=False))
    cases.request(citizen(), "access", "35001", WORDS)
    assert states(cases, AWAY) == [("case-1", "open", False)]
    assert cases.acknowledge(AWAY, "case-1")
    save(store, *officer("po", "f1"))
    assert states(cases, AWAY) == [] and status(lambda: cases.case(AWAY, "case-1")) == 404
