"""The index rows that should stand for records, worked out from their bodies: to compare with, and to repair by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.store import index
from hoso.store.added import Snapshot
from hoso.store.connection import Connection
from hoso.store.engine import Engine
from hoso.store.facts import Facts
from hoso.store.index import Rows
from hoso.store.plan import GROUPED, TABLES, Grouped, Head, Name, Table
from hoso.store.seal import BadSeal, Gone, is_sealed

_NUMBER = load().type_number

Found = tuple[str, Head, Indexed, Rows]
Marks = tuple[int | None, int, int, int]
"""The columns `date`, `present`, `systems` and `texts` of a head."""

NO_MARKS: Marks = (None, 0, 0, 0)
"""Of a deleted record."""


class Standing(NamedTuple):
    """Rows of the index tables, of the sets that the records share, and the marks of the heads by rid."""

    tables: dict[Table, set[tuple[Any, ...]]]
    grouped: dict[Grouped, set[tuple[Any, ...]]]
    marks: dict[int, Marks]


def standing(engine: Engine, facts: Facts, connection: Connection, heads: Collection[tuple[str, Head]]) -> Standing:
    """The rows of all these live heads (with their types) together, each as the index tables have them."""
    live = [(type, head) for type, head in heads if head.packed is not None and not head.deleted]
    added = facts.added.current(engine)
    found = [one for type, head in live if (one := _found(facts, added, connection, type, head)) is not None]
    rids = _rids(engine, connection, found)
    made = Standing(
        {table: set() for table in TABLES},
        {table: set() for table in GROUPED},
        {head.rid: NO_MARKS for _, head in heads},
    )
    for _, head, values, rows in found:
        _add(made.tables, rows, values, head.patient, head.rid, rids)
        made.grouped["codes"].update(rows.codes)
        made.grouped["systems"].update(rows.systems.rows)
        made.grouped["texts"].update(rows.texts.rows)
        made.marks[head.rid] = (values.clinical_date, values.present, rows.systems.number, rows.texts.number)
    return made


def _found(facts: Facts, added: Snapshot, connection: Connection, type: str, head: Head) -> Found | None:
    """None for one whose text was erased or cannot be opened, which the check of the log tells: nothing leads to it."""
    assert head.packed is not None and head.version is not None
    try:
        text = connection.text(head.dictionary, head.packed, head.rid, head.version)
    except (Gone, BadSeal):
        return None
    resource = orjson.loads(text)
    values = extract(resource)
    added.fill(type, resource, values)
    rows = index.rows(facts.keys, type, values)
    return type, head, values, index.without_texts(rows) if is_sealed(head.dictionary) else rows


def _rids(engine: Engine, connection: Connection, found: Collection[Found]) -> dict[Name, int]:
    names = {(_NUMBER[type], id) for _, _, _, rows in found for type, id, _ in rows.refs}
    return {name: head.rid for name, head in engine.lookup(connection, names, False).items()}


def _add(
    tables: dict[Table, set[tuple[Any, ...]]],
    rows: Rows,
    values: Indexed,
    patient: int,
    rid: int,
    rids: Mapping[Name, int],
) -> None:
    laid_out = index.laid_out(
        rows, values.clinical_date, patient, rid, lambda type, id: rids.get((_NUMBER[type], id), 0)
    )
    for table, found in laid_out.items():
        tables[table].update(found)
