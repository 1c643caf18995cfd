"""Finds the persons that a Patient may be: those it shares a key or a citizen code with, a bounded number of them.

Arrivals and `$match` look in the same places, so what `$match` says is what an arrival would do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hoso.access import Member, PeopleRows
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
    """The same for several who are not stored yet, in as many statements as for one."""
    nears = people.near_all([one.probes for one in newcomers], CANDIDATES)
    coded = people.coded({code for one in newcomers for code in one.codes})
    survivors = people.persons_of(set(coded.values())) if coded else {}
    bearers = [{survivors.get(coded[code], coded[code]) for code in one.codes if code in coded} for one in newcomers]
    wanted = [{*near.persons, *bearing} for near, bearing in zip(nears, bearers, strict=True)]
    first = {record for near in nears for record in near.records}
    members: dict[int, list[Member]] = {}
    for member in people.compared(set().union(*wanted), first, COMPARED):
        members.setdefault(member.person, []).append(member)
    found = []
    for one, near, bearing, persons in zip(newcomers, nears, bearers, wanted, strict=True):
        if any(len(members.get(person, ())) == COMPARED for person in persons):
            found.append(seek(people, one))  # which of so many speak depends on who asks
        else:
            theirs = [member for person in persons for member in members.get(person, ())]
            found.append(Sought(theirs, near.counts, set(), bearing & members.keys()))
    return found
