"""A facility says that one of its records is replaced by another (Patient.link of type replaced-by): what follows.

Of its own records a facility knows best, so their persons become one unless something speaks against it; of everybody
else's it may only propose it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hoso.access import Visible
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space
from hoso.fhir.search import parse
from hoso.fhir.search.escape import token
from hoso.identity.desk import Desk
from hoso.identity.matching import Described, Matching
from hoso.identity.proposals import under_review
from hoso.identity.review import task

REASON = "replaced"
"""Stands in the ledger for a facility's own word."""

SHARED_SPACES = frozenset(
    {
        systems.CITIZEN_CODE, systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER, systems.OLD_CARD_NUMBER,
        systems.PASSPORT_NUMBER, systems.SOCIAL_NUMBER, systems.INTERNAL_NUMBER,
    }
)  # fmt: skip
"""Number spaces of many facilities: two records with such numbers need not be of one facility."""


@dataclass(frozen=True, slots=True)
class Survivor:
    """The record that replaces another, by id or by number."""

    id: str = ""
    system: str = ""
    value: str = ""


def survivor_of(patient: Mapping[str, Any]) -> Survivor | None:
    """Whom an inactive record names as its survivor; None for any other record."""
    if patient.get("active") is not False:
        return None
    for link in patient.get("link", ()):
        if link.get("type") == "replaced-by":
            other = link.get("other", {})
            type, _, id = str(other.get("reference", "")).partition("/")
            number = other.get("identifier", {})
            if type == "Patient" and id:
                return Survivor(id)
            if number.get("system") and number.get("value"):
                return Survivor("", number["system"], number["value"])
    return None


def follow(desk: Desk, matching: Matching, record: int, described: Described, said: Survivor) -> int | None:
    """Links, merges or files a review; answers who was merged away. A survivor that is not known (yet) changes nothing:
    the word can be repeated."""
    survivor = _find(desk, said)
    if survivor is None or survivor == record:
        return None
    persons = desk.people.persons_of([record, survivor])
    mine, theirs = persons.get(record), persons.get(survivor)
    if mine is None or theirs is None or mine == theirs:
        return None
    if not _of_one_facility(desk, record, survivor) or _against(desk, matching, described, (mine, theirs)):
        _review(desk, mine, theirs, record)
        return None
    others = {other for _, other in desk.people.members([mine])} - {record}
    if not others - desk.people.persons(others).keys():
        desk.merge(min(mine, theirs), max(mine, theirs), REASON)  # the older keeps its code
        return max(mine, theirs)
    desk.link([record], theirs, {}, REASON)
    _review(desk, mine, theirs, record)  # whoever was taken for the same as the record may be the survivor too
    return None


def _find(desk: Desk, said: Survivor) -> int | None:
    """The record by its id, or the only one with that number; no person."""
    people = desk.people
    if said.id:
        found = list(people.rids([said.id]).values())
    else:
        query = parse("Patient", [("identifier", token(said.system, said.value)), ("_count", "2"), ("_total", "none")])
        found = [one.rid for one in desk.transaction.search(query, Visible(None, persons=False)).matches]
    return found[0] if len(found) == 1 and not people.persons(found) else None


def _of_one_facility(desk: Desk, one: int, other: int) -> bool:
    desk.know([one, other])
    heads = desk.transaction.heads([("Patient", desk.id(one)), ("Patient", desk.id(other))])
    spaces = [
        {number_space(number.get("system", "")) for number in orjson.loads(head.body).get("identifier", ())}
        - SHARED_SPACES
        - {""}
        for head in heads.values()
        if not head.deleted
    ]
    return len(spaces) == 2 and bool(spaces[0] & spaces[1])


def _against(desk: Desk, matching: Matching, described: Described, persons: Sequence[int]) -> bool:
    """Whether a human has told the two apart, or what the record says is another's."""
    mine, theirs = persons
    people = desk.people
    ours = [mine, *(record for _, record in people.members([mine]))]
    others = [record for _, record in people.members([theirs])]
    if people.apart(ours, [theirs]) or people.apart([theirs, *others], [mine]):
        return True
    return matching.vetoed(described, people.compared([theirs], (), len(others) or 1))


def _review(desk: Desk, one: int, other: int, record: int) -> None:
    if under_review(desk, one, other) is None:
        desk.know([one, other, record])
        evidence = {"reason": REASON}
        desk.add(task("two-persons", desk.id(one), [desk.id(other)], desk.time, evidence, desk.id(record)))
