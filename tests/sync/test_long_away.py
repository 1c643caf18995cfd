"""Certificates are renewed in sync; one that ended lets its station only hand in, until somebody lets it renew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.store.samples import WHO, patient, put
from tests.sync.nearby import Hub, hub, station
from tests.sync.test_other_protocols import sealing

from hoso import compose, syncing
from hoso.core import system_clock
from hoso.sync import batches
from hoso.sync.asking import Broken
from hoso.sync.batches import LAYOUTS, PROTOCOL
from hoso.sync.keyfile import CERTIFICATE_DAYS, ends
from hoso.sync.status import waiting


class Calendar:
    days = 0

    def __call__(self) -> datetime:
        return system_clock() + timedelta(days=self.days)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    made = Calendar()
    monkeypatch.setattr(syncing, "system_clock", made)
    return made


@pytest.fixture
def pair(tmp_path: Path, calendar: Calendar) -> Iterator[tuple[Hub, compose.Node]]:
    with hub(tmp_path) as above, station(tmp_path / "a", above, "first") as node:
        yield above, node


def _contact(node: compose.Node) -> bool:
    calls = syncing.Calls.of(node.agreeing)
    assert calls is not None
    with sealing(PROTOCOL):  # as its release of before
        return calls.contact().equal


def test_a_station_of_three_releases_before_comes_back_after_four_months(
    pair: tuple[Hub, compose.Node], calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    above, node = pair
    certificate, read = node.agreeing.keys / "node.pem", above.node.store.read
    assert _contact(node)
    calendar.days = 65
    assert _contact(node)
    assert ends(certificate) > calendar() + timedelta(days=CERTIFICATE_DAYS - 1), "25 days were left: it was renewed"

    for protocol in range(PROTOCOL, PROTOCOL + 4):
        monkeypatch.setitem(LAYOUTS, protocol, LAYOUTS[PROTOCOL])
    monkeypatch.setattr(batches, "PROTOCOL", PROTOCOL + 3)
    calendar.days += 120
    node.store.save([put(patient(), "away")], WHO)
    above.node.store.save([put(patient(), "meanwhile")], WHO)
    for _ in range(2):
        with pytest.raises(Broken, match="expired"):
            _contact(node)
    kept, own = syncing.ledger(above.parts), syncing.ledger(node.agreeing)
    stream = own.current()
    assert kept.end(stream) == own.end(stream), "it is on the disk of the hub"
    assert waiting(own) == 0, "and the station has the receipt"
    assert read("Patient", "away") is None and node.store.read("Patient", "meanwhile") is None

    assert syncing.hub(above.parts).admit(node.config.node)
    assert _contact(node)
    assert read("Patient", "away") is not None and node.store.read("Patient", "meanwhile") is not None
    assert ends(certificate) > calendar() + timedelta(days=CERTIFICATE_DAYS - 1)


def test_a_station_that_is_let_and_does_not_come_counts_no_longer(
    pair: tuple[Hub, compose.Node], calendar: Calendar
) -> None:
    above, node = pair
    calendar.days = 120
    assert syncing.hub(above.parts).admit(node.config.node)
    calendar.days += 8
    with pytest.raises(Broken, match="expired"):
        _contact(node)
