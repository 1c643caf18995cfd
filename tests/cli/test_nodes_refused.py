"""What a hub refuses, with an event in its log and no effect; and what a station does not take for its hub's answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.cli.serving import Server, hoso, made, served

from hoso.store.codec import NONE
from hoso.sync.keyfile import own_key
from hoso.sync.keys import Ed25519Signer
from hoso.sync.line import MEDIA, Line
from hoso.sync.messages import MOST, Answer, Frame, Have, Pull, Push, Refusal, Request, unwrap, wrap
from hoso.sync.nodes import keys
from hoso.sync.stream import StreamId


class Site:
    """A station with a record, its hub, and the station's key in the hands of a test."""

    def __init__(self, folder: Path, hub: Server) -> None:
        self.hub, self.station = hub, folder / "station"
        self.token = made(self.station)
        code = hoso("node", "invite", "--data", hub.folder, "--name", "a", "--facility", "01001").stdout.strip()
        done = hoso("node", "enrol", "--data", self.station, "--hub", hub.address, "--code", code)
        assert done.returncode == 0, done.stderr
        [row] = hoso("node", "list", "--data", hub.folder).stdout.splitlines()
        self.node = row.split("\t")[0]
        self.settings = self.station / "sync" / "hub.toml"
        self.above = {
            name: value.strip('"')
            for name, _, value in (line.partition(" = ") for line in self.settings.read_text().splitlines()[1:])
        }
        self.signer = Ed25519Signer(self.node, own_key(self.station / "sync" / "node.key"))
        self.contact = 0

    def write(self, id: str) -> None:
        file = self.station.with_name("one.json")
        file.write_text(json.dumps({"resourceType": "Basic", "id": id, "code": {"text": id}}))
        assert hoso("load", "--data", self.station, file).returncode == 0

    def frame(self, message: Request, signer: Ed25519Signer | None = None, to: str = "") -> bytes:
        self.contact = max(self.contact + 1, time.time_ns() // 1_000_000)
        signer = signer or self.signer
        return wrap(signer, Frame(signer.node, to or self.above["hub"], self.contact.to_bytes(8, "big"), 1, message))

    def post(self, data: bytes, *lines: str) -> tuple[int, bytes]:
        return self.hub.request("POST", "/sync", data, *lines)

    def ask(self, message: Request) -> Answer:
        status, data = self.post(self.frame(message))
        assert status == 200
        return self.read(data)

    def read(self, data: bytes) -> Answer:
        believed = keys({self.above["hub"]: bytes.fromhex(self.above["hub_public"])})
        said = unwrap(data, self.node, believed).message
        assert isinstance(said, Answer)
        return said

    def log(self) -> list[str]:
        """What the log of the hub tells of refusals at this door."""
        hoso("audit", "seal", "--data", self.hub.folder)
        lines = hoso("audit", "export", "--data", self.hub.folder).stdout.splitlines()
        return [line for line in lines if "denied" in line or '"sync"' in line]

    def agrees(self) -> bool:
        done = hoso("sync", "now", "--data", self.station)
        return done.returncode == 0 and "Both have the same." in done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all of them: each test leaves it as good as it was, and says so."""
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as stack:
        token = made(folder / "hub")
        yield Site(folder, stack.enter_context(served(folder / "hub", token)))


def test_what_is_forged_flipped_or_of_a_stranger_is_refused_and_told(site: Site) -> None:
    site.write("one")
    good = site.frame(Have((), 0))
    stranger = Ed25519Signer("stranger", Ed25519PrivateKey.generate())
    forged = Ed25519Signer(site.node, Ed25519PrivateKey.generate())
    bomb = bytes([NONE]) + zstandard.ZstdCompressor().compress(bytes(1 << 27))
    packed = site.signer.sign(b"hoso frame\0" + bomb) + site.node.encode().ljust(64, b"\0") + bomb
    for data in (
        b"", b"<html>", good[:-1], good[:100] + bytes([good[100] ^ 1]) + good[101:], packed,
        site.frame(Have((), 0), stranger), site.frame(Have((), 0), forged), site.frame(Have((), 0), to="another"),
    ):  # fmt: skip
        status, said = site.post(data)
        assert status == 400, data[:80]
        assert b"stranger" in said
    told = "\n".join(site.log())
    assert "not signed by its sender" in told
    assert "meant for another node" in told
    assert site.agrees()


def test_a_frame_is_answered_once(site: Site) -> None:
    data = site.frame(Pull(()))
    assert not isinstance(site.read(site.post(data)[1]), Refusal)
    again = site.read(site.post(data)[1])
    assert again == Refusal("replayed", str(site.contact))
    assert any("replayed" in line for line in site.log())
    assert site.agrees()


def test_batches_that_are_none_or_anothers_have_no_effect(site: Site) -> None:
    site.write("one")
    own = StreamId(site.node, "0" * 16)
    assert site.ask(Push(own, (b"no batch",))) == Refusal("unsealable", "not-a-batch")
    assert site.ask(Push(StreamId("another", "0" * 16), ())) == Refusal("not-yours")
    assert site.ask(Push(StreamId(site.above["hub"], "0" * 16), ())) == Refusal("not-yours")
    told = "\n".join(site.log())
    assert "not-a-batch" in told
    assert "not-yours" in told
    assert site.agrees()


def test_what_is_too_large_is_not_even_read(site: Site) -> None:
    with site.hub.connect() as connection:
        connection.sendall(f"POST /sync HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {MOST + 1}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert any("too large" in line for line in site.log())
    assert site.agrees()


ANSWERS = (
    (200, "text/html", b"<html>Please sign in to the wifi</html>"),
    (200, "application/vnd.hoso.sync", b"<html>Please sign in to the wifi</html>"),
    (302, "text/html", b""),
    (502, "text/html", b"Bad gateway"),
    (200, "application/vnd.hoso.sync", b""),
)


def test_a_page_of_the_wifi_is_no_hub(site: Site) -> None:
    site.write("two")
    before = hoso("sync", "status", "--json", "--data", site.station).stdout
    there = site.settings.read_text()
    for status, kind, body in ANSWERS:
        with portal(status, kind, body) as address:
            site.settings.write_text(there.replace(site.hub.address.rstrip("/"), address))
            done = hoso("sync", "now", "--data", site.station)
            assert done.returncode == 1
            assert "the hub was not reached" in done.stderr
    assert hoso("sync", "status", "--json", "--data", site.station).stdout == before
    site.settings.write_text(there)
    assert site.agrees()


@pytest.mark.parametrize("name", ["hub.toml", "node.pem", "node.key"])
def test_a_damaged_file_of_the_enrolment_is_named(site: Site, name: str) -> None:
    file = site.settings.with_name(name)
    there = file.read_bytes()
    file.write_bytes(there[:20])
    done = hoso("sync", "now", "--data", site.station)
    file.write_bytes(there)
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_that_others_may_read_is_not_used(site: Site) -> None:
    file = site.settings.with_name("node.key")
    file.chmod(0o644)
    done = hoso("sync", "now", "--data", site.station)
    file.chmod(0o600)
    assert done.returncode == 1
    assert "chmod 600" in done.stderr


def test_the_second_address_is_used_while_the_first_is_silent(site: Site) -> None:
    there = site.settings.read_text()
    own = f'["{site.hub.address.rstrip("/")}"]'
    site.settings.write_text(there.replace(own, f'["http://127.0.0.1:9", {own[1:]}'))
    assert site.agrees()


def test_a_connection_that_the_hub_gave_up_is_made_anew() -> None:
    asked = []

    class Once(BaseHTTPRequestHandler):
        """Keeps the connection, so it says, and closes it after each answer."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", MEDIA)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
            self.close_connection = True

        def log_message(self, format: str, *values: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Once) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        line = Line(f"http://127.0.0.1:{server.server_port}")
        try:
            assert [line.post("/sync", data) for data in (b"one", b"two", b"three")] == [b"ok"] * 3
        finally:
            line.close()
            server.shutdown()
            thread.join()
    assert asked == [b"one", b"two", b"three"]


@contextmanager
def portal(status: int, kind: str, body: bytes) -> Iterator[str]:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
