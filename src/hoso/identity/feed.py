"""The link ledger as a feed for other systems: events by number, and who has acknowledged that people were parted.

A system that keeps our persons' ids must part what we parted; until it says that it has, the event stays on its list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson

from hoso.access import Actor, Draft, Errand, Records, Transaction, Version
from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.fhir.systems import RECORD_KIND
from hoso.identity.ledger import PARTING, Event, read

EVENT_URI = "urn:ihe:iti:pmir:2019:patient-feed"
ACKNOWLEDGED = "link-event-acknowledgement"
PIECE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its Linkage, its number in the feed (0: not asked for) and the golden Patients it is about."""

    number: int
    linkage: Version
    event: Event
    persons: Sequence[Version]


@dataclass(frozen=True, slots=True)
class Stretch:
    """`until` is the number up to which the feed was looked through; `more` whether it goes on."""

    told: Sequence[Told]
    until: int
    more: bool


def events(records: Records, errand: Errand, after: int, count: int) -> Stretch:
    """The events behind a number, in the order of the feed."""
    found = records.feed(errand, "Linkage", after, count)
    numbered = [(c.number, c.version, event) for c in found.changes if (event := _event(c.version)) is not None]
    return Stretch(_with_persons(records, errand, numbered), found.until, found.more)


def unacknowledged(records: Records, errand: Errand, count: int) -> list[Told]:
    """Unmerges and splits that this actor has not acknowledged, the oldest first."""
    query = parse("Linkage", [("_tag", f"{RECORD_KIND}|{PARTING}"), ("_sort", "_lastUpdated"), ("_total", "none")])
    open = islice(_not_acknowledged(records, errand, records.scan(errand, query)), count)
    numbered = [(0, version, event) for version in open if (event := _event(version)) is not None]
    return _with_persons(records, errand, numbered)


def acknowledge(records: Records, errand: Errand, ids: Sequence[str], endpoint: str) -> int:
    """Keeps that the actor has dealt with these events; how many of them were not acknowledged before."""

    def work(transaction: Transaction) -> int:
        linkages = transaction.heads([("Linkage", id) for id in ids])
        for id in ids:
            head = linkages.get(("Linkage", id))
            event = _event(head) if head is not None and not head.deleted else None
            if event is None:
                raise Refused.because(404, "not-found", "rest.not-found", type="Linkage", id=id[:64])
            if event.kind not in ("unmerge", "split"):
                raise Refused.because(422, "business-rule", "identity.nothing-to-acknowledge", id=id)
        before = transaction.heads([("MessageHeader", _name(errand.actor, id)) for id in ids])
        fresh = [
            id for id in dict.fromkeys(ids) if not _is_kept(before.get(("MessageHeader", _name(errand.actor, id))))
        ]
        if fresh:
            transaction.save([_draft(_acknowledgement(errand.actor, id, endpoint)) for id in fresh])
        return len(fresh)

    return records.transact(errand, [("r", "Linkage"), ("c", "MessageHeader")], work)


def is_acknowledgement(resource: dict[str, Any]) -> bool:
    tags = resource.get("meta", {}).get("tag", ())
    return any(tag.get("system") == RECORD_KIND and tag.get("code") == ACKNOWLEDGED for tag in tags)


def _not_acknowledged(records: Records, errand: Errand, linkages: Iterator[Version]) -> Iterator[Version]:
    while piece := list(islice(linkages, PIECE)):
        names = [("MessageHeader", _name(errand.actor, one.id)) for one in piece]
        kept = records.heads(errand, names)
        yield from (one for one, name in zip(piece, names, strict=True) if not _is_kept(kept.get(name)))


def _with_persons(records: Records, errand: Errand, numbered: Sequence[tuple[int, Version, Event]]) -> list[Told]:
    """With the golden Patients as they stand now."""
    named = {id for _, _, event in numbered for id in _about(event)}
    heads = records.heads(errand, [("Patient", id) for id in sorted(named)])
    return [
        Told(number, version, event, [h for id in _about(event) if (h := heads.get(("Patient", id))) and not h.deleted])
        for number, version, event in numbered
    ]


def _about(event: Event) -> list[str]:
    return [id for id in (event.person, event.other) if id]


def _event(linkage: Version) -> Event | None:
    return read(orjson.loads(linkage.body)) if linkage.body else None


def _name(actor: Actor, id: str) -> str:
    """One acknowledgement of an event by an actor, however often it is said."""
    return sha256(f"{actor.id}\n{id}".encode()).hexdigest()[:48]


def _is_kept(head: Version | None) -> bool:
    return head is not None and not head.deleted and is_acknowledgement(orjson.loads(head.body))


def _acknowledgement(actor: Actor, id: str, endpoint: str) -> dict[str, Any]:
    """The answer to the message of the event, as FHIR messaging has it."""
    return {
        "resourceType": "MessageHeader",
        "id": _name(actor, id),
        "meta": {"tag": [{"system": RECORD_KIND, "code": ACKNOWLEDGED}]},
        "eventUri": EVENT_URI,
        "sender": {"display": actor.id},
        "source": {"name": actor.id, "endpoint": endpoint},
        "response": {"identifier": id, "code": "ok"},
    }


def _draft(resource: dict[str, Any]) -> Draft:
    return Draft("PUT", resource["resourceType"], resource["id"], orjson.dumps(resource), resource)
