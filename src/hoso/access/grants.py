"""What a citizen gives by a code, and a colleague by delegation: grants with an end, taken back at any time.

A code is shown once, as text or QR, and only its hash is kept; whoever brings it first, in time, is given the grant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Literal

from hoso.access.errand import Errand
from hoso.access.policy.matrix import role
from hoso.access.policy.sight import Sight
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.contract import Store
from hoso.store.grants import GrantRow, GrantTable

Given = Literal["grant", "representative", "summary"]
CODE_LASTS = timedelta(minutes=15)
LONGEST = {"grant": timedelta(days=90), "representative": timedelta(days=3650), "summary": timedelta(days=3650)}
DELEGATION_LASTS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Offered:
    """`code` is told this once."""

    code: str
    expires: int


class Grants:
    def __init__(
        self, store: Store, table: GrantTable, clock: Clock, fresh: Callable[[], str], secret: Callable[[], str]
    ) -> None:
        self._store, self._table, self._clock = store, table, clock
        self._fresh, self._secret = fresh, secret

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
        self._table.offer(_digest(code), rid, kind, to_ms(now), expires, int(lasts.total_seconds() * 1000))
        return Offered(code, expires)

    def redeem(self, errand: Errand, code: str) -> GrantRow:
        """For the user at the counter, or the citizen who is to represent. One answer for all that will not do."""
        actor, row = errand.actor, role(errand.actor.role)
        if row is None or row.reach not in ("tied", "own"):
            raise Refused.because(403, "forbidden", "grant.role")
        grantee = f"person/{actor.person}" if row.reach == "own" else actor.id
        found = self._table.redeem(_digest(code.strip()), self._fresh(), grantee, to_ms(self._clock()))
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
            self._fresh(), "delegation", rid, colleague, errand.actor.id, to_ms(now), to_ms(now + lasts)
        )  # fmt: skip
        self._table.give(grant)
        return grant

    def take_back(self, errand: Errand, id: str) -> bool:
        """By the citizen whose record it is, or who gave it; False for what is not theirs or has ended."""
        found = self._table.grant(id)
        if found is None or found.kind == "emergency":
            return False
        person = errand.actor.person
        own = self._store.people.whole(person) if errand.actor.role == "citizen" and person else frozenset()
        if found.patient not in own and found.giver != errand.actor.id:
            return False
        return self._table.end(id, to_ms(self._clock()))


def _digest(code: str) -> bytes:
    return sha256(code.encode("utf-8", "surrogatepass")).digest()
