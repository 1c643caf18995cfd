"""What is left for humans after two persons were read as one: documents to be looked at by their authors, who read and
who wrote meanwhile, and records that may belong to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from hoso.access import Changed, Transaction
from hoso.core.clock import instant, to_ms
from hoso.core.errors import Issue
from hoso.fhir.outcome import text
from hoso.identity.desk import Desk
from hoso.identity.review import Resource, task
from hoso.identity.whom import ledger

DOCUMENTS = ("DocumentReference", "Composition", "DiagnosticReport", "CarePlan", "ClinicalImpression")
"""What is authored over the whole of a record; a value or a diagnosis is of the visit in which it was written."""


Readers = Callable[[Transaction, Collection[int], int, int], list[str]]
"""Who was shown anything of some Patients from one moment to another (milliseconds); see `Records.readers`."""


def mixed(desk: Desk, restored: int, survivor: int, since: str, readers: Readers) -> list[Resource]:
    """The reviews due because the two were one from `since` until now: one for each document, one for the record."""
    start, end = milliseconds(since), milliseconds(desk.time)
    one, other = desk.id(restored), desk.id(survivor)
    written = desk.people.log.changed([restored, survivor], start, end)
    documents = dict.fromkeys(f"{c.type}/{c.id}" for c in written if c.type in DOCUMENTS)
    heads = desk.transaction.heads([(t, id) for t, _, id in (name.partition("/") for name in documents)])
    window = {"since": since, "until": desk.time}
    tasks = [
        task("mixed-document", one, [other], desk.time, window, document=f"{head.type}/{head.id}")
        for head in heads.values()
        if not head.deleted
    ]
    read = readers(desk.transaction, _patients(desk, (restored, survivor)), start, end)
    record = task("mixed-record", one, [other], desk.time, {**window, "writers": _writers(written), "readers": read})
    issue = Issue("informational", "identity.mixed-record")
    return [*tasks, {**record, "description": f"{text(issue, 'vi')} / {text(issue, 'en')}"}]


def together_since(desk: Desk, records: Sequence[int]) -> str:
    """When the first of some records came to the person they are with."""
    times = []
    for record in records:
        newest = next((k.event for k in ledger(desk, record) if k.event.kind in ("link", "merge", "unmerge")), None)
        times += [newest.time] if newest else []
    return min(times, default=desk.time)


def milliseconds(time: str) -> int:
    return to_ms(datetime.fromisoformat(time))


def _patients(desk: Desk, persons: Sequence[int]) -> frozenset[int]:
    return frozenset((*persons, *(record for _, record in desk.people.members(persons))))


def _writers(written: Sequence[Changed]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for change in written:
        time = instant(change.time)
        one = found.setdefault(change.actor, {"actor": change.actor, "changes": 0, "first": time})
        one["changes"] += 1
        one["last"] = time
    return list(found.values())
