"""The codes of a node: new ones from the centre's counter or from a lease, their states, aliases and cards.

Only the node that holds the two secrets of a `Centre` makes codes; every other node gives out what it was leased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from hoso.access import AliasTable, CodeRow, CodeState, CodeTable, Grant, HeldLease, OtherSecret
from hoso.core import Refused, citizen_code
from hoso.core.clock import Clock, from_ms, to_ms
from hoso.core.ids import new_id
from hoso.identity.code import card, states
from hoso.identity.code.card import Card

if TYPE_CHECKING:
    from hoso.identity.code.signing import Signer

DAYS = 548
"""A lease's life when nobody says otherwise: 18 months."""

LARGEST_LEASE = 100_000
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Centre:
    """The secrets of the one node that makes codes: the permutation of the counter, and the signature."""

    payload: bytes = field(repr=False)
    signing: bytes = field(repr=False)

    @property
    def mark(self) -> int:
        """By which the counter knows its key again."""
        digest = blake2b(b"code key", key=self.payload, digest_size=7).digest()
        return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class Held:
    """A lease this node holds, with how many of its codes may still be taken."""

    lease: HeldLease
    left: int
    expired: bool


@dataclass(frozen=True, slots=True)
class Status:
    """`given` is None on a node that is no centre."""

    given: int | None
    grants: Sequence[Grant]
    held: Sequence[Held]
    aliases: int
    keys: Sequence[bytes]

    @property
    def left(self) -> int:
        return sum(held.left for held in self.held if not held.expired)


