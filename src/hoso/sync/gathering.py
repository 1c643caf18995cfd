"""What was written at this node, as the records of its stream: what was saved together stays a group.

The change log is the truth; a stream is made of it, so that nothing has to be written twice when somebody saves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import orjson

from hoso.fhir.systems import RECORD_KIND
from hoso.identity.ledger import read as read_event
from hoso.identity.portrait import is_person
from hoso.store.sync_versions import SyncRows, Written
from hoso.sync.scope import key
from hoso.sync.stream import MOST_GROUP, Header, Record, write

AT_ONCE = 2_000
"""Rows of the change log that are looked at together."""
STAYS = frozenset({"Subscription", "SearchParameter"})
"""Types that are settings of one node."""

Groups = list[list[Written]]


def gather(
    rows: SyncRows, end: int, named: Callable[[str], str] = lambda actor: actor
) -> tuple[list[Record], int, bool]:
    """The next records of this node's stream, up to which number of the change log, and whether there are more."""
    after, step = int(rows.state("gathered") or 0), AT_ONCE
    while True:
        until = min(end, after + step)
        tail = rows.unnumbered() if until == end else []
        groups, whole = complete([*rows.written(after, until), *tail])
        reached = until if whole is None else whole - 1
        if reached > after or until == end:
            return (
                [record for group in groups for record in _records(_known(group, named))],
                max(reached, after),
                until < end,
            )
        step *= 2


def _known(group: Sequence[Written], named: Callable[[str], str]) -> list[Written]:
    return [one._replace(actor=named(one.actor)) for one in group]


def complete(written: Sequence[Written]) -> tuple[Groups, int | None]:
    """What was saved together and is all there, in order; and where something begins that is not."""
    found: dict[bytes, list[Written]] = {}
    for one in {one.change: one for one in written}.values():
        found.setdefault(one.bundle or one.change, []).append(one)
    broken = [group[0].number for group in found.values() if len(group) < group[0].places and group[0].number]
    whole = [group for group in found.values() if len(group) == group[0].places]
    return [sorted(group, key=lambda one: one.place) for group in whole], min(broken, default=None)


def _records(group: Sequence[Written]) -> Iterator[Record]:
    travelling = [one for one in group if one.type not in STAYS and not _is_drawn(one)]
    for start in range(0, len(travelling), MOST_GROUP):
        some = travelling[start : start + MOST_GROUP]
        bundle = some[0].bundle if len(some) > 1 else None
        name = bundle if bundle is None or start == 0 else some[0].change
        for place, one in enumerate(some, 1):
            yield _record(one, name or b"", place, len(some))


def _is_drawn(one: Written) -> bool:
    """The picture of a person travels once; each node draws it anew from the records that are there."""
    return one.type == "Patient" and bool(one.bases) and is_picture(one.body)


def is_picture(body: bytes) -> bool:
    return RECORD_KIND.encode() in body and is_person(orjson.loads(body))


def _whose(one: Written) -> str:
    """Of whom it is, also where no rule of FHIR says so: an event of the ledger is its person's, a file its owner's."""
    if one.patient or one.type not in ("Linkage", "Binary") or not one.body:
        return one.patient
    resource = orjson.loads(one.body)
    if one.type == "Linkage":
        event = read_event(resource)
        return event.person if event else ""
    type, _, id = str(resource.get("securityContext", {}).get("reference", "")).partition("/")
    return id if type == "Patient" and "/" not in id else ""


def _record(one: Written, group: bytes, place: int, places: int) -> Record:
    deleted = one.deleted or not one.body  # of what was erased nothing is left to be told
    header = Header(
        one.change, group, place, places, "delete" if deleted else "put", one.type, one.id, one.version,
        one.bases, key(one.type, one.id, _whose(one)), one.actor, one.reason, one.time,
    )  # fmt: skip
    return write(header, b"" if deleted else one.body)
