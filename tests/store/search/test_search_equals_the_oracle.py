"""Search on both engines gives what looking at every record gives: the same records, counts, order and pages."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from tests.store.search.oracle import Oracle, Record
from tests.store.search.world import Searches, World

from hoso.fhir.search import Query, parse
from hoso.store.contract import Draft, Origin, Version
from hoso.store.record_store import RecordStore
from hoso.store.search import page, plan
from hoso.store.visible import EVERYTHING

ORIGIN = Origin("user/test", "TREAT")


def save(store: RecordStore, resource: dict[str, Any]) -> None:
    draft = Draft("PUT", resource["resourceType"], resource["id"], orjson.dumps(resource), resource)
    store.save([draft], ORIGIN)


def records(store: RecordStore, world: World) -> list[Record]:
    found = []
    for type, ids in world.ids.items():
        for id in ids:
            version = store.read(type, id)
            if version is not None and not version.deleted:
                resource = orjson.loads(version.body)
                found.append(Record.of(resource, version.rid, version.updated))
    return found


def pages(store: RecordStore, query: Query) -> list[Version]:
    found, cursor = [], None
    while True:
        got = store.search(query, EVERYTHING, cursor)
        assert len(got.matches) <= query.count
        found += got.matches
        cursor = got.cursor
        if cursor is None:
            return found
        assert len(got.matches) == query.count


def names(versions: list[Version]) -> list[str]:
    return [f"{v.type}/{v.id}" for v in versions]


def populate(store: RecordStore, world: World) -> None:
    for resource in world.everything():
        save(store, resource)
    for type in ("Observation", "Patient"):  # later versions and deletions leave nothing of the earlier ones behind
        for id in world.random.sample(world.ids[type], 3):
            save(store, world.resource(type, id))
        store.save([Draft("DELETE", type, world.one(world.ids[type]), b"", None)], ORIGIN)


@pytest.mark.parametrize("seed", range(4))
def test_random_searches_find_what_looking_at_every_record_finds(
    store: RecordStore, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # as if the world were large: many conditions are common, and a stretch of the order is short
        monkeypatch.setattr(plan, "GLANCE", 2)
        monkeypatch.setattr(page, "SIZES", (3, 12))
    world = World(seed)
    populate(store, world)
    oracle, searches = Oracle(records(store, world)), Searches(world)
    hits = 0
    for _ in range(150):
        type, pairs = searches.search()
        count = world.one([1, 2, 3, 7, 50])
        query = parse(type, [*pairs, ("_count", str(count)), ("_total", "accurate")])
        expected = oracle.search(query)
        found = pages(store, query)
        assert names(found) == expected, (type, pairs)
        assert store.search(query, EVERYTHING).total == len(expected), (type, pairs)
        assert names(list(store.scan(query, EVERYTHING))) == expected
        hits += bool(expected)
    assert hits > 40
