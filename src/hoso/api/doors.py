"""What the interactions of one worker share: the records, the lanes, the seal of page links, the limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from hoso.access import Records
from hoso.access.bulk import Exports
from hoso.access.guides import Guides
from hoso.access.subscribing.desk import SubscriptionDesk
from hoso.access.trail import Trail
from hoso.api.body import busy
from hoso.api.links import Seal
from hoso.core.errors import Refused
from hoso.exchange.imports import Imports
from hoso.exchange.intake import Intake
from hoso.identity.matching import Matching
from hoso.identity.steward import Steward

T = TypeVar("T")

LONG_SECONDS = 5.0
"""How long a long request may wait for its lane before 503."""


class Lane:
    """Lets only so many requests of a kind run at once in this worker; the others wait a little, then are sent away."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def entered(self) -> Iterator[None]:
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def enter(self) -> None:
        if not self._places.acquire(timeout=LONG_SECONDS):
            raise busy()

    def leave(self) -> None:
        self._places.release()


@dataclass(frozen=True, slots=True)
class Identity:
    """What the operations on persons work with."""

    matching: Matching
    steward: Steward


@dataclass(slots=True)
class Doors:
    records: Records
    seal: Seal
    identity: Identity | None = None
    trail: Trail | None = None
    exports: Exports | None = None
    guides: Guides | None = None
    subscriptions: SubscriptionDesk | None = None
    imports: Imports | None = None
    intake: Intake | None = None
    long: Lane = field(default_factory=lambda: Lane(3))
    streams: Lane = field(default_factory=lambda: Lane(1))
    downloads: Lane = field(default_factory=lambda: Lane(2))

    def with_trail(self) -> Trail:
        """Raises Refused(404) where no audit log is at hand."""
        return _here(self.trail, "rest.no-audit-log")

    def with_exports(self) -> Exports:
        """Raises Refused(404) where nothing carries exports out."""
        return _here(self.exports, "bulk.not-here")

    def with_imports(self) -> Imports:
        """Raises Refused(404) where nothing carries imports out."""
        return _here(self.imports, "import.not-here")

    def with_intake(self) -> Intake:
        """Raises Refused(404) where nothing is taken in."""
        return _here(self.intake, "intake.not-here")

    def with_subscriptions(self) -> SubscriptionDesk:
        """Raises Refused(404) where nobody is told of anything."""
        return _here(self.subscriptions, "subscription.not-here")

    def with_identity(self) -> Identity:
        """Raises Refused(404) on a node that keeps records but knows no persons."""
        return _here(self.identity, "identity.no-persons")


def _here(part: T | None, reason: str) -> T:
    if part is None:
        raise Refused.because(404, "not-supported", reason)
    return part
