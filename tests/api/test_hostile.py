"""Bad input over real sockets: a clear 4xx, nothing stored, and the server goes on serving everybody else."""

from __future__ import annotations

import gzip
import json
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.cli.serving import Server, answer, keys, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("hostile") / "node") as found:
        yield found


@pytest.fixture(autouse=True)
def alive_and_empty(server: Server) -> Iterator[None]:
    """After every attack: the same process answers, and no Patient was stored."""
    yield
    assert server.process.poll() is None
    assert server.request("GET", "/healthz")[1].startswith(b"ok\n")
    status, body = server.request("GET", "/fhir/Patient?_summary=count&_total=accurate")
    assert (status, json.loads(body)["total"]) == (200, 0)


def nested(depth: int) -> bytes:
    return b'{"resourceType":"Patient","extension":' + b"[" * depth + b"]" * depth + b"}"


BODIES = {
    "nothing": b"",
    "half": b'{"resourceType":"Patient"',
    "trailing": b'{"resourceType":"Patient"} {}',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "not utf-8": b'{"resourceType":"Patient","language":"\xff"}',
    "utf-16": '{"resourceType":"Patient"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"resourceType":"Patient"}',
    "duplicate key": b'{"resourceType":"Patient","gender":"male","gender":"female"}',
    "duplicate key, escaped": b'{"resourceType":"Patient","gender":"male","gen\\u0064er":"female"}',
    "depth 100,000": nested(100_000),
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "unclosed 100,000 deep": b"[" * 100_000,
    "100,000 digits": b'{"resourceType":"Patient","multipleBirthInteger":' + b"9" * 100_000 + b"}",
    "exponent": b'{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"u","valueDecimal":1e999999}]}',
    "NaN": b'{"resourceType":"Patient","multipleBirthInteger":NaN}',
    "NUL": b'{"resourceType":"Patient","language":"a\\u0000b"}',
    "raw NUL": b'{"resourceType":"Patient","language":"a\x00b"}',
    "lone surrogate": b'{"resourceType":"Patient","language":"\\ud800"}',
    "prototype": b'{"resourceType":"Patient","__proto__":{"admin":true}}',
    "wrong type": b'{"resourceType":["Patient"]}',
    "evil base64": b'{"resourceType":"Patient","photo":[{"data":"' + b"A" * 99_999 + b'!"}]}',
    "long name": b'{"resourceType":"Patient","' + b"a" * 1_000_000 + b'":1}',
}


@pytest.mark.parametrize("name", BODIES)
def test_a_broken_body_is_refused(server: Server, name: str) -> None:
    status, body = server.request("POST", "/fhir/Patient", BODIES[name])
    assert status in (400, 422), body
    assert keys(body)


