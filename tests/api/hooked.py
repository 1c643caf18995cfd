"""A server with subscriptions whose work is done when a test says so, and what Subscriptions look like."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.api.caller import Answer, Caller
from tests.api.receivers import Receiver

from hoso.access import Records
from hoso.access.audit.journal import PlainJournal
from hoso.access.outward import Resolve, resolve
from hoso.access.subscribing.admission import Admission
from hoso.access.subscribing.delivering import Delivering, Patience
from hoso.access.subscribing.desk import SubscriptionDesk
from hoso.access.subscribing.ending import Ending
from hoso.access.subscribing.endpoints import Endpoints, Listed
from hoso.access.subscribing.headers import Safe
from hoso.access.subscribing.posting import Poster
from hoso.access.subscribing.record import Record
from hoso.access.subscribing.standing import Standing
from hoso.access.subscribing.watching import Watching
from hoso.api.app import application
from hoso.api.links import Seal
from hoso.core import system_clock
from hoso.store.record_store import RecordStore
from hoso.store.subscriptions import SubscriptionTable

TOPICS = "https://hoso.vn/SubscriptionTopic/"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
Json = dict[str, Any]
MOST = 20
"""Subscriptions of a caller."""


@dataclass
class Told:
    """A server with subscriptions, whose work is done when a test says so."""

    call: Caller
    store: RecordStore
    receiver: Receiver
    hosts: list[str] = field(default_factory=list)
    resolve: Resolve = resolve
    later: timedelta = timedelta()

    def __post_init__(self) -> None:
        call, journal, safe = self.call, PlainJournal(self.store), Safe(b"s" * 32)
        self.table = SubscriptionTable(self.store.engine)
        endpoints = Endpoints(tuple(Listed.parse(text) for text in [self.receiver.host, *self.hosts]))
        call.records = Records(self.store, system_clock, admission=Admission(endpoints, safe, MOST))
        desk = SubscriptionDesk(self.store, self.table, call.records, journal, self.now)
        call.app = application(call.records, call.tokens, Seal(b"k" * 32), call.settings, subscriptions=desk)
        standing = Standing(call.tokens.holders, lambda name: None).now
        ending = Ending(self.table, Record(self.store, journal, self.now, "test-node"))
        self.watching = Watching(self.store, ending, standing, self.now)
        self.delivering = Delivering(
            self.store, ending, Poster(endpoints, lambda name, port: self.resolve(name, port)), safe, journal,
            standing, self.now, "http://hoso.test/fhir", Patience(7, lambda: 1.0),
        )  # fmt: skip

    def now(self) -> datetime:
        return system_clock() + self.later

    def watch(self) -> None:
        """The feed is looked through to the last change of now; PostgreSQL numbers changes a moment later."""
        ((changes,),) = self.store.engine.reader().rows("SELECT count(*) FROM change")
        while self.watching.step() or self.store.feed_end() < changes:
            time.sleep(0.01)
        while self.watching.step():
            pass

    def work(self) -> None:
        """What is due now."""
        self.watch()
        self.delivering.step(self._carried)

    def _carried(self, id: str, endpoint: str, failing: bool) -> bool:
        self.delivering.carry(id)
        return True

    def subscribe(self, id: str = "s", by: Caller | None = None, **members: Any) -> Answer:
        return (by or self.call)("PUT", f"Subscription/{id}", self.wanted(id, **members))

    def wanted(self, id: str = "s", **members: Any) -> Json:
        channel = {"type": "rest-hook", "endpoint": self.receiver.url, **members.pop("channel", {})}
        return {
            "resourceType": "Subscription", "id": id, "status": "requested", "reason": "a test",
            "criteria": "Observation?status=final", "channel": channel, **members,
        }  # fmt: skip

    def subscribed(self, **members: Any) -> None:
        """One that is active, of which the receiver has heard nothing else."""
        answer = self.subscribe(**members)
        assert answer.status in (200, 201), answer.body
        self.work()
        self.receiver.heard.clear()

    def observed(self, id: str, status: str = "final", patient: str = "p") -> None:
        body = {
            "resourceType": "Observation", "id": id, "status": status, "code": {"text": "x"},
            "subject": {"reference": f"Patient/{patient}"},
        }  # fmt: skip
        assert self.call("PUT", f"Observation/{id}", body).status in (200, 201)

    def status(self, id: str = "s") -> Json:
        found: Json = self.call("GET", f"Subscription/{id}").json
        return found


def bundled(content: str = "id-only", **numbers: int) -> Json:
    """The channel of the backport."""
    extension = [{"url": f"{BACKPORT}{name.replace('_', '-')}", key(name): value} for name, value in numbers.items()]
    payload = {"extension": [{"url": f"{BACKPORT}payload-content", "valueCode": content}]}
    return {"payload": "application/fhir+json", "_payload": payload, **({"extension": extension} if extension else {})}


def key(name: str) -> str:
    return "valuePositiveInt" if name == "max_count" else "valueUnsignedInt"


def filtered(*filters: str) -> Json:
    return {"extension": [{"url": f"{BACKPORT}filter-criteria", "valueString": one} for one in filters]}
