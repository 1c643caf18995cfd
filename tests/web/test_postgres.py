"""The pages on PostgreSQL: the same way from sign-in to the card, and a page that says so when the database is away."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import psycopg
import pytest
from psycopg import sql
from tests import postgres
from tests.web import people
from tests.web.conftest import PASSWORD, Site, one_factor, serving
from tests.web.test_accounts import Client

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes

pytestmark = pytest.mark.xdist_group("web-postgresql")


def test_the_card_is_reached_and_a_lost_database_is_said(postgres_url: str, tmp_path: Path) -> None:
    with postgres.database(postgres_url) as url:
        folder = tmp_path / "centre"
        compose.create(folder, url)
        one_factor(folder)
        config = compose.load(folder)
        node = compose.open(folder)
        importer = Actor("node/test", Scopes.parse("system/*.cruds"))
        made = people.full(date.today())[:40]  # noqa: DTZ011  (the made-up people live in the present)
        for one in [*made, people.roster(["full"])]:
            node.records.update(Errand(importer, "SYSADMIN"), one["resourceType"], one["id"], orjson.dumps(one))
        node.close()
        compose.hire(config, "mai", "doctor", "35001", PASSWORD)
        with serving(folder) as address:
            client = Client(Site(address, folder))
            assert client.sign_in("mai", PASSWORD)[0] == 200
            assert "Nguyễn Thị Hồng Hạnh" in client.ask("/?q=nguyen+thi+hong+hanh")[1]
            assert "HẠNH" in client.ask("/patients/full")[1].upper()
            take_away(postgres_url, url)
            status, text, headers = client.ask("/patients/full")
            assert status == 503 and "Cơ sở dữ liệu không trả lời" in text and headers["retry-after"]


def take_away(server: str, url: str) -> None:
    """Closes the database to everybody and ends who is on it."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(str(name))))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
