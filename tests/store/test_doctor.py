"""The doctor finds what is wrong with a store, and a rebuilt index is the index that should be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from tests.store.checks import settled

from hoso.store import doctor, repair
from hoso.store.contract import Draft, Origin
from hoso.store.plan import TABLES
from hoso.store.record_store import RecordStore

ORIGIN = Origin("client/test", "SYSADMIN")


def people(first: int, number: int) -> list[Draft]:
    return [_person(n) for n in range(first, first + number)]


def _person(n: int) -> Draft:
    resource = {
        "resourceType": "Patient",
        "id": f"p{n}",
        "name": [{"family": "Đặng", "given": [f"Thị {n}"]}],
        "birthDate": "1980-01-02",
        "identifier": [{"system": "urn:test", "value": str(n)}],
        "managingOrganization": {"reference": f"Organization/o{n % 3}"},
        "communication": [{"language": {"text": "Tiếng Việt"}}],
    }
    body = f"""{{"resourceType":"Patient","id":"p{n}","name":[{{"family":"Đặng","given":["Thị {n}"]}}],
      "birthDate":"1980-01-02","identifier":[{{"system":"urn:test","value":"{n}"}}],
      "managingOrganization":{{"reference":"Organization/o{n % 3}"}},
      "communication":[{{"language":{{"text":"Tiếng Việt"}}}}]}}"""
    return Draft("PUT", "Patient", f"p{n}", body.encode(), resource)


def faults(store: RecordStore) -> dict[str, tuple[str, ...]]:
    return {finding.check: finding.faults for finding in doctor.examine(store) if not finding.ok}


@pytest.fixture
def filled(store: RecordStore) -> RecordStore:
    store.save(people(0, 30), ORIGIN)
    store.save(people(0, 5), ORIGIN)
    store.save([Draft("DELETE", "Patient", "p3", b"", None)], ORIGIN)
    settled(store)
    return store


def test_a_healthy_store_has_no_faults(filled: RecordStore) -> None:
    assert faults(filled) == {}


def test_every_check_looks_at_something(filled: RecordStore) -> None:
    looked_at = {finding.check: finding.looked_at for finding in doctor.examine(filled)}
    assert looked_at["chain"] == looked_at["log"] == 36
    assert looked_at["heads"] == 30
    assert all(looked_at[f"index.{table}"] for table in TABLES if table not in ("quantity", "relation", "consent"))


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE change SET actor = 'client/other' WHERE seq = (SELECT max(seq) FROM change)", "log"),
        ("DELETE FROM body WHERE seq = (SELECT min(seq) FROM body)", "log"),
        ("DELETE FROM feed WHERE number = 7", "chain"),
        ("UPDATE change SET digest = id WHERE seq = (SELECT min(seq) FROM change)", "chain"),
        ("DELETE FROM resource WHERE rid = (SELECT min(rid) FROM resource)", "heads"),
        ("UPDATE migration SET checksum = 'x'", "migrations"),
        ("DELETE FROM token WHERE rid = (SELECT max(rid) FROM token)", "index.token"),
        ("DELETE FROM string WHERE rid = (SELECT max(rid) FROM string)", "index.string"),
        ("DELETE FROM ref WHERE rid = (SELECT max(rid) FROM ref)", "index.ref"),
        ("UPDATE date SET low = low + 1 WHERE rid = (SELECT max(rid) FROM date)", "index.date"),
        ("INSERT INTO quantity (key, low, high, patient, rid, system, code, unit, part) "
         "VALUES (1, 1, 1, 1, 1, 0, 0, 0, 0)",
         "index.quantity"),
        ("UPDATE resource SET systems = 0 WHERE rid = (SELECT max(rid) FROM resource)", "index.resource"),
        ("DELETE FROM systems", "index.resource"),
        ("DELETE FROM texts", "index.resource"),
    ],
)  # fmt: skip
def test_damage_is_found(filled: RecordStore, damage: str, check: str) -> None:
    filled.engine.transact(lambda connection: connection.rows(damage))
    assert check in faults(filled)


@pytest.mark.parametrize("table", TABLES)
def test_a_rebuilt_index_is_whole_again(filled: RecordStore, table: str) -> None:
    def harm(connection: object) -> None:
        connection.rows(f"DELETE FROM {table} WHERE rid % 2 = 0")  # type: ignore[attr-defined]
        connection.rows("INSERT INTO date (key, low, high, patient, rid) VALUES (1, 2, 3, 4, 5)")  # type: ignore[attr-defined]
        connection.rows("DELETE FROM systems")  # type: ignore[attr-defined]
        connection.rows("DELETE FROM texts")  # type: ignore[attr-defined]
        connection.rows("UPDATE resource SET present = 0, date = 7, systems = 1, texts = 2 WHERE rid % 3 = 0")  # type: ignore[attr-defined]

    filled.engine.transact(harm)
    assert faults(filled)
    repair.rebuild(filled)
    assert faults(filled) == {}


def test_a_rebuild_while_others_write_leaves_a_healthy_store(filled: RecordStore) -> None:
    stop = threading.Event()

    def write() -> None:
        n = 100
        while not stop.is_set():
            filled.save(people(n, 3), ORIGIN)
            filled.save(people(n % 20, 2), ORIGIN)
            n += 3
            time.sleep(0.005)

    def harm(connection: object) -> None:
        connection.rows("DELETE FROM token WHERE rid % 3 = 0")  # type: ignore[attr-defined]
        connection.rows("INSERT INTO date (key, low, high, patient, rid) VALUES (1, 2, 3, 4, 5)")  # type: ignore[attr-defined]

    filled.engine.transact(harm)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            repair.rebuild(filled)
    finally:
        stop.set()
        writer.join()
    settled(filled)
    assert faults(filled) == {}


def test_an_index_made_from_nothing_is_the_index(filled: RecordStore, make_store: Callable[..., RecordStore]) -> None:
    def empty(connection: object) -> None:
        for table in TABLES:
            connection.rows(f"DELETE FROM {table}")  # type: ignore[attr-defined]

    filled.engine.transact(empty)
    repair.fill(filled)
    assert faults(filled) == {}


def test_a_row_that_stands_twice_is_found_and_stands_once_after_a_rebuild(filled: RecordStore) -> None:
    if filled.engine.reader().dialect == "sqlite":
        pytest.skip("its primary keys do not let it happen")
    filled.engine.transact(lambda connection: connection.rows("INSERT INTO token SELECT * FROM token"))
    assert "index.token" in faults(filled)
    repair.rebuild(filled)
    assert faults(filled) == {}
