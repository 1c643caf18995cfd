"""Under which numbers is this person known elsewhere? All records of one person, by a number that one of them bears.

A number of two persons is refused: an answer would mix them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hoso.access import Errand, Records
from hoso.core import Refused
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space
from hoso.fhir.search import parse
from hoso.fhir.search.escape import literal, token
from hoso.identity.portrait import is_person, is_replaced

PIECE = 500
"""Records read at a time."""

KNOWN = frozenset(
    {
        systems.CITIZEN_CODE, systems.PERSONAL_NUMBER, systems.INSURANCE_NUMBER, systems.OLD_CARD_NUMBER,
        systems.PASSPORT_NUMBER, systems.SOCIAL_NUMBER,
    }
)  # fmt: skip
"""Number spaces that are known before anybody has a number of them."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """`identifiers` without the one that was asked by; `ids` of Patients, the person and its records."""

    identifiers: Sequence[Mapping[str, Any]]
    ids: Sequence[str]


def cross(records: Records, errand: Errand, system: str, value: str, targets: Collection[str] = ()) -> Crossed:
    """Everything known of the bearer, or only what carries a number of the `targets`."""
    query = parse("Patient", [("identifier", token(system, value)), ("_count", "1000"), ("_total", "none")])
    bearers = records.search(errand, query).matches
    if not bearers:
        _refuse_unknown(records, errand, system)
    for target in targets:
        if not known(records, errand, target):
            raise Refused.because(403, "code-invalid", "identity.pix-target", diagnostics="targetSystem not found")
    people = records.people(errand)
    persons = people.persons_of([one.rid for one in bearers])
    whose = {persons.get(one.rid, one.rid) for one in bearers}
    if len(whose) > 1:
        raise Refused.because(409, "multiple-matches", "identity.pix-several")
    rids = [*whose, *(record for _, record in people.members(whose))]
    return _collected(_patients(records, errand, people.ids(rids).values()), (system, value), targets)


def known(records: Records, errand: Errand, system: str) -> bool:
    """Whether it is a number space of the state, or anybody has a number of it."""
    if number_space(system) in KNOWN:
        return True
    query = parse("Patient", [("identifier", f"{literal(system)}|"), ("_count", "1"), ("_total", "none")])
    return bool(system) and bool(records.search(errand, query).matches)


def _refuse_unknown(records: Records, errand: Errand, system: str) -> None:
    if known(records, errand, system):
        told = "sourceIdentifier Patient Identifier not found"
        raise Refused.because(404, "not-found", "identity.pix-identifier", diagnostics=told)
    told = "sourceIdentifier Assigning Authority not found"
    raise Refused.because(400, "code-invalid", "identity.pix-domain", diagnostics=told)


def _patients(records: Records, errand: Errand, ids: Collection[str]) -> Iterator[dict[str, Any]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), PIECE):
        heads = records.heads(errand, [("Patient", id) for id in ordered[start : start + PIECE]])
        yield from (orjson.loads(head.body) for head in heads.values() if not head.deleted)


def _collected(patients: Iterator[dict[str, Any]], asked: tuple[str, str], targets: Collection[str]) -> Crossed:
    """Records that were replaced, and persons that were merged away, lend their numbers to nobody any more; of its own
    a person has but its code."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    ids, persons = [], []
    for patient in patients:
        if is_replaced(patient):
            continue
        own = (systems.CITIZEN_CODE,) if is_person(patient) else ()
        numbers = [n for n in patient.get("identifier", ()) if _counts(n, own or targets, targets)]
        if is_person(patient):
            persons.append(patient["id"])
        elif numbers or not targets:
            ids.append(patient["id"])
        found.update({(n["system"], n["value"]): n for n in numbers})
    whole = [*persons, *ids] if ids or found or not targets else []
    space = number_space(*asked)
    found = {key: n for key, n in found.items() if (number_space(*key), key[1]) != (space, asked[1])}
    return Crossed(list(found.values()), whole)


def _counts(number: Mapping[str, Any], own: Collection[str], targets: Collection[str]) -> bool:
    system = number.get("system")
    complete = bool(system and number.get("value"))
    space = number_space(str(system), number.get("value"))
    named = [{number_space(one) for one in some} for some in (own, targets)]
    return complete and all(not some or space in some for some in named)
