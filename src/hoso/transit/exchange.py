"""One HTTP/1.1 request and its answer on a connection that is already proved: strict, with a bound for everything.

Whatever could be read in two ways (two lengths, a length beside chunks, folded lines, bare line ends) is refused and
the connection ends, so that nobody can hide a request in another.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

MOST_HEAD = 65_536
MOST_FIELDS = 100
HEAD_SECONDS = 10.0
_LINE = re.compile(rb"([A-Z]{1,20}) (/[\x21-\x7e\x80-\xff]*) HTTP/1\.([01])\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\Z")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}\Z")
_ONCE = (b"host", b"content-length", b"transfer-encoding", b"authorization")


class Bad(Exception):
    """The request cannot be understood in one way only."""


@dataclass(slots=True)
class Wire:
    """What is read from a connection, with what was read beyond the last request."""

    connection: socket.socket
    held: bytes = b""

    def until(self, mark: bytes, most: int) -> bytes:
        """Up to and without `mark`; empty when the caller went away before the first byte."""
        ends = time.monotonic() + HEAD_SECONDS
        while mark not in self.held:
            if len(self.held) > most or time.monotonic() > ends:
                raise Bad
            piece = self.connection.recv(65_536)
            if not piece:
                if self.held:
                    raise Bad
                return b""
            if not self.held:
                ends = time.monotonic() + HEAD_SECONDS
            self.held += piece
        found, _, self.held = self.held.partition(mark)
        if len(found) > most:
            raise Bad
        return found

    def line_end(self) -> None:
        """Raises Bad when anything else comes."""
        if self.until(b"\r\n", 2):
            raise Bad

    def some(self, most: int) -> bytes:
        if not self.held:
            self.held = self.connection.recv(65_536)
        piece, self.held = self.held[:most], self.held[most:]
        return piece


class Body:
    """`wsgi.input`: never more than the request's own bytes."""

    def __init__(self, wire: Wire, length: int, *, chunked: bool, expects: bool) -> None:
        self._wire, self._left, self._chunked, self._expects = wire, length, chunked, expects
        self.done = not chunked and length == 0
        self._cut = False

    def read(self, size: int = -1) -> bytes:
        pieces: list[bytes] = []
        wanted = size if size >= 0 else 1 << 62
        while wanted and not self.done and not self._cut:
            piece = self._piece(min(wanted, 65_536))
            if not piece:
                break
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        if self._expects:
            self._expects = False
            self._wire.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        try:
            if self._chunked and self._left == 0 and not self._next():
                return b""
            piece = self._wire.some(min(most, self._left))
            self._left -= len(piece)
            if piece and self._left == 0 and self._chunked:
                self._wire.line_end()
        except (OSError, Bad):
            self._cut = True
            return b""  # cut: whoever reads compares lengths, and the connection ends since the body is not done
        self.done = self._left == 0 and not self._chunked
        return piece

    def _next(self) -> bool:
        """The size line of the next chunk; False at the last, behind which no trailers are taken."""
        line = self._wire.until(b"\r\n", 100).partition(b";")[0].strip()
        if not _SIZE.match(line):
            raise Bad
        self._left = int(line, 16)
        if self._left == 0:
            self._wire.line_end()
            self.done = True
        return self._left > 0


@dataclass(slots=True)
class Asked:
    environ: dict[str, Any]
    body: Body
    keep: bool


def read(wire: Wire, base: dict[str, Any]) -> Asked | None:
    """The next request; None when the caller is done. Raises Bad."""
    head = wire.until(b"\r\n\r\n", MOST_HEAD)
    if not head:
        return None
    first, *lines = head.split(b"\r\n")
    line = _LINE.match(first)
    if line is None or len(lines) > MOST_FIELDS:
        raise Bad
    fields = _fields(lines)
    path, _, query = line[2].partition(b"?")
    body = _body(wire, fields)
    environ = base | {
        "REQUEST_METHOD": line[1].decode(),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/1.{line[3].decode()}",
        "wsgi.input": body,
    }
    for name, value in fields.items():
        variable = name.decode().upper().replace("-", "_")
        plain = variable in ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[variable if plain else f"HTTP_{variable}"] = value.decode("latin-1")
    wants = fields.get(b"connection", b"").lower()
    keep = line[3] == b"1" and b"close" not in wants
    return Asked(environ, body, keep)


def _fields(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.match(line)
        if found is None:
            raise Bad
        name = found[1].lower()
        if b"_" in name:
            continue  # would pass for another field in the environment
        if name in fields:
            if name in _ONCE:
                raise Bad
            fields[name] += b"," + found[2]
        else:
            fields[name] = found[2]
    return fields


def _body(wire: Wire, fields: dict[bytes, bytes]) -> Body:
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if length is not None and (coding is not None or not length.isdigit() or len(length) > 12):
        raise Bad
    if coding is not None and coding.lower() != b"chunked":
        raise Bad
    expects = fields.get(b"expect", b"").lower() == b"100-continue"
    return Body(wire, int(length or 0), chunked=coding is not None, expects=expects)


class Answer:
    """Sends what the application says, framed by its length where that is known, else in chunks."""

    def __init__(self, wire: Wire, asked: Asked) -> None:
        self._wire, self._asked = wire, asked
        self._status, self._headers = "500 Internal Server Error", list[tuple[str, str]]()

    def start(self, status: str, headers: list[tuple[str, str]], *_: object) -> None:
        self._status, self._headers = status, headers

    def send(self, pieces: Iterable[bytes]) -> bool:
        """Whether another request may follow."""
        bare = self._asked.environ["REQUEST_METHOD"] == "HEAD" or self._status[:3] in ("204", "304")
        headers = [(n, v) for n, v in self._headers if n.lower() not in ("connection", "transfer-encoding")]
        known = any(name.lower() == "content-length" for name, _ in headers)
        if isinstance(pieces, list) and not known and not bare:
            headers.append(("Content-Length", str(sum(map(len, pieces)))))
            known = True
        keep = self._asked.keep and self._asked.body.done
        chunked = not known and not bare
        if chunked:
            if self._asked.environ["SERVER_PROTOCOL"] == "HTTP/1.0":
                chunked, keep = False, False
            else:
                headers.append(("Transfer-Encoding", "chunked"))
        if not keep:
            headers.append(("Connection", "close"))
        text = "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = f"HTTP/1.1 {self._status}\r\n{text}\r\n".encode("latin-1")
        if isinstance(pieces, list) and not chunked:
            self._wire.connection.sendall(head if bare else head + b"".join(pieces))
            return keep
        self._wire.connection.sendall(head)
        for piece in pieces:
            if piece and not bare:
                self._wire.connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            self._wire.connection.sendall(b"0\r\n\r\n")
        return keep
