"""Who shares a transaction shares nobody's failure: the first of a group, one in the middle, and many rows at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from hoso.store.record_store import RecordStore
from hoso.store.sqlite.connection import TOGETHER, SqliteConnection
from hoso.store.sqlite.group import GroupCommit

Work = Callable[[SqliteConnection], Any]


def insert(number: int, *, fails: bool = False) -> Work:
    def work(connection: SqliteConnection) -> int:
        rows = [(number * 100 + n, 1) for n in range(2 * TOGETHER + 1)]
        connection.many("INSERT INTO member (record, person) VALUES (?, ?)", rows)
        if fails:
            raise ValueError(number)
        return number

    return work


def together(store: RecordStore, works: list[Work]) -> list[object]:
    """What became of works that wait while the writer is held up, so that they are one group."""
    group, answers = store.engine._group, [None] * len(works)  # type: ignore[attr-defined]
    assert isinstance(group, GroupCommit)
    held, go = threading.Event(), threading.Event()

    def hold(connection: SqliteConnection) -> None:
        held.set()
        assert go.wait(30)

    def ask(place: int, work: Work) -> None:
        try:
            answers[place] = group.run(work)
        except ValueError as error:
            answers[place] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=group.run, args=(hold,))]
    threads[0].start()
    assert held.wait(30)
    for place, work in enumerate(works):
        threads.append(threading.Thread(target=ask, args=(place, work)))
        threads[-1].start()
        while group._queue.qsize() <= place:
            time.sleep(0.001)
    time.sleep(0.15)  # longer than a group waits, so that the works are one of their own
    go.set()
    for thread in threads:
        thread.join()
    return list(answers)


@pytest.mark.parametrize("failing", [{0}, {1}, {2}, {0, 1}, {0, 2}, set()])
def test_one_that_fails_undoes_itself_and_nobody_else(
    make_store: Callable[[str], RecordStore], failing: set[int]
) -> None:
    store = make_store("sqlite")
    works = [insert(number, fails=number in failing) for number in range(3)]
    answers = together(store, works)
    assert [isinstance(answer, ValueError) for answer in answers] == [number in failing for number in range(3)]
    kept = {record // 100 for (record,) in store.engine.reader().rows("SELECT record FROM member")}
    assert kept == {0, 1, 2} - failing
    assert len(store.people.members([1])) == len(kept) * (2 * TOGETHER + 1)
