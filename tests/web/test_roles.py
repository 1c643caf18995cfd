"""An account acts without a role of the policy for now, and nobody asks whose record it is: its scopes are narrow."""

from __future__ import annotations

import pytest

from hoso.web.roles import actor, titles


@pytest.mark.parametrize("role", sorted(titles()))
def test_only_a_steward_writes_while_relationships_are_not_asked(role: str) -> None:
    made = actor("mai", role)
    assert made.role == "", "with a role set, take its scopes from the matrix (hoso.access.policy.scopes)"
    writes = {type for type, letters in made.scopes.rights.items() if letters & set("cud")}
    assert writes == ({"Patient", "Linkage", "Task"} if role == "steward" else set())
