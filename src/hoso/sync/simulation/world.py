"""The simulated world: nodes, a network that loses, doubles, delays and garbles, disks that fill, clocks that jump."""

from __future__ import annotations

import heapq
import random
from collections.abc import Collection, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from hoso.sync.asking import Broken
from hoso.sync.ledger import Full, Judged, Pulled, Step, Version, Write
from hoso.sync.memory import MemoryLedger
from hoso.sync.messages import Answer, BadFrame, Frame, Having, Request, Taken, unwrap, wrap
from hoso.sync.packing import QUICKLY
from hoso.sync.peer import Peer, Sizes
from hoso.sync.scope import Wants, facility_claim
from hoso.sync.serving import answer
from hoso.sync.simulation.truth import Truth
from hoso.sync.stream import Header, Record, Unreadable, read
from hoso.sync.talking import Outcome, contact

TINY = Sizes(batch=2, push=1, page=250, level=QUICKLY)
"""So small that even a short week is many batches and pages."""
Talk = Generator[Request, Answer, Outcome]


class Killed(Exception):
    """The power went at this commit."""


@dataclass(frozen=True, slots=True)
class SimSigner:
    """Stands for Ed25519 where a hundred thousand schedules are run: a keyed hash nobody else in the world makes."""

    node: str

    def sign(self, data: bytes) -> bytes:
        return blake2b(data, key=self.node.encode()[:64], digest_size=64).digest()


class SimKeys:
    def good(self, node: str, data: bytes, signature: bytes) -> bool:
        return bool(node) and SimSigner(node).sign(data) == signature


@dataclass(frozen=True, slots=True)
class SimTree:
    """`scopes`: whom each station knows from the beginning, as by a roster; others come to it later."""

    above: dict[str, str | None]
    scopes: dict[str, frozenset[str]]
    _below: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def centre(self) -> str:
        return "centre"

    def carries(self, neighbour: str, node: str) -> bool:
        at: str | None = node
        while at is not None and at != neighbour:
            at = self.above.get(at)
        return at == neighbour

    def below(self, node: str) -> frozenset[str]:
        if node not in self._below:
            self._below[node] = frozenset(name for name in self.above if self.carries(node, name))
        return self._below[node]

    def wants(self, node: str) -> Wants | None:
        below = self.below(node)
        return Wants(below, below)

    def claims(self, version: Version) -> Collection[str]:
        """Which stations have a patient in their roster, or are named by what is written of it."""
        return [facility_claim(one) for one in self.cared(version.header, version.record)]

    def cared(self, header: Header, record: Record) -> set[str]:
        named = record.body.partition(b" for ")[2].decode()
        return {node for node, patients in self.scopes.items() if header.patient in patients} | {named} - {""}


@dataclass(slots=True)
class Node:
    """One running node. A clone has the name of another, and a disk of its own from then on."""

    name: str
    hub: str | None
    ledger: WatchedLedger
    life: int
    turn: int = 0
    versions: int = 0
    image: MemoryLedger | None = None
    clock: int = 0
    talk: Talk | None = None
    contact: bytes = b""
    said: int = 0


