"""Finds the persons that a Patient may be: those it shares a key or a citizen code with, a bounded number of them.

Arrivals and `$match` look in the same places, so what `$match` says is what an arrival would do.
"""

from __future__ import annotations

from collections.abc import Collection

from hoso.access import PeopleRows
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
