"""Accounts of an earlier release: their tables are brought up to date at start, and everybody still gets in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import postgres
from tests.cli.serving import hoso
from tests.conftest import ENGINES
from tests.web.conftest import Site, one_factor, serving
from tests.web.test_accounts import Client

from hoso import compose
from hoso.core import system_clock
from hoso.web.configure import configure

OF_THEN = "matkhau8"
"""As short as was allowed then."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """On SQLite, where a node is a folder: made once, and copied for each test."""
    return _of_then(tmp_path_factory.mktemp("first") / "node", None)


@pytest.fixture(params=ENGINES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A node with the tables of the first release and an account in them."""
    folder = tmp_path / "node"
    if request.param == "sqlite":
        yield Path(shutil.copytree(request.getfixturevalue("first"), folder))
        return
    with postgres.database(request.getfixturevalue("postgres_url")) as url:
        yield _of_then(folder, url)


def _of_then(folder: Path, url: str | None) -> Path:
    config = compose.create(folder, url)
    configure(config)
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command
    from django.db import connection

    for app, state in (("mfa", "zero"), ("usersessions", "zero"), ("account", "zero"), ("accounts", "0001")):
        call_command("migrate", app, state, verbosity=0, interactive=False, skip_checks=True)
    row = {"username": "mai", "name": "", "role": "doctor", "facility": "35001", "is_active": True}
    row |= {"password": make_password(OF_THEN), "created": system_clock()}
    columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO accounts_account ({columns}) VALUES ({marks})", list(row.values()))
    connection.close()
    return folder


def test_an_account_of_before_signs_in_after_an_update(old: Path) -> None:
    with serving(old) as address:
        client = Client(Site(address, old))
        status, text, _ = client.sign_in("mai", OF_THEN)
        assert status == 200 and "/account/authenticator" in text  # where a second factor is set up
        assert client.ask("/account/authenticator")[0] == 200


def test_a_node_that_asks_for_no_second_factor_lets_it_straight_in(old: Path) -> None:
    one_factor(old)
    with serving(old) as address:
        client = Client(Site(address, old))
        assert client.sign_in("mai", OF_THEN)[0] == 200
        assert 'id="q"' in client.ask("/")[1]


@pytest.mark.parametrize("old", ["sqlite"], indirect=True)
@pytest.mark.parametrize("command", [("user", "list"), ("user", "unlock", "--username", "mai"), ("init",)])
def test_the_commands_bring_it_up_to_date_too(old: Path, command: tuple[str, ...]) -> None:
    for _ in range(2):
        done = hoso(*command, "--data", old)
        assert done.returncode == 0, done.stderr
    assert "mai\tdoctor\t35001\topen" in hoso("user", "list", "--data", old).stdout
