"""Is what was typed a person who can be registered? Each fault is named with its field and says what to do."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from hoso.core.card_scan import read_day
from hoso.fhir.systems import PERSONAL_NUMBER
from hoso.identity.normalise.births import birth_of
from hoso.identity.normalise.numbers import DUMMY, PROVINCE, SEX, YEAR, number_of
from hoso.identity.normalise.person import Sex
from hoso.identity.normalise.phones import phones_in
from hoso.web.registering.titles import RELATIONS
from hoso.web.registering.typed import Kind, Typed

OLDEST = 130
NEWBORN = timedelta(days=60)
"""A birth must be declared within 60 days (Civil status law 60/2014/QH13 Art. 15); a child has its own name then."""

_SEPARATORS = re.compile(r"[\s.\-]+")
_INSURANCE = re.compile(r"[A-Z]{2}[1-5][0-9]{12}\Z|[0-9]{10}\Z")
_SEXES: dict[str, Sex] = {"male": "male", "female": "female", "other": "other"}
_IN_NAMES = frozenset(" .'’-,()")
_SHORTEST = 2

Faults = dict[str, str]
"""By the field that the summary leads to, in the order of the form; the texts are catalogue keys."""


def _(text: str) -> str:
    """Marks a catalogue key: the page puts it into words."""
    return text


@dataclass(frozen=True, slots=True)
class Kin:
    """The mother of a newborn, or whoever answers for the person."""

    name: str
    relation: str
    phone: str = ""
    code: str = ""
    """The citizen code, of a mother whose own record was chosen."""


@dataclass(frozen=True, slots=True)
class Entered:
    """A person who can be registered. `born` is a FHIR date, empty for somebody unknown."""

    kind: Kind
    name: str
    born: str
    sex: Sex
    number: str = ""
    insurance: str = ""
    phone: str = ""
    address: str = ""
    known_as: str = ""
    kin: Kin | None = None
    order: int = 0


def check(kind: Kind, typed: Typed, long: set[str], today: date, mother: Kin | None = None) -> tuple[Entered, Faults]:
    """What is understood of it, and every fault; with faults it is only good for looking for look-alikes."""
    faults: Faults = {}
    if kind == "known":
        _name(typed["name"], "name", faults)
    if kind == "newborn" and mother is None:
        _name(typed["mother_name"], "mother_name", faults)
    if kind == "unknown" and len(typed["known_as"]) < _SHORTEST:
        faults["known_as"] = _("Say what the person looks like and where they were found, so that they are recognised.")
    born = "" if kind == "unknown" else _born(kind, typed, today, faults)
    sex = _SEXES.get(typed["sex"], "")
    if not sex and kind != "unknown":
        faults["sex"] = _("Choose the sex.")
    entered = Entered(
        kind, typed["name"], born, sex,
        number=_number(typed, born, sex, faults),
        insurance=_insurance(typed["insurance"], faults),
        phone=_phone(typed, "phone", faults),
        address=typed["address"], known_as=typed["known_as"],
        kin=_kin(kind, typed, mother, faults), order=_order(typed["order"], faults),
    )  # fmt: skip
    for name in long:
        faults.setdefault(name, _("This is too long. Keep what matters."))
    return entered, faults


def _name(name: str, field: str, faults: Faults) -> None:
    if sum(ch.isalpha() for ch in name) < _SHORTEST:
        faults[field] = _("Write the full name as on the papers.")
    elif not all(ch.isalpha() or ch in _IN_NAMES or unicodedata.category(ch)[0] == "M" for ch in name):
        faults[field] = _("A name has letters only. Take out digits and signs.")


def _born(kind: Kind, typed: Typed, today: date, faults: Faults) -> str:
    """A whole day, or month and year, or the year alone."""
    day, month, year = typed["day"], typed["month"], typed["year"]
    if not year:
        faults["year"] = _("Write at least the year of birth.")
    elif not (year.isascii() and year.isdecimal() and len(year) == 4):
        faults["year"] = _("Write the year of birth with four digits, as 1967.")
    elif int(year) > today.year:
        faults["year"] = _("The birth date is in the future.")
    elif day and not month:
        faults["month"] = _("Write the month of birth too, or leave the day out.")
    elif not (born := read_day(f"{day or 0}/{month or 0}/{year}")):
        faults["day" if day else "month"] = _("This day does not exist. Check day and month.")
    elif born > today.isoformat()[: len(born)]:
        faults["day" if day else "month"] = _("The birth date is in the future.")
    elif today.year - int(year) > OLDEST:
        faults["year"] = _("Nobody is that old. Check the year of birth.")
    elif kind == "newborn" and len(born) < len("yyyy-mm-dd"):
        faults["day"] = _("Of a newborn the whole birth date is known: write day and month.")
    elif kind == "newborn" and today - date.fromisoformat(born) > NEWBORN:
        faults["day"] = _("This child is older than 60 days: register it under its own name.")
    else:
        return born
    return ""


def _number(typed: Typed, born: str, sex: Sex, faults: Faults) -> str:
    number = _SEPARATORS.sub("", typed["number"])
    if not number:
        return ""
    if not (number.isascii() and number.isdecimal() and len(number) == 12):
        faults["number"] = _("A personal number has 12 digits.")
        return ""
    birth, _note = birth_of(born, None)
    read = number_of({"system": PERSONAL_NUMBER, "value": number}, birth, sex)
    doubt = read.doubt if read else DUMMY
    says = {
        YEAR: _("This number was given to somebody born in another year. A guardian's number belongs to the guardian."),
        SEX: _("This number was given to somebody of the other sex. A guardian's number belongs to the guardian."),
        PROVINCE: _("No province gives numbers that begin so. Compare it with the card."),
        DUMMY: _("This is no real number. Leave it empty if it is not known."),
    }
    if doubt in says and not (typed["sure"] and doubt != DUMMY):
        faults["number"] = says[doubt]
    return number


def _insurance(text: str, faults: Faults) -> str:
    number = _SEPARATORS.sub("", text).upper()
    if number and not _INSURANCE.match(number):
        faults["insurance"] = _("An insurance card has 15 characters; its last 10 digits are enough.")
        return ""
    return number


def _phone(typed: Typed, field: str, faults: Faults) -> str:
    text = typed[field]
    found = phones_in(text)
    if text and not found:
        faults[field] = _("This is no phone number. Write all its digits, as 0912 345 678.")
    return found[0] if found else ""


def _kin(kind: Kind, typed: Typed, mother: Kin | None, faults: Faults) -> Kin | None:
    if kind == "newborn":
        return mother or Kin(typed["mother_name"], "MTH", _phone(typed, "mother_phone", faults))
    phone = _phone(typed, "guardian_phone", faults)
    if not typed["guardian"]:
        if typed["guardian_phone"]:
            faults["guardian"] = _("Write whose phone this is.")
        return None
    _name(typed["guardian"], "guardian", faults)
    if typed["relation"] not in RELATIONS:
        faults["relation"] = _("Choose who this is to the person.")
    return Kin(typed["guardian"], typed["relation"], phone)


def _order(text: str, faults: Faults) -> int:
    if text and text not in "123456789":
        faults["order"] = _("Write the place among twins as 1, 2 or 3.")
        return 0
    return int(text or 0)
