"""The audit log's rows only grow: neither a careless statement nor the serving role itself changes or takes any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from tests import postgres
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, fill, sealer

from hoso.access.audit.verify import verify
from hoso.store import audit
from hoso.store.contract import StoreConfig
from hoso.store.opening import create_store, open_store
from hoso.store.record_store import RecordStore

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "audit.md"
CHANGES = (
    "DELETE FROM audit_event",
    "DELETE FROM audit_event WHERE id = 3",
    "UPDATE audit_event SET bytes = salt",
    "UPDATE audit_event SET id = id + 1000",
    "DELETE FROM audit_seal",
    "UPDATE audit_seal SET number = 5 WHERE seq = 2",
    "UPDATE audit_seal SET seq = seq + 1000",
    "DELETE FROM audit_node",
    "UPDATE audit_node SET place = place + 1",
    "DELETE FROM audit_map",
    "UPDATE audit_map SET day = 1",
    "UPDATE audit_checkpoint SET note = ''",
)
REPLACED = (
    "INSERT OR REPLACE INTO audit_event VALUES (3, x'00', x'00')",
    "INSERT OR REPLACE INTO audit_seal VALUES (2, 3, 0, 0, x'00')",
    "REPLACE INTO audit_node VALUES (8, 0, x'00')",
    "REPLACE INTO audit_map SELECT seq, 1 FROM audit_map",
)
TRUNCATED = tuple(
    f"TRUNCATE {table} CASCADE"
    for table in (
        "audit_event",
        "audit_seal",
        "audit_node",
        "audit_map",
        "audit_checkpoint",
        "audit_cosignature",
        "audit_pending",
    )
)


def changed(store: RecordStore, statement: str) -> str:
    """What the database says to a statement of somebody who has a connection."""

    def work(connection: Any) -> None:
        connection.rows(statement)

    with pytest.raises(Exception) as refused:
        store.engine.transact(work)
    return str(refused.value)


def test_no_statement_changes_or_takes_what_was_told(store: RecordStore, engine: str) -> None:
    fill(store, 300)
    before = verify(store.engine.reader(), SIGNER.verifier)
    for statement in (*CHANGES, *(TRUNCATED if engine == "postgresql" else REPLACED[:2])):
        assert "only grows" in changed(store, statement), statement
    assert verify(store.engine.reader(), SIGNER.verifier) == before
    store.record(rows([event(1, 1)]))
    sealer(store).settle()


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A database as the how-to makes it: its owner is a role without any special right. And who runs the server."""
    server = request.getfixturevalue("postgres_url")
    role = f"r{uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
    with postgres.database(server) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            owner = sql.SQL("ALTER DATABASE {} OWNER TO {}")
            name = sql.Identifier(urlsplit(url).path[1:])
            admin.execute(owner.format(name, sql.Identifier(role)))
            admin.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(role)))
        parts = urlsplit(url)
        yield urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}")), url
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def opened(served: tuple[str, str]) -> Iterator[Callable[[], RecordStore]]:
    made: list[RecordStore] = []

    def open_() -> RecordStore:
        made.append(open_store(StoreConfig(served[0], None, "test-node")))
        return made[-1]

    create_store(StoreConfig(served[0], None, "test-node"))
    yield open_
    for store in made:
        store.close()


def test_the_serving_role_lacks_the_right_though_the_tables_are_its_own(opened: Callable[[], RecordStore]) -> None:
    store = opened()
    fill(store, 300)
    for statement in (*CHANGES, *TRUNCATED):
        if not statement.startswith("UPDATE audit_event"):
            assert "permission denied" in changed(store, statement), statement
    assert "permission denied" in changed(store, "SET LOCAL session_replication_role = replica")


def test_given_to_another_owner_the_log_works_and_its_guards_cannot_be_lifted(
    opened: Callable[[], RecordStore], served: tuple[str, str]
) -> None:
    """Runs the very statements of the how-to."""
    store = opened()
    fill(store, 300)
    store.close()
    role, keeper = urlsplit(served[0]).username, f"k{uuid4().hex[:8]}"
    found = re.search(r"```sql\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    assert found is not None and role is not None
    text = re.sub(r"\bhoso_keeper\b", keeper, found[1])
    with psycopg.connect(served[1], autocommit=True) as admin:
        admin.execute(re.sub(r"\bhoso\b", role, text).encode())
    store = opened()
    store.record(rows([event(1, 1)]))
    sealer(store, 400).settle()
    assert sealer(store, 401).publish()
    row = audit.sealed(store.engine.reader(), 20, 1)[0]
    store.record(rows([event(60, row.patient, kind="audit-erase", action="D", what="audit/20", reason="retention")]))
    store.engine.transact(lambda connection: audit.erase(connection, row.event))
    sealer(store).settle()
    assert verify(store.engine.reader(), SIGNER.verifier).erased == 1
    store.engine.transact(lambda connection: connection.rows("GRANT ALL ON audit_event TO CURRENT_USER"))  # only warns
    for statement in (
        *CHANGES,
        *TRUNCATED,
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "DROP TABLE audit_seal",
        "DROP TRIGGER audit_event_stays ON audit_event",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
    ):
        said = changed(store, statement)
        assert re.search("permission denied|must be owner|only grows|no privileges", said), f"{statement}: {said}"
    store.close()
    with psycopg.connect(served[1], autocommit=True) as admin:
        for owned in (
            sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER"),
            sql.SQL("DROP OWNED BY {}"),
            sql.SQL("DROP ROLE {}"),
        ):
            admin.execute(owned.format(sql.Identifier(keeper)))
