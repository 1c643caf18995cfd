"""The link ledger: each event is an immutable Linkage record, and who belongs to whom is what replaying them gives.

An event never says what was before it; so it can be applied to any state, and a state can be had for any moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

import orjson

from hoso.fhir.systems import LINK_EVENT, RECORD_KIND

Kind = Literal["link", "unlink", "merge", "unmerge", "split", "same", "different", "policy"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TAG = "link-event"
PARTING = "parting"
"""A second tag of the events after which other systems must part what they had together."""


class State(dict[str, str]):
    """The person of each record, by the ids of both. A person merged away stands here as a record of its survivor.

    Also knows the records of each person, so that a ledger of millions is replayed in one pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._records: dict[str, set[str]] = {}

    def put(self, record: str, person: str) -> None:
        self.release(record)
        self[record] = person
        self._records.setdefault(person, set()).add(record)

    def release(self, record: str) -> None:
        person = self.pop(record, None)
        if person is not None:
            self._records[person].discard(record)

    def of(self, person: str) -> Collection[str]:
        return self._records.get(person, ())


Apart = set[tuple[str, str]]
"""(record, person) that must not come together."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was decided about whom.

    `person` is whom it is about: the one linked to, the survivor of a merge, the one restored by an unmerge or made by
    a split. `records` belong to it from now on (of an unlink: to nobody). `other` is the second person, if any.
    `evidence`: bits per field, outcome, thresholds and model of an automatic decision. `time` is an instant.
    """

    kind: Kind
    person: str
    records: tuple[str, ...]
    actor: str
    time: str
    reason: str = ""
    other: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def resource(self) -> dict[str, Any]:
        """As a FHIR Linkage: the person is the source, records are alternates, the other person is historical."""
        items = [_item("source", self.person)]
        items += [_item("alternate", record) for record in self.records]
        if self.other or len(items) == 1:
            items.append(_item("historical", self.other))
        parts = [
            {"url": "kind", "valueCode": self.kind},
            {"url": "time", "valueInstant": self.time},
        ]
        if self.reason:
            parts.append({"url": "reason", "valueString": self.reason})
        if self.evidence:
            parts.append({"url": "evidence", "valueString": orjson.dumps(self.evidence).decode()})
        tags = (TAG, PARTING) if self.kind in ("unmerge", "split") else (TAG,)
        return {
            "resourceType": "Linkage",
            "meta": {"tag": [{"system": RECORD_KIND, "code": code} for code in tags]},
            "extension": [{"url": LINK_EVENT, "extension": parts}],
            "active": True,
            "author": {"display": self.actor},
            "item": items,
        }


def read(linkage: Mapping[str, Any]) -> Event | None:
    """The event a Linkage stands for; None for a Linkage that is none of ours."""
    if not is_event(linkage):
        return None
    parts = next((e["extension"] for e in linkage.get("extension", ()) if e.get("url") == LINK_EVENT), ())
    told = {part["url"]: next(v for k, v in part.items() if k.startswith("value")) for part in parts}
    named: dict[str, list[str]] = {"source": [], "alternate": [], "historical": []}
    for item in linkage["item"]:
        if reference := item["resource"].get("reference"):
            named[item["type"]].append(reference.removeprefix("Patient/"))
    return Event(
        cast("Kind", told["kind"]),
        next(iter(named["source"]), ""),
        tuple(named["alternate"]),
        linkage["author"]["display"],
        told["time"],
        told.get("reason", ""),
        next(iter(named["historical"]), ""),
        orjson.loads(told.get("evidence", "{}")),
    )


def is_event(resource: Mapping[str, Any]) -> bool:
    tags = resource.get("meta", {}).get("tag", ())
    return resource.get("resourceType") == "Linkage" and any(_is(tag, TAG) for tag in tags)


def replay(events: Iterable[Event]) -> tuple[State, Apart]:
    """Who belonged to whom after the last of the events, which come in the order of the ledger."""
    state = State()
    apart: Apart = set()
    for event in events:
        apply(event, state, apart)
    return state, apart


def apply(event: Event, state: State, apart: Apart) -> None:
    for record in event.records:
        if event.kind == "unlink" or record == event.person:
            state.release(record)
        else:
            state.put(record, event.person)
    if event.kind == "link" and event.reason:  # a human says so, whatever was said before
        apart -= {(record, event.person) for record in event.records}
    elif event.kind in ("split", "different"):
        apart |= parted(event, state.of(event.person), state.of(event.other))
    elif event.kind == "same":
        apart -= rejoined(event, state, apart)


def parted(event: Event, ones: Iterable[str], others: Iterable[str]) -> Apart:
    """The pairs that a statement about two persons is about: each with the records of the other, and one another."""
    pairs = {(event.person, event.other), (event.other, event.person)}
    pairs |= {(record, event.other) for record in ones}
    return pairs | {(record, event.person) for record in others}


def rejoined(event: Event, state: State, apart: Apart) -> Apart:
    """The pairs that no longer hold when two persons may be one: whoever of the one with whoever of the other."""
    one, other = ({person, *state.of(person)} for person in (event.person, event.other))
    return {(a, b) for a, b in apart if (a in one and b in other) or (a in other and b in one)}


def _item(type: str, id: str) -> dict[str, Any]:
    """A change of policy is about nobody; a Linkage must name two all the same (invariant lnk-1)."""
    return {"type": type, "resource": {"reference": f"Patient/{id}"} if id else {"display": "-"}}


def _is(tag: Mapping[str, Any], code: str) -> bool:
    return tag.get("system") == RECORD_KIND and tag.get("code") == code
