"""The queue of reviews as a human meets it: most urgent first, and each with its persons side by side.

A blind sample shows neither what was decided nor why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from hoso.access import Errand, Records
from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.fhir.systems import RECORD_KIND, REVIEW
from hoso.identity.facts import Contradiction, Fact, contradictions
from hoso.identity.monitors import Monitors
from hoso.identity.portrait import Resource, Standing, is_person, portrait
from hoso.identity.review import (
    OPEN,
    TAG,
    URGENCY,
    Answer,
    Cause,
    Priority,
    answers_of,
    cause_of,
    document_of,
    evidence_of,
    focus_of,
    is_open,
    is_review,
    named,
    proposer,
)

URGENT_FIRST: tuple[Priority, ...] = ("stat", "asap", "urgent", "routine")
SHOWN = 50
"""Records of one person that are laid side by side, the newest; `count` tells how many there are."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of those who may be the same: a person, or in a sample the record alone (then `person` is "")."""

    person: str
    code: str
    golden: Resource
    count: int = 0
    records: Sequence[Resource] = ()
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """In the queue, sides come without records and facts. `others` name persons, whoever they have become since.

    `contradictions`: what cannot be if all sides are one. `unseen`: types the asker may not read, so that nothing is
    known of them. `record` is the source, `document` the reference in question, `proposer` who asked for a merge.
    """

    id: str
    cause: Cause
    priority: Priority
    status: str
    created: str
    focus: Side | None
    others: Sequence[Side]
    evidence: dict[str, Any]
    answers: Sequence[tuple[Answer, str]]
    notes: Sequence[Resource]
    record: str = ""
    document: str = ""
    proposer: str = ""
    description: str = ""
    contradictions: Sequence[Contradiction] = ()
    unseen: Sequence[str] = ()

    @property
    def open(self) -> bool:
        return self.status in OPEN


@dataclass(frozen=True, slots=True)
class Queue:
    reviews: Sequence[Review]
    cursor: str | None = None


@dataclass(slots=True)
class Reviews:
    records: Records
    monitors: Monitors = field(init=False)

    def __post_init__(self) -> None:
        self.monitors = Monitors(self.records)

    def queue(self, errand: Errand, cause: Cause | None, count: int, cursor: str | None) -> Queue:
        """What nobody has looked at by urgency, the oldest first; then, in that order, what somebody is unsure of."""
        shelves = [(status, urgency) for status in OPEN for urgency in URGENT_FIRST]
        shelf, inside = _position(cursor, len(shelves))
        found: list[Resource] = []
        while shelf < len(shelves):
            asked = [("status", shelves[shelf][0]), ("priority", shelves[shelf][1])]
            tasks, inside = self._shelf(errand, asked, cause, count - len(found), inside)
            found += tasks
            if inside is not None:
                break
            shelf += 1
            if len(found) >= count:
                break
        following = f"{shelf}.{inside or ''}" if shelf < len(shelves) else None
        return Queue([self._light(errand, one) for one in found], following)

    def _shelf(
        self,
        errand: Errand,
        asked: Sequence[tuple[str, str]],
        cause: Cause | None,
        count: int,
        cursor: str | None,
    ) -> tuple[list[Resource], str | None]:
        causes = [("code", f"{REVIEW}|{cause}")] if cause else []
        order = [("_sort", "authored-on"), ("_count", str(count))]
        query = parse("Task", [("_tag", f"{RECORD_KIND}|{TAG}"), *asked, *causes, *order])
        page = self.records.search(errand, query, cursor)
        return [orjson.loads(version.body) for version in page.matches], page.cursor

    def review(self, errand: Errand, id: str) -> Review:
        """One review with all that is needed to decide it."""
        task = self.task(errand, id)
        light = self._light(errand, task)
        if light.cause == "sample":
            sides = self._sample(errand, task)
        else:
            sides = [self._side(errand, id) for id in _persons(task)]
        facts = [fact for side in sides for fact in side.facts]
        focus = sides[0] if sides else None
        unseen = self.monitors.unseen(errand.actor)
        return replace(light, focus=focus, others=sides[1:], contradictions=contradictions(facts), unseen=unseen)

    def task(self, errand: Errand, id: str) -> Resource:
        version = self.records.read(errand, "Task", id)
        found: Resource = {} if version is None or version.deleted else orjson.loads(version.body)
        if not is_review(found):
            raise Refused.because(404, "not-found", "rest.not-found", type="Task", id=id)
        return found

    def _light(self, errand: Errand, task: Resource) -> Review:
        cause, blind = cause_of(task), cause_of(task) == "sample"
        sides = [] if blind else [self._golden(errand, id) for id in _persons(task)]
        return Review(
            task["id"], cause, task.get("priority", URGENCY[cause]), task["status"], task["authoredOn"],
            sides[0] if sides else None, sides[1:], {} if blind and is_open(task) else evidence_of(task),
            answers_of(task), task.get("note", ()), next(iter(named(task, "record")), ""), document_of(task),
            proposer(task), task.get("description", ""),
        )  # fmt: skip

    def _golden(self, errand: Errand, id: str) -> Side:
        """Who the person has become by now."""
        people = self.records.people(errand)
        rid = people.rids([id]).get(id, 0)
        person = people.persons_of([rid]).get(rid, rid)
        name = people.ids([person]).get(person, id)
        version = self.records.read(errand, "Patient", name)
        golden: Resource = {} if version is None or version.deleted else orjson.loads(version.body)
        known = people.persons([person]).get(person)
        count = sum(link.get("type") == "seealso" for link in golden.get("link", ()))
        return Side(name, known.code if known else "", golden, count)

    def _side(self, errand: Errand, id: str, without: str = "") -> Side:
        light = self._golden(errand, id)
        people = self.records.people(errand)
        members = [record for _, record in people.members(people.rids([light.person]).values())]
        newest = sorted(set(members) - people.persons(members).keys(), reverse=True)
        ids = people.ids(newest)
        chosen = [ids[rid] for rid in newest if ids[rid] != without][:SHOWN]
        records = self._patients(errand, chosen)
        facts = self.monitors.facts(errand, light.person, records)
        return Side(light.person, light.code, light.golden, len(newest), records, facts)

    def _sample(self, errand: Errand, task: Resource) -> list[Side]:
        """The record by itself, and its person without it."""
        (record,) = named(task, "record")
        alone = self._patients(errand, [record])
        facts = self.monitors.facts(errand, record, alone)
        rest = self._side(errand, focus_of(task), without=record)
        ids = [one["id"] for one in rest.records]
        rest = replace(rest, golden=portrait(Standing(rest.person, rest.code, ids), rest.records))
        return [Side("", "", alone[0] if alone else {}, len(alone), alone, facts), rest]

    def _patients(self, errand: Errand, ids: Sequence[str]) -> list[Resource]:
        heads = self.records.heads(errand, [("Patient", id) for id in ids])
        found = (heads.get(("Patient", id)) for id in ids)
        read = [orjson.loads(head.body) for head in found if head is not None and not head.deleted]
        return [patient for patient in read if not is_person(patient)]


def _persons(task: Resource) -> list[str]:
    focus = focus_of(task)
    return [*([focus] if focus else []), *named(task, "person")]


def _position(cursor: str | None, shelves: int) -> tuple[int, str | None]:
    """Shelf and place on it, from what the last page ended with."""
    if cursor is None:
        return 0, None
    shelf, dot, inside = cursor.partition(".")
    if not dot or not shelf.isdigit() or int(shelf) >= shelves:
        raise Refused.because(400, "invalid", "identity.cursor")
    return int(shelf), inside or None
