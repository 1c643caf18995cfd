"""The emergency card as values, in the order a clinician reads it; dates stay as recorded, words stay untranslated.

A section says whether it lists something, is known to be empty, was never recorded, or may not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

State = Literal["listed", "known-none", "unrecorded", "refused"]


@dataclass(frozen=True, slots=True)
class Origin:
    """The facility's own record behind a line, named while its link to the person is too young to be relied on."""

    number: str
    facility: str
    since: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a line comes from. `when` is the clinical date, a partial FHIR date."""

    facility: str = ""
    author: str = ""
    when: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Section(Generic[T]):
    state: State
    items: tuple[T, ...] = ()
    checked: str = ""
    """When a known emptiness was established."""
    denied: tuple[Source, ...] = ()
    """Who said that there is nothing to list although there is."""


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Who:
    id: str
    name: str
    sex: str
    born: str
    deceased: str
    """ "" alive as far as we know; a date; or "yes"."""
    identifiers: tuple[Identifier, ...]
    insurance: str
    address: str
    phone: str
    station: str
    language: str
    active: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A value and the facilities whose records carry it."""

    value: str
    facilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a person's records contradict each other in; nobody but a human decides which is right."""

    kind: Literal["sex", "birth"]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Allergy:
    substance: str
    reactions: tuple[str, ...]
    severity: Literal["", "mild", "moderate", "severe"]
    high_risk: bool
    confirmed: bool | None
    source: Source


@dataclass(frozen=True, slots=True)
class Alert:
    """`title` is a catalogue key of the rule table, `detail` what the record says."""

    key: str
    title: str
    detail: str
    source: Source
    measure: Measure | None = None
    weeks: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    name: str
    code: str
    certain: bool
    source: Source


@dataclass(frozen=True, slots=True)
class Dose:
    """Either `text`, as prescribed, or amount and rhythm to be put into words."""

    text: str = ""
    amount: str = ""
    unit: str = ""
    times: int = 0
    per: int = 1
    per_unit: str = ""
    as_needed: bool = False


@dataclass(frozen=True, slots=True)
class Medicine:
    name: str
    dose: Dose
    supplied: str
    days_left: int | None
    """Negative when the supply has run out; None when its length is not recorded."""
    supply_end: str
    source: Source


@dataclass(frozen=True, slots=True)
class Medicines:
    state: State
    active: tuple[Medicine, ...] = ()
    possible: tuple[Medicine, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """`title` is a catalogue key. `flag` is "high", "low" or "abnormal" by interpretation or reference range."""

    key: str
    title: str
    value: str
    unit: str
    flag: Literal["", "high", "low", "abnormal"]
    source: Source


@dataclass(frozen=True, slots=True)
class BloodGroup:
    """Every value on record, newest first: two that differ are a warning, not a choice."""

    values: tuple[Measure, ...]

    @property
    def conflicting(self) -> bool:
        return len({m.value for m in self.values}) > 1


@dataclass(frozen=True, slots=True)
class Visit:
    facility: str
    care: Literal["outpatient", "inpatient", "emergency", "home", "remote", "other"]
    reason: str
    outcome: str
    start: str
    end: str
    masked: bool = False
    """Why somebody came is not shown to this reader."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    source: Source


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    relation: str
    phone: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Which facilities' data this is and how new; `records` counts what was read for it."""

    facilities: tuple[str, ...]
    newest: str
    records: int


@dataclass(frozen=True, slots=True)
class EmergencyCard:
    who: Who
    allergies: Section[Allergy]
    alerts: Section[Alert]
    blood_group: BloodGroup
    problems: Section[Problem]
    medicines: Medicines
    measures: Section[Measure]
    reports: tuple[Operation, ...]
    visits: Section[Visit]
    stays: tuple[Visit, ...]
    operations: tuple[Operation, ...]
    contacts: tuple[Contact, ...]
    trust: Trust
    differences: tuple[Difference, ...] = ()
