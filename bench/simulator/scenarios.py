"""Named situations in which matchers are known to fail, each with the people enrolled and the arrivals in their order.

In every one the rule is the same: an arrival may be linked without a person looking only to the record of its person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from random import Random
from typing import Any

from bench.simulator import arrivals, naming, numbers, people, places, slips
from bench.simulator.arrivals import Arrival, arrive
from bench.simulator.form import Patient, true_form
from bench.simulator.numbers import Issuer
from bench.simulator.people import Person
from hoso.fhir import systems


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    register: list[Patient]
    arrivals: list[Arrival]


def scenarios(seed: int, scale: float = 1.0) -> Iterator[Scenario]:
    """All of them; `scale` below 1 makes those with many people smaller."""
    for index, (name, build) in enumerate(SCENARIOS.items()):
        cast = Cast(seed, name, first=60_000_000 + index * 1_000_000)
        register, came = build(cast, scale)
        yield Scenario(name, register, came)


class Cast:
    """Draws the people of one scenario and writes their records."""

    def __init__(self, seed: int, name: str, first: int) -> None:
        self.name = name
        self.rng = Random(f"{seed}/scenario/{name}")
        self._lineages = people.lineages(seed, Issuer(seed + first), name + "-", first)
        self._count = 0

    def lineage(self) -> list[Person]:
        return next(self._lineages)

    def people(self, count: int) -> list[Person]:
        return list(islice(chain.from_iterable(self._lineages), count))

    def such(self, count: int, fits: Callable[[Person], bool]) -> list[Person]:
        everyone = chain.from_iterable(self._lineages)
        return list(islice((person for person in everyone if fits(person)), count))

    def enrol(self, person: Person) -> Patient:
        return arrivals.enrolled(person, self.rng)

    def arrive(self, person: Person, profile: str | None = None, hard: bool = False) -> Arrival:
        self._count += 1
        return arrive(person, f"{self.name}-arrival-{self._count}", self.rng, profile, hard)

    def altered(self, person: Person, **fields: Any) -> Arrival:
        """The true form with these fields of it otherwise."""
        self._count += 1
        form = true_form(person)
        for name, value in fields.items():
            setattr(form, name, value)
        return Arrival(form.patient(f"{self.name}-arrival-{self._count}"), person.key)


Built = tuple[list[Patient], list[Arrival]]


def twins(cast: Cast, scale: float) -> Built:
    """Pairs of one sex; of half of the pairs only the first is enrolled. The second comes, twice if both are known."""
    register, came = [], []
    for index, first in enumerate(cast.such(int(1_000 * scale), _first_of_twins)):
        second = first.twin
        assert second is not None
        register.append(cast.enrol(first))
        if index % 2:
            register.append(cast.enrol(second))
            came.append(cast.arrive(second))
        came.append(cast.arrive(second))
    return register, came


def _first_of_twins(one: Person) -> bool:
    """Of one sex, both still in the family's household, hence both with papers."""
    return one.twin is not None and one.twin.sex == one.sex and one.key < one.twin.key


