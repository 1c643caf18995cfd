"""Wires the intake: what a node needs to be brought things, and to carry them out while it serves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hoso.core import system_clock
from hoso.core.ids import new_id

if TYPE_CHECKING:
    from hoso.access import Records
    from hoso.access.audit import Journal
    from hoso.exchange.intake import Intake
    from hoso.exchange.signing import Signatures
    from hoso.store.record_store import RecordStore

SECONDS = 1.0
"""Between two looks for a deposit that nobody carries out."""


def intake(store: RecordStore, records: Records, journal: Journal, signatures: Signatures) -> Intake:
    from hoso.exchange.intake import Intake
    from hoso.store.deposits import DepositTable

    return Intake(records, DepositTable(store.engine), journal, system_clock, new_id, signatures)


def upkeep(folder: Path, intake: Intake) -> None:
    """What no request carried out is, by one process of the node at a time."""
    from hoso.access.audit.running import Turn
    from hoso.access.working import Working

    Working("intake", intake.runner.step, Turn(folder / "intake.lock"), SECONDS)
