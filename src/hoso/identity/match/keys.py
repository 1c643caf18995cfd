"""The keys under which a record is found again: about ten per record, each rescuing what the others lose.

A key is a hash of its kind and its parts. What is filled in or made up (dummy numbers, 1 January, "con bà …") makes no
key. The store keeps the keys of `keys`; a look-up asks for `probes`, which adds the slips one makes while typing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from hoso.identity.match.packed import Shared, as_code, compact, packed_number, stable_hash, stable_hashes
from hoso.identity.match.tokens import skeletons
from hoso.identity.normalise.person import Name, Number, Person


@dataclass(frozen=True)
class Kind:
    """`limit`: a key with more records than that is skipped, it tells nothing. `weight`: what sharing such a key counts
    when candidates are ranked."""

    limit: int
    weight: float


KINDS: dict[str, Kind] = {
    "number": Kind(60, 9.0),
    "phone": Kind(60, 4.0),
    "birth-given": Kind(300, 4.0),
    "birth-family": Kind(400, 3.0),
    "mother-birth": Kind(60, 4.0),
    "birth-commune": Kind(60, 4.0),
    "year-given-commune": Kind(120, 4.0),
    "year-family-commune": Kind(120, 3.0),
    "ends-commune": Kind(200, 3.0),
    "name-year": Kind(400, 3.5),
    "ends-year": Kind(400, 2.5),
    "name-province": Kind(300, 2.0),
    "address": Kind(60, 2.0),
}
"""What each rescues: a number or a phone, everything else wrong; the birth date with one end of the name, the other
end wrong; birth date and commune, no name yet or an unreadable one; the year with commune, the day unknown; the ends
of the name, the middle dropped; the commune or province alone with the name, the birth date missing; addresses abroad.
Measured one by one: what rescued nothing more was left out."""


YEAR_SLIPS = (-1, 1, -10, 10)
ADDRESS_WORDS = 8


class Key(NamedTuple):
    value: int
    kind: str


class Keyed(NamedTuple):
    """All keys of a record, made in one go. `stored`: what is kept with it; `asked`: those and the ones it would have
    without a slip. `shared`: the keys of its phones and numbers, each with the value it stands for; the people under
    such a key tell how widely the value is shared (the `crowd` of a decision)."""

    stored: tuple[Key, ...]
    asked: tuple[Key, ...]
    shared: dict[int, Shared]


def keyed(person: Person) -> Keyed:
    """Without doubles."""
    birth, names = _birth(person), _spelt(person)
    shared = _shared(person)
    own = dict.fromkeys((*shared, *_local(person), *_keys(person, birth, names)))
    asked = _hashed({**own, **dict.fromkeys(_slips(birth, names))})
    return Keyed(
        asked[: len(own)], asked, {key.value: value for key, value in zip(asked, shared.values(), strict=False)}
    )


def keys(person: Person) -> tuple[Key, ...]:
    """The keys to store with a record."""
    return _hashed(dict.fromkeys((*_shared(person), *_local(person), *_keys(person, _birth(person), _spelt(person)))))


def probes(person: Person) -> tuple[Key, ...]:
    """The keys to look up for an arrival."""
    return keyed(person).asked


def shareable(person: Person) -> dict[int, Shared]:
    return {stable_hash(text): value for text, value in _shared(person).items()}


def _hashed(texts: Collection[str]) -> tuple[Key, ...]:
    return tuple(map(Key, stable_hashes(texts), [text[: text.index("\x1f")] for text in texts]))


def _key(kind: str, *parts: str | int) -> str:
    """What is hashed; the kind stands first."""
    return "\x1f".join([kind, *map(str, parts)])


class _Birth(NamedTuple):
    year: int
    month: int
    day: int
    full: str
    """Empty for what is no day of birth: a year alone, or the filler 1 January."""


def _dated(year: int, month: int, day: int) -> _Birth:
    return _Birth(year, month, day, f"{year:04d}{month:02d}{day:02d}" if year and month and day else "")


def _birth(person: Person) -> _Birth:
    birth = person.birth
    if birth is None:
        return _dated(0, 0, 0)
    if birth.filler:
        return _dated(birth.year or 0, 0, 0)
    return _dated(birth.year or 0, birth.month or 0, birth.day or 0)


class _Spelt(NamedTuple):
    """A name by sound: every syllable, and the parts that keys are made of."""

    tokens: tuple[str, ...]
    family: str
    given: str
    sorted: str
    ends: str
    """Family and given name in an order that does not depend on which is taken for which."""


def _spelt(person: Person) -> list[_Spelt]:
    return list(dict.fromkeys(_spell(name) for name in person.names if not name.placeholder and name.skeleton))


def _spell(name: Name) -> _Spelt:
    family, middle, given = skeletons(name.family), skeletons(" ".join(name.middle)), skeletons(name.given)
    tokens, first, last = (*family, *middle, *given), " ".join(family), " ".join(given)
    return _Spelt(tokens, first, last, " ".join(sorted(tokens)), f"{min(first, last)} {max(first, last)}")


def _keys(person: Person, birth: _Birth, names: Sequence[_Spelt]) -> Iterator[str]:
    places = _places(person)
    if birth.full:
        for commune in dict.fromkeys(commune for _province, commune in places):
            yield f"birth-commune\x1f{birth.full}\x1f{commune}"
    for name in names:
        yield from _name_keys(name, birth)
        for province, commune in places:
            yield from _place_keys(name, birth.year, province, commune)
    if person.mother:
        yield from _mother_keys(person.mother, birth)
    for place in person.places:
        if place.text and not (place.province or place.commune or place.old_ward):
            yield from _address_keys(place.text)


def _shared(person: Person) -> dict[str, Shared]:
    """The keys of phones and numbers, each with the value it stands for."""
    numbers = {_number_key(one): packed_number(one)[:2] for one in person.numbers if one.doubt != "dummy"}
    return {**numbers, **{f"phone\x1f{phone}": compact(phone) for phone in person.phones}}


def _local(person: Person) -> list[str]:
    return [_key("number", "local", system, value) for system, value in person.local]


def _number_key(number: Number) -> str:
    system = number.system if number.kind in ("local", "other") else ""
    return f"number\x1f{number.kind}\x1f{system}\x1f{number.value}"


def _name_keys(name: _Spelt, birth: _Birth) -> Iterator[str]:
    if birth.full:
        yield f"birth-given\x1f{birth.full}\x1f{name.given}"
        yield f"birth-family\x1f{birth.full}\x1f{name.family}"
    if birth.year:
        yield f"name-year\x1f{birth.year}\x1f{name.sorted}"
        yield f"ends-year\x1f{birth.year}\x1f{name.ends}"


def _place_keys(name: _Spelt, year: int, province: int, commune: int) -> Iterator[str]:
    if commune:
        yield f"ends-commune\x1f{commune}\x1f{name.ends}"
        if year:
            yield f"year-given-commune\x1f{year}\x1f{name.given}\x1f{commune}"
            yield f"year-family-commune\x1f{year}\x1f{name.family}\x1f{commune}"
    if province or not commune:
        yield f"name-province\x1f{province}\x1f{name.sorted}"


def _places(person: Person) -> list[tuple[int, int]]:
    """Codes of province and commune. "Nowhere" is a place as well, so that those without any are found again."""
    found = dict.fromkeys(
        (as_code(place.province), as_code(place.commune) or as_code(place.old_ward)) for place in person.places
    )
    return list(found) or [(0, 0)]


def _address_keys(text: str) -> Iterator[str]:
    """Of an address that no list knows, its words two by two."""
    words = text.split()[:ADDRESS_WORDS]
    for first, second in pairwise(words):
        yield f"address\x1f{first}\x1f{second}"


def _mother_keys(mother: str, birth: _Birth) -> Iterator[str]:
    """A newborn is "con bà …" until it is named: its mother and its birthday find it."""
    bones = " ".join(skeletons(mother.casefold()))
    if birth.year:
        yield f"mother-birth\x1f{bones}\x1f{birth.full or birth.year}"


def _slips(birth: _Birth, names: Sequence[_Spelt]) -> Iterator[str]:
    for name in names:
        if birth.full:
            for token in dict.fromkeys(name.tokens):
                if token != name.given:  # which is a key of its own already
                    yield f"birth-given\x1f{birth.full}\x1f{token}"
            yield f"birth-family\x1f{birth.full}\x1f{name.given}"
            if birth.day <= 12 and birth.day != birth.month:
                yield f"birth-given\x1f{birth.year:04d}{birth.day:02d}{birth.month:02d}\x1f{name.given}"
            for years in YEAR_SLIPS:
                yield f"birth-given\x1f{birth.year + years:04d}{birth.full[4:]}\x1f{name.given}"
        if birth.year:
            for year in (birth.year - 1, birth.year + 1):
                yield f"name-year\x1f{year}\x1f{name.sorted}"
