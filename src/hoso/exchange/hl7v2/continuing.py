"""A demographics query whose answer comes in parts (DSC): where each stands, for a while and within bounds.

A pointer is good for its sender and its question alone; asked twice, it answers the same persons twice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hoso.access import Errand, Records
from hoso.core import Issue, Refused
from hoso.core.clock import Clock, to_ms
from hoso.exchange.hl7v2.asking import Asked
from hoso.exchange.intake.shapes import Sender
from hoso.fhir import json
from hoso.fhir.search import Query, parse
from hoso.identity.portrait import is_replaced

KEPT_MS = 600_000
MOST_KEPT = 500
LOOKED_AT = 1_000
"""Persons that one answer looks through for a name."""


@dataclass(frozen=True, slots=True)
class _Place:
    """`rest` are persons found already, `cursor` says where the search goes on; `until` in milliseconds."""

    sender: Sender
    tag: str
    text: str
    asked: Asked
    rest: tuple[str, ...]
    cursor: str | None
    until: int


@dataclass(frozen=True, slots=True)
class Found:
    """`pointer`: "" when there is no more; `first`: these are the first of all."""

    patients: Sequence[Mapping[str, Any]]
    pointer: str = ""
    first: bool = True


class Pages:
    def __init__(self, records: Records, clock: Clock, new_id: Callable[[], str]) -> None:
        self._records, self._clock, self._new_id = records, clock, new_id
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._gate = threading.Lock()

    def begin(self, sender: Sender, tag: str, text: str, asked: Asked, errand: Errand, quantity: int) -> Found:
        """The first `quantity` persons. Raises Refused where too many would have to be looked through."""
        found, cursor = self._look(errand, asked, None, quantity)
        return self._told(_Place(sender, tag, text, asked, (), None, 0), found, cursor, quantity, first=True)

    def go_on(self, sender: Sender, text: str, pointer: str, errand: Errand, quantity: int) -> Found | None:
        """None for a pointer that is not known, not this sender's, or of another question (`text`)."""
        with self._gate:
            place = self._places.get(pointer)
        if place is None or (place.sender, place.text) != (sender, text) or place.until < to_ms(self._clock()):
            return None
        heads = self._records.heads(errand, [("Patient", id) for id in place.rest])
        bodies = [
            json.parse(head.body) for id in place.rest if (head := heads.get(("Patient", id))) and not head.deleted
        ]
        found: list[Mapping[str, Any]] = [patient for patient in bodies if not is_replaced(patient)]
        cursor = place.cursor
        if len(found) < quantity and cursor is not None:
            more, cursor = self._look(errand, place.asked, cursor, quantity - len(found))
            found += more
        return self._told(place, found, cursor, quantity, first=False)

    def forget(self, sender: Sender, tag: str) -> None:
        with self._gate:
            for pointer in [key for key, one in self._places.items() if (one.sender, one.tag) == (sender, tag)]:
                del self._places[pointer]

    def _look(
        self, errand: Errand, asked: Asked, cursor: str | None, quantity: int
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """At least so many, if there are; whole pages."""
        query: Query = parse("Patient", asked.pairs)
        found: list[Mapping[str, Any]] = []
        looked = 0
        while len(found) < quantity:
            page = self._records.search(errand, query, cursor)
            bodies = (json.parse(version.body) for version in page.matches)
            found += [patient for patient in bodies if asked.fits(patient)]
            looked, cursor = looked + len(page.matches), page.cursor
            if cursor is None:
                break
            if looked >= LOOKED_AT and not found:
                values = {"segment": "QPD", "sequence": "1", "field": "3", "limit": str(LOOKED_AT)}
                raise Refused(400, Issue("too-costly", "hl7v2-query.too-many", values))
            if looked >= LOOKED_AT:
                break
        return found, cursor

    def _told(
        self, place: _Place, found: Sequence[Mapping[str, Any]], cursor: str | None, quantity: int, *, first: bool
    ) -> Found:
        rest = tuple(str(patient["id"]) for patient in found[quantity:])
        if not rest and cursor is None:
            return Found(found, first=first)
        pointer, until = self._new_id(), to_ms(self._clock()) + KEPT_MS
        kept = _Place(place.sender, place.tag, place.text, place.asked, rest, cursor, until)
        with self._gate:
            self._places[pointer] = kept
            while len(self._places) > MOST_KEPT:
                self._places.popitem(last=False)
        return Found(found[:quantity], pointer, first)
