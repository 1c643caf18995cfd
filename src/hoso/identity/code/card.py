"""What the QR of a card says: 186 digits, so that a scanner which types meets no keyboard that would change letters.

    1 version · 13 code · 5 key · 8 initials (two digits a letter, 00 none) · 4 birth year (0000 none) · 155 signature

The signature is the centre's, over the 31 digits before it. Nothing about health and no other number is on a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hoso.core import citizen_code, fold

Fault = Literal["form", "check-digits", "key", "signature"]

VERSION = "1"
LENGTH = 186
USE = b"hoso citizen card 1\n"
_SIGNED = 31
_FORM = re.compile(r"1[0-9]{185}\Z")
_LONG = re.compile(r"[0-9]{60,}\Z")
_INITIALS = re.compile(r"[A-Z]{0,4}\Z")
_YEAR = re.compile(r"(?:[12][0-9]{3})?\Z")
_MOST_INITIALS = 4


class BadCard(Exception):
    """A card that must not be believed. `fault`: its form, the code's check digits, an unknown key, the signature."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Card:
    """`initials` are up to four letters A to Z, `born` a year; both may be empty."""

    code: str
    key: str
    initials: str = ""
    born: str = ""

    def __post_init__(self) -> None:
        if not (_INITIALS.match(self.initials) and _YEAR.match(self.born)):
            raise ValueError((self.initials, self.born))

    def signed_part(self) -> str:
        letters = "".join(f"{ord(letter) - 64:02d}" for letter in self.initials)
        return f"{VERSION}{self.code}{self.key}{letters:0<8}{self.born or '0000'}"


def is_card(text: str) -> bool:
    """Whether this was meant as a scanned card: no number that people type is nearly as long."""
    return _LONG.match(text) is not None


def text(card: Card, signature: bytes) -> str:
    return f"{card.signed_part()}{int.from_bytes(signature, 'big'):0155d}"


def message(card: Card) -> bytes:
    return card.signed_part().encode("ascii")


def verify_card(text: str, public_keys: Iterable[bytes]) -> Card:
    """The card behind a scanned text, once its check digits and its signature are found right. Raises BadCard."""
    from hoso.identity.code.signing import SIGNATURE_BYTES, is_signed, key_id

    card = read(text)
    number = int(text[_SIGNED:])
    if number >> 8 * SIGNATURE_BYTES:
        raise BadCard("signature")
    named = [public for public in public_keys if key_id(public) == card.key]
    if not named:
        raise BadCard("key")
    signature = number.to_bytes(SIGNATURE_BYTES, "big")
    if not any(is_signed(public, signature, USE, message(card)) for public in named):
        raise BadCard("signature")
    return card


def read(text: str) -> Card:
    """What a text says, whoever wrote it. Raises BadCard for a wrong form and for wrong check digits."""
    if not _FORM.match(text):
        raise BadCard("form")
    code, key, letters, year = text[1:14], text[14:19], text[19:27], text[27:31]
    if not citizen_code.is_valid(code):
        raise BadCard("check-digits")
    places = [int(letters[at : at + 2]) for at in range(0, 8, 2)]
    initials = "".join(chr(64 + place) for place in places if 0 < place <= 26)
    try:
        card = Card(code, key, initials, "" if year == "0000" else year)
    except ValueError as error:
        raise BadCard("form") from error
    if card.signed_part() != text[:_SIGNED]:
        raise BadCard("form")
    return card


def initials_of(name: str) -> str:
    """ "Nguyễn Thị Ánh" → NTA; of a longer name the first and the last words, for the given name comes last."""
    letters = [word[0].upper() for word in fold(name).split() if "a" <= word[0] <= "z"]
    return "".join(letters[:1] + letters[1:][-(_MOST_INITIALS - 1) :])


def born_of(date: str) -> str:
    """The year of a FHIR date; empty for anything else."""
    return date[:4] if re.match(r"[12][0-9]{3}(?:-|\Z)", date) else ""
