"""What a decision is made of: who asks, with all that is known of them, and the facts of one record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hoso.access.policy.matrix import Activity, Role
from hoso.fhir.consents import ACTIVITIES, PURPOSES
from hoso.fhir.model import load
from hoso.store.consents import Call, ConsentRow
from hoso.store.reach import Clause

RANK = {"": 0, "single": 1, "multi": 2}


class Tie(NamedTuple):
    """A relation of the person, as in the table. `born`: high ends of the birth dates its patient's record gives."""

    kind: int
    grantee: int
    since: int
    until: int
    born: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one record. `ties` are those of the whole person, `authors` the numbers of those it names."""

    type: str
    patient: int
    ties: tuple[Tie, ...] = ()
    labels: frozenset[str] = frozenset()
    authors: frozenset[int] = frozenset()
    rid: int = 0
    consents: tuple[ConsentRow, ...] = ()
    """Of the whole person."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason why a record is reached, with what it opens: `types` (None: all), and labels up to `cleared`.

    `clause` None: it holds for every record of these types.
    """

    name: str
    holds: Callable[[Facts], bool]
    clause: Clause | None
    types: frozenset[str] | None
    cleared: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ask:
    """One call by somebody with a role, everything about the caller looked up. Times are milliseconds.

    `grantees`: the numbers under which the caller stands in relations; `own`: the numbers of the citizen who asks;
    `given`: patients by kind of grant ("emergency", "grant", "delegation", "representative", "summary"), each with all
    its numbers; `authors`: the numbers under which the caller is named as author; `limit`: the labels that a client
    was cleared for, None when nobody limited them.
    """

    role: Role
    purpose: str
    activity: Activity
    assurance: str
    now: int
    grantees: tuple[int, ...] = ()
    own: frozenset[int] = frozenset()
    citizen: int = 0
    given: Mapping[str, frozenset[int]] = field(default_factory=dict)
    authors: tuple[int, ...] = ()
    limit: frozenset[str] | None = None
    denials: bool = False
    """Whether anybody denied anything; `permits`: anything to the caller. Without, records are not asked."""
    permits: bool = False
    birthdate: int = 0
    ages: tuple[int, int, int] = (0, 0, 0)
    """A person born at or before the first is 7, before the second 16, before the third an adult."""

    def call(self, type: str) -> Call:
        """As what a Consent knows it."""
        purpose = PURPOSES.index(self.purpose) + 1 if self.purpose in PURPOSES else len(PURPOSES) + 1
        act = 1 << ACTIVITIES.index(self.activity)
        return Call(self.grantees, self.now, purpose, load().type_number[type], act)
