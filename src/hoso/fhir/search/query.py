"""A search as data: conditions that all must hold, and how the result is ordered, paged and dressed.

Everything here is frozen and comparable, so equal requests are equal queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hoso.core import Span

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Kind = Literal["token", "string", "date", "number", "quantity", "reference", "uri", "composite", "near"]


@dataclass(frozen=True, slots=True)
class Token:
    """`system` None: any system; "": without a system. `code` None: any code of the system."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Date:
    prefix: Prefix
    span: Span


@dataclass(frozen=True, slots=True)
class Number:
    """`low` and `high` bound what the digits given can mean: 5.40 is [5.395, 5.405). `code` None: any unit."""

    prefix: Prefix
    value: float
    low: float
    high: float
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """A record of this server by id, of any of `types`."""

    types: tuple[str, ...]
    id: str


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI as written; also a reference to elsewhere and a canonical."""

    text: str


@dataclass(frozen=True, slots=True)
class Near:
    """A circle on the ground: degrees and metres."""

    latitude: float
    longitude: float
    metres: float


@dataclass(frozen=True, slots=True)
class Parts:
    """One value of a composite: a value per component, with the component's kind."""

    parts: tuple[tuple[Kind, Value], ...]


Value = Token | Text | Date | Number | Local | Uri | Near | Parts


@dataclass(frozen=True, slots=True)
class Match:
    """Parameter `code` has at least one of `values`, in the sense of `modifier`."""

    code: str
    kind: Kind
    values: tuple[Value, ...]
    modifier: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    code: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Ids:
    """`_id`: one of these."""

    ids: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Updated:
    """`_lastUpdated`: the time this server stored the current version."""

    values: tuple[Date, ...]


@dataclass(frozen=True, slots=True)
class InList:
    """`_list`: an item of one of these List resources."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Reference `code` points to a resource for which the branch of its type holds."""

    code: str
    branches: tuple[tuple[tuple[str, ...], Condition], ...]


@dataclass(frozen=True, slots=True)
class Has:
    """A resource of `type` for which `condition` holds points here by its reference `code`."""

    type: str
    code: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Compartment:
    """Stands in the compartment of `type`/`id`."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Group:
    """Of `_filter`: all of the conditions hold, at least one does, or the one does not."""

    operator: Literal["and", "or", "not"]
    conditions: tuple[Condition, ...]


Condition = Match | Missing | Ids | Updated | InList | Chain | Has | Compartment | Group


@dataclass(frozen=True, slots=True)
class SortKey:
    """`near`: the place from which the distance is sorted by."""

    code: str
    kind: Kind | Literal["id", "updated"]
    descending: bool
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Include:
    """`source`, `code`, `target` None: any (`*`)."""

    source: str | None
    code: str | None
    target: str | None
    iterate: bool


Total = Literal["none", "estimate", "accurate"]
Summary = Literal["true", "text", "data", "count", "false"]


@dataclass(frozen=True, slots=True)
class Query:
    """`types` are the resource types searched, never empty. `all_types` says the caller named none.

    `rank_exact` puts hits whose accents agree with the searched strings first (for the staff search page).
    """

    types: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    sort: tuple[SortKey, ...] = ()
    count: int = 20
    total: Total = "none"
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    ignored: tuple[str, ...] = ()
    self_pairs: tuple[tuple[str, str], ...] = ()
    all_types: bool = False
    rank_exact: bool = False

    @property
    def counts_only(self) -> bool:
        return self.count == 0 or self.summary == "count"
