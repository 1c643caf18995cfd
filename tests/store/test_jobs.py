"""The queue of work after a commit, and the table of tokens."""

from __future__ import annotations

import pytest
from tests.store.samples import WHO
from tests.store.test_concurrency import together

from hoso.store.jobs import CLAIM_MS, MOST_ATTEMPTS, Job, Jobs
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable


def enqueue(store: RecordStore, *arguments: str, due: int = 100) -> Jobs:
    store.write(lambda t: [t.enqueue("index", argument, due) for argument in arguments], WHO)
    return Jobs(store.engine)


def test_a_job_exists_only_if_its_cause_was_committed(store: RecordStore) -> None:
    class Stop(Exception):
        pass

    def work(transaction: object) -> None:
        transaction.enqueue("index", "a", 1)  # type: ignore[attr-defined]
        raise Stop

    with pytest.raises(Stop):
        store.write(work, WHO)
    assert Jobs(store.engine).claim(10**12) == []


def test_jobs_are_claimed_when_due_in_order_and_once(store: RecordStore) -> None:
    jobs = enqueue(store, "a", "b", "c")
    assert jobs.claim(99) == []
    assert [job.argument for job in jobs.claim(100, limit=2)] == ["a", "b"]
    assert jobs.claim(100, kind="other") == []
    (last,) = jobs.claim(100, limit=5, kind="index")
    assert last.argument == "c"
    jobs.finish(last)
    assert jobs.claim(100) == []


def test_a_failed_job_is_due_again_later_and_given_up_in_the_end(store: RecordStore) -> None:
    jobs = enqueue(store, "a")
    now, waits = 100, []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        (job,) = jobs.claim(now)
        assert job.attempts == attempt
        jobs.fail(job, "the printer is on fire", now)
        assert jobs.claim(now) == []
        waits.append(1_000 << min(attempt - 1, 12))
        now += 3_600_000
    assert jobs.claim(now) == []
    ((dead, error),) = jobs.dead()
    assert (dead.argument, error) == ("a", "the printer is on fire")


def test_a_job_whose_worker_died_is_claimed_again(store: RecordStore) -> None:
    jobs = enqueue(store, "a")
    (job,) = jobs.claim(100)
    assert jobs.claim(100 + CLAIM_MS - 1) == []
    (again,) = jobs.claim(100 + CLAIM_MS)
    assert (again.id, again.attempts) == (job.id, 2)


def test_two_workers_never_hold_the_same_job(store: RecordStore) -> None:
    jobs = enqueue(store, *map(str, range(60)))
    taken: list[Job] = []
    together(8, lambda _: [taken.extend(jobs.claim(100, limit=3)) for _ in range(5)] and None)
    assert sorted(int(job.argument) for job in taken) == list(range(60))


def test_a_token_is_found_by_its_digest_until_it_is_revoked(store: RecordStore) -> None:
    tokens = TokenTable(store.engine)
    tokens.add(b"d" * 32, "lab", "system/*.rs", 5, 100)
    tokens.add(b"e" * 32, "lab", "system/*.cruds", 6)
    found = tokens.find(b"d" * 32)
    assert found is not None and (found.name, found.scope, found.created, found.expires) == (
        "lab",
        "system/*.rs",
        5,
        100,
    )
    assert tokens.find(b"x" * 32) is None
    assert [row.digest for row in tokens.all()] == [b"d" * 32, b"e" * 32]
    assert tokens.revoke("lab", 50) == 2
    assert tokens.revoke("lab", 51) == 0
    revoked = tokens.find(b"d" * 32)
    assert revoked is not None and revoked.revoked == 50
