"""Receivers on real sockets that answer as a test says: a gateway in the insurance's shape, which knows what it has."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hoso.access.gateways import sent

NAME, SECRET = "01001_BV", "a secret of the account"
Json = dict[str, Any]


@dataclass
class Gate:
    """`answers` are used up by what is sent, then all is well: a status, alone or with headers or an object; an object;
    "hang", "cut" (taken, and the answer breaks off), "drop" (nothing is taken), "html", "huge", "pending", "forget".
    """

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    polls: list[Any] = field(default_factory=list)
    taken: dict[str, bytes] = field(default_factory=dict)
    """Each file once, by the number it got."""
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    signed_in: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/gateway"

    @property
    def sent(self) -> list[bytes]:
        """The files in the order in which they came, also those that were not taken."""
        return [base64.b64decode(json.loads(body)["fileHSBase64"]) for path, _, body in self.heard if "guiHoSo" in path]

    @property
    def token(self) -> str:
        return f"token {self.signed_in}"

    def take(self, body: bytes) -> str:
        data = base64.b64decode(json.loads(body)["fileHSBase64"])
        number = hashlib.sha256(data).hexdigest()[:12]
        self.taken[number] = data
        return number


@contextmanager
def gate(port: int = 0, trust: ssl.SSLContext | None = None) -> Iterator[Gate]:
    """`trust`: it speaks TLS as this says."""
    made = Gate()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(made))
    server.handle_error = lambda request, client: None  # type: ignore[method-assign]
    if trust is not None:
        server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(gate: Gate) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/token/take"):
                self._sign_in(json.loads(body))
                return
            gate.heard.append((self.path, dict(self.headers.items()), body))
            if "Authorization" not in self.headers and self.headers.get("accessToken") != gate.token:
                self._json(200, {"maKetQua": "401", "thongDiep": "phiên hết hạn"})
            elif self.path.endswith("trangThaiGiaoDich"):
                self._answer(gate.polls.pop(0) if gate.polls else 200, json.loads(body)["maGiaoDich"], body)
            else:
                self._answer(gate.answers.pop(0) if gate.answers else 200, "", body)

        def _sign_in(self, asked: Json) -> None:
            gate.signed_in += 1
            if (asked["username"], asked["password"]) != (NAME, sent(SECRET)):
                self._json(200, {"maKetQua": "401", "thongDiep": "sai mật khẩu"})
                return
            self._json(200, {"maKetQua": "200", "APIKey": {"access_token": gate.token, "id_token": "second"}})

        def _answer(self, answer: Any, number: str, body: bytes) -> None:
            match answer:
                case "hang":
                    gate.let_go.wait(30)
                case "drop":
                    self._end()
                case "cut":
                    gate.take(body)
                    self.wfile.write(
                        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"ma'
                    )
                    self._end()
                case "html":
                    self._send(200, b"<html><body>Wi-Fi: sign in</body></html>", {"Content-Type": "text/html"})
                case "huge":
                    self._send(200, b"x" * 5_000_000, {"Content-Type": "application/json"})
                case "pending":
                    told = {"maKetQua": "200", "maGiaoDich": number or gate.take(body), "trangThai": "CHO_XU_LY"}
                    self._json(200, told)
                case "forget":
                    self._json(404, {"maKetQua": "404", "thongDiep": "không có"})
                case 200:
                    told = {"maKetQua": "200", "maGiaoDich": number or gate.take(body), "trangThai": "DA_XU_LY"}
                    self._json(200, told)
                case int():
                    self._send(answer, b"", {})
                case (int() as status, {"Retry-After": _} as headers):
                    self._send(status, b"{}", headers)
                case (int() as status, dict() as told):
                    self._json(status, told)
                case dict():
                    self._json(200, answer)

        def _json(self, status: int, told: Json) -> None:
            self._send(status, json.dumps(told).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            try:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # nobody waits for the rest
                self.close_connection = True

        def _end(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
