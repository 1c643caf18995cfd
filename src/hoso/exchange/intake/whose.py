"""Whom identity took the patients of a deposit for: linked to somebody known, new, or new and to be looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from hoso.access import Reading, Visible
from hoso.fhir import json
from hoso.fhir.search import parse

Outcome = Literal["known", "linked", "review", "new", ""]
_TASKS = Visible(frozenset({"Task"}))
_OPEN = "requested,on-hold"


class Whose(NamedTuple):
    """ "new" and "review" began a person of their own; "" has none yet. `code` is the citizen's."""

    outcome: Outcome
    code: str


def whose(reading: Reading, patients: Collection[str]) -> Mapping[str, Whose]:
    """Of each source Patient, by id. At most a hundred."""
    people = reading.people
    known = {id: one for id, one in people.arrived(list(patients)).items() if one.person is not None}
    numbers = {one.person for one in known.values() if one.person is not None}
    persons = people.persons(numbers)
    first: dict[int, int] = {}
    for person, record in people.members(numbers):
        first[person] = min(record, first.get(person, record))
    began = {one.person for one in known.values() if one.person is not None and first[one.person] == one.record}
    doubtful = _under_review(reading, people.ids(began))
    found: dict[str, Whose] = {}
    for id, one in known.items():
        assert one.person is not None
        is_first = first[one.person] == one.record
        outcome: Outcome = "linked" if not is_first else "review" if one.person in doubtful else "new"
        found[id] = Whose(outcome, persons[one.person].code if one.person in persons else "")
    return found


def _under_review(reading: Reading, persons: Mapping[int, str]) -> set[int]:
    """Those about whom an open Task asks whether they are somebody known."""
    if not persons:
        return set()
    focus = ",".join(f"Patient/{id}" for id in persons.values())
    page = reading.search(parse("Task", [("focus", focus), ("status", _OPEN), ("_count", "500")]), _TASKS)
    asked = {json.parse(task.body)["focus"]["reference"].partition("/")[2] for task in page.matches}
    return {person for person, id in persons.items() if id in asked}
