"""Wires how nodes agree: the ledger over the store, the hub's door, and contacts with the hub while serving."""

from __future__ import annotations

import logging
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.core import Refused, system_clock
from hoso.core.clock import to_ms
from hoso.core.practice import is_practice

if TYPE_CHECKING:
    from hoso.access import Errand, Records
    from hoso.access.audit import Journal
    from hoso.access.scope import Right
    from hoso.api.app import Application
    from hoso.api.patience import Patience
    from hoso.identity.code import Codes
    from hoso.identity.matching import Matching
    from hoso.store.record_store import RecordStore, RecordTransaction
    from hoso.sync import Outcome, Peer
    from hoso.sync.above import Above
    from hoso.sync.kept import StoreLedger
    from hoso.sync.line import Talker
    from hoso.sync.messages import State
    from hoso.sync.nodes import Family, Hub, Told
    from hoso.sync.overview import Overview
    from hoso.transit.settings import Nodes

log = logging.getLogger(__name__)

SECONDS = 5.0
"""Between two looks whether there is something to say."""
QUIET_SECONDS = 60.0
"""Between two contacts when nothing was written here."""
LONGEST_SECONDS = 900.0
"""Between two tries while nobody answers."""
JUDGE_SECONDS = 20.0
"""What a node that called waits for what it brought to be looked at; the rest of a first sync comes later."""
LOCK = 4_847_018
"""By which the machines that share a PostgreSQL agree who calls the hub."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What agreeing needs of a node."""

    folder: Path
    node: str
    store: RecordStore
    records: Records
    journal: Journal
    matching: Matching
    codes: Codes
    named: Callable[[str], str] = lambda actor: actor
    """By which name other nodes know an actor of this one."""

    @property
    def keys(self) -> Path:
        return self.folder / "sync"


def errand(node: str) -> Errand:
    from hoso.access import Actor, Errand, Scopes

    return Errand(Actor(f"node/{node}", Scopes.parse("system/*.cruds")), "HOPERAT", "sync")


def ledger(parts: Parts, whose: Errand | None = None) -> StoreLedger:
    """What is stored of other nodes' changes is told to the audit log as this node's doing; `whose`: somebody's, who
    may do it as was asked before."""
    from hoso.identity.leading import align
    from hoso.identity.received import Received
    from hoso.sync.kept import StoreLedger

    own = errand(parts.node)
    received = Received(parts.matching, system_clock, own.actor.id)

    def write(work: Callable[[RecordTransaction], None]) -> None:
        rights: list[tuple[Right, str]] = [] if whose else [("u", "Patient"), ("c", "Linkage")]
        parts.records.transact(whose or own, rights, work)  # type: ignore[arg-type]
        if merged := received.take_merged():
            align(parts.codes, parts.store.people, merged)

    return StoreLedger(parts.store, parts.node, write, received, os.urandom, cache(parts.named))


def overview(parts: Parts) -> Overview:
    """What pages show of agreeing."""
    from hoso.sync.overview import Overview

    return Overview(parts.node, parts.folder, ledger(parts), hub(parts), partial(ledger, parts))


def hub(parts: Parts) -> Hub:
    from hoso.access.audit import Event
    from hoso.access.noise import Noise
    from hoso.store.sync_nodes import NodeTable
    from hoso.sync.nodes import Hub

    noise = Noise()

    def tell(kind: str, what: str, node: str, outcome: Told) -> None:
        if outcome == "denied" and not noise.first((kind, what, node)):
            return
        event = Event(
            time=to_ms(system_clock()), actor=f"node/{node or parts.node}", action="E", kind=kind, channel="sync",
            outcome=outcome, what=what[:400], purpose="HOPERAT",
        )  # fmt: skip
        parts.journal.tell([event])

    above = upward(parts.keys)
    top = (above.centre, above.centre_public) if above else None
    return Hub(parts.node, parts.keys, NodeTable(parts.store.engine), tell, system_clock, top)


def upward(folder: Path) -> Above | None:
    from hoso.sync.above import Above

    return Above.read(folder)


