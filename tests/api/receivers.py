"""Those who are told: real servers on real sockets, each of which answers as its test says."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def status(self) -> dict[str, Any]:
        """The status of a notification, its parameters by name; events as a list."""
        resource = self.json["entry"][0]["resource"]
        found: dict[str, Any] = {"events": []}
        for one in resource["parameter"]:
            if one["name"] == "notification-event":
                found["events"].append({p["name"]: next(v for k, v in p.items() if k != "name") for p in one["part"]})
            else:
                found[one["name"]] = next(v for k, v in one.items() if k != "name")
        return found

    @property
    def numbers(self) -> list[int]:
        return [int(one["event-number"]) for one in self.status["events"]]


@dataclass
class Receiver:
    """`answers` are used up one after the other: a status, "hang", "redirect", "megabytes" or "nonsense"; then 200."""

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    elsewhere: str = ""
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.host}/hook"

    @property
    def events(self) -> list[Heard]:
        return [one for one in self.heard if one.status["type"] == "event-notification"]


@contextmanager
def receiving(port: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    """With a certificate and its key it speaks TLS."""
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(receiver))
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = receiver.answers.pop(0) if receiver.answers else 200
            receiver.heard.append(Heard(self.command, self.path, dict(self.headers.items()), body))
            if answer == "hang":
                receiver.let_go.wait(30)
                return
            try:
                self._answer(answer)
            except OSError:  # nobody waits for the rest
                self.close_connection = True

        def _answer(self, answer: Any) -> None:
            if answer == "nonsense":
                self.wfile.write(b"\x16\x03\x01 nothing of HTTP\r\n\r\n")
                return
            self.send_response({"redirect": 307, "megabytes": 200}.get(answer, answer))
            if answer == "redirect":
                self.send_header("Location", receiver.elsewhere)
            size = 50_000_000 if answer == "megabytes" else 0
            self.send_header("Content-Length", str(size))
            self.end_headers()
            for _ in range(size // 1_000_000):
                self.wfile.write(b"x" * 1_000_000)

        do_POST = do_PUT = do_GET = _take

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
