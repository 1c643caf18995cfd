"""Numbers of the simulated people: personal number, old card, insurance card, phone. Personal numbers never repeat."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

from hoso.core.places import old_province_codes

PHONE_STARTS = ("032", "033", "034", "035", "036", "038", "039", "070", "076", "077", "079", "081", "083", "085", "086",
                "088", "090", "091", "093", "094", "096", "097", "098")  # fmt: skip
CARD_GROUPS = (("TE", 1), ("HS", 4), ("GD", 4), ("DN", 4), ("HN", 2), ("HT", 3), ("CN", 3), ("DT", 2), ("BT", 2))


class Issuer:
    """Gives each personal number once: the serial runs on within province, century, sex and year."""

    def __init__(self, seed: int) -> None:
        self._given: Counter[str] = Counter()
        self._start = Random(f"{seed}/issuer").randrange(10**6)

    def personal(self, province: str, sex: str, birth: date) -> str:
        prefix = f"0{province}{(birth.year // 100 - 19) * 2 + (sex == 'f')}{birth.year % 100:02d}"
        serial = self._given[prefix]
        self._given[prefix] += 1
        # A multiplier without a common factor with a million visits every remainder once.
        return f"{prefix}{(self._start + int(prefix[:4]) * 7_919 + serial * 611_953) % 10**6:06d}"


def social(number: int, province: str) -> str:
    return f"{province}{(number * 48_271_337 + 12_345_679) % 10**8:08d}"


def card(social_number: str, province: str, age: int, rng: Random) -> str:
    group, benefit = (
        CARD_GROUPS[0] if age < 6 else CARD_GROUPS[1] if age < 18 else CARD_GROUPS[2 + int(rng.random() * 7)]
    )
    return f"{group}{benefit}{province}{social_number}"


def old_card(province: str, rng: Random) -> str:
    """Nine digits, used again in other provinces."""
    return f"{province}{int(rng.random() * 10**7):07d}"


def phone(rng: Random) -> str:
    return f"{PHONE_STARTS[int(rng.random() * len(PHONE_STARTS))]}{int(rng.random() * 10**7):07d}"


def old_provinces() -> tuple[str, ...]:
    return old_province_codes()
