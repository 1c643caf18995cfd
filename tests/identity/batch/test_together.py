"""A backfill of many records at once makes the persons, reviews and evidence that registering them one by one makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from tests.identity.test_ahead import outcome
from tests.identity.test_arrive import CLIENT, Node, codes

from bench.simulator.trial import Size, Trial
from hoso.access import Draft, Errand, PeopleRows, Records
from hoso.core import system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.batch.place import place
from hoso.identity.batch.walk import pieces
from hoso.identity.match import Policy
from hoso.store.record_store import RecordStore

PEOPLE = 90


def simulated() -> list[dict[str, Any]]:
    """Enrolled people with their kin and namesakes, then most of them again, as other registers write them."""
    trial = Trial(41, Size(PEOPLE, PEOPLE * 2 // 3, 10, 10))
    enrolled = list(trial.register())
    again = [arrival.patient for split in ("known", "hard", "kin") for arrival in trial.arrivals(split)]
    return [{**one, "id": f"r{place}"} for place, one in enumerate((*enrolled, *again))]


def saved(records: Records, people: list[dict[str, Any]], together: int) -> None:
    for start in range(0, len(people), together):
        some = people[start : start + together]
        drafts = [Draft("PUT", "Patient", one["id"], orjson.dumps(one), {**one}) for one in some]
        records.save(Errand(CLIENT, "TREAT"), [("u", "Patient")], drafts)


@pytest.fixture
def node(store: RecordStore) -> Node:
    made = Node(store, 5_000)
    made.matching.policy = Policy(shown=100)
    return made


def test_a_backfill_of_simulated_people_equals_registering_them(
    node: Node, make_store: Callable[[str], RecordStore], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = simulated()
    alone = Node(make_store(engine), 5_000)
    alone.matching.policy = Policy(shown=100)
    saved(alone.records, people, 1)
    expected = outcome(alone, people)
    assert any(len(group) > 1 for group in expected[0]) and expected[1]

    saved(Records(node.store, system_clock), people, 50)
    looked: list[int] = []
    near = PeopleRows.near
    monkeypatch.setattr(PeopleRows, "near", lambda *args: looked.append(1) or near(*args))  # type: ignore[func-returns-value]
    arrivals = Arrivals(node.matching, codes(), system_clock)
    for piece in pieces(node.store.people, 1_000, lone=True):
        place(node.records, arrivals, piece)
    assert outcome(node, people) == expected
    assert len(looked) < len(people) // 10  # those who met each other were decided about from what was known
