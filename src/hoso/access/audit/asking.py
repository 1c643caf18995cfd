"""A node's side of C2SP tlog-witness: it sends its newest checkpoint to those who watch it and keeps what they sign.

What a witness refuses tells more than what it signs: one that has seen a longer log, or another one, shows that this
database was put back or that its history was written anew.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from hoso.access.audit.note import COSIGNATURE, BadNote, Note, Verifier
from hoso.access.audit.sealer import StoredTree
from hoso.access.audit.tree import consistency
from hoso.access.audit.witness import Submission
from hoso.store import audit
from hoso.store.engine import Engine
from hoso.store.upkeep import snapshot

TIMEOUT, LONGEST = 5.0, 10.0
LARGEST_ANSWER = 16_384
TRIES = 4
"""A witness that is ahead says so, and so may another process of this node that asked in between."""

State = Literal["agrees", "behind", "differs", "refuses", "away"]


@dataclass(frozen=True, slots=True)
class Watcher:
    """A witness of this node; without an address it is known, and not asked."""

    verifier: Verifier
    address: str = ""

    @classmethod
    def parse(cls, text: str) -> Watcher:
        """ "KEY" or "KEY ADDRESS" of config.toml. Raises ValueError."""
        key, _, address = text.strip().partition(" ")
        try:
            verifier = Verifier.parse(key)
        except BadNote as bad:
            raise ValueError(f"{bad}: {key[:80]}") from bad
        if verifier.algorithm != COSIGNATURE:
            raise ValueError(f"a log's key, not a witness's: {key[:80]}")
        return cls(verifier, _address(address.strip()))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a witness says of this log.

    It agrees at `size`; or the log is `behind` (it lacks events that were cosigned) or `differs` (another history); or
    the witness `refuses` to look, or is `away`.
    """

    name: str
    state: State
    size: int
    detail: str = ""

    @property
    def betrays(self) -> bool:
        return self.state in ("behind", "differs")


Post = Callable[[str, bytes], tuple[int, str]]
"""Sends a body to an address; answers status and text. Raises OSError, HTTPException."""


class Asking:
    def __init__(self, engine: Engine, watchers: Sequence[Watcher], post: Post | None = None) -> None:
        self._engine = engine
        self._watchers = tuple(watcher for watcher in watchers if watcher.address)
        self._post = post or _post

    @property
    def somebody(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._watchers)

    def ask(self) -> list[Standing]:
        """All that have an address, about the newest checkpoint; nobody when nothing was signed yet."""
        if audit.checkpoint(self._engine.reader()) is None:
            return []
        return [self._one(watcher) for watcher in self._watchers]

    def _one(self, watcher: Watcher) -> Standing:
        name = watcher.verifier.name
        known, size = audit.cosigned_upto(self._engine.reader(), name), 0
        for _ in range(TRIES):
            size, asked = self._submission(known)
            if asked is None:  # not by a crash: what is sent was on the disk before
                return Standing(name, "behind", size, f"{known} events were cosigned, {size} are signed here")
            try:
                status, text = self._post(f"{watcher.address}/add-checkpoint", str(asked).encode())
            except (OSError, http.client.HTTPException) as error:
                return Standing(name, "away", size, str(error) or type(error).__name__)
            if status == 200:
                return self._keep(watcher.verifier, size, asked.note, text)
            if status == 422:
                return Standing(name, "differs", size, f"the first {known} events are not those that were cosigned")
            if status != 409:
                return Standing(name, "refuses", size, f"status {status}: {text.strip()[:200]}")
            if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 20:
                return Standing(name, "refuses", size, "a conflict without a size")
            if int(text) == known == size:
                return Standing(name, "differs", size, f"the {known} events are not those that were cosigned")
            known = int(text)
        return Standing(name, "refuses", size, "it changes its mind")

    def _submission(self, known: int) -> tuple[int, Submission | None]:
        """The newest checkpoint as it continues the one that the witness knows; None when it is shorter."""
        connection = self._engine.reader()
        with snapshot(connection):
            signed = audit.checkpoint(connection)
            assert signed is not None
            size, note = signed
            if known > size:
                return size, None
            text = Note.parse(note)
            return size, Submission(known, tuple(consistency(StoredTree(connection), known, size)), str(text))

    def _keep(self, witness: Verifier, size: int, note: str, text: str) -> Standing:
        for line in text.splitlines():
            try:
                signed = Note(Note.parse(note).text, (line,)).signed_by(witness)
            except BadNote:
                continue
            if signed is not None:
                self._engine.transact(partial(audit.cosign, size=size, note=note, name=witness.name, line=line))
                return Standing(witness.name, "agrees", size)
        return Standing(witness.name, "refuses", size, "its answer is not signed with its key")


def _address(text: str) -> str:
    """Raises ValueError. Plain http only on this machine: who listens in between could raise a false alarm."""
    if not text:
        return ""
    parts = urlsplit(text)
    host = parts.hostname or ""
    plain = parts.scheme == "http" and (host == "localhost" or (_is_address(host) and ip_address(host).is_loopback))
    if not (parts.scheme == "https" or plain) or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"no https address of a witness: {text[:80]}")
    _ = parts.port  # raises ValueError
    return text.rstrip("/")


def _is_address(host: str) -> bool:
    with suppress(ValueError):
        ip_address(host)
        return True
    return False


def _post(address: str, body: bytes) -> tuple[int, str]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT)
    end = threading.Timer(LONGEST, _cut, (connection,))  # one that drips its answer would hold us otherwise
    end.daemon = True
    end.start()
    try:
        connection.request("POST", parts.path, body, {"Content-Type": "text/plain; charset=utf-8"})
        response = connection.getresponse()
        return response.status, response.read(LARGEST_ANSWER).decode("utf-8", "replace")
    finally:
        end.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(2)
