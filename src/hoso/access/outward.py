"""Asking a host that an operator listed, at the address that its name was resolved to before it was checked.

A second answer of the name service cannot lead elsewhere, no redirect is followed, and what lasts too long is cut.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")


class NotAllowed(Exception):
    """An address that is not asked; the text says why."""


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


def plain(url: str, *schemes: str) -> SplitResult:
    """The parts of a plain address, with a port that is one. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise NotAllowed("the address is not one") from error
    wrong = parts.scheme not in schemes or "@" in parts.netloc or parts.fragment or "\\" in url or not parts.hostname
    if wrong or not url.isascii() or any(ch <= " " or ch == "\x7f" for ch in url):
        raise NotAllowed(f"only plain {' or '.join(schemes)} addresses are asked")
    return parts


def address_of(host: Host, resolve: Resolve) -> str:
    """Where a host is. Raises NotAllowed for a place that is not public and was not listed, OSError for none."""
    if host.address:
        return host.address
    found = resolve(host.name, host.port)
    if not found or not all(public(address) for address in found):
        raise NotAllowed("the host is at an address that is not public")
    return found[0]


def public(address: str) -> bool:
    """Whether it leads out; also not inward through an address that holds another one."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return public(str(found.ipv4_mapped))
        if found.sixtofour is not None or found.teredo is not None or found in _NAT64 or found in _NAT64_LOCAL:
            return False
    return found.is_global and not found.is_multicast


class Pinned(http.client.HTTPConnection):
    """Speaks to an address, and with `trust` expects there the certificate of a name."""

    def __init__(self, host: Host, address: str, trust: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(host.name, host.port, timeout=timeout)
        if trust is not None:
            self.default_port = 443
        self._address, self._trust = address, trust
        self._wire: socket.socket | None = None
        """`sock` is taken away as soon as the server says that it will close."""
        self.late = False

    def connect(self) -> None:
        self.sock = self._wire = socket.create_connection((self._address, self.port), timeout=self.timeout)
        if self._trust is not None:
            self.sock = self._wire = self._trust.wrap_socket(self.sock, server_hostname=self.host)
        if self.late:
            raise TimeoutError("it took too long")

    def cut(self) -> None:
        """Ends what lasts too long, from another thread."""
        self.late = True
        if self._wire is not None:
            with suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)


@contextmanager
def timed(connection: Pinned, seconds: float) -> Iterator[None]:
    """Cuts what is done inside when it lasts longer than this, and closes the connection in any case."""
    end = threading.Timer(seconds, connection.cut)
    end.daemon = True
    end.start()
    try:
        yield
    finally:
        end.cancel()
        connection.close()


@cache
def trusted(authorities: Path | None) -> ssl.SSLContext:
    """Certificates in place of the system's, if given. Read once: it takes longer than most requests."""
    return ssl.create_default_context(cafile=str(authorities) if authorities else None)
