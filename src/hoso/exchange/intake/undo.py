"""Taking a deposit back: what it made is deleted and what it changed is as it was, unless somebody changed it since.

The pieces themselves and who sent them stay: that something came and was taken back is part of the record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hoso.access import Conflict, Draft, Errand, Records, Version
from hoso.access.scope import Right
from hoso.exchange.commit import Key
from hoso.exchange.intake.shapes import Wrote
from hoso.fhir import json
from hoso.fhir.search import parse

KEPT = ("Binary", "Provenance")
VERSIONS = 100
"""Of one record that are looked through for the one before."""
_OF_PATIENTS = "Encounter,Observation,Condition,Immunization,DocumentReference,ServiceRequest,MedicationRequest"

Why = Literal["changed", "in-use", "old"]


@dataclass(frozen=True, slots=True)
class Left:
    """A record that stays: somebody "changed" it since, others' records are about this patient ("in-use"), or it has

    had so many versions since that the one before is not found ("old").
    """

    type: str
    id: str
    why: Why


@dataclass(slots=True)
class Undone:
    """`items` were taken back, and `records` of them."""

    items: int = 0
    records: int = 0
    left: list[Left] = field(default_factory=list)


class Undoing:
    """Of one deposit, item by item from the last to the first."""

    def __init__(self, records: Records, errand: Errand) -> None:
        self._records, self._errand = records, errand
        self._ours: dict[Key, set[str]] = {}
        self._in_use_yet: list[Wrote] | None = []
        self.done = Undone()

    def item(self, wrote: Sequence[Wrote]) -> None:
        """What one item wrote, in one write. Raises Unavailable."""
        for one in wrote:
            self._ours.setdefault((one.type, one.id), set()).add(one.version)
        drafts = [draft for one in reversed(wrote) if one.type not in KEPT for draft in self._draft(one)]
        self.done.items += 1
        self._save(drafts)

    def finish(self) -> None:
        """After the last item: patients whom items stored together had brought, now that all of these are undone."""
        waiting, self._in_use_yet = self._in_use_yet or [], None
        for one in waiting:
            self._save(list(self._draft(one)))

    def _save(self, drafts: Sequence[Draft]) -> None:
        if not drafts:
            return
        rights: list[tuple[Right, str]] = [("d" if one.method == "DELETE" else "u", one.type) for one in drafts]
        try:
            saved = self._records.save(self._errand, rights, drafts)
        except Conflict as conflict:
            self.done.left.append(Left(conflict.type, conflict.id, "changed"))
            return
        self.done.records += len(saved)
        for again in saved:
            self._ours[again.type, again.id].add(again.version or "")

    def _draft(self, wrote: Wrote) -> Iterator[Draft]:
        versions = self._records.history(self._errand, wrote.type, wrote.id, count=VERSIONS).versions
        ours = self._ours[wrote.type, wrote.id]
        if not versions or versions[0].version not in ours:
            self._leave(wrote, "changed")
            return
        head = versions[0]
        before = next((one for one in versions if one.version not in ours), None)
        if before is None and len(versions) == VERSIONS:
            self._leave(wrote, "old")
        elif before is None or before.deleted:
            if head.deleted:
                return
            if wrote.type == "Patient" and self._in_use(wrote):
                if self._in_use_yet is None:
                    self._leave(wrote, "in-use")
                else:
                    self._in_use_yet.append(wrote)
            else:
                yield Draft("DELETE", wrote.type, wrote.id, b"", None, head.version)
        else:
            yield _again(before, head)

    def _leave(self, wrote: Wrote, why: Why) -> None:
        self.done.left.append(Left(wrote.type, wrote.id, why))

    def _in_use(self, wrote: Wrote) -> bool:
        """Whether anything that is not ours is about this patient."""
        asked = [("_type", _OF_PATIENTS), ("patient", f"Patient/{wrote.id}"), ("_count", "50")]
        found = self._records.search(self._errand, parse(None, asked)).matches
        return any(one.version not in self._ours.get((one.type, one.id), ()) for one in found)


def _again(before: Version, head: Version) -> Draft:
    return Draft("PUT", before.type, before.id, before.body, json.parse(before.body), head.version)
