"""The few bytes of a record that comparison needs, stored beside its keys so that a candidate costs no parsing.

A packed record can always be made anew from the Patient; its shape has a version, and another version is refused.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import TypeVar

import msgspec

from hoso.core.text import fold
from hoso.identity.normalise.person import Name, Number, Person, Place

T = TypeVar("T")

SHAPE = 1

Shared = int | str | tuple[int, int | str]
"""A phone, or a number with its kind: what a household or a whole facility may share."""

PLACEHOLDER, TRUNCATED, TONELESS, TURNED = 1, 2, 4, 8
VERIFIED, DOUBTED, OTHER_SEX = 1, 2, 4
"""OTHER_SEX: doubted for nothing but the sex it names."""
CITIZEN, CODE, INSURANCE, OLD_CARD, PASSPORT, LOCAL, OTHER = range(7)

KINDS = {
    "cccd": CITIZEN,
    "citizen-code": CODE,
    "bhxh": INSURANCE,
    "cmnd": OLD_CARD,
    "passport": PASSPORT,
    "local": LOCAL,
    "other": OTHER,
}
WIDTHS = {CITIZEN: 12, CODE: 13, INSURANCE: 10, OLD_CARD: 9}
HARMLESS_DOUBTS = frozenset({"", "lost-zero"})
MOST_NAMES, MOST_VALUES, MOST_KIN = 4, 6, 2
HAMLET_CHARS, ADDRESS_CHARS = 20, 60
OTHER_CHARS = 24


class PackedName(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Toned lower-case syllables; `bag` is the hash of all of them, sorted, spelt by sound."""

    family: str
    middle: str
    given: str
    bag: int
    flags: int


class Packed(msgspec.Struct, array_like=True, frozen=True, gc=False, omit_defaults=True):
    """One record as the comparison sees it. `birth` is (year, month, day), 0 where unknown, then 1 for a filler.

    `kin` are plain names of guardians and other contacts with their phones, `work` the hash of a workplace or school.
    """

    shape: int
    names: tuple[PackedName, ...] = ()
    birth: tuple[int, int, int, int] = (0, 0, 0, 0)
    sex: int = 0
    numbers: tuple[tuple[int, int | str, int], ...] = ()
    phones: tuple[int | str, ...] = ()
    places: tuple[tuple[int, int, str], ...] = ()
    mother: str = ""
    twin: int = 0
    deceased: bool = False
    kin: tuple[str, ...] = ()
    kin_phones: tuple[int | str, ...] = ()
    work: int = 0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Packed)
SEXES = {"male": 1, "female": 2}


def pack(person: Person) -> bytes:
    return encode(packed(person))


def encode(record: Packed) -> bytes:
    return _encoder.encode(record)


def unpack(body: bytes) -> Packed:
    """Raises ValueError when the bytes are no packed record of this shape."""
    found = _decoder.decode(body)
    if found.shape != SHAPE:
        raise ValueError(f"packed record of shape {found.shape}, expected {SHAPE}")
    return found


def packed(person: Person) -> Packed:
    """What `unpack(pack(person))` gives, without the bytes."""
    return Packed(
        SHAPE,
        _unique(_name(name) for name in person.names)[:MOST_NAMES],
        _birth(person),
        SEXES.get(person.sex, 0),
        _numbers(person),
        _unique(compact(phone) for phone in person.phones)[:MOST_VALUES],
        _unique(_place(place) for place in person.places)[:MOST_VALUES],
        person.mother.casefold(),
        person.twin or 0,
        person.deceased is not None,
        _unique(name.plain for name in person.guardians)[:MOST_KIN],
        _unique(compact(phone) for phone in person.kin_phones)[:MOST_KIN],
        stable_hash("work", person.workplace) if person.workplace else 0,
    )


def _unique(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


def _name(name: Name) -> PackedName:
    family, given = name.family.casefold(), name.given.casefold()
    middle = " ".join(name.middle).casefold()
    whole = f"{family} {middle} {given}"
    toneless = whole.isascii()
    flags = PLACEHOLDER * name.placeholder | TRUNCATED * name.truncated | TONELESS * toneless | TURNED * name.turned
    bag = stable_hash("bag", *sorted(name.skeleton.split())) if not name.placeholder else 0
    return PackedName(family, middle, given, bag, flags)


def _birth(person: Person) -> tuple[int, int, int, int]:
    birth = person.birth
    if birth is None:
        return (0, 0, 0, 0)
    return (birth.year or 0, birth.month or 0, birth.day or 0, 1 if birth.filler else 0)


def _numbers(person: Person) -> tuple[tuple[int, int | str, int], ...]:
    named = [packed_number(number) for number in person.numbers if number.doubt != "dummy"]
    local = [(LOCAL, stable_hash(system, value), 0) for system, value in person.local]
    return _unique(sorted((*named, *local), key=lambda number: number[0]))[:MOST_VALUES]


def packed_number(number: Number) -> tuple[int, int | str, int]:
    kind = KINDS.get(number.kind, OTHER)
    doubted = number.doubt not in HARMLESS_DOUBTS or number.consistent is False
    flags = VERIFIED * (number.verified and not doubted) | DOUBTED * doubted | OTHER_SEX * (number.doubt == "sex")
    if kind in WIDTHS or kind == PASSPORT:
        return (kind, compact(number.value), flags)
    if kind == OTHER:
        # A number of a space that is not known: comparable within that space, its slips as well.
        return (kind, f"{stable_hash(number.system) & 0xFFFF:x}.{number.value[:OTHER_CHARS]}", flags)
    return (kind, stable_hash(number.system, number.value), flags)


def _place(place: Place) -> tuple[int, int, str]:
    province, commune = as_code(place.province), as_code(place.commune) or as_code(place.old_ward)
    if not commune and not province:
        # An address that no list knows, abroad for instance: its text must do.
        return (0, 0, fold(place.text)[:ADDRESS_CHARS])
    return (province, commune, fold(place.hamlet)[:HAMLET_CHARS])


def as_code(value: str | int | None) -> int:
    """A code of the administrative list as a number, 0 when there is none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() else 0


def compact(value: str) -> int | str:
    """Digits as a number, which is half as long."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else value


def spread(kind: int, value: int | str) -> str:
    """The digits again, with the zeros that a number loses."""
    return str(value).zfill(WIDTHS.get(kind, 0))


def stable_hash(*parts: str | int) -> int:
    """The same 64-bit signed number on every machine and in every run."""
    return stable_hashes(("\x1f".join(map(str, parts)),))[0]


def stable_hashes(texts: Collection[str]) -> tuple[int, ...]:
    """The same of several, each of one part or of parts that are joined already."""
    digests = b"".join([blake2b(text.encode(), digest_size=8).digest() for text in texts])
    return struct.unpack(f">{len(texts)}q", digests)
