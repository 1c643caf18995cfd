"""Looks whether a store is what it says: file, schema, change log, chain, bodies, keys, and every index row.

Everything is read in one snapshot, so it may run while others write; it changes nothing (see `repair.py` for that).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from hoso.store import chain, label_upkeep, migrate, sealing
from hoso.store.connection import Connection, Row
from hoso.store.plan import DELETE, GROUPED, TABLES, Head, Table
from hoso.store.reading import TYPES
from hoso.store.record_store import RecordStore
from hoso.store.seal import Gone
from hoso.store.standing import standing
from hoso.store.upkeep import PAGE, count, heads, lacking, marks, snapshot


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `faults` are short English facts for the operator; none: all is well."""

    check: str
    looked_at: int
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What should be known and is no fault."""

    @property
    def ok(self) -> bool:
        return not self.faults


SHOWN = 10
"""Faults of one kind that are told; their number is always told."""

Seen = Callable[[int], None]


def examine(store: RecordStore, seen: Seen = lambda number: None) -> Iterator[Finding]:
    """Runs every check; `seen` is called with the number of rows just looked at, for a progress bar."""
    connection = store.engine.reader()
    yield _integrity(connection)
    with snapshot(connection):
        yield _migrations(connection)
        yield _chain(store, connection, seen)
        yield _log(store, connection, seen)
        yield _heads(connection)
        yield from _index(store, connection, seen)
        yield _labels(store, connection, seen)
        yield _seals(store, connection)


def size(store: RecordStore) -> int:
    """How many rows `examine` will look at, about."""
    connection = store.engine.reader()
    return 3 * count(connection, "feed") + count(connection, "resource")


def finding(check: str, looked_at: int, faults: list[str]) -> Finding:
    """With the first of many faults."""
    shown = faults[:SHOWN]
    if len(faults) > SHOWN:
        shown.append(f"and {len(faults) - SHOWN:,} more")
    return Finding(check, looked_at, tuple(shown))


def _integrity(connection: Connection) -> Finding:
    """SQLite checks its pages. PostgreSQL has no such question; that its indexes can be read shows below."""
    if connection.dialect == "sqlite":
        rows = [str(row[0]) for row in connection.rows("PRAGMA integrity_check(20)")]
        return finding("integrity", len(rows), [row for row in rows if row != "ok"])
    invalid = connection.rows("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
    return finding("integrity", 1, [f"index {row[0]} is invalid" for row in invalid])


def _migrations(connection: Connection) -> Finding:
    shipped = {m.number: m for m in migrate.shipped(connection.dialect)}
    applied = connection.rows("SELECT number, name, checksum FROM migration ORDER BY number")
    faults = [f"migration {m.name} is missing" for n, m in shipped.items() if n not in {row[0] for row in applied}]
    for number, name, checksum in applied:
        if number not in shipped or shipped[number].checksum != checksum:
            faults.append(f"migration {name} is not the one of this release")
    return finding("migrations", len(applied), faults)


def _chain(store: RecordStore, connection: Connection, seen: Seen) -> Finding:
    """Feed numbers dense from 1, positions dense in each stream, and each link made of the one before."""
    streams = {
        id: chain.start(node, epoch) for id, node, epoch in connection.rows("SELECT id, node, epoch FROM stream")
    }
    positions = dict.fromkeys(streams, 0)
    faults: list[str] = []
    last = 0
    sql = """SELECT f.number, f.stream, f.position, f.chain, c.digest FROM feed f LEFT JOIN change c ON c.seq = f.seq
      WHERE f.number > ? ORDER BY f.number LIMIT ?"""
    while rows := connection.rows(sql, (last, PAGE)):
        for number, stream, position, link, digest in rows:
            if number != last + 1:
                faults.append(f"feed numbers {last + 1} to {number - 1} are missing")
            if position != positions[stream] + 1:
                faults.append(f"feed {number}: position {position} follows {positions[stream]}")
            if digest is None or chain.link(streams[stream], position, bytes(digest)) != bytes(link):
                faults.append(f"feed {number}: the chain is broken")
            last, positions[stream], streams[stream] = number, position, bytes(link)
        seen(len(rows))
    unnumbered = connection.rows(
        "SELECT count(*) FROM change c WHERE NOT EXISTS (SELECT 1 FROM feed f WHERE f.seq = c.seq)"
    )
    if connection.dialect == "sqlite" and unnumbered[0][0]:
        faults.append(f"{unnumbered[0][0]} changes have no feed number")
    return finding("chain", last, faults)


_CHANGES = """SELECT c.seq, c.id, c.bundle, c.place, c.places, c.op, c.method, c.type, k.id, c.version, c.base, c.rid,
    c.patient, p.id, c.actor, c.reason, c.time, c.size, c.digest, b.dict, b.bytes
  FROM change c LEFT JOIN key k ON k.rid = c.rid LEFT JOIN key p ON p.rid = c.patient
  LEFT JOIN body b ON b.patient = c.patient AND b.seq = c.seq
  WHERE c.seq > ? ORDER BY c.seq LIMIT ?"""


def _log(store: RecordStore, connection: Connection, seen: Seen) -> Finding:
    """Every change still has the envelope and the body of which its digest was made."""
    faults: list[str] = []
    erased = {rid for (rid,) in connection.rows("SELECT rid FROM erasure")}
    last = looked_at = 0
    while rows := connection.rows(_CHANGES, (last, PAGE)):
        for row in rows:
            fault = _changed(connection, row, erased)
            if fault:
                faults.append(f"change {row[0]}: {fault}")
        last = rows[-1][0]
        looked_at += len(rows)
        seen(len(rows))
    return finding("log", looked_at, faults)


def _changed(connection: Connection, row: Row, erased: Collection[int]) -> str | None:
    """Of what was erased only the chain tells that its envelope is the one that was stored."""
    (_, change, bundle, place, places, op, method, type, id, version, base, rid, patient, patient_id, actor, reason,
     time, size, digest, dictionary, packed) = row  # fmt: skip
    if id is None or patient_id is None:
        return "its record has no key"
    if packed is None and rid in erased:
        return None
    if (packed is None) != (op == DELETE):
        return "its body is missing" if packed is None else "a deletion has a body"
    try:
        text = connection.text(dictionary, bytes(packed), rid, version) if packed is not None else b""
    except Gone:
        return None if rid in erased else "its key is missing"
    except Exception as error:  # a damaged frame is reported in as many ways as there are damages
        return f"its body cannot be unpacked ({error})"
    owned = op != DELETE and (patient != rid or TYPES[type] == "Patient")
    envelope = chain.Envelope(
        UUID(bytes=bytes(change)).hex, UUID(bytes=bytes(bundle)).hex if bundle else None, place, places, op, method,
        TYPES[type], id, version, base, patient_id if owned else None, actor, reason, time,
        chain.body_hash(text) if text else None,
    )  # fmt: skip
    return None if envelope.digest() == bytes(digest) and size == len(text) else "its content is not what was stored"


def _heads(connection: Connection) -> Finding:
    """Every head is the newest change of its record, stands under its key, and every key is known for a reason."""
    faults: list[str] = []
    questions = (
        ("heads that are not the newest change", """SELECT k.id FROM resource r JOIN key k ON k.rid = r.rid
           WHERE r.seq <> (SELECT max(c.seq) FROM change c WHERE c.rid = r.rid)"""),
        ("records without a head", """SELECT k.id FROM key k WHERE EXISTS (SELECT 1 FROM change c WHERE c.rid = k.rid)
           AND NOT EXISTS (SELECT 1 FROM resource r WHERE r.patient = k.patient AND r.rid = k.rid)"""),
        ("heads without their key", """SELECT r.id FROM resource r WHERE NOT EXISTS
           (SELECT 1 FROM key k WHERE k.rid = r.rid AND k.patient = r.patient AND k.type = r.type AND k.id = r.id)"""),
    )  # fmt: skip
    for name, sql in questions:
        found = connection.rows(f"SELECT count(*), min(id) FROM ({sql}) AS found")[0]  # noqa: S608
        if found[0]:
            faults.append(f"{found[0]} {name}, such as {found[1]}")
    return finding("heads", count(connection, "resource"), faults)


def _index(store: RecordStore, connection: Connection, seen: Seen) -> Iterator[Finding]:
    """The rows that should be there are, and there are no more than these; so they are the same."""
    wanted = dict.fromkeys(TABLES, 0)
    missing: dict[Table, list[str]] = {table: [] for table in TABLES}
    marked: list[str] = []
    for page in heads(connection):
        for type, some in groupby(sorted(page, key=_by_type), key=lambda pair: pair[0]):
            heads_there = list(some)
            made = standing(store.engine, store.facts, connection, heads_there)
            there = marks(connection, [head.rid for _, head in heads_there])
            marked += [f"{type}: its marks are wrong" for rid, right in made.marks.items() if there.get(rid) != right]
            for grouped in GROUPED:
                marked += [f"{type}: a set is missing in {grouped}"] * len(
                    lacking(connection, grouped, made.grouped[grouped])
                )
            for table in TABLES:
                wanted[table] += len(made.tables[table])
                absent = lacking(connection, table, made.tables[table])
                missing[table] += [f"{type}: a row is missing"] * len(absent)
        seen(len(page))
    yield finding("index.resource", count(connection, "resource"), marked)
    for table in TABLES:
        rows_there = count(connection, table)
        faults = missing[table]
        surplus = rows_there - (wanted[table] - len(faults))
        if surplus:
            faults = [*faults, f"{surplus} rows belong to no record"]
        yield finding(f"index.{table}", rows_there, faults)


def _labels(store: RecordStore, connection: Connection, seen: Seen) -> Finding:
    """Every version's labels, and those of all that is made of it, are counted."""
    missing = label_upkeep.lacking(store, connection, seen)
    faults = [f"record {row.rid}: a label is missing" for row in missing.rows]
    faults += [f"record {heir}: its source {source} is forgotten" for source, heir in missing.edges]
    return finding("labels", missing.looked_at, faults)


def _seals(store: RecordStore, connection: Connection) -> Finding:
    """No body of a special class stands in clear, and no key of a living record is missing."""
    if store.facts.keyring is None:
        return finding("seals", 0, [])
    clear = sealing.unsealed(connection, 0, 1_000)
    ((number,),) = connection.rows("SELECT count(*) FROM record_key")
    return finding("seals", number, [f"record {rid}: a version stands in clear" for rid in clear])


def _by_type(pair: tuple[str, Head]) -> str:
    return pair[0]
