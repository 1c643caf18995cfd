"""A node's records as one encrypted file, read in one snapshot while others write, and brought back with proof.

The file holds what cannot be worked out again: the change log with its bodies, keys, heads, tokens, jobs, guides.
Search indexes are made anew. One form serves both engines, so a backup of SQLite may be restored into PostgreSQL.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

import apsw
import msgspec
import zstandard

from hoso.core.raw_key import raw
from hoso.store import codes, facts, subscriptions
from hoso.store.connection import Connection, Row
from hoso.store.postgres.engine import BLOCK
from hoso.store.record_store import RecordStore
from hoso.store.sqlite.connection import trouble
from hoso.store.upkeep import count, pages, snapshot

FORM = 1
PART_ROWS = 2_000

TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "node": (("name", "value"), ("name",)),
    "dictionary": (("id", "bytes"), ("id",)),
    "stream": (("id", "node", "epoch"), ("id",)),
    "key": (("type", "id", "patient", "rid"), ("type", "id")),
    "change": (
        ("seq", "id", "bundle", "place", "places", "op", "method", "type", "rid", "version", "base", "patient",
         "actor", "reason", "time", "size", "digest"),
        ("seq",),
    ),
    "body": (("seq", "patient", "dict", "bytes"), ("seq",)),
    "feed": (("number", "seq", "stream", "position", "chain"), ("number",)),
    "resource": (
        ("patient", "rid", "type", "id", "version", "seq", "updated", "date", "present", "deleted", "systems", "texts"),
        ("patient", "rid"),
    ),
    "codes": (("key", "param", "code"), ("key",)),
    "systems": (("key", "number"), ("key", "number")),
    "texts": (("key", "value", "number", "exact", "long"), ("key", "value", "number", "exact")),
    "job": (("id", "kind", "argument", "due", "attempts", "state", "taken", "error"), ("id",)),
    "access_token": (
        ("digest", "name", "scope", "created", "expires", "revoked", "labels", "certificate"),
        ("digest",),
    ),
    "code_mark": (("name", "value"), ("name",)),
    "code_grant": (("id", "facility", "node", "first", "number", "made", "expires"), ("id",)),
    "code_lease": (("id", "facility", "node", "number", "made", "expires"), ("id",)),
    "citizen_code": (("code", "state", "changed", "lease", "holder", "signature"), ("code",)),
    "code_alias": (("old", "direct", "surviving", "made"), ("old",)),
    "code_key": (("public", "added"), ("public",)),
    "audit_event": (("id", "salt", "bytes"), ("id",)),
    "audit_seal": (("seq", "event", "patient", "number", "leaf"), ("seq",)),
    "audit_node": (("level", "place", "hash"), ("level", "place")),
    "audit_map": (("seq", "day"), ("seq",)),
    "audit_checkpoint": (("size", "note"), ("size",)),
    "audit_cosignature": (("size", "name", "line"), ("size", "name")),
    "access_grant": (("id", "kind", "patient", "grantee", "giver", "since", "until", "ended", "facility"), ("id",)),
    "emergency": (
        ("id", "facility", "code", "words", "score", "deadline", "told", "delay", "officer", "decided", "outcome",
         "finding"),
        ("id",),
    ),
    "emergency_use": (("emergency", "time", "request", "type"), ("emergency", "time", "request", "type")),
    "citizen_case": (
        ("id", "kind", "patient", "opener", "facility", "event", "words", "opened", "acknowledge_by", "due", "third",
         "acknowledged", "extended", "extension", "answered", "officer", "outcome", "answer", "closed"),
        ("id",),
    ),
    "unusual_reading": (
        ("id", "actor", "role", "facility", "day", "measure", "people", "usual", "peers", "found", "officer", "decided",
         "outcome", "words"),
        ("id",),
    ),
    "unusual_person": (("finding", "patient"), ("finding", "patient")),
    "label": (("rid", "mask", "content", "hand", "inherited", "lowered"), ("rid",)),
    "label_edge": (("source", "derived"), ("source", "derived")),
    "label_act": (("id", "rid", "seq", "time", "actor", "raised", "lowered", "words"), ("id",)),
    "access_code": (("digest", "patient", "kind", "made", "expires", "lasts", "used"), ("digest",)),
    "health_link": (
        ("id", "patient", "digest", "label", "types", "made", "expires", "uses", "used", "salt", "passcode", "wrong",
         "revoked", "content"),
        ("id",),
    ),
    "health_link_opening": (
        ("link", "number", "time", "recipient", "place", "outcome", "ticket"), ("link", "number"),
    ),
    "reminder": (("person", "what", "due", "told"), ("person", "what", "due")),
    "subscription": (
        ("id", "owner", "asked", "asked_errand", "asked_secret", "version", "errand", "secret", "state", "since",
         "numbered", "told", "attempts", "due", "failing", "fault", "heard", "heartbeat", "ends"),
        ("id",),
    ),
    "subscription_event": (
        ("subscription", "place", "number", "type", "id", "version", "method", "time"),
        ("subscription", "place"),
    ),
    "subscription_cursor": (("id", "number"), ("id",)),
    "deposit": (
        ("id", "format", "sender", "facility", "name", "received", "digest", "size", "signature", "state", "attempts",
         "taken", "items"),
        ("id",),
    ),
    "deposit_item": (
        ("deposit", "number", "state", "label", "digest", "issues", "wrote", "data", "mended"),
        ("deposit", "number"),
    ),
    "gateway_account": (("username", "facility", "digest", "key", "created", "revoked"), ("username",)),
    "stream_number": (("sender", "number"), ("sender",)),
    "destination": (
        ("name", "form", "url", "address", "facility", "purpose", "basis", "username", "secret", "dialect", "created",
         "ended"),
        ("name",),
    ),
    "outbound": (
        ("id", "destination", "visit", "dialect", "partial", "asked", "asker", "state", "due", "taken", "attempts",
         "failing", "settled", "number", "withheld", "issues", "held", "digest", "body"),
        ("id",),
    ),
    "sync_state": (("name", "value"), ("name",)),
    "sync_line": (
        ("id", "node", "epoch", "branch", "base", "before", "last", "chain", "judged"),
        ("id",),
    ),
    "sync_text": (("digest", "dict", "bytes"), ("digest",)),
    "sync_record": (("line", "number", "chain", "digest"), ("line", "number")),
    "sync_batch": (("line", "last", "bytes"), ("line", "last")),
    "sync_closed": (("line", "first", "last", "change"), ("line", "first")),
    "sync_held": (("line", "place", "change", "reason"), ("line", "place")),
    "sync_version": (
        ("number", "chain", "change", "node", "epoch", "branch", "position", "type", "id", "patient", "digest"),
        ("number",),
    ),
    "sync_patient": (("patient", "sum"), ("patient",)),
    "sync_again": (("id", "change", "tagged"), ("id",)),
    "sync_joined": (("change", "base"), ("change", "base")),
    "sync_cursor": (("hub", "number", "chain"), ("hub", "number")),
    "sync_receipt": (("node", "epoch", "branch", "centre", "bytes"), ("node", "epoch", "branch", "centre")),
    "sync_above": (("change",), ("change",)),
    "sync_node": (
        ("id", "name", "facility", "public", "parent", "enrolled", "expires", "revoked", "contact", "turn", "seen",
         "ahead", "told"),
        ("id",),
    ),
    "sync_invite": (("digest", "name", "facility", "made", "expires", "used"), ("digest",)),
    "guide_definition": (("kind", "url", "version", "source", "loaded", "body"), ("kind", "url")),
}  # fmt: skip
"""Columns and key of what is kept, in the order in which it is brought back."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[list[Any]]).decode


