"""History of a record, a type and the system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.store.samples import WHO, delete, observation, patient, put

from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.store.contract import Version
from hoso.store.record_store import RecordStore
from hoso.store.visible import Visible


class Ticking:
    """A clock that goes on by a second with every look."""

    def __init__(self) -> None:
        self.now = from_ms(1_000_000)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def filled(engine: str, make_store: Callable[..., RecordStore]) -> RecordStore:
    """Changes at 1,001 s, 1,002 s … 1,006 s."""
    store = make_store(engine, clock=Ticking())
    store.save([put(patient(), "p")], WHO)
    store.save([put(observation(), "o")], WHO)
    store.save([put(patient(), "p")], WHO)
    store.save([put(observation(), "o2")], WHO)
    store.save([delete("Observation", "o")], WHO)
    store.save([put(patient(), "p")], WHO)
    return store


def names(versions: object) -> list[str]:
    return [f"{v.id}.{v.version}" for v in versions]  # type: ignore[attr-defined]


def test_history_is_newest_first_on_every_level(filled: RecordStore) -> None:
    assert names(filled.history("Patient", "p").versions) == ["p.3", "p.2", "p.1"]
    assert names(filled.history("Observation").versions) == ["o.2", "o2.1", "o.1"]
    assert names(filled.history().versions) == ["p.3", "o.2", "o2.1", "p.2", "o.1", "p.1"]
    assert filled.history("Patient", "p").total == 3
    deleted = filled.history("Observation", "o").versions[0]
    assert deleted.deleted and deleted.body == b"" and deleted.method == "DELETE"


def test_since_and_at_choose_by_time(filled: RecordStore) -> None:
    assert names(filled.history(since=1_004_000).versions) == ["p.3", "o.2", "o2.1"]
    assert names(filled.history("Patient", "p", at=(1_004_000, 1_004_001)).versions) == ["p.2"]
    assert names(filled.history(at=(1_002_500, 1_003_500)).versions) == ["p.2", "o.1", "p.1"]
    assert names(filled.history("Patient", "p", at=(0, 1_000_000)).versions) == []


def test_only_what_may_be_seen_is_listed(filled: RecordStore) -> None:
    some = Visible(frozenset({"Observation"}))
    assert names(filled.history(visible=some).versions) == ["o.2", "o2.1", "o.1"]
    assert names(filled.history("Patient", "p", visible=some).versions) == []
    assert filled.history("Patient", "p", visible=some).total == 0
    assert names(filled.history(types=["Patient"]).versions) == ["p.3", "p.2", "p.1"]
    assert names(filled.history(visible=Visible()).versions) == []


@pytest.mark.parametrize("of", [(None, None), ("Patient", None), ("Patient", "p")])
def test_pages_neither_lose_nor_repeat_while_others_write(
    store: RecordStore, of: tuple[str | None, str | None]
) -> None:
    for _ in range(7):
        store.save([put(patient(), "p"), put(patient(), "q")], WHO)
    expected = names(store.history(*of).versions)
    found: list[Version] = []
    cursor = None
    while True:
        page = store.history(*of, count=3, cursor=cursor)
        found.extend(page.versions)
        store.save([put(patient(), "p")], WHO)
        cursor = page.cursor
        if cursor is None:
            break
    assert names(found) == expected


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.x", "1.2; DROP TABLE change", "9" * 60 + ".1"])
def test_a_cursor_that_is_none_is_refused(store: RecordStore, cursor: str) -> None:
    with pytest.raises(Refused) as refused:
        store.history(cursor=cursor)
    assert refused.value.status == 400
