"""The keys of special records, kept apart from the backup they belong to: two files, and only together readable.

The newest key file opens every older backup of its node, but for what was erased before it was made. That is how an
erasure reaches into backups; older key files are to be destroyed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.store.backup import Damaged
from hoso.store.connection import Connection
from hoso.store.record_store import RecordStore
from hoso.store.seal import ID, NONCE
from hoso.store.upkeep import pages

ENDING = ".keys"
MAGIC = b"hoso keys 1\n"
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "record_key": (("id", "rid", "wrapped", "made"), ("id",)),
    "erasure_request": (
        ("id", "patient", "labels", "words", "asker", "asked", "decider", "decided", "approved", "case_id"),
        ("id",),
    ),
    "erasure": (("rid", "type", "id", "request", "time"), ("rid",)),
}


class Kept(msgspec.Struct):
    node: str
    made: int
    tables: dict[str, list[list[Any]]]


def write(store: RecordStore, target: Path, sealing: bytes, node: str) -> int:
    """Made after the backup, so that it has every key the backup needs. Answers the number of keys."""
    connection = store.engine.reader()
    tables = {
        name: [[_plain(value) for value in row] for page in pages(connection, name, columns, key) for row in page]
        for name, (columns, key) in TABLES.items()
    }
    packed = zstandard.compress(msgspec.msgpack.encode(Kept(node, store.now(), tables)))
    nonce = secrets.token_bytes(NONCE)
    passing = target.with_name(target.name + ".part")
    passing.unlink(missing_ok=True)
    with os.fdopen(os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(MAGIC + nonce + _cipher(sealing).encrypt(nonce, packed, MAGIC))
        out.flush()
        os.fsync(out.fileno())
    passing.replace(target)
    return len(tables["record_key"])


def read(file: Path, sealing: bytes) -> Kept:
    """Raises Damaged for what is no key file, or not one that this sealing key opens."""
    content = file.read_bytes()
    if not content.startswith(MAGIC):
        raise Damaged(f"{file} is no file of keys")
    nonce, sealed = content[len(MAGIC) : len(MAGIC) + NONCE], content[len(MAGIC) + NONCE :]
    try:
        packed = _cipher(sealing).decrypt(nonce, sealed, MAGIC)
        return msgspec.msgpack.decode(zstandard.decompress(packed), type=Kept)
    except (InvalidTag, ValueError, zstandard.ZstdError, msgspec.DecodeError) as error:
        raise Damaged(f"{file} was made with another sealing key, or has been changed") from error


def restore(store: RecordStore, kept: Kept | None) -> None:
    """Brings back the keys that the restored bodies name. Raises Damaged when one is missing that was not erased."""
    needed = {bytes(id) for (id,) in store.engine.reader().rows(_NEEDED, (ID,))}
    tables = kept.tables if kept else {name: [] for name in TABLES}
    keys = [row for row in tables["record_key"] if row[0] in needed]
    store.engine.transact(_filling("record_key", keys))
    store.engine.transact(_filling("erasure_request", tables["erasure_request"]))
    store.engine.transact(_erasures(tables["erasure"]))
    missing = store.engine.reader().rows(_MISSING, (ID,))
    if missing:
        raise Damaged(f"{len(missing)} special records have no key in the file of keys; give the newest one")


_NEEDED = "SELECT DISTINCT substr(bytes, 1, ?) FROM body WHERE dict < 0"
_MISSING = """SELECT DISTINCT c.rid FROM body b JOIN change c ON c.seq = b.seq WHERE b.dict < 0
  AND NOT EXISTS (SELECT 1 FROM record_key k WHERE k.id = substr(b.bytes, 1, ?))
  AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.rid = c.rid)"""


def _filling(table: str, rows: Sequence[Sequence[object]]) -> Callable[[Connection], None]:
    columns = TABLES[table][0][: len(rows[0]) if rows else None]  # a file of before a table got another column
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608

    def work(connection: Connection) -> None:
        for row in rows:
            connection.rows(sql, row)

    return work


def _erasures(rows: Sequence[Sequence[object]]) -> Callable[[Connection], None]:
    """Of records that the backup knows; a number may have been given anew for one that it does not."""

    def work(connection: Connection) -> None:
        for row in rows:
            rid, type, id, *_ = row
            if connection.rows("SELECT 1 FROM key WHERE rid = ? AND type = ? AND id = ?", (rid, type, id)):
                connection.rows("INSERT INTO erasure (rid, type, id, request, time) VALUES (?, ?, ?, ?, ?)", row)

    return work


def _cipher(sealing: bytes) -> AESGCM:
    return AESGCM(blake2b(sealing, digest_size=32, person=b"hoso key file").digest())


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
