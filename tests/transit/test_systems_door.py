"""Mutual TLS for systems, on real sockets: who gets in, whose token counts where, and requests that hide another."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.cli.serving import hoso
from tests.transit import certificates
from tests.transit.nodes import configure, serving, wait_for

from hoso.transit.authority import Authority
from hoso.transit.systems import thumbprint

Shown = tuple[Path, Path] | None
PATIENT = b'{"resourceType":"Patient","id":"p1","gender":"male"}'


@dataclass
class Doors:
    folder: Path
    authority: Authority
    port: int
    """The systems' door."""
    plain: int
    """The door of everybody else, which asks for no certificate."""
    process: object
    free: str
    """A token of the operator that is bound to nothing."""
    bound: str
    """One that is bound to the certificate of `lab`."""

    def ask(
        self,
        shown: Shown,
        method: str = "GET",
        path: str = "/fhir/Patient/p1",
        token: str = "",
        *,
        port: int = 0,
        form: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        context = certificates.trusting(self.authority, shown)
        connection = http.client.HTTPSConnection("127.0.0.1", port or self.port, timeout=20, context=context)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = urlencode(form).encode() if form else None
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("systems") / "node"
    assert hoso("init", "--data", folder).returncode == 0
    assert hoso("tls", "make", "--data", folder, "127.0.0.1").returncode == 0
    for name in ("lab", "other", "stolen", "late"):
        assert hoso("tls", "client", "--data", folder, name).returncode == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configure(
        folder, base_url='"https://127.0.0.1"', certificate='"tls/server.pem"', key='"tls/server.key"',
        systems_port=str(port), authorities='"tls/authority.pem"', revoked='"tls/revoked.pem"',
    )  # fmt: skip
    assert hoso("tls", "revoke", "--data", folder, folder / "tls/client-stolen.pem").returncode == 0
    scope = ("--scope", "system/*.cruds")
    free = hoso("token", "create", "--data", folder, "--name", "free", *scope).stdout.strip()
    certificate = folder / "tls/client-lab.pem"
    made = hoso("token", "create", "--data", folder, "--name", "bound", *scope, "--certificate", certificate)
    with serving(folder) as served:
        found = Doors(folder, Authority(folder / "tls"), port, served.port, served, free, made.stdout.strip())
        context = certificates.trusting(found.authority)
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=context)
        fields = {"Authorization": f"Bearer {free}", "Content-Type": "application/fhir+json"}
        connection.request("PUT", "/fhir/Patient/p1", PATIENT, fields)
        assert connection.getresponse().status == 201
        connection.close()
        yield found


def own(doors: Doors, name: str) -> Shown:
    return doors.folder / f"tls/client-{name}.pem", doors.folder / f"tls/client-{name}.key"


def test_a_system_with_its_certificate_reads_with_the_token_bound_to_it(doors: Doors) -> None:
    status, body = doors.ask(own(doors, "lab"), token=doors.bound)
    assert status == 200
    assert json.loads(body)["id"] == "p1"
    assert doors.ask(own(doors, "lab"), token=doors.free)[0] == 200


def test_a_bound_token_is_nobodys_without_its_certificate(doors: Doors) -> None:
    assert doors.ask(None, token=doors.bound, port=doors.plain)[0] == 401
    assert doors.ask(own(doors, "other"), token=doors.bound)[0] == 401
    assert doors.ask(own(doors, "lab"), token=doors.bound)[0] == 200  # also after others tried it just now
    assert doors.ask(None, token=doors.bound, port=doors.plain)[0] == 401


@pytest.mark.parametrize("kind", ["none", "wrong authority", "expired", "too early", "revoked", "a server's"])
def test_nobody_else_gets_as_far_as_a_request(doors: Doors, tmp_path: Path, kind: str) -> None:
    ours, stranger = Authority(doors.folder / "tls"), certificates.authority(tmp_path / "stranger")
    shown: dict[str, Shown] = {
        "none": None,
        "wrong authority": certificates.client(stranger, "lab"),
        "expired": certificates.client(ours, "expired", now=certificates.LONG_AGO),
        "too early": certificates.client(ours, "early", now=certificates.NOW + timedelta(days=3)),
        "revoked": own(doors, "stolen"),
        "a server's": (doors.folder / "tls/server.pem", doors.folder / "tls/server.key"),
    }
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        doors.ask(shown[kind], token=doors.free)