class Damaged(Exception):
    """The file is no backup, was made with another key, or has been changed. Says which."""


class Manifest(msgspec.Struct):
    """What a backup says of itself. `last` and `chain` are where the feed ended."""

    form: int
    node: str
    made: int
    release: str
    last: int
    chain: str
    counts: dict[str, int]
    settings: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Settings:
    """Who makes a backup of what: files to go along (the node's settings, its accounts), by name."""

    node: str
    release: str
    files: Mapping[str, bytes]


def write(store: RecordStore, target: Path, key: bytes, settings: Settings, seen: Callable[[int], None]) -> Manifest:
    """Makes the file under a passing name and gives it its own only when it is whole and on the disk."""
    passing = target.with_name(target.name + ".part")
    passing.unlink(missing_ok=True)
    os.close(os.open(passing, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with trouble(str(passing)):
        file = _open(passing, key)
        try:
            file.execute("CREATE TABLE manifest (value BLOB NOT NULL)")
            file.execute(
                """CREATE TABLE part (name TEXT NOT NULL, number INTEGER NOT NULL, rows INTEGER NOT NULL,
                   digest BLOB NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, number)) WITHOUT ROWID"""
            )
            manifest = _copy(store, file, settings, seen)
        finally:
            file.close()
    with passing.open("rb") as written:
        os.fsync(written.fileno())
    passing.replace(target)
    return manifest


def _copy(store: RecordStore, file: apsw.Connection, settings: Settings, seen: Callable[[int], None]) -> Manifest:
    store.engine.gather()
    connection = store.engine.reader()
    counts = dict.fromkeys(TABLES, 0)
    with snapshot(connection):
        end = connection.rows("SELECT number, chain FROM feed ORDER BY number DESC LIMIT 1")
        for name, (columns, key) in TABLES.items():
            for number, rows in enumerate(_gathered(pages(connection, name, columns, key))):
                packed = zstandard.compress(_encode([[_plain(value) for value in row] for row in rows]), 6)
                file.execute(
                    "INSERT INTO part VALUES (?, ?, ?, ?, ?)",
                    (name, number, len(rows), sha256(packed).digest(), packed),
                )
                counts[name] += len(rows)
                seen(len(rows))
    last, chain = end[0] if end else (0, b"")
    manifest = Manifest(
        FORM, settings.node, store.now(), settings.release, last, bytes(chain).hex(), counts, dict(settings.files)
    )
    file.execute("INSERT INTO manifest VALUES (?)", (_encode(manifest),))
    return manifest


def _gathered(found: Iterator[list[Row]]) -> Iterator[list[Row]]:
    held: list[Row] = []
    for rows in found:
        held += rows
        if len(held) >= PART_ROWS:
            yield held
            held = []
    if held:
        yield held


def _plain(value: object) -> object:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def size(store: RecordStore) -> int:
    connection = store.engine.reader()
    return sum(count(connection, name) for name in TABLES)


class Backup:
    """An existing backup file, open for reading. Raises Damaged when it is not one that this key opens."""

    def __init__(self, path: Path, key: bytes) -> None:
        try:
            self._file = _open(path, key, flags=apsw.SQLITE_OPEN_READONLY)
            packed: bytes = self._file.execute("SELECT value FROM manifest").get
            self.manifest = msgspec.msgpack.decode(packed, type=Manifest)
        except (apsw.Error, msgspec.DecodeError, ValueError) as error:
            raise Damaged(str(error)) from error
        if self.manifest.form != FORM:
            raise Damaged(f"form {self.manifest.form}")

    def close(self) -> None:
        self._file.close()

    def parts(self, name: str) -> Iterator[list[list[Any]]]:
        try:
            for rows, digest, packed in self._file.execute(
                "SELECT rows, digest, bytes FROM part WHERE name = ? ORDER BY number", (name,)
            ):
                if sha256(packed).digest() != digest:
                    raise Damaged(f"a part of {name} has been changed")
                found = _decode(zstandard.decompress(packed))
                if len(found) != rows:
                    raise Damaged(f"a part of {name} is incomplete")
                yield found
        except (apsw.Error, zstandard.ZstdError, msgspec.DecodeError) as error:
            raise Damaged(f"{name}: {error}") from error


def restore(backup: Backup, store: RecordStore, seen: Callable[[int], None]) -> None:
    """Fills a store that was just made; its facts become those of the backup. Search indexes are still empty."""
    if count(store.engine.reader(), "change"):
        raise Damaged("the database already holds records")
    store.engine.transact(_empty)
    for name, (columns, _) in TABLES.items():
        for rows in backup.parts(name):
            for start in range(0, len(rows), 500):
                some = rows[start : start + 500]
                store.engine.transact(lambda connection, some=some: _insert(connection, name, columns, some))  # type: ignore[misc]  # noqa: B023
            seen(len(rows))
    store.engine.transact(_continue)


def _continue(connection: Connection) -> None:
    """Numbers go on after those that are taken; PostgreSQL also numbers the changes that had no place in the feed."""
    if connection.dialect == "postgresql":
        connection.rows("SELECT setval('change_seq', (SELECT coalesce(max(seq), 0) + 1 FROM change))")
        connection.rows(f"SELECT setval('rid_block', (SELECT coalesce(max(rid), 0) / {BLOCK} + 2 FROM key))")  # noqa: S608
        connection.rows("DELETE FROM audit_pending WHERE event IN (SELECT event FROM audit_seal)")
        connection.rows(
            "SELECT setval(pg_get_serial_sequence('audit_event', 'id'),"
            " (SELECT coalesce(max(id), 0) + 1 FROM audit_event))"
        )
        connection.rows(
            """INSERT INTO pending (seq, stream) SELECT c.seq, (SELECT max(id) FROM stream) FROM change c
               WHERE NOT EXISTS (SELECT 1 FROM feed f WHERE f.seq = c.seq)"""
        )
    elif left := connection.rows("SELECT count(*) FROM change WHERE seq NOT IN (SELECT seq FROM feed)")[0][0]:
        raise Damaged(f"{left} changes had no feed number yet; restore into PostgreSQL, which gives it")


def proven(backup: Backup, store: RecordStore) -> list[str]:
    """What differs between the backup and what stands in the store now; nothing, after a good restore."""
    connection = store.engine.reader()
    wrong = []
    for name, number in backup.manifest.counts.items():
        if name not in TABLES and not number:  # of an earlier release, which never used it
            continue
        there = count(connection, name)
        if there != number:
            wrong.append(f"{name}: {there} of {number} rows")
    end = connection.rows("SELECT number, chain FROM feed ORDER BY number DESC LIMIT 1")
    last, chain = end[0] if end else (0, b"")
    if (last, bytes(chain).hex()) != (backup.manifest.last, backup.manifest.chain):
        wrong.append(f"feed: ends at {last} with another chain")
    return wrong


def open_epoch(store: RecordStore) -> str:
    """From here on the restored node's changes make a stream of their own, told apart from those it may have lost."""

    def work(connection: Connection) -> str:
        codes.after_restore(connection, store.now())
        subscriptions.after_restore(connection)
        return facts.open_epoch(connection)

    return store.engine.transact(work)


def _empty(connection: Connection) -> None:
    for name in ("node", "dictionary", "stream"):
        connection.rows(f"DELETE FROM {name}")  # noqa: S608


def _insert(connection: Connection, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    columns = columns[: len(rows[0])]  # a backup of before a table got another column
    marks = "(" + ", ".join("?" * len(columns)) + ")"
    values = ", ".join([marks] * len(rows))
    flat = [value for row in rows for value in row]
    connection.rows(f"INSERT INTO {name} ({', '.join(columns)}) VALUES {values}", flat)  # noqa: S608


def _open(path: Path, key: bytes, flags: int = apsw.SQLITE_OPEN_READWRITE) -> apsw.Connection:
    """A SQLite file with authenticated encryption, under a key derived from the node's."""
    file = apsw.Connection(str(path), flags=flags)
    own = blake2b(key, digest_size=32, person=b"hoso backup").digest()
    file.pragma("cipher", "aegis")
    file.pragma("hexkey", raw(own))
    file.pragma("journal_mode", "memory" if flags == apsw.SQLITE_OPEN_READWRITE else "off")
    return file
