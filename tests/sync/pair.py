"""A station and its hub with real keys, and a contact between them over a line that tests can tamper with."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hoso.sync import Outcome, Peer, answer, contact
from hoso.sync.keys import Ed25519Keys, Ed25519Signer
from hoso.sync.ledger import Version, Write
from hoso.sync.memory import MemoryLedger
from hoso.sync.messages import Answer, Request
from hoso.sync.peer import Sizes
from hoso.sync.scope import Wants, facility_claim
from hoso.sync.stream import Header, Record, write

SIGNERS = {
    name: Ed25519Signer(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))
    for number, name in enumerate(("centre", "station", "neighbour", "stranger"), 1)
}
KEYS = Ed25519Keys({name: signer._key.public_key() for name, signer in SIGNERS.items() if name != "stranger"})
ABOVE = {"station": "centre", "neighbour": "centre"}


class Star:
    """Two stations below one centre. `scoped`: who is not to have everybody, but the people of its own facility."""

    def __init__(self, scoped: Collection[str] = ()) -> None:
        self._scoped = scoped

    @property
    def centre(self) -> str:
        return "centre"

    def carries(self, neighbour: str, node: str) -> bool:
        return neighbour in (node, ABOVE.get(node))

    def wants(self, node: str) -> Wants | None:
        return Wants(frozenset({node}), frozenset({node})) if node in self._scoped else None


@dataclass
class Site:
    name: str
    sizes: Sizes = field(default_factory=Sizes)
    scoped: Collection[str] = ()

    def __post_init__(self) -> None:
        self.chance = Random(self.name)
        self.ledger = MemoryLedger(self.name, self.chance.randbytes(8).hex(), _claims)

    @property
    def peer(self) -> Peer:
        return Peer(
            self.ledger, SIGNERS[self.name], KEYS, Star(self.scoped), lambda header, body: None, ABOVE.get(self.name),
            lambda: 0, self.chance.randbytes, self.sizes,
        )  # fmt: skip

    def save(self, *records: Record) -> tuple[Record, ...]:
        self.ledger.commit(Write(records))
        return records

    def note(self, patient: str = "p", id: str = "o", bases: tuple[bytes, ...] = (), text: str = "x") -> Record:
        """One change saved at this site."""
        return self.save(change(self.chance, patient, id, bases, text))[0]


def _claims(version: Version) -> list[str]:
    """The patients `only-` so and so are those of one station."""
    return [facility_claim(version.header.patient.removeprefix("only-"))]


def change(chance: Random, patient: str = "p", id: str = "o", bases: tuple[bytes, ...] = (), text: str = "x") -> Record:
    header = Header(
        chance.randbytes(16), b"", 1, 1, "put", "Observation", id, "1", bases, patient, "Practitioner/a", "", 0
    )
    return write(header, f'{{"resourceType":"Observation","note":"{text}"}}'.encode())


def meet(station: Site, hub: Site, line: Callable[[Request], Answer] | None = None) -> Outcome:
    """One whole contact. `line` may answer in the hub's place."""
    talk = contact(station.peer)
    request = next(talk)
    while True:
        try:
            said = line(request) if line else answer(hub.peer, station.name, request)
            request = talk.send(said)
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome
