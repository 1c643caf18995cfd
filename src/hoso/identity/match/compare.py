"""Compares two packed records field by field; symmetric, pure, and quick enough for every candidate of an arrival.

A record may carry several names, numbers and places: the pair that agrees best speaks for the field.
"""

from __future__ import annotations

from hoso.identity.match import levels as L
from hoso.identity.match.births import birth_level
from hoso.identity.match.levels import Levels, Values
from hoso.identity.match.origins import origin_level
from hoso.identity.match.packed import (
    CITIZEN,
    CODE,
    DOUBTED,
    INSURANCE,
    LOCAL,
    OTHER,
    OTHER_SEX,
    PLACEHOLDER,
    TONELESS,
    TRUNCATED,
    VERIFIED,
    WIDTHS,
    Packed,
    PackedName,
    spread,
)
from hoso.identity.match.tokens import (
    address_level,
    family_level,
    full_level,
    joined,
    middle_level,
    one_slip,
    token_level,
    values_near,
)

NameLevels = tuple[int, int, int, int, str, str, str]
"""family, middle, given, order; then the values that agreed."""

NO_NAME: NameLevels = (0, 0, 0, 0, "", "", "")
NUMBER_FIELD = {CITIZEN: L.CITIZEN, CODE: L.PAPER, INSURANCE: L.INSURANCE}
SINGLE = frozenset({CITIZEN, CODE, INSURANCE})
"""Kinds of which a person has one at a time: another value speaks against."""


def compare(a: Packed, b: Packed) -> Levels:
    family, middle, given, order, family_value, middle_value, given_value = best_name(a, b)
    citizen, insurance, paper, conflict, match = _numbers(a, b)
    phone, phone_value = _phones(a, b)
    place, commune = _places(a, b)
    # Where numbers or homes agree, or numbers contradict, the province they name says nothing more.
    origin = 0 if citizen or insurance or paper or L.SAME <= place <= L.PLACE_PROVINCE else origin_level(a, b)
    mother = full_level(a.mother, b.mother) if a.mother and b.mother else 0
    sex = 0
    if a.sex and b.sex:
        sex = L.SAME if a.sex == b.sex else L.SEX_DIFFERENT
    twin = 0
    if a.twin and b.twin:
        twin = L.SAME if a.twin == b.twin else L.TWIN_DIFFERENT
    return Levels(
        (
            family,
            middle,
            given,
            order,
            _birth(a, b),
            sex,
            citizen,
            insurance,
            paper,
            phone,
            place,
            mother,
            twin,
            origin,
            _guardian(a, b, mother) if (a.kin or a.kin_phones or b.kin or b.kin_phones) and phone != L.SAME else 0,
            L.SAME if a.work and a.work == b.work else 0,
        ),
        Values(family_value, middle_value, given_value, commune, phone_value),
        conflict,
        match,
    )


def hopeless(a: Packed, b: Packed, alone: bool = False) -> bool:
    """Another given name, another birth date, no shared number: nothing else could make these one person. Of a person's
    only record (`alone`) nothing can even on the same birthday, when no number is near either."""
    if len(a.names) != 1 or len(b.names) != 1 or not _renamed(a.names[0], b.names[0]):
        return False
    near = False
    for kind, value, _ in a.numbers:
        for other_kind, other, _ in b.numbers:
            if kind == other_kind:
                if value == other:
                    return False
                near = near or (alone and values_near(value, other, WIDTHS.get(kind, 0)))
    return birth_level(a.birth, b.birth) >= L.BIRTH_YEAR or (alone and not near)


def _renamed(a: PackedName, b: PackedName) -> bool:
    """The given name is another's, whichever way it is read."""
    return (
        token_level(a.given, b.given) == L.TOKEN_DIFFERENT
        and a.bag != b.bag
        and not (a.flags | b.flags) & (PLACEHOLDER | TRUNCATED)
        and not _crossed(a, b)
        and not one_slip(joined(a.family, a.middle, a.given), joined(b.family, b.middle, b.given))
    )


def best_name(a: Packed, b: Packed) -> NameLevels:
    if len(a.names) == 1 and len(b.names) == 1:
        return name_levels(a.names[0], b.names[0])
    best, least = NO_NAME, 99
    for x in a.names:
        for y in b.names:
            found = name_levels(x, y)
            cost = (found[0] or 4) + (found[1] or 4) + 2 * (found[2] or 4) + found[3]
            if cost < least or (cost == least and found < best):
                best, least = found, cost
    return best


