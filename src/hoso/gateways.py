"""Wires the gateway: its accounts, the authorities that its files may be signed under, and its door."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.core import system_clock

if TYPE_CHECKING:
    from hoso.access import Records
    from hoso.access.audit import Journal
    from hoso.access.gateways import Gateways
    from hoso.api.app import Application
    from hoso.api.body import Bodies
    from hoso.exchange.intake import Intake
    from hoso.exchange.signing import Signatures
    from hoso.store.record_store import RecordStore


@dataclass(frozen=True, slots=True)
class Settings:
    """`authorities`: a folder of certificates (PEM); None for none. `signatures`: whether files must be signed."""

    authorities: Path | None = None
    signatures: bool = False


def parse(read: dict[str, Any], folder: Path) -> Settings:
    """Raises ValueError for what cannot be one, and for signatures that nobody could vouch for."""
    name, signatures = read.get("authorities", ""), read.get("signatures", False)
    if not isinstance(name, str) or not isinstance(signatures, bool):
        raise ValueError("[gateway] authorities is the name of a folder, signatures is true or false")
    if signatures and not name:
        raise ValueError("[gateway] signatures = true needs authorities")
    if name and not (folder / name).is_dir():
        raise ValueError(f"[gateway] authorities = {name!r} is no folder")
    return Settings(folder / name if name else None, signatures)


def accounts(store: RecordStore, journal: Journal) -> Gateways:
    from hoso.access.gateways import Gateways
    from hoso.store.gateways import GatewayTable

    return Gateways(GatewayTable(store.engine), journal, system_clock)


@cache
def signatures(settings: Settings) -> Signatures:
    """What the other doors ask of a file. Raises OSError and ValueError for authorities that cannot be read."""
    from hoso.exchange.signing import Signatures, anchors

    return Signatures(system_clock, anchors(settings.authorities), settings.signatures)


def door(
    settings: Settings, store: RecordStore, records: Records, journal: Journal, intake: Intake, bodies: Bodies
) -> Application:
    """Raises OSError and ValueError for a folder of authorities that cannot be read."""
    from hoso.api.gateway import Gateway, application

    known = signatures(settings).anchors
    gateway = Gateway(accounts(store, journal), intake, records, system_clock, known, settings.signatures)
    return application(gateway, bodies)
