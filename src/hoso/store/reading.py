"""Questions by name: heads, old versions and the feed. Each is one statement, and a body is sent as it was kept."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec

from hoso.fhir.model import load
from hoso.store.connection import Connection, Row
from hoso.store.contract import Change, Outcome, Saved, Stretch, Version
from hoso.store.plan import CREATE, DELETE, METHODS, UPDATE
from hoso.store.seal import Gone

_MODEL = load()
TYPES = ("", *_MODEL.resource_types)
"""Name of a type by its number."""

NUMBER = _MODEL.type_number

_COLUMNS = "r.version, r.updated, r.deleted, b.dict, b.bytes, r.patient, r.rid, r.seq, y.mask"
_JOINS = """JOIN resource r ON r.patient = k.patient AND r.rid = k.rid
  LEFT JOIN body b ON b.patient = r.patient AND b.seq = r.seq LEFT JOIN label y ON y.rid = k.rid"""
_READ = f"SELECT {_COLUMNS} FROM key k {_JOINS} WHERE k.type = ? AND k.id = ?"  # noqa: S608
"""What a read sends is all it fetches: it never touches the log."""

_HEADS = f"""SELECT w.t, w.i, {_COLUMNS} FROM jsonb_to_recordset(CAST(? AS jsonb)) AS w (t smallint, i text COLLATE "C")
  JOIN key k ON k.type = w.t AND k.id = w.i {_JOINS}"""  # noqa: S608
"""Many heads in one round trip; SQLite, being in the process, is asked for one after the other."""

VERSION = """c.version, c.time, c.op, b.dict, b.bytes, c.method, c.patient, c.rid, c.seq, c.type, k.id, y.mask"""
"""Columns of one change with its body, in the order `version` reads them."""

FROM_CHANGE = """FROM change c JOIN key k ON k.rid = c.rid
  LEFT JOIN body b ON b.patient = c.patient AND b.seq = c.seq LEFT JOIN label y ON y.rid = c.rid"""

_VREAD = f"""SELECT {VERSION} {FROM_CHANGE}
  WHERE c.rid = (SELECT rid FROM key WHERE type = ? AND id = ?) AND c.version = ?"""  # noqa: S608

_FEED = f"""SELECT {VERSION}, f.number, s.node, s.epoch, f.position, f.chain, c.id, c.bundle, c.place, c.places, c.base,
    p.type, p.id, c.actor, c.reason
  FROM feed f JOIN stream s ON s.id = f.stream JOIN change c ON c.seq = f.seq JOIN key k ON k.rid = c.rid
  JOIN key p ON p.rid = c.patient LEFT JOIN body b ON b.patient = c.patient AND b.seq = c.seq
  LEFT JOIN label y ON y.rid = c.rid
  WHERE f.number > ?{{within}} ORDER BY f.number LIMIT ?"""  # noqa: S608

_WINDOW = 50_000
"""Numbers of the feed that are looked through for changes of some types."""

_STORED = f"SELECT {VERSION} {FROM_CHANGE} WHERE c.id = ?"
_ERASED = "SELECT rid FROM erasure WHERE rid = ?"
_OUTCOMES: dict[int, Outcome] = {CREATE: "created", UPDATE: "updated", DELETE: "deleted"}


def read(connection: Connection, type: str, id: str) -> Version | None:
    number = _MODEL.type_number.get(type)
    if number is None:
        return None
    for row in connection.rows(_READ, (number, id)):
        return _head(connection, type, id, row)
    return None


def _head(connection: Connection, type: str, id: str, row: Row) -> Version:
    version, updated, deleted, dictionary, packed, patient, rid, seq, labels = row
    if deleted:
        erased = bool(connection.rows(_ERASED, (rid,)))
        return Version(type, id, version, updated, True, b"", "DELETE", patient, rid, seq, labels, erased)
    try:
        body = connection.text(dictionary, packed, rid, version)
    except Gone:
        return Version(type, id, version, updated, True, b"", "DELETE", patient, rid, seq, labels, True)
    return Version(type, id, version, updated, False, body, "PUT", patient, rid, seq, labels)


def heads(connection: Connection, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Version]:
    if connection.dialect == "sqlite":
        each = ((name, read(connection, *name)) for name in keys)
        return {name: version for name, version in each if version is not None}
    wanted = [{"t": _MODEL.type_number[type], "i": id} for type, id in keys if type in _MODEL.type_number]
    rows = connection.rows(_HEADS, (msgspec.json.encode(wanted).decode(),)) if wanted else []
    return {(TYPES[type], id): _head(connection, TYPES[type], id, tuple(row)) for type, id, *row in rows}


def vread(connection: Connection, type: str, id: str, version: str) -> Version | None:
    number = _MODEL.type_number.get(type)
    if number is None:
        return None
    for row in connection.rows(_VREAD, (number, id, version)):
        return as_version(connection, row)
    return None


def as_version(connection: Connection, row: Row) -> Version:
    """A row that begins with the columns of `VERSION`."""
    version, time, op, dictionary, packed, method, patient, rid, seq, type, id, labels = row[:12]
    try:
        body = connection.text(dictionary, packed, rid, version) if packed is not None else b""
    except Gone:
        body = b""
    erased, how = not body and op != DELETE, METHODS[method - 1]
    return Version(TYPES[type], id, version, time, not body, body, how, patient, rid, seq, labels, erased)


def stored(connection: Connection, change: UUID) -> Saved | None:
    """What was answered when this change was saved before."""
    for row in connection.rows(_STORED, (change.bytes,)):
        found = as_version(connection, row)
        return Saved(
            found.type, found.id, found.version, found.updated, _OUTCOMES[row[2]], found.body, found.rid, found.patient
        )  # fmt: skip
    return None


def feed(connection: Connection, after: int, limit: int) -> list[Change]:
    return [_change(connection, row) for row in connection.rows(_FEED.format(within=""), (after, limit))]


def feed_of(connection: Connection, types: Collection[str], after: int, limit: int) -> Stretch:
    last = feed_end(connection)
    end = min(after + _WINDOW, last)
    numbers = ", ".join(str(_MODEL.type_number[type]) for type in sorted(types))
    within = _FEED.format(within=f" AND f.number <= ? AND c.type IN ({numbers})")
    rows = connection.rows(within, (after, end, limit))
    found = [_change(connection, row) for row in rows]
    until = found[-1].number if len(found) == limit else max(after, end)
    return Stretch(found, until, until < last)


def feed_end(connection: Connection) -> int:
    ((last,),) = connection.rows("SELECT coalesce(max(number), 0) FROM feed")
    return int(last)


def _change(connection: Connection, row: Row) -> Change:
    number, node, epoch, position, chain, id, bundle, place, places, base, type, patient, actor, reason = row[12:]
    return Change(
        number, node, epoch, position, bytes(chain), UUID(bytes=bytes(id)),
        UUID(bytes=bytes(bundle)) if bundle else None, place, places, base,
        patient if TYPES[type] == "Patient" else None, actor, reason, as_version(connection, row),
    )  # fmt: skip
