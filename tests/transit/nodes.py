"""Nodes with certificates, served on real sockets."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.cli.serving import HOSO


def configure(folder: Path, **values: str) -> None:
    file = folder / "config.toml"
    text = file.read_text("utf-8")
    for name, value in values.items():
        before = next(line for line in text.splitlines() if line.startswith(f"{name} = "))
        text = text.replace(before, f"{name} = {value}", 1)  # [tls] stands before other parts with the same names
    file.write_text(text, "utf-8")


class Served:
    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def get(self, context: ssl.SSLContext, path: str = "/healthz", host: str = "hoso.test") -> http.client.HTTPResponse:
        return self.read(context, path, host)[0]

    def read(self, context: ssl.SSLContext, path: str, host: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        with closing(connection):
            try:
                connection.connect()
            except (ssl.SSLEOFError, ConnectionResetError):  # it met the end of a worker: tried again
                connection.close()
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            return response, response.read()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    command = [str(HOSO), "--lang", "en", "serve", "--data", str(folder), "--port", "0", "--workers", "1", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("HoSo is ready at https://"), line
            yield Served(process, int(line.strip().rstrip("/").rpartition(":")[2]))
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(served: Served, said: str) -> None:
    assert served.process.stdout is not None
    until = time.monotonic() + 60
    while time.monotonic() < until:
        line = served.process.stdout.readline()
        assert line, "the server ended"
        if said in line:
            return
    raise AssertionError(said)
