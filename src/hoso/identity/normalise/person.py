"""What normalising gives: a person as comparable values, with what was repaired and what was doubted.

Every value keeps the original beside it, so that a reviewer sees what was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sex = Literal["male", "female", "other", ""]
NumberKind = Literal["cccd", "cmnd", "bhxh", "passport", "citizen-code", "local", "other"]


@dataclass(frozen=True, slots=True)
class Name:
    family: str
    middle: tuple[str, ...]
    given: str
    toned: str
    """Lower case, NFC, one place for the tone mark, family name first."""
    plain: str
    """`toned` without tones and marks, đ as d."""
    skeleton: str
    """`plain` with regional spellings folded: s/x, ch/tr, l/n, d/gi/r/v, i/y, final n/ng/nh and t/c/ch."""
    placeholder: bool
    """It says that there is no name yet ("con bà …", "vô danh") and never counts as one."""
    truncated: bool
    original: str
    turned: bool = False
    """We put it in order, and which of the last two words is the given name is not sure."""


@dataclass(frozen=True, slots=True)
class Birth:
    year: int | None
    month: int | None
    day: int | None
    filler: bool
    """1 January or zeros: software writes them for "only the year is known"."""
    original: str


@dataclass(frozen=True, slots=True)
class Number:
    kind: NumberKind
    value: str
    system: str
    consistent: bool | None
    """Does it fit the birth year and the sex of the record? None when nothing could be tested."""
    doubt: str
    """"", "lost-zero" (repaired), "year", "sex", "province", "dummy", "check-digit" or "revoked"."""
    verified: bool = False
    """Read by a machine or confirmed by the register, not merely typed, and still valid."""


@dataclass(frozen=True, slots=True)
class Place:
    province: str
    """Code since July 2025; "" when it could not be derived."""
    commune: str
    """Code since July 2025; "" also when the old ward was divided among several communes."""
    old_ward: str
    """Code of the ward before July 2025 when the address names one."""
    hamlet: str
    """The line below the commune, folded."""
    text: str
    """The whole address, folded."""


@dataclass(frozen=True, slots=True)
class Person:
    names: tuple[Name, ...]
    """Best first."""
    birth: Birth | None
    sex: Sex
    numbers: tuple[Number, ...]
    phones: tuple[str, ...]
    """National form, 0xxxxxxxxx."""
    places: tuple[Place, ...]
    mother: str
    """Toned name of the mother, of a placeholder name, an extension or a contact."""
    guardians: tuple[Name, ...]
    """Names of the contacts and of a mother named in an extension."""
    twin: int | None
    """Birth order of a multiple birth."""
    deceased: Birth | None
    """Without a date when only the fact is known."""
    facility: str
    """Id of the managing organization."""
    local: tuple[tuple[str, str], ...]
    """Numbers of single facilities: (system, value)."""
    notes: tuple[str, ...]
    """What was repaired or dropped, in alphabetical order: "tcvn3", "telex", "lost-zero", "title" …"""
    kin_phones: tuple[str, ...] = ()
    """Of the contacts: a guardian's, a spouse's."""
    workplace: str = ""
    """Where they work, or school and class, folded."""
