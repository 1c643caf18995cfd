"""An auditor and a privacy officer search the audit log in a real browser: desk and phone, both languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.security.people import session_of
from tests.web import people
from tests.web.conftest import CITIZEN, OFFICER, PASSWORD, At, Site
from tests.web.looking import SIZES, faults, fits, shapes

from hoso import compose
from hoso.access.audit.note import Note

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AUDITOR = "kiemtoan"


@pytest.fixture(scope="session")
def auditor(site: Site, cookies: dict[str, str]) -> str:
    """The cookie of an auditor."""
    compose.hire(compose.load(site.folder), AUDITOR, "auditor", "35001", PASSWORD)
    return session_of(AUDITOR)


@pytest.fixture
def inspecting(browser: Browser, site: Site, auditor: str) -> Iterator[At]:
    """inspecting("/trail", size="phone", language="en"): as the auditor."""
    with ExitStack() as stack:

        def opened(path: str, size: str = "desk", language: str = "vi", **options: object) -> Page:
            width, height = SIZES[size]
            context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
            stack.callback(context.close)
            host = urlsplit(site.address).hostname or ""
            jar = {"hoso_session": auditor, "hoso_language": language}
            context.add_cookies([{"name": n, "value": v, "domain": host, "path": "/"} for n, v in jar.items()])
            page = context.new_page()
            page.goto(site.address + path)
            return page

        yield opened


def sealed(page: Page) -> None:
    """What just happened is in the log a second later."""
    for _ in range(40):
        if page.locator(".look").count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("nothing was written to the log")


@shapes
def test_an_officer_searches_by_a_number_and_sees_who_looked(at: At, size: str, language: str) -> None:
    page = at("/cases", size, OFFICER, language, java_script_enabled=False)
    page.click('.bar a[href="/trail"]')
    assert page.locator(".look").count() == 0  # nothing is looked at before somebody asks
    page.fill("#patient", people.FULL_NUMBER)
    page.select_option("#act", "break-glass")
    page.click("form.box button")
    expect(page.locator(".look--emergency").first).to_contain_text("mai")
    expect(page.locator(".look--emergency").first).to_contain_text("Nguyễn Thị Hồng Hạnh")
    expect(page.locator("#patient")).to_have_value(people.FULL_NUMBER)
    assert page.locator('form[action^="/trail/export"]').count() == 0
    for path in ("/trail", "/trail?who=mai", "/trail?patient=full", "/trail?since=2020-01-01"):
        seen = at(path, size, OFFICER, language)
        assert faults(seen) == [] and fits(seen)
        assert len(seen.content()) < 60_000


@shapes
def test_an_auditor_sees_no_names_of_patients_and_takes_a_signed_table(
    at: At, inspecting: At, site: Site, size: str, language: str
) -> None:
    at("/me", size, CITIZEN, language)
    page = inspecting(f"/trail?who={CITIZEN}", size, language)
    sealed(page)
    assert "Hồng Hạnh" not in page.locator("main").inner_text()  # nor as the one who looked
    page.goto(f"{site.address}/trail?act=break-glass")
    sealed(page)
    expect(page.locator(".look--emergency").first).to_contain_text("mai")
    assert "Hồng Hạnh" not in page.locator("main").inner_text()
    assert faults(page) == [] and fits(page)
    with page.expect_download() as taken:
        page.click('form[action^="/trail/export"] button')
    packed = ZipFile(BytesIO(Path(taken.value.path()).read_bytes()))
    node = compose.open(site.folder)
    try:
        note = Note.parse(packed.read("hoso-audit.csv.note").decode())
        assert note.signed_by(node.audit.verifier) is not None
    finally:
        node.close()
    assert b"break-glass" in packed.read("hoso-audit.csv")


@pytest.mark.parametrize(
    "query",
    [
        "patient=0000", "patient=" + "9" * 600, "patient=%3Cscript%3Ealert(1)%3C/script%3E", "patient=Nguy%E1%BB%85n",
        "since=soon", "since=2026-13-40", "since=0001-01-01", "until=9999-12-31&since=2026-01-01", "act=everything",
        "since=2026-02-01&until=2026-01-01", "who=" + "x" * 200,
    ],
)  # fmt: skip
def test_what_is_no_question_is_said_at_its_field(inspecting: At, query: str) -> None:
    page = inspecting(f"/trail?{query}")
    expect(page.locator(".field__wrong, .notice--red").first).to_be_visible()
    assert page.locator("#found").count() == 0 and faults(page) == []


@pytest.mark.parametrize("query", ["who=%25", "who=*", "who=ma%00i*", "facility=%25", "patient=012345678901"])
def test_wildcards_and_unknown_numbers_find_nothing(inspecting: At, query: str) -> None:
    page = inspecting(f"/trail?{query}&before=99999999999999999999")
    expect(page.locator("#found")).to_be_visible()
    assert page.locator(".look").count() == 0


def test_to_others_the_page_is_not_there(at: At, open_page: At) -> None:
    for page in (open_page("/trail"), open_page("/trail", "lan"), at("/trail", who=CITIZEN)):
        assert page.locator("form.register__form, .look").count() == 0
        assert page.locator('.bar a[href="/trail"]').count() == 0
    assert at("/trail/export", who=OFFICER).locator("form.register__form").count() == 0
