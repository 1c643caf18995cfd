"""From a number to the one person who has it, for whom a code is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hoso.access import Errand, Records
from hoso.care.elements import human_name
from hoso.core import citizen_code
from hoso.fhir.search import parse
from hoso.identity.code import Codes
from hoso.identity.portrait import is_person
from hoso.web.citizens.numbers import numbers
from hoso.web.persons import Persons

_MOST = 50


@dataclass(frozen=True, slots=True)
class Citizen:
    """`person`: id of the golden Patient, `key`: its number in the audit log; `numbers`: what is signed in with."""

    person: str
    key: int
    name: str
    numbers: tuple[str, ...]


def citizens(records: Records, errand: Errand, codes: Codes, number: str) -> list[Citizen]:
    """The persons with this number, on any of their records: none, one, or more than one by somebody's mistake."""
    known = codes.names(number)[:_MOST] if citizen_code.is_valid(number) else [number]
    query = parse("Patient", [("identifier", ",".join(known)), ("_count", str(_MOST))])
    ids = [version.id for version in records.search(errand, query).matches]
    persons = Persons(records, errand)
    return [_citizen(persons, one, known) for one in persons.read(ids) if is_person(one)]


def of(persons: Persons, patient: dict[str, Any]) -> Citizen:
    return _citizen(persons, patient, ())


def _citizen(persons: Persons, patient: dict[str, Any], known: list[str] | tuple[()]) -> Citizen:
    own = tuple(dict.fromkeys([*numbers(patient), *known]))
    return Citizen(patient["id"], persons.number(patient["id"]), human_name(patient.get("name")), own)
