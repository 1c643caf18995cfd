"""While the database takes no events they wait on a second device, whole, unread by others, and none is lost."""

from __future__ import annotations

import stat
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, clock, size

from hoso.access.audit.journal import PlainJournal
from hoso.access.audit.log import AuditLog
from hoso.access.audit.spool import Spoiled, Spool
from hoso.access.audit.verify import verify
from hoso.store.audit import AuditRow
from hoso.store.contract import Unavailable
from hoso.store.record_store import RecordStore

KEY = bytes(range(32))
ROWS = rows([event(n, n) for n in range(20)])


def drained(spool: Spool) -> list[AuditRow]:
    found: list[AuditRow] = []
    spool.drain(found.extend)
    return found


def test_what_was_added_comes_out_once_and_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, KEY)
    assert not spool.waits() and drained(spool) == []
    spool.add(ROWS[:5])
    Spool(tmp_path, KEY).add(ROWS[5:])
    assert spool.waits() and drained(spool) == ROWS
    assert not spool.waits() and drained(spool) == []


def test_it_is_the_owners_alone_and_says_nothing_to_a_thief(tmp_path: Path) -> None:
    Spool(tmp_path, KEY).add(ROWS)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"Observation" not in file.read_bytes() and ROWS[0].bytes not in file.read_bytes()
    with pytest.raises(Spoiled):
        drained(Spool(tmp_path, bytes(32)))


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path, KEY)
    spool.add(ROWS[:2])
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for cut in range(1, len(whole) // 2):
        file.write_bytes(whole[:-cut])
        spool.add(ROWS[5:6])
        assert drained(spool) == [ROWS[0], ROWS[5]]
        file.write_bytes(whole)


def test_a_changed_line_is_kept_for_a_person_to_look_at(tmp_path: Path) -> None:
    spool = Spool(tmp_path, KEY)
    spool.add(ROWS)
    (file,) = tmp_path.iterdir()
    data = bytearray(file.read_bytes())
    data[40] ^= 1
    file.write_bytes(data)
    with pytest.raises(Spoiled):
        drained(spool)
    assert file.read_bytes() == bytes(data)


def test_nothing_is_forgotten_before_it_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, KEY)
    spool.add(ROWS)

    def full(rows: Sequence[AuditRow]) -> None:
        raise Unavailable("disk full")

    with pytest.raises(Unavailable):
        spool.drain(full)
    assert drained(spool) == ROWS


def test_many_add_while_it_is_brought_in(tmp_path: Path) -> None:
    kept: list[AuditRow] = []
    gate = threading.Lock()

    def add(row: AuditRow) -> None:
        Spool(tmp_path, KEY).add([row])

    def bring() -> None:
        with gate:
            Spool(tmp_path, KEY).drain(kept.extend)

    threads = [threading.Thread(target=add, args=(row,)) for row in ROWS]
    threads += [threading.Thread(target=bring) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bring()
    assert sorted(kept) == sorted(ROWS)


class _Full:
    """A store whose database takes no events at the moment."""

    def __init__(self, store: RecordStore) -> None:
        self._store, self.full = store, True

    def record(self, events: Sequence[AuditRow]) -> None:
        if self.full:
            raise Unavailable("database or disk is full")
        self._store.record(events)


def test_events_wait_while_the_database_is_full_and_are_sealed_later(store: RecordStore, tmp_path: Path) -> None:
    spool, full = Spool(tmp_path, KEY), _Full(store)
    journal = PlainJournal(full, spool=spool)  # type: ignore[arg-type]
    journal.tell([event(1, 1), event(2, 2)])
    log = AuditLog(store, SIGNER, clock(), spool=spool)
    assert size(store) == 0 and spool.waits()
    assert log.drain() == 2 and log.drain() == 0
    full.full = False
    journal.tell([event(3, 1)])
    log.sealer.settle()
    assert verify(store.engine.reader(), SIGNER.verifier).size == 3


def test_without_a_second_device_or_when_it_fails_too_nothing_is_shown(store: RecordStore, tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        PlainJournal(_Full(store)).tell([event(1, 1)])  # type: ignore[arg-type]
    gone = Spool(tmp_path / "gone", KEY)
    with pytest.raises(Unavailable):
        PlainJournal(_Full(store), spool=gone).tell([event(1, 1)])  # type: ignore[arg-type]


def test_what_an_emergency_shows_waits_in_memory_when_no_disk_takes_it(store: RecordStore, tmp_path: Path) -> None:
    full, gone = _Full(store), Spool(tmp_path / "gone", KEY)
    journal = PlainJournal(full, spool=gone)  # type: ignore[arg-type]
    opened = msgspec.structs.replace(event(1, 1), grant="g1")
    journal.tell([opened, opened])
    with pytest.raises(Unavailable):
        journal.tell([opened, event(2, 2)])
    with pytest.raises(Unavailable):
        journal.settle()
    full.full = False
    assert journal.settle() == 2 and journal.settle() == 0
    AuditLog(store, SIGNER, clock()).sealer.settle()
    assert verify(store.engine.reader(), SIGNER.verifier).size == 2


def test_memory_has_an_end_and_then_nothing_more_is_shown(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.access.audit.journal.MOST_HELD", 3)
    journal = PlainJournal(_Full(store))  # type: ignore[arg-type]
    opened = msgspec.structs.replace(event(1, 1), grant="g1")
    journal.tell([opened, opened])
    with pytest.raises(Unavailable):
        journal.tell([opened, opened])
    journal.tell([opened])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_that_is_full_takes_nothing(store: RecordStore, tmp_path: Path) -> None:
    (tmp_path / "audit.spool").symlink_to("/dev/full")
    with pytest.raises(Unavailable):
        PlainJournal(_Full(store), spool=Spool(tmp_path, KEY)).tell([event(1, 1)])  # type: ignore[arg-type]
