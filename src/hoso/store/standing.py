"""The index rows that should stand for records, worked out from their bodies: to compare with, and to repair by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import orjson

from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.store import index
from hoso.store.connection import Connection
from hoso.store.engine import Engine
from hoso.store.facts import Facts
from hoso.store.index import Rows
from hoso.store.plan import Head, Name, Table

_NUMBER = load().type_number

Standing = dict[Table, set[tuple[Any, ...]]]
Found = tuple[str, Head, Indexed, Rows]


def standing(engine: Engine, facts: Facts, connection: Connection, heads: Collection[tuple[str, Head]]) -> Standing:
    """The rows of all these live heads (with their types) together, each as the index tables have them."""
    found = [_found(facts, type, head) for type, head in heads if head.packed is not None and not head.deleted]
    rids = _rids(engine, connection, found)
    tables: Standing = {"token": set(), "ref": set(), "date": set(), "string": set(), "quantity": set()}
    for _, head, values, rows in found:
        _add(tables, rows, values, head.patient, head.rid, rids)
    return tables


def _found(facts: Facts, type: str, head: Head) -> Found:
    assert head.packed is not None
    values = extract(orjson.loads(facts.codec.unpack(head.dictionary, head.packed)))
    return type, head, values, index.rows(facts.keys, type, values)


def _rids(engine: Engine, connection: Connection, found: Collection[Found]) -> dict[Name, int]:
    names = {(_NUMBER[type], id) for _, _, _, rows in found for type, id, _ in rows.refs}
    return {name: head.rid for name, head in engine.lookup(connection, names, False).items()}


def _add(tables: Standing, rows: Rows, values: Indexed, patient: int, rid: int, rids: Mapping[Name, int]) -> None:
    laid_out = index.laid_out(
        rows, values.clinical_date, patient, rid, lambda type, id: rids.get((_NUMBER[type], id), 0)
    )
    for table, found in laid_out.items():
        tables[table].update(found)
