"""Names are as common as they are among the people of the node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.identity.test_arrive import Node, codes, patient

from hoso.access import PeopleRows, Records
from hoso.core import system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.local_names import counted
from hoso.identity.matching import Matching
from hoso.store.record_store import RecordStore


def test_names_are_counted_among_the_people_of_the_node_once_these_are_enough(store: RecordStore) -> None:
    node = Node(store)
    shipped = node.matching.model.rarity
    for number in range(12):
        name = f"Giàng {('Seo', 'Thị')[number % 2]} {['Páo', 'Mỷ', 'Sùng', 'Chứ', 'Dín', 'Lử'][number % 6]}"
        node.put(patient(f"p{number}", name, f"19{60 + number}-05-{10 + number}"))
    assert node.matching.model.rarity is shipped, "twelve people tell nothing"
    rarity = counted(store.people)
    assert rarity.toned["family"].bits["giàng"] == 0
    assert 3 > rarity.toned["given"].bits["páo"] > 2
    few = Node(store)
    few.matching = replace(node.matching, enough=10)
    few.records = Records(store, system_clock, Arrivals(few.matching, codes(), system_clock))
    few.put(patient("p0", "Giàng Seo Páo", "1960-05-11"))
    assert few.matching.model.rarity == rarity


def test_people_and_names_are_counted_before_a_transaction_begins(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = Node(store)
    for number in range(3):
        node.put(patient(f"p{number}", "Giàng Seo Páo", f"19{60 + number}-05-11"))
    node.matching = Matching(node.matching.model, node.matching.policy, system_clock, enough=1_200)
    others = codes()
    others(1_000)  # those that were given before are taken
    arrivals = Arrivals(node.matching, others, system_clock, people=lambda: store.people)
    node.records = Records(store, system_clock, arrivals)
    asked: list[str] = []
    inside = False

    def count(people: PeopleRows) -> int:
        asked.append("inside" if inside else "outside")
        return 1_500

    def work(*args: Any) -> Any:
        nonlocal inside
        inside = True
        try:
            return stored(*args)
        finally:
            inside = False

    stored = arrivals.store
    monkeypatch.setattr(arrivals, "store", work)
    monkeypatch.setattr(PeopleRows, "count", count)
    before = node.matching.model.rarity
    node.put(patient("q", "Giàng Thị Mỷ", "1970-05-11"))
    assert asked == ["outside"]
    assert node.matching.model.rarity is not before
    node.put(patient("r", "Giàng Thị Dín", "1971-05-11"))
    assert asked == ["outside"]  # and is good for a while
