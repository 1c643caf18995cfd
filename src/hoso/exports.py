"""Wires exports: what a node needs to be asked for them, and to carry them out while it serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hoso.core import system_clock
from hoso.core.ids import new_id

if TYPE_CHECKING:
    from hoso.access.audit import Journal
    from hoso.access.bulk import Exports, Sheets
    from hoso.core.keychain import Keychain
    from hoso.store.record_store import RecordStore

SPARE = 500_000_000
"""Bytes of the disk that exports leave to the node's own work."""


def upkeep(folder: Path, key: Keychain, store: RecordStore, journal: Journal) -> None:
    """Exports are carried out, by one process of the node at a time."""
    from hoso.access.audit.running import Turn
    from hoso.access.bulk.runner import SECONDS, Runner
    from hoso.access.working import Working
    from hoso.api.subset import dresser
    from hoso.store.exports import ExportTable

    runner = Runner(store, ExportTable(store.engine), _sheets(folder, key), journal, system_clock, dresser)
    Working("exports", runner.step, Turn(folder / "exports.lock"), SECONDS)


def exports(folder: Path, key: Keychain, store: RecordStore, journal: Journal) -> Exports:
    from hoso.access.bulk import Exports
    from hoso.store.exports import ExportTable

    return Exports(ExportTable(store.engine), _sheets(folder, key), journal, system_clock, new_id)


def _sheets(folder: Path, key: Keychain) -> Sheets:
    from hoso.access.bulk import Sheets

    return Sheets(folder / "exports", key, SPARE)
