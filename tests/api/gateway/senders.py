"""A hospital's software as the tests play it: signs in at a real node and sends files, in any shape."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.cli.serving import Server, hoso

from hoso.access.gateways import sent

SEND = "/gateway/api/qd130/guiHoSoXmlQD3176"
CHECK_IN = "/gateway/api/qd130/checkInKcbQd3176"
LOOK_UP = "/gateway/api/egw/KQNhanLichSuKCB2024"
STATE = "/gateway/api/qd130/trangThaiGiaoDich"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass
class Hospital:
    """`port` may change: a node that was killed comes back at another one."""

    port: int
    facility: str
    username: str
    secret: str
    tokens: dict[str, str] = field(default_factory=dict)

    def call(
        self, path: str, fields: Mapping[str, Any], kind: str = FORM, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        body = json.dumps(fields).encode() if kind == JSON else urlencode(fields).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            more = self.tokens if headers is None else headers
            connection.request("POST", path, body, {"Content-Type": kind, **more})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def sign_in(self) -> dict[str, Any]:
        fields = {"username": self.username, "password": sent(self.secret)}
        _, told = self.call("/gateway/api/token/take", fields, headers={})
        key = told["APIKey"]
        self.tokens = {
            "accessToken": key["access_token"], "tokenId": key["id_token"], "passwordHash": sent(self.secret)
        }  # fmt: skip
        return dict(key)

    def send(self, file: bytes, path: str = SEND, kind: str = FORM, **more: str) -> dict[str, Any]:
        fields = {
            "username": self.username, "loaiHoSo": "130", "maTinh": self.facility[:2], "maCSKCB": self.facility,
            "fileHSBase64": base64.b64encode(file).decode(),
        }  # fmt: skip
        status, told = self.call(path, {**fields, **more}, kind)
        assert status == 200, told
        return dict(told)


def hospital(server: Server, facility: str, *options: object) -> Hospital:
    """A facility of the node with an account, signed in."""
    folder = server.folder
    hoso(
        "facility", "add", "--data", folder, "--code", facility, "--kind", "regional", "--name", f"Bệnh viện {facility}"
    )
    made = hoso("gateway", "create", "--data", folder, "--facility", facility, *options)
    assert made.returncode == 0, made.stderr
    one = Hospital(server.port, facility, facility, made.stdout.strip())
    one.sign_in()
    return one


def raw(port: int, head: str, *pieces: bytes, shut: bool = False) -> bytes:
    """What comes back for bytes as they are; a connection that the server ends while we send is ended for us, too."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        try:
            connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
            for piece in pieces:
                connection.sendall(piece)
            if shut:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        found = b""
        try:
            while piece := connection.recv(65_536):
                found += piece
        except (ConnectionResetError, TimeoutError):
            pass
        return found
