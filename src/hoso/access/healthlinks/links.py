"""Links of a citizen to a sealed summary: made, opened by whoever has the link and its passcode, taken back at once.

The server keeps what was sealed and a digest of the address. The key stands in the link, which is told once, so that
nobody reads from the database what was shared. Ten wrong passcodes end a link; what ended is as if it never was.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import scrypt, sha256
from ipaddress import ip_address

from hoso.access.audit import Event, Journal
from hoso.access.audit.event import Outcome
from hoso.access.citizen.looks import own
from hoso.access.errand import Errand
from hoso.access.healthlinks import sealing
from hoso.access.healthlinks.sealing import Payload, packed, sealed
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.audit import AuditRow
from hoso.store.contract import Store
from hoso.store.health_links import MOST_WRONG, HealthLinkTable, LinkRow, OpeningRow

LIVES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=30)}
USES = (1, 3, 10, 50)
SHORTEST_PASSCODE, LONGEST_PASSCODE = 4, 64
LONGEST_RECIPIENT = 100
MOST_LISTED = 50
LARGEST = 4_000_000
"""Bytes of a summary before it is sealed."""
TICKET_LASTS = timedelta(minutes=10)
ROLE = "link"
"""Of whoever opens one, in the log: a person who said a name and proved none."""


class Absent(Exception):
    """Nothing is here: there never was, or it ended. Nobody is told which."""


class WrongPasscode(Exception):
    """`left`: so many attempts until the link ends."""

    def __init__(self, left: int) -> None:
        super().__init__(f"{left} left")
        self.left = left


@dataclass(frozen=True, slots=True)
class Made:
    """`text` is the link ("shlink:/…"), told this once."""

    text: str
    expires: int


@dataclass(frozen=True, slots=True)
class Opening:
    time: int
    recipient: str
    place: str
    opened: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """One link as its citizen sees it. `state`: "open", "revoked", "expired", "used" or "guessed"."""

    row: LinkRow
    state: str
    openings: Sequence[Opening]

    @property
    def left(self) -> int:
        return self.row.uses - self.row.used


class HealthLinks:
    """`random` gives so many random bytes."""

    def __init__(
        self, store: Store, table: HealthLinkTable, journal: Journal, clock: Clock, random: Callable[[int], bytes]
    ) -> None:
        self._store, self._table, self._journal, self._clock, self._random = store, table, journal, clock, random

    # For the citizen

    def make(
        self,
        errand: Errand,
        content: bytes,
        types: Collection[str],
        *,
        once: str,
        base: str,
        life: str,
        uses: int,
        passcode: str,
        label: str,
    ) -> Made | None:
        """By a citizen, of the own record. `once`: of the form; None when it made a link already.

        Raises Refused for anybody else, and for a choice that is none.
        """
        _, rid = own(self._store, errand)
        _check(content, life, uses, passcode, label)
        now, key, secret = self._clock(), self._random(sealing.KEY), self._random(sealing.SECRET)
        url, expires = f"{base}/{packed(secret)}", now + LIVES[life]
        if len(url) > sealing.LONGEST_ADDRESS:
            raise Refused.because(422, "too-long", "health-link.address", most=str(sealing.LONGEST_ADDRESS))
        salt = self._random(16) if passcode else None
        id = sha256(f"{errand.actor.person} {once}".encode("utf-8", "replace")).hexdigest()[:32]
        row = LinkRow(
            id, rid, _digest(packed(secret)), label, " ".join(sorted(types)), to_ms(now), to_ms(expires), uses, 0,
            salt, _hashed(passcode, salt) if salt is not None else None, 0, None,
        )  # fmt: skip
        told = self._journal.rows([event_of(errand, to_ms(now), "share-made", "E", f"{id} {life} {uses}", patient=rid)])
        if not self._table.make(row, sealed(content, key, self._random(12)).encode(), told):
            return None
        flags = "P" if passcode else "U"
        return Made(Payload(url, key, to_ms(expires) // 1000, flags, label).text, to_ms(expires))

    def shared(self, errand: Errand) -> list[Shared]:
        """Those of the citizen who asks, the newest first."""
        whole, _ = own(self._store, errand)
        now = to_ms(self._clock())
        return [
            Shared(row, _state(row, now), [_opening(one) for one in self._table.openings(row.id)])
            for row in self._table.of_patients(whole, MOST_LISTED)
        ]

    def take_back(self, errand: Errand, id: str) -> bool:
        """At once; False for what is not theirs or was taken back before."""
        whole, rid = own(self._store, errand)
        now = to_ms(self._clock())
        told = self._journal.rows([event_of(errand, now, "share-ended", "E", id[:64], patient=rid)])
        return id.isprintable() and self._table.revoke(id, whole, now, told)

    # For whoever has the link

    def open(
        self, secret: str, recipient: str, passcode: str | None, address: str, most: int | None = None
    ) -> tuple[str, bool]:
        """One use: the sealed text and True; of one longer than `most`, a ticket for it and False.

        Raises Absent or WrongPasscode.
        """
        now, place = to_ms(self._clock()), place_of(address)
        link = self._proved(_digest(secret), recipient, passcode, address, now)
        length = self._table.length(link.id)
        ticket = packed(self._random(sealing.SECRET)) if most is not None and length > most else None
        told = self._told(link, now, recipient, address, "ok")
        content = self._table.open(link, now, recipient, place, told, _digest(ticket) if ticket else None)
        if content is None:
            raise Absent
        return (ticket, False) if ticket else (content.decode("ascii"), True)

    def file(self, ticket: str) -> str:
        """What a ticket stands for, once and for some minutes. Raises Absent."""
        now = self._clock()
        content = self._table.fetch(_digest(ticket), to_ms(now - TICKET_LASTS), to_ms(now))
        if content is None:
            raise Absent
        return content.decode("ascii")

    def direct(self, secret: str) -> bool:
        """Whether this is a living link without a passcode, whose address is the file itself."""
        found = self._table.living(_digest(secret), to_ms(self._clock()))
        return found is not None and found.passcode is None

    def _proved(self, digest: bytes, recipient: str, passcode: str | None, address: str, now: int) -> LinkRow:
        """The living link, once its passcode was told. An attempt is counted before it is looked at."""
        link = self._table.living(digest, now)
        if link is None:
            raise Absent
        if link.passcode is None or link.salt is None:
            return link
        counted = self._table.attempt(digest, now)
        if counted is None:
            raise Absent
        if not hmac.compare_digest(_hashed(passcode or "", link.salt), link.passcode):
            told = self._told(counted, now, recipient, address, "denied")
            self._table.wrong(counted, now, recipient, place_of(address), told)
            raise WrongPasscode(MOST_WRONG - counted.wrong)
        return counted

    def _told(self, link: LinkRow, now: int, recipient: str, address: str, outcome: Outcome) -> list[AuditRow]:
        event = Event(
            time=now, actor=f"recipient/{recipient}", action="R", kind="share-opened", role=ROLE, purpose="PATRQT",
            channel="screen", activity="send", outcome=outcome, what=link.id, patient=link.patient, address=address,
            types=tuple(link.types.split()) if outcome == "ok" else (), request=f"{link.id} {now} {link.used}",
        )  # fmt: skip
        return self._journal.rows([event])


def place_of(address: str) -> str:
    """The kind of an address: "machine", "network" or "internet"; the address itself is in the audit log only."""
    try:
        found = ip_address(address)
    except ValueError:
        return "internet"
    return "machine" if found.is_loopback else "network" if found.is_private else "internet"


def _check(content: bytes, life: str, uses: int, passcode: str, label: str) -> None:
    if life not in LIVES or uses not in USES:
        raise Refused.because(422, "value", "health-link.choice")
    if passcode and not SHORTEST_PASSCODE <= len(passcode) <= LONGEST_PASSCODE:
        raise Refused.because(422, "value", "health-link.passcode", least=str(SHORTEST_PASSCODE),
                              most=str(LONGEST_PASSCODE))  # fmt: skip
    if len(label) > sealing.LONGEST_LABEL:
        raise Refused.because(422, "too-long", "health-link.label", most=str(sealing.LONGEST_LABEL))
    if len(content) > LARGEST:
        raise Refused.because(422, "too-long", "health-link.large")


def _state(row: LinkRow, now: int) -> str:
    if row.revoked is not None:
        return "revoked"
    if row.wrong >= MOST_WRONG:
        return "guessed"
    if row.used >= row.uses:
        return "used"
    return "expired" if row.expires <= now else "open"


def _opening(row: OpeningRow) -> Opening:
    return Opening(row.time, row.recipient, row.place, row.outcome == "opened")


def _digest(text: str) -> bytes:
    return sha256(text[:200].encode("utf-8", "replace")).digest()


def _hashed(passcode: str, salt: bytes) -> bytes:
    return scrypt(passcode[:LONGEST_PASSCODE].encode("utf-8", "replace"), salt=salt, n=2**14, r=8, p=1, dklen=32)
