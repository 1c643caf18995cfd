"""What a notification says: a history Bundle that begins with the status as Parameters (backport IG v1.1.0 for R4).

References lead to `base`, the address of this node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid5

from hoso.core.clock import instant
from hoso.fhir.json import encode
from hoso.fhir.subscriptions import Content, Wanted
from hoso.store.contract import Version
from hoso.store.subscriptions import ACTIVE, FAILING, OFF, REQUESTED, WAITING, EventRow, SubscriptionRow

Kind = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]
Json = dict[str, Any]

FAILURES = 3
"""In a row, after which a subscription is in trouble."""
_STATUS = {WAITING: "requested", REQUESTED: "requested", ACTIVE: "active", FAILING: "error", OFF: "off"}
_PROFILES = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_STATUS_PROFILE = f"{_PROFILES}backport-subscription-status-r4"
_BUNDLE_PROFILE = f"{_PROFILES}backport-subscription-notification-r4"


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told: `version` None when it may not be seen any more, `body` only where it leaves whole."""

    row: EventRow
    version: Version | None
    body: bytes | None = None
    again: bool = False
    """It was sent before."""


def status_of(row: SubscriptionRow) -> str:
    troubled = row.state == REQUESTED and row.attempts >= FAILURES
    return "error" if troubled else _STATUS[row.state]


def status(base: str, row: SubscriptionRow, wanted: Wanted, kind: Kind, content: Content, told: Sequence[Told]) -> Json:
    """`content` empty: nothing is named."""
    parameter: list[Json] = [
        {"name": "subscription", "valueReference": {"reference": _place(base, f"Subscription/{row.id}")}},
    ]
    if wanted.topic is not None and content != "empty":
        parameter.append({"name": "topic", "valueCanonical": wanted.topic.url})
    parameter += [
        {"name": "status", "valueCode": status_of(row)},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(max(row.numbered, _last(told, kind)))},
        *(_event(base, one, content) for one in told),
    ]
    if row.fault:
        parameter.append({"name": "error", "valueCodeableConcept": {"text": row.fault}})
    id = str(uuid5(NAMESPACE_URL, f"{row.id} {kind} {row.numbered} {_last(told, kind)}"))
    return {
        "resourceType": "Parameters", "id": id, "meta": {"profile": [_STATUS_PROFILE]}, "parameter": parameter,
    }  # fmt: skip


def bundle(
    base: str, row: SubscriptionRow, wanted: Wanted, kind: Kind, content: Content, told: Sequence[Told], now: int
) -> bytes:
    """The text of a notification."""
    head = status(base, row, wanted, kind, content, told)
    own = {
        "fullUrl": f"urn:uuid:{head['id']}",
        "resource": head,
        "request": {"method": "GET", "url": _place(base, f"Subscription/{row.id}/$status")},
        "response": {"status": "200"},
    }
    entries = [encode(own)]
    entries += [_entry(base, one, content) for one in told if one.version is not None and content != "empty"]
    start = encode({
        "resourceType": "Bundle", "id": str(uuid5(NAMESPACE_URL, f"{head['id']} {now}")),
        "meta": {"profile": [_BUNDLE_PROFILE]}, "type": "history", "timestamp": instant(now),
    })  # fmt: skip
    return b'%b,"entry":[%b]}' % (start[:-1], b",".join(entries))


def _last(told: Sequence[Told], kind: Kind) -> int:
    return max((one.row.number for one in told), default=0) if kind == "event-notification" else 0


def _event(base: str, told: Told, content: Content) -> Json:
    part: list[Json] = [
        {"name": "event-number", "valueString": str(told.row.number)},
        {"name": "timestamp", "valueInstant": instant(told.row.time)},
    ]
    if told.version is not None and content != "empty":
        focus = _place(base, f"{told.row.type}/{told.row.id}")
        part.append({"name": "focus", "valueReference": {"reference": focus}})
    return {"name": "notification-event", "part": part}


def _entry(base: str, told: Told, content: Content) -> bytes:
    row = told.row
    name = f"{row.type}/{row.id}"
    entry: Json = {"fullUrl": _place(base, name)} if base else {}
    url = row.type if row.method == "POST" else name
    response = {"status": {"POST": "201", "PUT": "200", "DELETE": "204"}[row.method], "etag": f'W/"{row.version}"'}
    rest = encode({**entry, "request": {"method": row.method, "url": url}, "response": response})
    if told.body is None or content != "full-resource":
        return rest
    return b'{"resource":%b,%b' % (told.body, rest[1:])


def _place(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name
