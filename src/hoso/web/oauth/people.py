"""Whose record an app is to be about: people as the person signed in finds them, in the little a choice needs."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.care.elements import human_name
from hoso.web.box import Asked
from hoso.web.door import Door, Resource

MOST = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One person; empty for an app that is about nobody."""

    id: str
    name: str
    sex: str
    born: str


def choices(door: Door, asked: Asked) -> list[Choice]:
    return [_choice(hit.person) for hit in door.find(asked).people[:MOST]] if not asked.empty else []


def person(door: Door, id: str) -> Choice | None:
    """The person under this id, or the one it leads to, if the reader may see it."""
    found = door.persons.find(id) if id else None
    if isinstance(found, str):
        found = door.persons.find(found)
    return _choice(found.patient) if found is not None and not isinstance(found, str) else None


def _choice(patient: Resource) -> Choice:
    name = human_name(patient.get("name"))
    return Choice(str(patient["id"]), name, str(patient.get("gender", "")), str(patient.get("birthDate", "")))
