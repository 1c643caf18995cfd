"""Accounts of facilities at the gateway: a user name, a secret that HoSo makes, and sessions of some hours.

The gateway's protocol sends no password but its MD5 in capital letters, so that this text is the password, and MD5 of
what a person invents can be found again. The secret is therefore never a person's: it is 192 random bits, shown once.
Of the text sent only its SHA-256 is kept, from which nobody finds a way back to a text of that many random bits.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import md5, sha256

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hoso.access.audit import Event, Journal
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.store.gateways import AccountRow, GatewayTable, SessionRow

HOURS = 8
"""How long a session lasts; clients take a new one when it is over."""
FRESH_SECONDS = 1.0
"""How long an accepted session is believed without asking the database again; a revocation counts after it."""
FAILURES = 10
FAILURES_OF_ADDRESS = 100
FAILURE_SECONDS = 300.0
"""So many wrong passwords for one name, or for all names, from one address within that time: it is sent away until they
are over. Who else uses the name elsewhere is not kept out, and tokens of 256 random bits need no such care."""
_REMEMBERED = 10_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z", re.ASCII)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Account:
    """`key`: the public key (PEM) that signs its messages to the Ministry's gateway; "" for none."""

    username: str
    facility: str
    key: str
    created: int
    revoked: int | None


@dataclass(frozen=True, slots=True)
class Session:
    """What somebody is handed who signed in. `expires` is milliseconds since 1970."""

    access_token: str
    id_token: str
    account: Account
    expires: int
    seconds: int = HOURS * 3_600


class Gateways:
    """`journal` is told of every sign-in that was tried, before it is answered."""

    def __init__(
        self,
        table: GatewayTable,
        journal: Journal,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table, self._journal, self._clock, self._monotonic = table, journal, clock, monotonic
        self._lock = threading.Lock()
        self._failures: dict[str, list[tuple[float, str]]] = {}
        self._known: dict[bytes, tuple[float, SessionRow]] = {}

    # For the operator

    def create(self, username: str, facility: str, key: str = "") -> str:
        """Makes an account, or a new secret for one that is there; returns the secret, for the only time.

        Raises Refused for a name, a facility or a key that can be none.
        """
        if not _NAME.match(username):
            raise Refused.because(400, "value", "gateway.bad-name", name=username[:80])
        if not facility:
            raise Refused.because(400, "required", "gateway.no-facility")
        if key:
            _check_key(key)
        secret = secrets.token_urlsafe(24)
        self._table.put(AccountRow(username, facility, _digest(sent(secret)), key, to_ms(self._clock()), None))
        return secret

    def all(self) -> Sequence[Account]:
        return [_account(row) for row in self._table.all()]

    def revoke(self, username: str) -> bool:
        """Ends the account and whoever is signed in with it; whether there was one."""
        return self._table.revoke(username, to_ms(self._clock()))

    # For the door

    def sign_in(self, username: str, password: str, address: str) -> Session | None:
        """`password` is what the protocol sends: MD5 of the secret in hexadecimal. None when it opens nothing.

        Raises Refused(429) for an address that guesses, Unavailable when it cannot be told.
        """
        self._check_patience(username, address)
        row = self._table.account(username[:_LONGEST])
        if row is None or row.revoked is not None or not self.is_password(row, password):
            self._failed(username, address)
            self._tell("sign-in-failed", username, "", address)
            return None
        first, second = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = to_ms(self._clock())
        expires = now + HOURS * 3_600_000
        self._table.begin(_digest(first), _digest(second), row.username, now, expires)
        self._tell("sign-in", row.username, row.facility, address)
        return Session(first, second, _account(row), expires)

    def signed_in(self, access_token: str, id_token: str | None, username: str, password: str) -> Account | None:
        """Whom the tokens stand for. What else a client repeats (its name, its password) must be true as well.

        `id_token` None: the caller's protocol has only one token, which is as hard to guess as two.
        """
        if not access_token or max(len(access_token), len(id_token or "")) > _LONGEST:
            return None
        found = self._session(_digest(access_token))
        if found is None or username not in ("", found.account.username):
            return None
        if id_token is not None and not hmac.compare_digest(found.second, _digest(id_token)):
            return None
        if password and not self.is_password(found.account, password):
            return None
        return _account(found.account)

    def is_password(self, row: AccountRow, password: str) -> bool:
        return hmac.compare_digest(row.digest, _digest(password[:_LONGEST].upper()))

    def _session(self, digest: bytes) -> SessionRow | None:
        now = self._monotonic()
        with self._lock:
            until, known = self._known.get(digest, (0.0, None))
        row = known if now < until else self._table.session(digest)
        if row is None or row.account.revoked is not None or row.expires <= to_ms(self._clock()):
            return None
        if now >= until:
            with self._lock:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[digest] = (now + FRESH_SECONDS, row)
        return row

    def _check_patience(self, username: str, address: str) -> None:
        since = self._monotonic() - FAILURE_SECONDS
        with self._lock:
            recent = [one for one in self._failures.get(address, ()) if one[0] > since]
            self._failures[address] = recent
        if len(recent) >= FAILURES_OF_ADDRESS or sum(name == username for _, name in recent) >= FAILURES:
            raise Refused.because(429, "throttled", "gateway.guessing", minutes=str(int(FAILURE_SECONDS // 60)))

    def _failed(self, username: str, address: str) -> None:
        with self._lock:
            if len(self._failures) >= _REMEMBERED:
                self._failures.clear()
            self._failures.setdefault(address, []).append((self._monotonic(), username[:_LONGEST]))

    def _tell(self, kind: str, username: str, facility: str, address: str) -> None:
        event = Event(
            time=to_ms(self._clock()), actor=f"gateway/{username[:80]}", action="E", kind=kind, facility=facility,
            channel="api", address=address, outcome="ok" if kind == "sign-in" else "denied",
        )  # fmt: skip
        self._journal.tell([event])


def sent(secret: str) -> str:
    """The text that the protocol sends in place of a secret."""
    return md5(secret.encode(), usedforsecurity=False).hexdigest().upper()


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _check_key(key: str) -> None:
    try:
        found = load_pem_public_key(key.encode())
    except ValueError as error:
        raise Refused.because(400, "value", "gateway.bad-key") from error
    if not isinstance(found, RSAPublicKey) or found.key_size < 2_048:
        raise Refused.because(400, "value", "gateway.bad-key")


def _account(row: AccountRow) -> Account:
    return Account(row.username, row.facility, row.key, row.created, row.revoked)
