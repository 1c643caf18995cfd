"""While a node serves, records that wait get their person; each day what is new is looked at and some links drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.identity.people import Office, observation, two
from tests.identity.test_arrive import Node, codes, patient

from hoso.access.records import Records
from hoso.core import Refused, system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.rounds import Rounds
from hoso.store.jobs import Jobs
from hoso.store.record_store import RecordStore


class Time:
    """A clock that a test moves; it begins now, so that what is stored is of the past."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(hour=19, minute=0) + timedelta(days=1)  # 02:00 in Viet Nam

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_records_of_a_station_get_their_persons_once_there_are_codes(store: RecordStore, time: Time) -> None:
    node, leased = Node(store), False
    giving = codes()

    def lease(number: int) -> list[str]:
        if not leased or number > 3:  # the end of a lease has none to spare
            raise Refused.because(409, "conflict", "code.no-lease")
        return list(giving(number))

    arrivals = Arrivals(node.matching, lease, system_clock)
    node.records = Records(store, system_clock, arrivals)
    for number in range(3):
        node.put(patient(f"r{number}", name=f"Lê Văn Người {number}"))
    rounds = Rounds(node.records, arrivals, Jobs(store.engine), time, 0)
    until_done(rounds)
    leased = True
    until_done(rounds)
    assert node.groups() == [], "it was looked at just now"
    time.now += timedelta(minutes=2)
    until_done(rounds)
    assert node.groups() == [["r0"], ["r1"], ["r2"]]
    assert Jobs(store.engine).claim(int(time.now.timestamp() * 1000) + 10**9) == []


def test_each_day_what_is_new_is_looked_at_once_and_links_are_drawn(store: RecordStore, time: Time) -> None:
    office = Office(store)
    two(office)
    office.write(blood("o1", "a", "A"))
    office.write(blood("o2", "a2", "B"))
    rounds = Rounds(office.records, Arrivals(office.matching, codes(), system_clock), Jobs(store.engine), time, 3)
    time.now = datetime.now(UTC) + timedelta(hours=1)
    steps = until_done(rounds)
    causes = [cause(task) for task in office.all("Task")]
    assert steps and sorted(causes) == ["contradiction", "sample"]
    assert until_done(rounds) == 0, "the day's round is done"
    time.now += timedelta(days=1)
    until_done(rounds)
    assert sorted(cause(task) for task in office.all("Task")) == sorted(causes), "nothing new was found"


def blood(id: str, of: str, group: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "882-1"}]}
    return observation(id, of, code=code, valueString=f"Nhóm máu {group}")


def cause(task: dict[str, Any]) -> str:
    return str(task["code"]["coding"][0]["code"])


def until_done(rounds: Rounds) -> int:
    steps = 0
    while rounds.step():
        steps += 1
    return steps
