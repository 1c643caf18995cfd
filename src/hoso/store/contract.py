"""The contract of the record store, which SQLite and PostgreSQL both keep and the same tests check.

A write is atomic, durable when the call returns, and refused whole; what was stored is never altered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from hoso.fhir.added import Definition
    from hoso.fhir.search import Query
    from hoso.store.added import Parameter, Snapshot
    from hoso.store.audit import AuditRow
    from hoso.store.people import PeopleRows
    from hoso.store.reach import Codes
    from hoso.store.relations import RelationRows
    from hoso.store.subscriptions import SubscriptionRows
    from hoso.store.visible import Visible

T = TypeVar("T")
Method = Literal["POST", "PUT", "PATCH", "DELETE"]
Outcome = Literal["created", "updated", "deleted", "unchanged"]


class Version(NamedTuple):
    """One stored version of a record. `body` is the JSON text to send; empty for a deletion.

    `method` is exact in history and in the feed; a read of a current version only tells DELETE from PUT.
    """

    type: str
    id: str
    version: str
    updated: int
    deleted: bool
    body: bytes
    method: Method = "PUT"
    patient: int = 0
    rid: int = 0
    seq: int = 0
    labels: int | None = None
    """The mask of its labels (fhir/labels); None of a record that never had any."""
    erased: bool = False
    """Its text was erased for ever; `deleted` is true as well."""


@dataclass(slots=True)
class Draft:
    """A change somebody asks for. `body` is the text as received, `resource` the same parsed (None for a deletion).

    `base`: "any" overwrites whatever is there, None demands that nothing live is there, else the version that must be
    the head (If-Match); a mismatch raises `Conflict`. `id` is always set: the caller mints it for a POST.
    """

    method: Method
    type: str
    id: str
    body: bytes
    resource: dict[str, Any] | None
    base: str | None = "any"


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of one draft. `outcome` "unchanged": a deletion of what is not there."""

    type: str
    id: str
    version: str | None
    updated: int
    outcome: Outcome
    body: bytes
    rid: int = 0
    """Its number; 0 when nothing was written."""
    patient: int = 0
    """The number of the patient it belongs to."""


class Change(NamedTuple):
    """One entry of the feed. `position` counts within the stream (`node`, `epoch`); `chain` ties it to all before."""

    number: int
    node: str
    epoch: str
    position: int
    chain: bytes
    change: UUID
    bundle: UUID | None
    place: int
    places: int
    base: str | None
    patient: str | None
    actor: str
    reason: str
    version: Version


@dataclass(frozen=True, slots=True)
class Stretch:
    """Changes of some types within the feed. It was looked through up to `until`; `more`: it goes on behind that."""

    changes: Sequence[Change]
    until: int
    more: bool


class Conflict(Exception):
    """The head is not the version the draft builds on. Carries type, id, and the head's version (None: absent)."""

    def __init__(self, type: str, id: str, head: str | None) -> None:
        super().__init__(type, id, head)
        self.type, self.id, self.head = type, id, head


class Unavailable(Exception):
    """The database cannot take or give anything now (disk full, gone, locked too long); nothing was stored."""


class DamagedFile(Unavailable):
    """A file of the database is not what was written there, or is gone. It is left as it is; waiting does not help."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason

    @classmethod
    def gone(cls, file: Path) -> DamagedFile:
        """Of one in which nothing is, or that is not there."""
        return cls(str(file), "it is empty" if file.exists() else "it is missing")


class TooSlow(Unavailable):
    """A question took longer than it may and was given up; the connection goes on."""


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """Where a store is: "sqlite:///PATH" with its 32-byte key, or "postgresql://…". `node` is this node's id."""

    url: str
    key: bytes | None = None
    node: str = "node"
    sealing: Callable[[], Sequence[bytes]] | None = field(default=None, repr=False)
    """The sealing keys (store/seal.py); None: a store that seals nothing, as for a measurement without."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who makes a change and why; stands in every row of the change log."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of search matches, with what belongs to them.

    `cursor` continues after the last match (opaque, None at the end); `total` when asked for or known for free.
    """

    matches: Sequence[Version]
    included: Sequence[Version]
    total: int | None
    cursor: str | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    versions: Sequence[Version]
    total: int | None
    cursor: str | None


