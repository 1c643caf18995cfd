"""Identifiers of a person, each tested against the birth year and the sex of the record it stands in.

A personal number has no check digit: province of birth registration, century and sex, two digits of the year
(TT 07/2016/TT-BCA). One that contradicts the record may be a parent's or another person's; it is kept with its doubt.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from typing import Any

from hoso.core import citizen_code
from hoso.core.places import old_province_codes
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space
from hoso.identity.normalise.person import Birth, Number, NumberKind, Sex
from hoso.identity.normalise.strings import object_of, objects_of, text_of

LOST_ZERO, YEAR, SEX, PROVINCE, DUMMY, CHECK_DIGIT = "lost-zero", "year", "sex", "province", "dummy", "check-digit"
REVOKED = "revoked"
_LOCAL = re.compile(r"https://hoso\.vn/sid/facility/[^/]+/patient\Z")
_BY_SYSTEM: dict[str, NumberKind] = {
    systems.PERSONAL_NUMBER: "cccd",
    systems.OLD_CARD_NUMBER: "cmnd",
    systems.INSURANCE_NUMBER: "bhxh",
    systems.SOCIAL_NUMBER: "bhxh",
    systems.PASSPORT_NUMBER: "passport",
    systems.INTERNAL_NUMBER: "local",
    systems.CITIZEN_CODE: "citizen-code",
}
_BY_TYPE: dict[str, NumberKind] = {"NI": "cccd", "NIIP": "cccd", "SB": "bhxh", "PPN": "passport", "MR": "local"}
_SEPARATORS = re.compile(r"[\s.\-_\u2010-\u2015\u00a0\u200b\ufeff]+")
_DIGITS = re.compile(r"[0-9]+\Z")
_CARD = re.compile(r"[A-Z]{2}[0-9][0-9A-Z]{2}([0-9A-Z]{10})\Z")
_PASSPORT = re.compile(r"[A-Z]{1,2}[0-9]{6,8}\Z")
_LONGEST = 128
_RUNS = "01234567890123456789", "98765432109876543210"


def number_of(identifier: Mapping[str, Any], birth: Birth | None, sex: Sex) -> Number | None:
    """None when the identifier has no value."""
    written, system = identifier.get("value"), identifier.get("system")
    if not isinstance(written, str):
        return None
    if not isinstance(system, str):
        system = ""
    kind = _of_system(system) or _of_type(identifier)
    if kind == "local":
        value = written[:_LONGEST].strip()
        return Number("local", value, system, None, "") if value else None
    value = _compact(written[:_LONGEST])
    if not value:
        return None
    if kind == "citizen-code":
        valid = citizen_code.is_valid(value)
        return Number(kind, value, system, valid, "" if valid else CHECK_DIGIT)
    if kind == "other":
        return Number("other", value, system, None, DUMMY if _is_dummy(value) else "")
    return _of_the_state(kind, value, system, birth, sex)


def claimed(number: Number, identifier: Mapping[str, Any], today: date | None) -> Number:
    """What the record says of the claim itself. A number that was replaced stays true of the past, so it is merely
    no longer verified; a revoked one was never this person's."""
    status = next(
        (
            text_of(extension, "valueCode")
            for extension in objects_of(identifier, "extension")
            if text_of(extension, "url") == systems.CLAIM_STATUS
        ),
        "",
    )
    if status == "revoked":
        return replace(number, doubt=number.doubt or REVOKED)
    if status == "verified" and number.doubt in ("", LOST_ZERO) and not _ended(identifier, today):
        return replace(number, verified=True)
    return number


def _ended(identifier: Mapping[str, Any], today: date | None) -> bool:
    """Without a date of today every end counts as past: less trust, never more."""
    end = text_of(object_of(identifier, "period"), "end")
    return text_of(identifier, "use") == "old" or bool(end and (today is None or end[:10] < today.isoformat()))


