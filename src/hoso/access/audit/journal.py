"""Where events are told: in the transaction of a write, or by themselves and durable before anything is answered.

Their order, their numbers and their place in the tree come after the commit, from the sealer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

from hoso.access.audit.event import SALT, Event, row
from hoso.store.audit import AuditRow
from hoso.store.contract import Store, Transaction


class Journal(Protocol):
    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        """What `Store.save` takes along in its own transaction."""

    def put(self, transaction: Transaction, events: Sequence[Event]) -> None:
        """In the transaction of a write: they are stored if and only if it is."""

    def tell(self, events: Sequence[Event]) -> None:
        """For reads, refusals and sign-ins; durable on return. Raises Unavailable when they cannot be kept."""


class PlainJournal:
    """Each telling is a transaction of its own; the store joins those of many threads where it can."""

    def __init__(self, store: Store, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._store, self._random = store, random

    def rows(self, events: Sequence[Event]) -> list[AuditRow]:
        return [row(event, self._random(SALT)) for event in events]

    def put(self, transaction: Transaction, events: Sequence[Event]) -> None:
        transaction.record(self.rows(events))

    def tell(self, events: Sequence[Event]) -> None:
        if events:
            self._store.record(self.rows(events))
