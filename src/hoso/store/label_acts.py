"""Human acts on labels: raised at once for all that inherits, lowered with all that had the label from nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from hoso.store.connection import Connection
from hoso.store.labels import Edge, Spread, heirs, known, sources
from hoso.store.plan import LabelRow
from hoso.store.seal import special

_BUCKETS = 64
_LOCK = 4_847_003
"""Of hoso_label in migration 0007: whoever holds all of them changes labels alone."""

_PUT = """INSERT INTO label (rid, mask, content, hand, inherited, lowered) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (rid) DO UPDATE SET mask = excluded.mask, content = excluded.content, hand = excluded.hand,
  inherited = excluded.inherited, lowered = excluded.lowered"""


class Act(NamedTuple):
    """Who did what to a record's labels, and why. Masks of fhir/labels."""

    id: str
    rid: int
    time: int
    actor: str
    raised: int
    lowered: int
    words: str


def act(connection: Connection, done: Act) -> set[int]:
    """Inside a write transaction. Answers the records whose labels changed and whose bodies are to be sealed."""
    if connection.dialect == "postgresql":
        for bucket in range(_BUCKETS):
            connection.rows("SELECT pg_advisory_xact_lock(CAST(? AS integer), CAST(? AS integer))", (_LOCK, bucket))
    rid = done.rid
    there = known(connection, [rid]).get(rid, LabelRow(rid))
    lowered = (there.lowered & ~done.raised) | done.lowered
    row = there._replace(hand=there.hand | done.raised, lowered=lowered).settled()
    written = _settled(connection, row) if done.lowered else _raised(connection, row)
    for changed in written:
        connection.rows(_PUT, changed)
    ((seq,),) = connection.rows("SELECT max(seq) FROM change WHERE rid = ?", (rid,))
    connection.rows(
        "INSERT INTO label_act (id, rid, seq, time, actor, raised, lowered, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (done.id, rid, seq, done.time, done.actor, done.raised, done.lowered, done.words),
    )
    return {changed.rid for changed in written if special(changed.mask)}


def acts(connection: Connection, rid: int) -> list[Act]:
    """All on one record, the oldest first."""
    sql = "SELECT id, rid, time, actor, raised, lowered, words FROM label_act WHERE rid = ? ORDER BY time, id"
    return [Act(*row) for row in connection.rows(sql, (rid,))]


def _raised(connection: Connection, row: LabelRow) -> list[LabelRow]:
    spread = Spread(connection, frozenset(), {row.rid: row})
    spread.grow({row.rid}, {})
    return [row, *spread.changed()]


def _settled(connection: Connection, row: LabelRow) -> list[LabelRow]:
    """The record and all that may have inherited from it, from the ground up: labels grow again from what is left."""
    closure = _closure(connection, row.rid)
    into = sources(connection, closure)
    rows = known(connection, {source for source, _ in into} | closure)
    start: dict[int, LabelRow] = {}
    for rid in closure:
        there = row if rid == row.rid else rows.get(rid, LabelRow(rid))
        start[rid] = there._replace(inherited=0).settled()
    masks = {rid: one.mask for rid, one in (rows | start).items()}
    _grow(start, masks, into)
    return [one for rid, one in start.items() if one != rows.get(rid, LabelRow(rid))]


def _grow(start: dict[int, LabelRow], masks: dict[int, int], into: Collection[Edge]) -> None:
    changed = True
    while changed:
        changed = False
        for source, heir in into:
            row = start[heir]
            grown = row._replace(inherited=row.inherited | masks.get(source, 0)).settled()
            if grown != row:
                start[heir], masks[heir], changed = grown, grown.mask, True


def _closure(connection: Connection, rid: int) -> set[int]:
    """The record and whatever inherits from it, at any remove."""
    found, fresh = {rid}, {rid}
    while fresh:
        fresh = {heir for _, heir in heirs(connection, fresh)} - found
        found |= fresh
    return found
