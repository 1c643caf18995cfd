"""Receivers over TLS that want our certificate, and such whose tokens come from an issuer: what is shown and told."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from tests.exchange.outbound.gates import SECRET, gate
from tests.exchange.outbound.senders_house import SendersHouse

from hoso.access.outbound.means import Means
from hoso.core import Refused, system_clock
from hoso.store.record_store import RecordStore
from hoso.transit.authority import Authority

HOST = "gateway.test"
CREATED = {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": {"status": "201"}}]}


@dataclass
class Issuer:
    """Gives token 1, token 2, … to a client with its secret, until it is `revoked`."""

    port: int = 0
    lasts: int = 600
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    revoked: bool = False


@contextmanager
def issuing() -> Iterator[Issuer]:
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            made.asked.append((self.headers.get("Authorization", ""), fields))
            token = {"access_token": f"token-{len(made.asked)}", "token_type": "Bearer", "expires_in": made.lasts}
            known = self.headers.get("Authorization") == f"Basic {b64encode(b'hoso:a+secret').decode()}"
            right = known and not made.revoked
            body = json.dumps(token if right else {"error": "invalid_client"}).encode()
            self.send_response(200 if right else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """With a server's certificate, and those of three clients: good, taken back, and one that nobody vouches for."""
    made, other = (Authority(tmp_path_factory.mktemp(name)) for name in ("ours", "other"))
    now = system_clock()
    for one in (made, other):
        one.begin(f"Authority {one.folder.name}", now)
    made.server([HOST], now, made.folder / "server.pem", made.folder / "server.key")
    for by, name in ((made, "good"), (made, "taken-back"), (other, "strange")):
        by.client(name, now, made.folder / f"{name}.pem", made.folder / f"{name}.key")
    made.revoke(made.folder / "taken-back.pem", now)
    (made.folder / "elsewhere.pem").write_bytes(other.certificate.read_bytes())
    return made


def receiver_of(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.certificate))
    context.load_cert_chain(authority.folder / "server.pem", authority.folder / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.revoked)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def showing(authority: Authority, name: str, **more: str) -> Means:
    certificate, key = ((authority.folder / f"{name}.{kind}").read_text() for kind in ("pem", "key"))
    return Means(more.pop("secret", SECRET), certificate, key, **more)


def test_a_receiver_is_shown_our_certificate_and_says_whom_it_does_not_know(
    store: RecordStore, tmp_path: Path, authority: Authority
) -> None:
    with gate(trust=receiver_of(authority)) as receiver:
        url = f"https://{HOST}:{receiver.port}/gateway"
        house = SendersHouse(store, tmp_path, "http://127.0.0.1:1")
        house.authorities = authority.certificate
        house.outbox = house.made()

        def tried(means: Means) -> tuple[str, list[str]]:
            house.register(url, address="127.0.0.1", means=means)
            house.work(6)
            return house.stands(id).state, house.keys(id)

        id = house.ask()
        for means in (Means(SECRET), showing(authority, "taken-back"), showing(authority, "strange")):
            assert tried(means) == ("waiting", ["outbound.certificate-refused"])
        assert (receiver.heard, receiver.signed_in) == ([], 0)
        house.authorities = authority.folder / "elsewhere.pem"
        house.outbox = house.made()
        assert tried(showing(authority, "good")) == ("waiting", ["outbound.certificate"])
        house.authorities = authority.certificate
        house.outbox = house.made()
        assert tried(showing(authority, "good")) == ("delivered", [])
        [row] = [one for one in house.table.destinations() if one.name == "bhxh"]
        assert row.secret and b"PRIVATE" not in row.secret and b"CERTIFICATE" not in row.secret


def test_tokens_of_an_issuer_are_kept_renewed_and_refused(store: RecordStore, tmp_path: Path) -> None:
    with gate() as receiver, issuing() as issuer:
        house = SendersHouse(store, tmp_path, receiver.url, form="fhir")
        client = Means("a secret", token_url=f"http://127.0.0.1:{issuer.port}/token", client="hoso", scope="system/*.c")

        def sent(*answers: Any, hours: float = 0) -> tuple[str, list[str], list[str]]:
            """State and faults of a sending, and the tokens that the receiver was shown."""
            receiver.answers[:], before = answers, len(receiver.heard)
            house.change(f"Lần {house.later} {len(receiver.heard)}")
            id = house.ask()
            house.work(hours)
            shown = [headers.get("Authorization", "") for _, headers, _ in receiver.heard[before:]]
            return house.stands(id).state, house.keys(id), shown

        house.register(receiver.url, "fhir", means=client)
        created, expired = (200, CREATED), (401, {"resourceType": "OperationOutcome"})
        assert sent(created) == ("delivered", [], ["Bearer token-1"])
        assert sent(created) == ("delivered", [], ["Bearer token-1"])
        assert issuer.asked[0][1] == {"grant_type": ["client_credentials"], "scope": ["system/*.c"]}
        assert sent(expired, created) == ("delivered", [], ["Bearer token-1", "Bearer token-2"])
        assert sent(created, hours=1) == ("delivered", [], ["Bearer token-3"])  # its ten minutes were over
        assert sent(expired, expired) == (
            "waiting", ["outbound.not-signed-in"], ["Bearer token-3", "Bearer token-4"]
        )  # fmt: skip
        issuer.revoked = True
        assert sent(created, hours=7) == ("waiting", ["outbound.wrong-client"], [])
        issuer.revoked = False
        assert sent(created, created, hours=7)[0] == "delivered"
        stored = repr(house.table.destinations())
        assert "a secret" not in stored and "token-" not in stored


def test_means_that_cannot_be_are_refused(store: RecordStore, tmp_path: Path, authority: Authority) -> None:
    house, good = SendersHouse(store, tmp_path, "http://127.0.0.1:1"), showing(authority, "good")
    url, issuer = "https://gateway.test", "https://issuer.test/token"
    for means, form, where, key in (
        (Means("s", "no certificate", "no key"), "fhir", url, "outbound.bad-pair"),
        (Means("s", good.certificate, showing(authority, "strange").key), "fhir", url, "outbound.bad-pair"),
        (Means("s", good.certificate), "fhir", url, "outbound.bad-pair"),
        (good, "fhir", "http://127.0.0.1:1", "outbound.certificate-without-tls"),
        (Means("s", client="c"), "fhir", url, "outbound.no-token-url"),
        (Means("", token_url=issuer, client="c"), "fhir", url, "outbound.no-client"),
        (Means("s", token_url=issuer), "fhir", url, "outbound.no-client"),
        (Means("s", token_url="http://issuer.test/token", client="c"), "fhir", url, "outbound.bad-address"),
        (Means("s", token_url=issuer, client="c"), "insurance-xml", url, "outbound.gateway-has-tokens"),
    ):
        with pytest.raises(Refused) as refused:
            house.register(where, form, means=means)
        assert refused.value.issues[0].key == key, means
