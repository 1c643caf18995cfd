"""What every test may ask for: a store on each engine, made fresh and thrown away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests import postgres, scratch
from tests.cli import cheap

from hoso.store import migrate
from hoso.store.contract import StoreConfig
from hoso.store.opening import create_store, open_store
from hoso.store.postgres.connection import PostgresConnection
from hoso.store.record_store import RecordStore

ENGINES = ("sqlite", "postgresql")

CHROMIUM = os.environ.get("HOSO_CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

scratch.in_memory()
cheap.passwords()
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of some thousand commands compiles all of us anew
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # the browser driver keeps an event loop in the tests' own thread


LONG = (
    "node-postgresql", "node-sqlite", "browser", "tests/security/test_national_sign_in.py", "staffing",
    "tests/cli/test_key_rotation.py", "tests/api/test_trouble.py", "tests/exchange/test_load.py",
    "tests/cli/test_erase_command.py", "tests/transit/test_tls_served.py", "tests/store/test_kill.py",
)  # fmt: skip
"""What takes longest, whether it is many tests or few: it comes first, so that no worker is left alone with it."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares a server or a database goes to one worker, so that none is made twice: the tests of a file, or
    those of a node that is kept for the whole session."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            kept = getattr(item, "callspec", None) and item.callspec.params.get("site")  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.xdist_group(f"node-{kept}" if kept else item.nodeid.partition("::")[0]))
    first = {group: place for place, group in enumerate(LONG)}
    items.sort(key=lambda item: first.get(item.get_closest_marker("xdist_group").args[0], len(LONG)))  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for all tests of a process: a second driver beside the first is refused."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def sealing() -> list[bytes]:
    """The sealing keys of a node."""
    return [bytes(range(1, 33))]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's URL; databases are made on it."""
    given = os.environ.get("HOSO_TEST_DATABASE")
    if given:
        yield given
        return
    with postgres.running() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_schema(postgres_url: str) -> Iterator[str]:
    """The name of a database that has the tables of a store and nothing in them: it is copied, which takes a tenth of
    the time of making them."""
    with postgres.database(postgres_url) as url:
        connection = PostgresConnection(url)
        connection.script("BEGIN")
        migrate.migrate(connection, migrate.shipped("postgresql"))
        connection.script("COMMIT")
        connection.close()
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
def store_config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], StoreConfig]]:
    """store_config(engine): where a fresh, created store is."""
    with ExitStack() as stack:

        def make(engine: str) -> StoreConfig:
            if engine == "sqlite":
                path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
                config = StoreConfig(f"sqlite:///{path}", bytes(range(32)), "test-node", sealing)
            else:
                server, schema = map(request.getfixturevalue, ("postgres_url", "postgres_schema"))
                url = stack.enter_context(postgres.database(server, schema))
                config = StoreConfig(url, None, "test-node", sealing)
            create_store(config)
            return config

        yield make


@pytest.fixture
def make_store(store_config: Callable[[str], StoreConfig]) -> Iterator[Callable[..., RecordStore]]:
    """make_store(engine): an open, empty store; closed after the test."""
    with ExitStack() as stack:

        def make(engine: str, **options: object) -> RecordStore:
            store = open_store(store_config(engine), **options)  # type: ignore[arg-type]
            stack.callback(store.close)
            return store

        yield make


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


@pytest.fixture
def store(engine: str, make_store: Callable[[str], RecordStore]) -> RecordStore:
    """An open, empty store on each engine."""
    return make_store(engine)
