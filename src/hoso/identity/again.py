"""Looks again at who is whose after persons were parted: what may belong to the other is proposed, never moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson

from hoso.identity.desk import Desk
from hoso.identity.matching import Decided, Described, Matching, Sought
from hoso.identity.review import Resource, task
from hoso.identity.seek import CANDIDATES, COMPARED, seek

LOOKED = 40
"""Records of those that moved, the newest, by which others are found."""


class Again:
    """One transaction's second look, at the desk where the parting was written."""

    def __init__(self, desk: Desk, matching: Matching) -> None:
        self._desk, self._people, self._matching = desk, desk.people, matching
        self._described: dict[int, Described] = {}

    def strays(self, restored: int, survivor: int, moved: Collection[int], since: int = 0) -> list[Resource]:
        """Of the survivor's records that look like those that moved, the ones that may be the restored person's.

        `since` a place in the log: only what was linked later, for what was there before came with nobody.
        """
        tasks = []
        for record in self._alike(moved, survivor):
            if since and not self._linked_after(record, since):
                continue
            decided = self._between(record, (restored, survivor))
            bits = _bits(decided.evidence)
            if bits.get(restored, 0.0) > max(0.0, bits.get(survivor, 0.0) - self._matching.policy.margin):
                ids = self._desk.id(survivor), [self._desk.id(restored)]
                told = self._desk.told(decided.evidence)
                tasks.append(task("stray", *ids, self._desk.time, told, self._desk.id(record)))
        return tasks

    def known(self, made: int, survivor: int, moved: Sequence[int]) -> list[Resource]:
        """Whether the records that moved are those of somebody else who is known; at most one review."""
        best: Decided | None = None
        which = 0
        for record in sorted(moved)[-LOOKED:]:
            decided = self._among(record, {made, survivor})
            if decided is not None and decided.persons and (best is None or _top(decided) > _top(best)):
                best, which = decided, record
        if best is None:
            return []
        self._desk.know([made, which, *best.persons])
        others = [self._desk.id(person) for person in best.persons]
        told = self._desk.told(best.evidence)
        return [task("look-alike", self._desk.id(made), others, self._desk.time, told, self._desk.id(which))]

    def _alike(self, moved: Collection[int], survivor: int) -> list[int]:
        found: set[int] = set()
        for record in sorted(moved)[-LOOKED:]:
            described = self._describe(record)
            if described is not None:
                found |= self._people.near(described.probes, CANDIDATES).records
        others = sorted(found.difference(moved))
        owners = self._people.persons_of(others)
        alike = [record for record in others if owners.get(record) == survivor]
        self._desk.know(alike)
        return alike

    def _linked_after(self, record: int, place: int) -> bool:
        newest = self._people.log.naming(record, "Linkage", None, 1)
        return bool(newest) and newest[0][0] > place

    def _between(self, record: int, persons: Sequence[int]) -> Decided:
        """As if nothing had been said of the record: that it stays with one of the two was not a decision about it."""
        described = self._describe(record)
        assert described is not None
        near = self._people.near(described.probes, CANDIDATES)
        members = [m for m in self._people.compared(persons, near.records, COMPARED) if m.record != record]
        return self._matching.decide(described, Sought(members, near.counts, (), ()), self._people)

    def _among(self, record: int, without: Collection[int]) -> Decided | None:
        described = self._describe(record)
        if described is None:
            return None
        return self._matching.decide(described, seek(self._people, described, record, without), self._people)

    def _describe(self, record: int) -> Described | None:
        """None for a person, and for a record that is no more."""
        if record not in self._described:
            head = self._desk.transaction.read("Patient", self._desk.id(record))
            if head is None or head.deleted or self._people.persons([record]):
                return None
            self._described[record] = self._matching.describe(orjson.loads(head.body))
        return self._described[record]


def _bits(evidence: Mapping[str, Any]) -> dict[int, float]:
    return {int(one["person"]): one["bits"] or 0.0 for one in evidence.get("candidates", ())}


def _top(decided: Decided) -> float:
    return max(_bits(decided.evidence).values(), default=0.0)
