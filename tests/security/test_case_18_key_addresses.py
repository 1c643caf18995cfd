"""Case 18, the part of OAuth: keys are fetched from listed hosts only, wherever an address tries to lead."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.security.apps import Key, Site
from tests.security.keyserver import KeyServer, serving_keys

from hoso.access.outward import Host, NotAllowed
from hoso.core.errors import Refused
from hoso.web.oauth.assertion import BadAssertion
from hoso.web.oauth.keysets import KeySets

SCOPE = "system/Patient.r"


def test_case_18_keys_are_fetched_from_a_listed_host(site: Site) -> None:
    key = Key()
    url = site.keys.keep("/good.json", key.jwks)
    asked = len(site.keys.asked)
    client = site.client("backend", SCOPE, approved=False, jwks_uri=url)
    assert len(site.keys.asked) == asked, "nothing is fetched at registration"
    from hoso.web.oauth import registry

    registry.approve(client.client_id, "test")
    assert len(site.keys.asked) == asked
    assert key.token(site, client.client_id, SCOPE).status == 200
    header = key.signed(key.claims(site, client.client_id), jku=url)
    assert key.token(site, client.client_id, SCOPE, header).status == 200
    other = key.signed(key.claims(site, client.client_id), jku=url + "?")
    assert key.token(site, client.client_id, SCOPE, other).status == 401


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/jwks",
        "https://127.0.0.1:{port}/good.json",
        "https://169.254.169.254/latest",
        "https://[::1]:{port}/good.json",
        "https://2130706433:{port}/good.json",
        "https://localhost:{port}@evil.example.vn/good.json",
        "https://evil.example.vn/#localhost:{port}",
        "https://localhost.evil.example.vn:{port}/good.json",
        "https://evil-localhost:{port}/good.json",
        "https://localhost/good.json",
        "https://LOCALHOST.:{port}/good.json",
        "file:///etc/passwd",
        "https://localhost:{port}\\@evil.example.vn/",
        "https://xn--lcalhost-75f:{port}/",
    ],
)
def test_case_18_any_other_address_is_not_approved(site: Site, url: str) -> None:
    with pytest.raises(Refused):
        site.client("backend", SCOPE, jwks_uri=url.format(port=site.keys.port))


def test_case_18_no_redirect_is_followed(site: Site) -> None:
    key = Key()
    site.keys.keep("/inside.json", key.jwks)
    url = site.keys.keep("/moved.json", "", status=302, Location=site.keys.url("/inside.json"))
    client = site.client("backend", SCOPE, jwks_uri=url)
    assert key.token(site, client.client_id, SCOPE).status == 401
    assert "/inside.json" not in site.keys.asked


@pytest.mark.parametrize("body", ["", "[]", "{", '{"keys": []}', '{"keys": "x"}', "x" * 70_000, '{"keys": [{}]}'])
def test_case_18_what_is_no_key_set_proves_nothing(site: Site, body: str) -> None:
    key = Key()
    client = site.client("backend", SCOPE, jwks_uri=site.keys.keep("/bad.json", body, "no-store"))
    assert key.token(site, client.client_id, SCOPE).status == 401


def test_case_18_a_new_key_is_found_when_the_old_set_lacks_it(site: Site) -> None:
    old, new = Key(kid="old"), Key(kid="new")
    url = site.keys.keep("/turning.json", old.jwks, "no-store")
    client = site.client("backend", SCOPE, jwks_uri=url)
    assert old.token(site, client.client_id, SCOPE).status == 200
    site.keys.keep("/turning.json", new.jwks, "no-store")
    assert new.token(site, client.client_id, SCOPE).status == 200
    assert old.token(site, client.client_id, SCOPE).status == 401


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KeyServer]:
    with serving_keys(tmp_path) as found:
        yield found


def test_case_18_a_name_that_leads_inside_is_not_followed(server: KeyServer) -> None:
    url = server.keep("/k.json", "{}")
    for inside in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"):
        sets = KeySets((Host("localhost", server.port),), server.certificate, lambda name, port, a=inside: [a])
        with pytest.raises(NotAllowed):
            sets.get(url)
    mixed = KeySets((Host("localhost", server.port),), server.certificate, lambda n, p: ["203.0.113.9", "127.0.0.1"])
    with pytest.raises(NotAllowed):
        mixed.get(url)
    assert server.asked == []


def test_case_18_a_second_answer_of_the_name_service_is_not_asked_for(server: KeyServer) -> None:
    """DNS rebinding: the address that was checked is the one spoken to."""
    sets = KeySets((Host("localhost", server.port, "127.0.0.1"),), server.certificate, _never)
    url = server.keep("/k.json", "kept")
    assert sets.get(url) == "kept"


def test_case_18_a_certificate_of_another_name_is_refused(server: KeyServer) -> None:
    sets = KeySets((Host("keys.example.vn", server.port, "127.0.0.1"),), server.certificate, _never)
    with pytest.raises(BadAssertion):
        sets.get(f"https://keys.example.vn:{server.port}/k.json")
    assert server.asked == []


def test_a_set_is_kept_no_longer_than_its_sender_allows(server: KeyServer) -> None:
    clock = [0.0]
    sets = KeySets((Host("localhost", server.port, "127.0.0.1"),), server.certificate, _never, lambda: clock[0])
    url = server.keep("/k.json", "first", "private, max-age=20")
    assert sets.get(url) == "first"
    server.keep("/k.json", "second", "no-cache")
    assert sets.get(url) == "first" and sets.get(url, newer=True) == "first"
    clock[0] = 11.0
    assert sets.get(url, newer=True) == "second"
    server.keep("/k.json", "third")
    assert sets.get(url) == "third"
    assert server.asked == ["/k.json"] * 3


def test_a_server_that_says_nothing_ends_the_wait(server: KeyServer) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        sets = KeySets((Host("localhost", port, "127.0.0.1"),), server.certificate, _never)
        with pytest.raises(BadAssertion):
            sets.get(f"https://localhost:{port}/")


def test_a_server_that_drips_ends_the_wait_too(server: KeyServer) -> None:
    """Each byte comes in time, all of them never would."""
    server.drip = 0.5
    sets = KeySets((Host("localhost", server.port, "127.0.0.1"),), server.certificate, _never)
    url = server.keep("/k.json", "x" * 60)
    with pytest.raises(BadAssertion):
        sets.get(url)


def test_no_more_than_a_few_are_fetched_at_once(server: KeyServer) -> None:
    server.drip = 0.1
    sets = KeySets((Host("localhost", server.port, "127.0.0.1"),), server.certificate, _never)
    url, outcomes = server.keep("/k.json", "x" * 10, "no-store"), list[str]()

    def fetch() -> None:
        try:
            outcomes.append(sets.get(url))
        except BadAssertion as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=fetch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(server.asked) < 8 and len(outcomes) == 8
    assert "key sets of others are being fetched at this moment" in outcomes


def _never(name: str, port: int) -> list[str]:
    raise AssertionError(name)
