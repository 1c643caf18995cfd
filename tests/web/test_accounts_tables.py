"""A new database has the very tables that all migrations, one after the other, would have made."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests import postgres
from tests.conftest import ENGINES

from hoso import compose
from hoso.web.configure import configure


@pytest.mark.parametrize("engine", ENGINES)
def test_tables_made_at_once_are_those_of_the_migrations(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        url = None
        if engine == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        config = compose.create(tmp_path / "node", url)
        configure(config)
        from django.core.management import call_command
        from django.db import connection

        at_once = _tables()
        noted = _noted()
        with connection.cursor() as cursor:
            if engine == "postgresql":
                cursor.execute("DROP SCHEMA accounts CASCADE")
                cursor.execute("CREATE SCHEMA accounts")
            else:
                cursor.execute("PRAGMA foreign_keys = OFF")
                for table in connection.introspection.table_names():
                    cursor.execute(f'DROP TABLE "{table}"')
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
        assert len(at_once) > 20 and at_once == _tables()
        assert len(noted) > 50 and noted == _noted()
        connection.close()


def _noted() -> list[tuple[str, str]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        return list(cursor.fetchall())


def _tables() -> dict[str, Any]:
    """Per table its columns and constraints; of constraints what they hold, for names may carry a counter."""
    from django.db import connection

    with connection.cursor() as cursor:
        return {
            table: (
                sorted(
                    (column.name, column.type_code, column.display_size, column.null_ok, str(column.default))
                    for column in connection.introspection.get_table_description(cursor, table)
                ),
                sorted(
                    (name, *(str(value) for _, value in sorted(found.items())))
                    for name, found in connection.introspection.get_constraints(cursor, table).items()
                ),
            )
            for table in connection.introspection.table_names(cursor)
        }
