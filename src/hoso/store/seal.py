"""Bodies of the special classes, sealed under a key of their record, which is wrapped by the node's sealing key.

Deleting a record's key makes every copy of its bodies unreadable, in backups too, and nobody else's.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.fhir.labels import enciphered
from hoso.fhir.model import load
from hoso.store.connection import Connection
from hoso.store.contract import Unavailable

ID, NONCE, MARK = 16, 12, 8
MOST_KNOWN = 20_000
"""Opened keys that a process remembers."""
NEVER = frozenset(load().type_number[type] for type in ("Patient", "Linkage"))
"""Types that are not sealed: who is who is found by what they say, and the matcher keeps that by itself."""

Sealing = Callable[[], Sequence[bytes]]
"""The node's sealing keys as they are now: the one that wraps, and while it is being replaced the one before."""


class Gone(Unavailable):
    """The key of this body is not here: it was erased."""


class BadSeal(Exception):
    """A sealed body or key that this node cannot open though it is there. Says which."""


class RecordKey(NamedTuple):
    """A row of `record_key`."""

    id: bytes
    rid: int
    wrapped: bytes
    made: int


def special(mask: int) -> bool:
    return bool(mask & enciphered())


def is_sealed(dictionary: int) -> bool:
    return dictionary < 0


def mark(key: bytes) -> bytes:
    """By what a wrapped key names the sealing key that opens it."""
    return blake2b(key, digest_size=MARK, person=b"hoso sealing").digest()


class Keyring:
    """Opens and makes keys of records. The cache is of keys only: a body that is erased is gone whoever has its key."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._opened: dict[bytes, AESGCM] = {}
        self._lock = threading.Lock()

    def make(self, rid: int, now: int) -> RecordKey:
        id, key = secrets.token_bytes(ID), AESGCM.generate_key(256)
        self._remember(id, AESGCM(key))
        return RecordKey(id, rid, wrap(self._sealing()[0], id, rid, key), now)

    def seal(self, connection: Connection, key: RecordKey | bytes, rid: int, version: str, packed: bytes) -> bytes:
        """`key`: one just made, or the id of one that is there."""
        id = key if isinstance(key, bytes) else key.id
        nonce = secrets.token_bytes(NONCE)
        return id + nonce + self._cipher(connection, id, rid).encrypt(nonce, packed, _place(rid, version))

    def open(self, connection: Connection, sealed: bytes, rid: int, version: str) -> bytes:
        """Raises Gone without its key, BadSeal when it is not what was sealed for this version of this record."""
        id, nonce = bytes(sealed[:ID]), bytes(sealed[ID : ID + NONCE])
        try:
            return self._cipher(connection, id, rid).decrypt(nonce, bytes(sealed[ID + NONCE :]), _place(rid, version))
        except InvalidTag as error:
            raise BadSeal(f"the sealed body of record {rid}, version {version}, was changed") from error

    def _cipher(self, connection: Connection, id: bytes, rid: int) -> AESGCM:
        known = self._opened.get(id)
        if known is not None:
            return known
        rows = connection.rows("SELECT rid, wrapped FROM record_key WHERE id = ?", (id,))
        if not rows:
            raise Gone(f"the key of record {rid} was erased")
        opened = AESGCM(unwrap(self._sealing(), id, rows[0][0], bytes(rows[0][1])))
        self._remember(id, opened)
        return opened

    def _remember(self, id: bytes, cipher: AESGCM) -> None:
        with self._lock:
            if len(self._opened) >= MOST_KNOWN:
                self._opened.clear()
            self._opened[id] = cipher


def wrap(sealing: bytes, id: bytes, rid: int, key: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return mark(sealing) + nonce + AESGCM(sealing).encrypt(nonce, key, _owner(id, rid))


def unwrap(sealing: Sequence[bytes], id: bytes, rid: int, wrapped: bytes) -> bytes:
    for key in sealing:
        if mark(key) == wrapped[:MARK]:
            try:
                nonce = wrapped[MARK : MARK + NONCE]
                return AESGCM(key).decrypt(nonce, wrapped[MARK + NONCE :], _owner(id, rid))
            except InvalidTag as error:
                raise BadSeal(f"the key of record {rid} was changed") from error
    raise BadSeal(f"the key of record {rid} is wrapped by a sealing key that is not in the folder of keys")


def _owner(id: bytes, rid: int) -> bytes:
    return b"hoso record key" + id + rid.to_bytes(8, "big", signed=True)


def _place(rid: int, version: str) -> bytes:
    """What a body is bound to: `key` gives each type and id one number, so this is type, id and version."""
    return f"{rid}/{version}".encode()
