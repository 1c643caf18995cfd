"""Labels looked at as a whole: what the log says against the rows there are, and the rows that are missing.

A row that says more than the log does stays: an older list of codes, or a hand, closed the record, and only a human act
opens it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from hoso.fhir.extract import extract
from hoso.fhir.labels import said
from hoso.fhir.labels.content import may_say
from hoso.fhir.labels.names import table
from hoso.fhir.model import load
from hoso.store import index
from hoso.store.connection import Connection
from hoso.store.labels import Edge, Spread, edges, heirs
from hoso.store.plan import LabelRow
from hoso.store.reading import TYPES
from hoso.store.record_store import RecordStore
from hoso.store.seal import BadSeal, Gone
from hoso.store.upkeep import PAGE, pages

CHUNK = 200
_NUMBER = load().type_number

_VERSIONS = """SELECT c.seq, c.rid, c.version, c.patient, c.type, h.seq, b.dict, b.bytes FROM change c
  JOIN body b ON b.patient = c.patient AND b.seq = c.seq
  LEFT JOIN key k ON k.rid = c.rid LEFT JOIN resource h ON h.patient = k.patient AND h.rid = k.rid AND h.deleted = 0
  WHERE c.seq > ? ORDER BY c.seq LIMIT ?"""

_KEEP = """INSERT INTO label (rid, mask, content, hand, inherited, lowered) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (rid) DO UPDATE SET
  mask = (label.content | label.hand | label.inherited | excluded.content | excluded.hand | excluded.inherited)
    & ~label.lowered,
  content = label.content | excluded.content, hand = label.hand | excluded.hand,
  inherited = label.inherited | excluded.inherited"""


class Lacking:
    """Rows of `label` that should say more, and edges of older versions that are not there."""

    def __init__(self, rows: list[LabelRow], edges: list[Edge], looked_at: int) -> None:
        self.rows, self.edges, self.looked_at = rows, edges, looked_at


def lacking(store: RecordStore, connection: Connection, seen: Callable[[int], None]) -> Lacking:
    """Reads the whole log. `seen` hears of versions looked at."""
    rows = {row[0]: LabelRow(*row) for page in _rows(connection) for row in page}
    there = dict(rows)
    old: set[Edge] = set()
    looked_at, last = 0, 0
    while found := connection.rows(_VERSIONS, (last, PAGE)):
        for seq, rid, version, patient, type, head, dictionary, packed in found:
            name = TYPES[type]
            try:
                body = connection.text(dictionary, packed, rid, version)
            except (Gone, BadSeal):
                continue  # its labels were worked out when it was written
            passes_on = seq != head and name in table()["inherit"]
            if not passes_on and not may_say(body, name):
                continue
            resource = orjson.loads(body)
            says = said(body, resource)
            if says.content or says.hand or says.echo:
                row = rows.get(rid, LabelRow(rid))
                hand = row.hand | says.hand | (says.echo & ~(row.mask | says.content | row.lowered))
                rows[rid] = row._replace(content=row.content | says.content, hand=hand).settled()
            if passes_on:
                old.update(_edges(store, connection, name, resource, patient, rid))
        last = found[-1][0]
        looked_at += len(found)
        seen(len(found))
    absent = sorted(old - _there(connection, old))
    own: dict[int, set[int]] = {}
    for source, heir in absent:
        own.setdefault(source, set()).add(heir)
    spread = Spread(connection, frozenset(), rows)
    spread.grow({rid for rid, row in rows.items() if row.mask}, own)
    wanted = {row.rid: row for row in [*rows.values(), *spread.changed()]}
    wrong = sorted(row for rid, row in wanted.items() if row.settled() != there.get(rid, LabelRow(rid)))
    return Lacking([row for row in wrong if _more(row, there.get(row.rid))], absent, looked_at)


def mend(store: RecordStore, seen: Callable[[int], None] = lambda number: None) -> int:
    """Adds what is missing, while others write; answers how much that was."""
    missing = lacking(store, store.engine.reader(), seen)

    def work(connection: Connection, rows: list[LabelRow], edges: list[Edge]) -> None:
        for row in rows:
            connection.rows(_KEEP, row)
        for edge in edges:
            connection.rows("INSERT INTO label_edge (source, derived) VALUES (?, ?) ON CONFLICT DO NOTHING", edge)

    for start in range(0, len(missing.rows), CHUNK):
        some = missing.rows[start : start + CHUNK]
        store.engine.transact(lambda connection, some=some: work(connection, some, []))  # type: ignore[misc]
    for start in range(0, len(missing.edges), CHUNK):
        ones = missing.edges[start : start + CHUNK]
        store.engine.transact(lambda connection, ones=ones: work(connection, [], ones))  # type: ignore[misc]
    return len(missing.rows) + len(missing.edges)


def _rows(connection: Connection) -> Iterator[list[tuple[int, ...]]]:
    return pages(connection, "label", ("rid", "mask", "content", "hand", "inherited", "lowered"), ("rid",))


def _more(row: LabelRow, there: LabelRow | None) -> bool:
    if there is None:
        return True
    return bool(
        row.content & ~there.content or row.hand & ~there.hand or row.inherited & ~there.inherited
        or there.mask != there.settled().mask
    )  # fmt: skip


def _edges(
    store: RecordStore, connection: Connection, type: str, resource: dict[str, object], patient: int, rid: int
) -> list[Edge]:
    found = extract(resource)
    rows = index.rows(store.facts.keys, type, found)
    names = {(_NUMBER[target], id) for target, id, _ in rows.refs}
    rids = {name: head.rid for name, head in store.engine.lookup(connection, names, False).items()}
    laid_out = index.laid_out(rows, None, patient, rid, lambda type, id: rids.get((_NUMBER[type], id), 0))
    return [edge for edge in edges(laid_out["ref"]) if 0 not in edge]


def _there(connection: Connection, wanted: set[Edge]) -> set[Edge]:
    """Those that stand in either place."""
    sources = sorted({source for source, _ in wanted})
    return {
        edge for start in range(0, len(sources), CHUNK) for edge in heirs(connection, sources[start : start + CHUNK])
    }
