"""A client's proof of itself: a short-lived JWT signed with its own key (RFC 7523 and SMART).

One fixed algorithm for each kind of key; a header may name a key the client registered and nothing else. Pure: what
was seen before is for the caller to know.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jwcrypto import jwk, jws
from jwcrypto.common import JWException

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 8_000
LATEST = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
LARGEST_SET = 65_536
MOST_KEYS = 20
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+\Z", re.ASCII)
_HEADER = frozenset(("alg", "kid", "typ", "jku"))
_SMALLEST_RSA = 2048


class BadAssertion(Exception):
    """Why it proves nothing; the words are for the client's developer."""


class UnknownKey(BadAssertion):
    """It names a key that is not in the set; a set kept elsewhere may be newer."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """What an assertion says of itself, to find out whose keys to check it with."""

    issuer: str
    key: str
    algorithm: str
    address: object
    """Where it says its keys are (`jku`); only ever compared with where the client said so when it registered."""
    text: str


@dataclass(frozen=True, slots=True)
class Proved:
    """`id` and `expires` are what must not be accepted a second time, and until when."""

    id: str
    expires: datetime


def read(text: str) -> Unverified:
    """Takes it apart without believing it. Raises BadAssertion for anything but the plainest form."""
    if len(text) > LONGEST:
        raise BadAssertion("the assertion is too long")
    parts = text.split(".")
    if len(parts) != 3 or not all(_SEGMENT.match(part) for part in parts):
        raise BadAssertion("the assertion is not a signed JWT")
    header, claims = _part(parts[0]), _part(parts[1])
    if set(header) - _HEADER:
        raise BadAssertion("the header has a member that is not taken: only alg, kid, typ and jku")
    issuer, key, algorithm = claims.get("iss"), header.get("kid"), header.get("alg")
    if not isinstance(issuer, str) or not isinstance(key, str) or not isinstance(algorithm, str):
        raise BadAssertion("iss, kid and alg must be there")
    return Unverified(issuer, key, algorithm, header.get("jku"), text)


def verify(unverified: Unverified, keys: str, audience: str, now: datetime) -> Proved:
    """Checks the signature with the client's own key set, then every claim. Raises BadAssertion."""
    key = _key(keys, unverified.key)
    algorithm = ALGORITHMS[_kind(key)]
    if unverified.algorithm != algorithm:
        raise BadAssertion(f"the key is for {algorithm}")
    signed = jws.JWS()
    signed.allowed_algs = [algorithm]
    try:
        signed.deserialize(unverified.text, key)
    except (JWException, ValueError) as error:
        raise BadAssertion("the signature is not right") from error
    return _claims(json.loads(signed.payload), unverified.issuer, audience, now)


ALGORITHMS = {("RSA", ""): "RS384", ("EC", "P-384"): "ES384"}


def _claims(claims: dict[str, Any], issuer: str, audience: str, now: datetime) -> Proved:
    if claims.get("iss") != issuer or claims.get("sub") != issuer:
        raise BadAssertion("iss and sub must both be the client's id")
    if claims.get("aud") != audience:
        raise BadAssertion("aud must be this server's token endpoint, and alone")
    id, expires = claims.get("jti"), claims.get("exp")
    if not isinstance(id, str) or not 1 <= len(id) <= 256:
        raise BadAssertion("jti must be there")
    until = _moment(expires)
    if until is None or until <= now:
        raise BadAssertion("the assertion has expired")
    if until > now + LATEST + SKEW:
        raise BadAssertion("exp must be at most five minutes ahead")
    for name in ("nbf", "iat"):
        since = _moment(claims.get(name))
        if name in claims and (since is None or since > now + SKEW):
            raise BadAssertion(f"{name} lies ahead")
    return Proved(id, until)


def check_set(text: str) -> int:
    """Whether this is a set of public keys we can use: answers how many. Raises BadAssertion."""
    found = _set(text)
    for entry in found:
        _kind(_loaded(entry))
    return len(found)


def _set(text: str) -> list[dict[str, Any]]:
    if len(text) > LARGEST_SET:
        raise BadAssertion("the key set is too long")
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadAssertion("the key set is not a JWKS") from error
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS or not all(isinstance(k, dict) for k in keys):
        raise BadAssertion(f"the key set must have between one and {MOST_KEYS} keys")
    return keys


def _key(text: str, kid: str) -> jwk.JWK:
    found = [entry for entry in _set(text) if entry.get("kid") == kid]
    if not found:
        raise UnknownKey("the client has no key of that kid")
    if len(found) > 1:
        raise BadAssertion("the client has two keys of that kid")
    return _loaded(found[0])


def _loaded(entry: dict[str, Any]) -> jwk.JWK:
    """A public key that may sign. A symmetric one, or a private one that was sent by mistake, is refused."""
    if "d" in entry or "k" in entry or not isinstance(entry.get("kid"), str):
        raise BadAssertion("keys must be public, each with a kid")
    if entry.get("use") not in (None, "sig") or entry.get("alg") not in (None, *ALGORITHMS.values()):
        raise BadAssertion("keys must be for signatures with RS384 or ES384")
    try:
        return jwk.JWK(**{name: value for name, value in entry.items() if name in _MEMBERS})
    except (JWException, ValueError, TypeError) as error:
        raise BadAssertion("a key cannot be read") from error


_MEMBERS = ("kty", "n", "e", "crv", "x", "y", "kid", "alg")


def _kind(key: jwk.JWK) -> tuple[str, str]:
    public = key.get_op_key("verify")
    if key["kty"] == "RSA" and public.key_size >= _SMALLEST_RSA:
        return "RSA", ""
    if key["kty"] == "EC" and key["crv"] == "P-384":
        return "EC", "P-384"
    raise BadAssertion("keys must be RSA of 2048 bits or more, or EC P-384")


def _part(text: str) -> dict[str, Any]:
    try:
        found = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError) as error:
        raise BadAssertion("the assertion is not a signed JWT") from error
    if not isinstance(found, dict):
        raise BadAssertion("the assertion is not a signed JWT")
    return found


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
