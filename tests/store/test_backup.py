"""A backup is one moment of a store, and what is restored from it is that moment on either engine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.checks import settled
from tests.store.test_doctor import ORIGIN, faults, people

from hoso.store import StoreConfig, backup, open_store, repair
from hoso.store.audit import AuditRow
from hoso.store.backup import Backup, Damaged, Settings
from hoso.store.guides import Definition, GuideTable
from hoso.store.record_store import RecordStore

KEY = bytes(range(32))
SETTINGS = Settings("test-node", "0", {"config.toml": b"x"})


def nothing(number: int) -> None:
    """No progress to show."""


def restored(file: Path, config: StoreConfig, made: list[RecordStore]) -> tuple[RecordStore, Backup]:
    kept = Backup(file, KEY)
    first = open_store(config)
    backup.restore(kept, first, nothing)
    first.close()
    store = open_store(config)
    made.append(store)
    repair.fill(store)
    return store, kept


@pytest.fixture
def made() -> object:
    stores: list[RecordStore] = []
    yield stores
    for store in stores:
        store.close()


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restore_gives_back_every_version_on_either_engine(
    store: RecordStore, target: str, tmp_path: Path, store_config: Callable[[str], StoreConfig], made: list[RecordStore]
) -> None:
    store.save(people(0, 40), ORIGIN)
    store.save(people(0, 10), ORIGIN)
    settled(store)
    guides = [Definition("ValueSet", f"urn:v{n}", "1", "a.tgz", b'{"n":%d}' % n) for n in range(3)]
    GuideTable(store.engine).put(guides)
    backup.write(store, tmp_path / "b", KEY, SETTINGS, nothing)
    again, kept = restored(tmp_path / "b", store_config(target), made)
    assert backup.proven(kept, again) == []
    assert faults(again) == {}
    assert GuideTable(again.engine).all() == guides
    assert GuideTable(again.engine).put(guides) == (0, 3)
    assert kept.manifest.settings == {"config.toml": b"x"}
    for n in range(40):
        assert again.read("Patient", f"p{n}").body == store.read("Patient", f"p{n}").body  # type: ignore[union-attr]
    assert again.vread("Patient", "p3", "1").body == store.vread("Patient", "p3", "1").body  # type: ignore[union-attr]


def test_a_restored_store_goes_on_in_an_epoch_of_its_own(
    store: RecordStore, engine: str, tmp_path: Path, store_config: Callable[[str], StoreConfig], made: list[RecordStore]
) -> None:
    store.save(people(0, 3), ORIGIN)
    settled(store)
    backup.write(store, tmp_path / "b", KEY, SETTINGS, nothing)
    config = store_config(engine)
    again, _ = restored(tmp_path / "b", config, made)
    epoch = backup.open_epoch(again)
    later = open_store(config)
    made.append(later)
    (saved,) = later.save(people(1, 1), ORIGIN)
    (fresh,) = later.save(people(9, 1), ORIGIN)
    assert saved.version == f"2-{epoch[:6]}" and fresh.version == f"1-{epoch[:6]}"
    settled(later)
    assert faults(later) == {}


def test_a_backup_while_others_write_is_one_moment(
    store: RecordStore, tmp_path: Path, store_config: Callable[[str], StoreConfig], made: list[RecordStore]
) -> None:
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            store.save(people(n, 4), ORIGIN)
            n += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup.write(store, tmp_path / f"b{number}", KEY, SETTINGS, nothing)
    finally:
        stop.set()
        writer.join()
    engine = store.engine.reader().dialect
    again, _ = restored(tmp_path / "b2", store_config(engine), made)
    settled(again)
    assert faults(again) == {}


def test_a_backup_opens_only_with_its_key_and_unchanged(store: RecordStore, tmp_path: Path) -> None:
    store.save(people(0, 3), ORIGIN)
    file = tmp_path / "b"
    backup.write(store, file, KEY, SETTINGS, nothing)
    assert b"Patient" not in file.read_bytes()
    with pytest.raises(Damaged):
        Backup(file, bytes(32))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(Damaged):
        kept = Backup(file, KEY)
        for name in backup.TABLES:
            list(kept.parts(name))


def test_a_store_with_records_is_not_overwritten(store: RecordStore, tmp_path: Path) -> None:
    store.save(people(0, 1), ORIGIN)
    backup.write(store, tmp_path / "b", KEY, SETTINGS, nothing)
    with pytest.raises(Damaged):
        backup.restore(Backup(tmp_path / "b", KEY), store, nothing)


def test_a_backup_that_counts_an_empty_table_of_before_is_restored(
    store: RecordStore, tmp_path: Path, store_config: Callable[[str], StoreConfig], made: list[RecordStore]
) -> None:
    store.record([AuditRow(bytes(16), b"told")])
    backup.write(store, tmp_path / "b", KEY, SETTINGS, nothing)
    again, kept = restored(tmp_path / "b", store_config("sqlite"), made)
    kept.manifest.counts["audit_watched"] = 0
    assert backup.proven(kept, again) == []
    assert kept.manifest.counts["audit_event"] == 1  # what waited beside the database came along
