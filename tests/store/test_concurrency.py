"""Many writers at once, on each engine: the feed stays dense, versions linear, and the same person is made once."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.store.checks import check, whole_feed
from tests.store.samples import WHO, delete, observation, patient, put

from hoso.fhir.search import parse
from hoso.store.contract import Conflict, Reading, StoreConfig
from hoso.store.opening import open_store
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.visible import EVERYTHING


def together(count: int, work: Callable[[int], None]) -> None:
    """Runs `work` in threads that start at one moment; the first error comes out."""
    errors: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.parametrize("seed", range(3))
def test_random_transactions_leave_every_promise_true(store: RecordStore, seed: int) -> None:
    refused: list[Conflict] = []

    def work(number: int) -> None:
        chance = random.Random(seed * 1_000 + number)
        for _ in range(12):
            drafts = []
            for _ in range(chance.randint(1, 4)):
                id = f"{chance.randrange(6)}"
                base = chance.choice(["any", "any", "any", "1", "2", None])
                subject = chance.choice(["Patient/0", "Patient/1", "Patient/late", None])
                drafts.append(
                    chance.choice(
                        [
                            put(patient(born=f"19{chance.randint(10, 99)}-01-01"), id, base),
                            put(observation(subject, chance.randint(1, 9) / 2), id, base),
                            delete(chance.choice(["Patient", "Observation"]), id, base),
                        ]
                    )
                )
            try:
                if chance.random() < 0.3:
                    store.write(lambda t, drafts=drafts: t.save(drafts), WHO)  # type: ignore[misc]
                else:
                    store.save(drafts, WHO)
            except Conflict as conflict:
                refused.append(conflict)

    together(8, work)
    changes = check(store)
    assert changes and refused
    groups: dict[object, list[tuple[int, int]]] = {}
    for change in changes:
        if change.bundle is not None:
            groups.setdefault(change.bundle, []).append((change.place, change.places))
    for places in groups.values():
        assert sorted(places) == [(n, len(places)) for n in range(1, len(places) + 1)]


def test_writers_of_one_record_all_get_their_version(store: RecordStore) -> None:
    versions: list[str | None] = []
    together(32, lambda n: versions.append(store.save([put(patient(), "p")], WHO)[0].version))
    assert sorted(map(int, filter(None, versions))) == list(range(1, 33))
    check(store)


def test_only_one_of_many_updates_from_the_same_base_wins(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    outcomes: list[str] = []

    def work(number: int) -> None:
        try:
            store.save([put(patient(), "p", base="1")], WHO)
            outcomes.append("saved")
        except Conflict as conflict:
            outcomes.append(str(conflict.head))

    together(16, work)
    assert sorted(outcomes) == ["2"] * 15 + ["saved"]


def create_once(store: RecordStore, number: int) -> bool:
    """A conditional create, as a client's If-None-Exist asks for it."""
    criterion = "identifier=urn:test:number|001190000001"
    query = parse("Patient", [("identifier", "urn:test:number|001190000001")])

    def work(transaction: RecordTransaction) -> bool:
        transaction.lock([f"Patient?{criterion}"])
        if transaction.search(query, EVERYTHING).matches:
            return False
        transaction.save([put(patient(), f"new-{number}", None, "POST")])
        return True

    return store.write(work, WHO)


def test_a_conditional_create_from_32_threads_makes_one(store: RecordStore) -> None:
    made: list[bool] = []
    together(32, lambda number: made.append(create_once(store, number)))
    assert made.count(True) == 1
    assert len(check(store)) == 1


PROCESS = """
import sys
from hoso.store.contract import StoreConfig
from hoso.store.opening import open_store
from tests.store.test_concurrency import create_once
url, key, number = sys.argv[1:]
store = open_store(StoreConfig(url, bytes.fromhex(key) or None, "test-node"))
print(create_once(store, int(number)))
store.close()
"""


def test_a_conditional_create_from_processes_makes_one(engine: str, store_config: Callable[[str], StoreConfig]) -> None:
    config = store_config(engine)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, config.url, (config.key or b"").hex(), str(number)],
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    answers = [process.communicate(timeout=120)[0].decode().strip() for process in running]
    assert sorted(answers) == ["False"] * 3 + ["True"]
    store = open_store(config)
    try:
        assert len(check(store)) == 1
    finally:
        store.close()


def test_a_reader_of_the_feed_sees_it_grow_without_holes(store: RecordStore) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        while not stop.is_set():
            page = store.feed(seen[-1] if seen else 0, 7)
            seen.extend(change.number for change in page)

    reader = threading.Thread(target=follow)
    reader.start()
    together(6, lambda n: [store.save([put(patient(), f"{n}-{i}")], WHO) for i in range(15)] and None)
    total = len(check(store))
    stop.set()
    reader.join()
    seen.extend(change.number for change in whole_feed(store)[len(seen) :])
    assert seen == list(range(1, total + 1))


def test_a_search_gets_the_connection_that_came_back_last(store: RecordStore) -> None:
    with store.engine.lent() as first:
        with store.engine.lent() as second:
            assert second is not first
        with store.engine.lent() as again:
            assert again is second
    with store.engine.lent() as last:
        assert last is first


def test_a_look_stands_at_one_moment_beside_a_write(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)

    def look(reading: Reading) -> tuple[Any, Any]:
        before = reading.read("Patient", "p")
        reading.people.hold([1])
        with ThreadPoolExecutor(1) as other:
            other.submit(store.save, [put(patient("Sau"), "p")], WHO).result()
        return before, reading.read("Patient", "p")

    before, after = store.look(look)
    assert before is not None and before == after
    assert (now := store.read("Patient", "p")) is not None and now.version == "2"
    store.write(lambda _: store.look(lambda reading: reading.read("Patient", "p")), WHO)


def test_of_those_that_share_a_server_one_is_alone(
    postgres_url: str, store_config: Callable[[str], StoreConfig]
) -> None:
    config = store_config("postgresql")
    first, second = open_store(config), open_store(config)
    one, other = first.engine.alone(7), second.engine.alone(7)
    assert [one(), other(), one(), other(), second.engine.alone(8)()] == [True, False, True, False, True]
    first.close()
    while not other():  # the server hears of the end of a connection a moment later
        time.sleep(0.01)
    assert other()
    second.close()
