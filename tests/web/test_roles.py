"""An account acts without a role of the policy for now, and nobody asks whose record it is: its scopes are narrow."""

from __future__ import annotations

import pytest

from hoso.access.policy.scopes import scopes
from hoso.web.roles import actor, staff


@pytest.mark.parametrize("role", sorted(staff()))
def test_only_a_steward_writes_while_relationships_are_not_asked(role: str) -> None:
    made = actor("mai", role)
    assert made.role == "", "with a role set, take its scopes from the matrix (hoso.access.policy.scopes)"
    writes = {type for type, letters in made.scopes.rights.items() if letters & set("cud")}
    assert writes == ({"Patient", "Linkage", "Task"} if role == "steward" else set())


def test_a_citizen_acts_in_the_role_of_the_policy_and_writes_nothing() -> None:
    made = actor("citizen-1", "citizen", "p-1")
    assert (made.role, made.person) == ("citizen", "p-1") and made.scopes == scopes("citizen")
    assert not any(letters & set("cud") for letters in made.scopes.rights.values())
