"""Speaking with the provider: what it says of itself, its keys, a code turned into a token, userinfo. TLS only.

No redirect is followed, nothing large or slow is waited for; what it says of itself is kept for minutes, and its keys
are fetched anew when a token names one that is not known.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from hoso.web.national.settings import Provider

TIMEOUT = 5.0
LARGEST = 200_000
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,8000}=*\Z", re.ASCII)
"""RFC 6750, 2.1: nothing that would end the header."""
KEPT_SECONDS = 300.0
AGAIN_SECONDS = 10.0
_WELL_KNOWN = "/.well-known/openid-configuration"
_USERINFO = "userinfo_endpoint"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Silent(Exception):
    """The provider cannot be reached, or says what cannot be used; the text is for the log."""


@dataclass(slots=True)
class Speaker:
    """One per process; safe for many threads."""

    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[str, tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def endpoints(self, provider: Provider) -> dict[str, str]:
        """Raises Silent also when it calls itself by another name than the operator wrote down."""
        found = _object(self._get(provider, provider.issuer.rstrip("/") + _WELL_KNOWN))
        if found.get("issuer") != provider.issuer:
            raise Silent("it names another issuer")
        if not all(isinstance(found.get(name), str) and _secure(found[name]) for name in _ENDPOINTS):
            raise Silent("an endpoint is missing or not https")
        known = {name: str(found[name]) for name in _ENDPOINTS}
        told = found.get(_USERINFO)
        return known | ({_USERINFO: told} if isinstance(told, str) and _secure(told) else {})

    def keys(self, provider: Provider, *, newer: bool = False) -> str:
        text = self._get(provider, self.endpoints(provider)["jwks_uri"], newer=newer)
        if not isinstance(_object(text).get("keys"), list):
            raise Silent("its keys cannot be read")
        return text

    def token(self, provider: Provider, code: str, verifier: str, back: str) -> tuple[object, object]:
        """What came as id_token and as access_token. Raises Silent; also for a code that is good no more."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.secret)}"
        headers = {
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        text = _ask(provider, "POST", self.endpoints(provider)["token_endpoint"], urlencode(form), headers)
        found = _object(text)
        return found.get("id_token"), found.get("access_token")

    def userinfo(self, provider: Provider, access: object) -> dict[str, Any]:
        """What the provider says of whom the access token is; nothing where it has no such endpoint. Raises Silent."""
        url = self.endpoints(provider).get(_USERINFO)
        if url is None:
            return {}
        if not isinstance(access, str) or not _TOKEN.match(access):
            raise Silent("it gave no access token for its userinfo endpoint")
        return _object(_ask(provider, "GET", url, None, {"Authorization": f"Bearer {access}"}))

    def _get(self, provider: Provider, url: str, *, newer: bool = False) -> str:
        with self._lock:
            fetched, text = self._kept.get(url, (0.0, ""))
        age = self.monotonic() - fetched
        if text and age < (AGAIN_SECONDS if newer else KEPT_SECONDS):
            return text
        text = _ask(provider, "GET", url, None, {})
        with self._lock:
            self._kept[url] = (self.monotonic(), text)
        return text


def _ask(provider: Provider, method: str, url: str, body: str | None, headers: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    trust = ssl.create_default_context(cafile=str(provider.authorities) if provider.authorities else None)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port or 443, timeout=TIMEOUT, context=trust)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, path, body, {"Accept": "application/json", **headers})
        response = connection.getresponse()
        data = response.read(LARGEST + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Silent(f"{parts.hostname} does not answer: {type(error).__name__}") from error
    finally:
        connection.close()
    if response.status != 200 or len(data) > LARGEST:
        raise Silent(f"{parts.hostname} answers {response.status}")
    return data.decode("utf-8", "replace")


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Silent("it answers no JSON") from error
    if not isinstance(found, dict):
        raise Silent("it answers no JSON object")
    return found


def _secure(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
