"""A link is made, opened in a browser that knows nobody here, seen by the citizen, taken back; and who tries it on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import zxingcpp
from jwcrypto import jwe, jwk
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.access.healthlinks.test_health_links import decoded
from tests.web.conftest import At, Site
from tests.web.looking import SIZES, faults, fits, shapes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
DOCTOR = "BS. Nam, Bệnh viện Quận 1"
Answer = tuple[int, dict[str, str], bytes]


def made(at: At, size: str = "phone", *, passcode: str = "2468", uses: int = 3, **options: Any) -> str:
    """The link, as its page shows it."""
    page = at("/me/share/new", size, **options)
    page.check(f'input[name=uses][value="{uses}"]')
    page.fill("#passcode", passcode)
    page.fill("#label", "Khám tim")
    page.click("button[name=make]")
    return page.locator("#link").input_value()


def visitor(browser: Browser, link: str, size: str = "phone", **options: Any) -> Page:
    """Another browser, where nobody is signed in."""
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.goto(link)
    return page


def ask(said: dict[str, Any], body: object, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return sent(Request(said["url"], data, {"Content-Type": "application/json"} | headers))


def sent(request: Request | str) -> Answer:
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except HTTPError as error:
        return error.code, _lower(error.headers), error.read()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def said(link: str) -> dict[str, Any]:
    return dict(json.loads(decoded(link.partition("#shlink:/")[2])))


@shapes
def test_a_link_is_opened_in_another_browser_seen_by_the_citizen_and_taken_back(
    at: At, browser: Browser, size: str, language: str
) -> None:
    link = made(at, size, language=language)
    page = visitor(browser, link, size)
    expect(page.locator("[data-label]")).to_have_text("Khám tim")
    assert faults(page) == [] and fits(page)
    page.fill("#recipient", DOCTOR)
    page.fill("#passcode", "1111")
    page.click("[data-ask] button")
    expect(page.locator("[data-problem]")).to_contain_text("9")
    page.fill("#passcode", "2468")
    page.click("[data-ask] button")
    expect(page.locator("[data-summary] h2")).to_have_text("Nguyễn Thị Hồng Hạnh")
    expect(page.locator(".panel--red")).to_contain_text("Penicillin")
    expect(page.locator("[data-summary]")).to_contain_text("Rung nhĩ")
    assert "#" not in page.url and faults(page) == [] and fits(page)
    mine = at("/me/share", size, language=language)
    expect(mine.locator(".opened").first).to_contain_text(DOCTOR)
    expect(mine.locator(".opened .tag--amber").first).to_be_visible()
    assert faults(mine) == [] and fits(mine)
    mine.goto(mine.url.replace("/share", "/log"))
    expect(mine.locator(".look", has_text=DOCTOR).first).to_be_visible()
    mine.go_back()
    mine.click("button[name=end] >> nth=0")
    late = visitor(browser, link, size)
    late.fill("#recipient", DOCTOR)
    late.fill("#passcode", "2468")
    late.click("[data-ask] button")
    expect(late.locator("[data-problem]")).to_contain_text("không mở được")
    expect(late.locator("[data-summary]")).to_be_hidden()
    assert faults(late) == []
    page.context.close()
    late.context.close()


def test_the_qr_is_read_by_a_scanner_and_says_the_link(at: At, tmp_path: Any) -> None:
    page = at("/me/share/new", "desk")
    page.fill("#passcode", "")
    page.click("button[name=make]")
    picture = tmp_path / "qr.png"
    page.locator(".qr").screenshot(path=picture)
    (read,) = zxingcpp.read_barcodes(Image.open(picture))
    assert read.text == page.locator("#link").input_value() and faults(page) == [] and fits(page)


def test_a_link_is_made_and_taken_back_without_javascript(at: At) -> None:
    page = at("/me/share/new", "phone", java_script_enabled=False)
    page.click("button[name=make]")
    assert page.locator("#link").input_value().partition("#")[2].startswith("shlink:/")
    page.click("main a[href='/me/share'].button")
    before = page.locator("button[name=end]").count()
    page.click("button[name=end] >> nth=0")
    assert page.locator("button[name=end]").count() == before - 1 >= 0


def test_without_javascript_the_page_says_what_it_takes_and_the_key_stays(browser: Browser, at: At) -> None:
    page = visitor(browser, made(at), java_script_enabled=False)
    expect(page.locator("[data-without]")).to_contain_text("JavaScript")
    expect(page.locator("[data-ask]")).to_be_hidden()
    page.context.close()


def test_what_was_left_out_or_closed_is_not_in_it(at: At, browser: Browser) -> None:
    page = at("/me/share/new", "phone")
    page.uncheck('input[value="medicines"]')
    page.fill("#passcode", "")
    page.click("button[name=make]")
    other = visitor(browser, page.locator("#link").input_value())
    other.fill("#recipient", DOCTOR)
    other.click("[data-ask] button")
    expect(other.locator("[data-summary] h2")).to_be_visible()
    expect(other.locator("[data-summary]")).to_contain_text("Không hiển thị")
    assert "Warfarin" not in other.content()
    other.context.close()


def test_any_client_of_the_specification_gets_the_manifest_and_opens_the_file(at: At) -> None:
    link = said(made(at))
    status, headers, body = ask(link, {"recipient": DOCTOR, "passcode": "2468"})
    (file,) = json.loads(body)["files"]
    assert (status, file["contentType"], headers["access-control-allow-origin"]) == (200, "application/fhir+json", "*")
    token = jwe.JWE()
    token.deserialize(file["embedded"], jwk.JWK(kty="oct", k=link["key"]))
    bundle = json.loads(token.payload)
    assert (bundle["type"], bundle["entry"][0]["resource"]["resourceType"]) == ("document", "Composition")
    status, _, body = ask(link, {"recipient": DOCTOR, "passcode": "2468", "embeddedLengthMax": 10})
    (file,) = json.loads(body)["files"]
    status, headers, sealed = sent(file["location"])
    token.deserialize(sealed.decode(), jwk.JWK(kty="oct", k=link["key"]))
    assert status == 200 and headers["content-type"] == "application/jose" and json.loads(token.payload) == bundle
    assert sent(file["location"])[0] == 404
    asking = Request(link["url"], method="OPTIONS", headers={"Origin": "https://viewer.example"})
    assert sent(asking)[0] == 204


def test_a_link_without_a_passcode_is_the_file_itself(at: At) -> None:
    link = said(made(at, passcode="", uses=1))
    assert link["flag"] == "U" and sent(link["url"])[0] == 400
    status, headers, body = sent(f"{link['url']}?recipient=Nam")
    assert (status, headers["content-type"]) == (200, "application/jose")
    token = jwe.JWE()
    token.deserialize(body.decode(), jwk.JWK(kty="oct", k=link["key"]))
    assert sent(f"{link['url']}?recipient=Nam")[0] == 404


@pytest.fixture
def ended(at: At) -> Callable[[str], dict[str, Any]]:
    def end(how: str) -> dict[str, Any]:
        link = said(made(at, uses=1))
        if how == "used":
            ask(link, {"recipient": "Nam", "passcode": "2468"})
        elif how == "revoked":
            at("/me/share").click("button[name=end] >> nth=0")
        elif how == "guessed":
            for _ in range(10):
                ask(link, {"recipient": "Nam", "passcode": "0000"})
        else:
            link["url"] = link["url"][:-43] + "A" * 43
        return link

    return end


@pytest.mark.parametrize("how", ["used", "revoked", "guessed"])
def test_what_ended_looks_the_same_as_what_never_was(ended: Callable[[str], dict[str, Any]], how: str) -> None:
    for body in ({"recipient": "Nam", "passcode": "2468"}, {"recipient": "Nam", "passcode": "x"}, {"recipient": "Nam"}):
        over, never = ask(ended(how), body), ask(ended("never"), body)
        differing = {"date"}
        assert over[0] == never[0] == 404 and over[2] == never[2]
        assert {k: v for k, v in over[1].items() if k not in differing} == {
            k: v for k, v in never[1].items() if k not in differing
        }


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"", "body"), (b"[]", "body"), (b"{", "body"), (b"[" * 3_000, "body"), (b"\xff\xfe", "body"),
        (b'{"recipient": "' + b"x" * 5_000 + b'"}', "body"),
        ({}, "recipient"), ({"recipient": " "}, "recipient"), ({"recipient": 7}, "recipient"),
        ({"recipient": "x" * 101}, "recipient"), ({"recipient": "a\u0000b"}, "recipient"),
        ({"recipient": "Nam", "passcode": 7}, "passcode"), ({"recipient": "Nam", "passcode": "9" * 3_000}, "passcode"),
        ({"recipient": "Nam", "embeddedLengthMax": "many"}, "embeddedLengthMax"),
        ({"recipient": "Nam", "embeddedLengthMax": -1}, "embeddedLengthMax"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_told_its_place_before_anything_is_looked_up(
    site: Site, body: object, names: str
) -> None:
    status, _, said = ask({"url": f"{site.address}/shl/{'A' * 43}"}, body)
    assert status == 400 and names in json.loads(said)["error"]


def test_other_methods_and_other_media_are_refused(site: Site) -> None:
    address = f"{site.address}/shl/{'A' * 43}"
    assert sent(Request(address, method="DELETE"))[0] == 405
    assert ask({"url": address}, {"recipient": "Nam"}, **{"Content-Type": "text/plain"})[0] == 400


@pytest.mark.parametrize("fragment", ["", "#shlink:/", "#shlink:/AAAA", "#shlink:/" + "A" * 5_000, "#<script>alert(1)"])
def test_what_is_no_link_says_so(browser: Browser, site: Site, fragment: str) -> None:
    page = visitor(browser, f"{site.address}/s{fragment}")
    expect(page.locator("[data-problem]")).to_contain_text("không đầy đủ")
    page.context.close()


def test_a_name_with_markup_is_shown_as_words(at: At) -> None:
    ask(said(made(at)), {"recipient": "<img src=x onerror=alert(1)>", "passcode": "2468"})
    page = at("/me/share")
    expect(page.locator(".opened").first).to_contain_text("<img src=x")
    assert page.locator(".opened img").count() == 0


def test_the_form_sent_twice_makes_one_link(at: At) -> None:
    page = at("/me/share/new")
    before = at("/me/share").locator("button[name=end]").count()
    page.click("button[name=make]")
    page.reload()
    expect(page.locator(".notice[role=status]").first).to_be_visible()
    assert at("/me/share").locator("button[name=end]").count() == before + 1


def test_nobody_but_a_citizen_has_the_pages(open_page: Callable[..., Page], site: Site) -> None:
    assert open_page("/me/share/new").locator("button[name=make]").count() == 0
    assert open_page("/me/share", None).url.endswith("next=%2Fme%2Fshare")


def test_the_pages_weigh_little(at: At, browser: Browser) -> None:
    """Over the wire with an empty cache, stylesheet, scripts and the QR included."""
    page = at("/me/share/new")
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    client.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[int] = []
    client.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    page.click("button[name=make]")
    page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3 and sum(sizes) <= 60_000
