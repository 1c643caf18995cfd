"""A request that leaves the machine: by a certificate that counts, to a checked address, and its answer bounded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.api.receivers import Receiver, receiving
from tests.transit.certificates import authority, server

from hoso import outbound
from hoso.access.outbound.calling import Answer, Calling, Request, Unreached, listed
from hoso.access.outward import NotAllowed

NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
ASKED = Request("POST", "/a?b", b"body", {"X-Own": "1"})


def call(receiver: Receiver, asked: Request = ASKED, url: str = "", seconds: float = 5, **settings: object) -> Answer:
    where, _ = listed(url or receiver.host, "" if not url else "127.0.0.1")
    return Calling(lambda: NOW, **settings).call(where, asked, seconds, lambda: None)  # type: ignore[arg-type]


def test_the_request_arrives_as_it_is_and_the_answer_is_read() -> None:
    with receiving() as receiver:
        assert call(receiver) == Answer(200, "", None, b"")
        [heard] = receiver.heard
        assert (heard.method, heard.path, heard.body, heard.headers["X-Own"]) == ("POST", "/a?b", b"body", "1")


def test_nothing_is_told_to_have_left_where_nobody_listens() -> None:
    with receiving() as receiver:
        host = receiver.host
    where, _ = listed(host)
    left: list[int] = []
    with pytest.raises(Unreached, match="connection-refused"):
        Calling(lambda: NOW).call(where, ASKED, 5, lambda: left.append(1))
    assert left == []


@pytest.mark.parametrize(("answer", "key"), [("megabytes", "too-large"), ("nonsense", "no-http")])
def test_an_answer_that_is_none_is_told_as_such(answer: str, key: str) -> None:
    with receiving() as receiver:
        receiver.answers = [answer]
        with pytest.raises(Unreached, match=key):
            call(receiver)


def test_an_answer_that_does_not_come_is_cut() -> None:
    with receiving() as receiver:
        receiver.answers = ["hang"]
        with pytest.raises(Unreached, match="too-long"):
            call(receiver, seconds=0.3)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as elsewhere, receiving() as receiver:
        receiver.answers, receiver.elsewhere = ["redirect"], elsewhere.url
        assert call(receiver).status == 307
        assert elsewhere.heard == []


def test_over_tls_only_the_certificate_of_the_name_counts(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(ours.certificate.read_bytes())
    with receiving(certificate=server(ours, "gate.test", "gate.test")) as receiver:
        url = f"https://gate.test:{receiver.port}"
        assert call(receiver, url=url, authorities=roots).status == 200
        for wrong, settings in ((url, {}), (url.replace("gate", "other"), {"authorities": roots})):
            with pytest.raises(Unreached, match="certificate"):
                call(receiver, url=wrong, **settings)
        assert len(receiver.heard) == 1


@pytest.mark.parametrize(
    "url",
    ["http://gate.example.vn", "https://a:b@gate.example.vn", "https://gate.example.vn/a?b", "https://gate.example.vn//a",
     "file:///etc/passwd", "https://gate.example.vn/#a", "https://gate.example.vn:port"],
)  # fmt: skip
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises((NotAllowed, ValueError)):
        listed(url)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120), (" 5 ", 5), ("Sat, 28 Nov 2026 01:10:00 GMT", 600), ("Sat, 28 Nov 2026 00:00:00 GMT", 0),
     ("999999999", 86_400), ("soon", None), ("", None), ("-5", None), ("1.5", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date_and_has_a_limit(text: str, seconds: int | None) -> None:
    assert Calling(lambda: NOW)._after(text) == seconds


@pytest.mark.parametrize("table", [{"days": 0}, {"days": 366}, {"days": True}, {"days": "7"}])
def test_settings_that_are_none_stop_the_start(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\[sending\] days"):
        outbound.parse(table, Path())
    settings = outbound.Settings(3, Path("x/a.pem"), keys=Path("x/keys"))
    assert outbound.parse({"days": 3, "authorities": "a.pem"}, Path("x")) == settings
