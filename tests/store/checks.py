"""What must be true of any store at any time, whatever was done to it."""

from __future__ import annotations

import time
from collections import defaultdict

from tests.store.samples import put

from hoso.fhir.model import load
from hoso.store import chain, index
from hoso.store.contract import Change
from hoso.store.record_store import RecordStore
from hoso.store.writer import prepare


def settled(store: RecordStore, seconds: float = 20) -> list[Change]:
    """The whole feed, once every committed change has its number."""
    ends = time.monotonic() + seconds
    while True:
        ((changes,), (numbered,)) = (
            store.engine.reader().rows(f"SELECT count(*) FROM {table}")[0] for table in ("change", "feed")
        )
        if changes == numbered:
            return whole_feed(store)
        assert time.monotonic() < ends, f"{changes - numbered} changes have no number"
        time.sleep(0.02)


def whole_feed(store: RecordStore) -> list[Change]:
    found: list[Change] = []
    while page := store.feed(found[-1].number if found else 0, 500):
        found.extend(page)
    return found


def check(store: RecordStore) -> list[Change]:
    """Feed dense, chain intact, versions linear, heads at the end of their line, index as the bodies say."""
    changes = settled(store)
    assert [c.number for c in changes] == list(range(1, len(changes) + 1))
    _chain(changes)
    lines = _lines(changes)
    for (type, id), line in lines.items():
        head = store.read(type, id)
        assert head is not None and head.version == line[-1].version.version
        assert head.body == line[-1].version.body
    assert _index(store) == _index_of_bodies(store)
    return changes


def _chain(changes: list[Change]) -> None:
    methods = {"POST": 1, "PUT": 2, "PATCH": 3, "DELETE": 4}
    ends: dict[tuple[str, str], tuple[int, bytes]] = {}
    seen: dict[tuple[str, str], bool] = {}
    for c in changes:
        stream = (c.node, c.epoch)
        position, before = ends.get(stream, (0, chain.start(*stream)))
        v = c.version
        live = seen.get((v.type, v.id), False)
        op = 3 if v.deleted else 2 if live else 1
        seen[v.type, v.id] = not v.deleted
        envelope = chain.Envelope(
            c.change.hex, c.bundle.hex if c.bundle else None, c.place, c.places, op, methods[v.method], v.type, v.id,
            v.version, c.base, None if v.deleted else c.patient, c.actor, c.reason, v.updated,
            chain.body_hash(v.body) if v.body else None,
        )  # fmt: skip
        assert c.position == position + 1
        assert c.chain == chain.link(before, c.position, envelope.digest())
        ends[stream] = (c.position, c.chain)


def _lines(changes: list[Change]) -> dict[tuple[str, str], list[Change]]:
    lines: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for c in changes:
        line = lines[c.version.type, c.version.id]
        assert c.base == (line[-1].version.version if line else None)
        line.append(c)
    for line in lines.values():
        assert [c.version.version.partition("-")[0] for c in line] == [str(n) for n in range(1, len(line) + 1)]
    return lines


def _index(store: RecordStore) -> dict[str, list[tuple[object, ...]]]:
    reader = store.engine.reader()
    systems = "SELECT r.rid, r.date, r.present, s.key FROM resource r JOIN systems s ON s.number = r.systems"
    texts = "SELECT r.rid, t.key, t.value, coalesce(t.long, '') FROM resource r JOIN texts t ON t.number = r.texts"
    return {
        "token": sorted(reader.rows("SELECT key, patient, date, rid, system FROM token")),
        "ref": sorted(reader.rows("SELECT target, key, patient, date, rid FROM ref")),
        "date": sorted(reader.rows("SELECT key, low, high, patient, rid FROM date")),
        "string": sorted(reader.rows("SELECT key, value, patient, rid, exact, coalesce(long, '') FROM string")),
        "quantity": sorted(reader.rows("SELECT key, low, high, patient, rid, system, code, unit, part FROM quantity")),
        "systems": sorted(reader.rows(systems), key=repr),
        "texts": sorted(reader.rows(texts)),
    }


def _index_of_bodies(store: RecordStore) -> dict[str, list[tuple[object, ...]]]:
    import orjson

    reader = store.engine.reader()
    rids = {(type, id): rid for type, id, rid in reader.rows("SELECT type, id, rid FROM key")}
    number = load().type_number
    names = ("", *load().resource_types)
    expected: dict[str, set[tuple[object, ...]]] = {
        name: set() for name in ("token", "ref", "date", "string", "quantity", "systems", "texts")
    }
    for type, id, patient, rid in reader.rows("SELECT type, id, patient, rid FROM resource WHERE deleted = 0"):
        version = store.read(names[type], id)
        assert version is not None and version.rid == rid and version.patient == patient
        made = prepare(store.facts.keys, put(orjson.loads(version.body), id))
        date = index.NO_DATE if made.found.clinical_date is None else made.found.clinical_date
        home = rids[number["Patient"], made.found.patient] if made.found.patient is not None else rid
        assert patient == home
        rows = made.rows
        expected["token"] |= {(k, patient, date, rid, s) for k, s in rows.tokens}
        expected["ref"] |= {(rids[number[t], i], k, patient, date, rid) for t, i, k in rows.refs}
        expected["date"] |= {(k, low, high, patient, rid) for k, low, high in rows.dates}
        expected["string"] |= {(k, v, patient, rid, e, long or "") for k, v, e, long in rows.strings}
        expected["quantity"] |= {(k, low, high, patient, rid, *rest) for k, low, high, *rest in rows.quantities}
        expected["systems"] |= {
            (rid, made.found.clinical_date, made.found.present, key) for key, _ in rows.systems.rows
        }
        expected["texts"] |= {(rid, key, value, long or "") for key, value, _, _, long in rows.texts.rows}
    return {name: sorted(found, key=repr if name == "systems" else None) for name, found in expected.items()}