class Codes:
    def __init__(
        self, table: CodeTable, aliases: AliasTable, clock: Clock, node: str, centre: Centre | None = None
    ) -> None:
        self._table, self._aliases, self._clock, self.node, self._centre = table, aliases, clock, node, centre

    # New codes

    def new(self, number: int = 1) -> list[str]:
        """Codes nobody has had, wherever this node gets them from: the centre makes them, others take leased ones."""
        return self.allocate(number) if self._centre else self.take(number)

    def allocate(self, number: int = 1) -> list[str]:
        """Codes from the counter: durable, never given again. Raises Refused on a node that is no centre."""
        centre = self._need_centre()
        _check_number(number)
        try:
            first = self._table.advance(number, centre.mark)
        except OtherSecret as error:
            raise Refused.because(409, "conflict", "code.other-secret") from error
        return [_code(counter, centre) for counter in range(first, first + number)]

    def take(self, number: int = 1) -> list[str]:
        """Codes of the leases held, of the one that ends first; all that were asked for, or Refused and none."""
        _check_number(number)
        taken = self._table.take(number, self._now())
        if not taken:
            raise Refused.because(409, "not-found", "code.none-left", left=str(self.status().left))
        return [str(code) for code in taken]

    def lease(self, facility: str, node: str, number: int = 2_000, days: int = DAYS) -> bytes:
        """The file of a new lease for one node."""
        from hoso.identity.code import lease

        centre = self._need_centre()
        _check_number(number)
        made = self._now()
        held = HeldLease(new_id(), facility, node, number, made, made + days * _DAY)
        try:
            grant = self._table.grant(held, centre.mark)
        except OtherSecret as error:
            raise Refused.because(409, "conflict", "code.other-secret") from error
        codes = [_code(counter, centre) for counter in range(grant.first, grant.first + number)]
        return lease.make(held.id, facility, node, made, held.expires, codes, self._signer())[1]

    def take_in(self, file: bytes) -> tuple[HeldLease, bool]:
        """Keeps the codes of a lease's file. False: it was there already. Raises Refused when it may not be used."""
        from hoso.identity.code import lease

        try:
            read = lease.read(file, self.keys())
        except lease.BadLease as bad:
            raise Refused.because(422, "invalid", f"code.lease-{bad.fault}", signer=bad.key) from bad
        if read.node != self.node:
            raise Refused.because(422, "invalid", "code.lease-elsewhere", node=read.node, own=self.node)
        now = self._now()
        if read.expires <= now:
            raise Refused.because(422, "expired", "code.lease-expired", day=_day(read.expires))
        if read.made <= self._table.mark("restored"):
            raise Refused.because(422, "conflict", "code.lease-before-restore", day=_day(read.made))
        held = HeldLease(read.id, read.facility, read.node, len(read.codes), read.made, read.expires)
        codes = [(int(code), signature) for code, signature in read.codes]
        return held, self._table.take_in(held, codes, now)

    # The life of a code

    def find(self, code: str) -> CodeRow | None:
        """What is known of a code here: its own row, else what the centre's counter tells."""
        number = int(citizen_code.parse(code))
        row = self._table.find(number)
        if row is not None or self._centre is None:
            return row
        counter = citizen_code.unscramble(citizen_code.payload(code), self._centre.payload)
        if counter >= self._table.counter():
            return None
        grant = self._table.grant_of(counter)
        return CodeRow(number, "leased" if grant else "used", grant.made if grant else 0, grant.id if grant else None)

    def bind(self, code: str, holder: str) -> CodeRow:
        """A code becomes a person's. The same again changes nothing; another's code is refused (409)."""
        return self._move(code, "bound", holder)

    def retire(self, code: str) -> CodeRow:
        """Nobody is to get it any more: a spoilt card, a test. What carries it stays readable."""
        return self._move(code, "retired")

    def _move(self, code: str, to: CodeState, holder: str | None = None) -> CodeRow:
        number, now = int(citizen_code.parse(code)), self._now()
        return self._table.change(number, lambda before: states.moved(before, number, to, now, holder))

    # Aliases

    def resolve(self, code: str) -> str:
        """The code a code leads to in the end; itself when it was never merged away."""
        return str(self._aliases.end(int(citizen_code.parse(code))))

    def names(self, code: str) -> list[str]:
        """Every code of the same person: the surviving one first, then all that lead to it."""
        surviving = self.resolve(code)
        return [surviving, *(str(old) for old in self._aliases.all_of(int(surviving)))]

    def alias(self, old: str, surviving: str) -> str:
        """From now on `old` leads to `surviving`, and on to where that leads; answers the end. For ever, or until
        `part` takes the merge back."""
        first, second = int(citizen_code.parse(old)), int(citizen_code.parse(surviving))
        if first == second:
            raise Refused.because(409, "conflict", "code.alias-circle", old=old, surviving=surviving)
        states.moved(self._table.find(first), first, "alias", self._now())  # a retired code is refused before
        outcome = self._aliases.join(first, second, self._now())
        if outcome in ("elsewhere", "circle"):
            raise Refused.because(409, "conflict", f"code.alias-{outcome}", old=old, surviving=surviving)
        self._move(old, "alias")
        return self.resolve(old)

    def part(self, old: str) -> bool:
        """Takes an alias back after a merge that was wrong; its card leads to its own person again."""
        number = int(citizen_code.parse(old))
        parted = self._aliases.part(number)
        row = self._table.find(number)
        if row is not None and row.state == "alias":
            self._move(old, "used")
        return parted

    # Keys and cards

    def public(self) -> bytes:
        """The key by which others believe this centre."""
        return self._signer().public

    def trust(self, public: bytes) -> bool:
        """Believes leases and cards signed by a centre's key; False when it was believed already."""
        return self._table.trust(public, self._now())

    def keys(self) -> list[bytes]:
        own = [self.public()] if self._centre else []
        return own + [key for key in self._table.trusted() if key not in own]

    def card(self, code: str, initials: str = "", born: str = "") -> str:
        """What the card's QR says. Without the centre's key: what came with the lease, without initials and year."""
        from hoso.identity.code.signing import key_id

        code = citizen_code.parse(code)
        if self._centre:
            signer = self._signer()
            made = Card(code, key_id(signer.public), initials, born)
            return card.text(made, signer.sign(card.USE, card.message(made)))
        row = self._table.find(int(code))
        if row is None or row.signature is None:
            raise Refused.because(409, "not-found", "code.no-signature", which=citizen_code.show(code))
        for public in self.keys():
            shown = card.text(Card(code, key_id(public)), row.signature)
            try:
                self.verify_card(shown)
            except card.BadCard:
                continue
            return shown
        raise Refused.because(409, "not-found", "code.no-signature", which=citizen_code.show(code))

    def verify_card(self, text: str) -> Card:
        """The card behind a scan, checked against the keys believed here. Raises BadCard."""
        return card.verify_card(text, self.keys())

    def status(self) -> Status:
        now, counts = self._now(), self._table.counts()
        held = [Held(one, counts.get((one.id, "leased"), 0), one.expires <= now) for one in self._table.leases()]
        given = self._table.counter() if self._centre else None
        return Status(given, self._table.grants(), held, self._aliases.count(), self.keys())

    def _signer(self) -> Signer:
        from hoso.identity.code.signing import Signer

        return Signer(self._need_centre().signing)

    def _need_centre(self) -> Centre:
        if self._centre is None:
            raise Refused.because(409, "not-supported", "code.no-centre")
        return self._centre

    def _now(self) -> int:
        return to_ms(self._clock())


def _code(counter: int, centre: Centre) -> str:
    return citizen_code.make(citizen_code.scramble(counter, centre.payload))


def _check_number(number: int) -> None:
    if not 1 <= number <= LARGEST_LEASE:
        raise Refused.because(400, "value", "code.number", number=str(number), limit=f"{LARGEST_LEASE:,}")


def _day(ms: int) -> str:
    return f"{from_ms(ms):%d/%m/%Y}"