def first_of_january(cast: Cast, scale: float) -> Built:
    """People of one name, born on 1 January of some year; known and unknown ones come without any number."""
    count = int(10_000 * scale)
    crowd = cast.people(count + count // 10)
    for person in crowd:
        person.family, person.rest, person.sex = "Nguyễn", ("Văn", "Hùng"), "m"
        person.birth, person.year_only = date(1930 + int(cast.rng.random() * 60), 1, 1), False
        person.home = places.home(cast.rng)
    known, unknown = crowd[:count], crowd[count:]
    came = [
        cast.altered(person, personal="", card="", social="", phone="", old_address=cast.rng.random() < 0.3)
        for person in [*cast.rng.sample(known, len(unknown)), *unknown]
    ]
    return [cast.enrol(person) for person in known], came


def newcomer(cast: Cast, scale: float) -> Built:
    """Fifty arrivals of one person whom nobody knew, from every kind of register; the family is enrolled."""
    lineage = next(line for line in iter(cast.lineage, None) if len(line) > 4)
    stranger = next(person for person in lineage if person.age >= 20)
    register = [cast.enrol(person) for person in lineage if person is not stranger]
    return register, [cast.arrive(stranger) for _ in range(50)]


def one_patient_for_everyone(cast: Cast, scale: float) -> Built:
    """A facility that sends each of its patients under the same number of its own; half of them are known."""
    crowd = cast.people(int(500 * scale))
    local = {"system": systems.facility_patient_number("01901"), "value": "00000001"}
    came = []
    for person in crowd:
        arrival = cast.arrive(person, "typed")
        arrival.patient["identifier"] = [*arrival.patient.get("identifier", ()), local]
        came.append(arrival)
    return [cast.enrol(person) for person in crowd[::2]], came


def placeholder_patient(cast: Cast, scale: float) -> Built:
    """A facility whose walk-in customers all stand as the same nameless person."""
    crowd = cast.people(int(500 * scale))
    return [], [
        cast.altered(
            person, written="Khách lẻ", birth="1900-01-01", personal="", card="", social="", phone="", home=None
        )
        for person in crowd
    ]


def one_phone(cast: Cast, scale: float) -> Built:
    """A thousand people with the phone of their school's health worker, half of them known."""
    crowd = cast.people(int(1_000 * scale))
    phone = numbers.phone(cast.rng)
    for person in crowd:
        person.phone = phone
    came = [cast.arrive(person, "list") for person in crowd]
    for arrival in came:
        arrival.patient["telecom"] = [{"system": "phone", "value": phone}]
    return [cast.enrol(person) for person in crowd[::2]], came


def dummy_numbers(cast: Cast, scale: float) -> Built:
    """Enrolled and arriving under numbers that clerks make up to get past the form."""
    crowd = cast.people(int(1_000 * scale))
    register = []
    for person in crowd[::2]:
        listed = copy(person)
        listed.personal = cast.rng.choice(slips.DUMMY_NUMBERS)
        register.append(cast.enrol(listed))
    dummy = [cast.rng.choice(slips.DUMMY_NUMBERS) for _ in crowd]
    phones = [cast.rng.choice((person.phone, slips.DUMMY_PHONES[0])) for person in crowd]
    came = [
        cast.altered(person, personal=number, card="", social="", phone=phone)
        for person, number, phone in zip(crowd, dummy, phones, strict=True)
    ]
    return register, came


def parents_number(cast: Cast, scale: float) -> Built:
    """Children who come under the number and the phone of their mother; she is enrolled, every other child too."""
    children = cast.such(int(500 * scale), lambda one: one.age < 16 and one.mother is not None and one.mother.key != "")
    register: dict[str, Patient] = {}
    came = []
    for index, child in enumerate(children):
        mother = child.mother
        assert mother is not None
        register[mother.key] = cast.enrol(mother)
        if index % 2:
            register[child.key] = cast.enrol(child)
        came.append(cast.altered(child, personal=mother.personal, card="", social="", phone=mother.phone))
    return list(register.values()), came


def newborns(cast: Cast, scale: float) -> Built:
    """Babies under their mothers' names; mothers are enrolled, and every other baby."""
    babies = cast.such(int(300 * scale), lambda one: one.age == 0 and one.mother is not None and one.mother.key != "")
    register: dict[str, Patient] = {}
    came = []
    for index, baby in enumerate(babies):
        assert baby.mother is not None
        register[baby.mother.key] = cast.enrol(baby.mother)
        if index % 2:
            register[baby.key] = cast.enrol(baby)
        came.append(cast.arrive(baby, "delivery_room"))
    return list(register.values()), came


def cousins_of_one_name(cast: Cast, scale: float) -> Built:
    """Two children of one commune, sex and full name, born within weeks; one is enrolled, the other comes."""
    register, came = [], []
    for child in cast.such(int(500 * scale), lambda one: 1 <= one.age < 30 and one.role == "child"):
        cousin = copy(child)
        cousin.key, cousin.father, cousin.mother, cousin.twin = f"{child.key}-cousin", None, None, None
        cousin.birth = date.fromordinal(child.birth.toordinal() + 3 + int(cast.rng.random() * 60))
        cousin.home = places.home(cast.rng, child.home.commune)
        cousin.phone, cousin.personal, cousin.card, cousin.social = numbers.phone(cast.rng), "", "", ""
        register.append(cast.enrol(child))
        came.append(cast.arrive(cousin))
    return register, came


def sons_named_as_fathers(cast: Cast, scale: float) -> Built:
    """The father is enrolled; the son of the same name comes from the same house, often with the year alone."""
    register: dict[str, Patient] = {}
    came = []
    sons = cast.such(int(300 * scale), lambda one: one.sex == "m" and one.father is not None and one.father.key != "")
    for son in sons:
        assert son.father is not None
        if son.father.key in register:  # brothers do not share one name
            continue
        son.rest = son.father.rest
        register[son.father.key] = cast.enrol(son.father)
        came.append(cast.arrive(son))
    return list(register.values()), came


def reissued_numbers(cast: Cast, scale: float) -> Built:
    """Known people with a new personal number, all else the same."""
    crowd = cast.such(int(300 * scale), lambda one: one.age >= 14)
    register = [cast.enrol(person) for person in crowd]
    came = []
    for person in crowd:
        origin = cast.rng.choice(numbers.old_provinces())
        other = f"0{origin}{person.personal[3:6]}{int(cast.rng.random() * 10**6):06d}"
        came.append(cast.altered(person, personal=other))
    return register, came


def siblings(cast: Cast, scale: float) -> Built:
    """Brothers and sisters of one middle name: the elder is enrolled, the younger comes with the family's phone."""
    register, came = [], []
    for child in cast.such(int(500 * scale), lambda one: one.role == "child" and 2 <= one.age < 18):
        other = copy(child)
        other.key, other.twin = f"{child.key}-younger", None
        other.rest = naming.sibling(child.rest, child.sex, child.birth.year, cast.rng)
        later = child.birth.toordinal() + 330 + int(cast.rng.random() * 400)
        other.birth = min(date.fromordinal(later), people.TODAY)
        other.personal, other.card, other.social = "", "", ""
        register.append(cast.enrol(child))
        came.append(cast.arrive(other))
    return register, came


SCENARIOS: dict[str, Callable[[Cast, float], Built]] = {
    "twins": twins,
    "siblings": siblings,
    "cousins": cousins_of_one_name,
    "father_and_son": sons_named_as_fathers,
    "first_of_january": first_of_january,
    "newcomer": newcomer,
    "newborns": newborns,
    "one_patient": one_patient_for_everyone,
    "nameless": placeholder_patient,
    "one_phone": one_phone,
    "dummy_numbers": dummy_numbers,
    "parents_number": parents_number,
    "reissued": reissued_numbers,
}
