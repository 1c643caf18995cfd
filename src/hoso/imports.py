"""Wires imports: what a node needs to be asked for them, and to carry them out while it serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hoso.core import system_clock
from hoso.core.ids import new_id

if TYPE_CHECKING:
    from hoso.access import Records
    from hoso.access.audit import Journal
    from hoso.access.bulk import Sheets
    from hoso.core.keychain import Keychain
    from hoso.exchange.imports import Imports
    from hoso.store.record_store import RecordStore

SPARE = 500_000_000
"""Bytes of the disk that imports leave to the node's own work."""


def upkeep(folder: Path, key: Keychain, store: RecordStore, records: Records) -> None:
    """Imports are carried out, by one process of the node at a time."""
    from hoso.access.audit.running import Turn
    from hoso.access.working import Working
    from hoso.api.definitions import spare
    from hoso.exchange.imports.runner import SECONDS, Runner
    from hoso.store.imports import ImportTable

    runner = Runner(records, ImportTable(store.engine), _sheets(folder, key), system_clock, spare)
    Working("imports", runner.step, Turn(folder / "imports.lock"), SECONDS)


def imports(folder: Path, key: Keychain, store: RecordStore, journal: Journal) -> Imports:
    from hoso.exchange.imports import Imports
    from hoso.store.imports import ImportTable

    return Imports(ImportTable(store.engine), _sheets(folder, key), journal, system_clock, new_id)


def _sheets(folder: Path, key: Keychain) -> Sheets:
    from hoso.access.bulk import Sheets

    return Sheets(folder / "imports", key, SPARE)