def name_levels(a: PackedName, b: PackedName) -> NameLevels:
    either = a.flags | b.flags
    if either & PLACEHOLDER:
        return NO_NAME
    family = family_level(a.family, b.family)
    given = token_level(a.given, b.given)
    if family == L.TOKEN_DIFFERENT:
        # Only with the family name out of its place is it the order that differs: brothers are called Tiến Việt and
        # Việt Tiến.
        if a.bag == b.bag:
            return _reordered(a, b)
        if given == L.TOKEN_DIFFERENT and _crossed(a, b):
            return _swapped(a, b)
    if given == L.TOKEN_DIFFERENT:
        if a.bag == b.bag:
            # Middle and given name changed places: a slip, or the brother.
            return (family, L.MIDDLE_PART, L.TOKEN_EDIT, 0, *_rarer(a, b, family, L.MIDDLE_PART, L.TOKEN_EDIT))
        if one_slip(joined(a.family, a.middle, a.given), joined(b.family, b.middle, b.given)):
            # A space lost, or a letter too much between two parts.
            family = min(family, L.TOKEN_EDIT)
            return (family, L.MIDDLE_PART, L.TOKEN_EDIT, 0, *_rarer(a, b, family, L.MIDDLE_PART, L.TOKEN_EDIT))
        if either & TRUNCATED:
            given = L.MISSING
    middle = middle_level(a.middle, b.middle) if a.family and b.family else L.MISSING
    if middle > L.MIDDLE_PART and either & TRUNCATED:
        middle = L.MIDDLE_PART
    if not either & TONELESS:
        # Both sides can write tones, so a tone that is lacking is a slip and not a habit of the software.
        family, given = _toned(family), _toned(given)
        middle = L.TOKEN_TONE if middle == L.TOKEN_TONELESS else middle
    return (family, middle, given, 0, *_rarer(a, b, family, middle, given))


def _toned(level: int) -> int:
    return L.TOKEN_TONE if level == L.TOKEN_TONELESS else level


def _rarer(a: PackedName, b: PackedName, family: int, middle: int, given: int) -> tuple[str, str, str]:
    """What agrees, in one spelling that does not depend on the order of the two."""
    return (
        min(a.family, b.family) if L.SAME <= family <= L.TOKEN_SOUND else "",
        min(a.middle, b.middle) if L.SAME <= middle <= L.TOKEN_SOUND else "",
        min(a.given, b.given) if L.SAME <= given <= L.TOKEN_SOUND else "",
    )


def _crossed(a: PackedName, b: PackedName) -> bool:
    """One of the two may have a slip as well."""
    first, last = token_level(a.family, b.given), token_level(a.given, b.family)
    return L.SAME <= min(first, last) <= L.TOKEN_SOUND and max(first, last) <= L.TOKEN_EDIT


def _swapped(a: PackedName, b: PackedName) -> NameLevels:
    """Given and family name have changed places; rarity is judged by the reading that has the smaller family name."""
    read = a if a.family <= b.family else b
    middle = middle_level(a.middle, b.middle)
    return (
        token_level(a.family, b.given),
        middle,
        token_level(a.given, b.family),
        1,
        read.family,
        min(a.middle, b.middle) if L.SAME <= middle <= L.TOKEN_SOUND else "",
        read.given,
    )


def _reordered(a: PackedName, b: PackedName) -> NameLevels:
    """The same syllables in another order: as toned as their least toned part."""
    tokens_a = sorted(f"{a.family} {a.middle} {a.given}".split())
    tokens_b = sorted(f"{b.family} {b.middle} {b.given}".split())
    level = L.SAME if tokens_a == tokens_b else L.TOKEN_TONELESS if (a.flags | b.flags) & TONELESS else L.TOKEN_SOUND
    read = min(a, b, key=lambda name: (name.family, name.middle, name.given))
    return (level, level, level, 1, read.family, read.middle, read.given)


def _birth(a: Packed, b: Packed) -> int:
    level = birth_level(a.birth, b.birth)
    if level == L.MISSING:
        return L.BIRTH_DIFFERENT if _implied_apart(a, b) or _implied_apart(b, a) else L.MISSING
    return level


