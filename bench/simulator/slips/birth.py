"""Slips in birth date and sex."""

from __future__ import annotations

from datetime import date
from random import Random

from bench.simulator.form import Form
from bench.simulator.people import TODAY, Person


def birth_missing(form: Form, person: Person, rng: Random) -> bool:
    form.birth = ""
    return True


def year_only(form: Form, person: Person, rng: Random) -> bool:
    if len(form.birth) < 10:
        return False
    form.birth = form.birth[:4]
    return True


def first_january(form: Form, person: Person, rng: Random) -> bool:
    if not form.birth or form.birth[4:] == "-01-01":
        return False
    form.birth = form.birth[:4] + "-01-01"
    return True


def day_month_swapped(form: Form, person: Person, rng: Random) -> bool:
    year, _, rest = form.birth.partition("-")
    month, _, day = rest.partition("-")
    if not day or day == month or int(day) > 12:
        return False
    form.birth = f"{year}-{day}-{month}"
    return True


def digit_slip(form: Form, person: Person, rng: Random) -> bool:
    """One digit of day, month or year struck wrongly; the date stays a date."""
    if len(form.birth) < 10:
        return False
    for _ in range(20):
        at = rng.choice((2, 3, 5, 6, 8, 9, 9))
        other = form.birth[:at] + rng.choice("0123456789") + form.birth[at + 1 :]
        if other != form.birth and _is_date(other):
            form.birth = other
            return True
    return False


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text) <= TODAY
    except ValueError:
        return False


def year_off(form: Form, person: Person, rng: Random) -> bool:
    if not form.birth:
        return False
    year = int(form.birth[:4]) + rng.choice((-1, 1))
    rest = form.birth[4:]
    if not _is_date(f"{year}{rest or '-01-01'}"):
        return False
    form.birth = f"{year}{rest}"
    return True


def wrong_sex(form: Form, person: Person, rng: Random) -> bool:
    form.sex = "f" if form.sex == "m" else "m"
    return True


def sex_missing(form: Form, person: Person, rng: Random) -> bool:
    form.sex = ""
    return True
