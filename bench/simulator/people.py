"""The people themselves: lineages of one to three households of brothers, with their parents, wives and children.

A lineage is a function of the seed and its number, except for the numbers that its people are given in turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Literal

from bench.simulator import naming, numbers, places
from bench.simulator.naming import Rest
from bench.simulator.numbers import Issuer
from bench.simulator.places import Home

TODAY = date(2026, 11, 1)
_NOW = TODAY.toordinal()
_YEAR = 365.2425
Sex = Literal["m", "f"]


@dataclass(slots=True, eq=False)
class Person:
    sex: Sex
    birth: date
    """As the papers say it; many of the old are written down with 1 January."""
    family: str
    rest: Rest
    group: str
    home: Home
    phone: str
    father: Person | None = None
    mother: Person | None = None
    twin: Person | None = None
    role: str = ""
    key: str = ""
    personal: str = ""
    old_card: str = ""
    social: str = ""
    card: str = ""
    year_only: bool = False
    """The papers know the year of birth and no more."""

    @property
    def name(self) -> list[str]:
        return [self.family, *self.rest]

    @property
    def age(self) -> int:
        return TODAY.year - self.birth.year - ((TODAY.month, TODAY.day) < (self.birth.month, self.birth.day))


def lineages(seed: int, issuer: Issuer, kind: str = "p", first: int = 0) -> Iterator[list[Person]]:
    """Lineages without end, their people counted from `first`; another `kind` gives other people."""
    number, count = 0, first
    while True:
        people = lineage(Random(f"{seed}/{kind}/{number}"))
        for person in people:
            _papers(person, f"{kind}{count}", count, issuer, Random(f"{seed}/{kind}#{count}"))
            count += 1
        yield people
        number += 1


def lineage(rng: Random) -> list[Person]:
    home = places.home(rng)
    group = home.commune.province.groups.pick(rng)
    region = home.commune.province.region
    family = naming.surname(group, region, rng)
    draw = rng.random()
    people: list[Person] = []
    brothers = 1 if draw < 0.55 else 2 if draw < 0.85 else 3
    middle: Rest | None = None
    born = _NOW - int((rng.triangular(22, 78, 42)) * _YEAR)
    for index in range(brothers):
        if index:
            born += int(rng.triangular(1.2, 8, 3) * _YEAR)
            home = places.home(rng, home.commune) if rng.random() < 0.6 else _elsewhere(home, rng)
        head = _person("m", born, family, group, home, rng, middle)
        head.role = "head"
        middle = head.rest if rng.random() < 0.5 else None
        people += _household(head, region, with_elders=index == 0, rng=rng)
    _cousins(people, rng)
    return people


def _elsewhere(home: Home, rng: Random) -> Home:
    return places.nearby(home.commune.province.code, rng) if rng.random() < 0.6 else places.home(rng)


def _person(
    sex: Sex, born: int, family: str, group: str, home: Home, rng: Random, like: Rest | None = None, phone: str = ""
) -> Person:
    birth = _as_written(date.fromordinal(min(born, _NOW)), rng)
    rest = naming.sibling(like, sex, birth.year, rng) if like else naming.rest(group, sex, birth.year, rng)
    return Person(sex, birth, family, rest, group, home, phone or numbers.phone(rng))


def _as_written(day: date, rng: Random) -> date:
    share = 0.27 if day.year < 1960 else 0.1 if day.year < 1980 else 0.012
    return date(day.year, 1, 1) if rng.random() < share else day


def _household(head: Person, region: str, with_elders: bool, rng: Random) -> list[Person]:
    draw = rng.random()
    if draw < 0.1:
        return [head]
    wife_born = head.birth.toordinal() + int(rng.gauss(2.6, 2.5) * _YEAR)
    wife_family = naming.surname(head.group, region, rng)
    # Half of the couples give one phone for both.
    phone = head.phone if rng.random() < 0.5 else ""
    wife = _person("f", wife_born, wife_family, head.group, head.home, rng, None, phone)
    wife.role = "wife"
    children = _children(head, wife, rng) if draw > 0.2 else []
    people = [wife, *children] if draw > 0.94 and children else [head, wife, *children]
    if with_elders and rng.random() < 0.3:
        people += _elders(head, region, rng)
    return people


def _children(father: Person, mother: Person, rng: Random) -> list[Person]:
    found: list[Person] = []
    born = mother.birth.toordinal() + int(rng.triangular(19, 34, 24.5) * _YEAR)
    wanted = _wanted(rng) + (mother.birth.year < 1965)
    while len(found) < wanted and born < _NOW:
        child = _child(father, mother, born, found[-1] if found else None, rng)
        found.append(child)
        if rng.random() < 0.019:
            found.append(_twin(child, rng))
        born += int(rng.triangular(1.4, 8, 3.2) * _YEAR)
    return [child for child in found if child.age < 18 or child.age < 25 + 5 * rng.random()]


def _wanted(rng: Random) -> int:
    draw = rng.random()
    return 0 if draw < 0.05 else 1 if draw < 0.33 else 2 if draw < 0.84 else 3 if draw < 0.96 else 4


def _child(father: Person, mother: Person, born: int, before: Person | None, rng: Random) -> Person:
    sex: Sex = "m" if rng.random() < 0.526 else "f"
    like = before.rest if before and before.sex == sex and len(before.rest) > 1 and rng.random() < 0.45 else None
    child = _person(sex, born, father.family, father.group, father.home, rng, like)
    if sex == "m" and rng.random() < 0.004:
        child.rest = father.rest
    if child.age < 14 or (child.age < 22 and rng.random() < 0.35):
        child.phone = mother.phone if rng.random() < 0.6 else father.phone
    child.father, child.mother, child.role = father, mother, "child"
    return child


def _twin(first: Person, rng: Random) -> Person:
    sex: Sex = first.sex if rng.random() < 0.65 else ("f" if first.sex == "m" else "m")
    year = first.birth.year
    rest = naming.twin(first.rest, sex, year, rng) if sex == first.sex else naming.rest(first.group, sex, year, rng)
    own = numbers.phone(rng) if first.age >= 18 else first.phone
    other = Person(sex, first.birth, first.family, rest, first.group, first.home, own, first.father, first.mother)
    other.role, other.twin, first.twin = "child", first, other
    return other


def _elders(head: Person, region: str, rng: Random) -> list[Person]:
    mother_born = head.birth.toordinal() - int(rng.triangular(19, 38, 25) * _YEAR)
    mother = _person("f", mother_born, naming.surname(head.group, region, rng), head.group, head.home, rng)
    father_born = mother_born - int(rng.gauss(2.5, 2.5) * _YEAR)
    father = _person("m", father_born, head.family, head.group, head.home, rng, None, mother.phone)
    head.father, head.mother = father, mother
    father.role, mother.role = "grandfather", "grandmother"
    if rng.random() < 0.3:
        mother.phone = head.phone
    draw = rng.random()
    alive = [mother] if draw < 0.45 else [father] if draw < 0.55 else [father, mother]
    return [person for person in alive if person.age < 105]


def _cousins(people: list[Person], rng: Random) -> None:
    """Now and then two cousins of about an age get the same full name."""
    for person in people:
        if person.role == "child" and rng.random() < 0.01:
            for other in people:
                near = abs((other.birth - person.birth).days) < 1_500
                if other.role == "child" and other.father is not person.father and other.sex == person.sex and near:
                    person.rest = other.rest
                    break


def _papers(person: Person, key: str, count: int, issuer: Issuer, rng: Random) -> None:
    codes = person.home.commune.province.old_codes
    code = codes[int(rng.random() * len(codes))]
    every = numbers.old_provinces()
    origin = code if rng.random() < 0.85 else every[int(rng.random() * len(every))]
    person.key = key
    person.personal = issuer.personal(origin, person.sex, person.birth)
    person.social = numbers.social(count, code)
    person.card = numbers.card(person.social, code, person.age, rng)
    if person.age >= 20:
        person.old_card = numbers.old_card(origin, rng)
    person.year_only = person.birth.year < 1958 and rng.random() < 0.06
