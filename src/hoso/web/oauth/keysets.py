"""A client's public keys: given at registration, or fetched from the address given then.

An address is fetched only from a host that the operator listed in config.toml, over TLS, from the address that the
name was resolved to before it was checked, without following a redirect. Nothing is fetched at registration.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from hoso.web.oauth.assertion import LARGEST_SET, BadAssertion

USUAL_SECONDS = 300
LONGEST_SECONDS = 3600
AGAIN_SECONDS = 10
"""An unknown key has the set fetched again, but not more often than this."""
TIMEOUT = 3.0
"""Seconds without a byte."""
LONGEST_FETCH = 5.0
AT_ONCE = 2
"""Fetches of one worker at the same time: a slow host must not hold all its threads."""
_MAX_AGE = re.compile(r"\bmax-age=(\d{1,9})\b")


class NotAllowed(Exception):
    """An address that keys are not fetched from; the text says why."""


@dataclass(frozen=True, slots=True)
class Host:
    """One listed host. `address` is where it is when that is not for name service to say (a private network)."""

    name: str
    port: int = 443
    address: str = ""

    @classmethod
    def parse(cls, text: str) -> Host:
        """ "keys.example.vn", "keys.example.vn:8443", "keys.internal=10.0.0.5"."""
        where, _, address = text.strip().partition("=")
        name, _, port = where.partition(":")
        if not name or (port and not port.isdigit()):
            raise ValueError(text)
        if address:
            ip_address(address)
        return cls(name.lower(), int(port or 443), address)


Resolve = Callable[[str, int], Sequence[str]]


def resolve(name: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]


@dataclass(slots=True)
class KeySets:
    """Fetched sets of one process, each kept no longer than its sender allows."""

    hosts: tuple[Host, ...] = ()
    authorities: Path | None = None
    resolve: Resolve = resolve
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))

    def get(self, url: str, *, newer: bool = False) -> str:
        """The set at `url`; `newer` when a key was not in the one known. Raises NotAllowed or BadAssertion."""
        host = self.allowed(url)
        with self._lock:
            fetched, until, text = self._kept.get(url, (0.0, 0.0, ""))
        now = self.monotonic()
        if text and now < until and not (newer and now - fetched > AGAIN_SECONDS):
            return text
        if not self._places.acquire(blocking=False):
            raise BadAssertion("key sets of others are being fetched at this moment")
        try:
            text, seconds = self._fetch(url, host)
        finally:
            self._places.release()
        with self._lock:
            self._kept[url] = (now, now + seconds, text)
        return text

    def allowed(self, url: str) -> Host:
        """The listed host that `url` names exactly. Raises NotAllowed."""
        parts = urlsplit(url)
        try:
            port = parts.port or 443
        except ValueError as error:
            raise NotAllowed("the address is not one") from error
        if parts.scheme != "https" or "@" in parts.netloc or parts.fragment or "\\" in url or not url.isascii():
            raise NotAllowed("keys are fetched from plain https addresses only")
        for host in self.hosts:
            if parts.hostname == host.name and port == host.port:
                return host
        raise NotAllowed("the host is not listed in config.toml ([oauth] jwks_hosts)")

    def _fetch(self, url: str, host: Host) -> tuple[str, float]:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Pinned(host, self._address(host), self._trust())
        end = threading.Timer(LONGEST_FETCH, connection.cut)
        end.start()
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            body = response.read(LARGEST_SET + 1)
            control = (response.getheader("Cache-Control") or "").lower()
        except (OSError, http.client.HTTPException) as error:
            raise BadAssertion("the client's key set cannot be fetched now") from error
        finally:
            end.cancel()
            connection.close()
        if response.status != 200 or len(body) > LARGEST_SET or response.length:  # some of it is still to come
            raise BadAssertion("the client's key set cannot be fetched now")
        try:
            return body.decode(), _seconds(control)
        except UnicodeDecodeError as error:
            raise BadAssertion("the key set is not a JWKS") from error

    def _address(self, host: Host) -> str:
        """Resolved once, checked, and used: a second answer of the name service cannot lead elsewhere."""
        if host.address:
            return host.address
        try:
            found = self.resolve(host.name, host.port)
        except OSError as error:
            raise BadAssertion("the client's key set cannot be fetched now") from error
        if not found or not all(_public(address) for address in found):
            raise NotAllowed("the host is at an address that is not public")
        return found[0]

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authorities) if self.authorities else None)


def _public(address: str) -> bool:
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def _seconds(control: str) -> float:
    if "no-store" in control or "no-cache" in control:
        return 0.0
    found = _MAX_AGE.search(control)
    return min(float(found[1]), LONGEST_SECONDS) if found else USUAL_SECONDS


class _Pinned(http.client.HTTPSConnection):
    """Speaks to an address, and expects there the certificate of a name."""

    def __init__(self, host: Host, address: str, trust: ssl.SSLContext) -> None:
        super().__init__(host.name, host.port, timeout=TIMEOUT, context=trust)
        self._address, self._trust = address, trust
        self._wire: ssl.SSLSocket | None = None
        """`sock` is taken away as soon as the server says that it will close."""

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), timeout=TIMEOUT)
        self.sock = self._wire = self._trust.wrap_socket(plain, server_hostname=self.host)

    def cut(self) -> None:
        """Ends what lasts too long, from another thread."""
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)
