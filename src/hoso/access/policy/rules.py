"""The rules by name. A rule about the call alone is a function; one about a record is a pair, of facts and of rows.

permit = scope ∧ activity ∧ relationship ∧ legal basis/consent ∧ label clearance ∧ purpose ∧ assurance. A rule that is
added for records goes into `RECORD_RULES`; then it stands in every decision and in every predicate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hoso.access.policy.ask import RANK, Ask, Facts, Ground
from hoso.store.reach import Clause

CallRule = Callable[[Ask, str], bool]


def activity(ask: Ask, type: str) -> bool:
    """The cell of the table: reading is not printing, and neither is sending."""
    return ask.role.covers(ask.activity, type)


def purpose(ask: Ask, type: str) -> bool:
    return ask.purpose in ask.role.purposes


def assurance(ask: Ask, type: str) -> bool:
    """The sign-in was proved at least as well as the role demands."""
    return RANK.get(ask.assurance, 0) >= RANK[ask.role.assurance]


CALL_RULES: tuple[tuple[str, CallRule], ...] = (
    ("activity", activity),
    ("purpose", purpose),
    ("assurance", assurance),
)

RELATIONSHIP = "relationship"


class RecordRule(Protocol):
    """Of one record that is reached by a ground. `clause` None: nothing is asked of any record."""

    id: str

    def holds(self, ask: Ask, facts: Facts, ground: Ground) -> bool: ...

    def clause(self, ask: Ask, type: str, ground: Ground) -> Clause | None: ...


def cleared(ask: Ask, ground: Ground) -> frozenset[str]:
    """The labels whose records a ground opens for the caller; a client never sees more than it was cleared for."""
    return ground.cleared if ask.limit is None else ground.cleared & ask.limit


RECORD_RULES: tuple[RecordRule, ...] = ()
"""In the order in which they are asked; label clearance and consent stand here once their rows exist."""
