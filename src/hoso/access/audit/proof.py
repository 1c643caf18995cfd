"""What a person takes home: all events about a patient, with what shows that none was changed and none left out.

The form is plain JSON, checked without HoSo by docs/how-to/check-audit-proof.py.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Collection
from typing import Any

from hoso.access.audit import leaf
from hoso.access.audit.event import Event, legible, read
from hoso.access.audit.note import Note, Verifier
from hoso.access.audit.sealer import StoredTree
from hoso.access.audit.tree import Listed, inclusion
from hoso.access.audit.verify import counted
from hoso.store import audit
from hoso.store.audit import Sealed
from hoso.store.connection import Connection
from hoso.store.upkeep import snapshot

FORM = "hoso-audit-proof/1"
PAGE = 1_000


class Unproved(Exception):
    """There is no signed checkpoint or no map of counts yet."""


def make(
    connection: Connection, verifier: Verifier, patients: Collection[int], closed: Callable[[Event], bool] | None = None
) -> dict[str, Any]:
    """Of every patient number that has events; each record of a person has a sequence of its own.

    A `closed` event is told by its leaf alone, as one that was erased: it counts, and does not say what it was.
    """
    with snapshot(connection):
        signed, last = audit.checkpoint(connection), audit.last_map(connection)
        if signed is None or last is None or last[0] >= signed[0]:
            raise Unproved
        witnessed = audit.cosigned(connection)
        if witnessed is not None and last[0] < witnessed[0]:
            signed = witnessed  # it may be a little older, and says the same of all that the map counted
        size, note = signed
        row = audit.sealed(connection, last[0], 1)[0]
        assert row.bytes is not None
        upto = counted(read(row.bytes))[0]
        counts = _Counts(connection, upto)
        return {
            "format": FORM,
            "log": str(verifier),
            "checkpoint": _cosigned(connection, size, note),
            "map": _event(connection, row, size),
            "records": [
                _record(connection, one, size, counts, closed) for one in sorted(patients) if one in counts.places
            ],
        }


class _Counts:
    """The map as it was published, to show one entry of it."""

    def __init__(self, connection: Connection, upto: int) -> None:
        key = audit.secret(connection)
        self.entries = sorted(
            (leaf.subject(key, p), number, head, p) for p, number, head in audit.heads(connection, upto)
        )
        self.places = {patient: place for place, (_, _, _, patient) in enumerate(self.entries)}
        self._tree = Listed([leaf.entry(subject, number, head) for subject, number, head, _ in self.entries])

    def path(self, place: int) -> list[bytes]:
        return inclusion(self._tree, place, len(self.entries))


def _record(
    connection: Connection, patient: int, size: int, counts: _Counts, closed: Callable[[Event], bool] | None
) -> dict[str, Any]:
    place = counts.places[patient]
    subject, count, head, _ = counts.entries[place]
    events: list[dict[str, Any]] = []
    while rows := audit.of_patient(connection, patient, len(events), PAGE):
        events += [_event(connection, row, size, closed) for row in rows if row.seq < size]
        if rows[-1].seq >= size:
            break
    return {
        "subject": subject.hex(),
        "published": {"place": place, "count": count, "head": head.hex(), "path": _texts(counts.path(place))},
        "events": events,
    }


def _event(
    connection: Connection, row: Sealed, size: int, closed: Callable[[Event], bool] | None = None
) -> dict[str, Any]:
    """An erased event is told by its leaf alone."""
    shown: dict[str, Any] = {"seq": row.seq, "number": row.number, "leaf": row.leaf.hex()}
    if row.salt and row.bytes and not (closed and _is_closed(row.bytes, closed)):
        shown |= {"salt": row.salt.hex(), "event": row.bytes.decode()}
    return shown | {"path": _texts(inclusion(StoredTree(connection), row.seq, size))}


def _is_closed(text: bytes, closed: Callable[[Event], bool]) -> bool:
    """What cannot be read cannot be told either way, and is not told."""
    event = legible(text)
    return event is None or closed(event)


def _cosigned(connection: Connection, size: int, note: str) -> str:
    found = Note.parse(note)
    lines = tuple(line for at, _, line in audit.cosignatures(connection) if at == size)
    return str(Note(found.text, (*found.signatures, *lines)))


def _texts(hashes: list[bytes]) -> list[str]:
    return [b64encode(hash).decode() for hash in hashes]
