"""The walk of an added search parameter over the records: some at a time, each time with the place in one transaction.

So a stop at any moment loses nothing, and nobody who writes waits for longer than a hundred records take.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import orjson

from hoso.fhir.added import put
from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.store import index
from hoso.store.added import CHECKING, FILLING, GOING, GRACE_MS, READY, Parameter, listed, numbers
from hoso.store.connection import Connection
from hoso.store.plan import Head, Name
from hoso.store.record_store import RecordStore
from hoso.store.repair import insert
from hoso.store.seal import BadSeal, Gone, is_sealed
from hoso.store.upkeep import KEYS, heads_of, lacking

CHUNK = 100
_NUMBER = load().type_number


def step(store: RecordStore) -> bool:
    """One piece of the walk of the first parameter that is not done; whether there is more to do."""
    todo = [one for one in store.engine.brief(listed) if one.state != READY]
    due = [one for one in todo if one.since + GRACE_MS <= store.now()]
    if due:
        store.engine.transact(partial(_piece, store, due[0].number))
        store.facts.added.forget()
    return bool(due)


def _piece(store: RecordStore, number: int, connection: Connection) -> None:
    lock = " FOR UPDATE" if connection.dialect == "postgresql" else ""
    connection.rows(f"SELECT number FROM added_parameter WHERE number = ?{lock}", (number,))  # noqa: S608
    one = next((found for found in listed(connection) if found.number == number), None)
    if one is None or one.state == READY:
        return
    type, rids = _next(connection, one)
    if not rids:
        _turn(connection, one)
        return
    mended = _work(store, connection, one, heads_of(connection, rids, lock=True))
    connection.rows(
        "UPDATE added_parameter SET type = ?, rid = ?, seen = seen + ?, mended = mended + ? WHERE number = ?",
        (type, rids[-1], len(rids), mended if one.state == CHECKING else 0, number),
    )


def _next(connection: Connection, one: Parameter) -> tuple[int, list[int]]:
    """The records behind the place reached, type by type."""
    after = one.rid
    for number in numbers(one):
        if number < one.type:
            continue
        place = after if number == one.type else 0
        rows = connection.rows(
            "SELECT rid FROM resource WHERE type = ? AND rid > ? ORDER BY rid LIMIT ?", (number, place, CHUNK)
        )
        if rows:
            return number, [rid for (rid,) in rows]
    return one.type, []


def _turn(connection: Connection, one: Parameter) -> None:
    """The end of a walk: what was filled is checked, and checked again until nothing was lacking."""
    if one.state == GOING:
        connection.rows("DELETE FROM added_parameter WHERE number = ?", (one.number,))
        return
    state = READY if one.state == CHECKING and not one.mended else CHECKING
    seen = one.seen if state == READY else 0
    connection.rows(
        "UPDATE added_parameter SET state = ?, type = 0, rid = 0, seen = ?, mended = 0 WHERE number = ?",
        (state, seen, one.number),
    )


def _work(store: RecordStore, connection: Connection, one: Parameter, heads: Sequence[tuple[str, Head]]) -> int:
    found = [made for type, head in heads if (made := _rows(store, connection, one, type, head)) is not None]
    names = {(_NUMBER[type], id) for _, _, rows in found for type, id, _ in rows.refs}
    rid_of = _numbers(store, connection, names)
    changed = 0
    for head, date, rows in found:
        tables = index.laid_out(rows, date, head.patient, head.rid, rid_of)
        for table, wanted in tables.items():
            if one.state == GOING:
                _delete(connection, table, wanted)
            else:
                changed += _insert(connection, table, wanted)
        if one.state == FILLING:
            _insert(connection, "codes", rows.codes)
    return changed


def _rows(
    store: RecordStore, connection: Connection, one: Parameter, type: str, head: Head
) -> tuple[Head, int | None, index.Rows] | None:
    if head.packed is None or head.deleted or head.version is None:
        return None
    try:
        text = connection.text(head.dictionary, head.packed, head.rid, head.version)
    except (Gone, BadSeal):
        return None
    resource = orjson.loads(text)
    found = extract(resource)
    values = Indexed(displays=found.displays)
    put(one.definition, one.name, resource, values)
    rows = index.rows(store.facts.keys, type, values)
    return head, found.clinical_date, index.without_texts(rows) if is_sealed(head.dictionary) else rows


def _numbers(store: RecordStore, connection: Connection, names: Collection[Name]) -> Callable[[str, str], int]:
    """The numbers of records that are referred to; one never heard of gets its number now."""
    known = {name: head.rid for name, head in store.engine.lookup(connection, names, False).items()}
    free = store.engine.rids(connection)
    for name in sorted(set(names) - known.keys()):
        rid = known[name] = next(free)
        connection.rows("INSERT INTO key (type, id, patient, rid) VALUES (?, ?, ?, ?)", (*name, rid, rid))
    return lambda type, id: known[_NUMBER[type], id]


def _insert(connection: Connection, table: Any, wanted: Collection[Any]) -> int:
    missing = lacking(connection, table, wanted) if wanted else []
    for row in missing:
        insert(connection, table, row)
    return len(missing)


def _delete(connection: Connection, table: str, rows: Collection[Any]) -> None:
    key = KEYS[table]
    where = " AND ".join(f"{name} = ?" for name in key)
    for row in rows:
        connection.rows(f"DELETE FROM {table} WHERE {where}", row[: len(key)])  # noqa: S608
