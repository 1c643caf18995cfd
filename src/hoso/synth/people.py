"""Households and the people in them: couples, their children with the father's name, grandparents, people alone.

A household is a function of seed and its number; people are numbered household by household.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from hoso.synth import identifiers, names, places, standing
from hoso.synth.identifiers import Keys
from hoso.synth.places import Commune, Province
from hoso.synth.tables import Weighted, settings

YEAR = 365.2425


@dataclass
class Person:
    """One citizen as the state and the family know them; what the body does comes from `life`."""

    role: str
    sex: str
    birth: date
    group: str
    family: str
    rest: tuple[str, ...]
    father: Person | None = None
    mother: Person | None = None
    partner: Person | None = None
    """Husband or wife living in the household."""
    kin: Person | None = None
    """A grown child to call, of old people."""
    births: list[date] = field(default_factory=list)
    """Of a woman: when her children were born, whether or not they live here."""
    died: date | None = None
    number: int = 0
    phone: str | None = None
    home: Home | None = None
    standing: standing.Standing | None = None

    @property
    def name(self) -> str:
        return names.written(self.group, self.family, self.rest)

    def age(self, day: date) -> int:
        return day.year - self.birth.year - ((day.month, day.day) < (self.birth.month, self.birth.day))


@dataclass(frozen=True)
class Home:
    """Address and means shared by a household."""

    number: int
    province: Province
    commune: Commune
    line: str
    phone: str
    is_poor: bool


def households(seed: int, keys: Keys, today: date) -> Iterator[list[Person]]:
    """All households of a seed, without end."""
    first = household = 0
    while True:
        people = _household(seed, household, today)
        for offset, person in enumerate(people):
            person.number = first + offset
            _register(person, seed, keys, today)
        yield people
        first += len(people)
        household += 1


def _household(seed: int, number: int, today: date) -> list[Person]:
    rng = Random(f"{seed}/household/{number}")
    province, commune = places.home(rng)
    group = province.groups.pick(rng)
    poor = rng.random() < (0.05 if group in ("01", "04") else 0.3)
    home = Home(number, province, commune, places.street(commune, rng), identifiers.phone(rng), poor)
    kinds = settings("people.toml")["households"]
    kind = Weighted((name, entry["share"]) for name, entry in kinds.items()).pick(rng)
    low, mode, high = kinds[kind]["head_age"]
    born = _years_before(today, rng.triangular(low, high, mode), rng)
    people = _members(kind, born, home, group, today, rng)
    for person in people:
        person.home = home
        person.died = _death(person, today, rng)
    return people


def _members(kind: str, born: date, home: Home, group: str, today: date, rng: Random) -> list[Person]:
    region = home.province.region
    if kind == "alone":
        return [_person("head", rng.choice("mf"), born, group, region, rng)]
    husband = _person("head", "m", born, group, region, rng)
    wife = _person(
        "wife", "f", born + timedelta(days=int(rng.gauss(2.6, 2.5) * YEAR)), _spouse(group, home, rng), region, rng
    )
    husband.partner, wife.partner = wife, husband
    children = _children(husband, wife, today, region, rng)
    at_home = [child for child in children if _still_here(child, today, rng)]
    if kind == "couple":
        return [husband, wife]
    if kind == "mother_alone":
        wife.partner = None
    parents = [wife] if kind == "mother_alone" else [husband, wife]
    elders = _elders(husband, region, rng) if kind == "three_generations" else []
    return [*parents, *at_home, *elders]


def _spouse(group: str, home: Home, rng: Random) -> str:
    return group if rng.random() < 0.93 else home.province.groups.pick(rng)


def _person(
    role: str, sex: str, birth: date, group: str, region: str, rng: Random, family: str | None = None
) -> Person:
    family = family or names.surname(group, region, rng)
    return Person(role, sex, birth, group, family, names.given(group, sex, birth.year, rng))


def _children(father: Person, mother: Person, today: date, region: str, rng: Random) -> list[Person]:
    wanted = Weighted(((0, 6), (1, 28), (2, 52), (3, 11), (4, 3))).pick(rng)
    if mother.birth.year < 1965:
        wanted += rng.choice((0, 1, 2))
    children: list[Person] = []
    day = mother.birth + timedelta(days=int(rng.triangular(19, 34, 24.5) * YEAR))
    latest = mother.birth + timedelta(days=int(43 * YEAR))
    while len(children) < wanted and day < min(today, latest):
        sex = "m" if rng.random() < 0.526 else "f"
        child = _person("child", sex, day, father.group, region, rng, father.family)
        child.father, child.mother = father, mother
        children.append(child)
        day += timedelta(days=int(rng.triangular(1.4, 8, 3.2) * YEAR))
    mother.births = [child.birth for child in children]
    return children


def _still_here(child: Person, today: date, rng: Random) -> bool:
    age = (today - child.birth).days / YEAR
    if age < 18:
        return True
    leaving = 30 if child.sex == "m" else 26
    return age < leaving + rng.gauss(0, 4)


def _elders(head: Person, region: str, rng: Random) -> list[Person]:
    mother_birth = head.birth - timedelta(days=int(rng.triangular(19, 38, 25) * YEAR))
    father_birth = mother_birth - timedelta(days=int(rng.gauss(2.5, 2.5) * YEAR))
    father = _person("grandfather", "m", father_birth, head.group, region, rng, head.family)
    mother = _person("grandmother", "f", mother_birth, head.group, region, rng)
    father.kin = mother.kin = head
    mother.births = sorted({head.birth, *(_later(head.birth, rng) for _ in range(rng.randrange(4)))})
    head.father, head.mother = father, mother
    alive = rng.random()
    if alive < 0.45:
        return [mother] if alive < 0.38 else [father]
    father.partner, mother.partner = mother, father
    return [father, mother]


def _later(day: date, rng: Random) -> date:
    return day + timedelta(days=rng.randrange(500, 3_500))


def _years_before(today: date, years: float, rng: Random) -> date:
    return today - timedelta(days=int(years * YEAR) + rng.randrange(365))


def _death(person: Person, today: date, rng: Random) -> date | None:
    """A death in the last seven years, by age (Gompertz); earlier deaths left the household."""
    for year in range(7, 0, -1):
        age = (today - person.birth).days / YEAR - year
        if age < 1:
            continue
        risk = min(0.35, (0.00034 if person.sex == "m" else 0.0002) * 2.718 ** (0.083 * (age - 30)))
        if rng.random() < risk:
            return today - timedelta(days=(year - 1) * 365 + rng.randrange(1, 364))
    return None


def _register(person: Person, seed: int, keys: Keys, today: date) -> None:
    rng = Random(f"{seed}/papers/{person.number}")
    assert person.home is not None
    person.phone = _own_phone(person, today, rng) or person.home.phone
    person.standing = standing.of(person, person.home, keys, today, rng)


def _own_phone(person: Person, today: date, rng: Random) -> str | None:
    age = person.age(today)
    own = 0.0 if age < 14 else 0.45 if age < 18 or age > 75 else 0.9
    if person.role in ("head", "wife") and rng.random() < 0.5:
        return None
    return identifiers.phone(rng) if rng.random() < own else None
