"""Decides about every record anew, as if it arrived today, with the model in use and with another one beside it.

It moves nobody. In shadow it only counts and shows; when it proposes, it files a review for a human where a record
is certainly another person's too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from hoso.access import PeopleRows, Records, Transaction
from hoso.access.scope import Right
from hoso.core import system_clock
from hoso.fhir.outcome import Language
from hoso.identity.batch.walk import ERRAND, Piece, Result
from hoso.identity.desk import Desk
from hoso.identity.match import Decision, explain
from hoso.identity.matching import Described, Matching, told
from hoso.identity.proposals import under_review
from hoso.identity.review import task
from hoso.identity.seek import seek

RIGHTS: Sequence[tuple[Right, str]] = (("u", "Task"), ("s", "Patient"))
SHOWN = 2
"""Changes of one piece that are told in words; the caller shows as many as it likes."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """`now` is the model in use, `then` the one to be tried; they may be the same."""

    now: Matching
    then: Matching
    propose: bool
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class _Looked:
    record: int
    person: int
    before: Decision
    after: Decision

    @property
    def other(self) -> int | None:
        """The person it is certainly too, besides its own."""
        chosen = int(self.after.person or 0)
        return chosen if self.after.outcome == "certain" and chosen != self.person else None

    @property
    def change(self) -> str:
        if self.before.outcome != self.after.outcome:
            return f"{self.before.outcome} > {self.after.outcome}"
        return "other person" if self.before.person != self.after.person else ""


def rescore(records: Records, shadow: Shadow, piece: Piece) -> Result:
    """Counts "decided", each "old > new" outcome, "other person", "proposed", and "certain elsewhere"."""
    heads = records.heads(ERRAND, [("Patient", id) for id in piece.ids])
    people = records.people(ERRAND)
    known = people.arrived([id for (_, id), head in heads.items() if not head.deleted])
    counts: Counter[str] = Counter()
    lines: list[str] = []
    proposals: list[_Looked] = []
    for id, one in known.items():
        if one.person is None or one.is_person:
            continue
        described = shadow.now.describe(orjson.loads(heads["Patient", id].body))
        looked = _look(people, shadow, described, one.record, one.person)
        counts["decided"] += 1
        if looked.change:
            counts[looked.change] += 1
            if len(lines) < SHOWN:
                lines.append(_told(id, looked, shadow.language))
        if looked.other is not None:
            counts["certain elsewhere"] += 1
            proposals.append(looked)
    if shadow.propose and proposals:
        counts["proposed"] += records.transact(ERRAND, RIGHTS, lambda transaction: _file(transaction, proposals))
    return Result(piece, +counts, lines)


def _look(people: PeopleRows, shadow: Shadow, described: Described, record: int, person: int) -> _Looked:
    sought = seek(people, described, record)
    before = shadow.now.weigh(described, sought, people, 3)
    after = before if shadow.then is shadow.now else shadow.then.weigh(described, sought, people, 3)
    return _Looked(record, person, before, after)


def _file(transaction: Transaction, found: Sequence[_Looked]) -> int:
    """One review for two persons, however often it is asked for."""
    desk = Desk(transaction, ERRAND.actor.id, system_clock)
    filed = 0
    for looked in found:
        assert looked.other is not None
        if under_review(desk, looked.person, looked.other) is None:
            desk.know([looked.person, looked.other, looked.record])
            evidence = desk.told(told(looked.after))
            ids = desk.id(looked.person), [desk.id(looked.other)]
            desk.add(task("two-persons", *ids, desk.time, evidence, desk.id(looked.record)))
            filed += 1
    desk.done()
    return filed


def _told(id: str, looked: _Looked, language: Language) -> str:
    return "\n    ".join([f"Patient/{id}: {looked.change}", *explain(looked.after, language)])
