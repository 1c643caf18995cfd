"""What a system without a role is bound by all the same: what people denied it, or everybody, by a Consent.

It has no relationship that could open anything; what it reaches, its scopes say. Of Subscriptions it meets its own.
An operator's token is not bound.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from hoso.access.errand import Errand
from hoso.core.clock import to_ms
from hoso.fhir.consents import ACTIVITIES, FREE, PURPOSES
from hoso.fhir.model import load
from hoso.store.consents import Call, ConsentRow, Undenied
from hoso.store.contract import Reading, Version
from hoso.store.reach import Clause
from hoso.store.subscriptions import Subscribed

SUBSCRIPTION = "Subscription"


class Bound:
    """For one call of a client that acts for itself."""

    def __init__(self, reading: Reading, errand: Errand, now: datetime) -> None:
        self._reading, self._errand, self._now = reading, errand, to_ms(now)
        self._known: dict[int, list[ConsentRow]] = {}

    def clause(self, right: str, type: str) -> Clause | None:
        """The test of rows of a type; None when every row passes."""
        if type == SUBSCRIPTION:
            return Subscribed(self._errand.actor.id)
        return Undenied(self._call(right, type)) if self._asks(type) else None

    def lets(self, right: str, version: Version) -> bool:
        if version.type == SUBSCRIPTION:
            return self._reading.relations.subscriber(version.id) == self._errand.actor.id
        if not self._asks(version.type):
            return True
        rows = self._known.get(version.patient)
        if rows is None:
            rows = self._known[version.patient] = self._reading.relations.consents(version.patient)
        return not self._call(right, version.type).denied(rows, version.rid, version.labels or 0)

    def _asks(self, type: str) -> bool:
        return type not in FREE and self._denials

    @cached_property
    def _denials(self) -> bool:
        return self._reading.relations.consenting(())[0]

    @cached_property
    def _grantees(self) -> tuple[int, ...]:
        return self._reading.relations.who(self._errand.actor.facility, "", "").grantees

    def _call(self, right: str, type: str) -> Call:
        purpose = self._errand.purpose
        number = PURPOSES.index(purpose) + 1 if purpose in PURPOSES else len(PURPOSES) + 1
        activity = "write" if right in "cud" else self._errand.activity
        act = 1 << ACTIVITIES.index(activity)
        return Call(self._grantees, self._now, number, load().type_number[type], act)
