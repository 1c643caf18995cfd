"""Any change to the log is found, and where; thousands of random ones, and each kind of what an insider might try."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, TABLES, fill, sealer, size, spoil, unguarded

from hoso.access.audit import leaf
from hoso.access.audit.note import COSIGNATURE, Signer
from hoso.access.audit.verify import Fault, Verified, verify
from hoso.store import audit
from hoso.store.connection import Connection
from hoso.store.record_store import RecordStore

CHANGES = int(os.environ.get("HOSO_TEST_CHANGES", "3000"))
WITNESS = Signer.of("witness.test", bytes(range(1, 33)), COSIGNATURE)


def look(store: RecordStore) -> Verified:
    return verify(store.engine.reader(), SIGNER.verifier, [WITNESS.verifier])


def test_a_sound_log_is_found_sound(store: RecordStore) -> None:
    fill(store, 1_200)
    found = look(store)
    assert (found.size, found.patients, found.maps, found.waiting, found.erased) == (1_201, 8, 1, 0, 0)


def test_an_empty_log_is_sound(store: RecordStore) -> None:
    assert look(store).size == 0


def test_events_that_wait_are_told(store: RecordStore) -> None:
    fill(store, 10)
    store.record(rows([event(1, 1)]))
    store.engine.gather()
    assert look(store).waiting == 1


class _Undone(Exception):
    pass


@contextmanager
def spoiled(connection: Connection, sql: str, values: tuple[object, ...]) -> Iterator[None]:
    connection.rows("SAVEPOINT change")
    connection.rows(sql, values)
    yield
    connection.rows("ROLLBACK TO change")


def test_each_of_thousands_of_one_byte_changes_is_found(store: RecordStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a log that is small enough to be looked through for each; all inside one transaction that is undone."""
    fill(store, 290, patients=12)
    dice, kinds = random.Random(4), set()
    from hoso.access.audit import verify as module

    @contextmanager
    def here(connection: Connection) -> Iterator[None]:
        yield

    monkeypatch.setattr(module, "snapshot", here)

    def work(connection: Any) -> None:
        unguarded(connection)
        rows = [
            (table, column, dict(zip(columns, row, strict=True)))
            for table, columns in TABLES.items()
            for row in connection.rows(f"SELECT {', '.join(columns)} FROM {table}")
            for column in columns
        ]
        for _ in range(CHANGES):
            table, column, row = dice.choice(rows)
            if dice.random() < 0.1:  # the small tables get their share
                table, column, row = dice.choice([one for one in rows if one[0] not in ("audit_event", "audit_seal")])
            other = changed(row[column], dice)
            key = [name for name in TABLES[table][: 2 if table == "audit_node" else 1]]
            where = " AND ".join(f"{name} = ?" for name in key)
            taken = column in key and any(one[0] == table and one[2][column] == other for one in rows)
            if taken:
                continue
            sql = f"UPDATE {table} SET {column} = ? WHERE {where}"
            try:
                with spoiled(connection, sql, (other, *(row[name] for name in key))):
                    with pytest.raises(Fault):
                        verify(connection, SIGNER.verifier)
                    kinds.add((table, column))
            except Exception as error:
                if "nique" not in str(error) and "UNIQUE" not in str(error) and type(error).__name__ != "Race":
                    raise
                connection.rows("ROLLBACK TO change")
        raise _Undone

    with pytest.raises(_Undone):
        store.engine.transact(work)
    assert kinds == {(table, column) for table, columns in TABLES.items() for column in columns}
    assert look(store).size == 291


