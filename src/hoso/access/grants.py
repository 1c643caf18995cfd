"""What a citizen gives by a code, and a colleague by delegation: grants with an end, taken back at any time.

A code is shown once, as text or QR, and only its hash is kept; whoever brings it first, in time, is given the grant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from hoso.access.audit import Journal, PlainJournal
from hoso.access.errand import Errand
from hoso.access.policy.matrix import role
from hoso.access.policy.sight import Sight
from hoso.access.telling import event_of
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.audit import AuditRow
from hoso.store.contract import Store
from hoso.store.grants import GrantRow, GrantTable

Given = Literal["grant", "representative", "summary"]
CODE_LASTS = timedelta(minutes=15)
LONGEST = {"grant": timedelta(days=90), "representative": timedelta(days=3650), "summary": timedelta(days=3650)}
DELEGATION_LASTS = timedelta(days=14)
_SAME = 60_000
REACHING = {"tied": ("grant",), "own": ("representative", "summary")}
"""Whom a code is for: staff are let in, another citizen represents."""


@dataclass(frozen=True, slots=True)
class Offered:
    """`code` is told this once."""

    code: str
    expires: int


@dataclass(frozen=True, slots=True)
class Charge:
    """`patient` is a number of somebody for whom a citizen acts; `kind`: guardian, representative or summary."""

    patient: int
    kind: str
    until: int | None


class Grants:
    def __init__(
        self,
        store: Store,
        table: GrantTable,
        clock: Clock,
        fresh: Callable[[], str],
        secret: Callable[[], str],
        journal: Journal | None = None,
    ) -> None:
        self._store, self._table, self._clock = store, table, clock
        self._fresh, self._secret = fresh, secret
        self._journal = journal or PlainJournal(store)

    def offer(self, errand: Errand, kind: Given, lasts: timedelta) -> Offered:
        """By a citizen, about their own record. Raises Refused for anybody else, or when it would last too long."""
        person = errand.actor.person
        rid = self._store.people.rids([person]).get(person) if person else None
        if errand.actor.role != "citizen" or rid is None:
            raise Refused.because(403, "forbidden", "grant.citizen")
        if kind not in LONGEST or not timedelta(0) < lasts <= LONGEST[kind]:
            raise Refused.because(422, "value", "grant.long")
        now, code = self._clock(), self._secret()
        expires = to_ms(now + CODE_LASTS)
        told = self._told(errand, "grant-offered", kind, rid)
        self._table.offer(_digest(code), rid, kind, to_ms(now), expires, int(lasts.total_seconds() * 1000), told)
        return Offered(code, expires)

    def redeem(self, errand: Errand, code: str) -> GrantRow:
        """For the user at the counter, or the citizen who is to represent. One answer for all that will not do."""
        actor, row = errand.actor, role(errand.actor.role)
        if row is None or row.reach not in ("tied", "own"):
            raise Refused.because(403, "forbidden", "grant.role")
        own = self._store.people.whole(actor.person) if row.reach == "own" and actor.person else frozenset()
        grantee = f"person/{actor.person}" if row.reach == "own" else actor.id
        found = self._table.redeem(
            _digest(code), self._fresh(), grantee, to_ms(self._clock()), REACHING[row.reach],
            lambda grant: self._told(errand, "grant-redeemed", f"{grant.kind} {grant.id}", grant.patient), own,
        )  # fmt: skip
        if found is None:
            raise Refused.because(404, "not-found", "grant.code")
        return found

    def delegate(self, errand: Errand, patient: str, colleague: str, lasts: timedelta = DELEGATION_LASTS) -> GrantRow:
        """To a colleague's account ("user/NAME"), by somebody who has a relationship of their own right now."""
        row = role(errand.actor.role)
        rid = self._store.people.rids([patient]).get(patient)
        decision = Sight(self._store, errand, self._clock()).decide("r", "Patient", rid or 0)
        if row is None or rid is None or decision.rule != "tied" or not decision.permit:
            raise Refused.because(404, "not-found", "rest.not-found", type="Patient", id=patient[:64])
        if not colleague.startswith("user/") or colleague == errand.actor.id:
            raise Refused.because(422, "value", "grant.colleague")
        if not timedelta(0) < lasts <= DELEGATION_LASTS:
            raise Refused.because(422, "value", "grant.long")
        now = self._clock()
        grant = GrantRow(
            self._fresh(), "delegation", rid, colleague, errand.actor.id, to_ms(now), to_ms(now + lasts),
            facility=errand.actor.facility,
        )  # fmt: skip
        there = [one for one in self.handed_over(errand, patient) if one.grantee == colleague]
        if any(one.until >= grant.until - _SAME for one in there):
            return there[0]  # the button was pressed again
        self._table.give(grant, told=self._told(errand, "grant-delegated", f"{colleague} {grant.id}", rid))
        return grant

    def given(self, errand: Errand) -> list[GrantRow]:
        """What the citizen who asks gave, and colleagues gave each other, about the citizen; running ones."""
        person = _citizen(errand)
        return self._table.of_patients(self._store.people.whole(person), to_ms(self._clock()))

    def charges(self, errand: Errand) -> list[Charge]:
        """For whom the citizen who asks acts now, by a code or as guardian; what is seen of them the policy says."""
        person = _citizen(errand)
        now = to_ms(self._clock())
        held = self._table.held_by(f"person/{person}", now)
        wards = self._store.relations.wards(person, now)
        return [Charge(ward, "guardian", None) for ward in wards] + [
            Charge(row.patient, row.kind, row.until) for row in held
        ]

    def handed_over(self, errand: Errand, patient: str) -> list[GrantRow]:
        """What the caller gave colleagues about a patient; running ones."""
        rows = self._table.of_patients(self._store.people.whole(patient), to_ms(self._clock()))
        return [row for row in rows if row.kind == "delegation" and row.giver == errand.actor.id]

    def take_back(self, errand: Errand, id: str) -> bool:
        """By the citizen whose record it is, or who gave it; False for what is not theirs or has ended."""
        found = self._table.grant(id)
        if found is None or found.kind == "emergency":
            return False
        person = errand.actor.person
        own = self._store.people.whole(person) if errand.actor.role == "citizen" and person else frozenset()
        if found.patient not in own and found.giver != errand.actor.id:
            return False
        told = self._told(errand, "grant-taken-back", f"{found.kind} {id}", found.patient)
        return self._table.end(id, to_ms(self._clock()), told)

    def _told(self, errand: Errand, kind: str, what: str, patient: int) -> list[AuditRow]:
        return self._journal.rows([event_of(errand, to_ms(self._clock()), kind, "E", what, patient=patient)])


def _citizen(errand: Errand) -> str:
    """The person who asks. Raises Refused for anybody who is no citizen."""
    if errand.actor.role != "citizen" or not errand.actor.person:
        raise Refused.because(403, "forbidden", "citizen.own")
    return errand.actor.person


def _digest(code: str) -> bytes:
    """Of a code however it was typed: capitals, dashes and spaces are the reader's."""
    plain = "".join(ch for ch in code[:64].casefold() if ch.isalnum())
    return sha256(plain.encode("utf-8", "surrogatepass")).digest()
