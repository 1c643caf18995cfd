"""What a scanner types for a state card: the chip card of a citizen, or the insurance card, fields joined by bars.

Fields are told by their form rather than their place, because some cards lack a few and issues differ. Nothing here is
proof of anything: the text has no signature, and whoever scans compares it with the person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hoso.core.text import fold

Sex = Literal["male", "female", ""]

_BARS = re.compile("[|¦｜]")
_PERSONAL, _OLD, _SOCIAL = (re.compile(rf"[0-9]{{{size}}}\Z") for size in (12, 9, 10))
_INSURANCE = re.compile(r"[A-Z]{2}[1-5][0-9]{12}\Z")
_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})\Z|(\d\d)(\d\d)(\d{4})\Z", re.ASCII)
_YEAR = re.compile(r"(?:18|19|20)\d\d\Z", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-f]{2}){3,}\Z", re.IGNORECASE | re.ASCII)
_SEXES: dict[str, Sex] = {"nam": "male", "male": "male", "m": "male", "nu": "female", "female": "female", "f": "female"}
_INSURANCE_SEXES: dict[str, Sex] = {"1": "male", "2": "female"}


@dataclass(frozen=True, slots=True)
class CardScan:
    """What stood on the card; empty for what did not. `born` and `issued` are FHIR dates."""

    number: str = ""
    old_number: str = ""
    insurance: str = ""
    name: str = ""
    born: str = ""
    sex: Sex = ""
    address: str = ""
    issued: str = ""


def has_bars(text: str) -> bool:
    return _BARS.search(text) is not None


def card_scan(text: str) -> CardScan:
    """Never raises; what is not understood is left out."""
    parts = [" ".join(part.split()) for part in _BARS.split(text)]
    found: dict[str, Any] = {}
    for name, value in _fields(parts):
        found.setdefault(name, value)
    return CardScan(**found)


def _fields(parts: list[str]) -> Iterator[tuple[str, str]]:
    insured = any(_INSURANCE.match(part) or _SOCIAL.match(part) for part in parts[:1])
    numbered = dated = named = False
    for part in parts:
        day = read_day(part)
        if _PERSONAL.match(part):
            yield "old_number" if numbered else "number", part
            numbered = True
        elif _INSURANCE.match(part) or _SOCIAL.match(part):
            yield "insurance", part
        elif _OLD.match(part):
            yield "old_number", part
        elif day:
            yield "issued" if dated else "born", day
            dated = True
        elif sex := _SEXES.get(fold(part)) or (_INSURANCE_SEXES.get(part) if insured else None):
            yield "sex", sex
        elif words := _words(part, hex=insured):
            is_name = not named and not any(ch.isdigit() or ch == "," for ch in words)
            yield "name" if is_name else "address", words
            named = named or is_name


def _words(part: str, *, hex: bool) -> str:
    """A field of text; insurance cards write theirs in hexadecimal."""
    if hex and _HEX.match(part):
        part = bytes.fromhex(part).decode("utf-8", "replace")
    return part if sum(ch.isalpha() for ch in part) > 1 else ""


def read_day(text: str) -> str:
    """A day as cards and people write it (12031967, 12/3/1967) as a FHIR date; zeros for what is not known leave the
    month or the year. Empty for what is no date."""
    if _YEAR.match(text):
        return text
    match = _DATE.match(text)
    if match is None:
        return ""
    day, month, year = (int(part) for part in (match.groups()[:3] if match[1] else match.groups()[3:]))
    if day == 0 and 0 <= month <= 12 and 1800 <= year < 2100:
        return f"{year:04d}-{month:02d}" if month else f"{year:04d}"
    try:
        return date(year, month, day).isoformat() if 1800 <= year < 2100 else ""
    except ValueError:
        return ""
