"""A snooper is found and a busy doctor is not, on days made up by a seeded chance."""

from __future__ import annotations

import random
from datetime import date, timedelta
from zlib import crc32

from tests.access.audit.events import NOON, event, rows
from tests.access.audit.logs import SIGNER, clock, sealer

from hoso.access.audit.event import Event
from hoso.access.audit.log import AuditLog
from hoso.access.audit.unusual import Limits, unusual
from hoso.core.clock import from_ms
from hoso.store.record_store import RecordStore

DAY = 86_400_000
FIRST = from_ms(NOON).date()
LAST = FIRST + timedelta(days=20)


def looks(who: str, day: int, people: int, role: str = "nurse", **more: object) -> list[Event]:
    start = 1_000 * (crc32(f"{who} {day}".encode()) % 1_000)
    given = {"actor": f"user/{who}", "role": role, "channel": "screen", "kind": "view", **more}
    return [event(0, start + n + 1, time=NOON + day * DAY + n, **given) for n in range(people)]


def ward(days: int = 21) -> list[Event]:
    """Eight nurses with 6 to 14 people a day, two doctors with 15 and one with 70 to 90."""
    chance = random.Random(4)
    told = []
    for day in range(days):
        for n in range(8):
            told += looks(f"n{n}", day, chance.randint(6, 14))
        for n in range(2):
            told += looks(f"d{n}", day, chance.randint(10, 20), "doctor")
        told += looks("busy", day, chance.randint(70, 90), "doctor")
    return told


def found(events: list[Event], since: date = LAST, limits: Limits = Limits()) -> list[tuple[str, str, int]]:  # noqa: B008
    return [(one.worker.actor, one.measure, one.people) for one in unusual(events, since, limits)]


def test_an_ordinary_month_raises_no_question_not_even_about_the_busiest() -> None:
    assert found(ward(), FIRST + timedelta(days=7)) == []


def test_somebody_who_looks_at_two_hundred_people_a_night_is_found_with_what_is_usual() -> None:
    (one,) = unusual([*ward(), *looks("n3", 20, 200)], LAST, Limits())
    assert (one.worker.actor, one.measure, one.day) == ("user/n3", "seen", LAST)
    assert one.people >= 200 and one.usual is not None and one.peers is not None
    assert 6 <= one.usual <= 14 and 6 <= one.peers <= 14


def test_who_came_today_is_compared_with_colleagues() -> None:
    assert found([*ward(), *looks("new", 20, 60)]) == [("user/new", "seen", 60)]
    assert found([*ward(), *looks("new", 20, 14)]) == []


def test_looking_up_strangers_every_day_is_no_excuse() -> None:
    told = ward()
    for day in range(21):
        told += looks("n1", day, 12, kind="identify")
        for n in (2, 4, 5):
            told += looks(f"n{n}", day, 2, kind="identify")
    assert found(told) == [("user/n1", "strangers", 12)]
    refused = [*ward(), *looks("n1", 20, 15, outcome="denied")]
    assert found(refused) == [("user/n1", "strangers", 15)]


def test_machines_citizens_and_writes_are_not_asked_about() -> None:
    for more in ({"role": ""}, {"role": "citizen"}, {"channel": "sync"}, {"action": "U"}):
        assert found([*ward(), *looks("x", 20, 300, **{"role": "nurse", **more})]) == []  # type: ignore[arg-type]


def test_the_limits_are_the_operators() -> None:
    told = [*ward(), *looks("new", 20, 60)]
    assert found(told, limits=Limits(seen_least=61)) == []
    assert found(told, limits=Limits(times=30)) == []


def test_with_nothing_to_compare_with_nobody_is_accused() -> None:
    assert found(looks("alone", 20, 500)) == []


def test_the_log_gives_the_events_of_the_last_days(store: RecordStore) -> None:
    log = AuditLog(store, SIGNER, clock(20))
    store.record(rows([event(1, 1, time=NOON), event(2, 1, time=NOON + 19 * DAY), event(3, 2, time=NOON + 20 * DAY)]))
    sealer(store).settle()
    assert [one.request for one in log.since(NOON + 10 * DAY)] == ["r-3", "r-2"]
