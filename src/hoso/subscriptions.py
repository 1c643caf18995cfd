"""Wires subscriptions: what a node needs to admit them, to answer about them, and to carry them out while it serves."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.core import system_clock

if TYPE_CHECKING:
    from hoso.access import Actor, Records, Tokens
    from hoso.access.audit import Journal
    from hoso.access.subscribing.admission import Admission
    from hoso.access.subscribing.desk import SubscriptionDesk
    from hoso.access.subscribing.ending import Ending
    from hoso.access.subscribing.endpoints import Endpoints
    from hoso.core.keychain import Keychain
    from hoso.store.record_store import RecordStore

SECONDS = 0.5
"""Between two looks at the feed and the outbox."""
LOCK = 4_847_017
"""By which the machines that share a PostgreSQL agree who tells: two would tell the same events."""


USUAL_DAYS = 7


@dataclass(frozen=True, slots=True)
class Settings:
    """The part [subscriptions] of config.toml. `days`: how long an endpoint may fail."""

    hosts: tuple[str, ...] = ()
    authorities: Path | None = None
    days: int = USUAL_DAYS

    def endpoints(self) -> Endpoints:
        from hoso.access.subscribing.endpoints import Endpoints, Listed

        return Endpoints(tuple(map(Listed.parse, self.hosts)), self.authorities)


def parse(table: Mapping[str, Any], folder: Path) -> Settings:
    """Raises ValueError and TypeError for what is none."""
    days, name = table.get("days", USUAL_DAYS), str(table.get("authorities", ""))
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 365:
        raise ValueError(f"[subscriptions] days = {days!r}")
    found = Settings(tuple(map(str, table.get("endpoints", ()))), folder / name if name else None, days)
    if found.hosts:
        found.endpoints()
    return found


def admission(settings: Settings, key: Keychain) -> Admission:
    from hoso.access.subscribing.admission import Admission
    from hoso.access.subscribing.headers import Safe

    return Admission(settings.endpoints(), Safe(key))


def sealed_anew(store: RecordStore, keys: Keychain) -> int:
    """What subscribers gave for their endpoints, under the key of now; answers of how many."""
    from hoso.access.subscribing.headers import Safe
    from hoso.store.subscriptions import SubscriptionRows

    return store.engine.transact(lambda connection: SubscriptionRows(connection).sealed_anew(Safe(keys).anew))


def desk(store: RecordStore, records: Records, journal: Journal) -> SubscriptionDesk:
    from hoso.access.subscribing.desk import SubscriptionDesk
    from hoso.store.subscriptions import SubscriptionTable

    return SubscriptionDesk(store, SubscriptionTable(store.engine), records, journal, system_clock)


def ending(store: RecordStore, journal: Journal, node: str) -> Ending:
    from hoso.access.subscribing.ending import Ending
    from hoso.access.subscribing.record import Record
    from hoso.store.subscriptions import SubscriptionTable

    return Ending(SubscriptionTable(store.engine), Record(store, journal, system_clock, node))


def upkeep(
    settings: Settings,
    folder: Path,
    key: Keychain,
    store: RecordStore,
    journal: Journal,
    tokens: Tokens,
    registered: Callable[[str], Actor | None],
    node: str,
    base: str,
) -> None:
    """Events are found and told, by one process at a time. `base`: the node's address, if it has one."""
    from hoso.access.audit.running import Turn
    from hoso.access.subscribing.couriers import Couriers
    from hoso.access.subscribing.delivering import Delivering, Patience
    from hoso.access.subscribing.headers import Safe
    from hoso.access.subscribing.posting import Poster
    from hoso.access.subscribing.standing import Standing
    from hoso.access.subscribing.watching import Watching
    from hoso.access.working import Working

    stopping, now = ending(store, journal, node), Standing(tokens.holders, registered).now
    patience = Patience(settings.days, lambda: random.uniform(0.8, 1.2))
    watching = Watching(store, stopping, now, system_clock)
    delivering = Delivering(
        store, stopping, Poster(settings.endpoints()), Safe(key), journal, now, system_clock,
        f"{base}/fhir" if base else "", patience,
    )  # fmt: skip
    couriers, alone = Couriers(delivering.carry), store.engine.alone(LOCK)

    def step() -> bool:
        if not alone():
            return False
        more = watching.step()
        delivering.step(couriers.offer)
        return more

    Working("subscriptions", step, Turn(folder / "subscriptions.lock"), SECONDS)