def door(parts: Parts, patience: Patience, nodes: Nodes | None = None) -> Application:
    from hoso.api.body import Bodies
    from hoso.api.syncing import MOST_ENROL, application
    from hoso.sync.door import Door
    from hoso.sync.messages import MOST

    if is_practice(parts.folder):
        return _closed
    above, kept, below = upward(parts.keys), ledger(parts), hub(parts)

    def made(family: Family, known: Mapping[str, bytes], waits: Callable[..., bool]) -> Peer:
        return peer(parts, kept, family, known, above, waits)

    port, only = (nodes.port, nodes.only) if nodes else (0, False)
    door = Door(below, above.hub if above else None, kept, made, port, only=only)
    return application(below, door, Bodies(MOST, patience), Bodies(MOST_ENROL, patience))


def authority(folder: Path, node: str) -> Path:
    """The certificate by which those of the nodes below are proved, made when there is none."""
    from hoso.sync import keyfile

    file = folder / "sync" / "authority.pem"
    keyfile.authority(keyfile.own_key(folder / "sync" / "node.key", make=True), file, node, system_clock())
    return file


def denied(parts: Parts) -> Callable[[str, str], None]:
    """Tells the audit log of a connection whose certificate is of nobody below."""
    below = hub(parts)
    return lambda why, address: below.tell("sync", f"certificate: {why}, from {address}", "", "denied")


def _closed(environ: Any, start: Any) -> Iterable[bytes]:
    """A node of practice speaks to no other one."""
    from hoso.api.failure import failed

    response = failed(Refused.because(403, "forbidden", "rest.practice"))
    start(f"{response.status} Refused", response.headers)
    return [response.body] if isinstance(response.body, bytes) else response.body


def peer(
    parts: Parts,
    kept: StoreLedger,
    family: Family,
    known: Mapping[str, bytes],
    above: Above | None,
    waits: Callable[..., bool],
) -> Peer:
    from hoso.sync import Peer
    from hoso.sync.admitting import judge
    from hoso.sync.belonging import belonging
    from hoso.sync.keyfile import own_key, public_bytes
    from hoso.sync.keys import Ed25519Signer
    from hoso.sync.nodes import keys

    key = own_key(parts.keys / "node.key")
    believed = {**known, parts.node: public_bytes(key.public_key())}
    if above is not None:
        believed |= {above.centre: above.centre_public, above.hub: above.hub_public}
    return Peer(
        kept, Ed25519Signer(parts.node, key), keys(believed), family, judge, above.hub if above else None, now,
        os.urandom, waits=waits, late=_after(JUDGE_SECONDS),
        tells=partial(_state, parts.folder, kept),
        belongs=belonging(parts.store, family.rows, {parts.node, *((above.hub, above.centre) if above else ())}),
    )  # fmt: skip


def _state(folder: Path, kept: StoreLedger) -> State:
    from hoso import __version__
    from hoso.sync.messages import State
    from hoso.sync.status import summary

    found, disk = summary(kept), shutil.disk_usage(folder)
    return State(f"HoSo {__version__}", found.here, found.oldest or 0, disk.free, disk.total)


def released(parts: Parts, node: str) -> int:
    """Admits what is held of a node for who made it, since somebody here vouches for it."""
    from hoso.sync.admitting import judge
    from hoso.sync.belonging import STRANGER
    from hoso.sync.judging import release

    number = release(ledger(parts), node, judge, STRANGER)
    hub(parts).tell("sync-release", f"{number} changes", node, "ok")
    return number


def _after(seconds: float) -> Callable[[], bool]:
    ends = time.monotonic() + seconds
    return lambda: time.monotonic() > ends


def now() -> int:
    return to_ms(system_clock())


