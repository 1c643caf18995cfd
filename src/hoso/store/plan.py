"""What a write will do to each table, worked out before anything is written; an engine applies all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from hoso.store.audit import AuditRow
from hoso.store.seal import RecordKey

Name = tuple[int, str]
"""(number of a type, id)."""

Table = Literal["token", "ref", "date", "string", "quantity", "relation", "consent"]
TABLES: tuple[Table, ...] = ("token", "ref", "date", "string", "quantity", "relation", "consent")
Grouped = Literal["codes", "systems", "texts"]
GROUPED: tuple[Grouped, ...] = ("codes", "systems", "texts")
"""Tables of what records share. Rows come and never go."""

CONSENT = (
    "patient", "rid", "place", "first", "permits", "since", "until", "grantee", "purpose", "type", "acts", "labels",
    "record",
)  # fmt: skip
"""Of the table `consent`."""

IndexRows = dict[Table, list[tuple[Any, ...]]]

CREATE, UPDATE, DELETE = 1, 2, 3
"""`change.op`. A creation over a deleted record is a creation."""

METHODS: tuple[Literal["POST", "PUT", "PATCH", "DELETE"], ...] = ("POST", "PUT", "PATCH", "DELETE")
"""`change.method` is the place in this list, from 1."""


class Head(NamedTuple):
    """What the database knows of a name. `version` is None for a name that was only referred to."""

    rid: int
    patient: int
    version: str | None = None
    updated: int = 0
    deleted: bool = True
    dictionary: int = 0
    packed: bytes | None = None


class NewKey(NamedTuple):
    type: int
    id: str
    patient: int
    rid: int


class Move(NamedTuple):
    """A known name whose record belongs to another patient key from now on."""

    rid: int
    patient: int
    type: int
    id: str


class Expected(NamedTuple):
    """The head of a written name as the plan saw it; `version` None: there was none."""

    rid: int
    patient: int
    version: str | None
    replaced: bool
    """Whether a row of `resource` stands under (`patient`, `rid`) and goes."""


class ChangeRow(NamedTuple):
    """A row of `change` without `seq`, in the order of its columns."""

    id: bytes
    bundle: bytes | None
    place: int
    places: int
    op: int
    method: int
    type: int
    rid: int
    version: str
    base: str | None
    patient: int
    actor: str
    reason: str
    time: int
    size: int
    digest: bytes


class BodyRow(NamedTuple):
    """The body of the change at `place`."""

    place: int
    patient: int
    dictionary: int
    packed: bytes


class HeadRow(NamedTuple):
    """A row of `resource`; the change at `place` gives it its `seq`."""

    place: int
    patient: int
    rid: int
    type: int
    id: str
    version: str
    updated: int
    date: int | None
    present: int
    deleted: int
    systems: int
    texts: int


class LabelRow(NamedTuple):
    """A row of `label`; of a record that has none all is 0."""

    rid: int
    mask: int = 0
    content: int = 0
    hand: int = 0
    inherited: int = 0
    lowered: int = 0

    def settled(self) -> LabelRow:
        return self._replace(mask=(self.content | self.hand | self.inherited) & ~self.lowered)


@dataclass(slots=True)
class LabelPlan:
    """Rows to write. `seen` and `heirs` (number by record) are what must still hold when they are.

    `edges`: (source, heir) of versions that are not the current one any more.
    """

    rows: list[LabelRow] = field(default_factory=list)
    edges: set[tuple[int, int]] = field(default_factory=set)
    seen: list[LabelRow] = field(default_factory=list)
    heirs: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """`remove` and `add` hold whole index rows per table; a row that stays is in neither."""

    stream: int
    start: bytes
    keys: list[NewKey] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    changes: list[ChangeRow] = field(default_factory=list)
    bodies: list[BodyRow] = field(default_factory=list)
    heads: list[HeadRow] = field(default_factory=list)
    grouped: dict[Grouped, set[tuple[Any, ...]]] = field(default_factory=dict)
    """Rows that may not be there yet."""
    remove: dict[Table, list[tuple[Any, ...]]] = field(default_factory=dict)
    add: dict[Table, list[tuple[Any, ...]]] = field(default_factory=dict)
    labels: LabelPlan | None = None
    """None: nothing is labelled, and nothing that is could have labels to pass on."""
    record_keys: list[RecordKey] = field(default_factory=list)
    """Of records that are sealed for the first time."""
    older: set[int] = field(default_factory=set)
    """Records with versions in the database that are to be sealed now, after the commit."""
    events: Sequence[AuditRow] = ()
    """What the audit log says of it."""
