"""A citizen's place in society: occupation, school, personal number, insurance card; what papers exist at which age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from hoso.core.places import old_province_codes
from hoso.synth import identifiers
from hoso.synth.identifiers import Keys
from hoso.synth.tables import Weighted, settings

if TYPE_CHECKING:
    from hoso.synth.people import Home, Person


@dataclass(frozen=True)
class Standing:
    code: str
    occupation: str
    """A key of the table `occupations`, or "child", "preschool", "pupil", "student", "retired", "none"."""
    personal_number: str | None
    social_number: str
    card: str | None
    year_only: bool
    """Only the year of birth is known, as with many old people."""


def of(person: Person, home: Home, keys: Keys, today: date, rng: Random) -> Standing:
    age = person.age(today)
    old_code = home.province.old_codes[home.number % len(home.province.old_codes)]
    origin = old_code if rng.random() < 0.88 else rng.choice(old_province_codes())
    occupation = _occupation(age, person.group, home, rng)
    social = identifiers.social_number(keys, person.number, old_code)
    group, benefit = _card_group(age, occupation, person.group, home, rng)
    number = identifiers.personal_number(keys, person.number, origin, person.sex, person.birth)
    return Standing(
        code=identifiers.hoso_code(keys, person.number),
        occupation=occupation,
        personal_number=None if rng.random() < _no_number(age) else number,
        social_number=social,
        card=identifiers.insurance_card(group, benefit, old_code, social) if group else None,
        year_only=age >= 68 and rng.random() < 0.08,
    )


def _no_number(age: int) -> float:
    steps: list[list[float]] = settings("people.toml")["without_personal_number"]
    return next(share for below, share in steps if age < below)


def _occupation(age: int, group: str, home: Home, rng: Random) -> str:
    if age < 3:
        return "child"
    if age < 6:
        return "preschool" if rng.random() < 0.86 else "child"
    if age < 18:
        return "pupil" if rng.random() < (0.97 if age < 15 else 0.86) else "none"
    if age < 23 and rng.random() < 0.32:
        return "student"
    if age >= 60:
        return "retired" if rng.random() < 0.34 else "farmer" if age < 72 and rng.random() < 0.4 else "none"
    place = "urban" if home.commune.is_urban else "rural"
    table: dict[str, dict[str, float]] = settings("people.toml")["occupations"]
    return Weighted((name, entry[place]) for name, entry in table.items()).pick(rng)


def _card_group(age: int, occupation: str, group: str, home: Home, rng: Random) -> tuple[str, int]:
    """Group letters and benefit digit; ("", 0) for the uninsured."""
    if age < 6:
        return ("TE", 1) if rng.random() < 0.985 else ("", 0)
    if home.is_poor:
        return "HN", 2
    if group not in ("01", "04") and not home.commune.is_urban:
        return "DT", 2
    fixed: dict[str, tuple[str, int]] = {
        "pupil": ("HS", 4),
        "student": ("SV", 4),
        "official": ("HC", 4),
        "teacher": ("HC", 4),
        "worker": ("DN", 4),
        "office": ("DN", 4),
        "retired": ("HT", 3),
    }
    if occupation in fixed:
        return fixed[occupation]
    if age >= 80:
        return "BT", 2
    return ("GD", 4) if rng.random() < 0.84 else ("", 0)