@dataclass(slots=True)
class Calls:
    """Contacts of this node with the hub above it."""

    parts: Parts
    above: Above
    ledger: StoreLedger
    last: int = 0
    introduced: object = None
    """What this process told the hub of who is below; None: it has said nothing yet."""

    @classmethod
    def of(cls, parts: Parts) -> Calls | None:
        """None for a node without a hub."""
        above = upward(parts.keys)
        return None if above is None else cls(parts, above, ledger(parts))

    def contact(self) -> Outcome:
        """With the first address that answers. Raises Broken, Unreachable and Full."""
        from hoso.sync.asking import Broken
        from hoso.sync.line import Talker, Unreachable

        self.ledger.gather()
        fault: Unreachable | None = None
        for line in self.above.lines():
            talker = Talker(self._peer(), line, self.last)
            try:
                self._present(talker)
                talker.me = self._peer()
                return self._noted(talker.contact())
            except Broken:
                self.introduced = None  # the hub may not know who is below any more, or who is at the top has changed
                raise
            except Unreachable as error:
                fault = error
            finally:
                self.last = talker.last
        raise fault or Unreachable("no address")

    def _peer(self) -> Peer:
        """As things stand now."""
        from hoso.store.sync_nodes import NodeTable
        from hoso.sync.nodes import Family, waiting

        self.above = upward(self.parts.keys) or self.above
        rows = {row.id: row for row in NodeTable(self.parts.store.engine).all()}
        family = Family(self.parts.node, self.above.hub, self.above.centre, rows)
        known = {row.id: row.public for row in rows.values()}
        return peer(self.parts, self.ledger, family, known, self.above, waiting(hub(self.parts), rows))

    def _present(self, talker: Talker) -> None:
        """Before the first contact of a process, and when something changed: who is below, and a new certificate."""
        below = hub(self.parts).below()
        if self.above.is_due(system_clock()) or self.introduced is None:
            self._renew(talker)
        if below and below != self.introduced and (refused := talker.introduce(below)):
            log.error("sync: the hub refused %d of the nodes below", refused)
        self.introduced = below

    def _renew(self, talker: Talker) -> None:
        from hoso import __version__
        from hoso.sync.asking import Broken

        try:
            if not self.above.renewed(self.parts.node, talker.renew(f"HoSo {__version__}")):
                log.error("sync: the hub answered with a certificate that is not ours")
        except Broken as fault:
            log.error("sync: the certificate was not renewed: %s", fault.why)

    def _noted(self, outcome: Outcome) -> Outcome:
        self.ledger.note("last", str(now()))
        self.ledger.note("offset", str(outcome.offset))
        self.ledger.note("equal", str(int(outcome.equal)))
        if outcome.forked:
            hub(self.parts).tell("node-fork", "a tail was moved to a new epoch", self.parts.node, "ok")
        if outcome.repaired:
            log.error("sync: %d changes had not come by the feed and were mended", outcome.repaired)
        return outcome

    def has_news(self) -> bool:
        from hoso.sync.status import waiting

        self.ledger.gather()
        return waiting(self.ledger) > 0


@dataclass(slots=True)
class Round:
    """When to call: soon after something was written, seldom when all is quiet, more rarely while nobody answers."""

    calls: Calls
    due: float = 0.0
    failures: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def step(self) -> bool:
        from hoso.sync.asking import Broken
        from hoso.sync.ledger import Full
        from hoso.sync.line import Unreachable

        at = time.monotonic()
        if at < self.due and (self.failures or not self.calls.has_news()):
            return False
        try:
            outcome = self.calls.contact()
        except (Broken, Unreachable, Full) as fault:
            self.failures += 1
            wait = min(LONGEST_SECONDS, SECONDS * 2 ** min(self.failures, 10)) * self._random.uniform(0.5, 1.0)
            self.due = time.monotonic() + wait
            log.warning("sync: the hub was not reached (%s); again in %d s", fault, wait)
            return False
        self.failures = 0
        self.due = time.monotonic() + (QUIET_SECONDS if outcome.equal else SECONDS)
        return False


def judged(parts: Parts) -> bool:
    """Looks at what was handed in and not looked at yet: whoever brought it did not wait, or was cut off."""
    from hoso.store.sync_nodes import NodeTable
    from hoso.sync.judging import judge_all
    from hoso.sync.nodes import Family, waiting

    rows = {row.id: row for row in NodeTable(parts.store.engine).all()}
    if rows:
        below, kept = hub(parts), ledger(parts)
        family, known = Family(parts.node, None, parts.node, rows), {row.id: row.public for row in rows.values()}
        me = peer(parts, kept, family, known, None, waiting(below, rows))
        judge_all(kept, me.judge, me.waits, me.late, me.belongs)
    return False


def upkeep(parts: Parts) -> None:
    from hoso.access.audit.running import Turn
    from hoso.access.working import Working

    Working("sync-judge", lambda: judged(parts), Turn(parts.folder / "judge.lock"), SECONDS)
    calls = Calls.of(parts)
    if calls is None:
        return
    rounds, alone = Round(calls), parts.store.engine.alone(LOCK)
    Working("sync", lambda: alone() and rounds.step(), Turn(parts.folder / "sync.lock"), SECONDS)
