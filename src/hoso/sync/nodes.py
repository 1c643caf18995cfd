"""The nodes below a hub: invited by a one-time code, enrolled with a key of their own, renewed, revoked, replaced.

A node whose certificate ended or was revoked may still hand in what it wrote, which is kept aside; it is given nothing.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hoso.core.clock import Clock, to_ms
from hoso.store.sync_nodes import NodeRow, NodeTable
from hoso.sync import keyfile
from hoso.sync.keys import Ed25519Keys, Ed25519Signer
from hoso.sync.messages import Below, State
from hoso.sync.scope import Extent, Place, Wants, extent, wanted
from hoso.sync.stream import StreamId

CODE_MINUTES = 60
LATE_DAYS = 7
"""For so long a node whose certificate ended may renew it once somebody here let it."""
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are misread."""
FAILURES, FAILURE_SECONDS = 10, 60.0
"""So many wrong codes in that time, and nobody is enrolled until it is over; a code has 80 random bits all the same."""
MOST_NAME = 64
MOST_VERSION, MOST_NUMBER = 100, 1 << 53

Standing = Literal["good", "expired", "revoked"]
Told = Literal["ok", "denied"]
Tell = Callable[[str, str, str, Told], None]
"""Tells the audit log: kind, what, node, and "ok" or "denied"."""


class Said(msgspec.Struct, frozen=True):
    """What a node said of itself at its last contact, and how much of its streams was here then.

    `waits` is None of one that only told its version, as nodes of before do.
    """

    version: str = ""
    waits: int | None = None
    oldest: int = 0
    free: int = 0
    disk: int = 0
    arrived: int = 0


def said(row: NodeRow) -> Said:
    return msgspec.json.decode(row.told, type=Said) if row.told.startswith("{") else Said(row.told)


class NotEnrolled(Exception):
    """Why not, as one word: "code", "busy", "key", "other-key"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a new node is told: its certificate, and who is its hub and who is at the top, with their public keys."""

    certificate: bytes
    name: str
    facility: str
    hub: str
    hub_public: bytes
    centre: str
    centre_public: bytes

    def proof(self, code: str) -> bytes:
        """That whoever answered knows the code: a stranger on the line does not."""
        parts = (
            self.certificate, self.name.encode(), self.facility.encode(), self.hub.encode(), self.hub_public,
            self.centre.encode(), self.centre_public,
        )  # fmt: skip
        return hmac.digest(tidy(code).encode(), b"".join(sha256(part).digest() for part in parts), "sha256")


