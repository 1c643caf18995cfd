"""A node with an address for people and one for systems: each answers what is its own, and cookies stay with people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.serving import hoso
from tests.transit import certificates
from tests.transit.nodes import Served, configure, serving

from hoso.transit.authority import Authority
from hoso.transit.origins import answers, parse

PEOPLE, SYSTEMS = "hoso.test", "fhir.hoso.test"


def test_each_name_answers_what_is_its_own(node: Path, trusted: Authority) -> None:
    assert hoso("tls", "make", "--data", node, PEOPLE, SYSTEMS, "127.0.0.1").returncode == 0
    configure(node, fhir_url=f'"https://{SYSTEMS}"')
    context = certificates.trusting(trusted)
    with serving(node) as served:

        def status(host: str, path: str) -> int:
            return served.get(context, path, host).status

        assert [status(host, "/healthz") for host in (PEOPLE, SYSTEMS, "localhost")] == [200, 200, 200]
        assert [status(host, "/fhir/metadata") for host in (PEOPLE, SYSTEMS, "localhost")] == [404, 200, 200]
        assert [status(host, "/fhir/Patient/1") for host in (PEOPLE, SYSTEMS)] == [404, 401]
        pages = ("/sign-in", "/oauth/authorize", "/oauth/token", "/.well-known/openid-configuration", "/")
        assert [status(SYSTEMS, path) for path in pages] == [404] * len(pages)
        assert status(PEOPLE, "/") == 200
        assert status("other.test", "/healthz") == 400
        _what_an_app_is_told(served, context)


def _what_an_app_is_told(served: Served, context: Any) -> None:
    smart = "/fhir/.well-known/smart-configuration"
    assert served.get(context, smart, PEOPLE).status == 404
    told = _read(served, context, smart)
    assert (told["issuer"], told["token_endpoint"]) == (f"https://{PEOPLE}", f"https://{PEOPLE}/oauth/token")
    statement = _read(served, context, "/fhir/metadata")
    assert statement["implementation"]["url"] == f"https://{SYSTEMS}/fhir"
    (extension,) = statement["rest"][0]["security"]["extension"]
    assert {part["valueUri"].partition("/oauth")[0] for part in extension["extension"]} == {f"https://{PEOPLE}"}


def _read(served: Served, context: Any, path: str) -> Any:
    answer, body = served.read(context, path, SYSTEMS)
    assert answer.status == 200 and "Set-Cookie" not in answer.headers
    return json.loads(body)


def test_a_certificate_for_one_of_the_names_is_refused(node: Path, trusted: Authority) -> None:
    configure(node, fhir_url=f'"https://{SYSTEMS}"')
    done = hoso("serve", "--data", node, "--port", "0")
    assert done.returncode == 1 and f"not for {SYSTEMS}" in done.stderr


def test_a_cookie_that_reaches_the_systems_name_is_dropped() -> None:
    for host, kept in ((SYSTEMS, False), (f"{SYSTEMS.upper()}:443", False), (PEOPLE, True), ("localhost", True)):
        environ = {"HTTP_HOST": host, "PATH_INFO": "/fhir/Patient", "HTTP_COOKIE": "__Host-session=1"}
        answers(environ, SYSTEMS, PEOPLE)
        assert ("HTTP_COOKIE" in environ) is kept, host


def test_a_path_that_only_looks_like_one_of_systems_is_a_page() -> None:
    for path, systems in (("/fhir", True), ("/fhir/", True), ("/fhirx", False), ("//fhir", False), ("/FHIR", False)):
        assert answers({"HTTP_HOST": SYSTEMS, "PATH_INFO": path}, SYSTEMS, PEOPLE) is systems, path
        assert answers({"HTTP_HOST": PEOPLE, "PATH_INFO": path}, SYSTEMS, PEOPLE) is not systems, path


@pytest.mark.parametrize(
    ("fhir_url", "base_url", "said"),
    [
        ("https://fhir.hoso.test", "", "needs a base_url"),
        ("http://fhir.hoso.test", "https://hoso.test", "both"),
        ("https://hoso.test:8443", "https://hoso.test", "another name"),
        ("https://fhir.hoso.test/fhir", "https://hoso.test", "without a path"),
        ("https://me@fhir.hoso.test", "https://hoso.test", "without a path"),
        ("fhir.hoso.test", "https://hoso.test", "without a path"),
    ],
)
def test_an_address_that_cannot_be_the_systems_is_refused(fhir_url: str, base_url: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(fhir_url, base_url)


def test_one_address_is_enough() -> None:
    assert parse("", "https://hoso.test") == ""
    assert parse("https://fhir.hoso.test/", "https://hoso.test") == "https://fhir.hoso.test"
