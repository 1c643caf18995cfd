"""The decision on one record and the predicate for all of them, made of the same rules in the same order.

Default deny: what no rule permits is refused, and the first rule that fails is the one that is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hoso.access.policy.ask import Ask, Facts, Ground
from hoso.access.policy.grounds import one_of
from hoso.access.policy.matrix import ACTIVITIES, Activity, role
from hoso.access.policy.rules import CALL_RULES, RECORD_RULES, RELATIONSHIP
from hoso.store.reach import All, Clause, Nothing


@dataclass(frozen=True, slots=True)
class Obligations:
    """What goes with a permit. `mask`: elements to take out of a record of the type, and then its narrative."""

    mask: tuple[str, ...] = ()
    forbid: tuple[Activity, ...] = ()
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule`: the ground of a permit, or the rule that refused."""

    permit: bool
    rule: str
    obligations: Obligations = Obligations()


def decide(ask: Ask, facts: Facts, grounds: tuple[Ground, ...]) -> Decision:
    """May this call be about this record? `grounds` are those of the ask."""
    type = facts.type
    for name, rule in CALL_RULES:
        if not rule(ask, type):
            return _refusal(name)
    refused = RELATIONSHIP
    for ground in grounds:
        if (ground.types is None or type in ground.types) and ground.holds(facts):
            failed = next((rule.id for rule in RECORD_RULES if not rule.holds(ask, facts, ground)), "")
            if not failed:
                return _permitted(ask.role.name, type, ground.name)
            refused = failed
    return _refusal(refused)


def visible(ask: Ask, type: str, grounds: tuple[Ground, ...]) -> Clause | None:
    """The same as a test of rows of a type; None when every row passes."""
    if not all(rule(ask, type) for _, rule in CALL_RULES):
        return Nothing()
    ways = [_way(ask, type, ground) for ground in grounds if ground.types is None or type in ground.types]
    return one_of(ways) if ways else Nothing()


def _way(ask: Ask, type: str, ground: Ground) -> Clause | None:
    tests = [ground.clause, *(rule.clause(ask, type, ground) for rule in RECORD_RULES)]
    asked = tuple(test for test in tests if test is not None)
    return All(asked) if len(asked) > 1 else asked[0] if asked else None


@lru_cache(1024)
def _refusal(rule: str) -> Decision:
    return Decision(False, rule)


@lru_cache(4096)
def _permitted(role_name: str, type: str, ground: str) -> Decision:
    row = role(role_name)
    assert row is not None
    forbid = tuple(one for one in ACTIVITIES if one != "view" and not row.covers(one, type))
    return Decision(True, ground, Obligations(row.masks.get(type, ()), forbid, ground == "emergency"))
