"""A served node, a token that its own command made, and pages on which other people's scripts run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests import postgres
from tests.cli.serving import made
from tests.clients.pages import Pages
from tests.conftest import ENGINES
from tests.security.apps import Site
from tests.web.conftest import serving

SCRIPT = Path(__file__).parents[2] / "scripts/js_clients.py"


@pytest.fixture(scope="session", params=ENGINES[:1])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """On SQLite; a test may ask for both engines."""
    folder = tmp_path_factory.mktemp("clients") / "node"
    with ExitStack() as stack:
        options = []
        if request.param == "postgresql":
            options = ["--database", stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))]
        token = made(folder, *options)
        yield Site(stack.enter_context(serving(folder)), folder, token)


@pytest.fixture(scope="session")
def scripts() -> dict[str, Path]:
    """Folders of the JavaScript clients by name."""
    printed = subprocess.run([sys.executable, str(SCRIPT)], check=True, capture_output=True, text=True).stdout
    return {name: Path(path) for name, path in (line.split(" ", 1) for line in printed.splitlines())}


@pytest.fixture(scope="session")
def pages(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Pages of another origin, which an approved app named."""
    served = Pages(tmp_path_factory.mktemp("pages"))
    site.client(scopes="patient/Patient.r", origins=[served.origin])
    time.sleep(1.0)  # a worker that was asked just before remembers the list of origins without this one for so long
    yield served
    served.close()


Run = Callable[[str, str], dict[str, Any]]


@pytest.fixture
def run(browser: Browser, pages: Pages, site: Site) -> Iterator[Run]:
    """run(head, script): what the script of a page returns, for which BASE and TOKEN are set."""
    with browser.new_context() as context:

        def ran(head: str, script: str) -> dict[str, Any]:
            known = f"const BASE = {json.dumps(site.fhir)}, TOKEN = {json.dumps(site.token)};"
            page = context.new_page()
            page.goto(pages.put(head, f"{known}\n{script}"))
            page.wait_for_function("document.title === 'told'", timeout=30_000)
            found: dict[str, Any] = json.loads(page.inner_text("#told"))
            assert "error" not in found, found
            return found

        yield ran
