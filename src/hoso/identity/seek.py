"""Finds the persons that a Patient may be: those it shares a key or a citizen code with, a bounded number of them.

Arrivals and `$match` look in the same places, so what `$match` says is what an arrival would do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hoso.access import Hit, Member, Near, PeopleRows, joined, nearest
from hoso.identity.matching import Described, Sought

CANDIDATES = 100
"""Persons a newcomer is compared with, those that share the most keys with it."""

COMPARED = 40
"""Records of one person that speak for it."""


def seek(people: PeopleRows, described: Described, record: int = 0, without: Collection[int] = ()) -> Sought:
    """`record` is the number of one that is stored already; it is not compared with itself, nor with persons in
    `without`."""
    near = people.near(described.probes, CANDIDATES)
    coded = people.coded(described.codes).values() if described.codes else ()
    survivors = people.persons_of(coded) if coded else {}
    bearers = {survivors.get(person, person) for person in coded}
    wanted = {*near.persons, *bearers}.difference(without)
    members = [member for member in people.compared(wanted, near.records, COMPARED) if member.record != record]
    persons = {member.person for member in members}
    apart = {person for _, person in people.apart([record], persons)} if record else set()
    return Sought(members, near.counts, apart, bearers & persons)


def seek_all(people: PeopleRows, newcomers: Sequence[Described]) -> list[Sought]:
    """The same for several who are not stored yet."""
    survey = Survey(people, newcomers)
    return [survey.sought(place) for place in range(len(newcomers))]


class Survey:
    """Whom several may be who are not stored yet: looked up in as many statements as for one, and told as it was then,
    or as it is when some of them have become records."""

    def __init__(self, people: PeopleRows, newcomers: Sequence[Described]) -> None:
        self._people, self._newcomers = people, newcomers
        self._hits = people.shared_all([one.probes for one in newcomers])
        self._nears = [nearest(h, one.probes, CANDIDATES) for h, one in zip(self._hits, newcomers, strict=True)]
        coded = people.coded({code for one in newcomers for code in one.codes})
        survivors = people.persons_of(set(coded.values())) if coded else {}
        self._bearers = [
            {survivors.get(coded[code], coded[code]) for code in one.codes if code in coded} for one in newcomers
        ]
        wanted = {person for near in self._nears for person in near.persons}.union(*self._bearers)
        first = {record for near in self._nears for record in near.records}
        self._members: dict[int, list[Member]] = {person: [] for person in wanted}
        for member in people.compared(wanted, first, COMPARED):
            self._members[member.person].append(member)

    def sought(self, place: int) -> Sought:
        """Of the newcomer at that place, as it was."""
        return self._sought(place, self._nears[place]) or seek(self._people, self._newcomers[place])

    def grows(self, member: Member, *, is_new: bool) -> None:
        """A newcomer is a record now; `is_new`: so is its person, whom no other record speaks for."""
        if is_new:
            self._members[member.person] = []
        if member.person in self._members:
            self._members[member.person].append(member)

    def since(self, place: int, hits: Sequence[Hit]) -> Sought | None:
        """As it is when persons have grown and `hits` are those of its keys that newcomers have; None when it must be
        looked for."""
        probes = self._newcomers[place].probes
        near = nearest(joined(self._hits[place], hits, probes), probes, CANDIDATES) if hits else self._nears[place]
        return self._sought(place, near)

    def _sought(self, place: int, near: Near) -> Sought | None:
        """None when which of so many records speak depends on who asks, or when they were not looked up."""
        bearers = self._bearers[place]
        found: list[Member] = []
        for person in {*near.persons, *bearers}:
            theirs = self._members.get(person)
            if theirs is None or len(theirs) >= COMPARED:
                return None
            found += theirs
        return Sought(found, near.counts, set(), {person for person in bearers if self._members[person]})
