"""For whom a node is invited, and what its hub and the hub above make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hoso.core import system_clock
from hoso.store.record_store import RecordStore
from hoso.store.sync_nodes import NodeTable
from hoso.sync.nodes import Family, Hub
from hoso.sync.scope import Extent, Wants

KEYS = {name: bytes([number]) * 32 for number, name in enumerate(("a", "b", "province"), 1)}


@pytest.fixture
def hub(engine: str, make_store: Callable[..., RecordStore], tmp_path: Path) -> Hub:
    return Hub("hub", tmp_path, NodeTable(make_store(engine).engine), lambda *told: None, system_clock)


def enrol(hub: Hub, node: str, facility: str, scope: Extent) -> None:
    hub.enrol(hub.invite(node, facility, scope), node, KEYS[node])


def family(hub: Hub) -> Family:
    return Family(hub.node, None, hub.node, {row.id: row for row in hub.table.all()})


def test_a_node_has_its_own_people_or_everybody_as_it_was_invited_and_once_everybody_always(hub: Hub) -> None:
    enrol(hub, "a", "01", "own")
    enrol(hub, "b", "02", "all")
    assert family(hub).wants("a") == Wants(frozenset({"a"}), frozenset({"01"}))
    assert family(hub).wants("b") is None and family(hub).wants("stranger") is None

    enrol(hub, "b", "02", "own")
    assert family(hub).wants("b") is None  # what it has it keeps
    enrol(hub, "a", "01", "all")
    assert family(hub).wants("a") is None


def test_a_hub_above_knows_what_a_province_and_its_stations_want(hub: Hub) -> None:
    enrol(hub, "province", "79", "own")
    stations = replace(hub, node="province")
    assert family(hub).wants("province") == Wants(frozenset({"province"}), frozenset({"79"}))

    enrol(stations, "a", "01", "own")
    told = [one for one in stations.below() if one.id == "a"]
    rows = {row.id: row for row in hub.table.all() if row.id == "province"}
    assert told[0].scope == "own" and hub.meet("province", told, rows) == 0
    assert family(hub).wants("province") == Wants(frozenset({"province", "a"}), frozenset({"79", "01"}))

    enrol(stations, "b", "02", "all")
    assert family(hub).wants("province") is None
    assert hub.revoke("b")
    assert family(hub).wants("province") == Wants(frozenset({"province", "a", "b"}), frozenset({"79", "01", "02"}))
