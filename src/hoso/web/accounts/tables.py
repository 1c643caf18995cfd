"""The tables of the accounts: a new database gets their present form at once, an older one its missing migrations.

Sixty migrations over empty tables are most of the seconds of a first start on a small machine, and leave nothing else.
"""

from __future__ import annotations

from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def bring_up_to_date() -> None:
    """Safe to repeat; two that start at once on one PostgreSQL wait for each other until the connection closes."""
    if not _is_behind(MigrationExecutor(connection)):
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('hoso accounts'))")
            cursor.execute("CREATE SCHEMA IF NOT EXISTS accounts")
    executor = MigrationExecutor(connection)
    if executor.loader.applied_migrations:
        call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    else:
        _create(executor)


def _is_behind(executor: MigrationExecutor) -> bool:
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _create(executor: MigrationExecutor) -> None:
    """Tables and the note that every migration is applied come in one transaction: a kill leaves nothing."""
    executor.recorder.ensure_schema()
    apps = executor.loader.project_state().apps
    applied = executor.recorder.Migration
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if model._meta.can_migrate(connection):
                editor.create_model(model)
        applied.objects.using(connection.alias).bulk_create(
            [applied(app=app, name=name) for app, name in executor.loader.graph.nodes]
        )
    emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias, apps=apps, plan=[])
