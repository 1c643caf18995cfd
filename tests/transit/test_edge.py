"""What a caller says about itself is believed from a named proxy only, and a foreign name never gets past the edge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from hoso.transit.edge import PEER, Environ, StartResponse, edge, host_of, network

HOSTS = ("hoso.test", "127.0.0.1", "localhost", "::1")


def seen(environ: dict[str, Any], *proxies: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, what the inner application got, and the headers of the answer."""
    got: dict[str, Any] = {}
    answer: dict[str, Any] = {}

    def inner(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        got.update(environ)
        start("200 OK", [])
        return [b""]

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> None:
        answer["status"], answer["headers"] = int(status[:3]), dict(headers)

    plain = {"REMOTE_ADDR": "10.0.0.5", "HTTP_HOST": "hoso.test", "wsgi.url_scheme": "http"}
    list(edge(inner, HOSTS, [network(text) for text in proxies])(plain | environ, start))
    return answer["status"], got, answer["headers"]


FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "6.6.6.6, 203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "hoso.test",
    "HTTP_FORWARDED": "for=6.6.6.6",
    "HTTP_X_REAL_IP": "6.6.6.6",
}


def test_nobody_is_believed_who_was_not_named() -> None:
    for proxies in ((), ("10.0.0.6",), ("10.1.0.0/16", "::1")):
        status, got, headers = seen(FORWARDED | {"HTTP_X_FORWARDED_HOST": "evil.example"}, *proxies)
        assert status == 200
        assert (got["REMOTE_ADDR"], got["wsgi.url_scheme"], got["HTTP_HOST"]) == ("10.0.0.5", "http", "hoso.test")
        assert not [name for name in got if "FORWARDED" in name or "REAL_IP" in name]
        assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("proxies", [("10.0.0.5",), ("10.0.0.0/24",)])
def test_a_named_proxy_says_who_called(proxies: tuple[str, ...]) -> None:
    status, got, headers = seen(FORWARDED, *proxies)
    assert status == 200
    assert (got["REMOTE_ADDR"], got["wsgi.url_scheme"]) == ("203.0.113.9", "https")
    assert got[PEER] == "10.0.0.5"
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert not [name for name in got if "FORWARDED" in name or "REAL_IP" in name]


def test_what_the_caller_wrote_before_the_proxy_counts_for_nothing() -> None:
    _, got, _ = seen({"HTTP_X_FORWARDED_FOR": "127.0.0.1,10.0.0.5, 198.51.100.7 ,10.0.0.6"}, "10.0.0.0/24")
    assert got["REMOTE_ADDR"] == "198.51.100.7"


@pytest.mark.parametrize(
    "wrong",
    [
        {"HTTP_X_FORWARDED_FOR": "unknown"},
        {"HTTP_X_FORWARDED_FOR": "1.2.3.4:80"},
        {"HTTP_X_FORWARDED_PROTO": "javascript"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_HOST": "hoso.test, evil.example"},
    ],
    ids=lambda wrong: next(iter(wrong.values())),
)
def test_a_proxy_that_says_nonsense_is_refused(wrong: dict[str, str]) -> None:
    status, got, _ = seen(FORWARDED | wrong, "10.0.0.5")
    assert status == 400
    assert got == {}


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "hoso.test.", "a@hoso.test", "hoso.test:", "hoso.test:99999999", "hoso.test:8x", "hoso.test/x",
     "hoso.test evil.example", "[::1", "[::1]x", "::1", "hoso.tést", "hoso.test\x00", "hoso.test:\u0661"],
)  # fmt: skip
def test_a_name_that_is_not_plainly_ours_is_refused(host: str) -> None:
    status, got, headers = seen({"HTTP_HOST": host})
    assert status == 400
    assert got == {}
    assert headers["Cache-Control"] == "no-store"


def test_a_name_is_taken_with_any_port_and_in_any_case() -> None:
    for host in ("hoso.test", "HOSO.TEST:8443", "localhost:1", "127.0.0.1:8080", "[::1]:80", "[::1]"):
        assert seen({"HTTP_HOST": host})[0] == 200, host
    assert host_of("[::1]:443") == "::1"
