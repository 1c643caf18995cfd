"""Where a notification may go: to listed hosts only, never inward by a name or by another way to write an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.api.receivers import receiving
from tests.transit.certificates import authority, server

from hoso import subscriptions
from hoso.access.outward import NotAllowed
from hoso.access.subscribing.endpoints import Endpoints, Listed
from hoso.access.subscribing.posting import Message, Poster, Undelivered

MESSAGE = Message("POST", b"{}", {})
INWARD = (
    "10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fd00::1",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:7f00:1::1", "0.0.0.0", "224.0.0.1", "fe80::1%eth0", "100.64.0.1",
)  # fmt: skip


def endpoints(*texts: str) -> Endpoints:
    return Endpoints(tuple(map(Listed.parse, texts)))


@pytest.mark.parametrize("address", INWARD)
def test_a_name_that_leads_inward_is_not_asked(address: str) -> None:
    with receiving() as inward:
        for found in ([address], ["192.0.2.1", address], ["8.8.8.8", address]):
            poster = Poster(endpoints(f"hook.vn:{inward.port}"), lambda name, port, found=found: found)  # type: ignore[misc]
            with pytest.raises(Undelivered, match="not public"):
                poster.post(f"https://hook.vn:{inward.port}/x", MESSAGE, 1, pytest.fail)
        assert inward.heard == []


def test_a_name_is_resolved_once_and_that_address_is_spoken_to() -> None:
    with receiving() as inward:
        asked: list[str] = []

        def rebinding(name: str, port: int) -> list[str]:
            asked.append(name)
            return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

        poster = Poster(endpoints(f"hook.vn:{inward.port}"), rebinding)
        with pytest.raises(Undelivered):
            poster.post(f"https://hook.vn:{inward.port}/x", MESSAGE, 0.2, pytest.fail)
        assert asked == ["hook.vn"] and inward.heard == []


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/x", "https://2130706433/x", "https://0x7f000001/x", "https://[::ffff:7f00:1]/x", "http://hook.vn/x",
     "https://hook.vn:444/x", "https://hook.vn@10.0.0.1/x", "https://10.0.0.1#hook.vn", "https://hook.vn\\@10.0.0.1/x",
     "https://hook.vn./x", "https://hook.vn.evil.vn/x", "https://HOOK.vn.:443/x", "file:///etc/passwd", "https:///x",
     "https://hook.vn:99999/x", "https://hook.vn/ x", "https://hook.vn/\r\nX:1", "gopher://hook.vn/", "hook.vn"],
)  # fmt: skip
def test_an_address_that_was_not_listed_is_not_asked(url: str) -> None:
    allowed = endpoints("hook.vn")
    with pytest.raises(NotAllowed):
        allowed.allowed(url)
    assert allowed.allowed("https://HOOK.vn/x")[0].host.name == "hook.vn"


@pytest.mark.parametrize(
    "text", ["http://hook.vn", "http://hook.vn=10.0.0.5", "http://10.0.0.5", "", "hook.vn:x", "a=b"]
)
def test_plain_http_is_listed_for_this_machine_only(text: str) -> None:
    with pytest.raises(ValueError):
        Listed.parse(text)
    assert not Listed.parse("http://127.0.0.1:9000").secure and Listed.parse("hook.internal:8443=10.0.0.5").secure


def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to() -> None:
    with receiving() as plain:
        poster = Poster(endpoints(f"hook.vn:{plain.port}=127.0.0.1"))
        with pytest.raises(Undelivered, match="HTTP"):
            poster.post(f"https://hook.vn:{plain.port}/x", MESSAGE, 2, pytest.fail)
        assert plain.heard == []


@pytest.mark.parametrize("table", [{"endpoints": ["http://hook.vn"]}, {"days": 0}, {"days": True}, {"days": "7"}])
def test_settings_that_are_none_stop_the_start(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        subscriptions.parse(table, Path())
    good = subscriptions.parse({"endpoints": ["hook.vn"], "authorities": "a.pem", "days": 3}, Path("x"))
    assert (good.days, good.authorities) == (3, Path("x/a.pem")) and len(good.endpoints().listed) == 1


def test_over_tls_the_certificate_of_the_name_is_expected(tmp_path: Path) -> None:
    made = authority(tmp_path / "a")
    with receiving(certificate=server(made, "hook", "hook.vn")) as receiver:
        listed = (f"hook.vn:{receiver.port}=127.0.0.1", f"other.vn:{receiver.port}=127.0.0.1")
        trusting = Endpoints(tuple(map(Listed.parse, listed)), made.certificate)
        left: list[str] = []
        message = Message("POST", b"{}", {"X-Key": "1"})
        Poster(trusting).post(f"https://hook.vn:{receiver.port}/x?y=z", message, 5, lambda: left.append("sent"))
        (heard,) = receiver.heard
        assert (heard.path, heard.body, heard.headers["X-Key"], left) == ("/x?y=z", b"{}", "1", ["sent"])
        assert heard.headers["Host"] == f"hook.vn:{receiver.port}"
        for poster, host in ((Poster(trusting), "other.vn"), (Poster(endpoints(*listed)), "hook.vn")):
            with pytest.raises(Undelivered, match="certificate is not trusted"):
                poster.post(f"https://{host}:{receiver.port}/x", message, 5, pytest.fail)
        assert len(receiver.heard) == 1
