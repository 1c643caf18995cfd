"""The embedded engine: one encrypted file, many readers, one writer at a time."""

from hoso.store.sqlite.engine import SqliteEngine

__all__ = ["SqliteEngine"]
