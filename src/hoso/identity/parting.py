"""Persons made two again: the inverse of a merge, and a split; with what is then left for humans to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hoso.core import Refused
from hoso.identity.aftermath import Readers, mixed, together_since
from hoso.identity.again import Again
from hoso.identity.desk import Desk
from hoso.identity.matching import Matching
from hoso.identity.review import Resource
from hoso.identity.undo import came_to, merge_of, undoing_of
from hoso.identity.whom import patient, person_of


@dataclass(frozen=True, slots=True)
class Parted:
    """`restored` is a person (again), with `records`; `tasks` are what is left for humans to look at."""

    restored: str
    survivor: str
    records: Sequence[str]
    tasks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Parting:
    matching: Matching
    readers: Readers

    def unmerge(self, desk: Desk, person: str, reason: str) -> tuple[Parted, tuple[int, int]]:
        """What came with the last merge of somebody and is still there goes back. Answers the two persons, too."""
        desk.settled(patient(desk, person))
        found = merge_of(desk, person)
        restored, survivor = found.restored, found.survivor
        desk.unmerge(restored, survivor, found.records, reason)
        desk.different(restored, survivor, reason)
        tasks = mixed(desk, restored, survivor, found.merge.event.time, self.readers)
        tasks += Again(desk, self.matching).strays(restored, survivor, found.records, found.merge.place)
        return _told(desk, restored, survivor, found.records, tasks), (restored, survivor)

    def split(
        self, desk: Desk, survivor: int, chosen: Sequence[int], code: Callable[[], str], reason: str
    ) -> tuple[Parted, tuple[int, int]]:
        """The chosen records become a person: the one they came with by a merge, else a new one under `code`."""
        since = together_since(desk, chosen)
        made = came_with(desk, survivor, chosen)
        if made is not None:
            desk.unmerge(made, survivor, chosen, reason)
            desk.different(made, survivor, reason)
        else:
            made = desk.split(survivor, chosen, code(), reason)
        again = Again(desk, self.matching)
        tasks = mixed(desk, made, survivor, since, self.readers)
        tasks += [*again.strays(made, survivor, chosen), *again.known(made, survivor, chosen)]
        return _told(desk, made, survivor, chosen, tasks), (made, survivor)


def chosen_of(desk: Desk, person: str, records: Sequence[str]) -> tuple[int, list[int]]:
    """The person and the records as numbers; refused unless some, not all, of its records are chosen."""
    survivor = person_of(desk, person)
    desk.people.hold([survivor])
    members = [record for _, record in desk.people.members([survivor])]
    own = set(members) - desk.people.persons(members).keys()
    rids = desk.people.rids(set(records))
    strange = sorted(id for id in set(records) if rids.get(id) not in own)
    if strange:
        raise Refused.because(422, "value", "identity.not-a-record", record=strange[0], person=desk.id(survivor))
    if not rids or len(rids) == len(own):
        raise Refused.because(422, "value", "identity.split-none-or-all", person=desk.id(survivor))
    return survivor, sorted(rids.values())


def came_with(desk: Desk, survivor: int, chosen: Sequence[int]) -> int | None:
    """The person that all the chosen records came with, whose code is theirs then; the nearest, if several."""
    found = [undoing for person in came_to(desk, survivor) if (undoing := undoing_of(desk, person))]
    fitting = [undoing for undoing in found if set(chosen) <= set(undoing.records)]
    return min(fitting, key=lambda u: (len(u.records), -u.merge.place)).restored if fitting else None


def _told(desk: Desk, restored: int, survivor: int, records: Sequence[int], tasks: Sequence[Resource]) -> Parted:
    """Files the tasks, and tells what was done."""
    for one in tasks:
        desk.add(one)
    desk.know([restored, survivor, *records])
    inner = desk.people.persons(records)
    ids = sorted(desk.id(record) for record in records if record not in inner)
    return Parted(desk.id(restored), desk.id(survivor), ids, [one["id"] for one in tasks])
