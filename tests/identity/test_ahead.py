"""Newcomers of one transaction, who are looked up at once, get what they would have got one by one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import pytest
from tests.identity.test_arrive import CLIENT, Node, patient

from hoso.access import Draft, Errand
from hoso.core import citizen_code
from hoso.identity.ledger import Event, read
from hoso.identity.match import Policy
from hoso.store.record_store import RecordStore

NAMES = ("Nguyễn Thị Minh Hạnh", "Nguyễn Minh Hạnh", "Lê Văn Tám", "Trần Quốc Bảo", "Trần Quốc Bao", "Phạm Thị Lan")
BORN = ("1984-03-17", "1984-03-18", "1950-07-02", "2001-01-01")
PHONES = ("0912345678", "0987654321", "")
NUMBERS = ("001184004711", "001050009999", "079201012345", "", "")
CODES = [citizen_code.make(number) for number in (9_000_001, 9_000_002)]


def crowd(seed: int, number: int) -> list[dict[str, Any]]:
    """Few names, numbers, phones and codes among many, so that those who come together have to do with each other."""
    chance = random.Random(seed)
    people = []
    for place in range(number):
        one = patient(f"r{place}", chance.choice(NAMES), chance.choice(BORN), "female", chance.choice(NUMBERS),
                      chance.choice(PHONES))  # fmt: skip
        if chance.random() < 0.2:
            code = {"system": citizen_code.SYSTEM, "value": chance.choice(CODES)}
            one.setdefault("identifier", []).append(code)
        people.append(one)
    return people


def told(node: Node, people: Sequence[dict[str, Any]], together: int) -> tuple[Any, ...]:
    node.matching.policy = Policy(shown=100)
    for start in range(0, len(people), together):
        some = people[start : start + together]
        drafts = [Draft("PUT", "Patient", one["id"], orjson.dumps(one), {**one}) for one in some]
        node.records.save(Errand(CLIENT, "TREAT"), [("u", "Patient")], drafts)
    return outcome(node, people)


def outcome(node: Node, people: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
    """Who belongs to whom, what is to be reviewed, and every event with its evidence, persons by their first record."""
    events = [event for linkage in node.all("Linkage") if (event := read(linkage))]
    places = {one["id"]: place for place, one in enumerate(people)}
    events.sort(key=lambda event: (places[event.records[0]], event.kind))
    firsts: dict[str, str] = {}
    for event in events:
        firsts.setdefault(event.person, event.records[0])
    return node.groups(), sorted(node.reviews()), [_told(event, firsts) for event in events]


def _told(event: Event, firsts: dict[str, str]) -> tuple[Any, ...]:
    """Of equals it does not matter who is told of first; the margin is told of the first."""
    candidates = [
        {**one, "person": firsts[one["person"]], "vetoes": set(one["vetoes"]) - {"margin"}}
        for one in event.evidence.get("candidates", ())
    ]
    candidates.sort(key=lambda one: (-one["bits"], one["person"]))
    records = [firsts.get(record, record) for record in event.records]
    return event.kind, records, event.reason, {**event.evidence, "candidates": candidates}


@pytest.mark.parametrize("seed", range(3))
def test_who_comes_together_gets_the_same_persons_reviews_and_evidence_as_one_by_one(
    make_store: Callable[[str], RecordStore], engine: str, seed: int
) -> None:
    people = crowd(seed, 36)
    alone = told(Node(make_store(engine), 5_000), people, 1)
    assert len(alone[0]) > 3
    assert told(Node(make_store(engine), 5_000), people, 12) == alone
    assert told(Node(make_store(engine), 5_000), people, 36) == alone


def test_strangers_are_decided_about_without_looking_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr("hoso.identity.arrive.seek", lambda *args: looked.append(1))
    names = ("Nguyễn Thị Minh Hạnh", "Lê Văn Tám", "Trần Quốc Bảo", "Phạm Thị Lan")
    people = [patient(f"r{n}", name, f"19{50 + 10 * n}-0{n + 1}-17", "female") for n, name in enumerate(names)]
    groups, _, _ = told(node, people, len(people))
    assert groups == [["r0"], ["r1"], ["r2"], ["r3"]] and not looked


@pytest.fixture
def node(store: RecordStore) -> Node:
    return Node(store, 5_000)