@pytest.mark.parametrize("name", BODIES)
def test_a_broken_bundle_or_patch_is_refused(server: Server, name: str) -> None:
    inside = b'{"resourceType":"Bundle","type":"transaction","entry":[{"request":'
    inside += b'{"method":"POST","url":"Patient"},"resource":'
    assert server.request("POST", "/fhir", inside + BODIES[name] + b"}]}")[0] in (400, 422)
    status, body = server.request("PATCH", "/fhir/Patient/1", BODIES[name], "Content-Type: application/json-patch+json")
    assert status in (400, 415), body


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b" " * 1_000_000
    return b"".join([packer.compress(zeros) for _ in range(size // len(zeros))] + [packer.flush()])


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (bomb(300_000_000), 413, "rest.too-large"),
        (gzip.compress(b"{}", mtime=0) * 1000, 400, "rest.bad-gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], 400, "rest.bad-gzip"),
        (b"\x1f\x8b rubbish", 400, "rest.bad-gzip"),
        (b"", 400, "json.empty"),
    ],
    ids=["bomb", "a thousand members", "cut short", "rubbish", "nothing"],  # a gzip header holds the time
)
def test_a_gzip_bomb_goes_off_nowhere(server: Server, body: bytes, status: int, key: str) -> None:
    found, text = server.request("POST", "/fhir/Patient", body, "Content-Encoding: gzip")
    assert (found, keys(text)) == (status, [key])


def test_an_unknown_encoding_is_refused(server: Server) -> None:
    assert server.request("POST", "/fhir/Patient", b"{}", "Content-Encoding: br")[0] == 415


def worker(server: Server) -> Path:
    """The /proc folder of the one worker process."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return Path("/proc") / children[0]


def memory(server: Server) -> int:
    """Resident bytes of the worker."""
    return int((worker(server) / "statm").read_text().split()[1]) * 4096


def processor_seconds(server: Server) -> float:
    return sum(map(int, (worker(server) / "stat").read_text().rsplit(")", 1)[1].split()[11:13])) / 100


def test_200_megabytes_are_refused_before_they_are_sent(server: Server) -> None:
    before = memory(server)
    with server.connect() as connection:
        connection.sendall(server.head("POST", "/fhir/Patient", "Content-Length: 200000000"))
        status, body = answer(connection)
    assert (status, keys(body)) == (413, ["rest.too-large"])
    assert memory(server) - before < 20_000_000


def test_200_megabytes_in_chunks_are_refused_at_the_limit(server: Server) -> None:
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with server.connect() as connection:
        connection.sendall(server.head("POST", "/fhir/Patient", "Transfer-Encoding: chunked"))
        try:
            for _ in range(200):
                connection.sendall(piece)
        except OSError:
            pass  # the server hung up, as it should
        else:
            pytest.fail("all 200 MB were taken")


@pytest.mark.parametrize("piece", [b"[],", b"{},", b'{"family":"a"},', b'{"family":["a"]},'])
def test_30_megabytes_of_tiny_parts_fill_no_memory(server: Server, piece: bytes) -> None:
    before = memory(server)
    body = b'{"resourceType":"Patient","name":[' + piece * (30_000_000 // len(piece)) + b"{}]}"
    status, text = server.request("POST", "/fhir/Patient", body)
    assert (status, keys(text)) == (400, ["json.too-many-parts"])
    assert memory(server) - before < 100_000_000


def test_a_body_that_breaks_off_stores_nothing(server: Server) -> None:
    whole = b'{"resourceType":"Patient"}'
    with server.connect() as connection:
        connection.sendall(server.head("POST", "/fhir/Patient", f"Content-Length: {len(whole) + 10}") + whole)
        connection.shutdown(socket.SHUT_WR)
        status, body = answer(connection)
    assert status in (0, 400), body


def test_stalled_senders_starve_nobody(server: Server) -> None:
    stalled = []
    for _ in range(20):
        connection = server.connect()
        connection.sendall(server.head("POST", "/fhir/Patient", "Content-Length: 100") + b"{")
        stalled.append(connection)
    time.sleep(1.5)
    assert server.request("GET", "/fhir/Patient/none")[0] == 404
    status, body = server.request("POST", "/fhir/Patient/$validate", b'{"resourceType":"Patient"}')
    assert (status, keys(body)) == (503, ["rest.busy"])
    for connection in stalled:
        connection.close()
    deadline = time.monotonic() + 20
    while status != 200 and time.monotonic() < deadline:
        status, _ = server.request("POST", "/fhir/Patient/$validate", b'{"resourceType":"Patient"}')
    assert status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are recognised by what Linux tells of them")
def test_a_sender_that_stalls_is_told_so_and_its_place_is_free_again(server: Server) -> None:
    form = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\na"
    openings = [
        server.head("POST", "/fhir/Patient", "Content-Length: 100") + b"{",
        server.head("POST", "/fhir/Patient", "Transfer-Encoding: chunked") + b"1\r\n{\r\n",
        form,
    ]
    with ExitStack() as stack:
        stalled = [stack.enter_context(server.connect(timeout=90)) for _ in openings]
        for connection, opening in zip(stalled, openings, strict=True):
            connection.sendall(opening)
        for connection in stalled:
            status, body = answer(connection)
            assert (status, keys(body)) == (408, ["rest.body-late"])
    assert server.request("POST", "/fhir/Patient/$validate", b'{"resourceType":"Patient"}')[0] == 200


def test_senders_of_headers_that_never_end_are_cut_off_and_starve_nobody(server: Server) -> None:
    held = []
    for _ in range(100):
        connection = server.connect()
        connection.sendall(b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        held.append(connection)
    assert server.request("GET", "/fhir/Patient/none")[0] == 404
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    "request_line",
    [
        b"RUBBISH\r\n\r\n",
        b"GET /fhir/Patient HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
        b"GET /fhir/Patient HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 1_000_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x00" * 1000,
    ],
)
def test_what_is_no_http_request_ends_its_connection_only(server: Server, request_line: bytes) -> None:
    with server.connect(timeout=15) as connection:
        try:
            connection.sendall(request_line)
            status, _ = answer(connection)
        except (TimeoutError, ConnectionError):
            status = 0
    assert status in (0, 400, 401, 408, 414, 431)


QUERIES = [
    "name=%00",
    "name=%ff",
    "name=%ed%a0%80",
    "name=a\\",
    "name=%25%25%25%25%25%25%25%25",
    "name:contains=" + "%25_" * 3_000,
    "name=" + "a" * 100_000,
    "_id=" + ",".join(str(n) for n in range(5_000)),
    "identifier=" + ",".join("a|b" for _ in range(5_000)),
    "&".join(f"name=n{n}" for n in range(2_000)),
    "_count=99999999999999999999",
    "_count=-1",
    "_count=1e3",
    "_count=%D9%A3",
    "_sort=pk__password",
    "_sort=birthdate;drop",
    "name'%20OR%201=1--=x",
    "field__regex=x",
    "birthdate=9999-99-99",
    "birthdate=eq9999999999",
    "birthdate=sa10000-01-01",
    "_has:" * 200 + "Observation:patient:code=x",
    "general-practitioner." * 200 + "name=x",
    "_include=" + "*:" * 500,
    "_elements=" + "," * 5_000,
    "_page=" + "A" * 5_000,
    "_filter=name%20eq%20x",
    "_lastUpdated=" + "gt" * 1_000,
    "=",
    "&&&&&",
    "%",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_hostile_search_is_answered_or_refused_and_quickly(server: Server, query: str) -> None:
    before = processor_seconds(server)
    status, body = server.request("GET", f"/fhir/Patient?{query}")
    after = processor_seconds(server)
    assert status in (200, 400, 414), body
    assert after - before < 5
    if status == 400:
        assert keys(body)


@pytest.mark.parametrize("path", ["/fhir/Patient/%00", "/fhir/Patient/%ff", "/fhir/../etc/passwd", "/fhir/%2e%2e/x"])
def test_a_hostile_path_is_nothing(server: Server, path: str) -> None:
    status, body = server.request("GET", path)
    assert status in (400, 404), body
    assert keys(body)


def test_header_values_from_elsewhere_do_not_break_out(server: Server) -> None:
    for line in ('If-None-Match: "\\"', "If-Match: *", "Prefer: return=" + "x" * 5_000, "Accept: " + "a/b," * 5_000):
        assert server.request("GET", "/fhir/Patient/none", b"", line)[0] in (400, 404, 406, 431)


def test_head_has_no_body(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(server.head("HEAD", "/fhir/metadata", "Connection: close"))
        data = b""
        while piece := connection.recv(65_536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and body == b""
