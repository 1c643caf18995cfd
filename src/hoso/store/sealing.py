"""Seals bodies that stand in clear though their record has come to carry a special label: older versions, heirs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from hoso.fhir.labels import enciphered
from hoso.store.connection import Connection, Row
from hoso.store.engine import Engine
from hoso.store.seal import ID, NEVER, Keyring, RecordKey, is_sealed

CHUNK = 50
"""Records in one write transaction."""

_NEVER = ", ".join(map(str, sorted(NEVER)))

_BODIES = """SELECT c.seq, c.patient, c.version, b.dict, b.bytes FROM change c
  JOIN body b ON b.patient = c.patient AND b.seq = c.seq WHERE c.rid = ? ORDER BY c.seq"""

_REST = f"""SELECT y.rid FROM label y JOIN key k ON k.rid = y.rid
  WHERE y.rid > ? AND (y.mask & {{mask}}) <> 0 AND k.type NOT IN ({_NEVER}) AND EXISTS (
    SELECT 1 FROM change c JOIN body b ON b.patient = c.patient AND b.seq = c.seq WHERE c.rid = y.rid AND b.dict >= 0)
  ORDER BY y.rid LIMIT ?"""  # noqa: S608


def seal(engine: Engine, keyring: Keyring, rids: Collection[int], now: int) -> None:
    ordered = sorted(rids)
    for start in range(0, len(ordered), CHUNK):
        engine.transact(partial(_seal, keyring, ordered[start : start + CHUNK], now))


def seal_rest(engine: Engine, keyring: Keyring, now: int) -> int:
    number, after = 0, 0
    while found := unsealed(engine.reader(), after, CHUNK):
        engine.transact(partial(_seal, keyring, found, now))
        number, after = number + len(found), found[-1]
    return number


def unsealed(connection: Connection, after: int = 0, limit: int = CHUNK) -> list[int]:
    """Records with a special label of which some version stands in clear."""
    return [rid for (rid,) in connection.rows(_REST.format(mask=enciphered()), (after, limit))]


def _seal(keyring: Keyring, rids: Sequence[int], now: int, connection: Connection) -> None:
    for rid in rids:
        ((type, patient),) = connection.rows("SELECT type, patient FROM key WHERE rid = ?", (rid,))
        if type not in NEVER:
            _seal_record(keyring, rid, patient, connection.rows(_BODIES, (rid,)), now, connection)


def _seal_record(
    keyring: Keyring, rid: int, patient: int, bodies: Sequence[Row], now: int, connection: Connection
) -> None:
    clear = [body for body in bodies if not is_sealed(body[3])]
    if not clear:
        return
    there = next((bytes(body[4][:ID]) for body in reversed(bodies) if is_sealed(body[3])), None)
    key: RecordKey | bytes = there or keyring.make(rid, now)
    if isinstance(key, RecordKey):
        connection.rows("INSERT INTO record_key (id, rid, wrapped, made) VALUES (?, ?, ?, ?)", key)
    for seq, owner, version, dictionary, packed in clear:
        sealed = keyring.seal(connection, key, rid, version, bytes(packed))
        connection.rows(
            "UPDATE body SET dict = ?, bytes = ? WHERE patient = ? AND seq = ?", (~dictionary, sealed, owner, seq)
        )
    connection.rows("DELETE FROM string WHERE patient = ? AND rid = ?", (patient, rid))
    connection.rows("UPDATE resource SET texts = 0 WHERE patient = ? AND rid = ?", (patient, rid))
