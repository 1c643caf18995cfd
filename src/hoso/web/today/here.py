"""What belongs to the reader's facility: its visits and its appointments among those of the people it may see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from hoso.care.elements import Resource, key_of, reference_key
from hoso.fhir.search.values import escape
from hoso.fhir.systems import FACILITY_CODE
from hoso.web.door import Door

VOID = frozenset({"cancelled", "entered-in-error", "planned"})
_CHUNK = 80
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Here:
    """A facility, by its code and by the keys of its record and of its rooms."""

    code: str
    keys: frozenset[str]

    def is_place(self, reference: Resource | None) -> bool:
        place = reference or {}
        number = place.get("identifier", {})
        if number.get("system") == FACILITY_CODE:
            return bool(number.get("value") == self.code)
        return reference_key(place) in self.keys

    def saw(self, encounter: Resource) -> bool:
        return self.is_place(encounter.get("serviceProvider"))


def here(reach: Door) -> Here:
    code, keys = reach.errand.actor.facility, set[str]()
    if code and reach.may("Organization"):
        asked = [("identifier", f"{FACILITY_CODE}|{escape(code)}"), ("_count", "5")]
        keys |= {key_of(one) for one in reach.search("Organization", asked)}
    if keys and reach.may("Location"):
        rooms = [("organization", ",".join(sorted(keys))), ("_count", "200")]
        keys |= {key_of(one) for one in reach.search("Location", rooms)}
    return Here(code, frozenset(keys))


def began(day: date) -> str:
    """The first moment of a day in Viet Nam, as searches take it."""
    return f"{day.isoformat()}T00:00:00+07:00"


def of_people(reach: Door, type: str, people: Sequence[str], asked: Sequence[tuple[str, str]]) -> list[Resource]:
    """All records of a type of many people."""
    return of_many(reach, type, "patient", people, asked)


def of_many(
    reach: Door, type: str, name: str, whose: Sequence[str], asked: Sequence[tuple[str, str]] = ()
) -> list[Resource]:
    """All records of a type that name one of many, by the parameter `name`, in a few searches: a page that is full is
    asked for again in halves."""
    found: list[Resource] = []
    waiting = [list(whose[at : at + _CHUNK]) for at in range(0, len(whose), _CHUNK)]
    while waiting:
        keys = waiting.pop()
        page = reach.search(type, [(name, ",".join(keys)), *asked, ("_count", str(_MOST))])
        if len(page) < _MOST or len(keys) == 1:
            found += page
        else:
            waiting += [keys[: len(keys) // 2], keys[len(keys) // 2 :]]
    return found


def patient_of(resource: Resource) -> str:
    """The id of whom a visit, an alert or an appointment is about."""
    joined: Iterable[Resource] = (one.get("actor", {}) for one in resource.get("participant", ()))
    told = (resource.get("subject") or resource.get("patient") or {}, *joined)
    keys = (reference_key(one).partition("/") for one in told)
    return next((id for type, _, id in keys if type == "Patient"), "")
