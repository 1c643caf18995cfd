"""The log of a person from page to page: nothing twice, nothing left out, nobody else's, and no page reads it all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from tests.access.audit.events import NOON, event, rows
from tests.access.audit.logs import SIGNER, clock, sealer
from tests.access.organisation.test_overseers import overseers
from tests.security.ward import FOREIGN, NOW, SHOWN, staff, ward

from hoso.access import Actor, Errand
from hoso.access.audit.event import Event
from hoso.access.audit.journal import PlainJournal
from hoso.access.audit.log import AuditLog
from hoso.access.break_glass import BreakGlass
from hoso.access.citizen import looks as module
from hoso.access.citizen.looks import Looked, Looks
from hoso.access.policy.scopes import scopes
from hoso.access.trail import Asked, Trail
from hoso.core.errors import Refused
from hoso.store import audit
from hoso.store.grants import GrantTable
from hoso.store.record_store import RecordStore

DAY = 86_400_000


def citizen(person: str, name: str = "c1") -> Errand:
    return Errand(Actor(f"user/{name}", scopes("citizen"), "citizen", person=person, assurance="single"), "PATRQT")


@pytest.fixture
def rid(store: RecordStore) -> int:
    ward(store, [*SHOWN, *FOREIGN])
    return store.people.rids(["p1"])["p1"]


@pytest.fixture
def looks(store: RecordStore, rid: int) -> Looks:
    return Looks(store, store.engine, GrantTable(store.engine), AuditLog(store, SIGNER, clock()), lambda: NOW)


@pytest.fixture
def told(store: RecordStore) -> Callable[..., None]:
    def tell(*events: Event) -> None:
        store.record(rows(list(events)))
        sealer(store).settle()

    return tell


def pages(looks: Looks, errand: Errand, **asked: object) -> list[Looked]:
    found, before = [], None
    while True:
        page = looks.page(errand, before, **asked)  # type: ignore[arg-type]
        found.append(page)
        if (before := page.before) is None:
            return found


def test_page_after_page_everything_comes_once(
    looks: Looks, rid: int, told: Callable[..., None], store: RecordStore
) -> None:
    other = store.people.rids(["p2"])["p2"]
    days = [event(n, rid if n % 2 else other, time=NOON + n * DAY, actor=f"user/x{n}") for n in range(200)]
    told(*days)
    found = pages(looks, citizen("p1"))
    actors = [line.actor for page in found for line in page.lines if line.actor.startswith("user/x")]
    assert actors == [f"user/x{n}" for n in range(199, 0, -2)] and len(found) == 3


def test_a_day_of_machines_does_not_end_the_way(
    looks: Looks, rid: int, told: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told(event(0, rid, actor="user/first"), *(event(n, rid, role="", actor="client/his") for n in range(1, 60)))
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 25)
    found = pages(looks, citizen("p1"))
    assert len(found) >= 3 and "user/first" in [line.actor for page in found for line in page.lines]


def test_a_year_is_found_without_going_through_the_others(
    looks: Looks, rid: int, told: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = {year: int(datetime(year, 6, 1, tzinfo=UTC).timestamp() * 1000) for year in (2027, 2028, 2029)}
    told(*(event(n, rid, time=noon[year] + n, actor=f"user/y{year}") for year in noon for n in range(300)))
    read: list[int] = []
    real = audit.of_patient

    def counted(*given: object) -> object:
        found = real(*given)  # type: ignore[arg-type]
        read.append(len(found))
        return found

    monkeypatch.setattr(audit, "of_patient", counted)
    (page,) = pages(looks, citizen("p1"), year=2028)
    assert {line.actor for line in page.lines} == {"user/y2028"} and page.lines[0].times == 300
    assert {2027, 2028, 2029} <= set(page.years) and sum(read) < 600


@pytest.mark.parametrize(
    "errand",
    [
        Errand(staff("d1", "doctor"), "TREAT"), Errand(staff("po", "privacy-officer"), "HOPERAT"),
        citizen(""), citizen("nobody"), Errand(Actor("node/x"), "SYSADMIN"),
    ],
)  # fmt: skip
def test_the_log_is_nobody_elses(looks: Looks, errand: Errand) -> None:
    with pytest.raises(Refused) as refused:
        looks.page(errand)
    assert refused.value.status == 403


def test_an_event_of_somebody_else_is_not_there(
    looks: Looks, rid: int, told: Callable[..., None], store: RecordStore
) -> None:
    told(event(1, rid), event(2, store.people.rids(["p2"])["p2"]), event(3, 0))
    last = audit.size(store.engine.reader()) - 1
    assert [looks.event(citizen("p1"), seq) is not None for seq in (last - 2, last - 1, last, last + 1, 10**18)] == [
        True, False, False, False, False,
    ]  # fmt: skip


def test_emergencies_are_found_alone_and_a_delayed_one_is_not_told_of(
    looks: Looks, rid: int, told: Callable[..., None], store: RecordStore
) -> None:
    numbers = iter(("g1", "g2"))
    glass = BreakGlass(store, GrantTable(store.engine), lambda: NOW, lambda: next(numbers), overseers(store))
    doctor = Errand(staff("d7", "doctor"), "TREAT", channel="screen")
    opened = glass.open(doctor, "p1", "unconscious", "bất tỉnh, không người nhà đi cùng")
    at = int(NOW.timestamp() * 1000)
    told(
        event(1, rid, time=at + 1, actor="user/d7", grant=opened.grant, reason="unconscious: x"),
        event(2, rid, time=at + 2, actor="user/d8"),
        event(3, rid, time=at - 60_000, actor="user/d7", kind="identify", action="E"),
    )
    only = looks.page(citizen("p1"), emergencies=True).lines
    assert {line.actor for line in only} == {"user/d7"} and all(line.emergency for line in only)
    assert looks.page(citizen("p1"), emergencies=True, year=2025).lines == []
    officer = Errand(staff("po", "privacy-officer"), "HOPERAT", channel="screen")
    glass.delay(officer, opened.grant, "domestic-violence")
    everything = [line for page in pages(looks, citizen("p1")) for line in page.lines]
    assert "user/d7" not in {line.actor for line in everything} and "user/d8" in {line.actor for line in everything}
    assert looks.page(citizen("p1"), emergencies=True).lines == []
    trail = Trail(store, PlainJournal(store), lambda: NOW, str(SIGNER.verifier), overseers(store), looks.withheld)
    apps = trail.search(citizen("p1"), Asked(count=500)).entries
    assert "user/d8" in {one.event.actor for one in apps} and "user/d7" not in {one.event.actor for one in apps}
    last = audit.size(store.engine.reader()) - 1
    assert all(trail.read(citizen("p1"), one.seq) is not None for one in apps)
    assert all(
        found is None or found.actor != "user/d7"
        for found in (looks.event(citizen("p1"), seq) for seq in range(last + 1))
    )
