"""What this node shows as the current version of a record: one of the heads, tagged while there are several.

The store gets every version that was admitted, so all can be read in its history; the last is what every node shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from hoso.core.ids import uuid7
from hoso.fhir.json import encode, exact
from hoso.fhir.systems import RECORD_KIND
from hoso.store.connection import Race
from hoso.store.contract import Draft, Origin, Saved
from hoso.store.reading import NUMBER
from hoso.store.record_store import RecordTransaction
from hoso.store.sync_versions import SyncRows
from hoso.sync.conflicts import settle
from hoso.sync.gathering import is_picture
from hoso.sync.heads import heads
from hoso.sync.ledger import Version

CONFLICT = "conflict"
"""The tag, in RECORD_KIND, of a current version beside which there is another."""
Name = tuple[str, str]
Heads = Callable[[str, str], Sequence[Version]]
Shown = Callable[[RecordTransaction, Sequence[tuple[Draft, Saved]]], None]
"""Told of what was taken in: who belongs to whom follows from it."""


@dataclass(slots=True)
class _Turn:
    """Drafts in their order; those with one author follow each other into the store together."""

    drafts: list[Draft] = field(default_factory=list)
    changes: list[UUID] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)

    def add(self, draft: Draft, change: UUID, version: Version) -> None:
        self.drafts.append(draft)
        self.changes.append(change)
        self.origins.append(Origin(version.header.actor, version.header.reason))


def show(
    transaction: RecordTransaction,
    rows: SyncRows,
    admitted: Sequence[Version],
    touched: Sequence[Name],
    versions: Heads,
    shown: Shown,
) -> None:
    """Stores what was `admitted` from elsewhere, and sees that the head of each record `touched` is the right one."""
    turn = _Turn()
    admitted, touched = _without_pictures(rows, admitted), [name for name in touched if not _is_picture(versions, name)]
    last: dict[Name, tuple[bytes, bool]] = {}
    for name in dict.fromkeys((*((v.header.type, v.header.id) for v in admitted), *touched)):
        standing = rows.shown(*name)
        if standing is not None:
            if not rows.has(standing[0]):
                raise Race  # somebody here saved it this very moment: that is gathered first
            last[name] = standing
    for version in filter(_is_storable, admitted):
        header = version.header
        turn.add(_draft(version, version.record.body), UUID(bytes=header.change), version)
        last[header.type, header.id] = (header.change, _is_tagged(version.record.body))
    for name, standing in last.items():
        settled = settle([head for head in heads(versions(*name)) if _is_storable(head)])
        wanted = (settled.shown.header.change, bool(settled.others) and not settled.deleted)
        if wanted != standing and not (settled.deleted and wanted[0] == standing[0]):
            again = uuid7()
            rows.again(again.bytes, *wanted)
            turn.add(_draft(settled.shown, _tagged(settled.shown.record.body, wanted[1])), again, settled.shown)
    if turn.drafts:
        shown(transaction, list(zip(turn.drafts, _saved(transaction, turn), strict=True)))


def _without_pictures(rows: SyncRows, admitted: Sequence[Version]) -> list[Version]:
    """A person is drawn here; what came is only where there is no picture yet."""
    return [
        one
        for one in admitted
        if one.header.type != "Patient" or not is_picture(one.record.body) or not rows.shown("Patient", one.header.id)
    ]


def _is_picture(versions: Heads, name: Name) -> bool:
    return name[0] == "Patient" and any(is_picture(version.record.body) for version in versions(*name))


def _saved(transaction: RecordTransaction, turn: _Turn) -> list[Saved]:
    saved: list[Saved] = []
    start = 0
    for place in range(1, len(turn.drafts) + 1):
        if place == len(turn.drafts) or turn.origins[place] != turn.origins[start]:
            some = slice(start, place)
            saved += transaction.take(turn.drafts[some], turn.changes[some], turn.origins[start])
            start = place
    return saved


def _draft(version: Version, body: bytes) -> Draft:
    header = version.header
    if header.op == "delete":
        return Draft("DELETE", header.type, header.id, b"", None)
    return Draft("PUT", header.type, header.id, body, orjson.loads(body))


def untagged(version: Version) -> Draft:
    """The same once more, as the one that counts."""
    return _draft(version, _tagged(version.record.body, False))


def _is_storable(version: Version) -> bool:
    """What a hub of a later release admitted and this one cannot read is kept, passed on, and shown by nobody here."""
    if version.header.type not in NUMBER:
        return False
    try:
        return version.header.op == "delete" or isinstance(orjson.loads(version.record.body), dict)
    except orjson.JSONDecodeError:
        return False


def _is_tagged(body: bytes) -> bool:
    return CONFLICT.encode() in body and any(map(_is_ours, _tags(orjson.loads(body))))


def _tagged(body: bytes, tagged: bool) -> bytes:
    """The same text with or without the tag; one that has what it should have is left as it was written."""
    if not body or _is_tagged(body) == tagged:
        return body
    resource = exact(body)
    tags = [tag for tag in _tags(resource) if not _is_ours(tag)]
    meta = dict(resource.get("meta") or {})
    meta["tag"] = [*tags, {"system": RECORD_KIND, "code": CONFLICT}] if tagged else tags
    if not meta["tag"]:
        del meta["tag"]
    return encode({**resource, "meta": meta})


def _tags(resource: Any) -> list[Any]:
    meta = resource.get("meta") if isinstance(resource, dict) else None
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return tags if isinstance(tags, list) else []


def _is_ours(tag: Any) -> bool:
    return isinstance(tag, dict) and tag.get("system") == RECORD_KIND and tag.get("code") == CONFLICT