@lru_cache(maxsize=4_096)
def _of_system(system: str) -> NumberKind | None:
    return "local" if _LOCAL.match(system) else _BY_SYSTEM.get(number_space(system))


def _of_type(identifier: Mapping[str, Any]) -> NumberKind:
    for coding in objects_of(object_of(identifier, "type"), "coding"):
        found = _BY_TYPE.get(text_of(coding, "code"))
        if found:
            return found
    return "other"


def _compact(written: str) -> str:
    if not written.isascii():
        written = unicodedata.normalize("NFKC", written)
    return written.upper() if written.isalnum() else _SEPARATORS.sub("", written).upper()


def _of_the_state(kind: NumberKind, value: str, system: str, birth: Birth | None, sex: Sex) -> Number:
    """By its form: clerks write any number of the state into whichever field there is."""
    if _DIGITS.match(value):
        size = len(value)
        if size == 12 and kind != "passport":
            return _personal(value, system, birth, sex)
        if kind in ("cccd", "cmnd") and size in (10, 11):
            return _padded(value, system, birth, sex)
        if kind in ("cccd", "cmnd") and size in (8, 9):
            lost = size == 8
            return _plain("cmnd", value.zfill(9), system, LOST_ZERO if lost else "")
        if kind == "bhxh" and size in (9, 10):
            lost = size == 9 and f"0{value[0]}" in _provinces()
            return _plain("bhxh", value.zfill(10) if lost else value, system, LOST_ZERO if lost else "")
        if size == 13 and citizen_code.is_valid(value):
            return Number("citizen-code", value, system, True, "")
    elif card := _CARD.match(value):
        return _plain("bhxh", card[1], system, "")
    elif _PASSPORT.match(value) and kind != "bhxh":
        return _plain("passport", value, system, "")
    return _plain(kind if kind == "passport" else "other", value, system, "")


def _plain(kind: NumberKind, value: str, system: str, doubt: str) -> Number:
    return Number(kind, value, system, None, DUMMY if _is_dummy(value) else doubt)


def _personal(value: str, system: str, birth: Birth | None, sex: Sex) -> Number:
    if _is_dummy(value) or value.endswith("000000000"):
        return Number("cccd", value, system, False, DUMMY)
    consistent, doubt = _tested(value, birth, sex)
    return Number("cccd", value, system, consistent, doubt)


def _padded(value: str, system: str, birth: Birth | None, sex: Sex) -> Number:
    """10 or 11 digits whose zeros in front were taken for arithmetic; two lost zeros must fit the birth year."""
    if _is_dummy(value):
        return Number("other", value, system, None, DUMMY)
    full = value.zfill(12)
    consistent, doubt = _tested(full, birth, sex)
    if len(value) == 10 and (doubt or birth is None or birth.year is None):
        return Number("other", value, system, None, "")  # as well an insurance number or a telephone
    if doubt:
        return Number("other", value, system, False, doubt)
    return Number("cccd", full, system, consistent, LOST_ZERO)


def _tested(value: str, birth: Birth | None, sex: Sex) -> tuple[bool | None, str]:
    if value[0] == "0" and value[1:3] not in _provinces():  # from 100 up it is a country of birth
        return False, PROVINCE
    century = int(value[3])
    known = birth is not None and birth.year is not None
    if birth is not None and known and birth.year != 1900 + century // 2 * 100 + int(value[4:6]):
        return False, YEAR
    if sex in ("male", "female") and (century % 2 == 1) != (sex == "female"):
        return False, SEX
    return (True if known or sex in ("male", "female") else None), ""


@cache
def _provinces() -> frozenset[str]:
    return frozenset(old_province_codes())


def _is_dummy(value: str) -> bool:
    """One digit over and over, or the keys in a row."""
    if len(value) < 6:
        return False
    return value.count(value[0]) == len(value) or value[:9] in _RUNS[0] or value[:9] in _RUNS[1]
