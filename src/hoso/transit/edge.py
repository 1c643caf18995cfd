"""The first thing a request meets: by which name it came, and who the caller is when a proxy stands in between.

What a caller writes about itself (`X-Forwarded-*`, `Forwarded`) is taken off, unless the connection is that of a proxy
the operator named. A name this server does not go by is refused, so it never reaches a link, a cookie or a signature.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PEER = "hoso.peer"
"""In the environment: the address of the connection, also where `REMOTE_ADDR` is another's whom a proxy speaks for."""
CERTIFICATE = "hoso.certificate"
"""In the environment: SHA-256 of the client's certificate, where one was shown and proved; no header can set it."""
SUBJECT = "hoso.subject"
"""In the environment: that certificate's subject, as RFC 4514 writes it."""
SHOWN = "hoso.shown"
"""In the environment: that certificate itself, in DER, as hexadecimal digits: libraries take what is there for text."""
_STATED = frozenset((
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX", "HTTP_X_REAL_IP", "HTTP_FORWARDED",
))  # fmt: skip
_STRICT = ("Strict-Transport-Security", "max-age=31536000")


class _Untrue(Exception):
    """What a trusted proxy says cannot be."""


def edge(inner: Application, hosts: Collection[str], proxies: Sequence[Network] = ()) -> Application:
    """`hosts`: the names this server goes by, in small letters, without ports."""
    known = frozenset(hosts)

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        environ[PEER] = environ.get("REMOTE_ADDR", "")
        stated = {} if _STATED.isdisjoint(environ) else {name: environ.pop(name) for name in _STATED if name in environ}
        try:
            if proxies and _among(environ[PEER], proxies):
                _believe(environ, stated, proxies)
            host = host_of(environ.get("HTTP_HOST") or "")
        except _Untrue:
            host = None
        if host is None or host not in known:
            start("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8"), *_REFUSED])
            return [_TEXT]
        if environ.get("wsgi.url_scheme") != "https":
            return inner(environ, start)

        def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
            return start(status, [*headers, _STRICT], *rest)

        return inner(environ, begin)

    return serve


_REFUSED = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_TEXT = "This server does not go by that name.\nMáy chủ này không mang tên đó.\n".encode()


def host_of(text: str) -> str | None:
    """The name of a Host header without its port, in small letters; None when it is not plainly one."""
    name, bracket, port = text.rpartition("]")
    if bracket:
        name, port = name.removeprefix("["), port.removeprefix(":") if port else "0"
    else:
        name, colon, port = text.partition(":")
        port = port if colon else "0"
    if not name.isascii() or not port.isdecimal() or not port.isascii() or len(port) > 5:
        return None
    return name.casefold()


def network(text: str) -> Network:
    """An address or a range such as 10.0.0.0/24. Raises ValueError, also for the whole world."""
    found = ipaddress.ip_network(text)
    if found.prefixlen == 0:
        raise ValueError(f"{text} is everybody")
    return found


def _believe(environ: Environ, stated: dict[str, str], proxies: Sequence[Network]) -> None:
    """A proxy adds at the right end whom it got the request from: the first from there that is none is the caller."""
    chain = [part.strip() for part in stated.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    for address in reversed(chain):
        environ["REMOTE_ADDR"] = _plain(address)
        if not _among(environ["REMOTE_ADDR"], proxies):
            break
    scheme = stated.get("HTTP_X_FORWARDED_PROTO", "http")
    if scheme not in ("http", "https"):
        raise _Untrue
    environ["wsgi.url_scheme"] = scheme
    if host := stated.get("HTTP_X_FORWARDED_HOST"):
        environ["HTTP_HOST"] = host


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError as error:
        raise _Untrue from error


def _among(address: str, networks: Sequence[Network]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in each for each in networks)
