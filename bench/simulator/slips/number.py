"""Slips in the numbers: personal number, old card, insurance card, phone."""

from __future__ import annotations

from random import Random

from bench.simulator import numbers
from bench.simulator.form import Form
from bench.simulator.people import Person

DUMMY_NUMBERS = ("000000000000", "111111111111", "123456789012", "999999999999", "012345678912")
DUMMY_PHONES = ("0000000000", "0999999999", "0123456789", "0900000000")


def no_personal(form: Form, person: Person, rng: Random) -> bool:
    had, form.personal = form.personal, ""
    return bool(had)


def no_number_yet(form: Form, person: Person, rng: Random) -> bool:
    """Children seldom have the number with them: the small ones hardly ever."""
    if person.age >= 14 or (person.age >= 6 and rng.random() < 0.5):
        return False
    return no_personal(form, person, rng)


def old_card(form: Form, person: Person, rng: Random) -> bool:
    """The old nine-digit card instead of the number: in its own field, or in the one for the new number."""
    if not person.old_card:
        return False
    form.personal = form.old_card = ""
    if rng.random() < 0.5:
        form.old_card = person.old_card
    else:
        form.personal = person.old_card
    return True


def reissued(form: Form, person: Person, rng: Random) -> bool:
    """A new number after sex, year or place of registration were corrected; everything else stays."""
    if not form.personal:
        return False
    form.personal = f"0{rng.choice(numbers.old_provinces())}{form.personal[3:6]}{int(rng.random() * 10**6):06d}"
    return True


def parents_number(form: Form, person: Person, rng: Random) -> bool:
    parent = person.mother or person.father
    if parent is None or person.age >= 16:
        return False
    form.personal = parent.personal
    return True


def dummy_number(form: Form, person: Person, rng: Random) -> bool:
    form.personal = rng.choice(DUMMY_NUMBERS)
    return True


def _digit(text: str, rng: Random) -> str:
    at = int(rng.random() * len(text))
    if rng.random() < 0.3 and at + 1 < len(text) and text[at] != text[at + 1]:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + str((int(text[at]) + 1 + int(rng.random() * 9)) % 10) + text[at + 1 :]


def number_typo(form: Form, person: Person, rng: Random) -> bool:
    if not form.personal:
        return False
    form.personal = _digit(form.personal, rng)
    return True


def zeros_lost(form: Form, person: Person, rng: Random) -> bool:
    """A number field that holds numbers: what begins with 0 gets shorter, telephones too."""
    before = form.personal, form.phone
    form.personal, form.phone = form.personal.lstrip("0"), form.phone.lstrip("0")
    return before != (form.personal, form.phone)


def no_insurance(form: Form, person: Person, rng: Random) -> bool:
    had, form.card, form.social = form.card, "", ""
    return bool(had)


def insurance_typo(form: Form, person: Person, rng: Random) -> bool:
    if not form.card:
        return False
    form.card, form.social = form.card[:5] + _digit(form.card[5:], rng), ""
    return True


def ten_digits(form: Form, person: Person, rng: Random) -> bool:
    """Newer cards show the ten digits alone; some software writes them where the card number goes."""
    if not form.card:
        return False
    form.card, form.social = form.card[5:], ""
    return True


def other_group(form: Form, person: Person, rng: Random) -> bool:
    """A later card: group, benefit and province have changed, the last ten digits stay."""
    if not form.card:
        return False
    form.card, form.social = numbers.card(form.card[5:], rng.choice(numbers.old_provinces()), person.age, rng), ""
    return True


def no_phone(form: Form, person: Person, rng: Random) -> bool:
    had, form.phone = form.phone, ""
    return bool(had)


def phone_changed(form: Form, person: Person, rng: Random) -> bool:
    had, form.phone = form.phone, numbers.phone(rng) if form.phone else ""
    return bool(had)


def relatives_phone(form: Form, person: Person, rng: Random) -> bool:
    kin = [one for one in (person.mother, person.father, person.twin) if one and one.phone != form.phone]
    if not kin or not form.phone:
        return False
    form.phone = rng.choice(kin).phone
    return True


def dummy_phone(form: Form, person: Person, rng: Random) -> bool:
    form.phone = rng.choice(DUMMY_PHONES)
    return True


def phone_written_otherwise(form: Form, person: Person, rng: Random) -> bool:
    if not form.phone:
        return False
    number = form.phone
    form.phone = rng.choice(
        (f"+84{number[1:]}", f"{number[:4]} {number[4:7]} {number[7:]}", f"{number[:4]}.{number[4:]}")
    )
    return True