class WatchedLedger(MemoryLedger):
    """A ledger that may lose its power at a commit, and that is looked at after each."""

    def watch(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self.power = 0
        """What happens at the next commit: the power goes before it (1) or after it (2)."""
        self.full_until = 0

    def commit(self, *steps: Step) -> None:
        if self._world.time < self.full_until:
            raise Full
        power, self.power = self.power, 0
        if power == 1:
            raise Killed
        super().commit(*steps)
        for step in steps:
            if isinstance(step, Write | Judged | Pulled):
                self._look(step)
        if power == 2:
            raise Killed

    def copy(self) -> WatchedLedger:
        twin = super().copy()
        assert isinstance(twin, WatchedLedger)
        twin.power = twin.full_until = 0
        return twin

    def changes(self) -> set[bytes]:
        """All changes that have a copy on this disk, in the record or not."""
        return self._versions.keys() | self._held | self._waiting()

    def _waiting(self) -> set[bytes]:
        found = set()
        for line in self._lines.values():
            for record in line.records[max(0, line.judged - line.base) :]:
                with suppress(Unreadable):
                    found.add(read(record).change)
        return found

    def _look(self, step: Write | Judged | Pulled) -> None:
        truth = self._world.truth
        if isinstance(step, Write):
            return
        groups: dict[bytes, Header] = {}
        for version in step.admitted:
            if version.header.group:
                groups[version.header.group] = version.header
            if isinstance(step, Pulled) and not self._world.may_have(self._name, version.header.patient):
                truth.fail("leak", f"{self._name} was given {version.header.id} of {version.header.patient}")
        for group, header in groups.items():
            here = sum(self.has(change) for change in self._world.members.get(group, ()))
            if here != header.places:
                truth.fail("partial_group", f"{self._name} shows {here} of {header.places} of {group.hex()[:8]}")


@dataclass(frozen=True, slots=True)
class Network:
    loss: float = 0.0
    double: float = 0.0
    garble: float = 0.0
    slowest: int = 50


CALM = Network()


@dataclass(slots=True)
class World:
    chance: random.Random
    tree: SimTree
    nodes: list[Node] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)
    members: dict[bytes, list[bytes]] = field(default_factory=dict)
    network: Network = CALM
    storm_until: int = 0
    time: int = 0
    seen: list[tuple[Node | str, bytes]] = field(default_factory=list)
    """Frames that went over the network, for whoever wants to send them again."""
    queue: list[tuple[int, int, Any, bytes]] = field(default_factory=list)
    sent: int = 0
    concerned: dict[str, set[str]] = field(default_factory=dict)
    """Who was ever concerned with a patient: wrote of it, has it in the roster, was named."""

    def may_have(self, node: str, patient: str) -> bool:
        return not self.tree.below(node).isdisjoint(self.concerned.get(patient, ()))

    def life(self, name: str) -> int:
        """A new life of a node."""
        number = len(self.truth.lives) + 1
        self.truth.lives[number] = name
        return number

    def peer(self, node: Node) -> Peer:
        def now() -> int:
            return 1_800_000_000_000 + self.time + node.clock

        return Peer(
            node.ledger, SimSigner(node.name), SimKeys(), self.tree, _judge, node.hub, now, self.chance.randbytes, TINY
        )

    def named(self, name: str) -> Node:
        """The node that answers under a name; of clones any."""
        return next(node for node in self.nodes if node.name == name)

    def call(self, node: Node) -> None:
        """The node calls its hub; a contact that was going on is given up."""
        if node.hub is None:
            return
        node.contact, node.said = self.chance.randbytes(8), 0
        node.talk = contact(self.peer(node))
        self._advance(node, None)

    def _advance(self, node: Node, heard: Answer | None) -> None:
        """Gives the node an answer and sends on what it asks next."""
        talk, hub = node.talk, node.hub
        assert talk is not None and hub is not None
        try:
            request = next(talk) if heard is None else talk.send(heard)
        except StopIteration:
            node.talk = None
        except (Broken, Full, Killed):
            node.talk = None
        else:
            node.said += 1
            frame = Frame(node.name, hub, node.contact, node.said, request)
            self.send(hub, wrap(SimSigner(node.name), frame), node)

    def send(self, to: Node | str, data: bytes, back: Node | None) -> None:
        """Puts a frame on its way: to a hub by its name, with the node that waits; or back to that node."""
        chance, network = self.chance, self.network if self.time < self.storm_until else CALM
        self.seen.append((to, data))
        if chance.random() < network.loss:
            return
        if chance.random() < network.garble:
            data = garble(chance, data)
        for _ in range(2 if chance.random() < network.double else 1):
            self.sent += 1
            heapq.heappush(self.queue, (self.time + chance.randint(1, network.slowest), self.sent, (to, back), data))

    def deliver(self, until: int) -> None:
        """Lets everything arrive that arrives before a time."""
        while self.queue and self.queue[0][0] <= until:
            self.time, _, (to, back), data = heapq.heappop(self.queue)
            if isinstance(to, str):
                self.serve(self.named(to), data, back)
            else:
                self._hear(to, data)
        self.time = until

    def serve(self, hub: Node, data: bytes, back: Node | None) -> None:
        try:
            frame = unwrap(data, hub.name, SimKeys())
            if not isinstance(frame.message, Request):
                return
            said = answer(self.peer(hub), frame.sender, frame.message)
        except (BadFrame, Killed):
            return
        self._vouched_for(hub, said)
        if back is not None:
            reply = Frame(hub.name, frame.sender, frame.contact, frame.turn, said)
            self.send(back, wrap(SimSigner(hub.name), reply), None)

    def _hear(self, node: Node, data: bytes) -> None:
        try:
            frame = unwrap(data, node.name, SimKeys())
        except BadFrame:
            return
        if node.talk is None or not isinstance(frame.message, Answer):
            return
        if (frame.contact, frame.turn, frame.sender) == (node.contact, node.said, node.hub):
            self._advance(node, frame.message)

    def _vouched_for(self, hub: Node, said: Answer) -> None:
        """A receipt is true when it is given: the hub has those bytes on its disk."""
        given = said.receipts if isinstance(said, Having) else (said.receipt,) if isinstance(said, Taken) else ()
        for receipt in given:
            kept = hub.ledger.end(receipt.stream)
            true = receipt.number == 0 or hub.ledger.chain(receipt.stream, receipt.number) == receipt.chain
            if not true or receipt.number > kept.number or (receipt.level == "centre") != (hub.hub is None):
                self.truth.fail("false_delivered", f"{hub.name} gave a false receipt for {receipt.number}")


def garble(chance: random.Random, data: bytes) -> bytes:
    """A bit flipped, or the end cut off."""
    place = chance.randrange(len(data))
    if chance.random() < 0.3:
        return data[:place]
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def _judge(header: Header, body: bytes) -> str | None:
    return "poison" if body.startswith(b"poison") else None
