"""Makes and opens a store: the URL chooses the engine, everything above is the same."""

from __future__ import annotations

from pathlib import Path

from hoso.core.clock import Clock, system_clock
from hoso.store.contract import StoreConfig
from hoso.store.record_store import RecordStore
from hoso.store.seal import Keyring

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


def create_store(config: StoreConfig) -> None:
    """Makes the database's tables and secrets; on one that has them, brings the schema up to this release."""
    if config.url.startswith(SQLITE):
        from hoso.store.sqlite.engine import create

        create(_path(config), _key(config), config.node)
    elif config.url.startswith(POSTGRES):
        from hoso.store.postgres.engine import create as create_postgres

        create_postgres(config.url, config.node)
    else:
        raise ValueError(f"no database engine for {config.url.partition(':')[0]}:")


def open_store(config: StoreConfig, clock: Clock = system_clock) -> RecordStore:
    """Opens a store that `create_store` made. Raises FileNotFoundError or Unavailable when it cannot be reached."""
    if config.url.startswith(SQLITE):
        from hoso.store.sqlite.engine import SqliteEngine

        sqlite = SqliteEngine(_path(config), _key(config), config.node, _keyring(config))
        return RecordStore(sqlite, sqlite.facts, clock)
    if config.url.startswith(POSTGRES):
        from hoso.store.postgres.engine import PostgresEngine

        postgres = PostgresEngine(config.url, config.node, _keyring(config))
        return RecordStore(postgres, postgres.facts, clock)
    raise ValueError(f"no database engine for {config.url.partition(':')[0]}:")


def _keyring(config: StoreConfig) -> Keyring | None:
    return Keyring(config.sealing) if config.sealing else None


def _path(config: StoreConfig) -> Path:
    return Path(config.url.removeprefix(SQLITE))


def _key(config: StoreConfig) -> bytes:
    if config.key is None or len(config.key) != 32:
        raise ValueError("an SQLite store needs its key of 32 bytes")
    return config.key
