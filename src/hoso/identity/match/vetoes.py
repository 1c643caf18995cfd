"""What forbids an automatic link whatever the bits say, and which facts lift each ban.

The list is the one of false links seen: twins and siblings, a parent's number, guessed birth dates, true namesakes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hoso.identity.match import levels as L
from hoso.identity.match.score import Scored, birth_contradicts, name_contradicts, number_agrees
from hoso.identity.match.writing import Writing

NUMBER_FACTS = frozenset({"citizen", "insurance"})

CURES: Mapping[str, frozenset[str]] = {
    "twins": NUMBER_FACTS,
    "siblings": NUMBER_FACTS,
    "vague-birth": NUMBER_FACTS | {"birth", "mother"},
    "no-name": NUMBER_FACTS | {"mother"},
    "name-and-birth-only": NUMBER_FACTS | {"phone", "place", "mother"},  # or a guardian, whom one cannot ask for
    "margin": NUMBER_FACTS | {"birth", "phone", "place", "mother"},
}
"""Facts that lift a veto when they agree; a veto that is not listed needs a person to decide."""

CONTRADICTION_BITS = -1.0
UNKNOWN_DAY = (L.MISSING, L.BIRTH_FILLER, L.BIRTH_YEAR_ONLY)
MISWRITTEN = (L.BIRTH_SWAPPED, L.BIRTH_DIGIT, L.BIRTH_MONTH, L.BIRTH_NEAR_YEAR)
"""The same date with a slip, or what comes of one."""
SAME_YEAR = (L.SAME, L.BIRTH_FILLER, L.BIRTH_SWAPPED, L.BIRTH_YEAR_ONLY)
"""Of brothers and sisters only twins are of one."""
ALMOST = (L.TOKEN_TONE, L.TOKEN_SOUND, L.TOKEN_EDIT)
"""A given name that is a slip, or the brother's."""


class Circumstances(NamedTuple):
    """What the levels of the best person do not tell."""

    written: Writing
    child: bool
    """The arrival may be one, with its family's phone and no card of its own."""
    woman: bool
    """No daughter has her mother's name, as a son may have his father's."""
    year_slipped: bool
    """The very day and month, and a year that one slip explains."""
    generation: bool
    """The very day and month of a year that may be the father's."""


UNASKED = Circumstances(Writing(toned=True, ordered=True, fixed=True, meant=False), False, False, False, False)


def vetoes(best: Scored, about: Circumstances) -> tuple[str, ...]:
    levels = best.levels
    numbered = number_agrees(levels)
    found = []
    if best.verified_conflict:
        found.append("verified-numbers")
    if numbered and name_contradicts(levels) and birth_contradicts(levels):
        found.append("number-contradicted")
    if levels[L.TWIN] == L.TWIN_DIFFERENT or (not numbered and (_twin_like(best, about) or _blurred(best, about))):
        found.append("twins")
    elif not numbered and _sibling_like(levels):
        found.append("siblings")
    if not numbered and _other_number(levels):
        found.append("other-number")
    if not numbered and not _personal(best, about) and _vague(levels):
        found.append("vague-birth")
    if not numbered and not levels[L.GIVEN]:
        found.append("no-name")
    if levels[L.SEX] == L.SEX_DIFFERENT and _contradicted(best):
        found.append("sex")
    if not numbered and not _supported(best):
        found.append("name-and-birth-only")
    return tuple(found)


def _twin_like(best: Scored, about: Circumstances) -> bool:
    """Born the same day, as far as is known, with almost the same given name: a slip, or the twin; but grown up, twins
    have phones of their own."""
    levels = best.levels
    if birth_contradicts(levels) or (about.written.meant and not (about.child and levels[L.GIVEN] == L.TOKEN_TONE)):
        # A tone that nobody's name has is a slip; but whoever names twins by tones may choose one of their own.
        return False
    if levels[L.BIRTH] in SAME_YEAR and _own_phone(best) and not about.child:
        return False
    # Without its tones a name may be either twin's; with another slip beside that, nothing of it is sure.
    bare = levels[L.GIVEN] == L.TOKEN_TONELESS and levels[L.MIDDLE] in (L.TOKEN_TONE, L.TOKEN_SOUND)
    return bare or levels[L.GIVEN] in ALMOST


