"""What a database knows of itself: the secret of its hashes, its node and epoch, and the dictionaries of its bodies."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from hoso.store import codec
from hoso.store.added import Added
from hoso.store.codec import Codec
from hoso.store.connection import Connection
from hoso.store.index import Keys
from hoso.store.seal import Keyring


@dataclass(frozen=True, slots=True)
class Facts:
    """`tag` is appended to versions made here ("7-3f9a…") once a restore has opened a new epoch, else empty."""

    node: str
    epoch: str
    tag: str
    stream: int
    keys: Keys
    codec: Codec
    keyring: Keyring | None = field(default=None, compare=False)
    """None: this store seals nothing."""
    added: Added = field(default_factory=Added, compare=False)
    """Search parameters that R4 does not have."""
    groups: set[int] = field(default_factory=set, compare=False)
    """Numbers of sets in `systems` and `texts` that this process has seen committed; they are never taken away."""


def create(connection: Connection, node: str) -> None:
    """Writes the facts of a new database and the dictionaries of this release; what is there stays."""
    if not connection.rows("SELECT name FROM node"):
        for name, value in (("secret", secrets.token_bytes(32)), ("node", node.encode())):
            connection.rows("INSERT INTO node VALUES (?, ?)", (name, value))
        _open(connection, node, tagged=False)
    present = {number for (number,) in connection.rows("SELECT id FROM dictionary")}
    for number, data in codec.shipped().items():
        if number not in present:
            connection.rows("INSERT INTO dictionary VALUES (?, ?)", (number, data))


def open_epoch(connection: Connection) -> str:
    """For a database that was restored or copied: from now on its changes make a stream of their own."""
    ((node,),) = connection.rows("SELECT value FROM node WHERE name = 'node'")
    connection.rows("DELETE FROM node WHERE name IN ('epoch', 'tag')")
    return _open(connection, bytes(node).decode(), tagged=True)


def _open(connection: Connection, node: str, *, tagged: bool) -> str:
    epoch = secrets.token_hex(8)
    tag = epoch[:6] if tagged else ""
    for name, value in (("epoch", epoch), ("tag", tag)):
        connection.rows("INSERT INTO node VALUES (?, ?)", (name, value.encode()))
    connection.rows(
        "INSERT INTO stream SELECT coalesce(max(id), 0) + 1, CAST(? AS TEXT), CAST(? AS TEXT) FROM stream",
        (node, epoch),
    )
    return epoch


def load(connection: Connection) -> Facts:
    known = {name: bytes(value) for name, value in connection.rows("SELECT name, value FROM node")}
    node, epoch = known["node"].decode(), known["epoch"].decode()
    ((stream,),) = connection.rows("SELECT id FROM stream WHERE node = ? AND epoch = ?", (node, epoch))
    dictionaries = {number: bytes(data) for number, data in connection.rows("SELECT id, bytes FROM dictionary")}
    return Facts(node, epoch, known["tag"].decode(), stream, Keys(known["secret"]), Codec(dictionaries))
