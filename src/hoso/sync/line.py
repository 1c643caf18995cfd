"""The line to a hub: frames over HTTPS, one connection for a contact, everything that comes back bounded and doubted.

A page of a captive portal, an error of a proxy or half an answer is no answer; the next contact begins anew.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from hoso.sync.asking import Broken
from hoso.sync.messages import (
    MOST,
    Answer,
    BadFrame,
    Below,
    Frame,
    Introduce,
    Met,
    Refusal,
    Renew,
    Renewed,
    Request,
    unwrap,
    wrap,
)
from hoso.sync.peer import Peer
from hoso.sync.talking import Outcome, contact

T = TypeVar("T")

SECONDS = 120.0
"""For a hub that is to keep 500 kB and answer, over a line of 64 kbit/s."""
MEDIA = "application/vnd.hoso.sync"
MOST_TOLD = 200_000


class Unreachable(Exception):
    """Nobody answered who could be the hub. Whether something arrived is unknown, and does no harm."""


@dataclass(slots=True)
class Line:
    """`authority`: by which certificates the hub's address is trusted; None: by the system's. `own`: those shown."""

    address: str
    authority: Path | None = None
    own: tuple[Path, Path] | None = None
    _open: http.client.HTTPConnection | None = field(default=None, repr=False)

    def post(self, path: str, data: bytes, media: str = MEDIA) -> bytes:
        """Raises Unreachable. A connection that the hub gave up while the next batch was packed is made anew."""
        most, kept = MOST if media == MEDIA else MOST_TOLD, self._open is not None
        try:
            try:
                answer, body = self._posted(path, data, media, most)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                # http.client's RemoteDisconnected is one of these; over TLS the same end has names of its own
                self.close()
                if not kept:
                    raise
                answer, body = self._posted(path, data, media, most)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from error
        kind = (answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if len(body) > most or kind != media or (answer.status != 200 and media == MEDIA):
            self.close()
            raise Unreachable(f"{answer.status} {kind or 'without a type'}: not an answer of a hub")
        return body

    def _posted(self, path: str, data: bytes, media: str, most: int) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection()
        headers = {"Content-Type": media, "Accept": media, "Content-Length": str(len(data))}
        connection.request("POST", urlsplit(self.address).path.rstrip("/") + path, data, headers)
        answer = connection.getresponse()
        return answer, answer.read(most + 1)

    def close(self) -> None:
        if self._open is not None:
            with suppress(OSError):
                self._open.close()
            self._open = None

    def _connection(self) -> http.client.HTTPConnection:
        if self._open is None:
            target = urlsplit(self.address)
            if target.scheme == "https":
                self._open = http.client.HTTPSConnection(
                    target.hostname or "", target.port or 443, timeout=SECONDS, context=self._context()
                )
            else:
                self._open = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=SECONDS)
        return self._open

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        if self.own is not None:
            context.load_cert_chain(*self.own)
        return context


def is_allowed(address: str) -> bool:
    """Plain HTTP is for a hub on the same machine alone."""
    target = urlsplit(address)
    if target.scheme == "http":
        return target.hostname in ("127.0.0.1", "localhost", "::1")
    return target.scheme == "https" and bool(target.hostname)


@dataclass(slots=True)
class Talker:
    """Says frames to one hub. `last` is the number of the newest contact; the hub answers none that is older."""

    me: Peer
    line: Line
    last: int = 0

    def contact(self) -> Outcome:
        """One whole contact. Raises Broken, Unreachable, and Full when this node has no room."""
        return self._again(self._contact)

    def renew(self, told: str) -> Renewed:
        """Raises Broken and Unreachable."""
        return self._again(lambda: self._renew(told))

    def introduce(self, below: tuple[Below, ...]) -> int:
        """How many the hub refused. Raises Broken and Unreachable."""
        said = self._again(lambda: self._exchange(1, Introduce(below)))
        if not isinstance(said, Met):
            raise Broken(said.why if isinstance(said, Refusal) else "unexpected answer")
        return said.refused

    def _again(self, work: Callable[[], T]) -> T:
        """Once more under a higher number when the clock here was put back since."""
        self.last = max(self.last + 1, self.me.now())
        try:
            return work()
        except _Replayed as behind:
            self.last = behind.last + 1
            return work()
        finally:
            self.line.close()

    def _contact(self) -> Outcome:
        talk = contact(self.me)
        turn = 1
        try:
            said = self._say(turn, next(talk))
            while True:
                turn += 1
                said = self._say(turn, talk.send(said))
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome

    def _renew(self, told: str) -> Renewed:
        said = self._exchange(1, Renew(told))
        if not isinstance(said, Renewed):
            raise Broken(said.why if isinstance(said, Refusal) else "unexpected answer")
        return said

    def _say(self, turn: int, request: Request) -> Answer:
        said = self._exchange(turn, request)
        if isinstance(said, Renewed | Met):
            raise Broken("unexpected answer")
        return said

    def _exchange(self, turn: int, message: Request | Renew | Introduce) -> Answer | Renewed | Met:
        assert self.me.hub is not None
        number = self.last.to_bytes(8, "big")
        frame = Frame(self.me.name, self.me.hub, number, turn, message)
        data = self.line.post("/sync", wrap(self.me.signer, frame))
        try:
            said = unwrap(data, self.me.name, self.me.keys)
        except BadFrame as fault:
            raise Unreachable(f"not an answer of the hub: {fault}") from fault
        if (said.sender, said.contact, said.turn) != (self.me.hub, number, turn):
            raise Broken("an answer to something else")
        if isinstance(said.message, Refusal) and said.message.why == "replayed" and said.message.fault.isdigit():
            raise _Replayed(int(said.message.fault))
        if isinstance(said.message, Answer | Renewed | Met):
            return said.message
        raise Broken("unexpected answer")


class _Replayed(Broken):
    def __init__(self, last: int) -> None:
        super().__init__("replayed")
        self.last = last


def told(body: bytes) -> dict[str, str]:
    """A JSON object of texts. Raises Unreachable."""
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Unreachable("not an answer of a hub") from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unreachable("not an answer of a hub")
    return found
