"""An account acts in a row of the policy's matrix, and with the scopes of its cells and no more."""

from __future__ import annotations

import pytest

from hoso.access.policy import matrix
from hoso.web.roles import actor, staff


@pytest.mark.parametrize("role", sorted(staff()))
def test_an_account_acts_in_its_role_at_its_facility(role: str) -> None:
    made, row = actor("mai", role, "35001"), matrix.role(role)
    assert row is not None and (made.id, made.role, made.facility) == ("user/mai", role, "35001")
    for letters, activity in (("rs", "view"), ("cud", "write")):
        types = {type for type, rights in made.scopes.rights.items() if set(letters) & set(rights)}
        assert types == row.types[activity], activity  # type: ignore[index]


def test_a_role_that_is_no_longer_in_the_table_may_nothing() -> None:
    made = actor("mai", "sorcerer", "35001")
    assert not made.scopes.rights and made.role == "sorcerer"


def test_a_citizen_acts_in_the_role_of_the_policy_and_writes_nothing() -> None:
    made = actor("citizen-1", "citizen", person="p-1")
    assert (made.role, made.person) == ("citizen", "p-1")
    assert not any(set(letters) & set("cud") for letters in made.scopes.rights.values())


def test_nobody_signs_in_as_a_system() -> None:
    assert "system" not in staff() and "citizen" not in staff()
