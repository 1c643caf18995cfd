"""Nothing is shown, refused or written without an event in the audit log, on either engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from tests.api.caller import Caller

from hoso.access import Actor, Errand, Notes, Records, Scopes, Transaction, Unavailable
from hoso.access.audit import Event, PlainJournal
from hoso.access.audit.event import read
from hoso.access.telling import digest, listed
from hoso.core import Refused, system_clock
from hoso.fhir.search import parse
from hoso.store.audit import AuditRow
from hoso.store.contract import Conflict, Draft
from hoso.store.record_store import RecordStore

ANN = Errand(Actor("user/ann", Scopes.parse("system/*.cruds"), facility="f1"), "TREAT", request="r1", address="::1")
NURSE = Errand(Actor("user/nga", Scopes.parse("system/Patient.rs")), "TREAT")


def body(type: str, id: str, **more: Any) -> bytes:
    shape: dict[str, Any] = {"resourceType": type, "id": id, **more}
    return orjson.dumps(shape)


def observation(id: str, patient: str) -> bytes:
    return body("Observation", id, status="final", code={"text": "x"}, subject={"reference": f"Patient/{patient}"})


@pytest.fixture
def records(store: RecordStore) -> Records:
    made = Records(store, system_clock)
    for patient in ("p1", "p2"):
        made.update(ANN, "Patient", patient, body("Patient", patient))
        made.update(ANN, "Observation", f"o-{patient}", observation(f"o-{patient}", patient))
    made.update(ANN, "Organization", "f1", body("Organization", "f1", name="Trạm y tế"))
    return made


def events(store: RecordStore, after: int = 0) -> list[Event]:
    store.engine.gather()
    rows = store.engine.reader().rows("SELECT bytes FROM audit_event WHERE id > ? ORDER BY id", (after,))
    return [read(bytes(text)) for (text,) in rows]


def since(store: RecordStore, do: Any) -> list[Event]:
    """The events of what `do` does."""
    store.engine.gather()
    ((last,),) = store.engine.reader().rows("SELECT coalesce(max(id), 0) FROM audit_event")
    do()
    return events(store, last)


def rid(store: RecordStore, id: str) -> int:
    return store.people.rids([id])[id]


def told(found: Sequence[Event]) -> list[tuple[str, str, str, str, int]]:
    return [(one.kind, one.action, one.outcome, one.what, one.patient) for one in found]


def test_a_write_is_told_in_its_own_transaction(records: Records, store: RecordStore) -> None:
    first = events(store)[0]
    assert told([first]) == [("create", "C", "ok", "Patient/p1/1", rid(store, "p1"))]
    assert (first.actor, first.facility, first.purpose, first.channel, first.request, first.address) == (
        "user/ann", "f1", "TREAT", "api", "r1", "::1",
    )  # fmt: skip
    assert first.types == ("Patient",) and first.digest == digest(["Patient/p1/1"])
    found = since(store, lambda: records.delete(ANN, "Observation", "o-p1"))
    assert told(found) == [("delete", "D", "ok", "Observation/o-p1/2", rid(store, "p1"))]
    assert since(store, lambda: records.delete(ANN, "Observation", "o-p1")) == []  # nothing was written


def test_a_write_that_comes_to_nothing_is_told(records: Records, store: RecordStore) -> None:
    def stale() -> None:
        with pytest.raises(Conflict):
            records.update(ANN, "Observation", "o-p1", observation("o-p1", "p1"), base="7")

    assert told(since(store, stale)) == [("update", "U", "failed", "Observation", 0)]


def test_what_is_written_together_is_one_event_a_patient(records: Records, store: RecordStore) -> None:
    drafts = [
        Draft("PUT", "Observation", f"n{n}", observation(f"n{n}", patient), orjson.loads(observation(f"n{n}", patient)))
        for n, patient in enumerate(("p1", "p2", "p1"))
    ]
    found = since(store, lambda: records.save(ANN, [("u", "Observation")], drafts))
    assert told(found) == [
        ("create", "C", "ok", "Observation/n0/1 Observation/n2/1", rid(store, "p1")),
        ("create", "C", "ok", "Observation/n1/1", rid(store, "p2")),
    ]


def test_a_read_is_told_whether_it_finds_anything_or_not(records: Records, store: RecordStore) -> None:
    found = since(store, lambda: records.read(ANN, "Observation", "o-p1"))
    assert told(found) == [("read", "R", "ok", "Observation/o-p1", rid(store, "p1"))]
    assert found[0].digest == digest(["Observation/o-p1/1"])
    absent = since(store, lambda: records.read(ANN, "Observation", "none"))
    assert told(absent) == [("read", "R", "ok", "Observation/none", 0)] and absent[0].digest == b""
    old = since(store, lambda: records.vread(ANN, "Observation", "o-p1", "1"))
    assert told(old) == [("vread", "R", "ok", "Observation/o-p1/1", rid(store, "p1"))]


def test_a_facility_is_nobodys_record(records: Records, store: RecordStore) -> None:
    assert told(since(store, lambda: records.read(ANN, "Organization", "f1")))[0][-1] == 0


def test_a_search_is_told_for_each_patient_it_shows(records: Records, store: RecordStore) -> None:
    found = since(store, lambda: records.search(ANN, parse("Observation", [("_include", "Observation:subject")])))
    assert {one.patient for one in found} == {rid(store, "p1"), rid(store, "p2")} and len(found) == 2
    assert {one.types for one in found} == {("Observation", "Patient")}
    assert {one.what for one in found} == {"Observation?_include=Observation:subject"} and found[0].action == "E"
    none = since(store, lambda: records.search(ANN, parse("Observation", [("code", "http://loinc.org|1-1")])))
    assert told(none) == [("search", "E", "ok", "Observation?code=http://loinc.org|1-1", 0)]


def test_a_stream_is_told_before_its_first_record_leaves(records: Records, store: RecordStore) -> None:
    stream = records.everything(ANN, "p1")
    found = since(store, lambda: next(stream))
    assert told(found) == [("everything", "R", "ok", "Patient/p1/$everything", rid(store, "p1"))]
    assert found[0].types == ("Observation", "Patient")
    assert since(store, lambda: list(stream)) == []


def test_history_and_feed_are_told(records: Records, store: RecordStore) -> None:
    found = since(store, lambda: records.history(ANN, "Observation", "o-p2"))
    assert told(found) == [("history", "R", "ok", "Observation/o-p2/_history", rid(store, "p2"))]
    while len(store.feed_of(("Observation",), 0, 10).changes) < 2:  # PostgreSQL numbers changes a moment later
        time.sleep(0.01)
    found = since(store, lambda: records.feed(ANN, "Observation", 0, 10))
    assert [one.kind for one in found] == ["feed", "feed"]


def test_what_a_scope_forbids_is_told_as_denied(records: Records, store: RecordStore) -> None:
    def ask() -> None:
        with pytest.raises(Refused):
            records.read(NURSE, "Observation", "o-p1")

    assert told(since(store, ask)) == [("read", "R", "denied", "Observation/o-p1", 0)]


def test_a_conditional_write_tells_what_it_met(records: Records, store: RecordStore) -> None:
    sought = parse("Patient", [("_id", "p1")])
    found = since(store, lambda: records.create(ANN, "Patient", orjson.dumps({"resourceType": "Patient"}), sought))
    assert told(found) == [("search", "E", "ok", "Patient?_id=p1", rid(store, "p1"))]


def test_a_refused_transaction_leaves_only_the_refusal(records: Records, store: RecordStore) -> None:
    def work(transaction: Transaction) -> list[Draft]:
        records.match(ANN, transaction, parse("Patient", [("_id", "p1")]))
        raise Refused.because(409, "conflict", "rest.no-match", type="Patient")

    def write() -> None:
        with pytest.raises(Refused):
            records.write(ANN, [("u", "Patient")], [], work)

    assert told(since(store, write)) == [("update", "U", "failed", "Patient", 0)]


def test_a_page_that_asks_many_things_is_one_event_a_patient(records: Records, store: RecordStore) -> None:
    page = Errand(ANN.actor, "TREAT", "screen", request="r2", notes=Notes())

    def show() -> None:
        records.read(page, "Patient", "p1")
        records.search(page, parse("Observation", [("patient", "p1")]))
        records.heads(page, [("Organization", "f1")])
        records.noted(page, "/patients/p1")

    found = since(store, show)
    assert told(found) == [("view", "R", "ok", "/patients/p1", rid(store, "p1"))]
    assert found[0].types == ("Observation", "Patient") and found[0].channel == "screen"
    assert since(store, lambda: records.noted(page, "/")) == []


def test_nothing_is_shown_when_it_cannot_be_told(records: Records, store: RecordStore) -> None:
    class Full(PlainJournal):
        def tell(self, events: Sequence[Event]) -> None:
            raise Unavailable("the disk is full")

    mute = Records(store, system_clock, journal=Full(store))
    sought = parse("Observation", [])
    for ask in (
        lambda: mute.read(ANN, "Observation", "o-p1"),
        lambda: mute.vread(ANN, "Observation", "o-p1", "1"),
        lambda: mute.heads(ANN, [("Observation", "o-p1")]),
        lambda: mute.search(ANN, sought),
        lambda: mute.history(ANN),
        lambda: next(mute.scan(ANN, sought)),
        lambda: next(mute.everything(ANN, "p1")),
        lambda: mute.feed(ANN, "Observation", 0, 5),
        lambda: mute.find(ANN, sought),
    ):
        with pytest.raises(Unavailable):
            ask()


def test_who_tells_while_others_are_being_kept_shares_the_next_commit(records: Records, store: RecordStore) -> None:
    commits: list[int] = []
    go = threading.Event()

    class Slow:
        def record(self, rows: Sequence[AuditRow]) -> None:
            if not commits:
                go.wait(10)
            commits.append(len(rows))
            store.record(rows)

    journal = PlainJournal(Slow())  # type: ignore[arg-type]
    one = events(store)[0]
    threads = [threading.Thread(target=journal.tell, args=([one],)) for _ in range(9)]
    threads[0].start()
    while not journal._turn.locked():
        pass
    for thread in threads[1:]:
        thread.start()
    while len(journal._next.rows) < 8:
        pass
    go.set()
    for thread in threads:
        thread.join()
    assert commits == [1, 8]


def test_all_who_waited_for_a_commit_that_failed_hear_of_it(records: Records, store: RecordStore) -> None:
    go = threading.Event()

    class Failing:
        def record(self, rows: Sequence[AuditRow]) -> None:
            go.wait(10)
            raise Unavailable("gone")

    journal = PlainJournal(Failing())  # type: ignore[arg-type]
    one, heard = events(store)[0], []

    def tell() -> None:
        try:
            journal.tell([one])
        except Unavailable:
            heard.append(1)

    threads = [threading.Thread(target=tell) for _ in range(5)]
    for thread in threads:
        thread.start()
    go.set()
    for thread in threads:
        thread.join()
    assert len(heard) == 5


def test_a_long_list_is_cut_and_counted() -> None:
    names = [f"Observation/{n}/1" for n in range(100)]
    text = listed(names)
    assert len(text) < 420 and text.endswith(f"+{100 - text.count('Observation')}") and listed([]) == ""


def test_a_token_that_nobody_has_is_told_once_a_second(store: RecordStore) -> None:
    caller = Caller(store)
    caller.token = "nobody"
    found = since(store, lambda: [caller("GET", "Patient/p1") for _ in range(20)])
    assert {(one.kind, one.outcome, one.actor) for one in found} == {("token", "denied", "anyone")}
    assert 1 <= len(found) <= 10
    caller.token = None
    assert since(store, lambda: caller("GET", "Patient/p1")) == []


def test_the_systems_door_says_who_came_from_where_with_which_token(store: RecordStore) -> None:
    caller = Caller(store)
    found = since(store, lambda: caller("GET", "Patient/p1"))
    again = since(store, lambda: caller("GET", "Patient?_id=p1"))
    assert found[0].actor == "client/test" and len(found[0].session) == 24
    assert found[0].session == again[0].session and found[0].request != again[0].request
    assert caller.token not in str(found)
