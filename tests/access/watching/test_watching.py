"""Unusual reading is found while a node serves, kept, shown to the officer who answers, and decided with a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

import pytest
from tests.access.audit.events import NOON, event, rows
from tests.access.audit.logs import SIGNER, sealer
from tests.access.organisation.test_overseers import officer, overseers, place, save
from tests.security.ward import staff

from hoso.access.audit.log import AuditLog
from hoso.access.errand import Errand
from hoso.access.watching.round import Round
from hoso.access.watching.watch import PAGE, Watch
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.store.record_store import RecordStore
from hoso.store.unusual import UnusualTable

DAY = 86_400_000
TODAY = from_ms(NOON + 20 * DAY)
OFFICER = Errand(staff("po", "privacy-officer", "01001"), "HOPERAT", channel="screen")
ABOVE = Errand(staff("po2", "privacy-officer", "SYT01"), "HOPERAT", channel="screen")
WHY = "Điều dưỡng trực cấp cứu hàng loạt, có biên bản"


class Clockwork:
    now = TODAY

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def at() -> Clockwork:
    return Clockwork()


def tell(store: RecordStore, who: str, day: int, people: int, first: int = 0) -> None:
    given = {"actor": f"user/{who}", "role": "nurse", "channel": "screen"}
    told = [event(n, n + 1, time=NOON + day * DAY + n, **given) for n in range(first, first + people)]
    store.record(rows(told))
    sealer(store).settle()


@pytest.fixture
def log(store: RecordStore, at: Clockwork) -> AuditLog:
    save(store, place("SYT01"), place("01001", "SYT01"), *officer("po", "01001"), *officer("po2", "SYT01"))
    for day in range(12, 20):
        for who in ("n1", "n2", "n3"):
            tell(store, who, day, 9)
    tell(store, "n1", 20, 45)
    return AuditLog(store, SIGNER, at)


@pytest.fixture
def watch(store: RecordStore, log: AuditLog, at: Clockwork) -> Watch:
    return Watch(UnusualTable(store.engine), overseers(store, at), log.journal, at)


def going(store: RecordStore, log: AuditLog, at: Clockwork) -> Round:
    numbers = count(1)
    return Round(log, UnusualTable(store.engine), at, lambda: f"u{at.now:%d%H}{next(numbers)}")


def found(watch: Watch, errand: Errand = OFFICER) -> list[tuple[str, int, str | None]]:
    return [(row.actor, row.people, row.outcome) for row in watch.queue(errand).rows]


def test_a_finding_grows_with_the_day_and_says_whom(
    watch: Watch, store: RecordStore, log: AuditLog, at: Clockwork
) -> None:
    looking = going(store, log, at)
    assert looking.step() is False
    assert found(watch) == [("user/n1", 45, None)] and watch.waiting(OFFICER) == 1
    tell(store, "n1", 20, 5, first=45)
    looking.step()
    assert found(watch) == [("user/n1", 50, None)]
    (row,) = watch.queue(OFFICER).rows
    assert (row.usual, row.peers, row.facility, row.measure) == (9.0, 9.0, "01001", "seen")
    pages = [watch.people(OFFICER, row.id, page) for page in (1, 2, 3, 99)]
    assert [len(numbers) for numbers, _, _ in pages] == [PAGE, PAGE, 10, 10] and pages[3][1:] == (3, 3)
    assert {number for numbers, _, _ in pages for number in numbers} == set(range(1, 51))
    assert found(watch, ABOVE) == []


def test_a_process_that_begins_anew_finds_nothing_twice_and_forgets_nothing(
    watch: Watch, store: RecordStore, log: AuditLog, at: Clockwork
) -> None:
    going(store, log, at).step()
    (row,) = watch.queue(OFFICER).rows
    assert watch.decide(OFFICER, row.id, "justified", WHY)
    again = going(store, log, at)
    again.step()
    again.step()
    assert found(watch) == [("user/n1", 45, "justified")] and watch.waiting(OFFICER) == 0
    at.now += timedelta(days=1)
    tell(store, "n2", 21, 40)
    again.step()
    assert found(watch) == [("user/n2", 40, None), ("user/n1", 45, "justified")]
    going(store, log, at).step()
    assert found(watch) == [("user/n2", 40, None), ("user/n1", 45, "justified")]


def test_the_decision_has_a_reason_is_told_and_is_nobodys_own(
    watch: Watch, store: RecordStore, log: AuditLog, at: Clockwork
) -> None:
    going(store, log, at).step()
    (row,) = watch.queue(OFFICER).rows

    def refused(errand: Errand, outcome: str = "justified", words: str = WHY, id: str = row.id) -> int:
        with pytest.raises(Refused) as trouble:
            watch.decide(errand, id, outcome, words)
        return trouble.value.status

    assert refused(OFFICER, outcome="fine") == refused(OFFICER, words="  ok ") == 422
    assert refused(ABOVE) == refused(OFFICER, id="nothing") == refused(OFFICER, id="\0") == 404
    assert refused(Errand(staff("n1", "privacy-officer", "01001"), "HOPERAT")) == 403
    assert refused(Errand(staff("d1", "doctor", "01001"), "TREAT")) == 403
    assert watch.decide(OFFICER, row.id, "unjustified", WHY) and not watch.decide(OFFICER, row.id, "justified", WHY)
    kept = watch.finding(OFFICER, row.id)
    assert (kept.officer, kept.outcome, kept.words) == ("user/po", "unjustified", WHY)
    sealer(store).settle()
    told = [one for _, one in log.events() if one and one.kind == "unusual-decided"]
    assert [(one.actor, one.patient, one.what) for one in told] == [
        ("user/po", 0, f"user/n1 {row.id} unjustified"),
    ]  # fmt: skip


def test_where_no_officer_can_sign_in_the_one_above_is_asked(
    watch: Watch, store: RecordStore, log: AuditLog, at: Clockwork
) -> None:
    going(store, log, at).step()
    left = Watch(UnusualTable(store.engine), overseers(store, at, shut={"po"}), log.journal, at)
    assert found(left, ABOVE) == [("user/n1", 45, None)] and left.waiting(ABOVE) == 1


def test_an_officer_of_few_pages_gets_the_last_one(watch: Watch, store: RecordStore, log: AuditLog) -> None:
    sheet = watch.queue(OFFICER, 10**6)
    assert (sheet.rows, sheet.page, sheet.pages, sheet.open) == ([], 1, 1, 0)
