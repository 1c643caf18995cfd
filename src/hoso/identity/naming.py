"""Which person a caller means, by a reference, by numbers, or by both: exactly one, or nothing is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hoso.access import Errand, Records
from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.fhir.search.escape import token


def whom(records: Records, errand: Errand, id: str, numbers: Sequence[Mapping[str, Any]], said: str) -> str:
    """The id that is meant. All `numbers` must stand on records of one person, and that is the one of `id` if given.

    `said` is the name of the parameter, for a refusal.
    """
    if not numbers:
        return id
    people = records.people(errand)
    bearing = [_bearers(records, errand, number, said) for number in numbers]
    persons = set.intersection(*bearing)
    if id:
        named = people.rids([id])
        persons &= {people.persons_of(named.values()).get(rid, rid) for rid in named.values()}
    if len(persons) != 1:
        raise Refused.because(422, "multiple-matches" if persons else "not-found", "identity.not-one", name=said)
    return people.ids(persons)[persons.pop()]


def _bearers(records: Records, errand: Errand, number: Mapping[str, Any], said: str) -> set[int]:
    """The persons of all records that bear a number; a record of nobody stands for itself."""
    system, value = number.get("system"), number.get("value")
    if not system or not value:
        raise Refused.because(400, "required", "identity.parameter-token", name=said)
    query = parse("Patient", [("identifier", token(system, value)), ("_count", "1000"), ("_total", "none")])
    rids = [one.rid for one in records.search(errand, query).matches]
    persons = records.people(errand).persons_of(rids)
    return {persons.get(rid, rid) for rid in rids}
