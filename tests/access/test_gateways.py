"""Accounts at the gateway: a secret that is nowhere, sessions that end, and no guessing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hoso import gateways
from hoso.access.audit import Event
from hoso.access.gateways import FAILURE_SECONDS, FAILURES, FRESH_SECONDS, HOURS, Gateways, sent
from hoso.core import Refused, system_clock
from hoso.store.gateways import GatewayTable
from hoso.store.record_store import RecordStore


class Gate(Gateways):
    """Gateways with a clock that the test moves and a journal that it reads."""

    def __init__(self, store: RecordStore) -> None:
        self.passed = 0.0
        self.told: list[Event] = []
        self.table = GatewayTable(store.engine)
        super().__init__(self.table, self, lambda: system_clock() + timedelta(seconds=self.passed), self.moment)  # type: ignore[arg-type]

    def moment(self) -> float:
        return self.passed

    def tell(self, events: list[Event]) -> None:
        self.told += events


def test_the_text_that_is_sent_opens_and_the_secret_is_nowhere(store: RecordStore) -> None:
    gate = Gate(store)
    secret = gate.create("01001_BV", "01001")
    session = gate.sign_in("01001_BV", sent(secret), "10.0.0.1")
    assert session is not None and session.account.facility == "01001"
    assert gate.sign_in("01001_BV", sent(secret).lower(), "10.0.0.1") is not None
    assert gate.sign_in("01001_BV", secret, "10.0.0.1") is None
    (row,) = (gate.table.account("01001_BV"),)
    assert row is not None and secret not in repr(row) and sent(secret) not in repr(row)
    assert [(one.kind, one.outcome, one.facility) for one in gate.told] == [
        ("sign-in", "ok", "01001"), ("sign-in", "ok", "01001"), ("sign-in-failed", "denied", ""),
    ]  # fmt: skip


def test_both_tokens_are_asked_for_and_what_is_repeated_must_be_true(store: RecordStore) -> None:
    gate = Gate(store)
    secret = gate.create("a", "01001")
    other = gate.sign_in("b", sent(gate.create("b", "01002")), "")
    one = gate.sign_in("a", sent(secret), "")
    assert one is not None and other is not None
    known = gate.signed_in(one.access_token, one.id_token, "a", sent(secret))
    assert known is not None and known.facility == "01001"
    assert gate.signed_in(one.access_token, one.id_token, "", "") is not None
    assert gate.signed_in(one.access_token, None, "", "") is not None
    assert gate.signed_in(one.access_token, other.id_token, "", "") is None
    assert gate.signed_in(one.access_token, "", "", "") is None
    assert gate.signed_in(one.access_token, one.id_token, "b", "") is None
    assert gate.signed_in(one.access_token, one.id_token, "a", sent("wrong")) is None
    assert gate.signed_in("", "", "", "") is None


def test_sessions_end_with_time_a_new_secret_and_revocation(store: RecordStore) -> None:
    gate = Gate(store)
    secret = gate.create("a", "01001")
    first = gate.sign_in("a", sent(secret), "")
    assert first is not None
    fresh = gate.create("a", "01001")
    assert gate.signed_in(first.access_token, first.id_token, "", "") is None
    assert gate.sign_in("a", sent(secret), "") is None
    second = gate.sign_in("a", sent(fresh), "")
    assert second is not None and gate.signed_in(second.access_token, second.id_token, "", "") is not None
    gate.passed += HOURS * 3_600 + 1
    assert gate.signed_in(second.access_token, second.id_token, "", "") is None
    third = gate.sign_in("a", sent(fresh), "")
    assert third is not None and gate.signed_in(third.access_token, third.id_token, "", "") is not None
    assert gate.revoke("a") and not gate.revoke("a")
    gate.passed += FRESH_SECONDS + 0.1
    assert gate.signed_in(third.access_token, third.id_token, "", "") is None
    assert gate.sign_in("a", sent(fresh), "") is None


def test_who_guesses_waits_and_others_do_not(store: RecordStore) -> None:
    gate = Gate(store)
    secret = gate.create("a", "01001")
    for _ in range(FAILURES):
        assert gate.sign_in("a", sent("guess"), "10.0.0.9") is None
    with pytest.raises(Refused) as refused:
        gate.sign_in("a", sent(secret), "10.0.0.9")
    assert refused.value.status == 429
    assert gate.sign_in("a", sent(secret), "10.0.0.1") is not None
    gate.passed += FAILURE_SECONDS + 1
    assert gate.sign_in("a", sent(secret), "10.0.0.9") is not None


@pytest.mark.parametrize("name", ["", "a b", "Đ", "x" * 65, "-a", "a\n"])
def test_a_name_is_plain(store: RecordStore, name: str) -> None:
    with pytest.raises(Refused):
        Gate(store).create(name, "01001")


def test_a_key_is_one_that_holds(store: RecordStore) -> None:
    with pytest.raises(Refused):
        Gate(store).create("a", "01001", "-----BEGIN PUBLIC KEY-----")


def test_settings_that_cannot_be_meant_are_said_before_the_node_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for wrong in ({"authorities": "file"}, {"authorities": "none"}, {"authorities": 3}, {"signatures": True}):
        with pytest.raises(ValueError, match=r"\[gateway\]"):
            gateways.parse(wrong, tmp_path)
    (tmp_path / "authorities").mkdir()
    assert gateways.parse({"authorities": "authorities", "signatures": True}, tmp_path).signatures
