"""Names are as common as they are among the people of the node."""

from __future__ import annotations

from dataclasses import replace

from tests.identity.test_arrive import Node, codes, patient

from hoso.access import Records
from hoso.core import system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.local_names import counted
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
