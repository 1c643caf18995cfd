"""A node with made-up people, served by the real command, and a real browser that looks at it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from playwright.sync_api import Browser, Page
from tests.cli.cheap import NODE
from tests.security.people import session_of
from tests.web import people
from tests.web.looking import SIZES

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.policy.scopes import scopes
from hoso.access.scope import Scopes
from hoso.web.configure import configure

PASSWORD = "mật-khẩu-đủ-dài-2026"
CITIZEN, OFFICER = "citizen-test", "vinh"


@dataclass(frozen=True)
class Site:
    address: str
    folder: Path


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node holding the made-up people, with a doctor, a nurse to be locked out, a receptionist and two stewards."""
    folder = tmp_path_factory.mktemp("node") / "ninh-binh"
    compose.create(folder)
    one_factor(folder)
    config = compose.load(folder)
    node = compose.open(folder)
    importer = Actor("node/test", Scopes.parse("system/*.cruds"))
    for resource in people.people(date.today()):  # noqa: DTZ011  (the made-up people live in the present)
        body = orjson.dumps(resource)
        node.records.update(Errand(importer, "SYSADMIN"), resource["resourceType"], resource["id"], body)
    node.close()
    made = (("mai", "doctor"), ("linh", "nurse"), ("thu", "receptionist"), ("lan", "steward"), ("hoa", "steward"))
    for username, role in made:
        compose.hire(config, username, role, "35001", PASSWORD)
    return folder


@pytest.fixture(scope="session")
def site(node_folder: Path) -> Iterator[Site]:
    with serving(node_folder) as address:
        yield Site(address, node_folder)


@pytest.fixture(scope="session")
def person(site: Site) -> str:
    """The id of the person of whom most is known."""
    node = compose.open(site.folder)
    try:
        rows = node.store.people
        (golden,) = rows.persons_of(rows.rids(["full"]).values()).values()
        return rows.ids([golden])[golden]
    finally:
        node.close()


def one_factor(folder: Path) -> None:
    """As a closed network may choose, so that the tests of records sign in with a password only."""
    file = folder / "config.toml"
    file.write_text(file.read_text("utf-8").replace("second_factor = true", "second_factor = false"), "utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    command = [*NODE, "--lang", "en", "serve", "--data", str(folder), "--port", "0", "--workers", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("HoSo is ready at http://"), line
            yield line.rsplit(" ", 1)[1].strip().rstrip("/")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


Open = Callable[..., Page]
At = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site, signed_in: dict[str, Any]) -> Iterator[Open]:
    """open_page("/path", username=…, size="desk" | "phone" | (width, height)): a page of a signed-in person, or of a
    stranger with username None."""
    with ExitStack() as stack:

        def open(path: str, username: str | None = "mai", size: str | tuple[int, int] = "desk", **options: Any) -> Page:
            width, height = SIZES[size] if isinstance(size, str) else size
            state = signed_in[username] if username else None
            context = browser.new_context(viewport={"width": width, "height": height}, storage_state=state, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.goto(site.address + path)
            return page

        yield open


@pytest.fixture(scope="session")
def signed_in(browser: Browser, site: Site) -> dict[str, Any]:
    """Cookies of the doctor, the receptionist and two stewards, each signed in once: a password takes its time."""
    states = {}
    for username in ("mai", "thu", "lan", "hoa"):
        with browser.new_context() as context:
            page = context.new_page()
            sign_in(page, site, username)
            page.wait_for_selector("#q")
            states[username] = context.storage_state()
    return states


def sign_in(page: Page, site: Site, username: str = "mai", password: str = PASSWORD) -> None:
    page.goto(site.address + "/")
    page.fill("#username", username)
    page.fill("#password", password)
    page.click("form.box button")


@pytest.fixture(scope="session")
def cookies(site: Site) -> dict[str, str]:
    """Sessions of a citizen, whose record an emergency opened, and of the privacy officer of the facility."""
    node = compose.open(site.folder)
    rows = node.store.people
    (golden,) = rows.persons_of(rows.rids(["full"]).values()).values()
    person = rows.ids([golden])[golden]
    doctor = Errand(Actor("user/mai", scopes("doctor"), "doctor", "35001", assurance="multi"), "TREAT", "screen")
    node.emergencies.open(doctor, person, "unconscious", "Bất tỉnh ở cổng trạm, không có giấy tờ")
    node.audit.sealer.settle()
    node.close()
    config = compose.load(site.folder)
    compose.hire(config, OFFICER, "privacy-officer", "35001", PASSWORD)
    configure(config)
    from django.utils import timezone

    from hoso.web.accounts.models import Account

    Account.objects.create(username=CITIZEN, person=person, name="Nguyễn Thị Hồng Hạnh", created=timezone.now())
    return {name: session_of(name) for name in (CITIZEN, OFFICER)}


@pytest.fixture
def at(browser: Browser, site: Site, cookies: dict[str, str]) -> Iterator[At]:
    """at("/me/log", size="phone", who=…, language="en")."""
    with ExitStack() as stack:

        def opened(path: str, size: str = "desk", who: str = CITIZEN, language: str = "vi", **options: Any) -> Page:
            width, height = SIZES[size]
            context = browser.new_context(viewport={"width": width, "height": height}, **options)
            stack.callback(context.close)
            host = urlsplit(site.address).hostname or ""
            jar = {"hoso_session": cookies[who], "hoso_language": language}
            context.add_cookies([{"name": n, "value": v, "domain": host, "path": "/"} for n, v in jar.items()])
            page = context.new_page()
            page.goto(site.address + path)
            return page

        yield opened
