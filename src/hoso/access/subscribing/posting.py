"""One notification over HTTP: to a listed host at a checked address, within limits of time, and nothing is followed."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hoso.access.outward import NotAllowed, Pinned, Resolve, address_of, resolve, timed, trusted
from hoso.access.subscribing.endpoints import Endpoints

CONNECT_SECONDS = 10.0
TOO_LONG = "it took too long"


class Undelivered(Exception):
    """The endpoint did not take it; the text says why, in a few words and without what the endpoint said."""


@dataclass(frozen=True, slots=True)
class Message:
    """`below` is added to the path of the endpoint."""

    method: str
    body: bytes
    headers: Mapping[str, str]
    below: str = ""


@dataclass(frozen=True, slots=True)
class Poster:
    endpoints: Endpoints
    resolve: Resolve = resolve

    def post(self, url: str, message: Message, seconds: float, leaving: Callable[[], None]) -> None:
        """Raises Undelivered. `leaving` is called once it will be sent, before the first byte is."""
        try:
            listed, parts = self.endpoints.allowed(url)
            address = address_of(listed.host, self.resolve)
        except NotAllowed as refused:
            raise Undelivered(str(refused)) from refused
        except OSError as error:
            raise Undelivered("the name of the host is not known") from error
        trust = trusted(self.endpoints.authorities) if listed.secure else None
        connection = Pinned(listed.host, address, trust, min(seconds, CONNECT_SECONDS))
        try:
            with timed(connection, seconds):
                connection.connect()
                leaving()
                path = (parts.path.rstrip("/") + message.below) or "/"
                connection.request(
                    message.method,
                    (path if message.below else parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                    message.body,
                    dict(message.headers),
                )
                connection.sock.settimeout(seconds)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(TOO_LONG if connection.late else _reason(error)) from error
        if not 200 <= status < 300:  # a redirect is not followed; what else it says is not read
            raise Undelivered(f"status {status}")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted"
    if isinstance(error, TimeoutError):
        return TOO_LONG
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, http.client.HTTPException | ssl.SSLError):
        return "it does not answer as HTTP"
    return "the connection broke"