def test_headers_that_claim_a_certificate_count_for_nothing(doors: Doors) -> None:
    der = ssl.PEM_cert_to_DER_cert((doors.folder / "tls/client-lab.pem").read_text().partition("-----END")[0]
                                   + "-----END CERTIFICATE-----\n")  # fmt: skip
    claim = thumbprint(der)
    for name in ("hoso.certificate", "Hoso-Certificate", "X-Client-Cert", "SSL-Client-Cert", "X-SSL-Client-Verify"):
        context = certificates.trusting(doors.authority)
        connection = http.client.HTTPSConnection("127.0.0.1", doors.plain, context=context)
        connection.request("GET", "/fhir/Patient/p1", headers={"Authorization": f"Bearer {doors.bound}", name: claim})
        assert connection.getresponse().status == 401, name
        connection.close()


def test_a_client_signs_in_by_its_certificate_and_its_token_is_bound_to_it(doors: Doors) -> None:
    registered = hoso(
        "client", "register", "--data", doors.folder, "--name", "Lab", "--owner", "Benh vien", "--kind", "backend",
        "--scope", "system/Patient.rs", "--certificate", doors.folder / "tls/client-lab.pem",
    )  # fmt: skip
    assert registered.returncode == 0, registered.stderr
    client = registered.stdout.strip()
    assert hoso("client", "approve", "--data", doors.folder, "--client", client).returncode == 0
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs", "client_id": client}
    for shown, port in ((own(doors, "other"), 0), (None, doors.plain)):
        status, body = doors.ask(shown, "POST", "/oauth/token", form=form, port=port)
        assert status == 401
        assert json.loads(body)["error"] == "invalid_client"
    status, body = doors.ask(own(doors, "lab"), "POST", "/oauth/token", form=form)
    assert status == 200, body
    token = json.loads(body)["access_token"]
    assert doors.ask(own(doors, "lab"), token=token)[0] == 200
    assert doors.ask(own(doors, "other"), token=token)[0] == 401
    assert doors.ask(None, token=token, port=doors.plain)[0] == 401


def test_a_client_known_by_its_subject_may_renew_its_certificate(doors: Doors, tmp_path: Path) -> None:
    registered = hoso(
        "client", "register", "--data", doors.folder, "--name", "Lab two", "--owner", "Benh vien", "--kind", "backend",
        "--scope", "system/Patient.rs", "--subject", "CN=lab",
    )  # fmt: skip
    assert registered.returncode == 0, registered.stderr
    client = registered.stdout.strip()
    assert hoso("client", "approve", "--data", doors.folder, "--client", client).returncode == 0
    form = {"grant_type": "client_credentials", "scope": "system/Patient.rs", "client_id": client}
    renewed = tmp_path / "lab.pem", tmp_path / "lab.key"
    doors.authority.client("lab", certificates.NOW, *renewed)
    tokens = []
    for mine in (own(doors, "lab"), renewed):
        status, body = doors.ask(mine, "POST", "/oauth/token", form=form)
        assert status == 200, body
        tokens.append(json.loads(body)["access_token"])
        assert doors.ask(mine, token=tokens[-1])[0] == 200
    assert doors.ask(own(doors, "lab"), token=tokens[1])[0] == 401, "bound to the certificate, not to the subject"
    assert doors.ask(None, token=tokens[1], port=doors.plain)[0] == 401
    for shown, port in ((own(doors, "other"), 0), (None, doors.plain)):
        assert doors.ask(shown, "POST", "/oauth/token", form=form, port=port)[0] == 401


