"""A person as some register writes them: true data through the slips of that register's profile."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from bench.simulator.form import Form, Patient, true_form
from bench.simulator.people import Person
from bench.simulator.places import DATA
from bench.simulator.slips import SLIPS
from hoso.synth.tables import Weighted

HARDER = 1.9
"""By this factor the records of the hard split have more slips."""

_NO_HARDER = frozenset(
    {"coded_commune", "one_name_field", "all_caps", "new_tone_style", "old_tone_style", "zeros_lost"}
)
_GIVES_NUMBER = frozenset({"old_card", "parents_number", "dummy_number", "number_typo", "reissued", "no_number_yet"})

Rates = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    patient: Patient
    person: str
    """Whose record it is: the key under which the person is enrolled, if at all."""
    profile: str = ""
    slips: tuple[str, ...] = ()


def enrolled(person: Person, rng: Random) -> Patient:
    """How the national register itself has a person, under the person's key."""
    form, _ = _written(person, _rates("", False), rng)
    return form.patient(person.key)


def arrive(person: Person, id: str, rng: Random, profile: str | None = None, hard: bool = False) -> Arrival:
    """Hard arrivals carry no personal number, come from no scanner, and have more slips."""
    profile = profile or _drawn(person, hard, rng)
    form, slips = _written(person, _rates(profile, hard), rng)
    return Arrival(form.patient(id), person.key, profile, tuple(slips))


def _written(person: Person, rates: Rates, rng: Random) -> tuple[Form, list[str]]:
    form = true_form(person)
    happened = []
    for slip, rate in rates:
        if rng.random() < rate and SLIPS[slip](form, person, rng):
            happened.append(slip)
    return form, happened


def _drawn(person: Person, hard: bool, rng: Random) -> str:
    if person.age == 0 and rng.random() < _table()["arrival"]["delivery_room"]["share_of_newborns"]:
        return "delivery_room"
    while True:
        profile = _profiles().pick(rng)
        if not (hard and profile == "scan"):
            return profile


@cache
def _profiles() -> Weighted[str]:
    return Weighted((name, entry.get("share", 0)) for name, entry in _table()["arrival"].items())


@cache
def _rates(profile: str, hard: bool) -> Rates:
    """The slips of a profile, in the order in which they happen; the empty name is the national register itself."""
    slips: dict[str, float] = _table()["arrival"][profile]["slips"] if profile else _table()["register"]
    unknown = slips.keys() - SLIPS.keys()
    if unknown:
        raise ValueError(f"profiles.toml, {profile or 'register'}: no such slip: {', '.join(sorted(unknown))}")
    if hard:
        slips = {name: rate if name in _NO_HARDER else min(0.9, rate * HARDER) for name, rate in slips.items()}
        slips = {name: rate for name, rate in slips.items() if name not in _GIVES_NUMBER} | {"no_personal": 1.0}
    return tuple((name, slips[name]) for name in SLIPS if name in slips)


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((DATA / "profiles.toml").read_text(encoding="utf-8"))
    return found
