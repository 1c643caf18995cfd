"""What a page says of a node and of two versions: the gravest thing first, and the clinic's words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hoso.store.sync_nodes import NodeRow
from hoso.sync.overview import HeldRecord, Own, Station
from hoso.sync.status import Summary
from hoso.web.agreeing.advice import DAY, Advice, of_own, of_station
from hoso.web.agreeing.fields import lines

pytestmark = pytest.mark.xdist_group("browser")
NOW = 1_800_000_000_000
VERSION = "HoSo 1"
GOOD = NodeRow("n", "An Phú", "79001", b"", "hub", 0, NOW + 60 * DAY, seen=NOW - 60_000, ahead=0, told=VERSION)
OWN = Own("n", "hub", (), NOW + 60 * DAY, NOW - 60_000, 0, True, Summary(0, 9, 9, 0, None), (), 50, 100)
words = pytest.mark.usefixtures("node_folder")
"""What is said in words asks for settings of a node."""
HELD = (HeldRecord("", "", "unreadable"),)


def told(**more: Any) -> str:
    return json.dumps({"version": VERSION, "waits": 0, "free": 50, "disk": 100, **more})


def station(held: tuple[HeldRecord, ...] = (), standing: Any = "good", **more: Any) -> Station:
    return Station(GOOD._replace(**more), standing, 9, 0, 0, NOW, held)


@pytest.mark.parametrize(
    ("one", "advice"),
    [
        (station(), "well"),
        (station(standing="revoked", seen=None), "revoked"),
        (station(standing="expired"), "expired"),
        (station(seen=None), "never"),
        (station(HELD, seen=NOW - 4 * DAY, ahead=900_000), "silent"),
        (station(HELD, ahead=900_000), "held"),
        (station(ahead=-900_000), "clock"),
        (station(ahead=30_000, told=""), "well"),
        (station(seen=NOW - 2 * DAY), "quiet"),
        (station(expires=NOW + DAY), "ends"),
        (station(told="HoSo 0"), "version"),
        (station(HELD, told=told(free=1, disk=100)), "disk"),
        (replace(station(told=told(waits=2, oldest=NOW - 2 * DAY)), waits=2), "waits"),
        (replace(station(told=told(waits=2, oldest=NOW - 2 * DAY)), waits=0), "well"),
        (replace(station(told=told(waits=2, oldest=NOW - 60_000)), waits=2), "well"),
        (station(told=told(version="HoSo 0")), "version"),
    ],
)
def test_of_a_station_the_gravest_is_said(one: Station, advice: Advice) -> None:
    assert of_station(one, NOW, VERSION) == advice


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        ({}, "well"),
        ({"free": 1, "last": None}, "disk"),
        ({"hub": None, "last": None}, "well"),
        ({"certificate": NOW - 1}, "expired"),
        ({"last": None}, "never"),
        ({"last": NOW - 4 * DAY}, "silent"),
        ({"sent": Summary(0, 9, 9, 1, None)}, "held"),
        ({"ahead": 900_000}, "clock"),
        ({"last": NOW - 2 * DAY}, "quiet"),
        ({"equal": False}, "differs"),
    ],
)
def test_of_this_node_the_gravest_is_said(more: dict[str, Any], advice: Advice) -> None:
    assert of_own(replace(OWN, **more), NOW) == advice


def cells(*versions: dict[str, Any]) -> dict[str, list[list[str]]]:
    return {
        line.title: [["".join(text for text, _ in value.parts) for value in cell] for cell in line.cells]
        for line in lines(versions)
    }


@words
def test_values_are_read_in_words_and_what_differs_comes_first() -> None:
    same = {
        "resourceType": "Observation",
        "id": "o",
        "code": {"text": "Huyết áp"},
        "subject": {"reference": "Patient/p"},
    }
    one = {**same, "status": "final", "valueQuantity": {"value": 120, "unit": "mmHg"}, "note": [{"text": "ngồi"}]}
    other = {**same, "status": "final", "valueQuantity": {"value": 180, "unit": "mmHg"}}
    found = cells(one, other)
    assert list(found)[:2] == ["Value", "Note"]
    assert found["Value"] == [["120 mmHg"], ["180 mmHg"]]
    assert found["Note"] == [["ngồi"], []]
    assert "Person" not in found
    assert cells(one, {**one, "subject": {"reference": "Patient/q"}})["Person"] == [["p"], ["q"]]
    assert not {"id", "resourceType", "meta"} & set(found)


@words
def test_a_deletion_stands_beside_what_was_there_and_nothing_breaks_the_page() -> None:
    deep: dict[str, Any] = {"x": 1}
    for _ in range(50):
        deep = {"inner": [deep]}
    found = cells({"active": True, "name": [{"text": "An"}], "strange": deep, "long": "a" * 5_000}, {})
    assert found["Name"] == [["An"], []]
    assert len(found["long"][0][0]) == 300
    assert "strange" not in found
