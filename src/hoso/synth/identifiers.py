"""Numbers with the structure of the real ones and no owner: personal number, insurance card, phone, licence, HoSo code.

Every number comes from a keyed permutation of the citizen's running number, so no two people of a seed share one.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from random import Random
from typing import NamedTuple

from hoso.core import citizen_code


class Keys(NamedTuple):
    """The permutation keys of one seed."""

    code: bytes
    personal: bytes
    social: bytes
    ids: bytes

    @classmethod
    def of(cls, seed: int) -> Keys:
        return cls(*(blake2b(f"{seed}/{use}".encode(), digest_size=16).digest() for use in cls._fields))


def resource_id(keys: Keys, name: str) -> str:
    """A stable id in the form of a UUID (version 8, free content) for the thing called `name`."""
    text = blake2b(name.encode(), key=keys.ids, digest_size=16).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"


def hoso_code(keys: Keys, number: int) -> str:
    return citizen_code.make(citizen_code.scramble(number, keys.code))


def personal_number(keys: Keys, number: int, province: str, sex: str, birth: date) -> str:
    """12 digits: old province code, century and sex, two digits of the year, six without meaning."""
    century = (birth.year // 100 - 19) * 2 + (sex == "f")
    rest = citizen_code.scramble(number % 10**6, keys.personal, 6)
    return f"0{province}{century}{birth.year % 100:02d}{rest:06d}"


def social_number(keys: Keys, number: int, province: str) -> str:
    """The ten digits that stay with a person; the insurance card ends with them."""
    return f"{province}{citizen_code.scramble(number % 10**8, keys.social, 8):08d}"


def insurance_card(group: str, benefit: int, province: str, social: str) -> str:
    return f"{group}{benefit}{province}{social}"


def phone(rng: Random) -> str:
    return rng.choice(("032", "033", "034", "036", "038", "070", "076", "079", "081", "083", "085", "090", "091")) + (
        f"{rng.randrange(10**7):07d}"
    )


def licence(rng: Random, province: str) -> str:
    """A practice licence of the two forms in use: by the province (older) or by the Ministry's new numbering."""
    if rng.random() < 0.7:
        return f"{rng.randrange(1, 60_000):06d}/{province}-CCHN"
    return f"{rng.randrange(1, 90_000):06d}/{province}-GPHN"


def prescription_code(facility: str, rng: Random) -> str:
    """xxxxxyyyyyyy-z: facility, seven random characters, C for ordinary medicines."""
    return facility.lower() + "".join(rng.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=7)) + "-C"
