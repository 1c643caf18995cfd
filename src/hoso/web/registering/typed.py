"""What the form says, as text: its fields, how long each may be, and what a search or a scanned card fills in.

Pure; nothing is judged here, so that whatever was typed comes back to whoever typed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from hoso.core.card_scan import CardScan, card_scan, has_bars
from hoso.identity.normalise.phones import phones_in
from hoso.web.box import Asked

Kind = Literal["known", "newborn", "unknown"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST: Mapping[str, int] = {
    "name": 200, "day": 2, "month": 2, "year": 4, "sex": 10, "number": 40, "insurance": 40, "phone": 40,
    "address": 300, "known_as": 200, "order": 1, "mother": 64, "mother_name": 200, "mother_phone": 40,
    "guardian": 200, "relation": 10, "guardian_phone": 40, "sure": 1,
}  # fmt: skip
_SCANNED = 600
"""A card may be scanned into any field; longer text is only text."""

Typed = dict[str, str]


def kind_of(text: str) -> Kind:
    return next((kind for kind in KINDS if kind == text), "known")


def empty() -> Typed:
    return dict.fromkeys(LONGEST, "")


def sent(form: Mapping[str, str]) -> tuple[Typed, set[str]]:
    """What came in, with the names of fields that held more than they may; these are cut."""
    whole = {name: " ".join(form.get(name, "")[:_SCANNED].split()) for name in LONGEST}
    scanned = next((text for text in whole.values() if has_bars(text)), "")
    if scanned:
        rest = {name: "" if text == scanned else text for name, text in whole.items()}
        whole = rest | {name: text for name, text in of_scan(card_scan(scanned)).items() if text}
    long = {name for name, most in LONGEST.items() if len(whole[name]) > most}
    return {name: text[: LONGEST[name]] for name, text in whole.items()}, long


def of_search(asked: Asked) -> Typed:
    """The form as the search leaves it. A signed card says birth year and initials only; both are for comparing."""
    if asked.scan is not None:
        return empty() | of_scan(asked.scan)
    year, month, day = (*asked.born.split("-"), "", "")[:3]
    filled = {"name": _capitals(asked.name), "year": year, "month": month, "day": day, "address": asked.place}
    if asked.phones and phones_in(asked.phones[0]):
        return empty() | filled | {"phone": asked.phones[0]}
    for number in asked.numbers[:1]:
        if len(number) == 12:
            filled["number"] = number
        elif len(number) in (10, 15):
            filled["insurance"] = number
    return empty() | filled


def of_scan(scan: CardScan) -> Typed:
    year, month, day = (*scan.born.split("-"), "", "")[:3]
    return {
        "name": scan.name, "year": year, "month": month, "day": day, "sex": scan.sex,
        "number": scan.number, "insurance": scan.insurance, "address": scan.address,
    }  # fmt: skip


def _capitals(name: str) -> str:
    """A name that was typed small, as names are written."""
    return name if name != name.lower() else " ".join(word[:1].upper() + word[1:] for word in name.split())
