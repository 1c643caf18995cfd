"""Wires the gateway: its accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hoso.core import system_clock

if TYPE_CHECKING:
    from hoso.access.audit import Journal
    from hoso.access.gateways import Gateways
    from hoso.store.record_store import RecordStore


def accounts(store: RecordStore, journal: Journal) -> Gateways:
    from hoso.access.gateways import Gateways
    from hoso.store.gateways import GatewayTable

    return Gateways(GatewayTable(store.engine), journal, system_clock)
