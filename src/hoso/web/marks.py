"""What a list says of each person besides who it is: when they were last seen, and what endangers them.

Only what is made for being seen at a glance is read (a dangerous allergy, an active flag): to stand in a list of search
results puts nobody's diagnoses into the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from hoso.care.elements import concept_text, is_void, reference_key, status, when
from hoso.web.door import Door, Resource

Pairs = list[tuple[str, str]]

_MOST = 200
_OVER = {"inactive", "resolved"}


@dataclass(frozen=True, slots=True)
class Mark:
    """`last`: the day of the last visit, empty when none is known. `allergies` are the dangerous ones."""

    last: str = ""
    allergies: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def marks(reach: Door, people: Sequence[Resource]) -> dict[str, Mark]:
    """By the id of the person; of types that the reader may not see nothing is said."""
    ids = [str(one["id"]) for one in people]
    if not ids:
        return {}
    # "le" asks for visits that are over by then, and one that began today is not
    newest = [("date", f"lt{(reach.today + timedelta(days=1)).isoformat()}"), ("_sort", "-date")]
    visits = _found(reach, "Encounter", ids, newest)
    allergies = _found(reach, "AllergyIntolerance", ids, [("criticality", "high")])
    flags = [one for one in _found(reach, "Flag", ids, []) if status(one) == "active"]
    homes = reach.persons.homes({_patient(one) for one in (*visits, *allergies, *flags)})
    seen = _days(visits, homes)
    if len(visits) == _MOST:  # somebody with many visits may have left no room for the others
        for id in set(ids) - seen.keys():
            seen[id] = next(map(when, _found(reach, "Encounter", [id], newest, 1)), "")
    alive = [one for one in allergies if status(one) not in _OVER]
    return {
        id: Mark(seen.get(id, ""), _texts(alive, homes, id), _texts(flags, homes, id)) for id in ids
    }  # fmt: skip


def _found(reach: Door, type: str, ids: Sequence[str], asked: Pairs, most: int = _MOST) -> list[Resource]:
    if not reach.may(type):
        return []
    found = reach.search(type, [("patient", ",".join(ids)), *asked, ("_count", str(most))])
    return [one for one in found if not is_void(one)]


def _days(visits: Iterable[Resource], homes: dict[str, str]) -> dict[str, str]:
    """The newest stands first."""
    days: dict[str, str] = {}
    for visit in visits:
        days.setdefault(homes.get(_patient(visit), _patient(visit)), when(visit))
    return days


def _texts(records: Iterable[Resource], homes: dict[str, str], id: str) -> tuple[str, ...]:
    theirs = (concept_text(one.get("code")) for one in records if homes.get(_patient(one)) == id)
    return tuple(dict.fromkeys(text for text in theirs if text))


def _patient(resource: Resource) -> str:
    return reference_key(resource.get("subject") or resource.get("patient")).partition("/")[2]
