from __future__ import annotations

from datetime import timedelta

import pytest

from hoso.access import Tokens
from hoso.access.tokens import FRESH_SECONDS
from hoso.core import Refused, system_clock
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable


class Hands:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def clock(self):  # type: ignore[no-untyped-def]
        return system_clock() + timedelta(seconds=self.passed)


def tokens(store: RecordStore, hands: Hands) -> Tokens:
    return Tokens(TokenTable(store.engine), hands.clock, hands.monotonic)


def test_a_token_proves_its_holder_and_is_not_kept(store: RecordStore) -> None:
    door = tokens(store, Hands())
    token = door.create("lab", "system/Observation.c")
    actor = door.actor(f"Bearer {token}")
    assert actor is not None
    assert actor.id == "client/lab"
    assert actor.scopes.permits("Observation", "c")
    assert len(token) >= 43
    (row,) = TokenTable(store.engine).all()
    assert token.encode() not in row.digest and token not in row.scope + row.name


def test_a_revocation_takes_effect_within_a_second(store: RecordStore) -> None:
    hands = Hands()
    here, elsewhere = tokens(store, hands), tokens(store, hands)
    token = here.create("lab", "system/*.r")
    assert elsewhere.actor(f"Bearer {token}") is not None
    assert here.revoke("lab") == 1
    hands.passed += FRESH_SECONDS
    assert FRESH_SECONDS < 1
    assert elsewhere.actor(f"Bearer {token}") is None
    assert here.revoke("lab") == 0


def test_a_token_ends_on_its_day(store: RecordStore) -> None:
    hands = Hands()
    door = tokens(store, hands)
    token = door.create("lab", "system/*.r", days=2)
    assert door.actor(f"Bearer {token}") is not None
    hands.passed += 2 * 86_400 + 1
    assert door.actor(f"Bearer {token}") is None


@pytest.mark.parametrize("name", ["", " a", "a\n", "x" * 81])
def test_a_name_that_would_spoil_the_log_is_refused(store: RecordStore, name: str) -> None:
    with pytest.raises(Refused):
        tokens(store, Hands()).create(name, "system/*.r")
