"""Ending a subscription, by the node or by its operator: nothing more is sent until its subscriber asks anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hoso.access.subscribing.notification import status_of
from hoso.access.subscribing.record import Record
from hoso.store.subscriptions import OFF, SubscriptionRow, SubscriptionRows, SubscriptionTable

UNREADABLE = "its record cannot be read any more"
NOBODY = "its subscriber may receive nothing any more"


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscription as an operator sees it. `waiting`: events that are still to be told."""

    id: str
    owner: str
    status: str
    waiting: int
    fault: str


@dataclass(frozen=True, slots=True)
class Ending:
    table: SubscriptionTable
    record: Record

    def end(self, row: SubscriptionRow, reason: str | None) -> None:
        """What waited is forgotten; the record says `off`, and why."""

        def work(rows: SubscriptionRows) -> None:
            rows.forget(row.id)
            rows.set(row.id, state=OFF, fault=reason)

        self.table.change(work)
        self.record.say(row.id, "off", reason)

    def stop(self, id: str) -> bool:
        """By the operator; whether there is such a subscription."""
        row = self.table.find(id)
        if row is not None:
            self.end(row, "stopped by the operator")
        return row is not None

    def listed(self) -> Iterator[Listed]:
        for row in self.table.all():
            waiting = 0 if row.state == OFF else self.table.unsent(row)
            yield Listed(row.id, row.owner, status_of(row), waiting, row.fault or "")
