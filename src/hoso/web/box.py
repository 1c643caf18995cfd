"""What was typed or scanned into the one search box: a number of some kind, a phone, a name with a birth date.

Scanned state cards (fields joined by "|") are read tolerantly, because fields are missing on some and orders differ.
A citizen card is believed only with its signature.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hoso.core import citizen_code, fold
from hoso.core.card_scan import CardScan, card_scan, has_bars, read_day
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
_HAMLET = frozenset({"thon", "xom", "ap", "khom", "buon"})
"""Words that begin a hamlet; none is part of a name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`numbers` and `phones` are alternatives; with a `name` they are tried first. `born` is a FHIR date, `place` a
    part of an address, `scan` what a state card said."""

    text: str = ""
    numbers: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    name: str = ""
    born: str = ""
    place: str = ""
    scanned: bool = False
    card: Card | None = None
    scan: CardScan | None = None
    problem: Problem = ""

    @property
    def empty(self) -> bool:
        return not (self.numbers or self.phones or self.name or self.place or self.problem)


def asked(text: str, verify: Verify) -> Asked:
    clean = " ".join(text[:LONGEST].split())
    if has_bars(clean):
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
    told, place = _placed(text)
    words: list[str] = []
    born = ""
    for word in told.split():
        if date := read_day(word):
            born = date
        else:
            words.append(word)
    name = " ".join(words)
    if text and len((name or place).replace(" ", "")) < 2:
        return Asked(text, problem="too-short")
    return Asked(text, name=name, born=born, place=place)


def _placed(text: str) -> tuple[str, str]:
    """Who, and where: behind a comma, or from the word for a hamlet on ("lê thị hoa thôn đông")."""
    who, comma, where = text.partition(",")
    if comma:
        return who, " ".join(where.split())
    words = text.split()
    at = next((n for n, word in enumerate(words) if fold(word) in _HAMLET and n != 1 and n + 1 < len(words)), None)
    return (text, "") if at is None else (" ".join(words[:at]), " ".join(words[at:]))


def _scanned(text: str) -> Asked:
    """A state card. Its numbers are asked for, the old one and the last ten of an insurance card too."""
    scan = card_scan(text)
    tail = scan.insurance[-10:]
    numbers = dict.fromkeys(filter(None, (scan.number, scan.old_number, scan.insurance, tail)))
    return Asked(text, numbers=tuple(numbers), name=scan.name, born=scan.born, scanned=True, scan=scan)