@dataclass(frozen=True, slots=True)
class Hub:
    """A node as those below see it."""

    node: str
    folder: Path
    table: NodeTable
    tell: Tell
    clock: Clock
    top: tuple[str, bytes] | None = None
    """Who is at the top; None when this node is."""
    _failures: list[float] = field(default_factory=list)
    _gate: threading.Lock = field(default_factory=threading.Lock)

    @property
    def key(self) -> Ed25519PrivateKey:
        return keyfile.own_key(self.folder / "node.key", make=True)

    @property
    def signer(self) -> Ed25519Signer:
        return Ed25519Signer(self.node, self.key)

    def invite(self, name: str, facility: str, scope: Extent = "all") -> str:
        """A code by which one node may enrol within the hour; `scope`: whose records it is to have."""
        code = "".join(secrets.choice(LETTERS) for _ in range(16))
        now = to_ms(self.clock())
        self.table.invite(
            _digest(code), name[:MOST_NAME], facility[:MOST_NAME], scope, now, now + CODE_MINUTES * 60_000
        )
        self.tell("node-invite", name, "", "ok")
        return "-".join(code[at : at + 4] for at in range(0, 16, 4))

    def enrol(self, code: str, node: str, public: bytes) -> Enrolled:
        """Raises NotEnrolled; a code that was refused is told in the audit log."""
        self._throttled()
        digest, now = _digest(code), self.clock()
        invited = self.table.invited(digest)
        if invited is None or invited.used is not None or invited.expires <= to_ms(now):
            self._failed(node)
            raise NotEnrolled("code")
        before = self.table.find(node)
        if not _is_name(node) or node == self.node or len(public) != 32:
            raise NotEnrolled("key")
        if before is not None and before.public != public:
            self._failed(node)
            raise NotEnrolled("other-key")
        certificate, until = self._issue(node, invited.facility, public, now)
        scope = "all" if before is not None and before.scope == "all" else invited.scope  # what it has it keeps
        row = NodeRow(
            node, invited.name, invited.facility, public, self.node, to_ms(now), to_ms(until), scope=scope
        )  # fmt: skip
        if not self.table.enrol(digest, row, to_ms(now)):
            self._failed(node)
            raise NotEnrolled("code")
        self.tell("node-enrol", invited.name, node, "ok")
        return Enrolled(certificate, invited.name, invited.facility, self.node, self._public, *self.centre())

    def renew(self, node: str, told: str) -> bytes | None:
        """The next certificate of a node in good standing."""
        row = self.table.find(node)
        if row is None or self.standing(row) != "good":
            return None
        certificate, until = self._issue(node, row.facility, row.public, self.clock())
        self.table.renew(node, to_ms(until), _text(msgspec.structs.replace(said(row), version=told[:MOST_VERSION])))
        return certificate

    def hear(self, row: NodeRow, ahead: int, state: State | None, arrived: int) -> None:
        """How its clock stands, and what it says of itself; numbers that cannot be are as good as none."""
        told = row.told
        if state is not None:
            waits, oldest, free, disk = (
                max(0, min(number, MOST_NUMBER)) for number in (state.waits, state.oldest, state.free, state.disk)
            )
            told = _text(Said(state.version[:MOST_VERSION], waits, oldest, free, disk, arrived))
        self.table.hear(row.id, ahead, told)

    def meet(self, sender: str, below: Sequence[Below], rows: Mapping[str, NodeRow]) -> int:
        """Takes in who is below a node; how many were refused, since they are below another or have another key."""
        now = to_ms(self.clock())
        mine = {one.id: one for one in below if self._is_theirs(one, sender, rows.get(one.id), rows)}
        family = {sender, *mine}
        self.table.meet(
            [
                NodeRow(
                    one.id, one.name, one.facility, one.public, one.parent, 0, one.expires, now if one.closed else None,
                    scope=extent(one.scope),
                )
                for one in mine.values()
                if one.parent in family
            ]
        )  # fmt: skip
        for one in below:
            if one.id not in mine:
                self.tell("node-meet", f"{one.id[:MOST_NAME]} is not below", sender, "denied")
        return len(below) - len(mine)

    def below(self) -> tuple[Below, ...]:
        return tuple(
            Below(r.id, r.name, r.facility, r.public, r.parent, r.expires, self.standing(r) == "revoked", r.scope)
            for r in self.table.all()
        )

    def _is_theirs(self, one: Below, sender: str, known: NodeRow | None, rows: Mapping[str, NodeRow]) -> bool:
        """A node that enrolled here itself, or is below another, is not for the sender to speak of."""
        if not _is_name(one.id) or one.id in (self.node, sender) or len(one.public) != 32:
            return False
        below = known is None or Family(self.node, None, "", rows).carries(sender, known.id)
        return below and (known is None or (known.public == one.public and known.parent != self.node))

    def centre(self) -> tuple[str, bytes]:
        return self.top or (self.node, self._public)

    @property
    def _public(self) -> bytes:
        return keyfile.public_bytes(self.key.public_key())

    def _issue(self, node: str, facility: str, public: bytes, now: datetime) -> tuple[bytes, datetime]:
        issuer = keyfile.authority(self.key, self.folder / "authority.pem", self.node, now)
        return keyfile.issue(self.key, issuer, node, facility, public, now)

    def revoke(self, node: str) -> bool:
        done = self.table.revoke(node, to_ms(self.clock()))
        self.tell("node-revoke", node, node, "ok" if done else "denied")
        return done

    def admit(self, node: str) -> bool:
        """Takes a revocation back: what the node handed in meanwhile is looked at.

        One whose certificate ended while it was away counts for a while, in which it renews that by itself.
        """
        done, late = self.table.revoke(node, None), self.clock() + timedelta(days=LATE_DAYS)
        row = self.table.find(node)
        if row is not None and self.standing(row) == "expired":
            self.table.renew(node, to_ms(late), row.told)
        self.tell("node-admit", node, node, "ok" if done else "denied")
        return done

    def standing(self, row: NodeRow) -> Standing:
        if row.revoked is not None:
            return "revoked"
        return "good" if row.expires > to_ms(self.clock()) else "expired"

    def _throttled(self) -> None:
        with self._gate:
            now = time.monotonic()
            self._failures[:] = [at for at in self._failures if now - at < FAILURE_SECONDS]
            if len(self._failures) >= FAILURES:
                raise NotEnrolled("busy")

    def _failed(self, node: str) -> None:
        with self._gate:
            self._failures.append(time.monotonic())
        self.tell("node-enrol", f"wrong code, of {node[:MOST_NAME]}", "", "denied")


@dataclass(frozen=True, slots=True)
class Family:
    """Implements `Tree`: this node, what is below it, and its hub. Made for one answer or contact."""

    node: str
    hub: str | None
    top: str
    rows: Mapping[str, NodeRow]

    @property
    def centre(self) -> str:
        return self.top

    def carries(self, neighbour: str, node: str) -> bool:
        at: str | None = node
        for _ in range(len(self.rows) + 3):
            if at is None or at == neighbour:
                break
            at = self._above(at)
        return at == neighbour

    def wants(self, node: str) -> Wants | None:
        """A hub has what all those below it have together."""
        places = {id: Place(row.facility, extent(row.scope), row.revoked is None) for id, row in self.rows.items()}
        return wanted(node, [id for id in self.rows if self.carries(node, id)], places)

    def _above(self, node: str) -> str | None:
        if node == self.node:
            return self.hub
        return self.rows[node].parent if node in self.rows else None


def keys(known: Mapping[str, bytes]) -> Ed25519Keys:
    """Whose signatures can be checked, by their public keys."""
    return Ed25519Keys({node: Ed25519PublicKey.from_public_bytes(public) for node, public in known.items()})


def waiting(hub: Hub, rows: Mapping[str, NodeRow]) -> Callable[[StreamId], bool]:
    """Streams of nodes whose word does not count at present."""
    closed = {node for node, row in rows.items() if hub.standing(row) != "good"}
    return lambda stream: stream.node in closed


def tidy(code: str) -> str:
    """As it is compared: what is misread does not matter, nor how it is grouped."""
    return code.upper().translate(str.maketrans("OIL", "011", "- "))


def _text(one: Said) -> str:
    return msgspec.json.encode(one).decode()


def _digest(code: str) -> bytes:
    return sha256(b"hoso node code\0" + tidy(code).encode()).digest()


def _is_name(node: str) -> bool:
    return 0 < len(node) <= MOST_NAME and node.isascii() and node.isprintable() and "/" not in node
