"""The situations in which matchers are known to mix people, through the real store: nobody comes to another's person.

`make evaluate` plays them at full size.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.identity.test_arrive import PHONE, Node, patient

from bench.simulator.scenarios import SCENARIOS, Cast
from hoso.identity.seek import CANDIDATES, seek
from hoso.store.record_store import RecordStore

SCALE = 0.012


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_record_is_linked_to_the_person_of_somebody_else(store: RecordStore, name: str) -> None:
    node = Node(store, population=1_000_000)
    register, came = SCENARIOS[name](Cast(7, name, first=90_000_000), SCALE)
    owner = {one["id"]: one["id"] for one in register} | {one.patient["id"]: one.person for one in came}
    owner = {id.replace("_", "-"): person for id, person in owner.items()}  # as ids of FHIR have it
    for one in [*register, *(arrival.patient for arrival in came)]:
        node.put({**one, "id": one["id"].replace("_", "-")})
    groups = node.groups()
    assert sum(map(len, groups)) == len(owner)
    mixed = [group for group in groups if len({owner[id] for id in group}) > 1]
    assert mixed == []


def namesakes(number: int) -> list[dict[str, Any]]:
    return [patient(f"n{n}", "Nguyễn Văn Hùng", "1950-01-01", "male", phone=PHONE) for n in range(number)]


def test_a_crowd_of_namesakes_with_one_phone_is_never_linked_and_never_all_compared(store: RecordStore) -> None:
    node = Node(store, population=1_000_000)
    for one in namesakes(130):
        node.put(one)
    assert all(len(group) == 1 for group in node.groups())
    sought = seek(store.people, node.matching.describe(namesakes(1)[0]))
    assert len({member.person for member in sought.members}) <= CANDIDATES


def test_dummy_numbers_make_nobody_the_same(node: Node) -> None:
    names = ["Lê Văn Tám", "Trần Thị Bé", "Hoàng Quốc Việt", "Đặng Thùy Trâm"]
    for number in ("000000000000", "111111111111", "123456789012"):
        for place, name in enumerate(names):
            node.put(patient(f"{number}-{place}", name, f"19{60 + place}-02-03", "other", number))
    assert all(len({id[-1] for id in group}) == 1 for group in node.groups())


def test_one_record_sent_fifty_times_at_once_is_one_record_of_one_person(node: Node) -> None:
    one = patient("a", number="001184004711", phone=PHONE)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(node.put, [one] * 50))
    assert node.groups() == [["a"]] and len(node.persons()) == 1 and node.reviews() == []


@pytest.fixture
def node(store: RecordStore) -> Node:
    return Node(store)
