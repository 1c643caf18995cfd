"""Arrived resources into the store, so that the same content twice changes nothing.

A record is compared with its head but for what the server sets (id, version, time); only what differs is written,
on the condition that the head is still the one compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from hoso.access import Conflict, Draft, Saved, Version
from hoso.access.demands import Unfit
from hoso.core import Issue
from hoso.core.clock import instant
from hoso.exchange.documents import Arrived
from hoso.exchange.tally import Fate
from hoso.fhir import json

ATTEMPTS = 5
SLICE = 500
"""Resources of a collection that share one write; a transaction is never divided."""

Key = tuple[str, str]
Misfit = tuple[Arrived, Sequence[Issue]]


class Door(Protocol):
    """What a load needs of the records; every call is made in the name of the load's actor."""

    def afresh(self) -> None:
        """Before another document, or another attempt at one: what is here is read anew."""

    def told(self, what: str) -> None:
        """What was read is told to the audit log. Raises Unavailable."""

    def heads(self, keys: Sequence[Key]) -> dict[Key, Version]:
        """As they were when first asked for since `afresh` or `save`."""

    def find(self, criteria: str) -> Version | None:
        """The one record that "Type?query" means. Raises Refused for a bad query and for several matches."""

    def inputs(self, encounter: str) -> list[Version]:
        """The Provenances of the files that a visit was made from, the newest first."""

    def save(self, drafts: Sequence[Draft], absent: Sequence[str] = ()) -> list[Saved]:
        """All or none. `absent` are criteria that still must match nothing, or it is a Conflict. Raises Unfit."""


def store(
    door: Door,
    items: Sequence[Arrived],
    *,
    atomic: bool,
    written: dict[Key, Saved],
    unfit: list[Misfit],
    as_read: bool = False,
) -> list[tuple[Arrived, Fate]]:
    """Writes what is new; each resource with what became of it. All or nothing when atomic.

    `written` remembers what was written, so that a second attempt after a Conflict still tells the truth. What does
    not hold the node's profiles is put into `unfit` with the reasons; when atomic, the rest is not written either.
    `as_read`: the items were made from what was here; when that has changed since, it is a Conflict.
    """
    fates: list[tuple[Arrived, Fate]] = [(item, "unchanged") for item in items if item.present]
    missing = [item for item in items if not item.present]
    for batch in [missing] if atomic else _batches(missing):
        try:
            fates += _store_together(door, batch, written, as_read)
        except Unfit as refused:
            faults = refused.faults
            unfit += [(one, faults[one.type, one.id]) for one in batch if (one.type, one.id) in faults]
            if atomic:
                return []
            others = [one for one in batch if (one.type, one.id) not in faults]
            fates += _store_together(door, others, written, as_read)
    return fates


def _store_together(
    door: Door, items: Sequence[Arrived], written: dict[Key, Saved], as_read: bool
) -> list[tuple[Arrived, Fate]]:
    absent = [item.criteria for item in items if item.criteria and item.absent]
    for attempt in range(ATTEMPTS):
        drafts = _drafts(door, items)
        try:
            saved = door.save(drafts, absent) if drafts else []
        except Conflict:
            if absent or as_read or attempt == ATTEMPTS - 1:
                raise  # what the criteria mean has to be looked up again
            continue
        written.update(((one.type, one.id), one) for one in saved)
        break
    return [(item, "stored" if (item.type, item.id) in written else "unchanged") for item in items]


def _drafts(door: Door, items: Sequence[Arrived]) -> list[Draft]:
    heads = door.heads([(item.type, item.id) for item in items])
    drafts: list[Draft] = []
    for item in items:
        head = heads.get((item.type, item.id))
        if head is None or head.deleted:
            drafts.append(Draft("PUT", item.type, item.id, item.body, item.resource, None))
        elif not same(item.body, head):
            drafts.append(Draft("PUT", item.type, item.id, item.body, item.resource, head.version))
    return drafts


def _batches(items: Sequence[Arrived]) -> Iterable[Sequence[Arrived]]:
    """Slices in which no record occurs twice, so that a later state follows an earlier one."""
    batch: list[Arrived] = []
    names: set[Key] = set()
    for item in items:
        if (item.type, item.id) in names or len(batch) == SLICE:
            yield batch
            batch, names = [], set()
        batch.append(item)
        names.add((item.type, item.id))
    if batch:
        yield batch


def same(body: bytes, head: Version) -> bool:
    """Whether storing `body` would only repeat the head. The bytes usually say so; else the content decides."""
    if json.splice(body, id=head.id, version=head.version, updated=instant(head.updated)) == head.body:
        return True
    return bool(_content(body) == _content(head.body))


def _number(digits: str) -> tuple[str, str]:
    return ("decimal", digits)  # 1.10 is not 1.1


_read = msgspec.json.Decoder(float_hook=_number)


def _content(body: bytes) -> Any:
    tree = _read.decode(body)
    tree.pop("id", None)
    meta = {name: value for name, value in tree.pop("meta", {}).items() if name not in ("versionId", "lastUpdated")}
    if isinstance(meta.get("security"), list):  # labels that the server gave are no content of who sends the record
        given = [
            one for one in meta.pop("security") if not isinstance(one, dict) or one.get("userSelected") is not False
        ]
        meta |= {"security": given} if given else {}
    return (tree, meta)
