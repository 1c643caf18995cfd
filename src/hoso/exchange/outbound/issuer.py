"""Asks the receiver's issuer for a token (OAuth client credentials, RFC 6749 §4.4), and keeps it while it counts.

The client proves itself by its secret (HTTP Basic), or by the certificate that it shows (RFC 8705 §2.1).
"""

from __future__ import annotations

import json
from base64 import b64encode
from threading import Lock
from typing import Any
from urllib.parse import quote_plus, urlencode

from hoso.access.outbound.calling import Answer, Calling, Request
from hoso.access.outbound.destinations import Destination
from hoso.access.outbound.means import Means
from hoso.core.clock import to_ms
from hoso.core.errors import Issue
from hoso.exchange.outbound.shapes import Later

SECONDS = 20.0
USUAL, SPARE = 300, 10
"""Seconds that a token counts which does not say, and before its end from when on it is not used."""
_REFUSED = frozenset({400, 401, 403})


class Issuer:
    def __init__(self, calling: Calling) -> None:
        self._calling, self._lock = calling, Lock()
        self._tokens: dict[tuple[str, int], tuple[str, int]] = {}

    def token(self, to: Destination, means: Means) -> str | Later:
        """One that counts now. Raises Unreached."""
        key, now = (to.name, to.created), to_ms(self._calling.clock())
        with self._lock:
            token, until = self._tokens.get(key, ("", 0))
        if now < until:
            return token
        answer = self._asked(to, means)
        told = _members(answer)
        given, kind = told.get("access_token"), str(told.get("token_type", ""))
        if answer.status == 200 and isinstance(given, str) and _printable(given) and kind.lower() == "bearer":
            with self._lock:
                self._tokens[key] = (given, now + (_seconds(told) - SPARE) * 1000)
            return given
        return _refused(answer, told, means)

    def forget(self, to: Destination, token: str) -> None:
        """It was not accepted."""
        with self._lock:
            if self._tokens.get((to.name, to.created), ("",))[0] == token:
                del self._tokens[to.name, to.created]

    def _asked(self, to: Destination, means: Means) -> Answer:
        where, parts = means.issuer(to.address, to.where[0].host.name)
        fields = {"grant_type": "client_credentials", **({"scope": means.scope} if means.scope else {})}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if means.secret:
            named = f"{quote_plus(means.client)}:{quote_plus(means.secret)}"
            headers["Authorization"] = f"Basic {b64encode(named.encode()).decode()}"
        else:
            fields["client_id"] = means.client
        request = Request("POST", parts.path or "/", urlencode(fields).encode(), {**headers, "User-Agent": "HoSo"})
        shown = means.shown(self._calling.authorities)
        return self._calling.call(where, request, SECONDS, lambda: None, shown)


def _refused(answer: Answer, told: dict[str, Any], means: Means) -> Later:
    if answer.status in _REFUSED and told.get("error"):
        values = {"name": means.client, "error": str(told["error"])[:80]}
        return Later(Issue("login", "outbound.wrong-client", values), answer.after)
    values = {"status": str(answer.status), "kind": answer.kind or "?"}
    return Later(Issue("transient", "outbound.no-token", values), answer.after)


def _seconds(told: dict[str, Any]) -> int:
    found = told.get("expires_in")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 1 << 31 else USUAL


def _printable(token: str) -> bool:
    return bool(token) and all("!" <= ch <= "~" for ch in token)


def _members(answer: Answer) -> dict[str, Any]:
    """{} for what is no answer of an issuer."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
