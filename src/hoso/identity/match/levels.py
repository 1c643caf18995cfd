"""The words in which two records are compared: for every field the ways in which it can agree or contradict.

A level says what was seen, never how much it weighs; the weights say that. The first level of every field is
"nothing to compare", which is no evidence either way.
"""

from __future__ import annotations

from typing import NamedTuple

TOKEN_LEVELS = ("missing", "same", "toneless", "tone", "sound", "slip", "edit", "different")
NUMBER_LEVELS = ("missing", "same", "doubted", "near", "different")

FIELDS: dict[str, tuple[str, ...]] = {
    "family": TOKEN_LEVELS,
    "middle": ("missing", "same", "toneless", "tone", "sound", "part", "absent", "different"),
    "given": TOKEN_LEVELS,
    "order": ("missing", "swapped"),
    "birth": (
        "missing",
        "same",
        "same-filler",
        "swapped",
        "one-digit",
        "same-month",
        "year-only",
        "same-year",
        "same-day",
        "near-year",
        "different",
    ),
    "sex": ("missing", "same", "different"),
    "citizen": NUMBER_LEVELS,
    "insurance": NUMBER_LEVELS,
    "paper": NUMBER_LEVELS,
    "phone": ("missing", "same", "near", "different"),
    "place": ("missing", "hamlet", "commune", "province", "different"),
    "mother": ("missing", "same", "like", "different"),
    "twin": ("missing", "same", "different"),
    "origin": ("missing", "same", "different"),
    "guardian": ("missing", "phone", "named"),
    "workplace": ("missing", "same"),
}

NAMES = tuple(FIELDS)
(
    FAMILY,
    MIDDLE,
    GIVEN,
    ORDER,
    BIRTH,
    SEX,
    CITIZEN,
    INSURANCE,
    PAPER,
    PHONE,
    PLACE,
    MOTHER,
    TWIN,
    ORIGIN,
    GUARDIAN,
    WORKPLACE,
) = range(len(NAMES))

MISSING = 0
SAME = 1

TOKEN_TONELESS, TOKEN_TONE, TOKEN_SOUND, TOKEN_SLIP, TOKEN_EDIT, TOKEN_DIFFERENT = range(2, 8)
MIDDLE_PART, MIDDLE_ABSENT, MIDDLE_DIFFERENT = range(5, 8)
(
    BIRTH_FILLER,
    BIRTH_SWAPPED,
    BIRTH_DIGIT,
    BIRTH_MONTH,
    BIRTH_YEAR_ONLY,
    BIRTH_YEAR,
    BIRTH_DAY,
    BIRTH_NEAR_YEAR,
    BIRTH_DIFFERENT,
) = range(2, 11)
SEX_DIFFERENT = 2
NUMBER_DOUBTED, NUMBER_NEAR, NUMBER_DIFFERENT = range(2, 5)
PHONE_NEAR, PHONE_DIFFERENT = 2, 3
PLACE_HAMLET, PLACE_COMMUNE, PLACE_PROVINCE, PLACE_DIFFERENT = range(1, 5)
MOTHER_LIKE, MOTHER_DIFFERENT = 2, 3
TWIN_DIFFERENT = 2
ORIGIN_DIFFERENT = 2

GUARDIAN_PHONE, GUARDIAN_NAMED = 1, 2

HOUSEHOLD = (PHONE, PLACE, MOTHER, ORIGIN, GUARDIAN, WORKPLACE)
"""What a whole household shares, or a class: it may support a name and a birth date, never stand against them."""

NUMBERS = (CITIZEN, INSURANCE, PAPER)


class Values(NamedTuple):
    """The agreeing values whose rarity counts: "" or 0 where the field does not agree."""

    family: str = ""
    middle: str = ""
    given: str = ""
    commune: int = 0
    phone: int | str = 0


class Levels(NamedTuple):
    """How two records compare: one level per field in the order of `NAMES`, and what agreed."""

    levels: tuple[int, ...]
    values: Values
    verified_conflict: bool = False
    verified_match: bool = False

    def named(self) -> dict[str, str]:
        """The levels by name, "missing" left out: what a person may read."""
        return {
            field: FIELDS[field][level] for field, level in zip(NAMES, self.levels, strict=True) if level != MISSING
        }
