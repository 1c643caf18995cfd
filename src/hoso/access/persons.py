"""When a search is about persons, and what identity does about the Patients that arrive.

Facilities write and search their own records; a golden Patient is found by those who ask for one: by its code, its id,
its tag, or the record it is linked to. So what a facility asks for does not come twice, and never comes as somebody
else's to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from hoso.core import citizen_code
from hoso.fhir.search import Query
from hoso.fhir.search.query import Chain, Condition, Group, Has, Ids, Match, Token
from hoso.store.contract import Draft, Origin, Saved, Transaction


class Unready(Exception):
    """Something that can only be had outside a transaction is lacking; get `ready` and begin again."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Arrivals(Protocol):
    """What identity does when Patients are stored, in the very transaction that stores them."""

    def prepare(self, drafts: Sequence[Draft]) -> Any | None:
        """All that can be worked out before anything is locked; None when no draft concerns identity.

        Raises Refused for a draft that only identity itself may write.
        """

    def joined(self, parts: Sequence[tuple[Any, int]]) -> Any:
        """Of drafts that are stored together what was prepared of each part, with the number of its drafts."""

    def store(self, transaction: Transaction, prepared: Any, drafts: Sequence[Draft], origin: Origin) -> list[Saved]:
        """Saves the drafts, and links what arrived with the persons they are. Raises Unready, with nothing done."""

    def settled(self, transaction: Transaction) -> None:
        """After a transaction was committed: does what could not be done inside it."""

    def rehearsed(self, transaction: Transaction) -> None:
        """After a transaction was undone on purpose: what it used up is free again."""

    def ready(self, number: int) -> None:
        """Makes ready for so many newcomers; outside a transaction."""


def asks_for_persons(query: Query) -> bool:
    along = [*query.includes, *query.revincludes]
    if any(i.source == "Patient" and i.code == "link" for i in along):
        return True
    return any(_asks(condition) for condition in query.conditions)


def _asks(condition: Condition) -> bool:
    match condition:
        case Ids(_, negated):
            return not negated  # all but one is not one asked for
        case Chain(_, branches):
            return any("Patient" in types and _asks(inner) for types, inner in branches)
        case Has(type, _, inner):
            return type == "Patient" and _asks(inner)
        case Group(operator, members):
            return operator != "not" and any(map(_asks, members))
        case Match("_tag" | "link", _, _, modifier):
            return modifier != "not"
        case Match("identifier", "token", values):
            return any(_is_code(value) for value in values)
    return False


def _is_code(value: object) -> bool:
    if not isinstance(value, Token) or value.system not in (None, citizen_code.SYSTEM):
        return False
    return value.system is not None or citizen_code.is_valid(value.code or "")
