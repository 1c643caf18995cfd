"""What an ID token has to be before anybody is believed to be somebody (OpenID Connect Core 3.1.3.7). Pure.

Its signature is always checked, although it came from the provider itself over TLS: a proxy between us is not it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any

from jwcrypto import jwk, jws
from jwcrypto.common import JWException

from hoso.web.national.settings import Provider

SKEW = 30
OLDEST = 600
"""Seconds since it was made."""
LONGEST = 16_000
_ALGORITHMS = {"RSA": ("RS256", "PS256", "RS384", "PS384", "RS512", "PS512"), "P-256": ("ES256",), "P-384": ("ES384",)}
_SMALLEST_RSA = 2048


class Unfit(Exception):
    """`why` is a word for the log, and chooses the sentence for the person."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class UnknownKey(Unfit):
    """It names a key that is not in the set known; a newer one may have it."""

    def __init__(self) -> None:
        super().__init__("key")


def claims(text: object, keys: str, provider: Provider, nonce: str, now: datetime) -> dict[str, Any]:
    """Raises Unfit, or UnknownKey."""
    found = _signed(text, keys)
    seconds = now.timestamp()
    if found.get("iss") != provider.issuer:
        raise Unfit("issuer")
    if found.get("aud") not in (provider.client_id, [provider.client_id]):
        raise Unfit("audience")
    if "azp" in found and found["azp"] != provider.client_id:
        raise Unfit("audience")
    if not _number(found.get("exp")) or found["exp"] <= seconds - SKEW:
        raise Unfit("expired")
    if not _number(found.get("iat")) or not seconds - OLDEST <= found["iat"] <= seconds + SKEW:
        raise Unfit("expired")
    if "nbf" in found and not (_number(found["nbf"]) and found["nbf"] <= seconds + SKEW):
        raise Unfit("expired")
    if not isinstance(found.get("nonce"), str) or not compare_digest(found["nonce"].encode(), nonce.encode()):
        raise Unfit("nonce")
    if not isinstance(found.get("sub"), str) or not found["sub"]:
        raise Unfit("token")
    _strong(found, provider)
    return found


def _strong(found: Mapping[str, Any], provider: Provider) -> None:
    amr = found.get("amr")
    if provider.acr and found.get("acr") not in provider.acr:
        raise Unfit("assurance")
    if provider.amr and not (isinstance(amr, list) and all(one in amr for one in provider.amr)):
        raise Unfit("assurance")


def lacking(found: Mapping[str, Any], provider: Provider) -> list[str]:
    """Names of the claims that are needed and are not in the ID token."""
    named = (provider.number_claim, provider.birthdate_claim, provider.verified_claim)
    return [name for name in named if name and name not in found]


def completed(found: Mapping[str, Any], told: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    """With what the userinfo endpoint says of the same person (Core 5.3.2), and only of what the ID token lacks.

    How surely somebody was identified is never taken from there. Raises Unfit.
    """
    if told.get("sub") != found["sub"]:
        raise Unfit("userinfo")
    return {**found, **{name: told[name] for name in lacking(found, provider) if name in told}}


def vouched(found: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    """Raises Unfit for what the provider itself has not verified."""
    if provider.verified_claim and found.get(provider.verified_claim) is not True:
        raise Unfit("unverified")
    return dict(found)


def _signed(text: object, keys: str) -> dict[str, Any]:
    """By one key of the set, with an algorithm of that kind of key; "none" and shared secrets are of no kind."""
    if not isinstance(text, str) or len(text) > LONGEST or text.count(".") != 2:
        raise Unfit("token")
    token = jws.JWS()
    try:
        token.deserialize(text)
        header = token.jose_header
        key, kind = _key(keys, header.get("kid"))
        if header.get("alg") not in _ALGORITHMS[kind] or "crit" in header:
            raise Unfit("signature")
        token.allowed_algs = list(_ALGORITHMS[kind])
        token.verify(key)
        found = json.loads(token.payload)
    except (JWException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Unfit("signature") from error
    if not isinstance(found, dict):
        raise Unfit("token")
    return found


def _key(keys: str, kid: object) -> tuple[jwk.JWK, str]:
    listed = json.loads(keys).get("keys", [])
    fitting = [one for one in listed if isinstance(one, dict) and one.get("use") in (None, "sig")]
    named = [one for one in fitting if one.get("kid") == kid] if kid is not None else fitting
    if len(named) != 1:
        raise UnknownKey
    key = jwk.JWK(**{name: value for name, value in named[0].items() if name in ("kty", "n", "e", "crv", "x", "y")})
    kind = "RSA" if named[0].get("kty") == "RSA" else str(named[0].get("crv"))
    if kind not in _ALGORITHMS or (kind == "RSA" and key.get_op_key("verify").key_size < _SMALLEST_RSA):
        raise Unfit("signature")
    return key, kind


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
