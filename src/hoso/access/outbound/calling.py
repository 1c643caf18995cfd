"""One request to another house and its whole answer, within limits of time and size; nothing is followed.

The sibling of `subscribing.posting`, which reads no answers: here the answer decides what becomes of a visit.
"""

from __future__ import annotations

import http.client
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult

from hoso.access.outward import Host, NotAllowed, Pinned, Resolve, address_of, plain, resolve, timed, trusted
from hoso.access.subscribing.endpoints import Listed
from hoso.core.clock import Clock

CONNECT_SECONDS = 10.0
ALERT_SECONDS = 3.0
LARGEST = 4_000_000
LONGEST_WAIT = 86_400
_OURS = re.compile("ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)")
"""What a host says who does not take the certificate that it was shown, or misses one."""


class Unreached(Exception):
    """There is no answer; `key` names the text that says why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is the media type alone; `after`: seconds for which the answer asks to be left alone, None for none."""

    status: int
    kind: str
    after: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Calling:
    """`authorities`: certificates by which the hosts are trusted, in place of the system's."""

    clock: Clock
    authorities: Path | None = None
    resolve: Resolve = resolve

    def call(
        self,
        where: Listed,
        request: Request,
        seconds: float,
        leaving: Callable[[], None],
        shown: ssl.SSLContext | None = None,
    ) -> Answer:
        """Raises Unreached. `leaving` is called once it will be sent, before the first byte is.

        `shown`: by what a host is trusted to which a certificate of ours is shown, too.
        """
        try:
            address = address_of(where.host, self.resolve)
        except NotAllowed as refused:
            raise Unreached("outbound.not-public") from refused
        except OSError as error:
            raise Unreached("outbound.no-host") from error
        trust = (shown or trusted(self.authorities)) if where.secure else None
        connection = Pinned(where.host, address, trust, min(seconds, CONNECT_SECONDS))
        try:
            with timed(connection, seconds):
                connection.connect()
                leaving()
                connection.sock.settimeout(seconds)
                connection.request(request.method, request.path, request.body, dict(request.headers))
                return self._read(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            reason = "outbound.too-long" if connection.late else _reason(error)
            if reason == "outbound.broke" and trust is not None and self._is_refused(where.host, address, trust):
                reason = "outbound.certificate-refused"
            raise Unreached(reason) from error

    def _is_refused(self, host: Host, address: str, trust: ssl.SSLContext) -> bool:
        """Whether a host says so to one who connects and sends nothing.

        It looks at our certificate after we may send (TLS 1.3), and what it says then is lost when it hangs up on that.
        """
        connection = Pinned(host, address, trust, ALERT_SECONDS)
        try:
            with timed(connection, ALERT_SECONDS):
                connection.connect()
                connection.sock.recv(1)
        except OSError as error:
            return not connection.late and _reason(error) == "outbound.certificate-refused"
        return False

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        body = response.read(LARGEST + 1)
        if len(body) > LARGEST:
            raise Unreached("outbound.too-large")
        if response.length:  # it promised more than it sent
            raise Unreached("outbound.broke")
        kind = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
        return Answer(response.status, kind, self._after(response.headers.get("Retry-After", "")), body)

    def _after(self, text: str) -> int | None:
        """Of seconds or of a date (RFC 9110 §10.2.3)."""
        if re.fullmatch(r"[0-9]{1,9}", text.strip()):
            return min(int(text), LONGEST_WAIT)
        try:
            wait = (parsedate_to_datetime(text) - self.clock()).total_seconds()
        except (TypeError, ValueError):
            return None
        return min(max(0, int(wait)), LONGEST_WAIT)


def listed(url: str, address: str = "") -> tuple[Listed, SplitResult]:
    """Where an address leads. `address`: where the host is, when that is not for name service to say.

    Raises NotAllowed and ValueError for what is none, and for plain http to another machine than this one.
    """
    parts = plain(url, "https", "http")
    if parts.query or "//" in parts.path:
        raise NotAllowed("it has a query or two slashes in a row")
    name = str(parts.hostname)
    if parts.scheme == "http":
        return Listed.parse(f"http://{name}:{parts.port or 80}{f'={address}' if address else ''}"), parts
    return Listed(Host.parse(f"{name}:{parts.port or 443}{f'={address}' if address else ''}")), parts


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "outbound.certificate"
    if isinstance(error, ssl.SSLError) and _OURS.search(error.reason or ""):
        return "outbound.certificate-refused"
    if isinstance(error, TimeoutError):
        return "outbound.too-long"
    if isinstance(error, ConnectionRefusedError):
        return "outbound.connection-refused"
    broken = http.client.IncompleteRead | http.client.RemoteDisconnected | ConnectionError | ssl.SSLEOFError
    if isinstance(error, broken):
        return "outbound.broke"
    if isinstance(error, http.client.HTTPException | ssl.SSLError):
        return "outbound.no-http"
    return "outbound.broke"
