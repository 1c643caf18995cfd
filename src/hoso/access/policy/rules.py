"""The rules by name. A rule about the call alone is a function; one about a record is a pair, of facts and of rows.

permit = scope ∧ activity ∧ relationship ∧ legal basis/consent ∧ label clearance ∧ purpose ∧ assurance. A rule that is
added for records goes into `RECORD_RULES`; then it stands in every decision and in every predicate.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from hoso.access.policy.ask import RANK, Ask, Facts, Ground
from hoso.access.policy.matrix import kinds
from hoso.fhir.consents import FREE
from hoso.fhir.labels import NOBODY, everything, mask, names
from hoso.store.consents import Undenied
from hoso.store.reach import Clause, Showable, Unlabelled

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
    opened = ground.cleared - _NOBODY
    return opened if ask.limit is None else opened & ask.limit


_NOBODY = names(NOBODY)


class Clearance:
    """Every label of the record is one that the ground opens. What is about nobody has none that count."""

    id = "label"

    def holds(self, ask: Ask, facts: Facts, ground: Ground) -> bool:
        return facts.type in UNLABELLED or facts.labels <= cleared(ask, ground)

    def clause(self, ask: Ask, type: str, ground: Ground) -> Clause | None:
        return None if type in UNLABELLED else unlabelled(cleared(ask, ground))


UNLABELLED = frozenset(type for kind in ("facility", "catalogue") for type in kinds()[kind])


@lru_cache(1024)
def unlabelled(cleared: frozenset[str]) -> Clause:
    """The records without any other label."""
    hidden = everything() & ~mask(cleared)
    return Showable() if hidden == NOBODY else Unlabelled(hidden)


class Agreement:
    """The person did not deny it. They see their own, its author keeps it, and an emergency breaks the glass."""

    id = "consent"

    def holds(self, ask: Ask, facts: Facts, ground: Ground) -> bool:
        if not self._asks(ask, facts.type, ground):
            return True
        return not ask.call(facts.type).denied(facts.consents, facts.rid, mask(facts.labels))

    def clause(self, ask: Ask, type: str, ground: Ground) -> Clause | None:
        return Undenied(ask.call(type)) if self._asks(ask, type, ground) else None

    def _asks(self, ask: Ask, type: str, ground: Ground) -> bool:
        return ask.denials and type not in FREE and ground.name not in UNBOUND


UNBOUND = frozenset({"open", "self", "guardian", "author", "emergency"})
"""Grounds that no denial closes."""

RECORD_RULES: tuple[RecordRule, ...] = (Clearance(), Agreement())
"""In the order in which they are asked."""
