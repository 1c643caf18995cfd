"""Where records live: versions, one change log, current state, search index and jobs, on SQLite or PostgreSQL.

The same contract and the same tests hold for both engines; only `access` may call it.
"""

from hoso.store.contract import (
    Change,
    Conflict,
    Draft,
    HistoryPage,
    Origin,
    Page,
    Saved,
    Store,
    StoreConfig,
    Transaction,
    Unavailable,
    Version,
)
from hoso.store.opening import create_store, open_store
from hoso.store.visible import EVERYTHING, Visible

__all__ = [
    "EVERYTHING",
    "Change",
    "Conflict",
    "Draft",
    "HistoryPage",
    "Origin",
    "Page",
    "Saved",
    "Store",
    "StoreConfig",
    "Transaction",
    "Unavailable",
    "Version",
    "Visible",
    "create_store",
    "open_store",
]
