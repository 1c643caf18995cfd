"""The published SMART JS client in a real browser: opened from a person's page, and by itself."""

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
from playwright.sync_api import Browser, BrowserContext, Page
from tests.clients.pages import Pages
from tests.security.apps import Person, Site
from tests.web.looking import SIZES, faults, fits

pytestmark = pytest.mark.browser

SignIn = Callable[[str], Person]
SCRIPT = Path(__file__).parents[2] / "scripts/js_clients.py"
SCOPE = "openid fhirUser offline_access patient/Patient.r patient/Observation.rs"
LAUNCH = """<!doctype html><title>launch</title><script src="client.js"></script>
<script>FHIR.oauth2.authorize({client_id: "CLIENT", scope: "SCOPE", redirectUri: "index.html", pkceMode: "required"});
</script>"""
INDEX = """<!doctype html><title>app</title><pre id="told"></pre><script src="client.js"></script>
<script>
const tell = (what) => { document.getElementById("told").textContent = JSON.stringify(what); document.title = "told"; };
(async () => {
  const client = await FHIR.oauth2.ready();
  const patient = await client.patient.read();
  const found = await client.request("Observation?_sort=code", {flat: true});
  let other = "";
  try { await client.request("Observation/lab-p2"); } catch (error) { other = String(error.status || error); }
  const before = client.state.tokenResponse.access_token;
  await client.refresh();
  const again = await client.request("Observation/lab-p1");
  tell({patient: client.patient.id, read: patient.id, observations: found.map((one) => one.id), other,
    rotated: before !== client.state.tokenResponse.access_token, again: again.id,
    scope: client.state.tokenResponse.scope});
})().catch((error) => tell({error: String(error)}));
</script>"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Pages]:
    fetched = subprocess.run([sys.executable, str(SCRIPT)], check=True, capture_output=True, text=True)
    (folder,) = (line.partition(" ")[2] for line in fetched.stdout.splitlines() if line.startswith("smart "))
    (tmp_path / "client.js").symlink_to(Path(folder) / "fhir-client.js")
    (tmp_path / "index.html").write_text(INDEX, "utf-8")
    made = Pages(tmp_path)
    yield made
    made.close()


Enter = Callable[..., BrowserContext]


@pytest.fixture
def enter(browser: Browser, site: Site, person: SignIn) -> Iterator[Enter]:
    """enter("mai", size="phone", language="en"): a browser in which somebody is signed in."""
    with ExitStack() as stack:

        def entered(username: str, size: str = "desk", language: str = "vi") -> BrowserContext:
            width, height = SIZES[size]
            context = browser.new_context(viewport={"width": width, "height": height})
            stack.callback(context.close)
            cookies = {**person(username).cookies, "hoso_language": language}
            context.add_cookies([{"name": n, "value": v, "url": site.address} for n, v in cookies.items()])
            return context

        yield entered


def registered(site: Site, app: Pages, scopes: str, **more: Any) -> str:
    client = site.client(
        scopes=scopes, redirects=[f"{app.origin}/index.html"], origins=[app.origin],
        launch=f"{app.origin}/launch.html", **more,
    )  # fmt: skip
    page = LAUNCH.replace("CLIENT", client.client_id).replace("SCOPE", scopes)
    (app.folder / "launch.html").write_text(page, "utf-8")
    time.sleep(1.0)  # a worker that was asked just before remembers the list of origins without this one for so long
    return str(client.client_id)


def told(page: Page) -> dict[str, Any]:
    page.wait_for_function("document.title === 'told'", timeout=20_000)
    found: dict[str, Any] = json.loads(page.inner_text("#told"))
    assert "error" not in found, found
    return found


def check(found: dict[str, Any], site: Site) -> None:
    assert found["patient"] == found["read"] and sorted(found["observations"]) == ["lab-p1", "vital-p1"]
    assert "404" in found["other"] or "not" in found["other"].lower(), found["other"]
    assert found["rotated"] and found["again"] == "lab-p1"
    person = site.fhir_get("Patient?link=Patient/p1", site.token).json["entry"][0]["resource"]["id"]
    assert found["patient"] == person


def test_an_app_that_starts_by_itself(site: Site, app: Pages, enter: Enter) -> None:
    registered(site, app, f"launch/patient {SCOPE}")
    page = enter("mai").new_page()
    page.goto(f"{app.origin}/launch.html?iss={site.fhir}")
    page.fill("form.box #q", "nguyen thi mot 1980")
    page.click("button[value=find]")
    page.click("button[value=choose]")
    page.click("button[value=allow]")
    check(told(page), site)


def test_an_app_that_is_opened_from_a_persons_page(site: Site, app: Pages, enter: Enter) -> None:
    client = registered(site, app, f"launch {SCOPE}")
    page = enter("mai").new_page()
    page.goto(f"{site.address}/patients/p1")
    page.click("a.tab[href$='/apps']")
    page.click(f"button[value='{client}']")
    page.click("button[value=allow]")
    check(told(page), site)


def test_who_says_no_goes_back_to_the_app(site: Site, app: Pages, enter: Enter) -> None:
    registered(site, app, f"launch/patient {SCOPE}")
    page = enter("mai").new_page()
    page.goto(f"{app.origin}/launch.html?iss={site.fhir}")
    page.click("button[value=deny]")
    page.wait_for_url(f"{app.origin}/index.html?error=access_denied*")


@pytest.mark.parametrize(("size", "language"), [("desk", "vi"), ("phone", "en")])
@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_the_pages_can_be_used_by_everybody(
    site: Site, app: Pages, enter: Enter, size: str, language: str, tmp_path: Path
) -> None:
    scopes = f"launch/patient {SCOPE} patient/Condition.cu?category=encounter-diagnosis user/Practitioner.rs"
    client = registered(site, app, scopes, name="Biểu đồ tăng trưởng", owner="Bệnh viện Nhi Trung ương")
    page = enter("mai", size, language).new_page()
    seen = []

    def look(name: str) -> None:
        assert faults(page) == [] and fits(page), name
        page.screenshot(path=tmp_path / f"{name}-{size}-{language}.png", full_page=True)
        seen.append(name)

    page.goto(f"{app.origin}/launch.html?iss={site.fhir}")
    page.fill("form.box #q", "nguyen thi mot 1980")
    page.click("button[value=find]")
    page.wait_for_selector("button[value=choose]")
    look("picker")
    page.click("button[value=choose]")
    page.wait_for_selector("button[value=allow]")
    look("consent")
    assert page.inner_text("html").count(client) == 1
    page.click("button[value=allow]")
    told(page)
    for name, path in (
        ("connected", "/connected-apps"),
        ("apps", "/patients/p1/apps"),
        ("refused", "/oauth/authorize"),
    ):
        page.goto(site.address + path)
        look(name)
    page = enter("quang", size, language).new_page()
    page.goto(f"{site.address}/clients")
    look("clients")
    assert len(seen) == 6
