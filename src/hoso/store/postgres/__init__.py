"""The server engine: many writers, one function call per batch, and one sequencer that numbers what has committed."""

from hoso.store.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
