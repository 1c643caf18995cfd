"""On SQLite what is told by itself waits in a file; the next write has it before its own, once, whatever happened."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from hoso.store import audit, rotating
from hoso.store.audit import AuditRow
from hoso.store.connection import Connection
from hoso.store.contract import StoreConfig, Unavailable
from hoso.store.opening import open_store
from hoso.store.record_store import RecordStore
from hoso.store.sqlite import inbox
from hoso.store.sqlite.engine import SqliteEngine
from hoso.store.sqlite.inbox import Inbox

KEY = bytes(range(32))


@pytest.fixture
def config(store_config: Callable[[str], StoreConfig]) -> StoreConfig:
    return store_config("sqlite")


@pytest.fixture
def store(config: StoreConfig) -> Iterator[RecordStore]:
    opened = open_store(config)
    yield opened
    opened.close()


def row(number: int) -> AuditRow:
    return AuditRow(number.to_bytes(16, "big"), f"event {number}".encode())


def there(store: RecordStore) -> list[bytes]:
    """What the database has."""
    return [bytes(text) for (text,) in store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")]


def texts(*numbers: int) -> list[bytes]:
    return [row(number).bytes for number in numbers]


def files(config: StoreConfig) -> list[Path]:
    return sorted(Path(config.url.removeprefix("sqlite:///") + inbox.ENDING).iterdir())


def die(store: RecordStore) -> None:
    """As a kill does: nothing is taken along, and the files are nobody's."""
    engine = store.engine
    assert isinstance(engine, SqliteEngine)
    engine._inbox.close()
    engine._inbox.waits = lambda connection: False  # type: ignore[method-assign]


def test_what_was_told_comes_before_the_write_that_follows(store: RecordStore) -> None:
    store.record([row(1), row(2)])
    store.record([row(3)])
    assert there(store) == []

    def work(connection: Connection) -> None:
        audit.insert(connection, [row(4)])

    store.engine.transact(work)
    assert there(store) == texts(1, 2, 3, 4)
    store.engine.gather()
    assert there(store) == texts(1, 2, 3, 4)


def test_processes_tell_beside_each_other_in_the_order_of_time(store: RecordStore, config: StoreConfig) -> None:
    other = open_store(config)
    for number in range(6):
        (store, other)[number % 2].record([row(number)])
    other.engine.gather()
    assert there(store) == texts(*range(6))
    other.close()


def test_a_write_that_fails_takes_nothing_along(store: RecordStore) -> None:
    store.record([row(1)])

    def work(connection: Connection) -> None:
        raise Unavailable("a disk failed")

    with pytest.raises(Unavailable):
        store.engine.transact(work)
    assert there(store) == []
    store.engine.gather()
    assert there(store) == texts(1)


def test_a_killed_process_leaves_its_events_to_the_next(store: RecordStore, config: StoreConfig) -> None:
    other = open_store(config)
    other.record([row(1)])
    die(other)
    other.close()
    store.engine.gather()
    assert there(store) == texts(1) and len(files(config)) == 1
    store.engine.transact(lambda connection: None)
    assert there(store) == texts(1) and files(config) == []
    assert store.engine.reader().rows("SELECT * FROM audit_taken") == []


def test_a_node_that_was_stopped_has_all_in_its_database(config: StoreConfig) -> None:
    first = open_store(config)
    first.record([row(1)])
    first.close()
    again = open_store(config)
    assert there(again) == texts(1)
    again.close()


def test_a_new_key_of_the_database_takes_along_what_a_kill_left(config: StoreConfig) -> None:
    first = open_store(config)
    first.record([row(1)])
    die(first)
    first.close()
    file, key = Path(config.url.removeprefix("sqlite:///")), bytes(range(1, 33))
    rotating.rekey(file, KEY, key)
    file.with_name(file.name + rotating.ENDING).replace(file)
    again = open_store(replace(config, key=key))
    assert there(again) == texts(1)
    again.engine.transact(lambda connection: None)
    assert there(again) == texts(1) and files(config) == []
    again.close()


@pytest.mark.parametrize("cut", [1, 30])
def test_what_a_crash_cut_off_is_kept_aside_and_said(
    store: RecordStore, config: StoreConfig, caplog: pytest.LogCaptureFixture, cut: int
) -> None:
    other = open_store(config)
    other.record([row(1)])
    (file,) = files(config)
    end = len(file.read_bytes().rstrip(b"\0"))
    other.record([row(2)])
    die(other)
    other.close()
    handle = os.open(file, os.O_RDWR)
    os.pwrite(handle, bytes(200), end + inbox.LENGTH + cut)
    os.close(handle)
    with caplog.at_level(logging.WARNING):
        store.engine.gather()
        store.engine.transact(lambda connection: None)
    assert there(store) == texts(1)
    assert [one.suffix for one in files(config)] == [".torn"] and "cut off" in caplog.text


def test_nothing_told_stands_in_clear_on_the_disk(store: RecordStore, config: StoreConfig) -> None:
    store.record([row(7)])
    (file,) = files(config)
    assert row(7).bytes not in file.read_bytes()
    assert file.stat().st_mode & 0o77 == 0 and file.parent.stat().st_mode & 0o77 == 0


def test_a_file_of_which_all_was_taken_is_used_again(
    store: RecordStore, config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ROOM", 400)
    for number in range(40):
        store.record([row(number)])
        store.engine.gather()
    assert len(files(config)) <= 2
    assert there(store) == texts(*range(40))
    for number in range(40, 60):
        store.record([row(number)])
    assert len(files(config)) > 3
    store.engine.gather()
    assert there(store) == texts(*range(60))


def test_when_nothing_is_taken_along_any_more_telling_is_refused(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "ROOM", 200)
    monkeypatch.setattr(inbox, "MOST_FILES", 3)
    told = 0
    with pytest.raises(Unavailable):
        for told in range(100):
            store.record([row(told)])
    assert 3 <= told < 100
    store.engine.gather()
    store.record([row(100)])
    store.engine.gather()
    assert there(store) == texts(*range(told), 100)


def test_what_is_larger_than_a_file_gets_one_that_holds_it(store: RecordStore) -> None:
    large = AuditRow(bytes(16), os.urandom(inbox.ROOM + 5))
    store.record([large])
    store.engine.gather()
    store.record([row(1)])
    store.engine.gather()
    assert there(store) == [large.bytes, row(1).bytes]


def test_a_folder_that_cannot_be_made_is_an_unavailable_log(store: RecordStore, tmp_path: Path) -> None:
    (tmp_path / f"hoso.db{inbox.ENDING}").write_bytes(b"in the way")
    with pytest.raises(Unavailable):
        Inbox(tmp_path / "hoso.db", KEY).add([row(1)], lambda: nullcontext(store.engine.reader()))