class Reading(Protocol):
    """What can be asked, inside a write as well as outside."""

    @property
    def people(self) -> PeopleRows:
        """Who belongs to whom, to read."""

    @property
    def relations(self) -> RelationRows:
        """Who is tied to whom, to read."""

    def read(self, type: str, id: str) -> Version | None:
        """The head, also when deleted (`deleted` says so); None when nothing was ever there."""

    def heads(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Version]: ...

    def search(self, query: Query, visible: Visible, cursor: str | None = None) -> Page: ...


class Transaction(Reading, Protocol):
    @property
    def people(self) -> PeopleRows:
        """Who belongs to whom, to read and to write."""

    @property
    def subscriptions(self) -> SubscriptionRows:
        """Who subscribed, to read and to write."""

    def lock(self, criteria: Sequence[str]) -> None:
        """Serialises conditional writes on the same criteria; call once, before searching."""

    def fresh(self, type: str, id: str) -> int:
        """The number that a record nobody has heard of will have when it is saved in this transaction."""

    def save(self, drafts: Sequence[Draft]) -> list[Saved]: ...

    @property
    def saved(self) -> Sequence[Saved]:
        """All that was saved in this transaction so far."""

    def record(self, events: Sequence[AuditRow]) -> None:
        """Events of the audit log, stored if and only if this transaction is."""

    def told(self, patients: Collection[int]) -> Iterator[bytes]:
        """Events of the audit log that may concern these patients: all of theirs, and those not sorted yet.

        Those that were told by themselves before this transaction began are among them.
        """

    def enqueue(self, kind: str, argument: str, due: int = 0) -> None:
        """Work to be done once this transaction has committed; see jobs.py."""


class Store(Reading, Protocol):
    @property
    def added(self) -> Snapshot:
        """The search parameters that R4 does not have, as of a second ago at most."""

    def settle_added(self, wanted: Mapping[str, Sequence[Definition]]) -> bool:
        """There are to be exactly these, by the id of the SearchParameter; whether anything changed."""

    def share(self, one: Parameter) -> int:
        """How much of the index of an added parameter is there, in per cent."""

    def vread(self, type: str, id: str, version: str) -> Version | None: ...

    def history(
        self,
        type: str | None = None,
        id: str | None = None,
        *,
        since: int | None = None,
        at: tuple[int, int] | None = None,
        count: int = 100,
        cursor: str | None = None,
        types: Sequence[str] | None = None,
        visible: Visible | None = None,
    ) -> HistoryPage:
        """Newest first; instance, type (`id` None) or the whole system (`type` None; `types` narrows it)."""

    def save(
        self,
        drafts: Sequence[Draft],
        origin: Origin,
        *,
        changes: Sequence[UUID] | None = None,
        told: Callable[[Sequence[Saved]], Sequence[AuditRow]] | None = None,
    ) -> list[Saved]:
        """All or none, durable on return. Answers in the order given. Raises Conflict or Unavailable.

        `changes` are ids given before (one per draft): a change that is already stored is answered, not stored again.
        `told` makes the events of the audit log from what is about to be stored; they are stored with it.
        """

    def write(self, work: Callable[[Transaction], T], origin: Origin) -> T:
        """Runs `work` inside one write transaction, possibly more than once; for conditional writes."""

    def look(self, work: Callable[[Reading], T]) -> T:
        """Runs `work` at one moment of the database, beside all who write."""

    def record(self, events: Sequence[AuditRow]) -> None:
        """Events of the audit log by themselves, durable on return. Raises Unavailable."""

    def told(self, patients: Collection[int]) -> Iterator[bytes]:
        """Events of the audit log that may concern these patients: all of theirs, and those not sorted yet."""

    def codes(self, type: str, param: str, codes: Sequence[tuple[str | None, str]]) -> Codes:
        """Tokens of a parameter, (system or None for any, code), as the index has them."""

    def scan(self, query: Query, visible: Visible) -> Iterator[Version]:
        """All matches, streamed in stable order without a cap; for exports."""

    def everything(
        self, patient: str, visible: Visible, *, since: int | None = None, types: Sequence[str] = ()
    ) -> Iterator[Version]:
        """The Patient, its compartment and what those refer to, each once; streamed without a cap."""

    def feed(self, after: int = 0, limit: int = 1000) -> Sequence[Change]:
        """Numbered changes after a feed number, dense and in order."""

    def feed_of(self, types: Collection[str], after: int = 0, limit: int = 1000) -> Stretch:
        """The same of some types. However rare they are, only so much of the feed is looked through at a time."""

    def feed_end(self) -> int:
        """The number of the last change that was committed, 0 when there is none."""

    def close(self) -> None: ...
