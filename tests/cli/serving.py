"""A real server for the tests: the `hoso` command in its own processes, and plain sockets to reach it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli import warm
from tests.cli.cheap import NODE

HOSO = Path(sys.executable).with_name("hoso")


def hoso(*arguments: object, input: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command to its end, in English."""
    return warm.run(["--lang", "en", *map(str, arguments)], input)


@dataclass
class Server:
    process: subprocess.Popen[str]
    address: str
    folder: Path
    token: str

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    def connect(self, timeout: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def request(self, method: str, path: str, body: bytes = b"", *lines: str) -> tuple[int, bytes]:
        """One request on its own connection; header lines as given."""
        with self.connect() as connection:
            connection.sendall(self.head(method, path, f"Content-Length: {len(body)}", *lines) + body)
            return answer(connection)

    def head(self, method: str, path: str, *lines: str) -> bytes:
        fields = [
            f"{method} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/fhir+json",
            *lines,
        ]
        return "\r\n".join([*fields, "", ""]).encode("utf-8", "surrogateescape")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one response; (0, b"") when the connection was closed without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return 0, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode("latin-1").lower().split("\r\n")[1:])
    while len(body) < int(fields.get("content-length", 0)):
        piece = connection.recv(65_536)
        if not piece:
            break
        body += piece
    return int(head.split()[1]), body


def keys(body: bytes) -> list[str]:
    found = json.loads(body)
    assert found["resourceType"] == "OperationOutcome", body
    return [issue["diagnostics"] for issue in found["issue"]]


@contextmanager
def running(folder: Path, *options: object) -> Iterator[Server]:
    """A node in `folder`, served on a free port with a token for everything."""
    with served(folder, made(folder, *options)) as server:
        yield server


def made(folder: Path, *options: object) -> str:
    """Makes a node in `folder`; the answer is a token for everything."""
    assert hoso("init", "--data", folder, *options).returncode == 0
    return hoso("token", "create", "--data", folder, "--name", "test", "--scope", "system/*.cruds").stdout.strip()


@contextmanager
def served(folder: Path, token: str, port: int = 0) -> Iterator[Server]:
    """A node that is there, served by processes of one group, so that a test can kill them all at once."""
    command = [*NODE, "--lang", "en", "serve", "--data", str(folder), "--port", str(port), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("HoSo is ready at http://"), line
        try:
            yield Server(process, line.rsplit(" ", 1)[1].strip(), folder, token)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
