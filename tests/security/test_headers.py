"""Every address answers with what a browser needs to protect its reader, whoever asks and whatever is wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from tests.security.apps import Answer, Person, Site

from hoso import compose
from hoso.web.configure import configure

SignIn = Callable[[str], Person]
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son[a-z]+=|javascript:", re.I)
NOT_PERSONAL = ("/static/", "/oauth/jwks")
SHARED = "/shl/"
"""SMART Health Links are opened by a receiver's page of any origin; what is sealed there depends on no cookie."""


ENDING = ("/sign-out",)
"""What ends a session comes after all that is looked at with it."""


def addresses(site: Site) -> Iterator[str]:
    """Of every pattern, with something in each blank."""
    configure(compose.load(site.folder))
    from django.urls import URLPattern, get_resolver

    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern), "a pattern that includes others: walk into it"
        filled = re.sub(r"<int:\w+>", "1", re.sub(r"<str:\w+>", "p1", str(pattern.pattern)))
        assert "<" not in filled, filled
        yield f"/{filled}"


def check(path: str, answer: Answer) -> None:
    told, where = answer.headers, f"{path} {answer.status}"
    policy = dict(part.strip().partition(" ")[::2] for part in told["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'", where
    assert policy["frame-ancestors"] == "'none'", where
    assert policy["base-uri"] == "'none'", where
    assert policy["script-src"] == "'self'" and policy["style-src"] == "'self'", where
    assert "unsafe" not in told["content-security-policy"] and "*" not in told["content-security-policy"], where
    assert told["x-content-type-options"] == "nosniff", where
    assert told["x-frame-options"] == "DENY", where
    assert told["referrer-policy"] == "same-origin", where
    assert "camera=()" in told["permissions-policy"], where
    assert told["cross-origin-opener-policy"] == "same-origin", where
    assert told["cross-origin-resource-policy"] == "same-origin", where
    assert "access-control-allow-credentials" not in told, where
    assert told.get("access-control-allow-origin") in ((None, "*") if path.startswith(SHARED) else (None,)), where
    if not path.startswith(NOT_PERSONAL):
        assert "no-store" in told["cache-control"], where
    if told.get("content-type", "").startswith("text/html"):
        found = INLINE.search(answer.body)
        assert found is None, (where, found)


def test_every_address_answers_a_stranger_with_all_headers(site: Site) -> None:
    walked = list(addresses(site))
    assert len(walked) > 40
    for path in (*walked, "/nothing", "/static/none.css", "/patients/%00", "/patients/" + "x" * 3000):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            check(path, site.ask(method, path, Origin="https://evil.example"))


def test_no_page_is_asked_by_a_method_that_none_has(site: Site) -> None:
    for path in ("/", "/me", "/oauth/token", "/nothing"):
        for method in ("TRACE", "PUT", "DELETE", "FOO"):
            answer = site.ask(method, path)
            check(path, answer)
            assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS"), (method, path)


@pytest.mark.parametrize("username", ["mai", "quang"])
def test_every_address_answers_staff_with_all_headers(site: Site, person: SignIn, username: str) -> None:
    pages, who = 0, person(username)
    for path in sorted(addresses(site), key=lambda path: path in ENDING):
        answer = who.get(path)
        check(path, answer)
        pages += answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert pages > 5


def test_the_systems_door_keeps_nothing_and_lets_no_browser_guess(site: Site) -> None:
    for path in ("/fhir/Patient/p1", "/fhir/Patient", "/fhir/metadata", "/fhir/Nothing", "/fhir", "/fhir/Patient/p9"):
        for token in (site.token, ""):
            answer = site.ask("GET", path, token=token, Origin="https://evil.example")
            assert answer.headers["cache-control"] == "no-store", path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert not [name for name in answer.headers if name.startswith("access-control-")], path


def test_no_app_gets_another_origin_or_cookies_allowed(site: Site) -> None:
    site.client(scopes="openid patient/*.rs", origins=["https://app.example.vn"])
    time.sleep(1.2)  # a worker remembers the origins for a second
    for path in ("/fhir/metadata", "/oauth/token", "/.well-known/smart-configuration"):
        allowed = site.ask("OPTIONS", path, Origin="https://app.example.vn", Access_Control_Request_Method="GET")
        assert allowed.headers["access-control-allow-origin"] == "https://app.example.vn", path
        assert "access-control-allow-credentials" not in allowed.headers
        for origin in ("https://evil.example", "null", "https://app.example.vn.evil.example", "http://app.example.vn"):
            other = site.ask("OPTIONS", path, Origin=origin, Access_Control_Request_Method="GET")
            assert "access-control-allow-origin" not in other.headers, (path, origin)


def test_a_page_that_somebody_stored_runs_nowhere(site: Site) -> None:
    page = b"<script>alert(document.cookie)</script>"
    for kind in ("text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"):
        put = site.ask("PUT", "/fhir/Binary/evil", page, site.token, Content_Type=kind)
        assert put.status in (200, 201), put.body
        answer = site.ask("GET", "/fhir/Binary/evil", token=site.token, Accept="*/*")
        assert answer.body == page
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert site.ask("GET", "/fhir/Binary/evil", Accept="*/*").status == 401  # a cookie opens nothing here