def _implied_apart(a: Packed, b: Packed) -> bool:
    """The citizen number names a birth year; it may contradict a record, it never adds to what the date says."""
    if a.birth[0] or not b.birth[0]:
        return False
    years = [
        implied_year(spread(CITIZEN, value)) for kind, value, flags in a.numbers if kind == CITIZEN and not flags & 2
    ]
    return bool(years) and all(abs(year - b.birth[0]) > 1 for year in years)


def implied_year(number: str) -> int:
    """Digits 4 to 6: the century with the sex, then the year (0 = 1900s male, 1 female, 2 = 2000s male, …)."""
    if len(number) != 12 or not number.isdigit():
        return 0
    return 1900 + 100 * (int(number[3]) // 2) + int(number[4:6])


def _numbers(a: Packed, b: Packed) -> tuple[int, int, int, bool, bool]:
    if not a.numbers or not b.numbers:
        return (0, 0, 0, False, False)
    found = [0, 0, 0]
    conflict = match = False
    for kind, value, flags in a.numbers:
        field = NUMBER_FIELD.get(kind, L.PAPER) - L.CITIZEN
        for other_kind, other, other_flags in b.numbers:
            if kind != other_kind:
                continue
            if value == other:
                level = L.NUMBER_DOUBTED if (flags | other_flags) & DOUBTED else L.SAME
                match = match or bool(kind != LOCAL and level == L.SAME and (flags | other_flags) & VERIFIED)
            elif kind in SINGLE or (kind == OTHER and _same_space(value, other)):
                if values_near(value, other, WIDTHS.get(kind, 0)):
                    level = L.NUMBER_NEAR
                elif _borrowed(flags) or _borrowed(other_flags):
                    continue
                else:
                    level = L.NUMBER_DIFFERENT
                conflict = conflict or bool(flags & other_flags & VERIFIED and kind == CITIZEN)
            else:
                continue
            if not found[field] or level < found[field]:
                found[field] = level
    return (found[0], found[1], found[2], conflict and found[0] != L.SAME, match)


def _borrowed(flags: int) -> bool:
    """It may be a parent's; one that names the year of birth and another sex is the child's own, and the sex a slip."""
    return bool(flags & DOUBTED and not flags & OTHER_SEX)


def _same_space(a: int | str, b: int | str) -> bool:
    return str(a).partition(".")[0] == str(b).partition(".")[0]


def _phones(a: Packed, b: Packed) -> tuple[int, int | str]:
    if not a.phones or not b.phones:
        return (0, 0)
    if a.phones[0] == b.phones[0]:
        return (L.SAME, a.phones[0])
    shared = [phone for phone in a.phones if phone in b.phones]
    if shared:
        return (L.SAME, min(shared, key=str))
    near = any([values_near(x, y) for x in a.phones for y in b.phones])
    return (L.PHONE_NEAR if near else L.PHONE_DIFFERENT, 0)


def _guardian(a: Packed, b: Packed, mother: int) -> int:
    """Whoever is to be called for one is called for the other, or answers the other's phone; else is named by both.

    Another guardian says nothing: father and mother take turns.
    """
    if not {*a.kin_phones}.isdisjoint((*b.kin_phones, *b.phones)) or not {*b.kin_phones}.isdisjoint(a.phones):
        return L.GUARDIAN_PHONE
    if mother not in (L.SAME, L.MOTHER_LIKE) and not {*a.kin}.isdisjoint(b.kin):
        return L.GUARDIAN_NAMED
    return L.MISSING


def _places(a: Packed, b: Packed) -> tuple[int, int]:
    """The nearest pair of places, and the commune in which they agree."""
    best, commune = 0, 0
    for province, ward, hamlet in a.places:
        for other_province, other_ward, other_hamlet in b.places:
            if ward and ward == other_ward:
                level = L.PLACE_HAMLET if hamlet and hamlet == other_hamlet else L.PLACE_COMMUNE
            elif province and other_province:
                level = L.PLACE_PROVINCE if province == other_province else L.PLACE_DIFFERENT
            elif ward and other_ward:
                level = L.PLACE_DIFFERENT
            elif hamlet and other_hamlet and not (province or ward or other_province or other_ward):
                level = address_level(*sorted((hamlet, other_hamlet)))
            else:
                continue
            if not best or level < best:
                best, commune = level, ward if level <= L.PLACE_COMMUNE else 0
    return (best, commune)
