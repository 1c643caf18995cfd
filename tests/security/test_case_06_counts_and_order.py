"""Case 6: totals, counts, pages and order are made of visible rows only."""

from __future__ import annotations

import pytest
from tests.security.scene import Scene, told

ASKED = [
    "Observation?_total=accurate",
    "Observation?_summary=count",
    "Observation?_count=0&_total=accurate",
    "Observation?_sort=value-quantity&_count=1",
    "Observation?_sort=-value-quantity&_count=1&_total=accurate",
    "Observation?_sort=code,-_id&_count=2",
    "Patient?_sort=name&_count=1&_total=accurate",
    "Patient?_sort=-birthdate&_count=1&_total=accurate",
    "Patient?_summary=count",
    "Encounter?_total=estimate",
    "Patient?_elements=id&_total=accurate&_sort=birthdate",
    "Observation?_summary=data&_sort=-code",
    "Patient/s-own/Observation?_total=accurate",
    "Patient/s-own/*?_total=accurate",
]


def test_case_06_neither_totals_nor_order_move_with_what_is_hidden(scene: Scene) -> None:
    scene.unmoved(ASKED, control=False)


@pytest.mark.parametrize("query", ["Observation?_total=accurate", "Observation?_summary=count"])
def test_case_06_a_total_is_of_what_can_be_read(scene: Scene, query: str) -> None:
    shown = told(scene.get(query))[1]["total"]
    pages = scene.ids("Observation?_count=1000")
    assert shown == len(pages) and "s-hiv-1" not in pages
    assert told(scene.get(query, scene.site.token))[1]["total"] > shown


def test_case_06_pages_are_cut_in_visible_rows(scene: Scene) -> None:
    """A page with fewer rows than asked for, though more follow, would tell how many are hidden between."""
    ids = "s-own-1,s-far-1,s-hiv-1,s-far-2,s-own-2"
    path, found = f"Observation?_id={ids}&_sort=value-quantity&_count=1", []
    for _ in range(5):
        page = scene.get(path).json
        found += [entry["resource"]["id"] for entry in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            break
        path = following[0].partition("/fhir/")[2]
        assert len(page["entry"]) == 1
    assert found == ["s-own-1", "s-own-2"]
