"""A client's public keys: given at registration, or fetched from the address given then.

An address is fetched only from a host that the operator listed in config.toml, over TLS, from the address that the
name was resolved to before it was checked, without following a redirect. Nothing is fetched at registration.
"""

from __future__ import annotations

import http.client
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from hoso.access.outward import Host, NotAllowed, Pinned, Resolve, address_of, plain, resolve
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
        parts = plain(url, "https")
        port = parts.port or 443
        for host in self.hosts:
            if parts.hostname == host.name and port == host.port:
                return host
        raise NotAllowed("the host is not listed in config.toml ([oauth] jwks_hosts)")

    def _fetch(self, url: str, host: Host) -> tuple[str, float]:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = Pinned(host, self._address(host), self._trust(), TIMEOUT)
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
        try:
            return address_of(host, self.resolve)
        except OSError as error:
            raise BadAssertion("the client's key set cannot be fetched now") from error

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authorities) if self.authorities else None)


def _seconds(control: str) -> float:
    if "no-store" in control or "no-cache" in control:
        return 0.0
    found = _MAX_AGE.search(control)
    return min(float(found[1]), LONGEST_SECONDS) if found else USUAL_SECONDS
