"""Full disks, killed databases, locks, damage: a clean `Unavailable`, nothing half stored, recovery without hands."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests import postgres
from tests.store.checks import check
from tests.store.samples import WHO, observation, patient, put

from hoso.store.contract import StoreConfig, Unavailable
from hoso.store.opening import create_store, open_store
from hoso.store.postgres.connection import PostgresConnection
from hoso.store.record_store import RecordStore
from hoso.store.sqlite.engine import SqliteEngine

Make = Callable[[str], StoreConfig]

FULL_DISK = """
import resource, signal, sys
from hoso.store.contract import StoreConfig, Unavailable
from hoso.store.opening import open_store
from tests.store.checks import check
from tests.store.samples import WHO, patient, put
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = open_store(StoreConfig(sys.argv[1], bytes.fromhex(sys.argv[2]), "n"))
store.save([put(patient(), "before")], WHO)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
refused = 0
stored = []
for number in range(400):
    try:
        store.save([put(patient(), f"p{number}-{n}") for n in range(5)], WHO)
        stored.append(number)
    except Unavailable:
        refused += 1
        if refused > 3:
            break
assert refused > 3, "the disk never was full"
assert store.read("Patient", "before") is not None
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.save([put(patient(), "after")], WHO)
for number in stored:
    assert all(store.read("Patient", f"p{number}-{n}") for n in range(5))
assert len(check(store)) == 2 + 5 * len(stored)
store.close()
print("recovered")
"""


def test_a_full_disk_refuses_writes_and_the_store_recovers_by_itself(store_config: Make) -> None:
    config = store_config("sqlite")
    assert config.key is not None
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, config.url, config.key.hex()], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "recovered", done.stderr[-3_000:]


def test_a_killed_server_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    with postgres.running(fsync=True) as server, postgres.database(server.url) as url:
        create_store(StoreConfig(url, None, "n"))
        store = open_store(StoreConfig(url, None, "n"))
        store.save([put(patient(), "p")], WHO)
        server.stop(signal.SIGQUIT)
        with pytest.raises(Unavailable):
            store.read("Patient", "p")
        with pytest.raises(Unavailable):
            store.save([put(patient(), "q")], WHO)
        with pytest.raises(Unavailable):
            store.write(lambda t: t.save([put(patient(), "q")]), WHO)
        server.start()
        assert store.read("Patient", "p") is not None
        assert store.read("Patient", "q") is None
        store.save([put(patient(), "q")], WHO)
        assert len(check(store)) == 2
        store.close()


def test_a_killed_connection_is_mended_unseen(make_store: Callable[[str], RecordStore]) -> None:
    store = make_store("postgresql")
    other = make_store("postgresql")
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = ?"
    name = store.engine.reader().rows("SELECT current_database()")[0][0]
    for number in range(3):
        with postgres_connection(store) as admin:
            admin.rows(kill, (name,))
        store.save([put(patient(), f"p{number}"), put(observation(f"Patient/p{number}"), f"o{number}")], WHO)
        with postgres_connection(store) as admin:
            admin.rows(kill, (name,))
        assert store.write(lambda t, n=number: t.save([put(patient(), f"w{n}")])[0].version, WHO) == "1"  # type: ignore[misc]
        with postgres_connection(store) as admin:
            admin.rows(kill, (name,))
        assert store.read("Patient", f"w{number}") is not None
    assert len(check(store)) == 9
    assert len(check(other)) == 0


def postgres_connection(store: RecordStore) -> closing[PostgresConnection]:
    return closing(PostgresConnection(store.engine.url))  # type: ignore[attr-defined]


def test_a_flipped_byte_is_refused_not_read(store_config: Make) -> None:
    config = store_config("sqlite")
    store = open_store(config)
    for number in range(40):
        store.save([put(patient(f"Người {number}"), f"p{number}")], WHO)
    store.close()
    path = Path(config.url.removeprefix("sqlite:///"))
    data = bytearray(path.read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 + 2_000] ^= 1
    path.write_bytes(data)
    with pytest.raises(Unavailable):
        store = open_store(config)
        try:
            for number in range(40):
                store.read("Patient", f"p{number}")
        finally:
            store.close()


def test_nothing_of_a_record_stands_in_clear_on_the_disk(store_config: Make) -> None:
    config = store_config("sqlite")
    store = open_store(config)
    store.save([put(patient("Trần Thị Bí Mật", number="079999888777"), "p")], WHO)
    folder = Path(config.url.removeprefix("sqlite:///")).parent
    for moment in ("open", "closed"):
        for file in folder.iterdir():
            data = file.read_bytes()
            assert b"079999888777" not in data and "Mật".encode() not in data, (moment, file)
        if moment == "open":
            store.close()
    mode = Path(config.url.removeprefix("sqlite:///")).stat().st_mode
    assert mode & 0o077 == 0


def test_a_closed_store_says_so(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    store.close()
    with pytest.raises(Unavailable):
        store.read("Patient", "p")
    with pytest.raises(Unavailable):
        store.save([put(patient(), "p")], WHO)


def test_another_process_that_holds_the_lock_too_long_makes_writes_unavailable(
    store_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoso.store.sqlite.connection.BUSY_SECONDS", 0.2)
    config = store_config("sqlite")
    store = open_store(config)
    assert isinstance(store.engine, SqliteEngine)
    holder = store.engine._connect(1_000)
    holder.script("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        store.save([put(patient(), "p")], WHO)
    assert store.read("Patient", "p") is None
    holder.script("ROLLBACK")
    store.save([put(patient(), "p")], WHO)
    assert len(check(store)) == 1
    store.close()
