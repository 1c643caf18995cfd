"""Writes a plan into SQLite inside the running write transaction, feed number and chain included."""

from __future__ import annotations

from collections.abc import Iterator

from hoso.store import audit
from hoso.store.chain import link
from hoso.store.plan import CONSENT, TABLES, LabelPlan, Plan, Table
from hoso.store.sqlite.connection import SqliteConnection

_COLUMNS = {
    "token": ("key", "patient", "date", "rid", "system"),
    "ref": ("target", "key", "patient", "date", "rid"),
    "date": ("key", "low", "high", "patient", "rid"),
    "string": ("key", "value", "patient", "rid", "exact", "long"),
    "quantity": ("key", "low", "high", "patient", "rid", "system", "code", "unit", "part"),
    "relation": ("patient", "grantee", "kind", "since", "until", "rid"),
    "consent": CONSENT,
}


def _marks(number: int) -> str:
    return ", ".join("?" * number)


_INSERT = {table: f"INSERT INTO {table} VALUES ({_marks(len(columns))})" for table, columns in _COLUMNS.items()}  # noqa: S608
_DELETE = {
    table: f"DELETE FROM {table} WHERE " + " AND ".join(f"{c} IS ?" if c == "long" else f"{c} = ?" for c in columns)  # noqa: S608
    for table, columns in _COLUMNS.items()
}
_HEAD = f"""INSERT INTO resource (patient, rid, type, id, version, seq, updated, date, present, deleted, systems, texts)
  VALUES ({_marks(12)}) ON CONFLICT (patient, rid) DO UPDATE SET version = excluded.version, seq = excluded.seq,
  updated = excluded.updated, date = excluded.date, present = excluded.present, deleted = excluded.deleted,
  systems = excluded.systems, texts = excluded.texts"""  # noqa: S608


def apply(connection: SqliteConnection, plan: Plan) -> None:
    many = connection.many
    if plan.keys:
        many("INSERT INTO key (type, id, patient, rid) VALUES (?, ?, ?, ?)", plan.keys)
    for move in plan.moves:
        connection.rows("UPDATE key SET patient = ? WHERE type = ? AND id = ?", (move.patient, move.type, move.id))
    gone = [(e.patient, e.rid) for e in plan.expected if e.replaced]
    if gone:
        many("DELETE FROM resource WHERE patient = ? AND rid = ?", gone)
    if plan.changes:
        _log(connection, plan)
    for table in TABLES:
        _index(connection, table, plan)
    if plan.labels:
        _label(connection, plan.labels)
    if plan.record_keys:
        many("INSERT INTO record_key (id, rid, wrapped, made) VALUES (?, ?, ?, ?)", plan.record_keys)
    audit.insert(connection, plan.events)


def _label(connection: SqliteConnection, labels: LabelPlan) -> None:
    if labels.rows:
        connection.many("INSERT OR REPLACE INTO label VALUES (?, ?, ?, ?, ?, ?)", labels.rows)
    if labels.edges:
        connection.many("INSERT OR IGNORE INTO label_edge VALUES (?, ?)", sorted(labels.edges))


def _log(connection: SqliteConnection, plan: Plan) -> None:
    many = connection.many
    ((last,),) = connection.rows("SELECT coalesce(max(seq), 0) FROM change")
    many(f"INSERT INTO change VALUES ({_marks(17)})", [(last + n, *row) for n, row in enumerate(plan.changes, 1)])  # noqa: S608
    many(
        "INSERT INTO body (patient, seq, dict, bytes) VALUES (?, ?, ?, ?)",
        [(b.patient, last + b.place, b.dictionary, b.packed) for b in plan.bodies],
    )
    many(
        _HEAD,
        [(h.patient, h.rid, h.type, h.id, h.version, last + h.place, *h[6:]) for h in plan.heads],
    )
    for table, rows in plan.grouped.items():
        width = len(next(iter(rows)))
        many(f"INSERT INTO {table} VALUES ({_marks(width)}) ON CONFLICT DO NOTHING", list(rows))  # noqa: S608
    many("INSERT INTO feed VALUES (?, ?, ?, ?, ?)", list(_numbered(connection, plan, last)))


def _numbered(connection: SqliteConnection, plan: Plan, last: int) -> Iterator[tuple[int, int, int, int, bytes]]:
    ((number,),) = connection.rows("SELECT coalesce(max(number), 0) FROM feed")
    end = connection.rows(
        "SELECT position, chain FROM feed WHERE stream = ? ORDER BY position DESC LIMIT 1", (plan.stream,)
    )
    position, chain = end[0] if end else (0, plan.start)
    for n, row in enumerate(plan.changes, 1):
        chain = link(chain, position + n, row.digest)
        yield number + n, last + n, plan.stream, position + n, chain


def _index(connection: SqliteConnection, table: Table, plan: Plan) -> None:
    if gone := plan.remove.get(table):
        connection.many(_DELETE[table], gone)
    if fresh := plan.add.get(table):
        connection.many(_INSERT[table], sorted(fresh))  # neighbours in the b-tree one after the other
