"""Slips in the address, and the two ways in which it may be written."""

from __future__ import annotations

from random import Random

from bench.simulator import places
from bench.simulator.form import Form
from bench.simulator.people import Person


def moved(form: Form, person: Person, rng: Random) -> bool:
    near = rng.random() < 0.6
    form.home = places.nearby(person.home.commune.province.code, rng) if near else places.home(rng)
    return True


def no_address(form: Form, person: Person, rng: Random) -> bool:
    form.home = None
    return True


def old_address(form: Form, person: Person, rng: Random) -> bool:
    form.old_address = form.home is not None and form.home.old is not None
    return form.old_address


def coded_commune(form: Form, person: Person, rng: Random) -> bool:
    form.coded_commune = form.home is not None
    return False