def _blurred(best: Scored, about: Circumstances) -> bool:
    """Written so that the twin's name would look the same."""
    written = about.written
    ordered = written.ordered and (not best.levels[L.ORDER] or written.fixed)
    if birth_contradicts(best.levels) or (written.toned and ordered):
        return False
    return about.child or (not ordered and not _own_phone(best))


def _near_birth(levels: tuple[int, ...]) -> bool:
    """Otherwise the phone is the family's: the father's of that name, or an elder child's."""
    return levels[L.BIRTH] != L.MISSING and not birth_contradicts(levels)


def _sibling_like(levels: tuple[int, ...]) -> bool:
    """Another given name; or almost the same one, and born another day."""
    return name_contradicts(levels) or (levels[L.GIVEN] in ALMOST and birth_contradicts(levels))


def _other_number(levels: tuple[int, ...]) -> bool:
    """Two numbers that both fit their record are two people's, however alike a slip makes the names of twins."""
    return L.NUMBER_DIFFERENT in (levels[L.CITIZEN], levels[L.INSURANCE])


def _personal(best: Scored, about: Circumstances) -> bool:
    """A commune has namesakes of one year, the same hamlet or house seldom has; with another phone it is the cousin."""
    levels = best.levels
    if levels[L.MOTHER] == L.SAME:
        return True
    if any(levels[i] == L.NUMBER_DOUBTED for i in L.NUMBERS) and levels[L.BIRTH] in MISWRITTEN:
        # It is doubted because it does not fit the date, and the date is the one with the slip.
        return True
    if about.generation and not about.woman:
        return False
    hamlet = levels[L.PLACE] == L.PLACE_HAMLET
    if _own_phone(best) and (_near_birth(levels) or (hamlet and levels[L.BIRTH] == L.BIRTH_NEAR_YEAR)):
        return True
    if _own_phone(best) and levels[L.BIRTH] == L.MISSING and about.woman:
        return True
    if not hamlet or levels[L.PHONE] == L.PHONE_DIFFERENT:
        return False
    # Without even a year it may be the father, with one digit off the cousin of that month.
    whole = all(levels[i] in (L.SAME, L.TOKEN_TONELESS) for i in (L.FAMILY, L.GIVEN))
    if levels[L.BIRTH] == L.BIRTH_SWAPPED and whole:
        return True
    if levels[L.BIRTH] == L.MISSING and about.woman and whole:
        return True
    return about.year_slipped or levels[L.BIRTH] in (L.BIRTH_FILLER, L.BIRTH_YEAR_ONLY)


def _own_phone(best: Scored) -> bool:
    """The phone of a crowd has lost its bits and supports nobody."""
    return best.levels[L.PHONE] == L.SAME and best.bits[L.PHONE] > 0


def _vague(levels: tuple[int, ...]) -> bool:
    """Anything but the very date: a commune has cousins of one name who were born in the same month."""
    return levels[L.BIRTH] != L.SAME


def _supported(best: Scored) -> bool:
    """Something stands beside the name and the birth date."""
    levels = best.levels
    return (
        any(L.SAME <= levels[i] <= L.NUMBER_NEAR for i in L.NUMBERS)
        or _own_phone(best)
        or levels[L.PLACE] in (L.PLACE_HAMLET, L.PLACE_COMMUNE, L.PLACE_PROVINCE)
        or levels[L.MOTHER] in (L.SAME, L.MOTHER_LIKE)
        or levels[L.ORIGIN] == L.SAME
        or levels[L.GUARDIAN] != L.MISSING
    )


def _contradicted(best: Scored) -> bool:
    """Something besides the sex that does not change in a life; homes and phones do."""
    name = sum(best.bits[i] for i in (L.FAMILY, L.MIDDLE, L.GIVEN, L.ORDER))
    return name < 0 or any(best.bits[i] < CONTRADICTION_BITS for i in (L.BIRTH, L.CITIZEN, L.INSURANCE))


def corroborated(best: Scored) -> bool:
    """A trusted number also needs the name, or the birth date with no other name against it."""
    levels = best.levels
    if L.SAME <= levels[L.GIVEN] <= L.TOKEN_EDIT and levels[L.FAMILY] != L.TOKEN_DIFFERENT:
        return True
    return L.SAME <= levels[L.BIRTH] <= L.BIRTH_DIGIT and levels[L.BIRTH] != L.BIRTH_FILLER and not levels[L.GIVEN]