def changed(value: object, dice: random.Random) -> object:
    """The value with one byte of it changed."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(0, 30))
    if isinstance(value, str):
        place = dice.randrange(len(value))
        return value[:place] + chr((ord(value[place]) + dice.randrange(1, 90)) % 127 or 1) + value[place + 1 :]
    data = bytearray(value)  # type: ignore[call-overload]
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def refound(store: RecordStore, place: str) -> None:
    with pytest.raises(Fault) as found:
        look(store)
    assert found.value.place == place, found.value


def test_the_place_of_a_changed_event_is_told(store: RecordStore) -> None:
    fill(store, 500)
    row = audit.sealed(store.engine.reader(), 313, 1)[0]
    text = (row.bytes or b"").replace(b"doctor", b"doktor")
    spoil(store, ("UPDATE audit_event SET bytes = ? WHERE id = ?", (text, row.event)))
    refound(store, "event 313")


def test_a_missing_event_is_told(store: RecordStore) -> None:
    fill(store, 50)
    row = audit.sealed(store.engine.reader(), 20, 1)[0]
    spoil(store, ("DELETE FROM audit_event WHERE id = ?", (row.event,)))
    refound(store, "event 20")


def test_an_event_missing_with_its_leaf_is_told(store: RecordStore) -> None:
    fill(store, 50)
    row = audit.sealed(store.engine.reader(), 20, 1)[0]
    spoil(store, ("DELETE FROM audit_event WHERE id = ?", (row.event,)), ("DELETE FROM audit_seal WHERE seq = 20", ()))
    refound(store, "event 20")


def test_an_event_put_in_between_is_told(store: RecordStore) -> None:
    fill(store, 50)
    spoil(
        store,
        ("INSERT INTO audit_event (id, salt, bytes) VALUES (?, ?, ?)", (-5, bytes(16), rows([event(1)])[0].bytes)),
    )
    refound(store, "row -5")


def test_two_events_that_changed_places_are_told(store: RecordStore) -> None:
    fill(store, 50)
    one, other = (audit.sealed(store.engine.reader(), seq, 1)[0].event for seq in (9, 18))
    spoil(
        store,
        ("UPDATE audit_seal SET event = ? WHERE seq = 9", (other,)),
        ("UPDATE audit_seal SET event = ? WHERE seq = 18", (one,)),
    )
    refound(store, "event 9")


def test_a_log_cut_off_behind_a_signature_is_told(store: RecordStore) -> None:
    fill(store, 50)
    last = audit.sealed(store.engine.reader(), size(store) - 1, 1)[0]
    spoil(
        store,
        ("DELETE FROM audit_event WHERE id = ?", (last.event,)),
        ("DELETE FROM audit_seal WHERE seq = ?", (last.seq,)),
    )
    refound(store, f"event {last.seq}")


def test_an_insider_who_knows_how_leaves_are_made_is_betrayed_by_the_signature(store: RecordStore) -> None:
    """He changes the last event and works out its leaf anew; what he cannot do is sign the tree."""
    fill(store, 50, patients=1)
    last = audit.sealed(store.engine.reader(), size(store) - 1, 1)[0]
    text = (last.bytes or b"").replace(b"doctor", b"nurse.")
    forged = leaf.leaf(leaf.NOBODY, 0, leaf.FIRST, last.salt or b"", text)
    spoil(
        store,
        ("UPDATE audit_event SET bytes = ? WHERE id = ?", (text, last.event)),
        ("UPDATE audit_seal SET leaf = ? WHERE seq = ?", (forged, last.seq)),
    )
    refound(store, f"checkpoint {size(store)}")


def test_a_checkpoint_of_another_key_is_told(store: RecordStore) -> None:
    fill(store, 50)
    with pytest.raises(Fault, match="not signed by"):
        verify(store.engine.reader(), Signer.of("else", bytes(32)).verifier)


def test_an_erasure_that_nobody_admits_is_told(store: RecordStore) -> None:
    fill(store, 50)
    audit_row = audit.sealed(store.engine.reader(), 20, 1)[0]
    store.engine.transact(lambda c: audit.erase(c, audit_row.event))
    refound(store, "event 20")


def test_an_erasure_that_the_log_tells_leaves_it_sound(store: RecordStore) -> None:
    fill(store, 50)
    row = audit.sealed(store.engine.reader(), 20, 1)[0]
    store.record(rows([event(60, row.patient, kind="audit-erase", action="D", what="audit/20", reason="retention")]))
    store.engine.transact(lambda c: audit.erase(c, row.event))
    sealer(store).settle()
    assert look(store).erased == 1


def test_what_a_witness_signed_is_looked_at_too(store: RecordStore) -> None:
    fill(store, 50)
    found = audit.checkpoint(store.engine.reader())
    assert found is not None
    text = found[1].rpartition("\n\n")[0] + "\n"
    line = WITNESS.sign(text, 1_767_268_800)
    store.engine.transact(lambda c: audit.cosign(c, *found, WITNESS.name, line))
    assert look(store).cosignatures == 1
    store.engine.transact(lambda c: audit.cosign(c, *found, WITNESS.name, WITNESS.sign(text + "x", 1)))
    refound(store, f"cosignature {found[0]} of {WITNESS.name}")


@pytest.mark.skipif("HOSO_TEST_MILLION" not in os.environ, reason="takes minutes: HOSO_TEST_MILLION=1")
def test_one_byte_in_a_million_events_is_found(store: RecordStore) -> None:
    for start in range(0, 1_000_000, 20_000):
        fill(store, 20_000, patients=50_000, start=start)
    assert look(store).size >= 1_000_000
    row = audit.sealed(store.engine.reader(), 734_512, 1)[0]
    text = bytearray(row.bytes or b"")
    text[40] ^= 1
    spoil(store, ("UPDATE audit_event SET bytes = ? WHERE id = ?", (bytes(text), row.event)))
    refound(store, "event 734512")
