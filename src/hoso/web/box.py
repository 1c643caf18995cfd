"""What was typed or scanned into the one search box: a number of some kind, a phone, a name with a birth date.

Scanned state cards (fields joined by "|") are read tolerantly, because fields are missing on some and orders differ.
A citizen card is believed only with its signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hoso.core import citizen_code
from hoso.identity.code import BadCard, Card, is_card

Problem = Literal[
    "", "check-digits", "length", "too-short", "card-form", "card-check-digits", "card-key", "card-signature"
]
Verify = Callable[[str], Card]
"""Answers the card behind a scan or raises BadCard."""

LONGEST = 500
_SEPARATORS = re.compile(r"[\s.\-–_/]+")
_CARD = re.compile(r"[A-Z]{2}[1-5][0-9]{12}\Z")
_YEAR = re.compile(r"(?:18|19|20)\d\d\Z")
_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-]((?:18|19|20)\d\d)\Z")
_PACKED_DATE = re.compile(r"(\d\d)(\d\d)((?:18|19|20)\d\d)\Z")
_HEX_NAME = re.compile(r"(?:[0-9a-f]{2}){6,}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """`numbers` and `phones` are alternatives; with a `name` they are tried first. `born` is a FHIR date."""

    text: str = ""
    numbers: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    name: str = ""
    born: str = ""
    scanned: bool = False
    card: Card | None = None
    problem: Problem = ""

    @property
    def empty(self) -> bool:
        return not (self.numbers or self.phones or self.name or self.problem)


def asked(text: str, verify: Verify) -> Asked:
    clean = " ".join(text[:LONGEST].split())
    if "|" in clean:
        return _scanned(clean)
    packed = _SEPARATORS.sub("", clean)
    if is_card(packed):
        return _citizen_card(clean, packed, verify)
    if packed.removeprefix("+").isdecimal() and packed.isascii() and not _DATE.match(clean):
        return _number(clean, packed)
    if _CARD.match(packed.upper()):
        return Asked(clean, numbers=(packed.upper(), packed[-10:]))
    return _name(clean)


def _citizen_card(text: str, digits: str, verify: Verify) -> Asked:
    try:
        card = verify(digits)
    except BadCard as bad:
        problems: dict[str, Problem] = {
            "form": "card-form",
            "check-digits": "card-check-digits",
            "key": "card-key",
            "signature": "card-signature",
        }
        return Asked(text, scanned=True, problem=problems[bad.fault])
    return Asked(citizen_code.show(card.code), numbers=(card.code,), scanned=True, card=card)


def _number(text: str, digits: str) -> Asked:
    if digits.startswith(("+84", "84")) and len(digits.lstrip("+")) == 11:
        digits = "0" + digits.lstrip("+")[2:]
    match len(digits):
        case 13:
            problem: Problem = "" if citizen_code.is_valid(digits) else "check-digits"
            return Asked(text, numbers=() if problem else (digits,), problem=problem)
        case 12 | 9:
            return Asked(text, numbers=(digits,))
        case 10:
            phones = (digits, "+84" + digits[1:]) if digits.startswith("0") else ()
            return Asked(text, numbers=(digits, "00" + digits), phones=phones)
        case 11:
            return Asked(text, numbers=(digits, "0" + digits))
        case 4 if _YEAR.match(digits):
            return Asked(text, problem="too-short")
    return Asked(text, problem="length")


def _name(text: str) -> Asked:
    words: list[str] = []
    born = ""
    for word in text.split():
        if date := _date(word):
            born = date
        else:
            words.append(word)
    name = " ".join(words)
    if text and len(name.replace(" ", "")) < 2:
        return Asked(text, problem="too-short")
    return Asked(text, name=name, born=born)


def _date(word: str) -> str:
    if _YEAR.match(word):
        return word
    match = _DATE.match(word) or _PACKED_DATE.match(word)
    if not match:
        return ""
    day, month, year = (int(part) for part in match.groups())
    return f"{year:04d}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else ""


def _scanned(text: str) -> Asked:
    """Chip card: number|old number|name|birth|sex|address|issued. Insurance card: card|name in hex|birth|…"""
    numbers: list[str] = []
    name = born = ""
    for part in (part.strip() for part in text.split("|")):
        if re.fullmatch(r"\d{12}|\d{10}|\d{9}", part) or _CARD.match(part):
            numbers += [part, part[-10:]] if _CARD.match(part) else [part]
        elif not born and (found := _date(part)) and len(found) == 10:
            born = found
        elif not name and len(part) > 3 and not any(ch.isdigit() for ch in part):
            name = part
        elif not name and _HEX_NAME.match(part):
            name = bytes.fromhex(part).decode("utf-8", "replace")
    return Asked(text, numbers=tuple(numbers), name=name, born=born, scanned=True)
