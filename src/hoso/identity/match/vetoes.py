"""What forbids an automatic link whatever the bits say, and which facts lift each ban.

The list is the one of false links seen: twins and siblings, a parent's number, guessed birth dates, true namesakes.
"""

from __future__ import annotations

from collections.abc import Mapping

from hoso.identity.match import levels as L
from hoso.identity.match.score import Scored, birth_contradicts, name_contradicts, number_agrees

NUMBER_FACTS = frozenset({"citizen", "insurance"})

CURES: Mapping[str, frozenset[str]] = {
    "twins": NUMBER_FACTS,
    "siblings": NUMBER_FACTS,
    "vague-birth": NUMBER_FACTS | {"birth", "phone", "mother"},
    "no-name": NUMBER_FACTS | {"mother"},
    "name-and-birth-only": NUMBER_FACTS | {"phone", "place", "mother"},
    "margin": NUMBER_FACTS | {"birth", "phone", "place", "mother"},
}
"""Facts that lift a veto when they agree; a veto that is not listed needs a person to decide."""

CONTRADICTION_BITS = -1.0
UNKNOWN_DAY = (L.MISSING, L.BIRTH_FILLER, L.BIRTH_YEAR_ONLY)


def vetoes(best: Scored) -> tuple[str, ...]:
    levels = best.levels
    numbered = number_agrees(levels)
    found = []
    if best.verified_conflict:
        found.append("verified-numbers")
    if numbered and name_contradicts(levels) and birth_contradicts(levels):
        found.append("number-contradicted")
    if levels[L.TWIN] == L.TWIN_DIFFERENT or (not numbered and _twin_like(levels)):
        found.append("twins")
    elif not numbered and name_contradicts(levels):
        found.append("siblings")
    if not numbered and L.NUMBER_DIFFERENT in (levels[L.CITIZEN], levels[L.INSURANCE]) and _inexact(levels):
        found.append("other-number")
    if not numbered and not _personal(levels) and _vague(levels):
        found.append("vague-birth")
    if not numbered and not levels[L.GIVEN]:
        found.append("no-name")
    if levels[L.SEX] == L.SEX_DIFFERENT and _contradicted(best):
        found.append("sex")
    if not numbered and not supported(levels):
        found.append("name-and-birth-only")
    return tuple(found)


def _twin_like(levels: tuple[int, ...]) -> bool:
    """Born the same day, as far as is known, with almost the same given name: a slip, or the twin."""
    almost = levels[L.GIVEN] in (L.TOKEN_TONE, L.TOKEN_SOUND, L.TOKEN_EDIT)
    return almost and levels[L.BIRTH] in (L.SAME, *UNKNOWN_DAY)


def _inexact(levels: tuple[int, ...]) -> bool:
    """A slip in the name or the date, tones that are lacking: with another number as well it is likelier the twin."""
    named = levels[L.FAMILY] == levels[L.MIDDLE] == levels[L.GIVEN] == L.SAME and not levels[L.ORDER]
    return not named or levels[L.BIRTH] not in (L.SAME, *UNKNOWN_DAY)


def _personal(levels: tuple[int, ...]) -> bool:
    """A commune has namesakes of one year, the same hamlet or house seldom has; cousins have the hamlet as well."""
    if levels[L.PHONE] == L.SAME or levels[L.MOTHER] == L.SAME:
        return True
    return levels[L.PLACE] == L.PLACE_HAMLET and levels[L.BIRTH] in UNKNOWN_DAY


def _vague(levels: tuple[int, ...]) -> bool:
    """Anything but the very date: a commune has cousins of one name who were born in the same month."""
    return levels[L.BIRTH] not in (L.SAME, L.BIRTH_SWAPPED)


def supported(levels: tuple[int, ...]) -> bool:
    """Something stands beside the name and the birth date."""
    return (
        any(L.SAME <= levels[i] <= L.NUMBER_NEAR for i in L.NUMBERS)
        or levels[L.PHONE] == L.SAME
        or levels[L.PLACE] in (L.PLACE_HAMLET, L.PLACE_COMMUNE, L.PLACE_PROVINCE)
        or levels[L.MOTHER] in (L.SAME, L.MOTHER_LIKE)
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
