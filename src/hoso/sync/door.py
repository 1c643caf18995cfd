"""The hub's door: proves a frame, sees that it is new and that its sender may ask this, and answers in a frame.

What is refused leaves an event in the audit log and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hoso.core.clock import to_ms
from hoso.store.sync_nodes import NodeRow
from hoso.sync import keyfile
from hoso.sync.kept import StoreLedger
from hoso.sync.messages import (
    Answer,
    BadFrame,
    Frame,
    Have,
    Introduce,
    Met,
    Page,
    Probe,
    Push,
    Refusal,
    Renew,
    Renewed,
    Repair,
    Request,
    unwrap,
    wrap,
)
from hoso.sync.nodes import Family, Hub, keys, waiting
from hoso.sync.peer import Peer
from hoso.sync.serving import answer

HANDING_IN = (Have, Push, Probe)
"""What a node may still ask whose certificate ended or was revoked."""
MOST_BELOW = 20_000
BEFORE_ALL = (1 << 63) - 1
MakePeer = Callable[[Family, Mapping[str, bytes], Callable[..., bool]], Peer]


class Stranger(Exception):
    """Not a frame of a node that is known here."""


class Door:
    def __init__(
        self, hub: Hub, above: str | None, ledger: StoreLedger, peer: MakePeer, port: int = 0, *, only: bool = False
    ) -> None:
        """`port`: where nodes show their certificates, 0 for none; `only` there they are answered."""
        self._hub, self._above, self._ledger, self._peer = hub, above, ledger, peer
        self.port, self._only = port, only

    def answer(self, data: bytes, address: str, shown: bytes | None = None) -> bytes:
        """The answer to a frame. `shown` is the certificate (DER) of its connection. Raises Stranger."""
        rows = {row.id: row for row in self._hub.table.all()}
        known = {row.id: row.public for row in rows.values()}
        try:
            frame = unwrap(data, self._hub.node, keys(known))
        except BadFrame as fault:
            self._hub.tell("sync", f"{fault} from {address}", "", "denied")
            raise Stranger(str(fault)) from fault
        self._bound(shown, frame.sender, known[frame.sender], address)
        said = self._said(rows, known, frame)
        if isinstance(said, Refusal):
            what = f"{type(frame.message).__name__} {said.why} {said.fault}".strip()
            self._hub.tell("sync", what, frame.sender, "denied")
        return wrap(self._hub.signer, Frame(self._hub.node, frame.sender, frame.contact, frame.turn, said))

    def _bound(self, shown: bytes | None, sender: str, public: bytes, address: str) -> None:
        """A connection speaks for the node whose certificate it showed, and for no other. Raises Stranger."""
        if shown is None:
            fault = "without its certificate" if self._only else ""
        else:
            good = keyfile.proves(shown, sender, public, keyfile.public_bytes(self._hub.key.public_key()))
            fault = "" if good else "certificate of another"
        if fault:
            self._hub.tell("sync", f"{fault}, from {address}", sender, "denied")
            raise Stranger(fault)

    def _said(self, rows: Mapping[str, NodeRow], known: Mapping[str, bytes], frame: Frame) -> Answer | Renewed | Met:
        row, contact = rows[frame.sender], int.from_bytes(frame.contact, "big")
        now = to_ms(self._hub.clock())
        if len(frame.contact) != 8 or contact > BEFORE_ALL or not 0 < frame.turn < 1 << 31:
            return Refusal("unknown")
        if not self._hub.table.advance(row.id, contact, frame.turn, now):
            return Refusal("replayed", str(row.contact))
        standing = self._hub.standing(row)
        if standing != "good" and not isinstance(frame.message, HANDING_IN):
            return Refusal(standing)
        if isinstance(frame.message, Renew):
            return self._renewed(row.id, frame.message.told)
        if isinstance(frame.message, Introduce):
            if len(frame.message.nodes) > MOST_BELOW:
                return Refusal("too-much")
            return Met(self._hub.meet(row.id, frame.message.nodes, rows))
        if not isinstance(frame.message, Request):
            return Refusal("unknown")
        if isinstance(frame.message, Have) and abs(ahead := frame.message.time - now) < BEFORE_ALL:
            self._hub.hear(row, ahead, frame.message.state, self._arrived(row.id))
        self._ledger.gather()
        top, _ = self._hub.centre()
        family = Family(self._hub.node, self._above, top, rows)
        before = self._ledger.streams() if isinstance(frame.message, Push) else ()
        said = answer(self._peer(family, known, waiting(self._hub, rows)), row.id, frame.message)
        self._tell(row.id, frame.message, said, before)
        return said

    def _arrived(self, node: str) -> int:
        return sum(self._ledger.end(one).number for one in self._ledger.streams() if one.node == node)

    def _renewed(self, node: str, told: str) -> Answer | Renewed:
        certificate = self._hub.renew(node, told)
        return Refusal("unknown") if certificate is None else Renewed(certificate, *self._hub.centre(), self.port)

    def _tell(self, node: str, request: Request, said: Answer, before: object) -> None:
        """What was given out, and that a node leads a second life."""
        if isinstance(said, Page | Repair) and said.items:
            places = sorted({f"{item.stream.node[:8]}/{item.number}" for item in said.items})
            self._hub.tell("sync-give", f"{len(places)} changes {places[0]} to {places[-1]}", node, "ok")
        if isinstance(request, Push) and isinstance(before, list):
            of = [stream for stream in before if stream.node == request.stream.node]
            if of and request.stream not in of and not isinstance(said, Refusal):
                self._hub.tell("node-fork", f"{request.stream.epoch} beside {of[-1].epoch}", request.stream.node, "ok")
