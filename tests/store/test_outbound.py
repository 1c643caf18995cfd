"""The queue of what goes out, on both engines: one hand at a time, the oldest of a visit first, none forgotten."""

from __future__ import annotations

import threading

import pytest

from hoso.store.outbound import DELIVERED, RECEIVED, REPLACED, DestinationRow, OutboundTable, SendingRow
from hoso.store.record_store import RecordStore


@pytest.fixture
def table(store: RecordStore) -> OutboundTable:
    return OutboundTable(store.engine)


def row(id: str, visit: str = "v", to: str = "d", dialect: str = "4750") -> SendingRow:
    return SendingRow(id, to, visit, dialect, 0, 10, "node/n", due=10)


def ids(rows: list[SendingRow]) -> list[str]:
    return [one.id for one in rows]


def test_one_that_is_taken_is_nobody_elses_until_its_time_is_over(table: OutboundTable) -> None:
    table.add([row("a")], 10)
    assert table.take("a", 9, 100) is None  # not due
    taken = table.take("a", 10, 100)
    assert taken is not None and taken.attempts == 1
    assert table.take("a", 99, 200) is None and table.due("d", 99, 10) == [] and table.busy(99) == []
    again = table.take("a", 101, 200)
    assert again is not None and again.attempts == 2
    assert not table.set(taken, state=DELIVERED)  # whoever was too slow changes nothing
    assert table.set(again, state=DELIVERED, taken=0)
    assert table.take("a", 300, 400) is None


def test_of_two_who_take_at_once_one_has_it(table: OutboundTable) -> None:
    table.add([row(f"s{n}", f"v{n}") for n in range(20)], 10)
    got: list[str] = []
    lock = threading.Lock()

    def work(until: int) -> None:
        for n in range(20):
            if table.take(f"s{n}", 10, until) is not None:
                with lock:
                    got.append(f"s{n}")

    threads = [threading.Thread(target=work, args=(1_000 + n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == sorted(f"s{n}" for n in range(20))


def test_an_older_one_in_hand_goes_before_a_newer_one(table: OutboundTable) -> None:
    table.add([row("a")], 10)
    held = table.take("a", 10, 100)
    assert held is not None
    assert ids(table.add([row("b", dialect="3176")], 20)) == ["b"]
    table.add([row("c", "another")], 20)
    assert ids(table.due("d", 50, 10)) == ["c"]
    assert table.set(held, state=RECEIVED, taken=0, due=1_000)
    assert ids(table.due("d", 50, 10)) == ["b", "c"]  # what is received is in the right place there
    assert ids(table.due("d", 2_000, 10)) == ["b", "c", "a"]


def test_what_waits_untouched_is_not_queued_twice_and_what_was_tried_is_replaced(table: OutboundTable) -> None:
    assert ids(table.add([row("a")], 10)) == ["a"]
    assert table.add([row("b")], 10) == []
    tried = table.take("a", 10, 100)
    assert tried is not None and table.set(tried, digest="x", body=b"body", taken=0, due=500)
    assert ids(table.add([row("c")], 110)) == ["c"]
    old = table.find("a")
    assert old is not None and (old.state, old.settled) == (REPLACED, 110)
    table.prune(111)
    assert table.find("a") is None and table.find("c") is not None


def test_each_destination_has_a_queue_of_its_own(table: OutboundTable) -> None:
    table.add([row("a", to="one"), row("b", to="two"), row("c", "w", to="two")], 10)
    assert table.busy(9) == [] and table.busy(10) == ["one", "two"]
    assert ids(table.due("two", 10, 10)) == ["b", "c"] and ids(table.due("two", 10, 1)) == ["b"]


def test_a_destination_keeps_its_row_without_its_secret_and_comes_back(table: OutboundTable) -> None:
    made = DestinationRow("d", "fhir", "https://a.vn", "", "01001", "TREAT", "law", "", b"sealed", "3176", 5)
    table.put(made)
    assert table.destination("d") == made
    assert table.end("d", 9) and not table.end("d", 10)
    assert table.destination("d") == made._replace(secret=None, ended=9)
    table.put(made)
    assert table.destinations() == [made]


def test_sendings_are_listed_from_the_newest_by_state_and_destination(table: OutboundTable) -> None:
    table.add([row("a", "1"), row("b", "2", "e"), row("c", "3")], 10)
    held = table.take("a", 10, 100)
    assert held is not None and table.set(held, state=DELIVERED, taken=0, digest="x")
    assert ids(table.listed("", range(8), "~", 10)) == ["c", "b", "a"]
    assert ids(table.listed("d", range(8), "c", 10)) == ["a"]
    assert ids(table.listed("", (DELIVERED,), "~", 10)) == ["a"]
    last = table.last("d", "1", "z")
    assert last is not None and last.digest == "x" and table.last("d", "1", "a") is None
