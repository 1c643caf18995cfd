"""Django's SQLite backend with its driver exchanged for ours; Django finds `DatabaseWrapper` by this file's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import tee
from typing import Any

from django.db.backends.sqlite3 import base as theirs
from django.db.backends.sqlite3._functions import register  # type: ignore[import-untyped]
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX

from hoso.web.sqlite import dbapi

Params = Sequence[object] | Mapping[str, object]


class DatabaseWrapper(theirs.DatabaseWrapper):
    Database = dbapi
    vendor = "sqlite"

    def get_connection_params(self) -> dict[str, Any]:
        options = self.settings_dict["OPTIONS"]
        self.transaction_mode = "IMMEDIATE"  # a read that turns into a write must not find the lock taken
        return {"database": str(self.settings_dict["NAME"]), "key": options["key"]}

    def get_new_connection(self, conn_params: dict[str, Any]) -> dbapi.Connection:
        connection = dbapi.connect(**conn_params)
        register(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:
        return Cursor(self.connection)


class Cursor(dbapi.Cursor):
    """Django writes parameters as %s and %(name)s; SQLite reads ? and :name."""

    def execute(self, sql: str, params: Params | None = None) -> Cursor:
        if params is None:
            super().execute(sql)
        else:
            super().execute(_rewritten(sql, params), params)
        return self

    def executemany(self, sql: str, param_list: Iterable[Params]) -> Cursor:
        first, all_params = tee(iter(param_list))
        sample = next(first, ())
        rewritten = _rewritten(sql, sample)
        total = 0
        for params in all_params:
            super().execute(rewritten, params)
            total += max(self.rowcount, 0)
        self.rowcount = total
        return self


def _rewritten(sql: str, params: Params) -> str:
    if isinstance(params, Mapping):
        return sql % {name: f":{name}" for name in params}
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
