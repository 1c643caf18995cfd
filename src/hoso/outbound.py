"""Wires what goes out: what a node needs to queue visits for other houses, and to send them while it serves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.core import system_clock

if TYPE_CHECKING:
    from hoso.access import Records
    from hoso.access.audit import Journal
    from hoso.core.clock import Clock
    from hoso.core.keychain import Keychain
    from hoso.exchange.outbound.desk import Outbox
    from hoso.store.record_store import RecordStore

SECONDS = 1.0
"""Between two looks at the queue."""
USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Settings:
    """The part [sending] of config.toml. `days`: how long a visit is tried; `keys`: where those of facilities lie."""

    days: int = USUAL_DAYS
    authorities: Path | None = None
    keys: Path | None = None


def parse(table: Mapping[str, Any], folder: Path) -> Settings:
    """Raises ValueError for what is none."""
    days, name = table.get("days", USUAL_DAYS), str(table.get("authorities", ""))
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 365:
        raise ValueError(f"[sending] days = {days!r}")
    return Settings(days, folder / name if name else None, folder / "keys")


def sealed_anew(store: RecordStore, keys: Keychain) -> int:
    """What destinations ask for, under the key of now; answers of how many."""
    from hoso.access.outbound.destinations import sealed_under
    from hoso.access.subscribing.headers import Safe
    from hoso.store.outbound import OutboundTable

    return sealed_under(OutboundTable(store.engine), Safe(keys))


def outbox(
    settings: Settings,
    key: Keychain,
    store: RecordStore,
    records: Records,
    journal: Journal,
    node: str,
    base: str,
    clock: Clock = system_clock,
) -> Outbox:
    """`base`: the node's FHIR address, if it has one."""
    from hoso.access.outbound.calling import Calling
    from hoso.access.outbound.destinations import Destinations
    from hoso.access.subscribing.delivering import Patience
    from hoso.access.subscribing.headers import Safe
    from hoso.access.telling import Teller
    from hoso.exchange.outbound.desk import Outbox
    from hoso.exchange.outbound.gateway import GatewayWay
    from hoso.exchange.outbound.prepare import Preparing
    from hoso.exchange.outbound.runner import Runner
    from hoso.exchange.outbound.server import ServerWay
    from hoso.exchange.signing import Seals
    from hoso.store.outbound import OutboundTable

    table, teller = OutboundTable(store.engine), Teller(journal, clock)
    destinations = Destinations(table, Safe(key), teller, clock)
    preparing = Preparing(records, teller, node, base, clock, Seals(settings.keys))
    calling = Calling(clock, settings.authorities)
    server = ServerWay(calling)
    patience = Patience(settings.days, lambda: random.uniform(0.8, 1.2))
    runner = Runner(
        table, destinations, preparing,
        {"insurance-xml": GatewayWay(calling), "fhir": server, "fhir-collection": server},
        teller, clock, patience,
    )  # fmt: skip
    return Outbox(table, destinations, preparing, runner, teller, clock)


def upkeep(folder: Path, outbox: Outbox) -> None:
    """What is queued is sent, by one process of the node at a time; of several machines each takes what is free."""
    from hoso.access.audit.running import Turn
    from hoso.access.subscribing.couriers import Couriers
    from hoso.access.working import Working

    couriers = Couriers(outbox.runner.work)
    Working("outbound", lambda: outbox.runner.step(couriers.offer), Turn(folder / "outbound.lock"), SECONDS)
