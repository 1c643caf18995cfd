"""Events are kept with what they tell of, and never changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.access.audit.events import event
from tests.store.samples import delete, observation, patient, put

from hoso.access.audit import Event, PlainJournal, Unreadable, canonical
from hoso.access.audit.event import read, row
from hoso.store.contract import Origin, Transaction
from hoso.store.record_store import RecordStore

ORIGIN = Origin("user/d1", "TREAT")


def stored(store: RecordStore) -> list[Event]:
    store.engine.gather()
    return [read(bytes(text)) for (text,) in store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")]


def test_the_bytes_of_an_event_never_change() -> None:
    assert canonical(event(3, 7)) == (
        b'[1,1767268800003,"user/d3","R","read","r-3","doctor","01001","TREAT","api","view","ok",["Observation"],'
        b'"Observation/o3/1",7,"","","","","AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="]'
    )


def test_an_event_is_read_back_from_its_bytes() -> None:
    one = event(5, 2, reason='Cấp cứu "đỏ"\n', grant="g1", outcome="denied")
    assert read(canonical(one)) == one


def test_text_that_is_no_unicode_is_still_an_event() -> None:
    assert read(canonical(event(1, what="Patient?name=\ud800"))).what == "Patient?name=?"


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"[2]", b"[1,2]", b"\xff", canonical(event(1))[:-1]])
def test_other_bytes_are_no_event(text: bytes) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        row(event(1), b"short")


def test_what_was_told_is_kept_in_its_order(store: RecordStore) -> None:
    events = [event(n, n % 3) for n in range(20)]
    PlainJournal(store).tell(events)
    PlainJournal(store).tell([])
    assert stored(store) == events


def test_each_event_has_a_salt_of_its_own(store: RecordStore) -> None:
    PlainJournal(store).tell([event(1), event(1)])
    store.engine.gather()
    salts = {bytes(salt) for (salt,) in store.engine.reader().rows("SELECT salt FROM audit_event")}
    assert len(salts) == 2


def test_an_event_in_a_write_stands_or_falls_with_it(store: RecordStore) -> None:
    journal = PlainJournal(store)

    def work(transaction: Transaction, fail: bool) -> None:
        transaction.save([put(patient(), "p1" if fail else "p2")])
        journal.put(transaction, [event(1)])
        if fail:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(lambda transaction: work(transaction, True), ORIGIN)
    assert stored(store) == []
    store.write(lambda transaction: work(transaction, False), ORIGIN)
    assert stored(store) == [event(1)]


def test_a_plain_save_takes_its_events_along(store: RecordStore) -> None:
    journal = PlainJournal(store)
    saved = store.save(
        [put(patient(), "p1"), put(observation("Patient/p1"), "o1")],
        ORIGIN,
        told=lambda saved: journal.rows([event(n, one.patient) for n, one in enumerate(saved)]),
    )
    assert saved[0].patient == saved[1].patient == saved[0].rid != 0
    assert [one.patient for one in stored(store)] == [saved[0].rid] * 2


def test_a_deletion_of_nothing_is_told_too(store: RecordStore) -> None:
    journal = PlainJournal(store)
    store.save([delete("Patient", "p9")], ORIGIN, told=lambda saved: journal.rows([event(1)]))
    assert stored(store) == [event(1)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_event",
        "UPDATE audit_event SET bytes = CAST('x' AS {blob})",
        "UPDATE audit_event SET salt = CAST('x' AS {blob})",
        "UPDATE audit_event SET id = id + 1, salt = CAST('' AS {blob}), bytes = CAST('' AS {blob})",
        "UPDATE audit_seal SET patient = 9",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_itself_refuses_changes(store: RecordStore, statement: str) -> None:
    PlainJournal(store).tell([event(1)])
    fill: Callable[..., object] = lambda c: c.rows(  # noqa: E731
        "INSERT INTO audit_seal (seq, event, patient, number, leaf) VALUES (0, 1, 0, 0, ?)", (bytes(32),)
    )
    store.engine.transact(fill)
    blob = "BLOB" if store.engine.reader().dialect == "sqlite" else "bytea"
    with pytest.raises(Exception, match="only grows"):
        store.engine.transact(lambda c: c.rows(statement.format(blob=blob)))
    assert stored(store) == [event(1)]
