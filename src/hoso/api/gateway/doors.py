"""What the calls of the gateway share: accounts, the intake, the records, who vouches for signatures, and the lane."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hoso.access import Actor, Errand, Records, Scopes
from hoso.access.gateways import Account, Gateways
from hoso.core.clock import Clock
from hoso.core.ids import new_id
from hoso.exchange.intake import Intake, Sender
from hoso.exchange.signing import Anchors

HERE = "/gateway/"
BARE = ("/api/token/take", "/api/qd130/", "/api/egw/")
"""Paths of the insurance gateway itself, for software in which only the name of the host can be changed."""
ROLE = "system"
PLACES = 2
"""Files that one worker takes apart at a time; each may be tens of megabytes."""
WAIT_SECONDS = 5.0


def is_gateway(path: str) -> bool:
    return path.startswith((HERE, *BARE))


class Lane:
    """So many at once. Who finds it full waits a little for a place."""

    def __init__(self, places: int) -> None:
        self._places = threading.BoundedSemaphore(places)

    @contextmanager
    def entered(self, seconds: float) -> Iterator[bool]:
        """Whether there was a place within that time."""
        got = self._places.acquire(timeout=seconds) if seconds else self._places.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self._places.release()


@dataclass(frozen=True, slots=True)
class Gateway:
    """`demands_signatures`: files without a true signature of a known authority are refused."""

    accounts: Gateways
    intake: Intake
    records: Records
    clock: Clock
    anchors: Anchors = field(default_factory=Anchors)
    demands_signatures: bool = False
    seconds: float = WAIT_SECONDS
    """How long a request works on what it brought; the node goes on with the rest."""
    opening: Lane = field(default_factory=lambda: Lane(PLACES))
    working: Lane = field(default_factory=lambda: Lane(1))
    """For a few visits. Two threads at once only fight for the interpreter: a visit then costs a third more."""
    toiling: Lane = field(default_factory=lambda: Lane(1))
    """For many, so that nobody's few wait behind them."""


def sender(account: Account) -> Sender:
    return Sender(actor_id(account), account.facility)


def errand(account: Account, environ: dict[str, Any], reason: str) -> Errand:
    """To look at records: as a system of that facility, which reaches those who are in its care."""
    scopes = Scopes.parse("system/Patient.rs system/Encounter.rs system/Condition.rs")
    actor = Actor(actor_id(account), scopes, role=ROLE, facility=account.facility, labels=frozenset())
    address = environ.get("REMOTE_ADDR", "")
    return Errand(actor, "TREAT", request=new_id(), address=address, reason=reason)


def actor_id(account: Account) -> str:
    return f"gateway/{account.username}"
