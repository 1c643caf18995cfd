"""Bearer tokens of systems: 256 random bits, only their SHA-256 kept, and a revocation counts within a second."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.labels import bits
from hoso.store.tokens import TokenRow, TokenTable

FRESH_SECONDS = 0.5
"""How long an accepted token is believed without asking the database again; a revocation takes effect after it."""

CACHE_LIMIT = 10_000
_PREFIX = "hoso_"
_LONGEST = 200
_SCHEME = "Bearer "


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is known to its holder only. Times are milliseconds."""

    name: str
    scope: str
    created: int
    expires: int | None
    revoked: int | None


Issued = Callable[[str], Actor | None]
"""Whom a token of another issuer (OAuth) stands for now; None when it stands for nobody."""


class Tokens:
    """`issued` is asked about tokens that are no operator's; its answers are believed as long."""

    def __init__(
        self,
        table: TokenTable,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
        issued: Issued | None = None,
    ) -> None:
        self._table, self._clock, self._monotonic, self._issued = table, clock, monotonic, issued
        self._known: dict[str, tuple[float, Actor]] = {}
        self._lock = threading.Lock()

    def actor(self, authorization: str, certificate: str = "") -> Actor | None:
        """Who an Authorization header proves the caller to be; None when it proves nothing.

        `certificate`: what the connection showed. A token that is bound to another one was taken from its holder.
        """
        actor = self._actor(authorization)
        return None if actor is not None and actor.certificate not in ("", certificate) else actor

    def _actor(self, authorization: str) -> Actor | None:
        known, now = self._known.get(authorization), self._monotonic()
        if known is not None and now < known[0]:
            return known[1]
        actor = self._look_up(authorization)  # may wait; what it answers is as old as the question
        with self._lock:
            if actor is None:
                self._known.pop(authorization, None)
                return None
            if len(self._known) >= CACHE_LIMIT:
                self._known.clear()
            self._known[authorization] = (now + FRESH_SECONDS, actor)
        return actor

    def create(
        self,
        name: str,
        scope: str,
        days: int | None = None,
        labels: Collection[str] | None = None,
        certificate: str | None = None,
    ) -> str:
        """Makes a token and returns it, for the only time. Raises Refused when the scope, the name or a label is unfit.

        `labels`: those whose records it sees; None for all that may be shown. `certificate`: the one it is bound to.
        """
        for label in labels or ():
            if label not in bits():
                raise Refused.because(400, "value", "token.labels", name=label[:80], allowed=", ".join(bits()))
        scopes = Scopes.parse(scope)
        if not name or len(name) > 80 or not name.isprintable() or name.strip() != name:
            raise Refused.because(400, "value", "token.bad-name", name=name[:80])
        token = _PREFIX + secrets.token_urlsafe(32)
        now = to_ms(self._clock())
        expires = now + days * 86_400_000 if days else None
        narrowed = None if labels is None else " ".join(sorted(labels))
        self._table.add(sha256(token.encode()).digest(), name, str(scopes), now, expires, narrowed, certificate)
        return token

    def all(self) -> Sequence[Token]:
        return [Token(row.name, row.scope, row.created, row.expires, row.revoked) for row in self._table.all()]

    def holders(self, name: str) -> list[Actor]:
        """Whom the living tokens of a name stand for, the newest first."""
        rows = [row for row in self._table.all() if row.name == name and self._alive(row)]
        return [_actor(row) for row in sorted(rows, key=lambda row: row.created, reverse=True)]

    def revoke(self, name: str) -> int:
        """Ends every token of that name; answers how many there were."""
        return self._table.revoke(name, to_ms(self._clock()))

    def _look_up(self, authorization: str) -> Actor | None:
        if authorization[: len(_SCHEME)].lower() != _SCHEME.lower() or len(authorization) > _LONGEST:
            return None
        token = authorization[len(_SCHEME) :].strip()
        if not token.startswith(_PREFIX):
            return self._issued(token) if self._issued is not None else None
        row = self._table.find(sha256(token.encode("utf-8", "surrogatepass")).digest())
        if row is None or not self._alive(row):
            return None
        return _actor(row)

    def _alive(self, row: TokenRow) -> bool:
        return row.revoked is None and (row.expires is None or to_ms(self._clock()) < row.expires)


def _actor(row: TokenRow) -> Actor:
    labels = None if row.labels is None else frozenset(row.labels.split())
    return Actor(f"client/{row.name}", Scopes.parse(row.scope), labels=labels, certificate=row.certificate or "")
