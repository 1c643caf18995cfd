"""The referrals that a facility sent or receives, with what came of each, in a few searches for everybody together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404

from hoso.care.elements import Resource, key_of, reference_key
from hoso.care.referrals.follow import Followed, followed, ordered
from hoso.care.referrals.paper import CATEGORY
from hoso.care.rules import table
from hoso.fhir.search.values import escape
from hoso.fhir.systems import FACILITY_CODE
from hoso.web.door import Door
from hoso.web.persons import Person
from hoso.web.today.here import VOID, Here, began, here, of_many, of_people, patient_of

MOST = 500
"""Referrals of one direction that are looked at; the page says so when there are more."""
TYPES = ("ServiceRequest", "Communication", "DocumentReference", "Encounter")


@dataclass(frozen=True, slots=True)
class Lists:
    """`people` by id; `whose`: the person of each request by its id."""

    incoming: list[Followed]
    outgoing: list[Followed]
    people: dict[str, Resource]
    whose: dict[str, str]
    full: bool


@dataclass(frozen=True, slots=True)
class One:
    """A referral and on which side of it the reader stands."""

    followed: Followed
    received: bool
    sent: bool


def sees(reach: Door) -> bool:
    return bool(reach.errand.actor.facility) and all(reach.may(type) for type in TYPES)


def lists(reach: Door) -> Lists:
    place, since = here(reach), began(reach.today - timedelta(days=int(table("referrals")["listed_days"])))
    asked = [("category", CATEGORY), ("authored", f"ge{since}"), ("_sort", "-authored"), ("_count", str(MOST))]
    to_us = _to(reach, place, asked)
    all_ = [one for one in reach.search("ServiceRequest", asked) if patient_of(one)]
    received = {str(one["id"]) for one in to_us}
    sent = sent_from(reach, place, all_) - received
    ours = [one for one in all_ if str(one["id"]) in sent]
    told = _follow(reach, [*to_us, *ours])
    homes = reach.persons.homes({patient_of(one) for one in (*to_us, *ours)})
    people = {str(one["id"]): one for one in reach.persons.read(homes.values())}
    whose = {str(one["id"]): homes[patient_of(one)] for one in (*to_us, *ours)}
    shown = [one for one in told if whose[one.id] in people]
    return Lists(
        ordered(one for one in shown if one.id in received),
        ordered(one for one in shown if one.id not in received),
        people,
        whose,
        MOST in (len(to_us), len(all_)),
    )


def of_person(reach: Door, person: Person, id: str) -> One:
    """Raises Http404 for one that is not there, not this person's, or of which the reader's facility is no side."""
    request = reach.at([f"ServiceRequest/{id}"]).get(f"ServiceRequest/{id}") if 0 < len(id) <= 64 else None
    if request is None or not sees(reach):
        raise Http404
    if patient_of(request) not in person.members or not is_referral(request):
        raise Http404
    place = here(reach)
    received = any(place.is_place(one) for one in request.get("performer", ()))
    sent = bool(sent_from(reach, place, [request]))
    (told,) = _follow(reach, [request])
    return One(told, received, sent)


def is_referral(request: Resource) -> bool:
    system, _, code = CATEGORY.partition("|")
    codings = (coding for one in request.get("category", ()) for coding in one.get("coding", ()))
    return any(one.get("system") == system and one.get("code") == code for one in codings)


def facilities(reach: Door, typed: str) -> list[Resource]:
    """Those that what was typed means: the one with this code, else those with these words in their names."""
    text = typed.strip()[:200]
    if not text or not reach.may("Organization"):
        return []
    own = here(reach)
    found = reach.search("Organization", [("identifier", f"{FACILITY_CODE}|{escape(text)}"), ("_count", "2")])
    found = found or reach.search("Organization", [("name:contains", escape(text)), ("_count", "21")])
    return [one for one in found if f"Organization/{one['id']}" not in own.keys and one.get("active") is not False]


def at_place(request: Resource) -> Here:
    """The facility that a referral names."""
    to: Resource = next(iter(request.get("performer", ())), {})
    number = to.get("identifier", {})
    key = reference_key(to)
    code = str(number.get("value", "")) if number.get("system") == FACILITY_CODE else ""
    return Here(code, frozenset({key} - {""}))


def _to(reach: Door, place: Here, asked: list[tuple[str, str]]) -> list[Resource]:
    ways = [("performer", ",".join(sorted(place.keys)))] if place.keys else []
    ways.append(("performer:identifier", f"{FACILITY_CODE}|{escape(place.code)}"))
    found = {str(one["id"]): one for way in ways for one in reach.search("ServiceRequest", [way, *asked])}
    return [one for one in found.values() if patient_of(one)]


def sent_from(reach: Door, place: Here, requests: Sequence[Resource]) -> set[str]:
    """Ids of those that were written in a visit here."""
    keys = {str(one["id"]): reference_key(one.get("encounter")) for one in requests}
    visits = reach.at(sorted({key for key in keys.values() if key.startswith("Encounter/")}))
    return {id for id, key in keys.items() if key in visits and place.saw(visits[key])}


def _follow(reach: Door, requests: Sequence[Resource]) -> list[Followed]:
    if not requests:
        return []
    keys = [key_of(one) for one in requests]
    answers, letters = (of_many(reach, type, name, keys) for type, name in _ABOUT)
    people = sorted({patient_of(one) for one in requests})
    since = min(str(one.get("authoredOn", ""))[:10] for one in requests)
    members = reach.persons.homes(people)
    visits = of_people(reach, "Encounter", people, [("date", f"ge{since}")] if since else [])
    came: dict[str, list[Resource]] = {}
    for one in visits:
        if one.get("status") not in VOID:
            came.setdefault(_home(reach, members, patient_of(one)), []).append(one)
    told = []
    for request in requests:
        place = at_place(request)
        theirs = came.get(members[patient_of(request)], ())
        told.append(followed(request, answers, letters, [one for one in theirs if place.saw(one)], reach.today))
    return told


_ABOUT = (("Communication", "based-on"), ("DocumentReference", "related"))


def _home(reach: Door, known: dict[str, str], id: str) -> str:
    """A search for a person finds visits under every record of theirs."""
    if id not in known:
        known |= reach.persons.homes([id])
    return known[id]
