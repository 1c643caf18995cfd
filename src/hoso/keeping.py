"""No database of a node is made anew beside another that has data: one that is gone or damaged is refused by name.

An empty one in its place would look like a node that has lost everybody, and nobody would look for the backup.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hoso.core.clock import Clock, system_clock
from hoso.store.contract import DamagedFile
from hoso.web.accounts import registry

if TYPE_CHECKING:
    from hoso.store.record_store import RecordStore
    from hoso.web.configure import WebConfig

ACCOUNTS = "accounts.db"
BESIDE = ("-wal", "-shm")
"""What SQLite writes beside a database belongs to it."""


class NotDamaged(Exception):
    """The accounts can be read: there is nothing to put in their place."""


def records(config: WebConfig) -> None:
    """Before the records' tables are made. Raises DamagedFile where accounts stand that had records beside them."""
    file = Path(config.database.removeprefix("sqlite:///"))
    if config.database.startswith("sqlite:") and not _filled(file) and _filled(config.folder / ACCOUNTS):
        raise DamagedFile.gone(file)


def accounts(config: WebConfig, opened: Callable[[], RecordStore]) -> None:
    """Makes the accounts' file of a node that has nothing yet, and brings its tables up to date. Raises DamagedFile."""
    file = config.folder / ACCOUNTS
    if config.database.startswith("sqlite:") and not _filled(file):
        store = opened()
        try:
            store.engine.gather()
            used = store.feed_end() > 0 or bool(store.engine.reader().rows("SELECT 1 FROM audit_event LIMIT 1"))
        finally:
            store.close()
        if used:
            raise DamagedFile.gone(file)
        registry.begin(config)
    registry.prepare(config)


def aside(config: WebConfig, clock: Clock = system_clock) -> Path | None:
    """Gives accounts that cannot be read another name, and what belongs to them; the name, if there was a file.

    Raises NotDamaged for those that can be read.
    """
    if not config.database.startswith("sqlite:"):
        raise NotDamaged
    file = config.folder / ACCOUNTS
    try:
        registry.prepare(config)
    except DamagedFile:
        pass
    else:
        raise NotDamaged
    if not file.exists():
        return None
    there = file.with_name(f"{ACCOUNTS}.damaged-{clock():%Y%m%d%H%M%S}")
    for end in BESIDE:
        if (part := file.with_name(file.name + end)).exists():
            part.replace(there.with_name(there.name + end))
    return file.replace(there)


def _filled(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0