def test_where_certificates_are_shown_stands_in_the_configuration(doors: Doors) -> None:
    told = json.loads(doors.ask(None, path="/.well-known/oauth-authorization-server", port=doors.plain)[1])
    assert told["tls_client_certificate_bound_access_tokens"] is True
    assert told["mtls_endpoint_aliases"]["token_endpoint"] == f"https://127.0.0.1:{doors.port}/oauth/token"
    assert "self_signed_tls_client_auth" in told["token_endpoint_auth_methods_supported"]


def raw(doors: Doors, data: bytes) -> bytes:
    """All that is answered until the server ends the connection or says nothing more for a second."""
    context = certificates.trusting(doors.authority, own(doors, "lab"))
    got = b""
    with (
        socket.create_connection(("127.0.0.1", doors.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(data)
        wrapped.settimeout(1)
        try:
            while piece := wrapped.recv(65_536):
                got += piece
        except TimeoutError:
            pass
    return got


HEAD = b"Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/fhir+json\r\n"


@pytest.mark.parametrize(
    "wrong",
    [
        b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /healthz HTTP/2.0\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n folded\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: +3\r\n\r\nabc",
        b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
    ],
    ids=range(13),
)
def test_a_request_that_can_be_read_in_two_ways_ends_the_connection(doors: Doors, wrong: bytes) -> None:
    assert raw(doors, wrong + b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert b"ok\n" not in raw(doors, wrong + b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def test_requests_follow_one_another_on_a_connection_with_lengths_and_in_chunks(doors: Doors) -> None:
    head = HEAD % doors.free.encode()
    sized = b"PUT /fhir/Patient/p2 HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(PATIENT)
    body = PATIENT.replace(b"p1", b"p2")
    pieces = b"".join(b"%x;x=y\r\n%s\r\n" % (len(p), p) for p in (body[:7], body[7:]))
    chunked = (
        b"PUT /fhir/Patient/p2 HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
    )
    bare = b"HEAD /fhir/Patient/p2 HTTP/1.1\r\n" + head + b"\r\n"
    last = b"GET /fhir/Patient/p2 HTTP/1.1\r\nConnection: close\r\n" + head + b"\r\n"
    got = raw(doors, sized + body + chunked + bare + last)
    assert [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]] == [201, 200, 200, 200]
    assert got.count(b'"gender":"male"') >= 1
    assert b"Strict-Transport-Security" in got


def test_a_body_that_was_not_read_is_never_taken_for_a_request(doors: Doors) -> None:
    hidden = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    asked = b"POST /fhir/Nonsense HTTP/1.1\r\n" + HEAD % b"nobody" + b"Content-Length: %d\r\n\r\n" % len(hidden)
    got = raw(doors, asked + hidden)
    assert got.startswith(b"HTTP/1.1 401")
    assert b"ok\n" not in got


def test_a_sender_that_stalls_is_sent_away(doors: Doors) -> None:
    context = certificates.trusting(doors.authority, own(doors, "lab"))
    asked = b"PUT /fhir/Patient/p9 HTTP/1.1\r\n" + HEAD % doors.free.encode() + b"Content-Length: 500\r\n\r\n{"
    with (
        socket.create_connection(("127.0.0.1", doors.port)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(asked)
        wrapped.settimeout(90)
        assert wrapped.recv(12) in (b"HTTP/1.1 400", b"HTTP/1.1 408")
        while wrapped.recv(65_536):
            pass
    assert doors.ask(own(doors, "lab"), token=doors.free)[0] == 200


def test_a_certificate_revoked_while_it_serves_is_refused_from_then_on(doors: Doors) -> None:
    assert doors.ask(own(doors, "late"), token=doors.free)[0] == 200
    assert hoso("tls", "revoke", "--data", doors.folder, doors.folder / "tls/client-late.pem").returncode == 0
    os.kill(doors.process.process.pid, signal.SIGHUP)  # type: ignore[attr-defined]
    wait_for(doors.process, "read anew")  # type: ignore[arg-type]
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        doors.ask(own(doors, "late"), token=doors.free)
    assert doors.ask(own(doors, "lab"), token=doors.bound)[0] == 200
